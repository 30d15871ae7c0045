"""Calls of hundreds of recipients begin a few at a time, and a slow one counts for its first moment only."""

from __future__ import annotations

import asyncio
import threading

import pytest

from harness.clock import SystemClock
from simulators.dip import courier
from simulators.dip.courier import Courier
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.webhook_stub import ScriptedWebhook, wait_for

CALLS = 6


@pytest.mark.parametrize(("seconds", "arrive"), [(3600.0, 2), (0.05, CALLS)])
def test_calls_begin_a_few_at_a_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: float, arrive: int
) -> None:
    """While none is answered, as many arrive as may begin; when their moment is over, all; none is lost."""
    monkeypatch.setattr(courier, "_BEGINNING", 2)
    monkeypatch.setattr(courier, "_BEGINNING_SECONDS", seconds)
    hold = threading.Event()

    async def main(webhook: ScriptedWebhook) -> tuple[int, list[int | None]]:
        clock = SystemClock()
        hub = Courier(bench.network, bench.party("DIP"), bench.target.ca, clock, timeout=20)
        calls = [asyncio.create_task(hub.post(webhook.url, b"[]")) for _ in range(CALLS)]
        await asyncio.to_thread(wait_for, lambda: len(webhook.bodies) >= arrive)
        await asyncio.sleep(0.1)
        arrived = len(webhook.bodies)
        hold.set()
        statuses = [reply.status for reply in await asyncio.gather(*calls)]
        await hub.close()
        return arrived, statuses

    with ScriptedWebhook(bench, hold=hold, statuses=True) as webhook:
        arrived, statuses = asyncio.run(main(webhook))
    assert arrived == arrive
    assert statuses == [201] * CALLS
