"""Each order of delivery over a real hub: what arrives when, whatever fails or is slow."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.messages.identifiers import mpan as mpan_of
from simulators.dip.lanes import NONE, ORDERS, PER_MPAN, PER_RECIPIENT
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.history import NOTHING, call, transactions
from tests.simulators.dip.webhook_stub import ScriptedWebhook, wait_for

MPANS = (1, 2, 3)
_UNDISTURBED = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


class Judging(ScriptedWebhook):
    """Refuses or holds the calls that are about certain MPANs, and keeps in which order others were taken."""

    def begin(self, failures: dict[str, int], held: frozenset[str] = frozenset()) -> None:
        """Answer 503 so often for an MPAN; ``held`` ones wait until `release` is set."""
        self.failures, self.held = dict(failures), held
        self.taken: list[tuple[str, str]] = []
        self.release = threading.Event()
        self.script = self._judge

    def _judge(self, body: bytes) -> int:
        found = [_about(item) for item in orjson.loads(body)]
        for mpan in {mpan for mpan, _ in found}:
            if self.failures.get(mpan, 0):
                self.failures[mpan] -= 1
                return 503
        if {mpan for mpan, _ in found} & self.held:
            self.release.wait(20)
        self.taken += found
        return 201


def _about(item: dict[str, dict[str, dict[str, dict[str, str]]]]) -> tuple[str, str]:
    common = item["payload"]["CommonBlock"]
    return common["M0"]["MPANCore"], common["S1"]["senderUniqueReference"]


@pytest.fixture(scope="module", params=ORDERS)
def ordered(
    request: pytest.FixtureRequest, network_folder: Path, store_kind: str
) -> Iterator[tuple[str, Bench, Judging]]:
    """Return a hub of each order, and the recipient's webhook."""
    order = str(request.param)
    path = network_folder / f"order-{order}.yaml"
    path.write_text(
        f"delivery.order: {order}\ndelivery.batch_messages: 3\ndelivery.attempts: 1000\n"
        "delivery.backoff_seconds: 0.02\ndelivery.backoff_limit_seconds: 0.1\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIP_SETTINGS", str(path))
        bench = Bench(EmbeddedTarget(["2.1.0"], network_folder, worker=f"order-{order}-{store_kind}"))
    webhook = Judging(bench)
    with webhook:
        assert bench.client().configure_webhook(bench.party("REGS"), "IF-031", webhook.url).status == 201
        yield order, bench, webhook
    bench.close()
    assert '"event":"fault"' not in bench.log


def _mpan(bench: Bench, number: int) -> str:
    return mpan_of(bench.party("LDSO").distributor_id or "", number)


def _send(bench: Bench, tag: str, numbers: list[int]) -> list[tuple[str, str]]:
    """Send a message about each MPAN, one request each; returns what was sent in its order."""
    sent = []
    for number in numbers:
        message = bench.message(tag=tag, unique=number)
        assert bench.send(message).status == 201
        sent.append(_about({"payload": message}))
    return sent


def _called(webhook: Judging, *messages: tuple[str, str]) -> bool:
    """Say whether there was a call that held all these messages."""
    return any(all(reference.encode() in body for _, reference in messages) for body in [*webhook.bodies])


def _send_apart(
    bench: Bench, webhook: Judging, tag: str, number: int, before: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Send about an MPAN until a message is taken; returns what was sent.

    One that comes just as a message before it is tried again shares its call, and is held up with it.
    """
    sent: list[tuple[str, str]] = []
    for _ in range(5):
        (latest,) = _send(bench, tag, [number])
        sent.append(latest)
        shares = [(latest, other) for other in (*before, *sent[:-1])]
        wait_for(
            lambda latest=latest, shares=shares: (
                latest in webhook.taken or any(_called(webhook, *pair) for pair in shares)
            )
        )
        if latest in webhook.taken:
            break
    return sent


def test_what_arrives_is_in_the_order_of_the_mode(ordered: tuple[str, Bench, Judging]) -> None:
    """Whatever is refused for a while: each message is taken once, in the order that the mode promises."""
    order, bench, webhook = ordered

    @_UNDISTURBED
    @given(
        numbers=st.lists(st.sampled_from(MPANS), min_size=1, max_size=8),
        failures=st.dictionaries(st.sampled_from(MPANS), st.integers(1, 3)),
    )
    def holds(numbers: list[int], failures: dict[int, int]) -> None:
        tag = bench.tag()
        webhook.begin({_mpan(bench, number): count for number, count in failures.items()})
        sent = _send(bench, tag, numbers)
        assert bench.settle(tag)["settled"]
        assert sorted(webhook.taken) == sorted(sent), "lost or twice"
        if order == PER_RECIPIENT:
            assert webhook.taken == sent
        if order == PER_MPAN:
            for mpan in {mpan for mpan, _ in sent}:
                assert [one for one in webhook.taken if one[0] == mpan] == [
                    one for one in sent if one[0] == mpan
                ]

    holds()


@pytest.mark.parametrize("trouble", ["slow", "failing"])
def test_what_a_troubled_mpan_holds_up(ordered: tuple[str, Bench, Judging], trouble: str) -> None:
    """per-mpan: its own messages; none: those of its call; per-recipient: all of the recipient's."""
    order, bench, webhook = ordered
    first, second, third = (_mpan(bench, number) for number in MPANS)
    if trouble == "slow":
        webhook.begin({}, frozenset({first}))
    else:
        webhook.begin({first: 3 if order == PER_RECIPIENT else 10_000})
    tag, others = bench.tag(), bench.tag()
    sent = _send(bench, tag, [1])
    wait_for(lambda: webhook.bodies)
    if order == NONE:
        sent += _send_apart(bench, webhook, tag, 2, sent)
        sent += _send(bench, tag, [1])
        wait_for(lambda: _called(webhook, sent[-1]))
        sent += _send_apart(bench, webhook, tag, 3, sent)
    else:
        sent += _send(bench, tag, [2, 1, 3])
    bystander = bench.party("REGS", 1)
    assert bench.send(bench.message(to=(bystander,), tag=others)).status == 201
    assert bench.settle(others)["settled"], "another recipient waits"
    if order != PER_RECIPIENT:
        wait_for(lambda: {second, third} <= {mpan for mpan, _ in webhook.taken})
    if trouble == "slow":
        assert first not in {mpan for mpan, _ in webhook.taken} or order == NONE
        webhook.release.set()
    webhook.failures = {}
    assert bench.settle(tag)["settled"]
    assert sorted(webhook.taken) == sorted(sent)
    places = {mpan: place for place, (mpan, _) in reversed(list(enumerate(webhook.taken)))}
    if order == PER_RECIPIENT:
        assert webhook.taken == sent
    if order == PER_MPAN:
        assert max(places[second], places[third]) < places[first]


def test_what_is_opened_again_does_not_wait_for_others(ordered: tuple[str, Bench, Judging]) -> None:
    """A requeue of an older message goes while a younger one is under way, where the order allows it."""
    order, bench, webhook = ordered
    first, second = (_mpan(bench, number) for number in MPANS[:2])
    webhook.begin({}, frozenset({second}))
    party, tag = bench.party("REGS"), bench.tag()
    answer = bench.send(bench.message(tag=tag, unique=1))
    bench.settle(tag)
    calls = len(webhook.bodies)
    _send(bench, tag, [2])
    wait_for(lambda: len(webhook.bodies) > calls)
    request = {**NOTHING, "transactionIDs": transactions(answer)}
    path = f"/dip-channel/IF-031/requeue/{party.dip_id}"
    assert call(bench, party, "POST", path, request).status == 200
    if order != PER_RECIPIENT:
        wait_for(lambda: [mpan for mpan, _ in webhook.taken] == [first, first])
    webhook.release.set()
    assert bench.settle(tag)["settled"]
    assert Counter(mpan for mpan, _ in webhook.taken) == {first: 2, second: 1}
