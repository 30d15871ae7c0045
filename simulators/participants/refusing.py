"""Publications that a party refuses because a scenario wants it to: the option ``refuses`` of any behaviour.

It maps an event, an interface or ``*`` to a published RCP code, or to ``{code, times}`` where only the first
so many publications are refused. The refusal is the answer to the webhook call; no behaviour sees what was
refused, and a later delivery of it is judged anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import ConfigurationError, nearest
from harness.spec.codes import codes
from simulators.participants.policy import ANY, number

CODES = frozenset(name for name in codes() if name.startswith("RCP")) - {"RCP0000"}
OPTION = "refuses"
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Refuse with ``code``, so many times more."""

    code: str
    left: int = _MOST


Refusals = Mapping[str, Refusal]
"""By event, interface or ``*``."""


def refusals(wanted: object, *, where: str) -> dict[str, Refusal]:
    """Read the option; raises ConfigurationError for an unknown code or key."""
    if wanted is None:
        return {}
    if not isinstance(wanted, Mapping):
        raise ConfigurationError(f"{OPTION} is no mapping", where=where, mend="Write {IF-036: RCP1061}.")
    found = {}
    for name, entry in wanted.items():
        place = f"{where}: {OPTION}: {name}"
        entry = entry if isinstance(entry, Mapping) else {"code": entry}
        if set(entry) - {"code", "times"}:
            raise ConfigurationError("has other keys than code and times", where=place)
        code = str(entry.get("code"))
        if code not in CODES:
            raise ConfigurationError(f"'{code}' refuses nothing", where=place, mend=nearest(code, CODES))
        found[str(name)] = Refusal(code, int(number(entry.get("times", _MOST), f"{place}: times", _MOST)))
    return found


def refused(wanted: Refusals, interface: str, event: str) -> tuple[str, dict[str, Refusal]]:
    """Return the code that a publication is refused with, empty when it is not, and what is wanted then."""
    for name in (event, interface, ANY):
        refusal = wanted.get(name)
        if refusal is not None:
            if not refusal.left:
                break
            return refusal.code, {**wanted, name: Refusal(refusal.code, refusal.left - 1)}
    return "", dict(wanted)
