"""How store, broker and workers are, for health and readiness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.dip.mounting import Mounted
from simulators.dip.options import Options
from simulators.dip.postgres.place import Place

if TYPE_CHECKING:
    from simulators.dip.spreading import Spreading
    from simulators.dip.workers import Workers


@dataclass(frozen=True, slots=True)
class State:
    """What a process knows of it; no password is told."""

    options: Options
    mounted: Mounted
    workers: Workers | None = None
    spreading: Spreading | None = None

    async def spread(self) -> None:
        """Let workers know what an operator said; raises what the store raises."""
        if self.spreading is not None:
            await self.spreading.tell()

    def as_dict(self) -> Mapping[str, object]:
        """Return what health tells."""
        store, broker = self.options.store, self.options.broker
        told: dict[str, object] = {"store": store.shown} if isinstance(store, Place) else {}
        if broker is not None:
            up = all(passage.is_up for passage in self.mounted.passages)
            told["broker"] = {"url": broker.shown, "connected": up}
        if self.workers is not None:
            told["workers"] = self.workers.listed()
        return told

    def trouble(self) -> str | None:
        """Say why the hub isn't ready; None where it is, as far as is seen here."""
        if not all(passage.is_up for passage in self.mounted.passages):
            return "the broker is not connected: messages are taken, and delivered when it is back"
        if self.workers is not None and len(self.workers.listed()) < 2 * self.options.workers:
            return "a worker ended and its successor is not there yet"
        return None
