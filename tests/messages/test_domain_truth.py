"""What a valid message must hold besides its schema: parts that agree with one another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from contexts import NOW, PARTIES, context

from harness.calendars.local_time import local_date
from harness.messages.build import build
from harness.messages.context import DATA_ROLE, METERING_ROLE
from harness.messages.dates import midnight_text
from harness.messages.identifiers import is_mpan, mpan
from harness.messages.metering_point import metering_point
from harness.spec.codes import codes
from harness.spec.release import Release, load
from harness.standing_data.library import standing_data

SEEDS = range(1, 13)
UTC_DATES = {
    "settlementDayDate",
    "settlementRunExecutionDate",
    "consumptionAmendmentPeriodStartDate",
    "consumptionAmendmentPeriodEndDate",
}
TIMES = {"cumulativeRegisterReadingDateTime", "sp", "settlementPeriodEffectiveToDateTime", "senderTimestamp"}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a message."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def messages(release: Release, **changes: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a message of every pair."""
    for pair in release.pairs:
        for seed in (1, 2, 3):
            built = build(release, pair.interface, pair.event, context(seed, **changes))
            yield f"{pair.interface} {pair.event}", built


def _group(meter_type: str) -> str | None:
    return standing_data().meter_group(meter_type, on=NOW)


@pytest.mark.parametrize("segment", "SAU")
def test_dip_id_and_mpid_are_of_one_party(segment: str) -> None:
    """Wherever a DIP id and an MPID stand side by side, they belong to the same party."""
    mpid_of = dict(PARTIES.values())
    seen = set()
    for name, message in messages(load("2.1.0"), segment=segment):
        for found in objects(message):
            for key, dip_id in found.items():
                mpid_key = key.removesuffix("DIPID") + "MPID"
                if key.endswith("DIPID") and mpid_key in found and dip_id is not None:
                    known = mpid_of.get(dip_id, found[mpid_key])
                    assert found[mpid_key] == known, (name, key)
                    seen.add(key)
    assert len(seen) >= 14


@pytest.mark.parametrize("segment", "SAU")
def test_services_hold_the_role_of_the_segment(segment: str) -> None:
    """A proposed service is the metering or data service of the metering point's segment."""
    release = load("2.1.0")
    metering = build(release, "IF-031", "MSApp", context(segment=segment))["CustomBlock"]["B070"]
    data = build(release, "IF-031", "DSApp", context(segment=segment))["CustomBlock"]["B071"]
    assert metering["proposedMeteringServiceDIPID"] == PARTIES[METERING_ROLE[segment]][0]
    assert data["proposedDataServiceDIPID"] == PARTIES[DATA_ROLE[segment]][0]


def test_mpans_have_right_check_digits() -> None:
    """Every MPAN in a message is right, and those of one site differ."""
    for name, message in messages(load("2.1.0")):
        for found in objects(message):
            for key, value in found.items():
                if "MPAN" in key and isinstance(value, str) and len(value) == 13 and value.isdigit():
                    assert is_mpan(value), (name, key)
    relation = build(load("2.1.0"), "IF-019", "RelatedCreate", context())
    principal = relation["CommonBlock"]["M1"]["principalMPAN"]
    assert principal == context().mpan
    assert relation["CustomBlock"]["B090List"][0]["subsidiaryMPAN"] != principal


@pytest.mark.parametrize(
    ("distributor", "group"), [("10", "_A"), ("12", "_C"), ("18", "_N"), ("20", "_H"), ("23", "_M")]
)
def test_gsp_group_is_the_distributors(distributor: str, group: str) -> None:
    """A metering point lies in the GSP group of the distributor that its MPAN names."""
    block = build(load("2.1.0"), "IF-021", "ActivePower", context(mpan=mpan(distributor, 4711)))[
        "CommonBlock"
    ]["M0"]
    assert block["GSPGroupID"] == group


def test_dates_are_clock_midnights() -> None:
    """Every date is the midnight of a local day in UTC, save settlement days, runs and times of the day."""
    for name, message in messages(load("2.1.0")):
        for found in objects(message):
            for key, value in found.items():
                if not isinstance(value, str) or len(value) != 25 or value[10:11] != "T" or key in TIMES:
                    continue
                moment = datetime.fromisoformat(value)
                if key in UTC_DATES:
                    assert value.endswith("T00:00:00+00:00"), (name, key, value)
                else:
                    assert value == midnight_text(local_date(moment)), (name, key, value)


def test_readings_are_at_clock_midnight_or_on_a_visit() -> None:
    """A remote reading is taken at clock midnight, one on site in yesterday's working hours."""
    release = load("2.1.0")
    remote = build(release, "IF-041", "ReadingCOS", context())["CustomBlock"]["B064List"][0]
    assert remote["cumulativeRegisterReadingDateTime"] == midnight_text(local_date(NOW))
    assert remote["siteVisitCheckCode"] is None
    visit = build(release, "IF-041", "ReadingOnSite", context())["CustomBlock"]["B064List"][0]
    moment = datetime.fromisoformat(visit["cumulativeRegisterReadingDateTime"])
    assert moment.date() == NOW.date() - timedelta(days=1)
    assert 9 <= moment.hour < 16
    assert visit["siteVisitCheckCode"] is not None


@pytest.mark.parametrize("segment", "SAU")
def test_segment_connection_and_meters_agree(segment: str) -> None:
    """Whole current and smart or traditional meters in S, current transformers in A, no meters in U."""
    release = load("2.1.0")
    kinds = set()
    for seed in SEEDS:
        custom = build(release, "IF-033", "MSAppSPRequest", context(seed, segment=segment))["CustomBlock"]
        assert custom["B026"]["marketSegmentIndicator"] == segment
        assert custom["B023"]["connectionTypeIndicator"] in {"S": "W", "A": "LHE", "U": "U"}[segment]
        assert custom["B023"]["meteredIndicator"] is (segment != "U")
        assert ("B905List" in custom) is (segment != "U")
        for entry in custom.get("B905List", []):
            meter = entry["existingMeter"]
            kinds.add(_group(meter["meterType"]))
            assert (meter["ESMEGUID"] is not None) is (_group(meter["meterType"]) == "smart")
            assert (
                entry["existingMAP"]["meterAssetProviderEffectiveFromDate"] >= meter["meterInstallationDate"]
            )
    assert kinds <= {"S": {"smart", "traditional"}, "A": {"advanced", "check"}, "U": set()}[segment]


IN_FORCE = {
    "meterType": "meter_type",
    "meterAssetProviderID": "map_id",
    "SMSOID": "smso_id",
    "SSC": "ssc",
    "profileClass": "profile_class",
    "GSPGroupID": "gsp_group",
    "DUOSTariffID": "duos_tariff",
    "meterLocation": "meter_location",
}


@pytest.mark.parametrize("segment", "SAU")
def test_what_standing_data_lists_is_in_force(segment: str) -> None:
    """Meter types, asset providers, SSCs, tariffs and their like are in force in standing data today."""
    seen = set()
    for name, message in messages(load("2.1.0"), segment=segment):
        for found in objects(message):
            for key, kind in IN_FORCE.items():
                if found.get(key) is not None:
                    assert standing_data().valid(kind, found[key], on=NOW), (name, key, found[key])
                    seen.add(key)
    assert seen >= {"U": {"GSPGroupID", "DUOSTariffID"}}.get(segment, IN_FORCE.keys() - {"SMSOID"})


def test_segment_follows_the_roles_at_work() -> None:
    """Without a segment the sender's role decides, then a primary recipient's, then it is smart."""
    assert context(sender_role="UMSO").market_segment() == "U"
    assert context(primary_recipients=(PARTIES["ADS"][0],)).market_segment() == "A"
    assert context(primary_recipients=("9999999999",)).market_segment() == "S"
    assert context(sender_role="MSA", segment="S").market_segment() == "S"


def test_a_sender_fills_its_own_fields() -> None:
    """A service that sends is the issuing service, also when another of its role is named."""
    payload = build(
        load("2.1.0"), "IF-021", "ActivePower", context(sender_role="SDS", sender_dip_id="1400000009")
    )
    assert payload["CustomBlock"]["B044"]["issuingDataServiceDIPID"] == "1400000009"


def test_outgoing_and_incumbent_are_other_parties() -> None:
    """An outgoing supplier or incumbent service is never the incoming one, named or made up."""
    release = load("2.1.0")
    for parties in (PARTIES, {"SUP": PARTIES["SUP"], "MSS": PARTIES["MSS"]}):
        switch = build(release, "IF-001", "ChangeOfSupplier", context(parties=parties))["CustomBlock"]
        assert switch["B002"]["incomingSupplierDIPID"] == PARTIES["SUP"][0]
        assert switch["B003"]["outgoingSupplierDIPID"] != PARTIES["SUP"][0]
        request = build(
            release,
            "IF-033",
            "MSAppSPRequest",
            context(parties=parties),
            overrides={"B070.appointmentScenario": "CSP"},
        )["CustomBlock"]
        assert (
            request["B072"]["incumbentMeteringServiceDIPID"]
            != request["B070"]["proposedMeteringServiceDIPID"]
        )
        left = build(release, "IF-037", "MSDeApp", context(parties=parties))["CustomBlock"]
        assert left["B008"]["deAppointedMeteringServiceDIPID"] != left["B010"]["incomingMeteringServiceDIPID"]


def test_made_up_parties_stay_the_same() -> None:
    """A party that nobody names is the same one in every message."""
    release = load("2.1.0")
    first, second = (
        build(release, "IF-001", "ChangeOfSupplier", context(seed, parties={}))["CustomBlock"]["B003"]
        for seed in (1, 2)
    )
    assert first == second
    assert first["outgoingSupplierDIPID"].startswith("23")


def test_dates_of_an_appointment_meet() -> None:
    """The de-appointment ends where the appointment begins; a supplier's last day is the one before."""
    release = load("2.1.0")
    active = build(release, "IF-036", "MSAppActive", context())["CustomBlock"]["B014"]
    left = build(release, "IF-037", "MSDeApp", context())["CustomBlock"]
    begins = active["incomingMeteringServiceEffectiveFromDate"]
    assert left["B008"]["meteringServiceEffectiveToDate"] == begins
    assert left["B010"]["incomingMeteringServiceEffectiveFromDate"] == begins
    switch = build(release, "IF-001", "ChangeOfSupplier", context())["CustomBlock"]
    day = local_date(datetime.fromisoformat(switch["B002"]["supplierEffectiveFromDate"]))
    assert switch["B003"]["supplierEffectiveToDate"] == midnight_text(day - timedelta(days=1))


def test_nominated_retriever_starts_with_the_appointment() -> None:
    """A nominated retriever starts when the data service does, at most five days ahead (REG1082, REG1083)."""
    release = load("2.1.0")
    for seed in SEEDS:
        block = build(release, "IF-031", "DSApp", context(seed))["CustomBlock"]["B071"]
        start = block["supplierNominatedMDREffectiveFromDate"]
        assert (start is None) is (block["supplierNominatedMDRDIPID"] is None)
        assert start in (None, block["proposedDataServiceDIPEffectiveFromDate"])
        update = build(
            release, "IF-034", "SDS-MDRUpdate", context(seed), overrides={"B018.SDSNominatedMDRMPID": "MDRA"}
        )
        when = update["CustomBlock"]["B018"]["SDSNominatedMDRRequestedEffectiveFromDate"]
        assert midnight_text(local_date(NOW)) < when <= midnight_text(local_date(NOW) + timedelta(days=5))


@pytest.mark.parametrize("interface", ["IF-005", "IF-006"])
def test_meter_events_tell_one_story(interface: str) -> None:
    """An exchange removes another meter when it installs one; history and removal name the right meter."""
    release = load("2.1.0")
    custom = {
        event: build(release, interface, event, context(sender_role="MSS", sender_dip_id="1200000001"))[
            "CustomBlock"
        ]
        for event in release.events(interface)
    }
    exchange, history = custom["MeterExchange"], custom["MeterHistoryUpdate"]
    new = exchange["B906"]["existingMeter"]
    assert exchange["B039"]["meterIDRemoved"] != new["meterID"]
    assert exchange["B039"]["meterRemovalDate"] == new["meterInstallationDate"] < NOW.isoformat()
    assert history["B039"]["meterIDRemoved"] == history["B906"]["existingMeter"]["meterID"]
    assert history["B039"]["meterRemovalDate"] >= history["B906"]["existingMeter"]["meterInstallationDate"]
    assert custom["MeterRemoval"]["B039"]["meterIDRemoved"] == new["meterID"]
    for event, blocks in custom.items():
        if "B906" in blocks:
            assert (blocks["B906"]["existingMeter"]["modifiedMeterID"] is None) is (event != "MeterUpdate")


def test_other_meters_are_listed_beside_the_events() -> None:
    """IF-006 lists the check meter of an advanced site, which the event left alone, where it has one."""
    release = load("2.1.0")
    listed = 0
    for seed in range(1, 30):
        custom = build(release, "IF-006", "MeterUpdate", context(seed, segment="A"))["CustomBlock"]
        for entry in custom.get("B905List", []):
            listed += 1
            assert _group(entry["existingMeter"]["meterType"]) == "check"
            assert entry["existingMeter"]["meterID"] != custom["B906"]["existingMeter"]["meterID"]
    assert 0 < listed < 29


def test_installed_meters_have_no_removal_date() -> None:
    """A refresh lists the meters that are there: installed, with their provider, not removed."""
    meters = build(load("2.1.0"), "IF-051", "EESRefresh", context())["CustomBlock"]["B914List"]
    for entry in meters:
        assert entry["existingMeter"]["meterRemovalDate"] is None


@pytest.mark.parametrize("segment", "SAU")
@pytest.mark.parametrize("event", ["ActivePower", "ReactivePower"])
def test_consumption_is_a_plausible_day(segment: str, event: str) -> None:
    """48 periods of yesterday (UTC), nothing negative, a day's share of the year, estimates with a reason."""
    estimated = 0
    for seed in SEEDS:
        made = context(seed, segment=segment)
        block = build(load("2.1.0"), "IF-021", event, made)["CustomBlock"]
        assert (
            block["B900"]["MQID"]["measurementQuantityID"]
            == {"ActivePower": "AI", "ReactivePower": "RI"}[event]
        )
        (day,) = block["B900"]["settlementDayConsumptionPeriods"]
        assert day["settlementDay"] == {
            "settlementDayDate": "2026-07-13T00:00:00+00:00",
            "periodDuration": 30,
        }
        periods = day["consumptionPeriods"]
        assert [p["sp"] for p in periods][::47] == ["2026-07-13T00:30:00+00:00", "2026-07-14T00:00:00+00:00"]
        values = [Decimal(p["v"]) for p in periods]
        assert min(values) >= 0
        share = 1 if event == "ActivePower" else Decimal("0.3")
        yearly = sum(values) * 365 / share
        assert (
            Decimal("0.6") < yearly / Decimal(metering_point(made.mpan, segment).annual_kwh) < Decimal("1.4")
        )
        for period in periods:
            assert (period["e"] is None) is (period["q"] == "A")
            assert period["arc"] is None
            estimated += period["q"] != "A"
    assert (estimated > 0) is (event == "ActivePower")


def test_load_shape_totals_add_up() -> None:
    """Day and rolling totals of a load shape are the sums of their off-peak and peak parts."""
    (day,) = build(load("2.1.0"), "IF-023", "LSSTotalsData", context())["CustomBlock"]["B912List"]
    groups = [tuple(entry["LSGroup"].values()) for entry in day["LSGTotals"]]
    assert len(set(groups)) == len(groups) == 3
    for entry in day["LSGTotals"]:
        totals = {key: Decimal(value) for key, value in entry["LSTTotals"][0].items()}
        for span in ("Day", "7DayRolling"):
            parts = totals[f"loadShape{span}OffPeakTotal"] + totals[f"loadShape{span}PeakTotal"]
            assert totals[f"loadShape{span}Total"] == parts
        assert totals["loadShape7DayRollingTotal"] > totals["loadShapeDayTotal"]


def test_outcomes_have_published_codes() -> None:
    """Rejections, warnings and appointment answers carry a published code with its text."""
    release = load("2.1.0")
    found = {}
    for interface, event, code in [
        ("IF-014", "ActivePowerRejected", "R"),
        ("IF-014", "ConsumptionOnDeEnergisedMPAN", "W"),
        ("IF-016", "ActivePowerRejected", "R"),
    ]:
        answer = build(release, interface, event, context())["CommonBlock"]["R0"]
        assert answer["responseCode"] == code
        (found[interface, event],) = answer["responseMessages"]
    replay = build(release, "IF-016", "ConsumptionRequestRejected", context())["CommonBlock"]["R1"]
    assert replay["responseCode"] == "R"
    texts = [*found.values(), *replay["responseMessages"]]
    for event, outcome in [("MSAppAccepted", "A"), ("DSAppRejected", "R"), ("DSAppLapsed", "L")]:
        block = build(release, "IF-035", event, context())["CustomBlock"]["B007"]
        assert block["responseCode"] == outcome
        assert (block["proposedAppointmentResponseCode"] is None) is (outcome == "L")
        texts += [block["proposedAppointmentResponseCode"]] if outcome != "L" else []
    for text in texts:
        code, _, meaning = text.partition(" - ")
        assert codes()[code].meaning == meaning


def test_addresses_look_right() -> None:
    """An address has number, street and town within 40 characters, and a postcode of the usual form."""
    import re

    for seed in SEEDS:
        block = build(load("2.1.0"), "IF-018", "AddressChg", context(seed))["CustomBlock"]["B022"]
        lines = [block[f"addressLine{n}"] for n in range(1, 10)]
        assert lines[3].isdigit()
        assert lines[4]
        assert lines[7]
        assert all(line is None or 0 < len(line) <= 40 for line in lines)
        assert re.fullmatch(r"(IP|CB|NR|CO|PE|CM)\d{1,2} \d[A-Z]{2}", block["meteringPointPostcode"])


def test_history_lies_in_the_past() -> None:
    """Nothing that a metering point has behind it lies in the future, however early the clock is set."""
    early = metering_point(mpan("10", 5), "S", date(2020, 1, 1))
    assert max(early.created, early.agents_since, early.meters[0].installed) < date(2020, 1, 1)
    assert early.created <= early.supplied_since <= early.agents_since
