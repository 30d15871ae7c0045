"""A real hub over real TLS, one per test module, and messages to send to it."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.messages.build import build, encode
from harness.messages.context import Context
from harness.messages.identifiers import mpan
from harness.spec.release import load
from harness.transport.admin import Admin
from harness.transport.client import Answer, DipClient
from harness.transport.network import Network, Party
from simulators.embedded import BROKER_VARIABLE, STORE_VARIABLE, EmbeddedTarget
from tests.simulators.dip.services import POSTGRES, services

RELEASES = ("2.1.0", "2.2.1")
FILES, ENGINES = STORES = ("files", "postgres+nats")
"""Where a hub keeps what it took, and what carries it to who delivers."""
ON_BOTH = (
    "test_hub_delivery",
    "test_hub_durability",
    "test_hub_journal",
    "test_hub_lifecycle",
    "test_hub_order",
    "test_hub_replay",
    "test_hub_requeue",
    "test_hub_sending",
    "test_hub_status",
)
"""Modules that run on files, and once more on PostgreSQL with NATS."""
BESIDES = (
    "test_address_learning",
    "test_hub_codes",
    "test_hub_history",
    "test_hub_limits",
    "test_hub_openapi",
    "test_hub_overwriting",
    "test_hub_provider",
    "test_hub_refusals",
    "test_hub_settle",
    "test_hub_stages",
    "test_hub_status_stages",
    "test_hub_tokens",
)
"""Modules that do so where ``DIP_STORES=all``, as in `.ci/nightly`; others are about files, or neither."""


@dataclass
class Bench:
    """A running hub with what a test needs to speak to it."""

    target: EmbeddedTarget
    release: str = "2.1.0"
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _clients: dict[str, DipClient] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        """Return the parties."""
        return self.target.network

    @property
    def admin(self) -> Admin:
        """Return the admin client."""
        assert self.target.admin is not None
        return self.target.admin

    @property
    def log(self) -> str:
        """Return what the hub has logged."""
        return (self.target.store / "sim.log").read_text(encoding="utf-8")

    def party(self, role: str, place: int = 0) -> Party:
        """Return the first party of a role, or the one at ``place``."""
        return self.network.with_role(role)[place]

    def client(self, release: str = "") -> DipClient:
        """Return the client of a release."""
        release = release or self.release
        if release not in self._clients:
            self._clients[release] = DipClient(self.target.url(release), self.network, self.target.ca)
        return self._clients[release]

    def stored(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return what is in the store of the release; marks for parameters are SQLite's."""
        if STORE_VARIABLE in os.environ:
            with self._database() as connection:
                return connection.execute(sql.replace("?", "%s"), parameters).fetchall()
        with closing(sqlite3.connect(self.target.store / f"{self.release}.sqlite3")) as store:
            return store.execute(sql, parameters).fetchall()

    def change(self, sql: str) -> None:
        """Change what is in the store of the release, as another program would."""
        if STORE_VARIABLE in os.environ:
            with self._database() as connection:
                connection.execute(sql)
            return
        with closing(sqlite3.connect(self.target.store / f"{self.release}.sqlite3")) as store, store:
            store.execute(sql)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let another program hold the store of the release."""
        if STORE_VARIABLE in os.environ:
            with self._database() as connection:
                connection.execute("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
                yield
            return
        path = self.target.store / f"{self.release}.sqlite3"
        with closing(sqlite3.connect(path, isolation_level=None)) as store:
            store.execute("BEGIN IMMEDIATE")
            yield
            store.execute("ROLLBACK")

    def _database(self) -> Any:
        import psycopg

        (schema,) = {  # said once more by each process that began with the same log
            line["schema"]
            for line in map(json.loads, self.log.splitlines())
            if line["event"] == "store" and line.get("release") == self.release
        }
        return psycopg.connect(POSTGRES, options=f"-c search_path={schema}")

    def tag(self) -> str:
        """Return a text for S1.subText that no other message has."""
        return f"tag-{next(self._numbers)}"

    def message(
        self,
        interface: str = "IF-031",
        event: str = "MSApp",
        sender: Party | None = None,
        to: tuple[Party, ...] | None = None,
        *,
        tag: str | None = None,
        release: str = "",
        unique: int = 123,
        overrides: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Return a valid message with a reference of its own: by default an appointment request."""
        sender = sender or self.party("SUP")
        to = (self.party("REGS"),) if to is None else to
        number = next(self._numbers)
        distributor = self.party("LDSO")
        assert distributor.distributor_id is not None
        context = Context(
            seed=number,
            now=self.admin.now(),
            environment="SIT",
            sender_dip_id=sender.dip_id,
            sender_role=sender.role,
            connection_provider=None,
            sub_text=tag,
            mpan=mpan(distributor.distributor_id, unique),
            distributor_dip_id=distributor.dip_id,
            primary_recipients=tuple(party.dip_id for party in to),
            parties={party.role: (party.dip_id, party.mpid) for party in to},
            reference=f"S-{interface}-{sender.dip_id}-{sender.role}-20260101-{number:08x}",
        )
        return build(load(release or self.release), interface, event, context, overrides=overrides or {})

    def send(self, *payloads: dict[str, Any], party: Party | None = None, **options: Any) -> Answer:
        """Send messages in one request, by default as the first supplier to the first message's channel."""
        channel = options.pop("channel", None) or payloads[0]["CommonBlock"]["S0"]["interfaceID"]
        release = options.pop("release", "")
        body = options.pop("body", None)
        body = encode(list(payloads)) if body is None else body
        return self.client(release).send(party or self.party("SUP"), channel, body, **options)

    def settle(self, tag: str, timeout: float = 20.0) -> dict[str, Any]:
        """Wait until all that carries a tag has come to rest."""
        return self.admin.settle(tag, timeout=timeout)

    def close(self) -> None:
        """Stop the hub."""
        for client in self._clients.values():
            client.close()
        self.target.close()


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds a default network."""
    folder = tmp_path_factory.mktemp("simulators")
    EmbeddedTarget.prepare(folder)
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what must hold on both kinds of store on both."""
    modules = (*ON_BOTH, *BESIDES) if os.environ.get("DIP_STORES") == "all" else ON_BOTH
    if metafunc.module.__name__.rpartition(".")[2] in modules and "store_kind" in metafunc.fixturenames:
        metafunc.parametrize("store_kind", STORES, indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def store_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Say on which kind of store the hubs of a module run, and let them."""
    kind = str(getattr(request, "param", FILES))
    if kind == FILES:
        yield kind
        return
    with services() as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv(STORE_VARIABLE, found.store)
        patch.setenv(BROKER_VARIABLE, found.broker)
        yield kind


@pytest.fixture(scope="module")
def bench(network_folder: Path, request: pytest.FixtureRequest, store_kind: str) -> Iterator[Bench]:
    """Return a hub with two releases; it ends before its store does."""
    worker = f"{request.module.__name__.rpartition('.')[2]}-{store_kind}"
    bench = Bench(EmbeddedTarget(RELEASES, network_folder, worker=worker))
    yield bench
    bench.close()
    assert '"event":"fault"' not in bench.log
    assert "Traceback" not in bench.log
