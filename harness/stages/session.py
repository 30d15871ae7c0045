"""One process's share of a run: its target, its part of the event log, and the cases it plays."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.clock import Clock, SystemClock
from harness.errors import ConfigurationError
from harness.evidence.log import PARTS, EventLog
from harness.evidence.store import EvidenceStore
from harness.evidence.verdicts import Outcome
from harness.scenarios.engine import run_case
from harness.scenarios.model import Case
from harness.scenarios.play import Bench
from harness.security.trust import Trust
from harness.settings import current
from harness.spec.routing import load_routing
from harness.stages.options import DEFAULT_ENVIRONMENT, RunOptions, read_answers
from harness.stages.resume import sequences
from harness.stages.taking_part import CohortTarget, preferring
from harness.stages.targets import profile, provider
from harness.transport.client import DipClient
from harness.transport.network import Network
from harness.transport.target import Target
from harness.transport.target_clock import TargetClock


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workers of a run share."""

    network: Network
    environment: str
    folder: Path | None
    """Private folder of a target that we start ourselves; keys never lie in the run's folder."""
    ca: Path | None
    """The authorities of a target that we did not start; None for one that is simulated by its making."""


def prepare(options: RunOptions) -> Shared:
    """Make what all workers share. The caller removes the private folder at the end.

    Raises ConfigurationError when the environment asked for is not the target profile's.
    """
    own = provider(options.target)
    if own is not None:
        folder = Path(tempfile.mkdtemp(prefix="dip-run-"))
        try:
            network = _network(options, own.prepare(folder))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Shared(network, options.environment or DEFAULT_ENVIRONMENT, folder, None)
    target = profile(options.target)
    if options.environment not in ("", target.environment):
        raise ConfigurationError(
            f"the profile is for environment {target.environment}",
            where=options.target,
            mend=f"Leave --environment {options.environment} out, or take another profile.",
        )
    return Shared(_network(options, target.network), target.environment, None, target.ca)


def _network(options: RunOptions, network: Network) -> Network:
    """Return a target's network with the parties first that the selection is about."""
    return preferring(network, options.selection.plan, options.selection.members)


class Session:
    """Starts the target when the first case needs it; closes what it started."""

    def __init__(self, options: RunOptions, shared: Path | None, worker: str) -> None:
        self._options = options
        self._shared = shared
        self._worker = worker
        self._target: Target | None = None
        self._clock: Clock = SystemClock()
        self._bench: Bench | None = None
        self._clients: dict[str, DipClient] = {}
        self._log = EventLog(part(options.out, worker), after=sequences(options))

    def play(self, case: Case) -> Outcome:
        """Run one case to its verdict."""
        return run_case(case, self._ready(), self._options.out)

    def close(self) -> None:
        """Stop the target and close connections and the log."""
        for client in self._clients.values():
            client.close()
        if self._target is not None:
            self._target.close()
        self._log.close()

    def _ready(self) -> Bench:
        if self._bench is None:
            target = self._target = self._start()
            if self._options.selection.members:
                target = CohortTarget(target, _network(self._options, target.network))
            clock = self._clock = SystemClock() if target.admin is None else TargetClock(target.admin)
            self._bench = Bench(
                run=self._options.run,
                target=target,
                routing=load_routing(),
                settings=current(),
                clock=clock,
                log=self._log,
                store=EvidenceStore(self._options.out / "evidence"),
                trust=Trust.load([target.ca]),
                client=cache(self._client),
                answers=read_answers(self._options.answers) if self._options.answers else {},
            )
        return self._bench

    def _start(self) -> Target:
        own = provider(self._options.target)
        if own is None:
            return profile(self._options.target)
        assert self._shared is not None
        return own(
            self._options.releases,
            self._shared,
            environment=self._options.environment or DEFAULT_ENVIRONMENT,
            worker=self._worker,
        )

    def _client(self, release: str) -> DipClient:
        assert self._target is not None
        client = DipClient(
            self._target.url(release), self._target.network, self._target.ca, clock=self._clock
        )
        self._clients[release] = client
        return client


def part(out: Path, worker: str) -> Path:
    """Return where a process writes its share of the events."""
    return out / PARTS / f"events-{worker}.ndjson"
