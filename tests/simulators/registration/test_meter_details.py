"""Meter details (IF-005, IF-006): every refusal beside what is accepted, and what stands on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.clock import message_time
from harness.spec.release import names
from simulators.participants.behaviours import Outgoing
from simulators.registration import services
from simulators.registration.items import Item
from simulators.registration.request import Appointment, Stage
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_METERING,
    SUPPLIER,
)
from tests.simulators.registration.service import Service, named
from tests.simulators.registration.verdicts import code_of, covers

DAY = timedelta(days=1)
CREATED = datetime(2015, 6, 1, tzinfo=UTC)
FITTED = datetime(2020, 6, 1, tzinfo=UTC)
GUID = "0C-A2-F4-00-00-76-21-BC"
OLD = {
    "serial": "OLD1", "kind": "S2ADE", "make": "MAKE", "esme": GUID, "location": "K", "digits": 5,
    "installed": message_time(FITTED),
    "asset_providers": [{"provider": "MAPA", "effective_from": message_time(FITTED)}],
}  # fmt: skip
POINT = {
    "mpan": MPAN, "supplier": SUPPLIER, "metering_service": METERING, "data_service": DATA,
    "created": message_time(CREATED), "market_segment": "S", "connection_type": "W", "rmp_status": "O",
    "mp_status": "T", "meters": [OLD],
}  # fmt: skip
AWAY = {**POINT, "metering_service": OTHER_METERING}
LEFT = datetime(2026, 2, 17, tzinfo=UTC)
"""The tenth working day after the last one of the old service is 2 March, which is `NOW`."""


def succeeded(at: datetime) -> dict[str, Any]:
    """Return the point with another metering service in place since ``at``."""
    services = [
        {"dip_id": METERING, "from": message_time(FITTED)},
        {"dip_id": OTHER_METERING, "from": message_time(at)},
    ]
    return {**POINT, "metering_service": services}


def described(serial: str = "NEW1", installed: datetime = NOW - DAY, **changed: Any) -> dict[str, Any]:
    """Return B906.existingMeter."""
    return {
        "meterID": serial, "meterType": "S2ADE", "manufacturersMakeAndType": "MAKE", "ESMEGUID": GUID,
        "meterLocation": "K", "numberOfDisplayedRegisterDigits": 5,
        "meterInstallationDate": message_time(installed), "modifiedMeterID": None, **changed,
    }  # fmt: skip


def corrected(**changed: Any) -> dict[str, Any]:
    """Return B906.existingMeter for the meter on record."""
    return described("OLD1", FITTED, **changed)


def owned(*pairs: tuple[str, datetime]) -> list[dict[str, str]]:
    """Return B906.historyMAP."""
    return [
        {"meterAssetProviderID": name, "meterAssetProviderEffectiveFromDate": message_time(at)}
        for name, at in pairs
    ]


def send(
    event: str,
    meter: Mapping[str, Any] | None = None,
    *,
    point: Mapping[str, Any] = POINT,
    providers: list[dict[str, str]] | None = None,
    removed: tuple[str, datetime | None] | None = None,
    display: datetime | None = None,
    sender: str = METERING,
    mpan: str = MPAN,
    release: str = "2.1.0",
    now: datetime = NOW,
) -> tuple[Service, list[Outgoing]]:
    """Return a registration service and what it sent because of an IF-005."""
    service = Service(point, release=release)
    service.now = now
    custom: dict[str, Any] = {"B906": None, "B039": None, "B030": None}
    if meter is not None:
        at = (
            datetime.fromisoformat(meter["meterInstallationDate"])
            if meter["meterInstallationDate"][:1] == "2"
            else NOW
        )
        custom["B906"] = {"existingMeter": meter, "historyMAP": providers or owned(("MAPA", at))}
    if removed is not None:
        serial, moment = removed
        custom["B039"] = {
            "meterIDRemoved": serial,
            "meterRemovalDate": message_time(moment) if moment else None,
        }
    if display is not None:
        custom["B030"] = {"IHDInstallStatus": "I", "IHDEffectiveFromDate": message_time(display)}
    return service, service.receive("IF-005", event, sender, custom=custom, mpan=mpan)


INSTALLED = {"event": "MeterInstall", "meter": described()}
EXCHANGED = {"event": "MeterExchange", "meter": described(), "removed": ("OLD1", NOW - DAY)}
REMOVED = {"event": "MeterRemoval", "removed": ("OLD1", NOW - DAY)}
UPDATED = {"event": "MeterUpdate", "meter": corrected()}
GONE = {**POINT, "meters": [{**OLD, "removed": message_time(NOW - 9 * DAY)}]}
HISTORY = {"event": "MeterHistoryUpdate", "meter": corrected(), "point": GONE}
LISTED = datetime(1998, 4, 1, tzinfo=UTC)
"""From when standing data knows the meter types."""
OLDEST = {**POINT, "created": message_time(LISTED - 9 * DAY)}
DISCONNECTED = {**POINT, "mp_status": ["T", {"value": "X", "from": message_time(NOW - 3 * DAY)}]}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "REG0000": ({**INSTALLED, "mpan": "1012345678907"}, INSTALLED),
    "REG9003": (
        {**INSTALLED, "point": {**POINT, "regime": "legacy"}},
        {**INSTALLED, "point": {**POINT, "regime": "mhhs"}},
    ),
    "REG1001": (
        {**REMOVED, "point": {**POINT, "rmp_status": "T"}},
        {**REMOVED, "point": {**POINT, "rmp_status": "C"}},
    ),
    "REG0003": (
        {**INSTALLED, "point": {**POINT, "connection_type": "U"}},
        {**INSTALLED, "point": {**POINT, "connection_type": "L"}},
    ),
    "REG0004": (
        {**INSTALLED, "point": {**POINT, "market_segment": "U"}},
        {**INSTALLED, "point": {**POINT, "market_segment": "A"}},
    ),
    "REG1012": ({**UPDATED, "point": AWAY}, UPDATED),
    "REG1027": ({**INSTALLED, "point": AWAY}, INSTALLED),
    "REG1003": (
        {**REMOVED, "point": succeeded(LEFT - DAY), "removed": ("OLD1", LEFT - 2 * DAY)},
        {**REMOVED, "point": succeeded(LEFT), "removed": ("OLD1", LEFT - 2 * DAY)},
    ),
    "REG1028": (
        {**INSTALLED, "meter": described(meterInstallationDate="once upon a time in 2020!")},
        INSTALLED,
    ),
    "REG1088": ({**REMOVED, "removed": ("OLD1", None)}, REMOVED),
    "REG1020": (
        {**INSTALLED, "meter": described(installed=NOW + timedelta(seconds=1))},
        {**INSTALLED, "meter": described(installed=NOW)},
    ),
    "REG1002": (
        {**REMOVED, "point": succeeded(LEFT), "removed": ("OLD1", LEFT)},
        {**REMOVED, "point": succeeded(LEFT), "removed": ("OLD1", LEFT - timedelta(seconds=1))},
    ),
    "REG1016": (
        {**HISTORY, "removed": ("OLD2", NOW - 8 * DAY)},
        {**HISTORY, "removed": ("OLD1", NOW - 8 * DAY)},
    ),
    "REG1018": ({**HISTORY, "point": POINT}, HISTORY),
    "REG1015": ({**HISTORY, "meter": described("NONE", FITTED)}, HISTORY),
    "REG1004": ({**REMOVED, "removed": ("NONE", NOW - DAY)}, REMOVED),
    "REG0008": (
        {
            **UPDATED,
            "point": succeeded(LEFT),
            "meter": corrected(meterLocation="A", manufacturersMakeAndType="M2"),
        },
        {**UPDATED, "point": succeeded(LEFT), "meter": corrected(meterLocation="A")},
    ),
    "REG1006": ({**INSTALLED, "meter": described("OLD1")}, INSTALLED),
    "REG1029": (
        {**INSTALLED, "meter": described(modifiedMeterID="NEW2")},
        {**UPDATED, "meter": corrected(modifiedMeterID="NEW2")},
    ),
    "REG1013": (
        {
            **UPDATED,
            "point": {**POINT, "meters": [OLD, {**OLD, "serial": "OLD2"}]},
            "meter": corrected(modifiedMeterID="OLD2"),
        },
        {
            **UPDATED,
            "point": {**POINT, "meters": [OLD, {**OLD, "serial": "OLD2"}]},
            "meter": corrected(modifiedMeterID="OLD3"),
        },
    ),
    "REG1017": (
        {**UPDATED, "meter": described("OLD1", FITTED + DAY, modifiedMeterID="NEW2")},
        {**UPDATED, "meter": described("OLD1", FITTED + DAY)},
    ),
    "REG1005": (
        {
            **REMOVED,
            "point": {**POINT, "metering_service": {"dip_id": METERING, "from": message_time(CREATED)}},
            "removed": ("OLD1", FITTED - DAY),
        },
        {
            **REMOVED,
            "point": {**POINT, "metering_service": {"dip_id": METERING, "from": message_time(CREATED)}},
            "removed": ("OLD1", FITTED),
        },
    ),
    "REG1008": (
        {**EXCHANGED, "meter": described(installed=NOW - DAY - timedelta(seconds=1))},
        {**EXCHANGED, "meter": described(installed=NOW - DAY)},
    ),
    "REG1011": (
        {**UPDATED, "meter": described("OLD1", CREATED - timedelta(seconds=1))},
        {**UPDATED, "meter": described("OLD1", CREATED)},
    ),
    "REG1007": (
        {**INSTALLED, "point": DISCONNECTED, "meter": described(installed=NOW - 3 * DAY)},
        {
            **INSTALLED,
            "point": DISCONNECTED,
            "meter": described(installed=NOW - 3 * DAY - timedelta(seconds=1)),
        },
    ),
    "REG1010": (
        {**INSTALLED, "providers": owned(("MAPA", NOW - DAY - timedelta(seconds=1)))},
        {**INSTALLED, "providers": owned(("MAPA", NOW - DAY))},
    ),
    "REG1014": (
        {**UPDATED, "providers": owned(("MAPA", FITTED + DAY), ("MAPB", FITTED + DAY))},
        {**UPDATED, "providers": owned(("MAPA", FITTED), ("MAPB", FITTED + DAY))},
    ),
    "REG1096": (
        {**INSTALLED, "display": NOW - DAY - timedelta(seconds=1)},
        {**INSTALLED, "display": NOW - DAY},
    ),
    "REG1049": (
        {**UPDATED, "point": OLDEST, "meter": described("OLD1", LISTED - DAY)},
        {**UPDATED, "point": OLDEST, "meter": described("OLD1", LISTED)},
    ),
    "REG1046": ({**INSTALLED, "meter": described(ESMEGUID=None)}, INSTALLED),
    "REG1047": (
        {**INSTALLED, "meter": described(numberOfDisplayedRegisterDigits=None)},
        {**INSTALLED, "meter": described(meterType="N", ESMEGUID=None, numberOfDisplayedRegisterDigits=None)},
    ),
    "REG1097": ({**INSTALLED, "meter": described(numberOfDisplayedRegisterDigits=2)}, INSTALLED),
    "REG1009": (
        {**INSTALLED, "providers": owned(("MAPY", NOW - DAY))},
        {**INSTALLED, "providers": owned(("MAPB", NOW - DAY))},
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_a_code_refuses_what_its_condition_says_and_not_its_neighbour(code: str) -> None:
    """The request that breaks the rule gets the code; the request beside it is accepted."""
    broken, sound = CASES[code]
    assert code_of(send(**broken)[1]) == code
    assert code_of(send(**sound)[1]) is None


def test_every_code_of_meter_details_has_its_case() -> None:
    """No rule for meter details is without a case above, and no case without a rule."""
    covers("meters", CASES)


@pytest.mark.parametrize("release", names())
@pytest.mark.parametrize(
    "request_", [INSTALLED, EXCHANGED, REMOVED, UPDATED, HISTORY], ids=lambda r: r["event"]
)
def test_an_outcome_repeats_what_it_answers_in_every_release(release: str, request_: dict[str, Any]) -> None:
    """IF-006 has the event, the blocks and the sender of the IF-005, accepted and refused."""
    service, accepted = send(**request_, release=release)
    assert named(accepted) == [f"IF-006 {request_['event']}"]
    assert accepted[0].primary == (METERING,)
    assert (
        accepted[0].custom["B906"] is None or accepted[0].custom["B906"]["existingMeter"] == request_["meter"]
    )
    refused = service.receive("IF-005", request_["event"], METERING, mpan="1012345678907")
    assert (named(refused), code_of(refused)) == (named(accepted), "REG0000")
    assert refused[0].primary == (METERING,)


def test_an_exchange_ends_one_meter_and_begins_another() -> None:
    """Both meters are on record, with the dates of the visit, and so is the state before it."""
    service, _ = send(**EXCHANGED)
    held = {meter.serial: meter for meter in service.point().meters_at(NOW)}
    assert held["OLD1"].removed == held["NEW1"].installed == NOW - DAY
    assert held["NEW1"].removed is None
    assert [provider.provider for provider in held["NEW1"].asset_providers] == ["MAPA"]
    before = service.point().meters_at(NOW - 2 * DAY)
    assert [(meter.serial, meter.removed) for meter in before] == [("OLD1", None)]


def test_an_outcome_lists_the_meters_that_it_left_alone() -> None:
    """B905List has the other meters in place, neither the one that was updated nor one that is gone."""
    point = {
        **POINT,
        "meters": [OLD, {**OLD, "serial": "OLD2"}, {**OLD, "serial": "OLD3", "removed": message_time(NOW)}],
    }
    _, sent = send(**{**UPDATED, "point": point})
    assert [each["existingMeter"]["meterID"] for each in sent[0].custom["B905List"]] == ["OLD2"]
    assert sent[0].custom["B905List"][0]["existingMAP"]["meterAssetProviderID"] == "MAPA"
    assert send(**UPDATED)[1][0].custom["B905List"] is None


def test_an_update_of_a_predecessor_reaches_its_successor() -> None:
    """A metering service that has left corrects a location; the one in place is told as well."""
    _, sent = send(**CASES["REG0008"][1])
    assert sent[0].primary == (METERING, OTHER_METERING)


def test_a_display_is_recorded_with_the_meter() -> None:
    """B030 of an accepted update changes the in-home display from its own date on."""
    service, _ = send(**INSTALLED, display=NOW)
    assert service.point().at(Item.IHD, NOW) == "I"
    assert service.point().at(Item.IHD, NOW - DAY) is None


def test_a_corrected_meter_keeps_what_the_correction_leaves_out() -> None:
    """A new meter id and location replace the old ones; without B906.historyMAP the owners stay."""
    service = Service(POINT)
    block = {"existingMeter": corrected(modifiedMeterID="NEW1", meterLocation="A")}
    service.receive(
        "IF-005",
        "MeterUpdate",
        METERING,
        custom={"B906": {**block, "historyMAP": owned(("MAPA", FITTED))}, "B039": None, "B030": None},
    )
    (meter,) = service.point().meters_at(NOW)
    assert (meter.serial, meter.location, meter.installed) == ("NEW1", "A", FITTED)
    assert service.point().meters_at(FITTED) == (meter,)


def test_the_history_of_a_removed_meter_gets_another_date() -> None:
    """MeterHistoryUpdate moves the removal of a meter that is gone."""
    service, _ = send(**HISTORY, removed=("OLD1", NOW - 8 * DAY))
    (meter,) = service.point().meters_at(NOW)
    assert meter.removed == NOW - 8 * DAY


def test_a_removed_meter_gets_another_id_or_another_date_but_not_both() -> None:
    """REG1017 holds for the removal's date as well; to repeat the date on record is no change of it."""
    renamed = {**HISTORY, "meter": corrected(modifiedMeterID="NEW1")}
    assert code_of(send(**renamed, removed=("OLD1", NOW - 8 * DAY))[1]) == "REG1017"
    for removed in (None, ("OLD1", NOW - 9 * DAY)):
        service, sent = send(**renamed, removed=removed)
        assert code_of(sent) is None
        (meter,) = service.point().meters_at(NOW)
        assert (meter.serial, meter.removed) == ("NEW1", NOW - 9 * DAY)


def test_what_is_reported_late_is_part_of_every_later_state() -> None:
    """A meter that was installed before the last change, and reported after, is on record since its day."""
    service, _ = send(**INSTALLED)
    late = {"existingMeter": described("NEW2", NOW - 5 * DAY), "historyMAP": owned(("MAPA", NOW - 5 * DAY))}
    service.receive("IF-005", "MeterInstall", METERING, custom={"B906": late, "B030": None})
    held = {back: {m.serial for m in service.point().meters_at(NOW - back * DAY)} for back in (6, 3, 0)}
    assert held == {6: {"OLD1"}, 3: {"OLD1", "NEW2"}, 0: {"OLD1", "NEW2", "NEW1"}}


def test_an_accepted_segment_change_lets_the_coming_service_work_on_site() -> None:
    """REG1027 spares a service whose SEG appointment is accepted; its visit may lie before its start."""
    service = Service(AWAY)
    assert (
        code_of(
            service.receive(
                "IF-005",
                "MeterInstall",
                METERING,
                custom={
                    "B906": {"existingMeter": described(), "historyMAP": owned(("MAPA", NOW - DAY))},
                    "B030": None,
                },
            )
        )
        == "REG1027"
    )
    service.register.keep(service.point().with_appointment(None, accepted_segment_change()))
    assert (
        code_of(
            service.receive(
                "IF-005",
                "MeterInstall",
                METERING,
                custom={
                    "B906": {"existingMeter": described(), "historyMAP": owned(("MAPA", NOW - DAY))},
                    "B030": None,
                },
            )
        )
        is None
    )


def accepted_segment_change() -> Appointment:
    """Return an appointment of the metering service that it has accepted."""
    return Appointment(
        services.Service.METERING, MPAN, "2.1.0", SUPPLIER, "SUPA", METERING, "MSSA", "SEG", NOW + DAY, NOW,
        {}, {}, stage=Stage.ACCEPTED,
    )  # fmt: skip


HANDOVER = datetime(2026, 12, 19, tzinfo=UTC)
"""A Saturday: the last day of the service that leaves is Friday, 18 December."""


@pytest.mark.parametrize(
    ("day", "meter", "code"),
    [
        ("2027-01-06", corrected(meterLocation="A"), None),
        ("2027-01-06", corrected(meterLocation="A", numberOfDisplayedRegisterDigits=6), "REG0008"),
        ("2027-01-07", corrected(meterLocation="A"), "REG1003"),
    ],
)
def test_a_predecessor_has_ten_working_days_over_the_turn_of_the_year(
    day: str, meter: dict[str, Any], code: str | None
) -> None:
    """Christmas, its substitute day and New Year's Day don't count: 6 January 2027 is the tenth."""
    now = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    assert code_of(send("MeterUpdate", meter, point=succeeded(HANDOVER), now=now)[1]) == code


def test_a_predecessor_reports_an_exchange_that_it_made_before_it_left() -> None:
    """Reported two days after the hand-over it is accepted, and the successor can't update the old meter."""
    service, sent = send(
        "MeterExchange",
        described(installed=HANDOVER - timedelta(hours=9)),
        removed=("OLD1", HANDOVER - timedelta(hours=9)),
        point=succeeded(HANDOVER),
        now=HANDOVER + 2 * DAY,
    )
    assert code_of(sent) is None
    assert sent[0].primary == (METERING, OTHER_METERING)
    block = {"existingMeter": corrected(), "historyMAP": owned(("MAPA", FITTED))}
    custom = {"B906": block, "B039": None, "B030": None}
    refused = service.receive("IF-005", "MeterUpdate", OTHER_METERING, custom=custom)
    assert (code_of(refused), refused[0].primary) == ("REG1004", (OTHER_METERING,))


@pytest.mark.parametrize(("digits", "code"), [(4, "REG1097"), (5, None), (8, None), (9, "REG1097")])
def test_the_digits_of_a_meter_type_have_a_least_and_a_most(digits: int, code: str | None) -> None:
    """Both ends of the range that standing data gives are allowed."""
    meter = described(numberOfDisplayedRegisterDigits=digits)
    assert code_of(send("MeterInstall", meter)[1]) == code
