"""Waiting until a tag is at rest."""

from __future__ import annotations

import asyncio
import threading
import time

from simulators.dip.settle import Tracker


def test_a_tag_is_at_rest_when_its_last_delivery_ends() -> None:
    """The wait ends with the last delivery, not before."""

    async def main() -> list[bool]:
        tracker = Tracker()
        tracker.opened({"t": 2, "other": 1})
        waiting = asyncio.create_task(tracker.wait("t", timeout=5))
        await asyncio.sleep(0)
        tracker.closed("t")
        await asyncio.sleep(0.01)
        early = waiting.done()
        tracker.closed("t")
        return [early, await waiting, tracker.at_rest("other")]

    assert asyncio.run(main()) == [False, True, False]


def test_a_wait_ends_after_its_time() -> None:
    """A tag that doesn't come to rest is told so; a time of zero only looks."""

    async def main() -> list[bool]:
        tracker = Tracker()
        tracker.opened({"t": 1})
        return [
            await tracker.wait("t", timeout=0.02),
            await tracker.wait("t", timeout=0),
            await tracker.wait("x", timeout=0),
        ]

    assert asyncio.run(main()) == [False, False, True]


def test_an_acting_party_keeps_a_tag_open() -> None:
    """A tag without deliveries is open while a party acts, and a word from another thread ends the wait."""

    async def main() -> bool:
        tracker = Tracker()
        acting = threading.Event()
        tracker.is_idle = lambda _tag: acting.is_set()

        def finish() -> None:
            time.sleep(0.02)
            acting.set()
            tracker.changed("t")

        threading.Thread(target=finish).start()
        return await tracker.wait("t", timeout=5)

    assert asyncio.run(main())


def test_quiet_starts_again_when_something_happens() -> None:
    """With a quiet time, a delivery that comes within it makes the wait longer."""

    async def main() -> tuple[bool, float]:
        tracker = Tracker()
        started = time.monotonic()
        waiting = asyncio.create_task(tracker.wait("t", timeout=5, quiet=0.05))
        await asyncio.sleep(0.02)
        tracker.opened({"t": 1})
        await asyncio.sleep(0.1)
        tracker.closed("t")
        return await waiting, time.monotonic() - started

    settled, seconds = asyncio.run(main())
    assert settled
    assert seconds >= 0.16
