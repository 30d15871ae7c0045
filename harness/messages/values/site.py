"""What registration holds about the metering point: address, connection, segment, status, classification."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from harness.messages.story import Story
from harness.messages.values.table import Make, Value, fixed


def _line(number: int) -> Make:
    return lambda story: story.point.address.lines[number - 1]


def _created(story: Story) -> str:
    return story.at(story.point.created)


def _energised(story: Story) -> str:
    if story.interface in {"IF-007", "IF-008"}:
        return story.at(story.yesterday)
    return story.at(story.point.created + timedelta(days=5))


def _changes_on(interface: str, event: str, otherwise: Callable[[Story], str]) -> Make:
    def make(story: Story) -> str:
        if story.interface == interface and story.event in ("", event):
            return story.at(story.today)
        return otherwise(story)

    return make


def _traditional(story: Story, value: str) -> str | None:
    return value if story.point.metered else None


VALUES = {
    **{f"addressLine{n}": Value(f"DI-{n:03d}", _line(n)) for n in range(1, 10)},
    "meteringPointPostcode": Value("DI-010", lambda s: s.point.address.postcode),
    "connectionTypeIndicator": Value("DI-015", lambda s: s.point.connection),
    "connectionTypeEffectiveFromDate": Value(
        "DI-016", _changes_on("IF-043", "ConnectionTypeChange", _created)
    ),
    "energyDirection": Value("DI-035", lambda s: "E" if s.event == "EnergyDirection" else s.point.direction),
    "meteredIndicator": Value("DI-127", lambda s: s.point.metered),
    "DUOSTariffID": Value("DI-128", lambda s: s.point.tariff),
    "DUOSTariffIDEffectiveFromDate": Value("DI-129", _changes_on("IF-018", "DUOSTariffIDChg", _created)),
    "energisationStatus": Value("DI-033", lambda s: "D" if s.interface in {"IF-007", "IF-008"} else "E"),
    "energisationStatusEffectiveFromDate": Value("DI-034", _energised),
    "marketSegmentIndicator": Value("DI-050", lambda s: s.segment),
    "marketSegmentIndicatorEffectiveFromDate": Value(
        "DI-051", _changes_on("IF-044", "MarketSegmentChange", _created)
    ),
    "domesticPremiseIndicator": Value("DI-030", lambda s: s.point.domestic),
    "domesticPremiseIndicatorEffectiveFromDate": Value(
        "DI-032", _changes_on("IF-018", "DomPremInd", lambda s: s.at(s.point.supplied_since))
    ),
    "GSPGroupEffectiveFromDate": Value("DI-036", _changes_on("IF-018", "GSPChg", _created)),
    "MPStatus": Value("DI-131", lambda s: "N" if s.event == "MPANCreation" else "T"),
    "MPStatusEffectiveFromDate": Value(
        "DI-168", lambda s: s.at(s.today) if s.interface == "IF-050" else _created(s)
    ),
    "RMPStatus": Value("DI-130", lambda s: "C" if s.event == "MPANCreation" else "O"),
    "RMPStatusEffectiveFromDate": Value(
        "DI-167", lambda s: s.at(s.today) if s.interface == "IF-050" else _created(s)
    ),
    "greenDealEffectiveFromDate": Value("DI-111", lambda s: s.at(s.today)),
    "greenDealEffectiveToDate": Value("DI-112", lambda s: s.at(s.today + timedelta(days=3652))),
    "disconnectionEffectiveFromDate": Value("DI-027", lambda s: s.at(s.today)),
    "reconnectionEffectiveFromDate": Value("DI-028", lambda s: s.at(s.today)),
    "CSSMPANDeRegistrationDate": Value("DI-077", lambda s: s.at(s.today)),
    "CSSRegistrationID": Value("DI-849", lambda s: s.point.registration),
    "profileClass": Value("DI-122", lambda s: _traditional(s, s.point.profile_class)),
    "profileClassEffectiveFromDate": Value("DI-124", lambda s: _traditional(s, s.at(s.point.supplied_since))),
    "SSC": Value("DI-123", lambda s: _traditional(s, s.point.ssc)),
    "SSCEffectiveFromDate": Value("DI-125", lambda s: _traditional(s, s.at(s.point.supplied_since))),
    "linkedImportExportMPAN": Value("DI-038", lambda s: s.point.linked_export),
    "linkedMPANEnergyDirection": Value("DI-151", fixed("E")),
    "primaryMPAN": Value("DI-075", lambda s: s.context.mpan),
    "secondaryMPAN": Value("DI-079", lambda s: s.point.related),
    "subsidiaryMPAN": Value(
        "DI-074", lambda s: s.point.related if s.event.startswith("Related") else s.point.linked_export
    ),
}
