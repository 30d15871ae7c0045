"""The hub answers IF-015 with what it published of a metering point."""

from __future__ import annotations

import base64
import os
import signal
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.spec.release import load
from harness.spec.validators import validators
from harness.transport.network import Party
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import FILES, RELEASES, Bench

DAY = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = "The sender is not, nor is to be, the data service of the metering point"
NOTHING = "No consumption is held for the metering point"


def _moment(days: int, half_hours: int = 0) -> str:
    return (DAY + timedelta(days=days, minutes=30 * half_hours)).isoformat()


def _day(day: int, values: Mapping[int, str]) -> dict[str, Any]:
    """Return a settlement day with values, whole numbers, by half hour."""
    return {
        "settlementDay": {"settlementDayDate": _moment(day), "periodDuration": 30},
        "consumptionPeriods": [
            {"sp": _moment(day, place), "v": f"{value}.000", "q": "A", "e": None, "arc": None}
            for place, value in values.items()
        ],
    }


def _publish(
    bench: Bench,
    days: Sequence[Mapping[str, Any]],
    *,
    quantity: str = "AI",
    unique: int,
    release: str = "",
    sender: Party | None = None,
) -> str:
    """Send IF-021 for a metering point; returns its reference."""
    sender = sender or bench.party("ADS")
    overrides = {
        "/CustomBlock/B900/MQID/measurementQuantityID": quantity,
        "/CustomBlock/B900/settlementDayConsumptionPeriods": list(days),
    }
    event = "ActivePower" if quantity in ("AI", "AE") else "ReactivePower"
    message = bench.message(
        "IF-021", event, sender, (), tag="told", release=release, unique=unique, overrides=overrides
    )
    answer = bench.send(message, party=sender, release=release)
    assert answer.status == 201, answer.body
    return str(message["CommonBlock"]["S1"]["senderUniqueReference"])


def _request(bench: Bench, sender: Party, *, unique: int, tag: str, release: str = "") -> dict[str, Any]:
    hub = bench.party("DIP")
    return bench.message(
        "IF-015", "ConsumptionReplay", sender, (hub,), tag=tag, release=release, unique=unique
    )


def _ask(bench: Bench, sender: Party, *, unique: int, release: str = "") -> tuple[str, dict[str, Any]]:
    """Ask for the history of a metering point; returns the correlation id and what came of it."""
    tag = bench.tag()
    message = _request(bench, sender, unique=unique, tag=tag, release=release)
    answer = bench.send(message, party=sender, release=release)
    assert answer.status == 201, answer.body
    correlation = orjson.loads(answer.body)["messageArray"][0]["correlationID"]
    return correlation, bench.settle(tag)


def _serve(bench: Bench, party: Party, *, unique: int, release: str = "", **dates: str) -> None:
    point = bench.message(unique=unique)["CommonBlock"]["M0"]["MPANCore"]
    entry = {"mpan": point, "role": party.role, "dip_id": party.dip_id, **dates}
    bench.admin.set_addresses(release or bench.release, [entry])


def _answers(result: Mapping[str, Any], party: Party, release: str = "2.1.0") -> list[dict[str, Any]]:
    """Return the IF-016 that came, each to the one party and as the release defines it."""
    found = []
    for receipt in result["receipts"]:
        assert receipt["party"] == party.dip_id, "somebody else got it"
        for item in orjson.loads(base64.b64decode(receipt["body_base64"])):
            payload = item["payload"]
            event = payload["CommonBlock"]["S0"]["eventCode"].strip("[]")
            definition = load(release).message_for("IF-016", event)
            assert definition is not None
            faults = list(validators(load(release)).message(definition.name).iter_errors(payload))
            assert not faults, [(list(fault.instance_path), fault.message) for fault in faults]
            found.append(payload)
    return found


def _values(payload: Mapping[str, Any]) -> dict[str, str]:
    """Return an answer's values by period."""
    days = payload["CustomBlock"]["B900"]["settlementDayConsumptionPeriods"]
    return {
        period["sp"]: period["v"].removesuffix(".000") for day in days for period in day["consumptionPeriods"]
    }


@pytest.mark.parametrize("release", RELEASES)
def test_whoever_asks_gets_the_newest_values(bench: Bench, release: str) -> None:
    """The appointed data service gets, alone, what was published before it asked; a later value replaces."""
    asker, hub = bench.party("ADS"), bench.party("DIP")
    _serve(bench, asker, unique=1, release=release)
    _publish(bench, [_day(0, {0: "1", 1: "2"}), _day(1, {0: "3"})], unique=1, release=release)
    newest = _publish(bench, [_day(0, {1: "20"})], unique=1, release=release)
    _publish(bench, [_day(0, {0: "99"})], unique=2, release=release)
    correlation, result = _ask(bench, asker, unique=1, release=release)
    _publish(bench, [_day(0, {0: "77"})], unique=1, release=release)
    request, answered = result["messages"]
    assert [(to["dip_id"], to["status"]) for to in request["recipients"]] == [(hub.dip_id, "Consumed")]
    assert [(to["dip_id"], to["status"]) for to in answered["recipients"]] == [(asker.dip_id, "Delivered")]
    (payload,) = _answers(result, asker, release)
    assert _values(payload) == {_moment(0): "1", _moment(0, 1): "20", _moment(1): "3"}
    common = payload["CommonBlock"]
    assert common["S0"]["eventCode"] == "[ActivePower]"
    assert (common["S1"]["senderDIPID"], common["S1"]["senderRoleID"]) == (hub.dip_id, "DIP")
    assert common["S1"]["senderCorrelationID"] == common["D0"]["initialCorrelationID"] == correlation
    assert common["S2"]["senderUniqueReference"] == newest
    assert common["R1"] == {"responseCode": "A", "responseMessages": []}
    assert common["A0"]["primaryRecipients"] == [asker.dip_id]


def test_a_long_history_comes_in_several_messages(bench: Bench) -> None:
    """One message holds one measurement quantity and 200 settlement days at most."""
    asker = bench.party("ADS")
    _serve(bench, asker, unique=3)
    _publish(bench, [_day(place, {0: "1"}) for place in range(200)], unique=3)
    _publish(bench, [_day(place, {0: "2"}) for place in range(190, 230)], unique=3)
    _publish(bench, [_day(0, {0: "3"})], unique=3, quantity="RI")
    _, result = _ask(bench, asker, unique=3)
    answers = _answers(result, asker)
    found = sorted(
        (
            payload["CommonBlock"]["S0"]["eventCode"],
            payload["CustomBlock"]["B900"]["MQID"]["measurementQuantityID"],
            len(payload["CustomBlock"]["B900"]["settlementDayConsumptionPeriods"]),
        )
        for payload in answers
    )
    assert found == [("[ActivePower]", "AI", 30), ("[ActivePower]", "AI", 200), ("[ReactivePower]", "RI", 1)]
    values = [_values(payload) for payload in answers if payload["CommonBlock"]["S0"]["eventCode"][1] == "A"]
    assert values[0] | values[1] == {_moment(place): "1" if place < 190 else "2" for place in range(230)}, (
        "in the order of the days, the newest of each"
    )


def test_whoever_is_appointed_from_a_later_day_is_answered(bench: Bench) -> None:
    """An appointment that begins later is enough; one that is over is not."""
    asker, former = bench.party("ADS"), bench.party("ADS", 1)
    _publish(bench, [_day(0, {0: "1"})], unique=4)
    point = bench.message(unique=4)["CommonBlock"]["M0"]["MPANCore"]
    now = bench.admin.now()
    change = (now + timedelta(days=5)).replace(microsecond=0).isoformat()
    past = (now - timedelta(days=5)).replace(microsecond=0).isoformat()
    bench.admin.set_addresses(
        bench.release,
        [
            {"mpan": point, "role": "ADS", "dip_id": asker.dip_id, "from": change},
            {"mpan": point, "role": "ADS", "dip_id": former.dip_id, "to": past},
        ],
    )
    (payload,) = _answers(_ask(bench, asker, unique=4)[1], asker)
    assert _values(payload) == {_moment(0): "1"}
    (refused,) = _answers(_ask(bench, former, unique=4)[1], former)
    assert refused["CommonBlock"]["R1"]["responseMessages"] == [NOBODY]


@pytest.mark.parametrize(("unique", "is_held", "why"), [(5, True, NOBODY), (6, False, NOTHING)])
def test_what_is_not_answered_is_rejected(bench: Bench, unique: int, is_held: bool, why: str) -> None:
    """A stranger to the metering point is rejected, and so is who asks for what nothing is held of."""
    asker = bench.party("ADS")
    _serve(bench, bench.party("ADS", 1) if is_held else asker, unique=unique)
    if is_held:
        _publish(bench, [_day(0, {0: "1"})], unique=unique)
    correlation, result = _ask(bench, asker, unique=unique)
    (payload,) = _answers(result, asker)
    common = payload["CommonBlock"]
    assert common["S0"]["eventCode"] == "[ConsumptionRequestRejected]"
    assert common["R1"] == {"responseCode": "R", "responseMessages": [why]}
    assert common["D0"]["initialCorrelationID"] == correlation
    assert "S2" not in common
    assert "CustomBlock" not in payload


def test_every_request_is_answered(bench: Bench) -> None:
    """Requests that come in one call, and one whose reference is sent again, get one answer each."""
    asker, tag = bench.party("ADS"), bench.tag()
    _serve(bench, asker, unique=7)
    _publish(bench, [_day(0, {0: "1"})], unique=7)
    requests = [_request(bench, asker, unique=7, tag=tag) for _ in range(5)]
    assert bench.send(*requests, party=asker).status == 201
    assert bench.send(requests[0], party=asker).status == 400
    answers = _answers(bench.settle(tag), asker)
    assert len({payload["CommonBlock"]["D0"]["initialCorrelationID"] for payload in answers}) == 5
    assert len(answers) == 5


def _forget(path: Path, kept: int) -> list[str]:
    """Leave the store as a kill would before all but ``kept`` answers were there; returns all references."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT id, reference FROM message WHERE interface = 'IF-016' ORDER BY id")
    answers = rows.fetchall()
    gone = [(number,) for number, _ in answers[kept:]]
    connection.executemany("DELETE FROM delivery WHERE message = ?", gone)
    connection.executemany("DELETE FROM journal WHERE message = ?", gone)
    connection.executemany("DELETE FROM message WHERE id = ?", gone)
    connection.execute("INSERT INTO history_request SELECT id FROM message WHERE interface = 'IF-015'")
    connection.commit()
    connection.close()
    return [reference for _, reference in answers]


@contextmanager
def _hub(network_folder: Path, worker: str) -> Iterator[Bench]:
    """Run a hub over the store of a worker."""
    bench = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker=worker))
    try:
        yield bench
    finally:
        bench.close()
    assert '"event":"fault"' not in bench.log


@pytest.mark.parametrize("kept", [0, 1])
def test_a_restart_sends_what_was_left_once(network_folder: Path, kept: int, store_kind: str) -> None:
    """A process that takes up a request sends the answers that are not in the store, the same ones."""
    if store_kind != FILES:
        pytest.skip("it takes messages out of the store's file")
    tag = "left"
    with _hub(network_folder, f"history-{kept}") as first:
        asker = first.party("ADS")
        _serve(first, asker, unique=1)
        _publish(first, [_day(0, {0: "1"})], unique=1)
        _publish(first, [_day(0, {0: "3"})], unique=1, quantity="RI")
        assert first.send(_request(first, asker, unique=1, tag=tag), party=asker).status == 201
        before = _answers(first.settle(tag), asker)
    references = _forget(first.target.store / "2.1.0.sqlite3", kept)
    with _hub(network_folder, f"history-{kept}") as second:
        result = second.settle(tag)
    assert [message["reference"] for message in result["messages"][1:]] == references
    assert len(references) == 2
    after = _answers(result, asker)
    assert [one["CustomBlock"] for one in after] == [one["CustomBlock"] for one in before[kept:]]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_kill_after_the_answer_to_the_request_loses_nothing(network_folder: Path) -> None:
    """What was answered 201 gets its IF-016 from the next process, if not from this one."""
    worker, kills = "history-kill", 2
    for kill in range(kills):
        with _hub(network_folder, worker) as bench:
            asker = bench.party("ADS")
            if kill == 0:
                _serve(bench, asker, unique=1)
                _publish(bench, [_day(0, {0: "1"})], unique=1)
            message = _request(bench, asker, unique=1, tag="killed")
            message["CommonBlock"]["S1"]["senderUniqueReference"] += f"{kill}"
            assert bench.send(message, party=asker).status == 201
            os.kill(bench.target.pid, signal.SIGKILL)
    with _hub(network_folder, worker) as bench:
        result = bench.settle("killed")
    answers = [message for message in result["messages"] if message["interface"] == "IF-016"]
    assert len(answers) == kills
    assert {message["event"] for message in answers} == {"ActivePower"}
    assert {message["recipients"][0]["status"] for message in answers} == {"Delivered"}
