"""What a sender writes into the blocks that are the hub's to fill."""

from __future__ import annotations

from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.history import NOTHING, call


def test_what_is_the_hubs_to_say_is_overwritten(bench: Bench) -> None:
    """D0 and the secondary and always recipients that a sender states are taken and replaced."""
    tag, other, recipient = bench.tag(), bench.party("MDR"), bench.party("REGS")
    message = bench.message(tag=tag)
    message["CommonBlock"]["A0"] |= {"secondaryRecipients": [other.dip_id], "always": ["9999999999"]}
    message["CommonBlock"]["D0"] = {
        "transactionID": "T-IF-031-2300000001-SUP-20260101-0badcafe",
        "transactionTimestamp": "2026-01-01T00:00:00+00:00",
        "publicationID": "PUB-999",
        "initialCorrelationID": "CI-mine",
        "replayIndicator": True,
        "serviceTicketURL": "https://ticket.example/1",
    }
    assert bench.send(message).status == 201
    (kept,) = bench.settle(tag)["messages"]
    assert [each["dip_id"] for each in kept["recipients"]] == [recipient.dip_id]
    path = f"/dip-channel/IF-031/replay/{recipient.dip_id}"
    wanted = {**NOTHING, "transactionIDs": [kept["transaction_id"]]}
    answer = call(bench, recipient, "POST", path, wanted)
    assert answer.status == 200
    for stated in (
        b"0badcafe",
        b"PUB-999",
        b"CI-mine",
        b"ticket.example",
        b"9999999999",
        other.dip_id.encode(),
    ):
        assert stated not in answer.body
