"""Faults as they are written: what is taken, what is refused, and which call meets which fault."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.clock import FixedClock
from harness.errors import ConfigurationError
from simulators.faults.kinds import CALLS, DELIVERY, INGRESS, KINDS, WEBHOOK, Effect, Options, kind
from simulators.faults.plan import Place, Plan, load
from simulators.faults.service import times

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = Place("2.1.0", "2300000001", "IF-031")


def _plan() -> Plan:
    return Plan(FixedClock(NOW), ("2300000001", "2200000001"), lambda: None)


def _any(_: Effect) -> bool:
    return True


def _body(tag: str) -> bytes:
    common = {"S1": {"subText": tag, "senderUniqueReference": "S-1"}, "D0": {"transactionID": "T-1"}}
    return orjson.dumps([{"payload": {"CommonBlock": common}}])


def test_a_kind_can_not_be_registered_twice() -> None:
    """A name that is taken fails when it is registered, so two files can't fight over one."""
    with pytest.raises(ValueError, match="two kinds of faults are called 'latency'"):
        kind("latency", *CALLS)(lambda _options: Effect())
    assert KINDS["latency"].make(Options({"seconds": 1}, "")).wait == 1


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("latency", "is no mapping"),
        ({}, "'None' is no fault"),
        ({"fault": "latencies", "at": "ingress"}, "latency"),
        ({"fault": "latency", "seconds": 1}, "does not say where"),
        ({"fault": "latency", "at": "nowhere", "seconds": 1}, "can't be applied at 'nowhere'"),
        ({"fault": "duplicate", "at": "ingress"}, "can't be applied at 'ingress'"),
        ({"fault": "latency", "at": "ingress"}, "seconds is None"),
        ({"fault": "latency", "at": "ingress", "seconds": -1}, "a number from 0"),
        ({"fault": "latency", "at": "ingress", "seconds": True}, "a number from 0"),
        ({"fault": "latency", "at": "ingress", "seconds": 1, "second": 2}, "'second' is no option"),
        ({"fault": "status", "at": "webhook", "status": 201}, "from 400 to 599"),
        ({"fault": "drop", "at": "webhook", "when": "later"}, "before, after"),
        ({"fault": "outage", "party": "2300000009"}, "nobody has the DIP id 2300000009"),
        ({"fault": "outage", "party": 2300000001}, "Write it in quotes"),
        ({"fault": "outage", "times": 0}, "a whole number from 1"),
        ({"fault": "wrong-certificate", "flaw": "revoked"}, "wrong-party"),
        ({"fault": "rotate-server-certificate", "party": "2300000001"}, "party can't narrow"),
        ({"fault": "rotate-server-certificate", "times": 1}, "times can't narrow"),
        ({"fault": "rotate-server-certificate", "flaw": "wrong-party"}, "expired, not-yet-valid"),
    ],
)
def test_a_wrong_fault_is_refused_and_changes_nothing(entry: Any, says: str) -> None:
    """A fault that can't be used is a ConfigurationError that says why, and what was on stays on."""
    plan = _plan()
    plan.put([{"fault": "duplicate"}])
    with pytest.raises(ConfigurationError) as told:
        plan.put([{"fault": "outage"}, entry])
    assert says in str(told.value)
    assert "entry 2" in str(told.value)
    assert [fault["fault"] for fault in plan.listed()] == ["duplicate"]


@pytest.mark.parametrize(
    ("limits", "met"),
    [
        ({}, True),
        ({"party": "2300000001"}, True),
        ({"party": "2200000001"}, False),
        ({"channel": "if-031"}, True),
        ({"channel": "IF-033"}, False),
        ({"release": "2.1.0"}, True),
        ({"release": "2.2.1"}, False),
        ({"tag": "mine"}, True),
        ({"tag": "min"}, False),
        ({"at": "webhook"}, False),
    ],
)
def test_a_fault_meets_only_what_it_names(limits: Mapping[str, str], met: bool) -> None:
    """Party, channel, release, tag and point each keep a fault away from other calls."""
    plan = _plan()
    plan.put([{"fault": "latency", "at": "ingress", "seconds": 2, **limits}])
    assert plan.take(INGRESS, HERE, _body("mine"), only=_any).wait == (2 if met else 0)
    assert len(plan.applied()) == met


def test_what_was_applied_is_on_record() -> None:
    """The record names time, fault, point, party, channel, tags, references and transactions."""
    plan = _plan()
    plan.put([{"fault": "drop", "at": "delivery"}])
    plan.take(DELIVERY, HERE, _body("mine"), only=_any)
    assert plan.applied() == [
        {
            "at": "2026-03-01T12:00:00.000+00:00",
            "fault": "drop",
            "point": "delivery",
            "release": "2.1.0",
            "party": "2300000001",
            "channel": "IF-031",
            "tags": ("mine",),
            "references": ("S-1",),
            "transactions": ("T-1",),
        }
    ]
    assert plan.applied(tag="mine") == plan.applied()
    assert plan.applied(tag="other") == []
    plan.clear()
    assert len(plan.applied()) == 1, "switching off does not forget"


def test_a_status_message_has_the_tag_of_its_message() -> None:
    """The tag is looked up by transaction and reference; a body that names neither meets no tag."""
    plan = _plan()
    asked = []

    def tag_of(*named: str) -> str | None:
        asked.append(named)
        return "mine" if "T-1" in named else None

    plan.tag_of = tag_of
    plan.put([{"fault": "latency", "at": "delivery", "seconds": 1, "tag": "mine"}])
    entries: list[dict[str, str | None]] = [
        {"transactionID": "T-2", "senderUniqueReference": "S-2"},
        {"transactionID": None, "senderUniqueReference": "S-3"},
        {"transactionID": "T-1", "senderUniqueReference": None},
    ]
    place = Place("2.1.0", "2300000001", "status")
    for body in (b"[]", b"nonsense", b"{}", b"[1]", orjson.dumps([{}]), orjson.dumps(entries[:2])):
        assert plan.take(DELIVERY, place, body, only=_any).wait == 0
    assert asked == [("2.1.0", "T-2", "S-2"), ("2.1.0", "", "S-3")]
    assert plan.take(DELIVERY, place, orjson.dumps(entries), only=_any).wait == 1
    [applied] = plan.applied(tag="mine")
    assert applied["transactions"] == ("T-2", "T-1")


def test_a_fault_ends_after_its_times() -> None:
    """``times`` counts calls that were met, and others don't use it up."""
    plan = _plan()
    plan.put([{"fault": "status", "at": "webhook", "status": 503, "times": 2}])
    plan.take(INGRESS, HERE, b"[]", only=_any)
    got = [plan.take(WEBHOOK, HERE, b"[]", only=_any).status for _ in range(3)]
    assert got == [503, 503, None]
    assert not plan.watches(WEBHOOK)


def test_faults_of_a_tag_are_replaced_alone() -> None:
    """Putting and clearing by tag leaves the faults of others as they are."""
    plan = _plan()
    plan.put([{"fault": "outage"}])
    plan.put([{"fault": "duplicate"}], tag="one")
    plan.put([{"fault": "reorder"}], tag="two")
    plan.put([{"fault": "drop", "at": "delivery"}], tag="one")
    assert [fault["fault"] for fault in plan.listed()] == ["outage", "reorder", "drop"]
    plan.clear(tag="two")
    assert [fault["fault"] for fault in plan.listed()] == ["outage", "drop"]


def test_faults_add_up() -> None:
    """Two faults on one call are both done: waits add, copies add, each is on record."""
    plan = _plan()
    plan.put(
        [
            {"fault": "latency", "at": "delivery", "seconds": 1},
            {"fault": "latency", "at": "delivery", "seconds": 2},
            {"fault": "duplicate", "copies": 2},
            {"fault": "corrupt-signature"},
            {"fault": "rotate-certificate"},
        ]
    )
    effect = plan.take(DELIVERY, HERE, b"[]", only=_any)
    assert (effect.wait, effect.copies, effect.spoil_signature) == (3, 2, True)
    assert effect.credentials is not None
    assert effect.credentials.flaw is None
    assert len(plan.applied()) == 5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"open": None}, "opens"),
        ({"opens": "soon"}, "is no time"),
        ({"opens": "2026-01-01T00:00:00"}, "no offset"),
        ({"outages": {}}, "is no list"),
        ({"outages": [{"from": "2026-01-01T00:00:00+00:00"}]}, "is not"),
        ({"outages": [{"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}]}, "ends before"),
    ],
)
def test_times_of_service_must_be_usable(content: Any, says: str) -> None:
    """Times that mean nothing are refused with the reason."""
    if content == {"outages": {}}:
        content = {"outages": {"from": "x"}}
    with pytest.raises(ConfigurationError, match=says):
        times(content)


def test_the_service_is_closed_before_its_opening_and_in_outages() -> None:
    """An outage begins at its first moment and is over at its last."""
    found = times(
        {
            "opens": "2026-03-01T00:00:00+00:00",
            "outages": [{"from": "2026-03-02T00:00:00+00:00", "to": "2026-03-05T00:00:00+00:00"}],
        }
    )

    def closed(day: int, hour: int = 0) -> bool:
        return bool(found.closed(datetime(2026, 3, day, hour, tzinfo=UTC)))

    assert found.closed(datetime(2026, 2, 28, 23, tzinfo=UTC))
    assert [closed(1), closed(2), closed(4, 23), closed(5)] == [False, True, True, False]
    assert found.next_change(datetime(2026, 3, 1, tzinfo=UTC)) == datetime(2026, 3, 2, tzinfo=UTC)
    assert times(found.as_dict()) == found


def test_a_file_with_an_unknown_part_is_refused(tmp_path: Path) -> None:
    """A misspelt key of a faults file is named with the one that was meant."""
    path = tmp_path / "faults.yaml"
    path.write_text("fault:\n  - {fault: outage}\n")
    with pytest.raises(ConfigurationError, match="faults"):
        load(path)
