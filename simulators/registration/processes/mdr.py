"""The meter data retriever: IF-034 [SDS-MDRUpdate] from the data service and IF-035 in answer.

The retriever that a data service nominates is on record from its date on. What the DCC then makes of it is in
`mdr_dcc`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from harness.standing_data.library import standing_data
from simulators.participants.behaviours import Publication
from simulators.registration.case import Case, Outcome, handles
from simulators.registration.history import Span
from simulators.registration.items import Holder, Item
from simulators.registration.moments import moment
from simulators.registration.notices import Blocks, Form, forms, write
from simulators.registration.rule import Rule, refusal, rules, stated
from simulators.registration.services import Service

NOTICE = timedelta(days=5)
"""Published with REG1082."""


def _nominated(case: Case) -> Mapping[str, Any]:
    return case.publication.custom("B018")


def _effective(case: Case) -> datetime | None:
    return moment(_nominated(case).get("SDSNominatedMDRRequestedEffectiveFromDate"))


def _held(case: Case) -> Span[Holder] | None:
    spans = case.known_point.history(Item.MDR).spans()
    return spans[-1] if spans and spans[-1].value is not None else None


def _not_the_data_service(case: Case) -> bool:
    service = case.known_point.provider_at(Service.DATA, case.moment)
    return service is None or service.dip_id != case.publication.sender


def _not_the_supplier(case: Case) -> bool:
    supplier = case.known_point.supplier_at(case.moment)
    named = case.publication.custom("B012").get("serviceProviderAppointmentRequestingSupplierDIPID")
    return supplier is None or supplier.dip_id != named


def _no_retriever(case: Case) -> bool:
    """Say whether nobody of the network, or of standing data that is no sample, is such a retriever."""
    data, mpid = standing_data(), str(_nominated(case).get("SDSNominatedMDRMPID"))
    known = any(party.mpid == mpid for party in case.acting.network.with_role("MDR"))
    listed = data.valid("mpid", mpid, on=_effective(case) or case.moment, role="MDR")
    ended = data.known("mpid", mpid) and not listed
    return ended or not (listed or ("mpid" in data.samples and known))


def _identity_mismatch(case: Case) -> bool:
    dip_id, mpid = (_nominated(case).get(f"SDSNominatedMDR{name}") for name in ("DIPID", "MPID"))
    return not any((p.dip_id, p.mpid) == (dip_id, mpid) for p in case.acting.network.with_role("MDR"))


def _before_responsibility(case: Case) -> bool:
    effective, point = _effective(case), case.known_point
    starts = (point.since(Item.SUPPLIER, case.moment), point.since(Item.DATA_SERVICE, case.moment))
    return effective is not None and any(start is not None and effective < start for start in starts)


def _not_after_present(case: Case) -> bool:
    effective, held = _effective(case), _held(case)
    return effective is not None and held is not None and effective <= held.since


def _in_place(case: Case) -> bool:
    held = _held(case)
    return (
        held is not None
        and held.value is not None
        and held.value.dip_id == _nominated(case).get("SDSNominatedMDRDIPID")
    )


RULES = rules(
    "meter data retriever",
    Rule("REG0000", lambda case: case.point is None, "published", "the MPAN is not in the register"),
    Rule("REG1080", _not_the_data_service, "published", "the sender is not the data service now"),
    Rule("REG1084", _not_the_supplier, "published", "the supplier that B012 names"),
    Rule("REG1088", lambda case: _effective(case) is None, "assumed", "a text that is no time"),
    Rule("REG1081", _no_retriever, "third-party", "by its MPID, in standing data on the date"),
    Rule("REG1093", _identity_mismatch, "published", "no retriever holds both ids"),
    Rule("REG1098", _in_place, "published", "the retriever that was assigned last"),
    Rule(
        "REG1082",
        lambda case: (_effective(case) or case.accepted) > case.accepted + NOTICE,
        "published",
        "counted from when the DIP took it (assumed)",
    ),
    Rule("REG1036", _before_responsibility, "third-party", "before the supplier's or data service's start"),
    Rule("REG1083", _not_after_present, "assumed", "not later than the date of the retriever assigned last"),
)


def _requesting(case: Case) -> Blocks:
    return {name: case.publication.custom(name) or None for name in ("B012", "B013")}


def _assigned(case: Case) -> dict[str, Any]:
    nominated = _nominated(case)
    return {
        "assignedMDRDIPID": nominated.get("SDSNominatedMDRDIPID"),
        "assignedMDRMPID": nominated.get("SDSNominatedMDRMPID"),
        "assignedMDREffectiveFromDate": nominated.get("SDSNominatedMDRRequestedEffectiveFromDate"),
    }


def _accepted(case: Case) -> Blocks:
    verdict = {"responseCode": "A", "responseMessages": []}
    return {**_requesting(case), "B092": _assigned(case), "B099": verdict}


def _refused(case: Case) -> Blocks:
    code = refusal(RULES, case)
    verdict = {"responseCode": "R", "responseMessages": [stated(code)] if code else []}
    return {**_requesting(case), "B092": _assigned(case), "B099": verdict}


ACCEPTED: Form[Case] = Form(
    "IF-035", "SDS-MDROutcome", ("sender", "supplier"), _accepted, "third-party",
    "the data service that asked, and the supplier",
)  # fmt: skip
REFUSED: Form[Case] = Form(
    "IF-035", "SDS-MDROutcome", ("sender",), _refused, "assumed",
    "a refusal is nobody's business but the sender's",
)  # fmt: skip
forms("meter data retriever", ACCEPTED, REFUSED)


@handles("IF-034", "SDS-MDRUpdate")
def update(case: Case) -> Outcome:
    """Assign the nominated retriever from its date on, or refuse it."""
    assert isinstance(case.received, Publication)
    if refusal(RULES, case):
        return Outcome(sent=(write(REFUSED, case, case.point, case),))
    effective, nominated = _effective(case), _nominated(case)
    assert effective is not None
    holder = Holder(nominated["SDSNominatedMDRDIPID"], nominated["SDSNominatedMDRMPID"])
    point = case.known_point.put(Item.MDR, holder, effective, case.now)
    return Outcome((point,), (write(ACCEPTED, case, point, case),))
