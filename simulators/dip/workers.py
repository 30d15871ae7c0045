"""Several processes of one hub: ingress workers that share a port, and delivery workers.

A worker is a `dip sim up --role`. Those of one host are started, and started again should they end, by one
process; those of other hosts need nothing but the same store, broker and network.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import EnvironmentFault
from harness.transport.server import Server, serve, spare_memory
from simulators.dip.broker.settling import SharedTracker
from simulators.dip.exposition import PATH, counted, exposed, merged, scraped
from simulators.dip.fronts import before_hub
from simulators.dip.ground import Ground
from simulators.dip.logs import Log
from simulators.dip.mounting import PARTIES, mounted, stand
from simulators.dip.options import INGRESS, Options
from simulators.dip.postgres.place import Place
from simulators.dip.spreading import Spreading
from simulators.dip.stopping import stopping
from simulators.participants.service import Participants

READY = b"ready\n"
_METRICS = "metrics "
"""What the line begins with that names the URL of a process's metrics, after `READY`."""
_START_SECONDS = 60.0
_STOP_SECONDS = 8.0
_AGAIN_SECONDS = 0.3
STORE_VARIABLE, BROKER_VARIABLE = "DIP_STORE", "DIP_BROKER"
"""How workers are told where store and broker are: a command line can be read by anybody."""


@contextlib.contextmanager
def reserved(host: str, port: int) -> Iterator[Server]:
    """Hold a port for workers that share it; raises EnvironmentFault where it is in use."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            holder.bind(address)
            yield Server(host, holder.getsockname()[1], "https")
    except (OSError, AttributeError) as error:
        raise EnvironmentFault(f"workers can't share port {port} on {host}: {error}") from error


async def work(options: Options, folder: Path) -> None:
    """Be one worker until asked to stop."""
    stop = stopping(watch_stdin=options.watch_stdin)
    standing = stand(options, folder, SharedTracker())
    told: dict[str, str] = {}

    def base(release: str, dip_id: str) -> str | None:
        url = found.mounts[release].store.told(PARTIES)
        return f"{url}{Participants.path(release, dip_id)}" if url else None

    async with contextlib.AsyncExitStack() as stack:
        works = frozenset((options.role,))
        found = await stack.enter_async_context(mounted(standing, options, folder, base, works=works))
        store = next(iter(found.mounts.values())).store
        spreading = Spreading(store, standing.clock, standing.controls, standing.log)
        stack.push_async_callback(spreading.close)
        await spreading.follow()
        if options.role == INGRESS:
            host, port = options.listen
            server = await stack.enter_async_context(
                serve(
                    before_hub(standing, found),
                    host=host,
                    port=port,
                    tls=standing.ground.hub_tls,
                    shares_port=True,
                )
            )
            told["dip"] = server.url

        async def text() -> str:
            return counted(standing.controls.metrics, found.mounts)

        metrics = await stack.enter_async_context(exposed(text, *options.admin_listen))
        await found.begin()
        spare_memory()
        standing.log.write("info", "ready", role=options.role, pid=os.getpid(), **told)
        _tell_ready(metrics)
        await stop.wait()
        standing.log.write("info", "stopping", role=options.role, pid=os.getpid())


async def supervise(options: Options, folder: Path) -> None:
    """Run several workers of one role until asked to stop."""
    stop = stopping(watch_stdin=options.watch_stdin)
    standing = stand(options, folder, SharedTracker())
    async with contextlib.AsyncExitStack() as stack:
        if options.role == INGRESS:
            stack.enter_context(reserved(*options.listen))
        workers = Workers(options, standing.ground, standing.log)
        stack.push_async_callback(workers.close)
        await workers.start((options.role,))

        async def text() -> str:
            return merged("", await scraped(workers.metrics()))

        _tell_ready(await stack.enter_async_context(exposed(text, *options.admin_listen)))
        await stop.wait()


def _tell_ready(metrics: Server) -> None:
    """Print that a process is ready, and where its metrics are."""
    print(f"{READY.decode()}{_METRICS}{metrics.url}{PATH}", flush=True)


class Workers:
    """The workers of one host, each a child of this process."""

    def __init__(self, options: Options, ground: Ground, log: Log) -> None:
        self._options, self._ground, self._log = options, ground, log
        self._tasks: list[asyncio.Task[None]] = []
        self._children: dict[int, tuple[str, asyncio.subprocess.Process]] = {}
        """Name and process by process id; a name is its role and its place, as ``ingress-1``."""
        self._metrics: dict[str, str | None] = {}
        """URL by name; None while the worker is away."""
        self._ready: asyncio.Queue[int | None] = asyncio.Queue()

    async def start(self, roles: Iterable[str]) -> None:
        """Start them and wait until each is ready; raises EnvironmentFault when one doesn't come up."""
        names = [(role, f"{role}-{n}") for role in roles for n in range(1, self._options.workers + 1)]
        self._tasks = [asyncio.create_task(self._keep(*each), name=f"worker {each[1]}") for each in names]
        for _ in names:
            try:
                code = await asyncio.wait_for(self._ready.get(), _START_SECONDS)
            except TimeoutError as error:
                raise EnvironmentFault(f"a worker was not ready after {_START_SECONDS:.0f} s") from error
            if code is not None:
                raise EnvironmentFault(
                    f"a worker ended with exit code {code} before it was ready; its own message stands above"
                )

    def listed(self) -> list[Mapping[str, object]]:
        """Return the workers that run now."""
        return [
            {"pid": pid, "role": name.partition("-")[0], "worker": name}
            for pid, (name, _) in sorted(self._children.items())
        ]

    def metrics(self) -> Mapping[str, str | None]:
        """Return where each worker's metrics are, by its name; None for one that is away."""
        return dict(sorted(self._metrics.items()))

    async def close(self) -> None:
        """Stop them and wait for them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        children = [child for _, child in self._children.values()]
        for child in children:
            if child.stdin is not None:
                child.stdin.close()  # a worker ends by itself when its standard input does
        for child in children:
            try:
                await asyncio.wait_for(child.wait(), _STOP_SECONDS)
            except TimeoutError:
                child.kill()
                await child.wait()
        self._children.clear()

    async def _keep(self, role: str, name: str) -> None:
        """Run a worker, and another when it ends."""
        once_ready = False
        while True:
            child = await asyncio.create_subprocess_exec(
                *self._command(role),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, **self._variables()},
            )
            self._children[child.pid] = name, child
            assert child.stdout is not None
            line = await child.stdout.readline()
            if line == READY:
                self._metrics[name] = (await child.stdout.readline()).decode().removeprefix(_METRICS).strip()
            if not once_ready and (line == READY or child.returncode is not None):
                once_ready = line == READY
                self._ready.put_nowait(None if once_ready else child.returncode)
            code = await child.wait()
            self._children.pop(child.pid, None)
            self._metrics[name] = None
            self._log.write("warning", "worker ended", role=role, worker=name, pid=child.pid, code=code)
            if not once_ready:
                self._ready.put_nowait(code)
                return
            await asyncio.sleep(_AGAIN_SECONDS)

    def _command(self, role: str) -> list[str]:
        options, ground = self._options, self._ground
        host, port = options.listen
        command = [sys.executable, "-m", "harness", "sim", "up", "--role", role, "--watch-stdin"]
        command += ["--network", str(ground.network_file), "--environment", options.environment]
        command += ["--listen", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]
        for release in options.releases:
            command += ["--release", release]
        if options.pki is not None:
            command += ["--pki", str(options.pki)]
        for path in options.trusted:
            command += ["--trust", str(path)]
        if options.faults is not None:
            command += ["--faults", str(options.faults)]
        return command

    def _variables(self) -> dict[str, str]:
        options = self._options
        assert isinstance(options.store, Place)
        assert options.broker is not None
        return {STORE_VARIABLE: options.store.whole, BROKER_VARIABLE: options.broker.whole}
