"""What the pure stages of status messages say, and where a party's status messages go."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from harness.settings import shipped
from harness.transport.network import load
from simulators.dip import outcome, rules, status
from simulators.dip.outcome import Reply
from simulators.dip.store import Store
from simulators.dip.waiting import Waiting
from simulators.dip.webhooks import Webhooks

HUB, RECIPIENT = "9900000001", "2200000001"


def _notice(reply: Reply, **values: object) -> status.Notice | None:
    """Return what the sender is told of a message whose webhook call got an answer."""
    found = rules.of_settings(shipped().with_values(values, where="test"))
    waiting = Waiting(1, 1, "IF-031", None, "T-1", 0, b"{}")
    [result] = outcome.judge([waiting], reply)
    return status.of_result(result, RECIPIENT, HUB, found)


def _reply(code: int, message: object, transaction: object = "T-1", help_text: object = None) -> Reply:
    entry = {"transactionID": transaction, "message": message, "help": help_text}
    return Reply(code, orjson.dumps({"messageArray": [entry]}))


def test_what_the_recipient_says_goes_on_in_its_name() -> None:
    """An entry for the transaction is L3 from the recipient, with its help, cut to the published lengths."""
    told = _notice(_reply(400, "RCP1001 - " + "x" * 300, help_text="y" * 600))
    assert told is not None
    assert (told.level, told.origin) == ("L3", RECIPIENT)
    assert told.help is not None
    assert (len(told.text), len(told.help)) == (200, 500)


def test_an_entry_without_a_transaction_speaks_of_all() -> None:
    """A refusal that names no transaction, as in the published example, is told for each message."""
    told = _notice(_reply(400, "RCP9999 - Signature Invalid", transaction=None))
    assert told is not None
    assert told.text == "RCP9999 - Signature Invalid"


def test_an_entry_about_another_transaction_says_nothing() -> None:
    """A refusal that names another transaction only is told by the hub (L2)."""
    told = _notice(_reply(400, "RCP1001 - Schema Failure", transaction="T-2"))
    assert told is not None
    assert (told.level, told.origin, told.text[:7]) == ("L2", HUB, "MSG1000")


@pytest.mark.parametrize("reply", [Reply(403), Reply(202), Reply(207, b"{}"), Reply(400, b"nonsense")])
def test_an_end_without_a_word_is_told_by_the_hub(reply: Reply) -> None:
    """A delivery that was not made, and of which the recipient says nothing, is L2 with status and party."""
    told = _notice(reply)
    assert told is not None
    assert (told.level, told.origin) == ("L2", HUB)
    assert RECIPIENT in str(told.help)
    assert str(reply.status) in str(told.help)


def test_a_success_without_an_entry_says_nothing() -> None:
    """A 201 without a body gives rise to no status message."""
    assert _notice(Reply(201)) is None


def test_successes_can_be_switched_off() -> None:
    """`status.of_success` decides whether RCP0000 goes on; refusals always do."""
    assert _notice(_reply(201, "RCP0000 - Message Success")) is not None
    quiet = {"status.of_success": False}
    assert _notice(_reply(201, "RCP0000 - Message Success"), **quiet) is None
    assert _notice(_reply(400, "RCP1001 - Schema Failure"), **quiet) is not None


def test_a_real_party_has_the_status_webhook_of_the_network_file(
    network_folder: Path, tmp_path: Path
) -> None:
    """A real party's status messages go to its ``status_webhook`` or nowhere, a simulated one's to it."""
    network = load(network_folder / "network" / "network.toml")
    simulated, told, untold = network.parties[:3]
    real = replace(told, webhook="https://real.example/", status_webhook="https://real.example/status-here")
    network = network.replacing(real).replacing(replace(untold, webhook="https://untold.example/"))

    async def urls() -> list[str | None]:
        store = Store(tmp_path / "x.sqlite3")
        webhooks = Webhooks(network, store, lambda dip_id: f"https://sim.example/{dip_id}")
        found = [webhooks.url(party.dip_id, status.CHANNEL) for party in (simulated, told, untold)]
        await store.close()
        return found

    assert asyncio.run(urls()) == [
        f"https://sim.example/{simulated.dip_id}/status",
        "https://real.example/status-here",
        None,
    ]
