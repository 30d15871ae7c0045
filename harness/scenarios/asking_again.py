"""A recipient asks the hub again for what it missed (requeue) or had (replay), by its own operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from harness.evidence.verdicts import Blame, BlameClass
from harness.scenarios.blame import HUB
from harness.scenarios.play import Play
from harness.scenarios.publications import Publication, value_at
from harness.scenarios.steps.request import record
from harness.transport.network import Party

_CENTRAL = Blame(BlameClass.CENTRAL_SYSTEM, HUB)
_TAKEN = (200, 202)
"""Before 2.2.1 a requeue is answered 200, from it 202 (published)."""
_OK = 200
_MOST_NAMED = 100
"""Transactions that one request may name (published)."""
_DELIVERED = "Delivered"


def missed(play: Play, party: Party) -> dict[str, list[str]]:
    """Return the transactions of the case that were for a party and never reached it, by interface."""
    found: dict[str, list[str]] = {}
    for message in (play.settled or {}).get("messages", []):
        for recipient in message["recipients"]:
            if recipient["dip_id"] == party.dip_id and recipient["status"] != _DELIVERED:
                found.setdefault(message["interface"], []).append(message["transaction_id"])
    return dict(sorted(found.items()))


def requeue(play: Play, party: Party, interface: str, transactions: Sequence[str]) -> None:
    """Ask as a party that messages be pushed to its webhook once more."""
    path = f"/dip-channel/{interface}/requeue/{party.dip_id}"
    answer = play.bench.client(play.release.name).request(party, "POST", path, _request(transactions))
    _record(play, party, interface, answer)
    play.check(
        f"The DIP takes {party.name}'s requeue of {interface}",
        answer.status in _TAKEN,
        expected=" or ".join(map(str, _TAKEN)),
        actual=str(answer.status),
        rule=f"API release {play.release.name}",
        blame=_CENTRAL,
        key="requeue refused",
    )


def replay(play: Play, party: Party, interface: str, had: Mapping[str, Publication]) -> None:
    """Ask as a party for messages that it had, by transaction id; a simulated one takes them in once more."""
    path = f"/dip-channel/{interface}/replay/{party.dip_id}"
    answer = play.bench.client(play.release.name).request(party, "POST", path, _request(sorted(had)))
    _record(play, party, interface, answer)
    payloads = _payloads(answer.body) if answer.status == _OK else []
    play.check(
        f"The DIP replays {interface} to {party.name}, each message as it was and marked",
        sorted(map(_unmarked, payloads)) == sorted(_unmarked(each.payload) for each in had.values())
        and all(value_at(payload, "D0.replayIndicator") is True for payload in payloads),
        expected=f"{len(had)} message{'s' if len(had) != 1 else ''}, replayIndicator true",
        actual=f"status {answer.status}, {len(payloads)} messages",
        rule=f"API release {play.release.name}",
        blame=_CENTRAL,
        key=f"replay of {interface}",
    )
    admin = play.bench.target.admin
    if admin is not None and party.simulated:
        admin.replayed(party.dip_id, play.release.name, payloads)


def _record(play: Play, party: Party, interface: str, answer: Any) -> None:
    record(play, answer, sender=party.dip_id, interface=interface, event="", references=[], departure="")


def _request(transactions: Sequence[str]) -> bytes:
    nothing = dict.fromkeys(("MPAN", "datetimeFrom", "datetimeTo", "eventCode", "version"))
    return orjson.dumps({**nothing, "transactionIDs": list(transactions)[:_MOST_NAMED]})


def _payloads(body: bytes) -> list[dict[str, Any]]:
    entries = orjson.loads(body)
    return [entry["payload"] for entry in entries if isinstance(entry, dict) and "payload" in entry]


def _unmarked(payload: Mapping[str, Any]) -> bytes:
    common = payload["CommonBlock"]
    header = {**common["D0"], "replayIndicator": None}
    whole = {**payload, "CommonBlock": {**common, "D0": header}}
    return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
