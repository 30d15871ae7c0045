"""Whatever happens in whatever order: nothing is lost, nothing goes astray, and the counts add up.

A state machine over a real hub, in each order of delivery: sends, webhooks that come, go and fail, retries,
requeues, replays, restarts and ``kill -9``.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from harness.transport.network import Party
from simulators.dip.lanes import NONE, ORDERS, PER_MPAN
from simulators.embedded import STORE_VARIABLE, EmbeddedTarget
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.history import NOTHING, QUICK, call, shaped, transactions
from tests.simulators.dip.webhook_stub import ScriptedWebhook

RELEASE = "2.2.1"
ENDED = {
    "Delivered",
    "RejectedByRecipient",
    "DeliveryFailure",
    "RetriesExhausted",
    "UnknownDeliveryStatus",
    "Paused",
}
_PLACES = st.integers(0, 1)


class Ground:
    """A hub that can be killed, and a webhook for each of two recipients."""

    def __init__(self, folder: Path, order: str) -> None:
        self._folder, self.order = folder, order
        self._worker = f"lifecycle-{order}"
        self.bench = Bench(EmbeddedTarget((RELEASE,), folder, worker=self._worker), RELEASE)
        self.recipients = tuple(self.bench.party("REGS", place) for place in (0, 1))
        self.bystander = self.bench.party("LDSO")
        self.webhooks = tuple(ScriptedWebhook(self.bench) for _ in self.recipients)
        for webhook in self.webhooks:
            webhook.__enter__()

    def restart(self, *, kill: bool) -> None:
        """End the hub, without warning or with, and start it again on the same store."""
        before = self.bench
        if kill:
            os.kill(before.target.pid, signal.SIGKILL)
        before.close()
        self.bench = Bench(EmbeddedTarget((RELEASE,), self._folder, worker=self._worker), RELEASE)
        self.bench._numbers = before._numbers

    def plug(self, place: int) -> None:
        """Configure a recipient's webhook."""
        client = self.bench.client(RELEASE)
        assert (
            client.configure_webhook(self.recipients[place], "IF-031", self.webhooks[place].url).status == 201
        )

    def unplug(self, place: int) -> None:
        """Remove a recipient's webhook."""
        assert self.bench.client(RELEASE).remove_webhook(self.recipients[place], "IF-031").status == 204

    def close(self) -> None:
        """Stop everything."""
        self.bench.close()
        for webhook in self.webhooks:
            webhook.__exit__()
        assert '"event":"fault"' not in self.bench.log
        assert "Traceback" not in self.bench.log


class Lifecycle(RuleBasedStateMachine):
    """What a sender and two recipients may do, and what must hold at the end of it."""

    ground: ClassVar[Ground]

    @initialize()
    def start(self) -> None:
        """Begin with good webhooks and a tag of one's own."""
        self.tag = self.ground.bench.tag()
        self.restarts = 0
        self.orderly = True
        """Nothing happened that lets a message overtake another in an ordered lane."""
        self.sent: dict[str, frozenset[int]] = {}
        self.about: dict[str, tuple[str, str]] = {}
        """MPAN and sender's reference of each transaction."""
        self.first = [len(webhook.bodies) for webhook in self.ground.webhooks]
        for place, webhook in enumerate(self.ground.webhooks):
            webhook.usual = 201
            self.ground.plug(place)

    @rule(to=st.sets(_PLACES, min_size=1), points=st.lists(st.integers(1, 3), min_size=1, max_size=3))
    def send(self, to: set[int], points: list[int]) -> None:
        """Send a batch about some metering points to one recipient or both."""
        bench = self.ground.bench
        parties = tuple(self.ground.recipients[place] for place in sorted(to))
        messages = [bench.message(tag=self.tag, to=parties, unique=point) for point in points]
        answer = bench.send(*messages, release=RELEASE)
        assert answer.status == 201
        self.sent |= dict.fromkeys(transactions(answer), frozenset(to))
        for transaction, message in zip(transactions(answer), messages, strict=True):
            common = message["CommonBlock"]
            self.about[transaction] = common["M0"]["MPANCore"], common["S1"]["senderUniqueReference"]

    @rule(place=_PLACES, status=st.sampled_from([201, 202, 207, 400, 404, 503]))
    def answer(self, place: int, status: int) -> None:
        """Let a webhook answer otherwise from now on."""
        self.ground.webhooks[place].usual = status
        self.orderly = self.orderly and status == 201

    @rule(place=_PLACES, there=st.booleans())
    def configure(self, place: int, there: bool) -> None:
        """Remove a webhook, or configure it."""
        if there:
            self.ground.plug(place)
        else:
            self.ground.unplug(place)
            self.orderly = False

    @rule()
    def rest(self) -> None:
        """Wait until everything has come to rest; every delivery is then counted once and has ended."""
        self._settled()

    @precondition(lambda self: self.sent)
    @rule(place=_PLACES)
    def requeue(self, place: int) -> None:
        """Push all of a recipient's messages again; the progress counts exactly them."""
        self.orderly = False
        party = self.ground.recipients[place]
        path = f"/dip-channel/IF-031/requeue/{party.dip_id}"
        answer = self._call(party, "POST", path, self._mine())
        assert answer.status in (202, 429)
        if answer.status == 202:
            name = orjson.loads(answer.body)
            status = self._call(
                party, "GET", path.replace("requeue", "requeueStatus") + f"?requeue-id={name}"
            )
            [progress] = shaped(self.ground.bench, status, "RequeueStatusArray", release=RELEASE)
            assert progress["totalTransactions"] == len(self._for(place))
            assert 0 <= progress["processedTransactions"] <= progress["totalTransactions"]

    @precondition(lambda self: self.sent)
    @rule(place=_PLACES)
    def replay(self, place: int) -> None:
        """A recipient finds all that was sent to it, in order, and nothing else; a bystander nothing."""
        assert self._replayed(self.ground.recipients[place]) == self._for(place)
        assert self._replayed(self.ground.bystander) == []

    @precondition(lambda self: self.restarts == 0)
    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        """Kill the hub, or stop it, and start it again."""
        self.restarts += 1
        self.ground.restart(kill=kill)

    def teardown(self) -> None:
        """Mend everything; then each recipient has got each of its messages, and nobody another's."""
        if not getattr(self, "sent", None):
            return
        for place, webhook in enumerate(self.ground.webhooks):
            webhook.usual = 201
            self.ground.plug(place)
        self._settled()
        self._in_order()
        for place in (0, 1):
            self.requeue(place)
        result = self._settled()
        assert {entry["status"] for message in result["messages"] for entry in message["recipients"]} <= {
            "Delivered"
        }
        self._nothing_astray()
        self._everything_told()
        self._every_attempt_is_in_the_journal()

    def _settled(self) -> dict[str, Any]:
        result = self.ground.bench.settle(self.tag)
        assert result["settled"]
        assert [message["transaction_id"] for message in result["messages"]] == list(self.sent)
        for message in result["messages"]:
            to = {self.ground.recipients[place].dip_id for place in self.sent[message["transaction_id"]]}
            assert sorted(entry["dip_id"] for entry in message["recipients"]) == sorted(to)
            assert {entry["status"] for entry in message["recipients"]} <= ENDED
        return result

    def _nothing_astray(self) -> None:
        for place, webhook in enumerate(self.ground.webhooks):
            got: dict[str, set[bytes]] = {}
            for body in webhook.bodies[self.first[place] :]:
                for item in orjson.loads(body):
                    common = item["payload"]["CommonBlock"]
                    if common["S1"]["subText"] == self.tag:
                        transaction = common["D0"]["transactionID"]
                        got.setdefault(transaction, set()).add(orjson.dumps(item))
                        assert common["D0"]["replayIndicator"] is False
            assert got.keys() == set(self._for(place)), "lost, or sent to somebody else"
            assert all(len(versions) == 1 for versions in got.values()), "a message changed between attempts"

    def _calls(self, place: int) -> list[list[str]]:
        """Return the transactions of this run in each call that a recipient got."""
        calls = []
        for body in self.ground.webhooks[place].bodies[self.first[place] :]:
            found = [item["payload"]["CommonBlock"] for item in orjson.loads(body)]
            calls.append([c["D0"]["transactionID"] for c in found if c["S1"]["subText"] == self.tag])
        return calls

    def _in_order(self) -> None:
        """Where nothing was refused, paused or requeued, each arrives for the first time in its order."""
        if not self.orderly or self.ground.order == NONE:
            return
        for place in (0, 1):
            first = list(dict.fromkeys(name for call in self._calls(place) for name in call))
            lanes: list[list[str]] = [self._for(place)]
            if self.ground.order == PER_MPAN:
                mpans = {mpan for mpan, _ in self.about.values()}
                lanes = [[name for name in lanes[0] if self.about[name][0] == mpan] for mpan in mpans]
            for lane in lanes:
                assert [name for name in first if name in lane] == lane

    def _every_attempt_is_in_the_journal(self) -> None:
        """The journal has a line for each call that a recipient got, unless the hub was gone meanwhile."""
        if self.restarts:
            return
        sender = self.ground.bench.party("SUP")
        attempts = Counter(name for place in (0, 1) for call in self._calls(place) for name in call)
        for transaction in list(self.sent)[-3:]:
            path = f"/dip-channel/IF-031/deliveryStatus/{sender.dip_id}/{self.about[transaction][1]}"
            record = shaped(
                self.ground.bench, self._call(sender, "GET", path), "DIPJournalRecord", release=RELEASE
            )
            lines = [
                entry
                for entry in record["JournalEntries"]
                if entry["DIPStage"] == "Outbound" and entry["StatusCode"]
            ]
            assert len(lines) == attempts[transaction]

    def _everything_told(self) -> None:
        sender = self.ground.bench.party("SUP")
        told: Counter[tuple[str, str]] = Counter()
        for transaction in self.sent:
            request = {
                "datetimeFrom": "2020-01-01T00:00:00+00:00",
                "datetimeTo": "2099-01-01T00:00:00+00:00",
                "transactionID": transaction,
            }
            answer = self._call(sender, "POST", f"/statusmessage/replay/{sender.dip_id}", request)
            for entry in orjson.loads(answer.body):
                told[entry["transactionID"], entry["senderID"]] += 1
        for transaction, to in self.sent.items():
            for place in to:
                assert told[transaction, self.ground.recipients[place].dip_id], "the sender was not told"

    def _for(self, place: int) -> list[str]:
        return [transaction for transaction, to in self.sent.items() if place in to]

    def _mine(self) -> dict[str, object]:
        return {**NOTHING, "transactionIDs": list(self.sent)}

    def _replayed(self, party: Party) -> list[str]:
        answer = self._call(party, "POST", f"/dip-channel/IF-031/replay/{party.dip_id}", self._mine())
        assert answer.status in (200, 204)
        return transactions(answer) if answer.status == 200 else []

    def _call(self, party: Party, method: str, path: str, body: object = None) -> Any:
        return call(self.ground.bench, party, method, path, body, release=RELEASE)


@pytest.fixture(params=ORDERS)
def ground(
    network_folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Ground]:
    """Return a hub that can be killed, for each order of delivery."""
    order = str(request.param)
    settings_file = network_folder / f"lifecycle-{order}.yaml"
    settings_file.write_text(f"{QUICK}delivery.order: {order}\n", encoding="utf-8")
    monkeypatch.setenv("DIP_SETTINGS", str(settings_file))
    found = Ground(network_folder, order)
    yield found
    found.close()


def test_nothing_is_lost_and_nothing_goes_astray(ground: Ground) -> None:
    """Sends, failing webhooks, requeues, replays and kills in any order lose and misdirect nothing."""
    Lifecycle.ground = ground
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=3 if STORE_VARIABLE in os.environ else 6,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
