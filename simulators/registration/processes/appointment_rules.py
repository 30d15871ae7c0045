"""Which REG code answers which request to appoint: one rule a row, the first that is broken decides.

The codes' meanings are published; when each applies is mostly a third party's hint or assumed, so each row
says so. The rules are held against a request when it comes, and again when it reaches the head of the queue.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from harness.calendars.local_time import clock_midnight, is_summer_time, local_date
from harness.messages.context import SEGMENT_OF_ROLE
from harness.standing_data.library import standing_data
from harness.transport.network import Network
from simulators.registration.consents import BY_SEGMENT, consent_fits_segment
from simulators.registration.items import MHHS, Item, Linked, Related
from simulators.registration.moments import moment
from simulators.registration.point import ITEM_OF, MIGRATIONS
from simulators.registration.processes.wanted import Wanted
from simulators.registration.rule import Rule, rules
from simulators.registration.services import WORDS, Service
from simulators.registration.switching import SwitchStage

LEAD_TIME = timedelta(days=28)
"""Published with REG1099."""
SWITCHING = frozenset({"COS", "MCS"})
BY_SUPPLIER = frozenset({"COS", "CSP", "USP", "SEG", "MCA", "MCS"})
"""Scenarios that a supplier may ask for; ALG is registration's own."""


def identity_matches(network: Network, dip_id: str, mpid: str, roles: frozenset[str]) -> bool:
    """Say whether a party of one of ``roles`` holds both the DIP id and the MPID."""
    return any(p.dip_id == dip_id and p.mpid == mpid and p.role in roles for p in network.parties)


def _provider_mismatch(service: Service) -> Callable[[Wanted], bool]:
    def broken(wanted: Wanted) -> bool:
        request = wanted.appointment
        return request.service is service and not identity_matches(
            wanted.case.acting.network, request.provider, request.provider_mpid, WORDS[service].roles
        )

    return broken


def retriever_known(network: Network, dip_id: object, mpid: object) -> bool:
    """Say whether nobody is named, or a retriever with both ids."""
    if dip_id is None and mpid is None:
        return True
    return identity_matches(network, str(dip_id), str(mpid), frozenset({"MDR"}))


def _retriever_mismatch(wanted: Wanted) -> bool:
    proposal = wanted.appointment.proposal
    named = proposal.get("supplierNominatedMDRDIPID"), proposal.get("supplierNominatedMDRMPID")
    return not retriever_known(wanted.case.acting.network, *named)


def _retriever_without_date(wanted: Wanted) -> bool:
    proposal = wanted.appointment.proposal
    named = proposal.get("supplierNominatedMDRDIPID")
    return bool(named) and not proposal.get("supplierNominatedMDREffectiveFromDate")


def _retriever_too_early(wanted: Wanted) -> bool:
    proposal = wanted.appointment.proposal
    if not proposal.get("supplierNominatedMDRDIPID"):
        return False
    start = moment(proposal.get("supplierNominatedMDREffectiveFromDate"))
    if wanted.switch is not None and wanted.scenario in SWITCHING:
        begins: datetime | None = wanted.switch.effective
    else:
        begins = wanted.point.since(Item.SUPPLIER, wanted.at)
    return start is not None and begins is not None and start < begins


def _unmigrated(wanted: Wanted) -> bool:
    return wanted.scenario not in MIGRATIONS and wanted.regime != MHHS


def _unqualified(wanted: Wanted) -> bool:
    """Say whether a supplier may not migrate; a made-up sample says nothing of who is not in it."""
    request, data, now = wanted.appointment, standing_data(), wanted.case.now
    if wanted.scenario not in MIGRATIONS:
        return False
    unknown = data.find("mpid", request.supplier_mpid, on=now, role="SUP") is None
    qualified = (unknown and "mpid" in data.samples) or data.qualified(request.supplier_mpid, "SUP", on=now)
    return request.supplier in wanted.case.terms.unqualified or not qualified


def _foreign_switch(wanted: Wanted) -> bool:
    if wanted.scenario != "MCA":
        return False
    return any(
        each.supplier != wanted.appointment.supplier
        and (each.open or (each.stage is SwitchStage.SECURED and each.effective > wanted.case.now))
        for each in wanted.point.switches
    )


def _subsidiary(wanted: Wanted) -> bool:
    linked = wanted.point.at(Item.LINKED, wanted.at)
    return isinstance(linked, Linked) and wanted.point.mpan in linked.subsidiaries


def _secondary(wanted: Wanted) -> bool:
    related = wanted.point.at(Item.RELATED, wanted.at)
    return isinstance(related, Related) and wanted.point.mpan in related.secondaries


def _no_switch(wanted: Wanted) -> bool:
    return wanted.scenario in SWITCHING and wanted.switch is None


def _foreign_registration(wanted: Wanted) -> bool:
    switch = wanted.switch
    return (
        wanted.scenario in SWITCHING and switch is not None and switch.supplier != wanted.appointment.supplier
    )


def _scenario_invalid(wanted: Wanted) -> bool:
    if wanted.scenario not in BY_SUPPLIER:
        return True
    if wanted.scenario in SWITCHING:
        return wanted.switch is not None and wanted.switch.effective <= wanted.appointment.requested
    then = wanted.point.supplier_at(wanted.at)
    return not wanted.is_supplier or then is None or then.dip_id != wanted.appointment.supplier


def _foreign_operator(wanted: Wanted) -> bool:
    """Say whether an unmetered supplies operator is another distributor's."""
    provider = wanted.provider
    if wanted.appointment.service is not Service.METERING or provider is None or provider.role != "UMSO":
        return False
    distributor = wanted.case.acting.network.by_dip_id(wanted.point.distributor)
    return provider.organisation != distributor.organisation


def _wrong_segment(wanted: Wanted) -> bool:
    """Say whether a provider does not serve the segment; with SEG, whether it is the one that is left."""
    if wanted.segment is None or wanted.provider is None:
        return False
    same = SEGMENT_OF_ROLE.get(wanted.provider.role) == wanted.segment
    return same if wanted.scenario == "SEG" else not same


def _consent_unfit(wanted: Wanted) -> bool:
    consent = wanted.appointment.proposal.get("supplierProposedConsentGranularity")
    if wanted.provider is None or not consent:
        return False
    segment = SEGMENT_OF_ROLE.get(wanted.provider.role)
    return segment is not None and not consent_fits_segment(consent, segment)


def _provider_stays(scenario: str) -> Callable[[Wanted], bool]:
    return lambda wanted: wanted.scenario == scenario and wanted.appointment.provider == wanted.in_place


def _not_in_place(wanted: Wanted) -> bool:
    return wanted.scenario == "USP" and wanted.appointment.provider != wanted.in_place


def _in_the_past(wanted: Wanted) -> bool:
    effective = wanted.appointment.effective
    return not wanted.is_supplier and effective is not None and effective < wanted.appointment.requested


def _too_far_ahead(wanted: Wanted) -> bool:
    effective = wanted.appointment.effective
    return effective is not None and effective > wanted.appointment.requested + LEAD_TIME


def _date_invalid(wanted: Wanted) -> bool:
    effective = wanted.appointment.effective
    if effective is None or not written_rightly(wanted):
        return True
    if wanted.scenario in SWITCHING:
        return wanted.switch is not None and effective != wanted.switch.effective
    held = wanted.point.history(ITEM_OF[wanted.appointment.service]).spans()
    return any(span.value is not None and effective <= span.since for span in held)


def written_rightly(wanted: Wanted) -> bool:
    """Say whether the effective date is a clock midnight, written with the offset that is asked for."""
    effective = wanted.appointment.effective
    if effective is None or effective != clock_midnight(local_date(effective)):
        return False
    offset = effective.utcoffset() or timedelta()
    local = timedelta(hours=1) if is_summer_time(effective) else timedelta()
    allowed = {"utc": {timedelta()}, "local": {local}, "either": {timedelta(), local}}
    return offset in allowed[wanted.case.terms.midnight_offset]


def _standing_data_invalid(wanted: Wanted) -> bool:
    """Say whether a point that is to migrate has no connection type, or a smart meter without ESME id."""
    if wanted.scenario not in MIGRATIONS:
        return False
    point, on = wanted.point, wanted.case.now
    held = point.history(Item.CONNECTION_TYPE)
    if held.versions and held.at(wanted.at) is None:
        return True
    meters = (meter for meter in point.meters_at(wanted.at) if meter.removed is None)
    return any(not m.esme and standing_data().meter_group(m.kind, on=on) == "smart" for m in meters)


_MS, _DS = Service.METERING, Service.DATA
_UNKNOWN = "an unknown DIP id or a wrong role counts too"

RULES: tuple[Rule[Wanted], ...] = rules(
    "appointment",
    Rule("REG0000", lambda w: w.case.point is None, "published", "the MPAN is not in the register"),
    Rule("REG9009", _unmigrated, "published", "COS, CSP, USP and SEG are for what has migrated"),
    Rule(
        "REG9007",
        lambda w: w.scenario in MIGRATIONS and w.regime == MHHS,
        "published",
        "MCA and MCS are for metering points that have not migrated",
    ),
    Rule("REG9008", _unqualified, "published", "who is qualified is in the standing data or the options"),
    Rule("REG9004", _foreign_switch, "assumed", "another supplier's switch is pending or not yet effective"),
    Rule(
        "REG9005",
        lambda w: w.scenario == "MCA" and not w.is_supplier,
        "published",
        "MCA is the current supplier's scenario",
    ),
    Rule(
        "REG9006",
        lambda w: w.scenario == "MCS" and w.is_supplier,
        "published",
        "MCS is the gaining supplier's scenario",
    ),
    Rule("REG1038", _subsidiary, "published", "a linked export follows its import"),
    Rule("REG1039", _secondary, "published", "a related secondary follows its primary"),
    Rule("REG1090", _provider_mismatch(_MS), "assumed", _UNKNOWN),
    Rule("REG1091", _provider_mismatch(_DS), "assumed", _UNKNOWN),
    Rule("REG1092", _retriever_mismatch, "assumed", "only where the supplier nominates a retriever"),
    Rule("REG0005", _no_switch, "third-party", "COS and MCS name the registration id of a switch"),
    Rule("REG0006", _foreign_registration, "published", "the registration id is another supplier's"),
    Rule(
        "REG1033",
        _scenario_invalid,
        "third-party",
        "USP, CSP and SEG are the current supplier's; that COS and MCS end at the supply start is assumed",
    ),
    Rule("REG1030", _foreign_operator, "third-party", "operator and distributor are one organisation"),
    Rule("REG1031", _wrong_segment, "published", "by the provider's role; SEG names another segment's"),
    Rule("REG1035", _consent_unfit, "assumed", BY_SEGMENT),
    Rule("REG1088", _retriever_without_date, "assumed", "a nominated retriever has a date"),
    Rule("REG1036", _retriever_too_early, "published", "not before the supplier's own start"),
    Rule("REG1025", _not_in_place, "published", "USP updates the provider in place"),
    Rule("REG1026", _provider_stays("CSP"), "published", "CSP proposes another provider"),
    Rule("REG1095", _provider_stays("SEG"), "published", "SEG proposes another provider"),
    Rule("REG1034", _in_the_past, "third-party", "for a supplier that is not the current one"),
    Rule("REG1099", _too_far_ahead, "published", "28 days at most; counted from receipt (assumed)"),
    Rule(
        "REG1032",
        _date_invalid,
        "third-party",
        "a clock midnight; the supply start of the switch; after the provider in place began",
    ),
    Rule("REG9011", _standing_data_invalid, "assumed", "no connection type, or a smart meter without ESME"),
)  # fmt: skip
