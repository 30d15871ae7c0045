"""A bench against embedded simulators that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.data import folder
from harness.evidence.events import Event
from harness.evidence.log import EventLog, read_events
from harness.evidence.store import EvidenceStore
from harness.evidence.verdicts import Outcome
from harness.scenarios.catalogue import read_scenario, scenario_files
from harness.scenarios.engine import run_case
from harness.scenarios.expand import cases_of, read_families
from harness.scenarios.model import Case
from harness.scenarios.play import Bench
from harness.security.trust import Trust
from harness.settings import current
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.transport.admin import Admin
from harness.transport.client import DipClient
from harness.transport.network import Network
from harness.transport.target_clock import TargetClock
from simulators.embedded import EmbeddedTarget

RELEASE = "2.1.0"


@cache
def shipped_cases() -> dict[str, Case]:
    """Return every shipped CIT case of the release by its id."""
    catalogue = folder("test_catalogue") / "cit"
    families = read_families(catalogue / "families.yaml")
    return {
        case.id: case
        for path in scenario_files(catalogue)
        for case in cases_of(read_scenario(path), load(RELEASE), load_routing(), families, 1)
    }


class AlteredAdmin:
    """The admin API of a hub that misbehaves: what `settle` reports is changed on its way to the harness."""

    def __init__(self, admin: Admin, change: Callable[[dict[str, Any]], None]) -> None:
        self._admin = admin
        self._change = change

    def settle(self, tag: str, *, timeout: float) -> dict[str, Any]:
        """Return the real report, changed."""
        report = self._admin.settle(tag, timeout=timeout)
        self._change(report)
        return report

    def __getattr__(self, name: str) -> Any:
        return getattr(self._admin, name)


class Target:
    """An embedded target with another admin API or fewer capabilities."""

    def __init__(self, real: EmbeddedTarget, admin: Any, capabilities: frozenset[str]) -> None:
        self._real = real
        self.admin = admin
        self.capabilities = capabilities
        self.ca = real.ca
        self.network: Network = real.network
        self.environment = real.environment

    def url(self, release: str) -> str:
        """Return the real base URL."""
        return self._real.url(release)

    def close(self) -> None:
        """Leave the real target to its fixture."""


class Stage:
    """Plays shipped cases, with a well-behaved hub or an altered one, and keeps their events."""

    def __init__(self, target: EmbeddedTarget, tmp: Path) -> None:
        assert target.admin is not None
        assert target.ca is not None
        self.target = target
        self.tmp = tmp
        self._plays = 0
        clock = TargetClock(target.admin)
        self._client = DipClient(target.url(RELEASE), target.network, target.ca, clock=clock)
        self.bench = Bench(
            run="test",
            target=target,  # type: ignore[arg-type]
            routing=load_routing(),
            settings=current(),
            clock=clock,
            log=EventLog(tmp / "unused.ndjson"),
            store=EvidenceStore(tmp / "evidence"),
            trust=Trust.load([target.ca]),
            client=lambda _: self._client,
        )

    def close(self) -> None:
        """Close connections and the log."""
        self._client.close()
        self.bench.log.close()

    def play(
        self,
        case: Case | str,
        *,
        change: Callable[[dict[str, Any]], None] | None = None,
        capabilities: frozenset[str] = frozenset({"admin", "clock", "faults"}),
        answers: dict[str, str] | None = None,
        folder: Path | None = None,
        network: Network | None = None,
    ) -> tuple[Outcome, list[Event]]:
        """Run a case to its verdict; returns it with the events."""
        self._plays += 1
        path = self.tmp / f"events-{self._plays}.ndjson"
        admin: Any = self.target.admin if change is None else AlteredAdmin(self.target.admin, change)  # type: ignore[arg-type]
        target = Target(self.target, admin, capabilities)
        target.network = network or target.network
        with EventLog(path) as log:
            bench = replace(
                self.bench,
                run=f"test-{self._plays}",
                target=target,
                log=log,
                answers=answers or {},  # type: ignore[arg-type]
            )
            outcome = run_case(
                shipped_cases()[case] if isinstance(case, str) else case, bench, folder or self.tmp
            )
        return outcome, list(read_events(path))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Embedded simulators of one release."""
    with EmbeddedTarget([RELEASE], tmp_path_factory.mktemp("embedded")) as target:
        shared = Stage(target, tmp_path_factory.mktemp("stage"))
        yield shared
        shared.close()
