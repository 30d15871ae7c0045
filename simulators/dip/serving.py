"""Who serves an MPAN, and from when: what registration traffic says, and who that leaves in force. Pure.

The hub's store of MPAN addresses is a list of `Said`, in the order in which they were said; `tenures` folds
it. A table says which block of which message tells what. That messages feed the store in-line is published;
which blocks do, and how they add up, is assumed throughout:

* an incoming party serves from its date on, and whoever served before leaves on that date;
* a party that leaves serves no longer from its date on;
* a current party without a date counts only where nobody is known to serve at that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from harness.clock import message_time
from simulators.dip.model import Draft, Said

REGISTRATION = "REGS"
SERVICES: Mapping[str, tuple[str, ...]] = {
    "supplier": ("SUP",),
    "metering": ("MSS", "MSA", "UMSO"),
    "data": ("SDS", "ADS", "UMSDS"),
    "retriever": ("MDR",),
    "distributor": ("LDSO",),
    "registration": ("REGS",),
}
"""A metering point has one party per service at a time; the party's role follows from the party."""
SERVICE_OF: Mapping[str, str] = {role: service for service, roles in SERVICES.items() for role in roles}


@dataclass(frozen=True, slots=True)
class Teller:
    """A block that tells of a service: ``kind`` is in, out or current; the names of its two fields."""

    block: str
    kind: str
    service: str
    party: str
    date: str = ""
    senders: tuple[str, ...] = (REGISTRATION,)


TELLERS: tuple[tuple[frozenset[str], Teller], ...] = tuple(
    (frozenset(interfaces.split()), teller)
    for interfaces, teller in (
        (
            "IF-001 IF-003 IF-037",
            Teller("B002", "in", "supplier", "incomingSupplierDIPID", "supplierEffectiveFromDate"),
        ),
        ("IF-001", Teller("B003", "out", "supplier", "outgoingSupplierDIPID", "supplierEffectiveToDate")),
        ("IF-009", Teller("B042", "out", "supplier", "", "CSSMPANDeRegistrationDate")),
        ("IF-001 IF-002 IF-036", Teller("B005", "current", "metering", "currentMeteringServiceDIPID")),
        ("IF-001 IF-002 IF-036", Teller("B005", "current", "data", "currentDataServiceDIPID")),
        (
            "IF-003 IF-037",
            Teller(
                "B008", "out", "metering", "deAppointedMeteringServiceDIPID", "meteringServiceEffectiveToDate"
            ),
        ),
        (
            "IF-003 IF-037",
            Teller("B009", "out", "data", "deAppointedDataServiceDIPID", "dataServiceEffectiveToDate"),
        ),
        *(
            (
                "IF-036 IF-037",
                Teller(
                    block,
                    "in",
                    "metering",
                    "incomingMeteringServiceDIPID",
                    "incomingMeteringServiceEffectiveFromDate",
                ),
            )
            for block in ("B010", "B014", "B016")
        ),
        *(
            (
                "IF-036 IF-037",
                Teller(
                    block, "in", "data", "incomingDataServiceDIPID", "incomingDataServiceEffectiveFromDate"
                ),
            )
            for block in ("B011", "B015", "B017")
        ),
        *(
            (
                "IF-035 IF-036 IF-051",
                Teller(block, "in", "retriever", "assignedMDRDIPID", "assignedMDREffectiveFromDate"),
            )
            for block in ("B019", "B092")
        ),
        (
            "IF-063",
            Teller("B083", "out", "retriever", "assignedMDRDIPID", "assignedMDREffectiveToDate", ("SDS",)),
        ),
        (
            "IF-051",
            Teller(
                "B081",
                "in",
                "metering",
                "currentMeteringServiceDIPID",
                "currentMeteringServiceEffectiveFromDate",
            ),
        ),
        (
            "IF-051",
            Teller("B082", "in", "data", "currentDataServiceDIPID", "currentDataServiceEffectiveFromDate"),
        ),
        (
            "IF-051",
            Teller("B085", "in", "supplier", "currentSupplierDIPID", "currentSupplierEffectiveFromDate"),
        ),
    )
)
"""Which blocks of which interfaces tell what. IF-018 and IF-050 name no party but the distributor (M0)."""
_BY_INTERFACE: Mapping[str, tuple[Teller, ...]] = {
    interface: tuple(teller for interfaces, teller in TELLERS if interface in interfaces)
    for interface in sorted(frozenset().union(*(interfaces for interfaces, _ in TELLERS)))
}


@dataclass(frozen=True, slots=True)
class Tenure:
    """A party serves from (empty: since ever) until before (empty: for good)."""

    service: str
    dip_id: str
    since: str = ""
    until: str = ""

    def holds(self, at: str) -> bool:
        """Say whether it serves at a moment (25 characters, UTC)."""
        return self.since <= at and (not self.until or at < self.until)


def said(draft: Draft, now: str) -> tuple[Said, ...]:
    """Return what a message says of who serves its MPAN, a refusal nothing.

    Raises ValueError for a date that is none.
    """
    tellers = _BY_INTERFACE.get(draft.interface)
    if not tellers or not draft.mpan or draft.outcome == "R":
        return ()
    blocks = draft.blocks()
    found: list[Said] = []
    for teller in tellers:
        block = blocks.get(teller.block)
        if not isinstance(block, Mapping) or draft.role not in teller.senders:
            continue
        dip_id = block.get(teller.party) if teller.party else ""
        moment = block.get(teller.date) if teller.date else now
        if dip_id is None or moment is None:
            continue
        found.append(Said(draft.mpan, teller.kind, teller.service, str(dip_id), in_utc(str(moment))))
    return tuple(dict.fromkeys(found))


def in_utc(moment: str) -> str:
    """Write a time as 25 characters in UTC, so that times compare as texts; raises ValueError for none."""
    return message_time(datetime.fromisoformat(moment))


def tenures(heard: Iterable[Said]) -> tuple[Tenure, ...]:
    """Add up what was said of one MPAN."""
    found: list[Tenure] = []
    for one in heard:
        match one.kind:
            case "in":
                found = _come(found, one)
            case "out":
                found = _go(found, one)
            case _:
                found = _there(found, one)
    return tuple(found)


def _come(found: list[Tenure], one: Said) -> list[Tenure]:
    kept: list[Tenure] = []
    since = one.at
    for tenure in found:
        if tenure.service != one.service:
            kept.append(tenure)
        elif tenure.dip_id == one.dip_id and tenure.holds(one.at):
            since = min(since, tenure.since)  # it was there already
        elif tenure.since < one.at:
            ends = not tenure.until or tenure.until > one.at
            kept.append(replace(tenure, until=one.at) if ends else tenure)
    return [*kept, Tenure(one.service, one.dip_id, since)]


def _go(found: list[Tenure], one: Said) -> list[Tenure]:
    kept: list[Tenure] = []
    known = False
    for tenure in found:
        if tenure.service == one.service and one.dip_id in ("", tenure.dip_id):
            known = True
            if tenure.since >= one.at:
                continue  # it never came
            if not tenure.until or tenure.until > one.at:
                tenure = replace(tenure, until=one.at)
        kept.append(tenure)
    if not known and one.dip_id:
        kept.insert(0, Tenure(one.service, one.dip_id, "", one.at))
    return kept


def _there(found: list[Tenure], one: Said) -> list[Tenure]:
    same = [tenure for tenure in found if tenure.service == one.service]
    if any(tenure.holds(one.at) for tenure in same):
        return found
    later = [tenure.since for tenure in same if tenure.since > one.at]
    return [Tenure(one.service, one.dip_id, "", min(later, default="")), *found]


def holders(known: Iterable[Tenure], service: str, at: str) -> tuple[str, ...]:
    """Return the DIP ids in force for a service at a moment."""
    return tuple(dict.fromkeys(t.dip_id for t in known if t.service == service and t.holds(at)))


def both_sides(known: Iterable[Tenure], service: str, at: str, days: int) -> tuple[str, ...]:
    """Return who is in force, and the two sides of the latest change within ``days`` before or after."""
    same = [tenure for tenure in known if tenure.service == service]
    moment = datetime.fromisoformat(at)
    first, last = message_time(moment - timedelta(days=days)), message_time(moment + timedelta(days=days))
    changes = {t.since for t in same if t.since} & {t.until for t in same if t.until}
    change = max((one for one in changes if first <= one <= last), default="")
    found = [t.dip_id for t in same if t.holds(at) or (change and change in (t.since, t.until))]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one MPAN when a message is addressed.

    What the admin API said of it is all that counts, where it said anything. Else it is what was heard, and
    the distributor that the message itself names (M0 or M1) where none was heard of.
    """

    pinned: tuple[Tenure, ...]
    learned: tuple[Tenure, ...]

    @classmethod
    def of(
        cls, pinned: tuple[Tenure, ...], heard: Iterable[Said], recent: Iterable[Said], draft: Draft
    ) -> Known:
        """Put together what the store holds and what this batch says."""
        if pinned:
            return cls(pinned, ())
        learned = tenures((*heard, *recent))
        named = distributor(draft)
        if named and not any(tenure.service == "distributor" for tenure in learned):
            learned += (Tenure("distributor", named),)
        return cls((), learned)

    def holders(self, role: str, at: str, days: int | None) -> tuple[str, ...]:
        """Return who is in force; with ``days``, both sides of a change so close."""
        known, name = (self.pinned, role) if self.pinned else (self.learned, SERVICE_OF.get(role, role))
        return holders(known, name, at) if days is None else both_sides(known, name, at, days)

    def holders_then(self, role: str, times: Iterable[str]) -> tuple[str, ...]:
        """Return who was in force at any of these times."""
        return tuple(dict.fromkeys(dip_id for at in times for dip_id in self.holders(role, at, None)))


def distributor(draft: Draft) -> str:
    """Return the distributor's DIP id in a message's header block, empty where it has none."""
    block = draft.common.get("M0") or draft.common.get("M1") or {}
    return str(block.get("distributorDIPID") or "")
