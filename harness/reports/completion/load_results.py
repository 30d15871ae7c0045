"""What load tests measured, out of the events of their runs: limits, figures, the generator's health (pure).

A profile of ``dip load`` writes each as a check whose key begins with ``load:``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.evidence.events import CheckMade
from harness.reports.completion.traffic import LOAD, Traffic
from harness.reports.standing.model import Standing, Test

GENERATOR = f"{LOAD}generator"
FIGURE = f"{LOAD}figure:"
"""Begins the key of what was measured and has no limit."""


@dataclass(frozen=True, slots=True)
class LoadFigure:
    """One measure: its target and where that comes from, what was measured, and whether it was kept.

    ``kept`` is None where nothing decides: there is no target, or it was relaxed on a rehearsal.
    """

    title: str
    target: str
    source: str
    measured: str
    kept: bool | None


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The last attempt of one load test, in one evidence class."""

    test: Test
    figures: tuple[LoadFigure, ...]
    generator: str
    healthy: bool


def load_results(held: Standing, traffic: Mapping[tuple[str, str], Traffic]) -> tuple[LoadResult, ...]:
    """Return the load tests among the tests of a report, in its order; none where no run had any."""
    found = []
    for test in held.tests:
        seen = traffic.get((test.last.run, test.case))
        if seen is not None and seen.load:
            found.append(_result(test, seen.load))
    return tuple(found)


def _result(test: Test, checks: Iterable[CheckMade]) -> LoadResult:
    listed = list(checks)
    generator = next((each for each in listed if each.key == GENERATOR), None)
    return LoadResult(
        test=test,
        figures=tuple(_figure(each) for each in listed if each.key != GENERATOR),
        generator=generator.actual if generator else "not recorded",
        healthy=generator is not None and generator.passed,
    )


def _figure(check: CheckMade) -> LoadFigure:
    decides = check.severity == "error" and not check.key.startswith(FIGURE)
    return LoadFigure(
        check.title, check.expected, check.rule, check.actual, check.passed if decides else None
    )
