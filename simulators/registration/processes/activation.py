"""What becoming active means: who serves from when, who leaves, and which metering points follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from harness.clock import message_time
from simulators.registration.case import Case
from simulators.registration.history import Span
from simulators.registration.items import MHHS, Holder, Item, Linked, Related
from simulators.registration.moments import moment as read
from simulators.registration.point import ITEM_OF, MIGRATIONS, MeteringPoint
from simulators.registration.processes.appointment_forms import Step, retriever
from simulators.registration.processes.appointment_table import Trigger
from simulators.registration.processes.moving import Moved, move
from simulators.registration.request import Appointment, Stage
from simulators.registration.services import WORDS, Service


def activate(
    case: Case,
    point: MeteringPoint,
    appointment: Appointment,
    moment: datetime,
    *,
    trigger: Trigger = Trigger.EFFECTIVE,
    reason: str = "",
) -> Moved:
    """Put a provider in place from ``moment``, tell everybody, and let the metering points follow that must.

    ``reason`` is the de-appointment reason, where it does not follow from the scenario. An appointment that
    was held begins when what it waited for is there, so ``moment`` may be later than its date.
    """
    service = appointment.service
    before = point.provider_span(service, moment)
    nobody = before is None or before.value is None
    stays = before is not None and before.value is not None and before.value.dip_id == appointment.provider
    new = replace(appointment, effective=moment, correlation=None)
    counterpart = _counterpart(point, new, moment)
    changed = _in_place(point, new, moment, case.now)
    step = Step(
        case,
        new,
        changed,
        predecessor=None if stays or nobody else before,
        former=_former(point, service, moment) if nobody and new.scenario not in MIGRATIONS else None,
        counterpart=counterpart,
        reason=reason,
    )
    old = appointment if appointment in point.appointments else None
    moved = move(case, changed, old, new, trigger, around=step)
    return moved.then(align(case, moved.point, service, moment))


def _counterpart(point: MeteringPoint, wanted: Appointment, moment: datetime) -> Appointment | None:
    """Return the other service's appointment that becomes, or became, active at the same moment."""
    return next(
        (
            each
            for each in point.appointments
            if each.service is not wanted.service
            and each.effective == moment
            and (each.stage is Stage.ACTIVE or (each.stage is Stage.ACCEPTED and _alike(each, wanted)))
        ),
        None,
    )


def _alike(one: Appointment, other: Appointment) -> bool:
    return (one.scenario, one.supplier) == (other.scenario, other.supplier)


def _former(point: MeteringPoint, service: Service, moment: datetime) -> Span[Holder] | None:
    """Return who served last and left without a successor."""
    gone = [
        span
        for span in point.history(ITEM_OF[service]).spans()
        if span.value is not None and span.until is not None and span.until <= moment and span.value.dip_id
    ]
    return gone[-1] if gone else None


def _in_place(
    point: MeteringPoint, appointment: Appointment, moment: datetime, recorded: datetime
) -> MeteringPoint:
    """Return the point with the provider, and what the request proposed, on record."""
    words, proposal = WORDS[appointment.service], appointment.proposal
    holder = Holder(
        appointment.provider,
        appointment.provider_mpid,
        reference=str(proposal.get(words.contract) or ""),
        scenario=appointment.scenario,
        fallback_frequency=str(proposal.get("traditionalFallBackReadFrequency") or ""),
    )
    point = point.put(ITEM_OF[appointment.service], holder, moment, recorded)
    if appointment.service is Service.DATA:
        point = _proposed(point, appointment, moment, recorded)
    return _migrated(point, moment, recorded)


def _proposed(
    point: MeteringPoint, appointment: Appointment, moment: datetime, recorded: datetime
) -> MeteringPoint:
    proposal = appointment.proposal
    for item, name in (
        (Item.CONSENT, "supplierProposedConsentGranularity"),
        (Item.DOMESTIC, "supplierProposedDomesticIndicator"),
    ):
        value = proposal.get(name)
        if value is not None and value != point.at(item, moment):
            point = point.put(item, value, moment, recorded)
    assigned = retriever(appointment)
    if point.retriever_at(moment) is not None and (appointment.scenario != "USP" or assigned is not None):
        point = point.put(Item.MDR, None, moment, recorded)
    if assigned is not None:
        start = max(read(assigned["assignedMDREffectiveFromDate"]) or moment, moment)
        named = Holder(str(assigned["assignedMDRDIPID"]), str(assigned["assignedMDRMPID"]))
        point = point.put(Item.MDR, named, start, recorded)
    return point


def _migrated(point: MeteringPoint, moment: datetime, recorded: datetime) -> MeteringPoint:
    """Return the point under the new arrangements once both services have come by a migration (assumed)."""
    held = [point.provider_at(service, moment) for service in Service]
    if point.regime_at(moment) != MHHS and all(one and one.scenario in MIGRATIONS for one in held):
        return point.put(Item.REGIME, MHHS, moment, recorded)
    return point


def align(case: Case, point: MeteringPoint, service: Service, moment: datetime) -> Moved:
    """Let the linked exports, or related secondaries, follow the point's provider at the same moment.

    Scenario ALG and the reasons IMPEXP and RELATED are published; that a member held by another
    registration service does not follow is assumed.
    """
    moved = Moved(point)
    for mpan, reason in followers(point, moment):
        follower = case.other(mpan)
        if follower is not None:
            after = follow(case, point, follower, service, moment, reason)
            moved = Moved(point, (*moved.sent, *after.sent), (*moved.others, *after.outcome.points))
    return moved


def followers(point: MeteringPoint, moment: datetime) -> list[tuple[str, str]]:
    """Return the MPANs whose agents are the point's, each with the reason."""
    linked, related = point.at(Item.LINKED, moment), point.at(Item.RELATED, moment)
    found = []
    if isinstance(linked, Linked) and linked.principal == point.mpan:
        found += [(mpan, "IMPEXP") for mpan in linked.subsidiaries]
    if isinstance(related, Related) and related.primary == point.mpan:
        found += [(mpan, "RELATED") for mpan in related.secondaries]
    return found


def follow(
    case: Case,
    leader: MeteringPoint,
    follower: MeteringPoint,
    service: Service,
    moment: datetime,
    reason: str,
) -> Moved:
    """Give ``follower`` the provider that ``leader`` has at ``moment``; nothing where it has him already."""
    wanted, held = leader.provider_at(service, moment), follower.provider_at(service, moment)
    supplier = follower.supplier_at(moment)
    if wanted is None or supplier is None or (held is not None and held.dip_id == wanted.dip_id):
        return Moved(follower)
    words = WORDS[service]
    header = {"MPANCore": follower.mpan, "distributorDIPID": follower.distributor}
    group = follower.at(Item.GSP_GROUP, moment)
    appointment = Appointment(
        service=service,
        mpan=follower.mpan,
        release=case.release,
        supplier=supplier.dip_id,
        supplier_mpid=supplier.mpid,
        provider=wanted.dip_id,
        provider_mpid=wanted.mpid,
        scenario="ALG",
        effective=moment,
        requested=case.now,
        proposal={
            words.contract: wanted.reference or None,
            "traditionalFallBackReadFrequency": wanted.fallback_frequency or None,
        },
        header={**header, "GSPGroupID": group} if group else header,
        answered=_retriever_of(leader, moment) if service is Service.DATA else None,
    )
    inner = replace(case, mpan=follower.mpan, point=follower, received=None)
    ready = follower if follower.release else replace(follower, release=case.release)
    return activate(inner, ready, appointment, moment, trigger=Trigger.ALIGNED, reason=reason)


def _retriever_of(leader: MeteringPoint, moment: datetime) -> Mapping[str, Any] | None:
    """Return the leader's retriever as a data service names one; a follower has the same (assumed)."""
    held = leader.retriever_at(moment)
    if held is None:
        return None
    return {
        "SDSNominatedMDRDIPID": held.dip_id,
        "SDSNominatedMDRMPID": held.mpid,
        "SDSNominatedMDRRequestedEffectiveFromDate": message_time(moment),
    }
