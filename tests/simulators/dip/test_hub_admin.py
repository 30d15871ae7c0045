"""The admin API: key, clock, addresses, behaviours, settling."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from harness.errors import HarnessError
from tests.simulators.dip.conftest import Bench


def test_only_health_and_readiness_need_no_key(bench: Bench) -> None:
    """Without the key, and with another, everything else is 401 with an error in JSON."""
    with httpx.Client(base_url=bench.admin.url, trust_env=False) as client:
        assert client.get("/health").json() == {"status": "ok", "releases": ["2.1.0", "2.2.1"]}
        assert client.get("/ready").json() == {"ready": True}
        for headers in ({}, {"authorization": "Bearer x"}, {"authorization": "Bearer"}):
            answer = client.get("/clock", headers=headers)
            assert answer.status_code == 401
            assert "Bearer" in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        ("PUT", "/clock", {"now": "yesterday"}, "expected a time"),
        ("PUT", "/clock", {"now": "2026-01-01T00:00:00"}, "no offset"),
        ("PUT", "/clock", {"now": "9999-12-31T23:59:59+00:00"}, "year 9999"),
        ("PUT", "/clock", {"now": "0001-01-01T00:00:00+23:00"}, "year 1,"),
        ("POST", "/clock/advance", {"seconds": 1e11}, "year"),
        ("POST", "/clock/advance", {"seconds": -1}, "zero or more"),
        ("POST", "/clock/advance", {"seconds": 1e300}, "calendar"),
        ("PUT", "/addresses", {"release": "2.1", "addresses": []}, "2.1.0"),
        ("PUT", "/addresses", {"release": "2.1.0", "addresses": [{"mpan": 1}]}, "mpan is 1"),
        (
            "PUT",
            "/addresses",
            {"release": "2.1.0", "addresses": [{"mpan": "1", "role": "SUP", "dip_id": "2", "from": "x"}]},
            "from is 'x'",
        ),
        ("PUT", "/behaviours", {"tag": "t", "behaviours": []}, "behaviours is not an object"),
        ("PUT", "/behaviours", {"tag": "t", "behaviours": {"x": {"name": "?"}}}, "x"),
        ("POST", "/settle", {"tag": "t"}, "timeout is None"),
        ("POST", "/settle", [], "not a JSON object"),
    ],
)
def test_bad_input_is_a_sentence(bench: Bench, method: str, path: str, body: Any, says: str) -> None:
    """A body that can't be used is 400 and names the field."""
    with pytest.raises(HarnessError, match="answered 400") as caught:
        bench.admin.call(method, path, body)
    assert says in str(caught.value)


def test_unknown_paths_and_methods(bench: Bench) -> None:
    """Unknown paths are 404, other methods 405."""
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("DELETE", "/clock", 405),
        ("GET", "/settle", 405),
    ):
        with pytest.raises(HarnessError, match=f"answered {status}"):
            bench.admin.call(method, path)
    with pytest.raises(HarnessError, match="answered 404"):
        bench.admin.call("GET", "/webhooks/2.1.0/9999999999/IF-031")
    with pytest.raises(HarnessError, match="answered 404"):
        bench.admin.call("GET", "/webhooks/9.9.9/9999999999/IF-031")


def test_the_clock_moves(bench: Bench) -> None:
    """The clock can be set and advanced, and what is accepted then carries its time."""
    try:
        bench.admin.set_clock(datetime(2030, 5, 6, 7, 8, 9, tzinfo=UTC))
        moved = bench.admin.advance(3600)
        assert timedelta(0) <= moved - datetime(2030, 5, 6, 8, 8, 9, tzinfo=UTC) < timedelta(seconds=30)
        tag = bench.tag()
        answer = bench.send(bench.message(tag=tag))
        assert answer.status == 401, "the sender's clock is years behind"
    finally:
        bench.admin.set_clock(datetime.now(UTC))
    assert bench.send(bench.message()).status == 201


def test_addresses_replace_what_was_known_of_an_mpan_and_role(bench: Bench) -> None:
    """A second entry for an MPAN and role takes the first one's place; dates limit it."""
    sender, first, second = bench.party("SDS"), bench.party("SUP"), bench.party("SUP", 1)
    mpan = bench.message("IF-041", "ReadingRemote", sender, (), unique=999)["CommonBlock"]["M0"]["MPANCore"]

    def recipients(*entries: dict[str, str]) -> set[str]:
        bench.admin.set_addresses(bench.release, [{"mpan": mpan, "role": "SUP"} | entry for entry in entries])
        tag = bench.tag()
        message = bench.message("IF-041", "ReadingRemote", sender, (), tag=tag, unique=999)
        assert bench.send(message, party=sender).status == 201
        return {entry["dip_id"] for entry in bench.settle(tag)["messages"][0]["recipients"]}

    assert recipients({"dip_id": first.dip_id}) == {first.dip_id}
    assert recipients({"dip_id": second.dip_id}) == {second.dip_id}
    past, future = "2001-01-01", "2999-01-01T00:00:00+00:00"
    assert recipients({"dip_id": first.dip_id, "to": past}, {"dip_id": second.dip_id, "from": past}) == {
        second.dip_id
    }
    assert recipients({"dip_id": first.dip_id, "from": future}) == set()


def test_settling_knows_only_the_tag(bench: Bench) -> None:
    """Messages and receipts of another tag are not in the answer, and an unknown tag is at rest."""
    one, other = bench.tag(), bench.tag()
    assert bench.send(bench.message(tag=one), bench.message(tag=other)).status == 201
    for tag in (one, other):
        result = bench.settle(tag)
        assert result["settled"] is True
        assert len(result["messages"]) == 1
        assert len(result["receipts"]) == 1
    assert bench.settle("never seen")["messages"] == []


def test_settling_does_not_wait_longer_than_it_must(bench: Bench) -> None:
    """A tag that is at rest is answered at once, however long the timeout."""
    started = time.monotonic()
    bench.admin.settle("nothing", timeout=60)
    assert time.monotonic() - started < 5
