"""What an operator says in one process, clock, faults and times of service, made known to all workers.

It is told through the store, so that workers on other hosts hear it too; they look several times a second.
A fault that is for a number of times counts in each worker by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from harness.clock import OffsetClock
from simulators.dip.kept import HubStore
from simulators.dip.logs import Log
from simulators.dip.store_faults import STORE_FAULTS
from simulators.faults.controls import Controls
from simulators.faults.service import times

_NAME = "controls"
_LOOK_SECONDS = 0.2
_HEARD_SECONDS = 0.5
"""After so long every worker has looked."""


class Spreading:
    """Tells, or hears; both over the store of one release."""

    def __init__(self, store: HubStore, clock: OffsetClock, controls: Controls, log: Log) -> None:
        self._store, self._clock, self._controls, self._log = store, clock, controls, log
        self._heard: Mapping[str, Any] = {}
        self._task: asyncio.Task[None] | None = None

    async def tell(self, *, wait: bool = True) -> None:
        """Tell how things stand here; ``wait`` until it was heard. Raises what the store raises."""
        offset = (self._clock.now() - datetime.now(UTC)).total_seconds()
        told = {
            "offset": round(offset, 3),
            "faults": self._controls.plan.by_tag(),
            "service": self._controls.service.times.as_dict(),
        }
        await self._store.tell(_NAME, orjson.dumps(told).decode())
        if wait:
            await asyncio.sleep(_HEARD_SECONDS)

    async def follow(self) -> None:
        """Take over what is told now, and go on so until closed."""
        await self._look()
        self._task = asyncio.create_task(self._run(), name="controls")

    async def close(self) -> None:
        """Follow no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self._look()
            except STORE_FAULTS as error:
                self._log.write("error", "controls", reason=str(error)[:300])

    async def _look(self) -> None:
        rows: Sequence[Any] = await self._store.aside.rows("SELECT value FROM told WHERE name = ?", (_NAME,))
        told: Mapping[str, Any] = orjson.loads(rows[0][0]) if rows else {}
        if told == self._heard:
            return
        before, self._heard = self._heard, told
        if told["offset"] != before.get("offset", 0.0):
            self._clock.set(datetime.now(UTC) + timedelta(seconds=told["offset"]))
        if told["faults"] != before.get("faults", {}):
            plan = self._controls.plan
            plan.put(told["faults"].get("", []))
            for tag, faults in told["faults"].items():
                if tag:
                    plan.put(faults, tag=tag)
        self._controls.service.put(times(told["service"]))
        self._controls.service.changed()
