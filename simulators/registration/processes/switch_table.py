"""A switch as a state machine: what each word of the switching service leads to, one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulators.registration.switching import SwitchStage

PENDING, CONFIRMED = "switch-pending", "switch-confirmed"
SECURED, CANCELLED = "switch-secured-active", "switch-cancelled"


class SwitchNotice(StrEnum):
    """A message that registration sends because of a switch."""

    GAINING_TOLD = "IF-002"
    SUPPLIER_CHANGES = "IF-001"
    REVERSE_MIGRATION = "IF-003"


@dataclass(frozen=True, slots=True)
class SwitchTransition:
    """Where a word leads, what may be sent, and where the rule comes from."""

    stage: SwitchStage
    notices: tuple[SwitchNotice, ...]
    basis: str
    reason: str


_BOTH = (SwitchNotice.SUPPLIER_CHANGES, SwitchNotice.REVERSE_MIGRATION)

TRANSITIONS: Mapping[tuple[SwitchStage | None, str], SwitchTransition] = {
    (None, PENDING): SwitchTransition(
        SwitchStage.PENDING,
        (SwitchNotice.GAINING_TOLD,),
        "third-party",
        "IF-002 at a pending switch; that a first registration has none is assumed.",
    ),
    (SwitchStage.PENDING, CONFIRMED): SwitchTransition(
        SwitchStage.CONFIRMED, (), "assumed", "Nothing is sent: no interface is named for it."
    ),
    (SwitchStage.PENDING, SECURED): SwitchTransition(
        SwitchStage.SECURED, _BOTH, "assumed", "That a word may be left out is assumed."
    ),
    (SwitchStage.CONFIRMED, SECURED): SwitchTransition(
        SwitchStage.SECURED,
        _BOTH,
        "third-party",
        "IF-001 follows the switch; that it does at secured-active, not at confirmed, is assumed.",
    ),
    (SwitchStage.PENDING, CANCELLED): SwitchTransition(
        SwitchStage.CANCELLED, (), "third-party", "The appointments that belong to the switch lapse."
    ),
    (SwitchStage.CONFIRMED, CANCELLED): SwitchTransition(
        SwitchStage.CANCELLED, (), "third-party", "The appointments that belong to the switch lapse."
    ),
}  # fmt: skip
