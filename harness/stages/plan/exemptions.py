"""Exemptions from testing a market segment: which exist, which were refused, and what a cap of zero means.

Unmetered may be exempt; the smart segment may once it is granted; prepayment and export were refused by the
code bodies. An exempt legal entity serves no metering point in the segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from harness.stages.plan.model import Exemption

REFUSED = ("prepayment", "export")
CAP = 0
"""Metering points that an exempt legal entity may serve in the segment."""


class State(StrEnum):
    """Where an exemption stands on a day."""

    IN_FORCE = "in force"
    NOT_YET = "not yet in force"
    ENDED = "ended"
    NOT_GRANTED = "asked for, not granted"
    REFUSED = "refused by the code bodies"


@dataclass(frozen=True, slots=True)
class Standing:
    """An exemption on a day, what follows for the tests, and what is wrong about it."""

    exemption: Exemption
    state: State
    note: str
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the standing for a program."""
        each = self.exemption
        return {
            "legal_entity": each.legal_entity,
            "segment": each.segment,
            "state": self.state.value,
            "grantor": each.grantor,
            "reference": each.reference,
            "from": each.start.isoformat() if each.start else None,
            "until": each.until.isoformat() if each.until else None,
            "cap": each.cap,
            "metering_points": max((seen.metering_points for seen in each.observed), default=0),
            "note": self.note,
            "problems": list(self.problems),
        }


def standing(exemption: Exemption, as_of: date) -> Standing:
    """Judge one exemption on a day."""
    state = _state(exemption, as_of)
    return Standing(exemption, state, _note(state), tuple(_problems(exemption, state, as_of)))


def _state(exemption: Exemption, as_of: date) -> State:
    if exemption.segment in REFUSED:
        return State.REFUSED
    if not exemption.start or not exemption.until or _lacking(exemption):
        return State.NOT_GRANTED
    if as_of < exemption.start:
        return State.NOT_YET
    return State.ENDED if as_of > exemption.until else State.IN_FORCE


def _note(state: State) -> str:
    """Say what a state means for the tests of the segment."""
    return "its tests leave the scope" if state is State.IN_FORCE else "its tests are in scope"


def _lacking(exemption: Exemption) -> list[str]:
    given = {
        "grantor": exemption.grantor,
        "reference": exemption.reference,
        "from": exemption.start,
        "until": exemption.until,
    }
    return [name for name, value in given.items() if not value]


def _problems(exemption: Exemption, state: State, as_of: date) -> list[str]:
    if state is State.REFUSED:
        return [
            f"an exemption for {exemption.segment} was refused by the code bodies: its tests stay in scope"
        ]
    found = []
    if exemption.grantor and (lacks := _lacking(exemption)):
        found.append(f"granted by {exemption.grantor}, but it lacks {', '.join(lacks)}")
    if exemption.start and exemption.until and exemption.until < exemption.start:
        found.append(f"it ends on {exemption.until}, before it begins on {exemption.start}")
    if exemption.cap != CAP:
        found.append(f"its cap is {exemption.cap}, an exempt segment has a cap of {CAP} metering points")
    for seen in exemption.observed:
        if seen.metering_points > CAP and seen.day <= as_of and _bound(exemption, seen.day):
            points = f"{seen.metering_points} metering point{'' if seen.metering_points == 1 else 's'}"
            where = f" ({seen.reference})" if seen.reference else ""
            found.append(
                f"{points} of the {exemption.segment} segment seen on {seen.day}{where}, the cap is {CAP}"
            )
    return found


def _bound(exemption: Exemption, day: date) -> bool:
    """Say whether a granted exemption bound its holder on a day."""
    if not exemption.start or not exemption.until:
        return False
    return exemption.start <= day <= exemption.until
