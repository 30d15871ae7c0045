"""Replay: a recipient's own messages come back in the response, in pages where the release has them."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from harness.clock import FixedClock, message_time
from harness.spec.examine import examine
from harness.spec.release import load
from harness.transport.client import Answer, DipClient
from harness.transport.network import Party
from tests.simulators.dip.conftest import FILES, Bench
from tests.simulators.dip.history import NOTHING, call, codes, shaped, told, transactions

BOTH = pytest.mark.parametrize("release", ["2.1.0", "2.2.1"])


def _send(bench: Bench, count: int = 1, *, release: str = "", **options: Any) -> tuple[str, list[str]]:
    """Send messages in one request; returns their tag and transactions, after they were delivered."""
    tag = bench.tag()
    messages = [bench.message(tag=tag, release=release, **options) for _ in range(count)]
    answer = bench.send(*messages, release=release)
    assert answer.status == 201
    bench.settle(tag)
    return tag, transactions(answer)


def _replay(
    bench: Bench,
    party: Party,
    request: object,
    *,
    release: str = "",
    caller: Party | None = None,
    token: str = "",
    channel: str = "IF-031",
) -> Answer:
    path = f"/dip-channel/{channel}/replay/{party.dip_id}"
    headers = {"X-Continuation-Token": token} if token else {}
    return call(bench, caller or party, "POST", path, request, release=release, headers=headers)


def _only(names: list[str]) -> dict[str, object]:
    return {**NOTHING, "transactionIDs": names}


@BOTH
def test_a_recipient_gets_its_messages_back(bench: Bench, release: str) -> None:
    """Replayed messages are the published ones with replayIndicator true, in the order of acceptance."""
    tag, names = _send(bench, 3, release=release)
    recipient = bench.party("REGS")
    answer = _replay(bench, recipient, _only(names[::-1]), release=release)
    assert answer.status == 200
    assert transactions(answer) == names
    delivered = [
        item["payload"]
        for receipt in bench.settle(tag)["receipts"]
        for item in orjson.loads(base64.b64decode(receipt["body_base64"]))
    ]
    for item, before in zip(orjson.loads(answer.body), delivered, strict=True):
        payload = item["payload"]
        assert examine(load(release), payload, channel="IF-031", direction="egress").findings == ()
        assert payload["CommonBlock"]["D0"].pop("replayIndicator") is True
        assert before["CommonBlock"]["D0"].pop("replayIndicator") is False
        assert payload == before


@BOTH
def test_nobody_gets_the_messages_of_another(bench: Bench, release: str) -> None:
    """A bystander finds nothing under its own name, is 403 under another's, and so is the sender."""
    _, names = _send(bench, release=release)
    recipient, bystander, sender = bench.party("REGS"), bench.party("REGS", 1), bench.party("SUP")
    for party in (bystander, sender):
        answer = _replay(bench, party, _only(names), release=release)
        assert (answer.status, answer.body) == (204, b"")
        assert _replay(bench, recipient, _only(names), release=release, caller=party).status == 403
    assert _replay(bench, recipient, _only(names), release=release, channel="IF-032").status == 204


def test_another_release_knows_nothing_of_it(bench: Bench) -> None:
    """What was sent in one release can't be replayed in another."""
    _, names = _send(bench, release="2.2.1")
    assert _replay(bench, bench.party("REGS"), _only(names), release="2.1.0").status == 204


def test_each_filter_narrows(bench: Bench) -> None:
    """Event, MPAN, version and period each leave out what they don't mean, and nothing else."""
    recipient = bench.party("REGS")
    _, [first] = _send(bench, unique=501)
    _, [second] = _send(bench, unique=502, event="DSApp")
    names = [first, second]
    [one, two] = orjson.loads(_replay(bench, recipient, _only(names)).body)
    mpan = one["payload"]["CommonBlock"]["M0"]["MPANCore"]
    version = one["payload"]["CommonBlock"]["S0"]["schemaVersion"]
    at = two["payload"]["CommonBlock"]["D0"]["transactionTimestamp"]
    moment = datetime.fromisoformat(at)
    other_zone = (moment + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S+01:00")

    def found(**changes: object) -> list[str]:
        answer = _replay(bench, recipient, {**_only(names), **changes})
        assert answer.status in (200, 204)
        return transactions(answer) if answer.status == 200 else []

    assert found(eventCode="[DSApp]") == [second]
    assert found(eventCode="[MSApp]") == [first]
    assert found(MPAN=mpan) == [first]
    assert found(version=version) == names
    assert found(version="999") == []
    assert found(datetimeTo=at) == names
    assert second in found(datetimeFrom=at, datetimeTo=at)
    assert second in found(datetimeFrom=other_zone)
    assert found(datetimeFrom=message_time(moment + timedelta(seconds=2))) == []
    assert found(datetimeTo=message_time(moment - timedelta(hours=1))) == []
    assert found(transactionIDs=[second]) == [second]


@BOTH
@pytest.mark.parametrize(
    "request_body",
    [
        {},
        [],
        {**NOTHING, "MPAN": "123"},
        {**NOTHING, "datetimeFrom": "yesterday"},
        {**NOTHING, "datetimeFrom": "2026-01-02T03:04:05 later"},
        {**NOTHING, "datetimeTo": "2026-01-02T03:04:05.00000"},
        {**NOTHING, "eventCode": 1},
        {**NOTHING, "transactionIDs": []},
        {**NOTHING, "transactionIDs": ["T"] * 101},
        {**NOTHING, "transactionIDs": ["T" * 66]},
        {name: value for name, value in NOTHING.items() if name != "version"},
        {**NOTHING, "mpan": None},
    ],
)
def test_a_request_without_the_shape_is_400(bench: Bench, release: str, request_body: object) -> None:
    """A request that breaks MessageRequest is 400 with a StandardResponse, for replay and requeue."""
    party = bench.party("REGS")
    for what in ("replay", "requeue"):
        path = f"/dip-channel/IF-031/{what}/{party.dip_id}"
        answer = call(bench, party, "POST", path, request_body, release=release)
        assert answer.status == 400
        entries = shaped(bench, answer, "StandardResponse", release=release)["messageArray"]
        assert set(codes(entries)) == {"MSG1001"}


def test_names_of_a_request_may_have_any_case(bench: Bench) -> None:
    """Field names of a request are matched without regard to case, as in messages."""
    _, names = _send(bench)
    request = {name.upper(): value for name, value in _only(names).items()}
    assert transactions(_replay(bench, bench.party("REGS"), request)) == names


def test_more_than_a_page_is_206_until_the_last(bench: Bench) -> None:
    """From 2.2.1 a page that is not the last is 206 with a token; the pages hold each message once."""
    recipient = bench.party("REGS", 1)
    start = message_time(bench.admin.now())
    sent: list[str] = []
    for _ in range(3):
        _, names = _send(bench, 80, release="2.2.1", to=(recipient,))
        sent += names
    request = {**NOTHING, "datetimeFrom": start}
    found: list[str] = []
    statuses, token = [], ""
    while not statuses or token:
        answer = _replay(bench, recipient, request, release="2.2.1", token=token)
        statuses.append(answer.status)
        found += transactions(answer)
        token = answer.headers.get("x-continuation-token", "")
    assert statuses == [206, 206, 200]
    assert found == sent


def test_a_token_belongs_to_its_request(bench: Bench) -> None:
    """A token that was made up, or given for another request or recipient, is 400."""
    recipient, other = bench.party("REGS", 1), bench.party("REGS")
    _send(bench, 101, release="2.2.1", to=(recipient,))
    token = _replay(bench, recipient, NOTHING, release="2.2.1").headers["x-continuation-token"]
    for party, request, given in (
        (recipient, NOTHING, "made up"),
        (recipient, NOTHING, token[:-1]),
        (recipient, {**NOTHING, "eventCode": "[MSApp]"}, token),
        (other, NOTHING, token),
    ):
        answer = _replay(bench, party, request, release="2.2.1", token=given)
        assert answer.status == 400
        shaped(bench, answer, "StandardResponse", release="2.2.1")


def test_before_pages_everything_comes_at_once(bench: Bench) -> None:
    """Before 2.2.1 more than a page comes in one 200, and a token means nothing."""
    recipient = bench.party("REGS", 1)
    start = message_time(bench.admin.now())
    _, names = _send(bench, 130, to=(recipient,))
    answer = _replay(bench, recipient, {**NOTHING, "datetimeFrom": start}, token="made up")
    assert (answer.status, transactions(answer)) == (200, names)
    assert "x-continuation-token" not in answer.headers


def test_status_messages_can_be_replayed(bench: Bench) -> None:
    """From 2.2.1 a sender gets its status messages back as they were sent, and only its own."""
    sender, release = bench.party("SUP"), "2.2.1"
    path = f"/statusmessage/replay/{sender.dip_id}"
    start = message_time(bench.admin.now())
    tag, [name] = _send(bench, release=release)
    before = told(bench.settle(tag))
    period = {"datetimeFrom": start, "datetimeTo": message_time(bench.admin.now() + timedelta(minutes=1))}
    answer = call(bench, sender, "POST", path, {**period, "transactionID": name}, release=release)
    assert answer.status == 200
    assert shaped(bench, answer, "StandardResponseArray", release=release) == before
    reference = before[0]["senderUniqueReference"]
    again = call(bench, sender, "POST", path, {**period, "senderUniqueReference": reference}, release=release)
    assert orjson.loads(again.body) == before
    assert call(bench, sender, "POST", path, {**period, "transactionID": "T"}, release=release).status == 204
    other = bench.party("SUP", 1)
    mine = call(bench, other, "POST", path.replace(sender.dip_id, other.dip_id), period, release=release)
    assert mine.status == 204
    assert call(bench, other, "POST", path, period, release=release).status == 403
    missing = call(bench, sender, "POST", path, {"datetimeFrom": start}, release=release)
    assert missing.status == 400
    shaped(bench, missing, "StandardResponse", release=release)


def test_status_messages_come_in_pages_too(bench: Bench) -> None:
    """More status messages than a page are 206 with a token, and each comes once."""
    sender, release = bench.party("SUP"), "2.2.1"
    _, names = _send(bench, 120, release=release)
    path = f"/statusmessage/replay/{sender.dip_id}"
    now = bench.admin.now()
    period = {
        "datetimeFrom": message_time(now - timedelta(hours=1)),
        "datetimeTo": message_time(now + timedelta(hours=1)),
    }
    found: list[str] = []
    token, first = "", 0
    while not found or token:
        headers = {"X-Continuation-Token": token} if token else {}
        answer = call(bench, sender, "POST", path, period, release=release, headers=headers)
        first = first or answer.status or 0
        found += [entry["transactionID"] for entry in orjson.loads(answer.body)]
        token = answer.headers.get("x-continuation-token", "")
    assert first == 206
    assert [name for name in found if name in names] == names


def test_what_is_older_than_the_hub_keeps_is_gone(bench: Bench) -> None:
    """Messages older than replay.days are replayed no more, even by their transaction ids."""
    _, names = _send(bench)
    recipient, now = bench.party("REGS"), bench.admin.now()
    assert _replay(bench, recipient, _only(names)).status == 200
    later = FixedClock(bench.admin.advance(91 * 86400))
    path = f"/dip-channel/IF-031/replay/{recipient.dip_id}"
    try:
        with DipClient(bench.target.url("2.1.0"), bench.network, bench.target.ca, clock=later) as client:
            for since in (None, message_time(now - timedelta(days=1))):
                request = orjson.dumps({**_only(names), "datetimeFrom": since})
                assert client.request(recipient, "POST", path, request).status == 204
    finally:
        bench.admin.set_clock(now)


def test_a_replay_by_time_says_where_it_comes_from(bench: Bench, store_kind: str) -> None:
    """With a broker the stream gives what it still has; the metrics tell how much came from where."""
    if store_kind == FILES:
        assert "dip_replayed_by_time_total" not in _metrics(bench)
        return
    before = _from(bench, "stream")
    _send(bench)
    _replay(bench, bench.party("REGS"), NOTHING)
    assert _from(bench, "stream") > before


def _from(bench: Bench, source: str) -> int:
    pattern = rf'dip_replayed_by_time_total{{release="{bench.release}",source="{source}"}} ([0-9]+)'
    found = re.search(pattern, _metrics(bench))
    return int(found[1]) if found else 0


def _metrics(bench: Bench) -> str:
    return httpx.get(f"{bench.admin.url}/metrics", trust_env=False).text
