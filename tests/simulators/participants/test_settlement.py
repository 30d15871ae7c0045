"""Settlement: each ECS code by its condition, what is held, runs, defaults, annual consumption."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.calendars.book import calendars
from harness.clock import message_time
from harness.errors import ConfigurationError
from harness.messages.identifiers import mpan as make_mpan
from harness.spec.codes import codes
from harness.spec.release import load
from simulators.participants import settling_rules
from simulators.participants.behaviours import Outgoing
from simulators.participants.readings import profile
from simulators.participants.record import Point
from tests.simulators.participants.player import MPAN, Player, names, point
from tests.simulators.participants.publications import (
    DATA,
    OTHER_DATA,
    OTHER_SUPPLIER,
    REGISTRATION,
    SUPPLIER,
)

MDS = "1800000001"
DAY = "2026-02-27"
T = datetime(2026, 6, 30, 23, tzinfo=UTC)
NEW = {"timetable": "new"}


def settlement(**options: Any) -> Player:
    """Return a market-wide data service that knows who supplies and who reads."""
    options.setdefault("points", point(supplier=SUPPLIER, data_service=DATA))
    return Player(MDS, "market-data-service", **options)


def sent_by(dip_id: str = DATA, points: Any = None, **content: Any) -> dict[str, Any]:
    """Return the custom block of IF-021 as a data service sends it."""
    service = Player(dip_id, "data-service", points=points or [])
    (message,) = service.told("consumption", **{"day": DAY, **content})
    block: dict[str, Any] = service.written(message)["CustomBlock"]
    return block


def hand(
    player: Player, block: dict[str, Any], dip_id: str = DATA, event: str = "ActivePower"
) -> list[Outgoing]:
    """Let settlement hear IF-021."""
    return player.hears("IF-021", event, dip_id, CustomBlock=block)


def reasons(player: Player, sent: list[Outgoing]) -> list[str]:
    """Return the codes of the only answer, [] when there is none."""
    if not sent:
        return []
    (answer,) = sent
    payload = player.written(answer)
    return [text.split(" ")[0] for text in payload["CommonBlock"]["R0"]["responseMessages"]]


Change = Callable[[dict[str, Any]], object]


def period(number: int, **items: object) -> Change:
    """Return a change of one settlement period."""

    def change(block: dict[str, Any]) -> None:
        day = block["B900"]["settlementDayConsumptionPeriods"][0]
        day["consumptionPeriods"][number].update(items)

    return change


def settlement_day(text: str) -> Change:
    """Return a change of the settlement day."""

    def change(block: dict[str, Any]) -> None:
        block["B900"]["settlementDayConsumptionPeriods"][0]["settlementDay"]["settlementDayDate"] = text

    return change


def connection(text: str) -> Change:
    """Return a change of the connection type's date."""

    def change(block: dict[str, Any]) -> None:
        block["B067"]["connectionTypeEffectiveFromDate"] = text

    return change


def quantity(name: str) -> Change:
    """Return a change of the measurement quantity."""

    def change(block: dict[str, Any]) -> None:
        block["B900"]["MQID"]["measurementQuantityID"] = name

    return change


DEAD = {"energisation": "D", "energisation_from": "2026-01-01T00:00:00+00:00"}
BROKEN: dict[str, tuple[Change, dict[str, Any]]] = {
    "ECS1002": (quantity("RI"), {}),
    "ECS1005": (period(3, sp=f"{DAY}T02:05:00+00:00"), {}),
    "ECS1006": (period(3, sp=f"{DAY}T01:30:00+00:00"), {}),
    "ECS1007": (period(3, sp=f"{DAY}T01:45:00+00:00"), {}),
    "ECS1008": (period(3, v="0.000", q="E1", e="2"), DEAD),
    "ECS1009": (period(3), {"disconnected_from": f"{DAY}T12:00:00+00:00"}),
    "ECS1010": (period(3, v="-0.001"), {}),
    "ECS1011": (period(3, v="0.001", q="ZE1", e="7"), {}),
    "ECS1012": (period(3, v="50000.001"), {}),
    "ECS1013": (connection(f"{DAY}T12:00:00+00:00"), {}),
    "ECS1014": (settlement_day(f"{DAY}T01:00:00+00:00"), {}),
    "ECS1015": (period(3, q="E1", e=None), {}),
    "ECS1016": (period(3, q="E1", e="9", arc=None), {}),
}


@pytest.mark.parametrize("code", sorted(BROKEN))
def test_a_broken_rule_refuses_the_message_with_its_code(code: str) -> None:
    """IF-014 goes to the data service with the code and repeats what it refuses; nothing is held."""
    change, facts = BROKEN[code]
    player = settlement(points=point(supplier=SUPPLIER, data_service=DATA, **facts))
    block = sent_by(points=point(**facts) if facts.get("energisation") else None)
    change(block)
    sent = hand(player, block)
    assert code in reasons(player, sent)
    assert names(sent) == ["IF-014 ActivePowerRejected"]
    assert sent[0].primary == (DATA,)
    assert player.written(sent[0])["CustomBlock"] == block
    assert "consumption" not in player.knows()


NEIGHBOURS: dict[str, tuple[Change, dict[str, Any]]] = {
    "ECS1002": (quantity("AE"), {}),
    "ECS1005": (period(47, sp="2026-02-28T00:00:00+00:00"), {}),
    "ECS1008": (period(3, v="0.000", q="ZE1", e="7"), DEAD),
    "ECS1009": (period(3), {"disconnected_from": "2026-02-28T00:00:00+00:00"}),
    "ECS1010": (period(3, v="0.000"), {}),
    "ECS1011": (period(3, v="0.000", q="ZE1", e="7"), {}),
    "ECS1012": (period(3, v="50000.000"), {}),
    "ECS1013": (connection(f"{DAY}T00:00:00+00:00"), {}),
    "ECS1015": (period(3, q="E1", e="2"), {}),
    "ECS1016": (period(3, q="E1", e="9", arc="E"), {}),
}


@pytest.mark.parametrize("code", sorted(NEIGHBOURS))
def test_what_only_just_obeys_is_held(code: str) -> None:
    """The neighbour of each broken case is taken without an answer."""
    change, facts = NEIGHBOURS[code]
    player = settlement(points=point(supplier=SUPPLIER, data_service=DATA, **facts))
    block = sent_by(points=point(**facts) if facts.get("energisation") else None)
    change(block)
    assert reasons(player, hand(player, block)) == []
    (held,) = player.knows()["consumption"][DAY].values()
    assert held["periods"] == 48


@pytest.mark.parametrize("end", [f"{DAY}T00:00:00+00:00", "2026-02-28T00:30:00+00:00"])
def test_a_period_outside_the_day_that_it_is_listed_under_is_refused(end: str) -> None:
    """A day begins after the period ending at 00:00, and ends with the one ending at 24:00 (ECS1005)."""
    block = sent_by()
    period(3, sp=end)(block)
    player = settlement()
    assert reasons(player, hand(player, block)) == ["ECS1005"]


def test_data_after_the_last_run_is_refused() -> None:
    """ECS1003 from the day after run RF on, by the calendar."""
    last = calendars().settlement_run_date(date.fromisoformat(DAY), "RF", "new")
    for days, expected in ((0, []), (1, ["ECS1003"])):
        player = settlement(**NEW)
        player.now = datetime(last.year, last.month, last.day, 9, tzinfo=UTC) + timedelta(days=days)
        assert reasons(player, hand(player, sent_by())) == expected


def test_data_of_another_data_service_is_refused() -> None:
    """A service that is not appointed for a period can't have it counted (ECS1009)."""
    player = settlement()
    assert reasons(player, hand(player, sent_by(OTHER_DATA), OTHER_DATA)) == ["ECS1009"]


def test_a_connection_type_other_than_the_known_one_is_refused_from_its_date() -> None:
    """ECS1013 for a period in which another type holds; none for a day before, nor for the right type."""
    facts = {"connection_type": {"value": "L", "from": "2026-02-27"}}
    player = settlement(points=point(supplier=SUPPLIER, data_service=DATA, **facts))
    assert reasons(player, hand(player, sent_by())) == ["ECS1013"]
    assert reasons(player, hand(player, sent_by(day="2026-02-26"))) == []
    assert reasons(player, hand(player, sent_by(points=point(**facts)))) == []


def test_consumption_of_a_legacy_point_is_refused() -> None:
    """A point that has not migrated is settled elsewhere."""
    player = settlement(points=point(supplier=SUPPLIER, regime="legacy"))
    assert reasons(player, hand(player, sent_by())) == ["ECS1009"]


def test_data_outside_the_regime_is_refused() -> None:
    """Before the migration took effect, and from the day on that a legacy supplier begins."""
    player = settlement(points=point(supplier=SUPPLIER))
    appointed = {
        "B015": {
            "appointmentScenario": "MCA",
            "incomingDataServiceDIPID": DATA,
            "incomingDataServiceEffectiveFromDate": f"{DAY}T00:00:00+00:00",
        }
    }
    player.hears("IF-036", "DSAppActive", REGISTRATION, appointed)
    assert reasons(player, hand(player, sent_by())) == []
    assert reasons(player, hand(player, sent_by(day="2026-02-26"))) == ["ECS1009"]
    leaves = {"B002": {"supplierEffectiveFromDate": f"{DAY}T00:00:00+00:00"}}
    player.hears("IF-003", "ReverseMigNotification", REGISTRATION, leaves)
    assert reasons(player, hand(player, sent_by())) == ["ECS1009"]


def test_every_published_code_is_decided_or_named_as_unreachable() -> None:
    """No ECS code is forgotten, and none is invented."""
    decided = [rule.code for rule in settling_rules.RULES]
    published = {name for name in codes() if name.startswith("ECS")}
    assert len(decided) == len(set(decided))
    assert published == {*decided, *settling_rules.NEVER_ANSWERED}
    assert {*BROKEN, "ECS1003"} == set(decided)


def test_several_faults_are_all_named() -> None:
    """An answer lists every broken rule of the message."""
    block = sent_by()
    period(3, v="-1.000")(block)
    period(4, q="E1", e=None)(block)
    player = settlement()
    assert reasons(player, hand(player, block)) == ["ECS1010", "ECS1015"]


def test_consumption_on_a_de_energised_point_is_held_with_a_warning() -> None:
    """Actual values other than zero lead to IF-014 with W; zeros to nothing."""
    facts = point(supplier=SUPPLIER, data_service=DATA, **DEAD)
    player = settlement(points=facts)
    assert hand(player, sent_by(points=facts)) == []
    sent = hand(player, sent_by(points=facts, energised="true"))
    assert names(sent) == ["IF-014 ConsumptionOnDeEnergisedMPAN"]
    assert player.written(sent[0])["CommonBlock"]["R0"]["responseCode"] == "W"
    assert player.knows()["consumption"][DAY]["AI"]["periods"] == 48


def test_a_scenario_can_force_a_refusal_or_silence() -> None:
    """A policy refuses good data with the code it names, or keeps the answer to bad data back."""
    player = settlement(answers={"IF-021": "ECS1012"})
    assert reasons(player, hand(player, sent_by())) == ["ECS1012"]
    player = settlement(answers={"IF-021": "silent"})
    bad = sent_by()
    period(3, v="-1.000")(bad)
    assert hand(player, bad) == []
    assert hand(player, sent_by()) == []
    assert player.knows()["consumption"][DAY]["AI"]["periods"] == 48


def test_two_data_services_fill_a_utc_day() -> None:
    """46 and 2 periods are 48 without overlap, and add up to the profile's day."""
    terms = [{"dip_id": DATA, "to": message_time(T)}, {"dip_id": OTHER_DATA, "from": message_time(T)}]
    suppliers = [
        {"dip_id": SUPPLIER, "to": message_time(T)},
        {"dip_id": OTHER_SUPPLIER, "from": message_time(T)},
    ]
    known = point(supplier=suppliers, data_service=terms)
    player = settlement(points=known, **NEW)
    player.now = T + timedelta(days=60)
    for dip_id in (OTHER_DATA, DATA):
        assert hand(player, sent_by(dip_id, known, day="2026-06-30"), dip_id) == []
    held = player.knows()["consumption"]["2026-06-30"]["AI"]
    used = profile(Point(MPAN), player.acting())
    assert (held["periods"], held["by"]) == (48, {OTHER_DATA: 2, DATA: 46})
    assert float(held["kwh"]) * 1000 == pytest.approx(used.total(date(2026, 6, 30)))
    assert player.knows()["replaced_periods"] == 0
    assert player.told("run", run="II", day="2026-06-30") == []
    run = player.knows()["runs"]["2026-06-30"]["II"]
    assert set(run["by_supplier"]) == {SUPPLIER, OTHER_SUPPLIER}
    assert sum(map(float, run["by_supplier"].values())) == pytest.approx(float(run["kwh"]))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 143), max_size=5, unique=True), st.randoms(use_true_random=False))
def test_changes_of_data_service_leave_no_hole_and_no_overlap(cuts: list[int], rng: Random) -> None:
    """However often two services take turns over three days, and in whatever order they send, all adds up."""
    start = datetime(2026, 6, 29, tzinfo=UTC)
    bounds = [start + timedelta(minutes=30 * cut) for cut in sorted(cuts)]
    terms = [
        {"dip_id": (DATA, OTHER_DATA)[number % 2], "from": message_time(since)}
        for number, since in enumerate([start, *bounds])
    ]
    known = point(supplier=SUPPLIER, data_service=terms)
    player = settlement(points=known, **NEW)
    player.now = start + timedelta(days=60)
    pieces = [(who, day) for who in (DATA, OTHER_DATA) for day in ("2026-06-29", "2026-06-30", "2026-07-01")]
    rng.shuffle(pieces)
    for who, day in pieces:
        try:
            block = sent_by(who, known, day=day)
        except ConfigurationError:
            continue  # it serves in none of the day's periods
        assert hand(player, block, who) == []
    found = player.knows()
    used = profile(Point(MPAN), player.acting())
    for day, held in found["consumption"].items():
        assert held["AI"]["periods"] == 48
        assert round(float(held["AI"]["kwh"]) * 1000) == used.total(date.fromisoformat(day))
    assert (len(found["consumption"]), found["replaced_periods"]) == (3, 0)


def test_missing_periods_are_defaulted_and_told() -> None:
    """IF-013 goes to data service and supplier with the run, the day and just the missing periods."""
    player = settlement(**NEW)
    block = sent_by()
    del block["B900"]["settlementDayConsumptionPeriods"][0]["consumptionPeriods"][10:13]
    hand(player, block)
    player.now += timedelta(days=20)
    (sent,) = player.told("run", run="SF", day=DAY)
    custom = player.written(sent)["CustomBlock"]
    assert sent.primary == (DATA, SUPPLIER)
    assert (custom["B049"]["settlementCode"], custom["B049"]["runNumber"]) == ("SF", 1)
    assert custom["B043"] == {
        "settlementImpactedDataServiceDIPID": DATA,
        "settlementImpactedSupplierDIPID": SUPPLIER,
    }
    (day,) = custom["B920List"][0]["settlementDayConsumptionPeriods"]
    ends = [each["settlementPeriodEffectiveToDateTime"] for each in day["defaultedConsumptionPeriods"]]
    assert ends == [f"{DAY}T{text}:00+00:00" for text in ("05:30", "06:00", "06:30")]
    assert player.knows()["runs"][DAY]["SF"]["defaulted"] == 3


def test_late_data_counts_in_later_runs_alone() -> None:
    """What comes between SF and R1 leaves SF as it was; R1 has it and defaults nothing."""
    player = settlement(**NEW)
    player.now += timedelta(days=20)
    assert len(player.told("run", run="SF", day=DAY)) == 1
    hand(player, sent_by(scale="2"))
    player.now += timedelta(days=40)
    assert player.told("run", run="R1", day=DAY) == []
    runs = player.knows()["runs"][DAY]
    assert (runs["SF"]["defaulted"], runs["R1"]["defaulted"]) == (48, 0)
    assert float(runs["R1"]["kwh"]) == pytest.approx(2 * float(runs["SF"]["kwh"]), abs=0.05)
    assert player.knows()["totals"][DAY]["R1"][SUPPLIER] == runs["R1"]["kwh"]


def test_a_run_waits_for_its_day() -> None:
    """Before the calendar's day it is refused, unless the scenario wants it anyway."""
    player = settlement(**NEW)
    with pytest.raises(ConfigurationError, match="takes place on 2026-03-10"):
        player.told("run", run="SF", day=DAY)
    assert len(player.told("run", run="SF", day=DAY, anyway="true")) == 1


def test_nothing_is_defaulted_where_nothing_is_due() -> None:
    """Neither while de-energised, nor without a supplier, nor after disconnection."""
    for known in (
        point(supplier=SUPPLIER, data_service=DATA, **DEAD),
        point(data_service=DATA),
        point(supplier=SUPPLIER, data_service=DATA, disconnected_from="2026-01-01T00:00:00+00:00"),
    ):
        player = settlement(points=known)
        assert player.told("run", run="SF", day=DAY, anyway="true") == []


def test_the_calendar_runs_by_itself() -> None:
    """With `settles` every run of the day takes place on its date, once."""
    player = settlement(settles={"from": DAY, "to": DAY}, **NEW)
    hand(player, sent_by(day="2026-02-26"))
    assert names(player.at(player.now + timedelta(days=400))) == ["IF-013 ActivePowerDefaulted"] * 4
    assert list(player.knows()["runs"][DAY]) == ["II", "SF", "R1", "RF"]
    assert player.behaviour.next_due(player.state) is None


@pytest.mark.parametrize(
    ("content", "quality"),
    [({}, "A"), ({"estimated": "6"}, "1"), ({"estimated": "40"}, "2"), ({"estimated": "48"}, "3")],
)
def test_annual_consumption_says_how_good_it_is(content: dict[str, str], quality: str) -> None:
    """IF-040 has what is held scaled to a year, and the published quality of it."""
    player = settlement()
    hand(player, sent_by(**content))
    (sent,) = player.told("annual-consumption", day=DAY, days="1")
    block = player.written(sent)["CustomBlock"]["B059"]
    held = float(player.knows()["consumption"][DAY]["AI"]["kwh"])
    assert float(block["annualConsumption"]) == pytest.approx(held * 365)
    assert block["annualConsumptionQualityIndicator"] == quality


def test_annual_consumption_without_data_is_a_default() -> None:
    """Nothing held: the quality is D; too little: 4 or 5."""
    player = settlement()
    (sent,) = player.told("annual-consumption")
    assert player.written(sent)["CustomBlock"]["B059"]["annualConsumptionQualityIndicator"] == "D"
    hand(player, sent_by())
    for days, quality in (("3", "4"), ("2", "5")):
        (sent,) = player.told("annual-consumption", day=DAY, days=days)
        assert player.written(sent)["CustomBlock"]["B059"]["annualConsumptionQualityIndicator"] == quality


def reports(player: Player, name: str) -> list[dict[str, Any]]:
    """Return the bodies of the reports on run SF of the day, each allowed by the release."""
    sent = player.told("charges", mpan=None, report=name, run="SF", day=DAY)
    message = load(player.release).message_for(name, sent[0].event)
    assert message is not None
    schema = load(player.release).schema(message.name)["properties"]["CustomBlock"]["properties"]["schema"]
    bodies = []
    for each in sent:
        packed = player.written(each)["CustomBlock"]["P03"]["compressedReport"]
        bodies.append(json.loads(zlib.decompress(base64.b64decode(packed))))
        assert list(Draft202012Validator(schema).iter_errors(bodies[-1])) == []
    return bodies


@pytest.mark.parametrize("release", ["2.1.0", "2.2.1"])
def test_reports_for_charges_add_up_to_the_run(release: str) -> None:
    """Each supplier's periods, actual and estimated totals are those of the run, to the watt hour."""
    other = make_mpan("10", 124)
    known = [
        {"mpan": MPAN, "supplier": SUPPLIER, "data_service": DATA},
        {"mpan": other, "supplier": OTHER_SUPPLIER, "data_service": DATA},
    ]
    player = settlement(points=known, release=release, **NEW)
    hand(player, sent_by(estimated="4"))
    player.told("run", mpan=None, run="SF", day=DAY, anyway="true")
    totals = player.knows()["totals"][DAY]["SF"]
    mine, theirs = reports(player, "REP-002")
    assert (mine["R009"]["supplierMPID"], theirs["R009"]["supplierMPID"]) == ("SUPA", "SUPB")
    for body, supplier in ((mine, SUPPLIER), (theirs, OTHER_SUPPLIER)):
        (tariff,) = body["REP002-R027"][0]["REP002-R013"][0]["REP002-R010"]
        whole = sum(Decimal(each["totalUncorrectedVolume"]) for each in tariff["REP002-R011"])
        assert whole * 1000 == Decimal(totals[supplier])
        assert whole == sum(Decimal(value) for value in tariff["R0105"].values())
        assert [each["settlementPeriod"] for each in tariff["REP002-R011"]] == list(range(1, 49))
    assert (
        Decimal(
            theirs["REP002-R027"][0]["REP002-R013"][0]["REP002-R010"][0]["R0105"][
                "dailyTotalVolumeBasedOnActualData"
            ]
        )
        == 0
    )
    found = reports(player, "REP-002B")
    assert {body["R027"]["distributorID"] for body in found} == {"LDSA"}
    sums = [
        Decimal(each["totalUncorrectedVolume"])
        for body in found
        for supplier in body["REP002B-R009"]
        for tariff in supplier["REP002B-R010"]
        for each in tariff["REP002B-R011"]
    ]
    assert sum(sums) * 1000 == sum(map(Decimal, totals.values()))


def test_a_report_on_a_run_that_did_not_take_place_is_refused() -> None:
    """There is nothing to add up."""
    with pytest.raises(ConfigurationError, match="has not taken place"):
        settlement().told("charges", mpan=None, report="REP-002", run="SF", day=DAY)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "timetable": ({"timetable": "nwe"}, "new"),
    "settles": ({"settles": "2026"}, "no mapping"),
    "day": ({"settles": {"from": "soon"}}, "expected a date"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_wrong_option_is_refused(case: str) -> None:
    """Each mistake is named."""
    options, words = WRONG[case]
    with pytest.raises(ConfigurationError, match=words):
        settlement(**options)
