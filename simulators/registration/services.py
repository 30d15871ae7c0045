"""The two services that a provider is appointed for, and what each is called in messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """What a provider does for a metering point."""

    METERING = "metering_service"
    DATA = "data_service"


@dataclass(frozen=True, slots=True)
class Words:
    """The event prefix, roles, blocks and field names of one service, in the published spelling."""

    prefix: str
    roles: frozenset[str]
    proposal: str
    """Block of the proposed appointment (IF-031 to IF-035)."""
    proposed_dip_id: str
    proposed_mpid: str
    proposed_from: str
    contract: str
    appointed: str
    """Block of the appointment (IF-036)."""
    incoming_dip_id: str
    incoming_mpid: str
    incoming_from: str
    ended: str
    """Block of the de-appointment (IF-037)."""
    ended_dip_id: str
    ended_mpid: str
    ended_from: str
    ended_to: str
    incoming: str
    """Block that names the successor in IF-037."""
    other_incoming: str
    """Block of IF-036 that names the other service's provider who comes at the same moment."""


def _words(prefix: str, name: str, roles: frozenset[str], blocks: tuple[str, str, str, str, str]) -> Words:
    proposal, appointed, ended, incoming, other_incoming = blocks
    lower = name[0].lower() + name[1:]
    return Words(
        prefix=prefix,
        roles=roles,
        proposal=proposal,
        proposed_dip_id=f"proposed{name}DIPID",
        proposed_mpid=f"proposed{name}MPID",
        proposed_from=f"proposed{name}DIPEffectiveFromDate",
        contract=f"contractReference{name}",
        appointed=appointed,
        incoming_dip_id=f"incoming{name}DIPID",
        incoming_mpid=f"incoming{name}MPID",
        incoming_from=f"incoming{name}EffectiveFromDate",
        ended=ended,
        ended_dip_id=f"deAppointed{name}DIPID",
        ended_mpid=f"deAppointed{name}MPID",
        ended_from=f"{lower}EffectiveFromDate",
        ended_to=f"{lower}EffectiveToDate",
        incoming=incoming,
        other_incoming=other_incoming,
    )


WORDS: dict[Service, Words] = {
    Service.METERING: _words(
        "MS", "MeteringService", frozenset({"MSS", "MSA", "UMSO"}), ("B070", "B014", "B008", "B010", "B017")
    ),
    Service.DATA: _words(
        "DS", "DataService", frozenset({"SDS", "ADS", "UMSDS"}), ("B071", "B015", "B009", "B011", "B016")
    ),
}


def service_of(event: str) -> Service | None:
    """Return the service of an appointment event (``MSApp``, ``DSAppSPResponse``), else None."""
    for service, words in WORDS.items():
        if event.startswith(words.prefix + "App"):
            return service
    return None
