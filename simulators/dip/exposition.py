"""The metrics of a process, and those of all processes of a host in one answer.

With workers every sample of theirs carries the label ``worker`` (``ingress-1``, ``delivery-2``): a place that
keeps its name when the process in it ends and another takes over, whose counts begin at nought as a restarted
server's do. `dip_worker_up` says which workers answered, so that a figure that lacks one can be told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from starlette.responses import Response
from starlette.routing import Route, Router

from harness.transport.server import Server, serve
from simulators.dip.metrics import MEDIA_TYPE, Metrics
from simulators.dip.mount import Mount

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

PATH = "/metrics"
_SCRAPE_SECONDS = 2.0
_UP = "dip_worker_up"


def counted(
    metrics: Metrics, mounts: Mapping[str, Mount], queues: Mapping[tuple[str, ...], int] | None = None
) -> str:
    """Return what a process counted; ``queues`` are the whole hub's open deliveries, where it tells them."""
    replayed: dict[tuple[str, ...], int] = {}
    for release, mount in mounts.items():
        if mount.store.look_back is not None:
            replayed[release, "stream"] = mount.replay.from_stream
            replayed[release, "store"] = mount.replay.from_store
    return metrics.text(queues or {}, replayed)


def merged(own: str, workers: Mapping[str, str | None]) -> str:
    """Return a process's text with that of its workers, each family once; None: a worker did not answer."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for worker, text in (("", own), *workers.items()):
        family = ""
        for line in (text or "").splitlines():
            if line.startswith("# "):
                family = line.split(" ", 3)[2]
                samples.setdefault(family, [])
                head = heads.setdefault(family, [])
                if line not in head:
                    head.append(line)
            elif line:
                samples[family].append(_labelled(line, worker) if worker else line)
    heads[_UP] = [
        f"# HELP {_UP} Whether a worker of this host answered when it was asked.",
        f"# TYPE {_UP} gauge",
    ]
    samples[_UP] = [f'{_UP}{{worker="{name}"}} {int(text is not None)}' for name, text in workers.items()]
    return "\n".join(line for family, head in heads.items() for line in (*head, *samples[family])) + "\n"


def _labelled(sample: str, worker: str) -> str:
    """Put the worker before a sample's own labels; every sample of ours has some."""
    name, _, rest = sample.partition("{")
    return f'{name}{{worker="{worker}",{rest}'


async def scraped(urls: Mapping[str, str | None]) -> dict[str, str | None]:
    """Ask every worker for its text at once; None for one that is away or silent for 2 seconds."""
    async with httpx.AsyncClient(trust_env=False, timeout=_SCRAPE_SECONDS) as client:

        async def ask(url: str | None) -> str | None:
            if url is None:
                return None
            try:
                answer = await client.get(url)
            except httpx.HTTPError:
                return None
            return answer.text if answer.status_code == httpx.codes.OK else None

        texts: Iterable[str | None] = await asyncio.gather(*map(ask, urls.values()))
    return dict(zip(urls, texts, strict=True))


@asynccontextmanager
async def exposed(text: Callable[[], Awaitable[str]], host: str, port: int) -> AsyncIterator[Server]:
    """Serve metrics over plain HTTP for as long as the block runs; raises what `serve` raises."""

    async def answer(_: Request) -> Response:
        return Response(await text(), media_type=MEDIA_TYPE)

    async with serve(Router([Route(PATH, answer)]), host=host, port=port) as server:
        yield server
