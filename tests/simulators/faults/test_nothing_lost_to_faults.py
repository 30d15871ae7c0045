"""Whatever passing faults there are, in whatever mixture: every message arrives, and nobody else gets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.webhook_stub import ScriptedWebhook

_TIMES = st.integers(1, 2)
_SHORT = st.floats(0, 0.05)
_WHEN = st.sampled_from(["before", "after"])


def _fault(name: str, **options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"fault": st.just(name), "times": _TIMES, **options})


_FAULTS = st.lists(
    st.one_of(
        _fault("latency", at=st.just("delivery"), seconds=_SHORT),
        _fault("drop", at=st.just("delivery"), when=_WHEN),
        _fault("duplicate", copies=st.integers(1, 3)),
        _fault("reorder", seconds=_SHORT),
        _fault("rotate-certificate", which=st.sampled_from(["signing", "tls", "both"])),
        _fault("wrong-certificate", which=st.just("tls"), flaw=st.sampled_from(["expired", "foreign"])),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def patient(network_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Return a hub that tries often and soon."""
    path = tmp_path_factory.mktemp("settings") / "settings.yaml"
    path.write_text("delivery.backoff_seconds: 0.01\ndelivery.attempts: 20\ndelivery.batch_messages: 2\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIP_SETTINGS", str(path))
        bench = Bench(EmbeddedTarget(["2.1.0"], network_folder, worker="patient"))
    yield bench
    bench.close()
    assert '"event":"fault"' not in bench.log


def test_every_message_arrives_whatever_passing_faults_there_are(patient: Bench) -> None:
    """Faults that end leave no message undelivered, unchanged bytes per message, and no trace elsewhere."""
    bench, recipient, bystander = patient, patient.party("REGS"), patient.party("REGS", 1)
    with ScriptedWebhook(bench) as webhook, ScriptedWebhook(bench) as other:
        for party, where in ((recipient, webhook), (bystander, other)):
            assert bench.client().configure_webhook(party, "IF-031", where.url).status == 201

        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        @given(faults=_FAULTS, number=st.integers(1, 5))
        def holds(faults: list[dict[str, Any]], number: int) -> None:
            tag = bench.tag()
            before = len(webhook.bodies)
            bench.admin.set_faults(faults)
            messages = [bench.message(tag=tag) for _ in range(number)]
            for message in messages:
                assert bench.send(message).status == 201
            result = bench.settle(tag)
            bench.admin.clear_faults()
            assert result["settled"]
            found = [entry for message in result["messages"] for entry in message["recipients"]]
            assert [(entry["dip_id"], entry["status"]) for entry in found] == [
                (recipient.dip_id, "Delivered")
            ] * number
            sent = {message["CommonBlock"]["S1"]["senderUniqueReference"] for message in messages}
            assert set(webhook.references[_count(webhook, before) :]) == sent

        holds()
        assert other.bodies == []


def _count(webhook: ScriptedWebhook, calls: int) -> int:
    """Return how many publications came in the first calls."""
    return sum(body.count(b'"senderUniqueReference"') for body in webhook.bodies[:calls])
