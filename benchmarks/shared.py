"""Hubs that share a store and a broker, started for a benchmark: each with a schema of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import EnvironmentFault
from simulators.dip.broker.place import Broker
from simulators.dip.options import DELIVERY, INGRESS
from simulators.dip.postgres.place import Place
from simulators.dip.workers import BROKER_VARIABLE, READY, STORE_VARIABLE

STORE, BROKER = "postgresql://root@127.0.0.1/test", "nats://127.0.0.1:4222"
"""Where the engines are unless the environment (`DIP_STORE`, `DIP_BROKER`) says otherwise."""
_STOP_SECONDS = 10.0
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Hub:
    """Some ingress workers of one hub; who delivers can be started later."""

    release: str
    network_file: Path
    environment: str
    place: Place
    broker: Broker
    port: int

    @property
    def url(self) -> str:
        """The base URL of the release."""
        return f"https://127.0.0.1:{self.port}/{self.release}"

    @contextlib.contextmanager
    def workers(self, role: str, count: int) -> Iterator[Sequence[int]]:
        """Run workers of a role for as long as the block; gives their process ids."""
        command = [sys.executable, "-m", "harness", "sim", "up", "--role", role, "--workers", str(count)]
        command += ["--watch-stdin", "--release", self.release, "--network", str(self.network_file)]
        command += ["--environment", self.environment]
        command += ["--listen", f"127.0.0.1:{self.port if role == INGRESS else 0}"]
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, STORE_VARIABLE: self.place.whole, BROKER_VARIABLE: self.broker.whole},
            start_new_session=os.name == "posix",
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            if child.stdout.readline() != READY:
                raise EnvironmentFault(
                    f"the {role} workers did not start",
                    mend=f"See what `dip sim up --role {role} --store {self.place.shown} "
                    f"--broker {self.broker.shown}` says.",
                )
            yield [child.pid] if count == 1 else _children(child.pid)
        finally:
            child.stdin.close()
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            child.stdout.close()

    def store_bytes(self) -> int:
        """Return how much the schema takes up, with its indexes."""
        from simulators.dip.postgres.link import connect

        schema = self.place.schema_of(self.release)
        with connect(self.place, schema) as connection:
            row = connection.execute(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                " WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
                (schema,),
            ).fetchone()
        return int(row[0]) if row and row[0] else 0

    def stream_bytes(self) -> int:
        """Return how much the stream takes up."""

        async def ask() -> int:
            import nats

            client = await nats.connect(self.broker.url)
            info = await client.jetstream().stream_info(self.place.schema_of(self.release))
            await client.close()
            return int(info.state.bytes)

        return asyncio.run(ask())


@contextlib.contextmanager
def hub(release: str, network_file: Path, environment: str) -> Iterator[Hub]:
    """Give a hub a schema, a stream and a port; schema and stream are removed afterwards.

    Raises EnvironmentFault where PostgreSQL or NATS is absent.
    """
    place = Place.read(os.environ.get(STORE_VARIABLE, STORE))
    place = replace(place, schema=f"bench{os.getpid()}_{secrets.token_hex(3)}")
    broker = Broker.read(os.environ.get(BROKER_VARIABLE, BROKER))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        yield Hub(release, network_file, environment, place, broker, port)
    finally:
        from simulators.dip.postgres.migrate import drop

        drop(place, place.schema_of(release))
        asyncio.run(_drop(broker, place.schema_of(release)))


async def _drop(broker: Broker, name: str) -> None:
    import nats
    from nats.js.errors import NotFoundError

    client = await nats.connect(broker.url)
    with contextlib.suppress(NotFoundError):
        await client.jetstream().delete_stream(name)
    await client.close()


def engines() -> list[int]:
    """Return the process ids of PostgreSQL and NATS on this machine, whoever uses them."""
    found = []
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "comm").read_text().strip() in ("postgres", "nats-server"):
                found.append(int(folder.name))
    return found


def _children(pid: int) -> list[int]:
    found = []
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(folder.name))
    return found


__all__ = ["DELIVERY", "INGRESS", "Hub", "engines", "hub"]
