"""When registration refuses a change of the data that suppliers maintain (IF-025).

Which consents go with which kind of point is assumed, and so is the order of the rows: the metering point,
who sends, the dates, then the values, which are held against industry standing data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.standing_data.library import standing_data
from simulators.registration.case import Case
from simulators.registration.consents import BY_SEGMENT, consent_fits, consent_fits_segment
from simulators.registration.items import REVERSE_MIGRATED, Item
from simulators.registration.moments import moment
from simulators.registration.rule import Rule, rules
from simulators.registration.switching import Switch, SwitchStage

CONSENT, DISPLAY, SMSO, CLASSIFICATION = "ConsentGranularity", "IHDInfo", "SMSO", "SSCandProfileClass"


@dataclass(frozen=True, slots=True)
class Part:
    """One item of an IF-025: where it stands in the message and in the register."""

    item: Item
    block: str
    value: str
    since: str


PARTS: Mapping[str, tuple[Part, ...]] = {
    CONSENT: (Part(Item.CONSENT, "B068", "consentGranularity", "consentGranularityEffectiveFromDate"),),
    DISPLAY: (Part(Item.IHD, "B030", "IHDInstallStatus", "IHDEffectiveFromDate"),),
    SMSO: (Part(Item.SMSO, "B031", "SMSOID", "SMSOEffectiveFromDate"),),
    CLASSIFICATION: (
        Part(Item.SSC, "B032", "SSC", "SSCEffectiveFromDate"),
        Part(Item.PROFILE_CLASS, "B032", "profileClass", "profileClassEffectiveFromDate"),
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One item that a supplier wants changed."""

    item: Item
    value: Any
    """None: the item is to have no value."""
    since: datetime | None
    held: Any
    """The value that is in force, or is to come into force, last of all."""
    held_since: datetime | None

    @property
    def new(self) -> bool:
        """Say whether it differs from what is held; what is repeated, or left null, is not changed."""
        if self.value is None and self.since is None and self.held is None:
            return False
        return (self.value, self.since) != (self.held, self.held_since)


def changes(case: Case) -> tuple[Change, ...]:
    """Return the items of an IF-025, those left as they are included."""
    found = []
    for part in PARTS[case.publication.event]:
        stated = case.publication.custom(part.block)
        spans = case.known_point.history(part.item).spans()
        held, held_since = (spans[-1].value, spans[-1].since) if spans else (None, None)
        found.append(
            Change(part.item, stated.get(part.value), moment(stated.get(part.since)), held, held_since)
        )
    return tuple(found)


def _change(case: Case, item: Item) -> Change | None:
    return next((each for each in changes(case) if each.item is item), None)


def named_switch(case: Case) -> Switch | None:
    """Return the switch whose registration id the message gives (B013)."""
    registration = case.publication.custom("B013").get("CSSRegistrationID")
    switches = case.known_point.switches
    return next((s for s in switches if s.registration == registration and registration), None)


def gaining(case: Case) -> Switch | None:
    """Return the switch by which the sender is to gain the point, where the message names it."""
    switch = named_switch(case)
    live = switch is not None and switch.stage is not SwitchStage.CANCELLED
    return switch if switch and live and switch.supplier == case.publication.sender else None


def responsible_from(case: Case) -> datetime | None:
    """Return from when the sender supplies the point; None where it neither does nor is to."""
    switch = gaining(case)
    span = case.known_point.span(Item.SUPPLIER, case.moment)
    if span is not None and span.value and span.value.dip_id == case.publication.sender:
        return span.since
    return switch.effective if switch else None


def _unknown_registration(case: Case) -> bool:
    stated = case.publication.custom("B013").get("CSSRegistrationID")
    if not stated:
        return False
    supplier = case.known_point.supplier_at(case.moment)
    return named_switch(case) is None and (supplier is None or supplier.reference != stated)


def _registration_of_another(case: Case) -> bool:
    stated, sender = case.publication.custom("B013").get("CSSRegistrationID"), case.publication.sender
    if not stated:
        return False
    switch, supplier = named_switch(case), case.known_point.supplier_at(case.moment)
    if switch is not None:
        return switch.supplier != sender
    return supplier is not None and supplier.dip_id != sender


def _unmetered(item: Item) -> Callable[[Case], bool]:
    def broken(case: Case) -> bool:
        return case.publication.event != CONSENT and bool(case.known_point.at(item, case.moment) == "U")

    return broken


def _some(test: Callable[[Case, Change], bool]) -> Callable[[Case], bool]:
    """Return a predicate that holds when one of the items that change breaks it."""
    return lambda case: any(test(case, change) for change in changes(case) if change.new)


def _before_supply(case: Case, change: Change) -> bool:
    start = responsible_from(case)
    return start is not None and change.since is not None and change.since < start


def _traditional(case: Case) -> bool:
    data, now = standing_data(), case.moment
    meters = (meter for meter in case.known_point.meters_at(now) if meter.removed is None)
    return any(data.meter_group(meter.kind, on=now) == "traditional" for meter in meters)


def _cleared(item: Item) -> Callable[[Case], bool]:
    def broken(case: Case) -> bool:
        change = _change(case, item)
        return change is not None and change.value is None and _traditional(case)

    return broken


def _not_later(item: Item) -> Callable[[Case], bool]:
    def broken(case: Case) -> bool:
        change = _change(case, item)
        if change is None or not change.new or change.since is None or change.held_since is None:
            return False
        return change.since <= change.held_since

    return broken


def _not_in_standing_data(item: Item, kind: str) -> Callable[[Case], bool]:
    def broken(case: Case) -> bool:
        change = _change(case, item)
        if change is None or change.value is None:
            return False
        return not standing_data().valid(kind, change.value, on=change.since or case.moment)

    return broken


def _consent_misfits_segment(case: Case) -> bool:
    change = _change(case, Item.CONSENT)
    if change is None or change.value == "x":
        return False
    return not consent_fits_segment(change.value, case.known_point.at(Item.MARKET_SEGMENT, case.moment))


def _consent_invalid(case: Case) -> bool:
    change = _change(case, Item.CONSENT)
    if change is None:
        return False
    direction = case.known_point.at(Item.ENERGY_DIRECTION, case.moment)
    segment = case.known_point.at(Item.MARKET_SEGMENT, case.moment)
    return not consent_fits(change.value, segment, direction)


RULES = rules(
    "supplier data",
    Rule("REG0000", lambda case: case.point is None, "published", "the MPAN is not in the register"),
    Rule(
        "REG9002",
        lambda case: case.known_point.regime_at(case.moment) == REVERSE_MIGRATED,
        "published",
        "the point has left the new arrangements",
    ),
    Rule(
        "REG0005",
        _unknown_registration,
        "third-party",
        "neither a switch of the point nor its supplier's registration has the id",
    ),
    Rule("REG0006", _registration_of_another, "published", "the id is another supplier's"),
    Rule(
        "REG1021",
        lambda case: responsible_from(case) is None,
        "published",
        "a supplier that is to gain the point may send, where it names its switch (assumed)",
    ),
    Rule("REG0003", _unmetered(Item.CONNECTION_TYPE), "assumed", "what belongs to a meter: all but consent"),
    Rule("REG0004", _unmetered(Item.MARKET_SEGMENT), "assumed", "as for the connection type"),
    Rule(
        "REG1088",
        _some(lambda _, change: change.since is None),
        "third-party",
        "where an item is changed; its date may be null in the message's definition",
    ),
    Rule(
        "REG0009",
        _some(lambda _, change: change.value is None and change.held is None),
        "third-party",
        "SMSO, display, SSC and profile class",
    ),
    Rule("REG1019", _some(_before_supply), "third-party", "before the supplier's start date"),
    Rule(
        "REG1024",
        _some(
            lambda case, change: (
                change.since is not None and change.since < case.accepted - case.terms.retrospective
            )
        ),
        "third-party",
        "further back than the setting allows (five days)",
    ),
    Rule(
        "REG1020",
        lambda case: (
            case.publication.event == DISPLAY
            and any(each.since is not None and each.since > case.accepted for each in changes(case))
        ),
        "assumed",
        "a display is reported once it is installed, or was declined",
    ),
    Rule(
        "REG1023", _not_in_standing_data(Item.SMSO, "smso_id"), "assumed", "not in standing data on the date"
    ),
    Rule("REG1044", _not_in_standing_data(Item.SSC, "ssc"), "published", "on the date that is given"),
    Rule(
        "REG1045",
        _not_in_standing_data(Item.PROFILE_CLASS, "profile_class"),
        "published",
        "on the date that is given",
    ),
    Rule("REG1042", _cleared(Item.SSC), "published", "while a traditional meter is in place"),
    Rule("REG1043", _cleared(Item.PROFILE_CLASS), "published", "while a traditional meter is in place"),
    Rule(
        "REG1040",
        _not_later(Item.SSC),
        "assumed",
        "the code says SSD; it is read as SSC, as it stands before the same code for the profile class",
    ),
    Rule("REG1041", _not_later(Item.PROFILE_CLASS), "third-party", "strictly later"),
    Rule("REG1035", _consent_misfits_segment, "assumed", BY_SEGMENT),
    Rule(
        "REG1022",
        _consent_invalid,
        "assumed",
        "an export is settled half-hourly; x hides a consent and is none",
    ),
)
