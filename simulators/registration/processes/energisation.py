"""Energisation: IF-007 from a metering service or unmetered supplies operator, IF-008 in answer.

A failure to energise or de-energise goes from the metering service to the supplier; registration has no part
in it.
"""

from __future__ import annotations

from datetime import datetime

from simulators.registration.answering import answer, repeated
from simulators.registration.case import Case, Outcome, handles
from simulators.registration.items import MHHS, Item
from simulators.registration.moments import moment
from simulators.registration.notices import Form, forms
from simulators.registration.point import MeteringPoint
from simulators.registration.rule import Rule, rules
from simulators.registration.services import Service
from simulators.registration.standing import standing


def _wanted(case: Case) -> object:
    return case.publication.custom("B025").get("energisationStatus")


def _effective(case: Case) -> datetime | None:
    return moment(case.publication.custom("B025").get("energisationStatusEffectiveFromDate"))


def _closed(case: Case) -> bool:
    at = _effective(case) or case.now
    disconnected = case.known_point.at(Item.MP_STATUS, at) == "X" and _wanted(case) == "E"
    return disconnected or case.known_point.at(Item.RMP_STATUS, at) == "T"


def _out_of_sequence(case: Case) -> bool:
    spans, effective = case.known_point.history(Item.ENERGISATION).spans(), _effective(case)
    return effective is not None and any(effective <= span.since for span in spans)


def _not_responsible(case: Case) -> bool:
    return not standing(case, Service.METERING).holds(_effective(case))


RULES = rules(
    "energisation",
    Rule("REG0000", lambda case: case.point is None, "published", "the MPAN is not in the register"),
    Rule(
        "REG9003",
        lambda case: case.known_point.regime_at(case.moment) != MHHS,
        "assumed",
        "the code speaks of meter details; that energisation is barred alike is assumed",
    ),
    Rule(
        "REG1002",
        lambda case: not standing(case, Service.METERING).spans,
        "assumed",
        "the sender was never appointed to the point",
    ),
    Rule(
        "REG1003",
        lambda case: standing(case, Service.METERING).expired,
        "third-party",
        "10 working days after the end of the sender's appointment",
    ),
    Rule(
        "REG1022",
        lambda case: _wanted(case) not in ("E", "D"),
        "assumed",
        "U (undefined) can be held, but nobody can set it",
    ),
    Rule(
        "REG1088",
        lambda case: _effective(case) is None,
        "assumed",
        "a text that is no time",
    ),
    Rule(
        "REG1020",
        lambda case: (_effective(case) or case.accepted) > case.accepted,
        "published",
        "energising and de-energising are reported once they are done",
    ),
    Rule(
        "REG1019",
        _not_responsible,
        "assumed",
        "the date lies outside the time for which the sender is, or was, appointed",
    ),
    Rule(
        "REG1001",
        _closed,
        "assumed",
        "the registration is terminated; or energising a disconnected point",
    ),
    Rule("REG1014", _out_of_sequence, "assumed", "a status that is not later than every one held"),
)

ACCEPTED: Form[Case] = Form(
    "IF-008", "EnergisationStatusChange",
    ("sender", "metering service", "data service", "supplier", "distributor", "retriever", "MDS", "EES"),
    repeated("B025"), "third-party", "receivers of IF-008",
)  # fmt: skip
REFUSED: Form[Case] = Form(
    "IF-008", "EnergisationStatusChange", ("sender",), repeated("B025"), "assumed",
    "a refusal is nobody's business but the sender's",
)  # fmt: skip
forms("energisation", ACCEPTED, REFUSED)


@handles("IF-007", "EnergisationStatusChange")
def change(case: Case) -> Outcome:
    """Record a new energisation status from its date on, or refuse it."""

    def changed() -> tuple[MeteringPoint, ...]:
        effective = _effective(case)
        assert effective is not None
        return (case.known_point.put(Item.ENERGISATION, _wanted(case), effective, case.now),)

    return answer(case, RULES, case, ACCEPTED, REFUSED, changed)
