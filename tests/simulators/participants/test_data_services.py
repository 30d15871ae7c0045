"""Data services: their own periods and no others, estimates, amendments, retrieval, and what is automatic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.clock import message_time
from harness.errors import ConfigurationError
from simulators.participants.behaviours import Outgoing
from tests.simulators.participants.player import NOW, Player, names, point
from tests.simulators.participants.publications import (
    DATA,
    OTHER_DATA,
    REGISTRATION,
    RETRIEVER,
    SUPPLIER,
)

T = datetime(2026, 6, 30, 23, tzinfo=UTC)
TERMS = [{"dip_id": DATA, "to": message_time(T)}, {"dip_id": OTHER_DATA, "from": message_time(T)}]
BEGINS = {
    "B015": {"incomingDataServiceDIPID": DATA, "incomingDataServiceEffectiveFromDate": message_time(T)},
    "B019": {"assignedMDRDIPID": RETRIEVER, "assignedMDREffectiveFromDate": message_time(T)},
}


def days(message: Outgoing) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the UTC days of IF-021 with their periods."""
    block = message.custom["B900"]
    assert isinstance(block, dict)
    return [
        (each["settlementDay"]["settlementDayDate"][:10], each["consumptionPeriods"])
        for each in block["settlementDayConsumptionPeriods"]
    ]


def test_two_data_services_share_a_utc_day_of_summer() -> None:
    """At a change at local midnight the old one sends 46 periods, the new one 2: 48, no hole, no overlap."""
    found: list[str] = []
    for dip_id, count in ((DATA, 46), (OTHER_DATA, 2)):
        player = Player(dip_id, "data-service", points=point(data_service=TERMS))
        (message,) = player.told("consumption", day="2026-06-30")
        player.written(message)
        ((_, periods),) = days(message)
        assert len(periods) == count
        found += [period["sp"] for period in periods]
    assert len(set(found)) == len(found) == 48
    assert found == sorted(found)
    assert found[-1] == "2026-07-01T00:00:00+00:00"


def test_both_report_the_same_consumption() -> None:
    """The pieces of a day have the values that one service alone would have sent."""
    alone = Player(DATA, "data-service")
    ((_, whole),) = days(alone.told("consumption", day="2026-06-30")[0])
    pieces = []
    for dip_id in (DATA, OTHER_DATA):
        player = Player(dip_id, "data-service", points=point(data_service=TERMS))
        pieces += days(player.told("consumption", day="2026-06-30")[0])[0][1]
    assert pieces == whole


def test_a_day_on_which_it_is_not_appointed_is_refused() -> None:
    """A service is asked for nothing that is another's, unless the scenario wants just that."""
    player = Player(DATA, "data-service", points=point(data_service=TERMS))
    with pytest.raises(ConfigurationError, match="does not serve"):
        player.told("consumption", day="2026-07-01")
    (message,) = player.told("consumption", day="2026-07-01", all="true")
    assert len(days(message)[0][1]) == 48


@pytest.mark.parametrize(("day", "count"), [("2026-03-29", 46), ("2026-10-25", 50), ("2026-07-01", 48)])
def test_a_local_day_is_sent_under_its_utc_days(day: str, count: int) -> None:
    """46, 48 or 50 half hours, in a message that the release allows."""
    player = Player(DATA, "data-service")
    (message,) = player.told("consumption", local_day=day)
    player.written(message)
    assert sum(len(periods) for _, periods in days(message)) == count


def test_estimates_have_a_reason() -> None:
    """So many periods are estimates with a reason, the others actual without."""
    ((_, periods),) = days(
        Player(DATA, "data-service").told("consumption", day="2026-03-01", estimated="2")[0]
    )
    assert [(p["q"], p["e"]) for p in periods[:3]] == [("E1", "2"), ("E1", "2"), ("A", None)]


def test_a_de_energised_point_consumes_nothing() -> None:
    """All values are zero from the de-energisation on, unless the scenario wants otherwise."""
    known = point(energisation="D", energisation_from="2026-03-01T12:00:00+00:00")
    player = Player(DATA, "data-service", points=known)
    ((_, periods),) = days(player.told("consumption", day="2026-03-01")[0])
    values = [float(period["v"]) for period in periods]
    assert all(values[:24])
    assert not any(values[24:])
    ((_, periods),) = days(player.told("consumption", day="2026-03-01", energised="true")[0])
    assert any(float(period["v"]) for period in periods[24:])


def test_an_amendment_is_answered_and_follows_by_itself() -> None:
    """IF-028 repeats the request; IF-021 then has its days, its total and its reason."""
    player = Player(DATA, "data-service", automatic=["amendment"])
    request = {
        "arc": "R",
        "consumptionAmendmentPeriodStartDate": "2026-02-01T00:00:00+00:00",
        "consumptionAmendmentPeriodEndDate": "2026-02-10T00:00:00+00:00",
        "consumptionAmendmentSupplierReference": "CA-1",
        "grossRevisedConsumption": "100.000",
    }
    entry = {"MQID": {"measurementQuantityID": "AI"}, "supplierConsumptionAmendmentRequests": [request]}
    sent = player.hears("IF-027", "ConsumptionAmendment", SUPPLIER, {"B902List": [entry]})
    assert names(sent) == ["IF-028 ConsumptionAmendment", "IF-021 ActivePower"]
    assert sent[0].primary == (SUPPLIER,)
    assert player.written(sent[0])["CustomBlock"]["B902List"] == [entry]
    player.written(sent[1])
    values = [period for _, periods in days(sent[1]) for period in periods]
    assert {period["arc"] for period in values} == {"R"}
    assert len(values) == 480
    assert sum(float(period["v"]) for period in values) == pytest.approx(100, abs=0.3)


def test_an_amendment_that_is_refused_changes_nothing() -> None:
    """A refusal carries a text, for no code is published, and no consumption follows."""
    policy = {"IF-027": {"response": "reject", "message": "no contract"}}
    player = Player(DATA, "data-service", automatic=["amendment"], answers=policy)
    (sent,) = player.hears("IF-027", "ConsumptionAmendment", SUPPLIER)
    assert player.written(sent)["CommonBlock"]["R0"] == {
        "responseCode": "R",
        "responseMessages": ["no contract"],
    }


@pytest.mark.parametrize(
    ("option", "nominated"),
    [({}, RETRIEVER), ({"retriever": "none"}, None), ({"retriever": RETRIEVER}, RETRIEVER)],
)
def test_an_acceptance_nominates_a_retriever(option: dict[str, str], nominated: str | None) -> None:
    """The supplier's nominee, nobody, or the one that the scenario names."""
    player = Player(DATA, "data-service", **option)
    proposal = {"supplierNominatedMDRDIPID": RETRIEVER} if not option else {"supplierNominatedMDRDIPID": None}
    (sent,) = player.hears("IF-033", "DSAppSPRequest", REGISTRATION, {"B071": proposal})
    block = player.written(sent)["CustomBlock"].get("B018", {})
    assert block.get("SDSNominatedMDRDIPID") == nominated


def test_a_refusal_nominates_nobody() -> None:
    """B018 goes with an acceptance alone."""
    player = Player(DATA, "data-service", answers={"IF-033": "DS001"}, retriever=RETRIEVER)
    (sent,) = player.hears("IF-033", "DSAppSPRequest", REGISTRATION)
    assert "B018" not in player.written(sent)["CustomBlock"]


def test_daily_consumption_begins_and_ends_with_the_appointment() -> None:
    """From the 2 periods of the first evening, a message a day, to the last 46; none after."""
    player = Player(DATA, "data-service", automatic="consumption")
    player.hears("IF-036", "DSAppActive", REGISTRATION, BEGINS)
    first = player.at(T + timedelta(days=2, hours=8))
    assert [(day, len(periods)) for message in first for day, periods in days(message)] == [
        ("2026-06-30", 2),
        ("2026-07-01", 48),
        ("2026-07-02", 48),
    ]
    until = T + timedelta(days=5)
    ends = {"B009": {"deAppointedDataServiceDIPID": DATA, "dataServiceEffectiveToDate": message_time(until)}}
    player.hears("IF-037", "DSDeApp", REGISTRATION, ends)
    rest = player.at(T + timedelta(days=20))
    assert [(day, len(periods)) for message in rest for day, periods in days(message)] == [
        ("2026-07-03", 48),
        ("2026-07-04", 48),
        ("2026-07-05", 46),
    ]
    assert player.behaviour.next_due(player.state) is None


def test_another_s_appointment_starts_nothing() -> None:
    """A confirmation that concerns another data service is taken without a word."""
    player = Player(OTHER_DATA, "data-service", automatic=["consumption", "retrieval"])
    assert player.hears("IF-036", "DSAppActive", REGISTRATION, BEGINS) == []
    assert player.at(T + timedelta(days=20)) == []


def test_retrieval_starts_and_stops_with_the_appointment() -> None:
    """IF-061 goes to the assigned retriever, IF-063 to the same one at the end."""
    player = Player(DATA, "data-service", automatic=["retrieval"])
    (start,) = player.hears("IF-036", "DSAppActive", REGISTRATION, BEGINS)
    player.at(T + timedelta(days=3))
    ends = {
        "B009": {
            "deAppointedDataServiceDIPID": DATA,
            "dataServiceEffectiveToDate": message_time(T + timedelta(days=5)),
        }
    }
    (stop,) = player.hears("IF-037", "DSDeApp", REGISTRATION, ends)
    assert names([start, stop]) == ["IF-061 MDRStart", "IF-063 MDRStop"]
    assert start.primary == stop.primary == (RETRIEVER,)
    assert player.written(stop)["CustomBlock"]["B083"]["assignedMDREffectiveToDate"] == message_time(
        T + timedelta(days=5)
    )


def test_a_retriever_answers_and_delivers_to_who_asked_last() -> None:
    """IF-062 repeats IF-061; IF-064 has 48 actual periods; a request of IF-065 gets a reading."""
    player = Player(RETRIEVER, "retriever")
    for dip_id in (DATA, OTHER_DATA):
        (answer,) = player.hears("IF-061", "MDRStart", dip_id)
        assert (answer.interface, answer.primary) == ("IF-062", (dip_id,))
        assert player.written(answer)["CommonBlock"]["R0"]["responseCode"] == "A"
    (delivered,) = player.told("consumption", day="2026-03-01")
    assert delivered.primary == (OTHER_DATA,)
    (day,) = player.written(delivered)["CustomBlock"]["B941List"]
    assert len(day["MDRConsumptionPeriods"]) == 48
    (reading,) = player.hears("IF-065", "MDRInstantaneous", OTHER_DATA)
    assert player.written(reading)["CustomBlock"]["B076List"][0]["cumulativeRegisterReading"]


def test_a_retriever_may_refuse() -> None:
    """A refusal carries a text and takes no service on."""
    player = Player(RETRIEVER, "retriever", answers={"IF-061": "reject"})
    (answer,) = player.hears("IF-061", "MDRStart", DATA)
    assert player.written(answer)["CommonBlock"]["R0"]["responseCode"] == "R"
    with pytest.raises(ConfigurationError, match="no data service"):
        player.told("consumption", day="2026-03-01")


def test_a_supplier_appoints_on_hearing_of_a_switch() -> None:
    """With a plan, IF-002 leads to both appointments at a clock midnight, with the registration's id."""
    plan = {"metering_service": "1200000003", "data_service": OTHER_DATA, "days_ahead": "10"}
    player = Player(SUPPLIER, "supplier", appoints=plan)
    sent = player.hears("IF-002", "GainMPANInfo", REGISTRATION)
    assert names(sent) == ["IF-031 MSApp", "IF-031 DSApp"]
    for message in sent:
        custom = player.written(message)["CustomBlock"]
        assert custom["B013"]["CSSRegistrationID"]
    block = player.written(sent[0])["CustomBlock"]["B070"]
    assert (block["appointmentScenario"], block["proposedMeteringServiceDIPID"]) == ("COS", "1200000003")
    assert block["proposedMeteringServiceDIPEffectiveFromDate"] == "2026-03-12T00:00:00+00:00"
    assert Player(SUPPLIER, "supplier").hears("IF-002", "GainMPANInfo", REGISTRATION) == []
    assert NOW.date().isoformat() == "2026-03-02"
