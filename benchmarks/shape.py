"""The JSON shape of every benchmark: name, machine, seconds, figures, limits, what speaks against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Finished(Protocol):
    """What a benchmark's report holds besides its figures."""

    @property
    def machine(self) -> str:
        """The machine in words."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def missed(self) -> tuple[str, ...]:
        """The limits that were not kept."""


def rounded(values: Mapping[str, object], digits: int = 3) -> dict[str, object]:
    """Return values by name, numbers with a fraction rounded to so many digits behind the point."""
    return {
        name: round(value, digits) if isinstance(value, float) else value for name, value in values.items()
    }


def shape(
    name: str,
    report: Finished,
    figures: Mapping[str, object],
    limits: Mapping[str, object],
    *,
    invalid: tuple[str, ...] | None = None,
    **further: object,
) -> dict[str, object]:
    """Return what `dip bench NAME --json` prints of a report.

    ``invalid`` says why the figures say nothing, None where a benchmark can't tell; ``further`` is its own.
    """
    judged = {} if invalid is None else {"valid": not invalid, "invalid": invalid}
    return {
        "name": name,
        "machine": report.machine,
        "seconds": round(report.seconds, 1),
        "figures": figures,
        "limits": limits,
        **further,
        **judged,
        "missed": report.missed,
    }
