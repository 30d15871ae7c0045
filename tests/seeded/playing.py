"""Plays shipped functional and migration cases with a fault in every simulated party that it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.data import folder
from harness.evidence.events import FaultApplied
from harness.evidence.verdicts import Outcome, Verdict
from harness.scenarios.catalogue import read_variants, scenario_files
from harness.scenarios.expand import cases_of, twinned
from harness.scenarios.model import Case
from harness.scenarios.twins import TWINS
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.transport.admin import Admin
from harness.transport.network import Network
from simulators.embedded import EmbeddedTarget
from simulators.participants import flaws  # noqa: F401 - it registers its faults
from simulators.participants.seeded import FAULTS
from simulators.participants.watching import WHICH
from simulators.registration import flaws as registration_flaws  # noqa: F401 - it registers its faults
from tests.scenarios.conftest import RELEASE, Stage

_SEED = 1


@cache
def calm_cases() -> dict[str, Case]:
    """Return every functional and migration case of the release by its id, unperturbed."""
    catalogue, release, routing = folder("test_catalogue"), load(RELEASE), load_routing()
    return {
        case.id: case
        for stage in ("sit_functional", "sit_migration")
        for path in scenario_files(catalogue / stage)
        for scenario in read_variants(path)
        for case in cases_of(scenario, release, routing, {}, _SEED)
    }


def case_called(name: str) -> Case:
    """Return the case of an id; ``ID~TWIN`` is a perturbed twin. Raises KeyError for an unknown one."""
    calm, _, twin = name.partition("~")
    case = calm_cases()[calm]
    if not twin:
        return case
    if twin not in TWINS:
        raise KeyError(name)
    return list(twinned(case, [twin], _SEED))[-1]


class SeedingAdmin(Admin):
    """An admin API through which every behaviour that fits a fault gets it."""

    def __init__(self, admin: Admin, network: Network) -> None:
        self.__dict__ = admin.__dict__
        self.network = network
        self.fault = ""

    def set_behaviours(self, tag: str, behaviours: Mapping[str, Mapping[str, Any]]) -> None:
        """Switch the behaviours on, with the fault in those whose role it fits."""
        super().set_behaviours(
            tag,
            {
                dip_id: {**options, "seeded": self.fault} if self._fits(dip_id) else options
                for dip_id, options in behaviours.items()
            },
        )

    def _fits(self, dip_id: str) -> bool:
        if not self.fault or self.fault == WHICH:
            return bool(self.fault)
        return self.network.by_dip_id(dip_id).role in FAULTS[self.fault].roles


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case with a fault in it."""

    outcome: Outcome
    applied: frozenset[str]
    """Names of the seeded faults that changed something."""

    @property
    def caught(self) -> bool:
        """Say whether the case failed, and a fault was at work."""
        return self.outcome.verdict is Verdict.FAIL and bool(self.applied)


class Player:
    """Plays cases on one embedded target."""

    def __init__(self, stage: Stage, admin: SeedingAdmin) -> None:
        self._stage = stage
        self._admin = admin

    def play(self, case: Case, fault: str = "") -> Result:
        """Play a case with a fault, without one, or (`WHICH`) noting which faults would change something."""
        self._admin.fault = fault
        try:
            outcome, events = self._stage.play(case)
        finally:
            self._admin.fault = ""
        applied = [event for event in events if isinstance(event, FaultApplied) and event.point == "party"]
        return Result(outcome, frozenset(event.fault for event in applied))

    def blamed_role(self, outcome: Outcome) -> str:
        """Return the role of the party that is blamed; empty where none is."""
        name = "" if outcome.blame is None else outcome.blame.party
        return next((party.role for party in self._admin.network.parties if party.name == name), "")


@contextmanager
def player(tmp: Path, options: Sequence[str] = ()) -> Iterator[Player]:
    """Start an embedded target and close it again."""
    with EmbeddedTarget([RELEASE], tmp / "embedded", options=options) as target:
        assert target.admin is not None
        admin = SeedingAdmin(target.admin, target.network)
        target.admin = admin
        stage = Stage(target, tmp)
        try:
            yield Player(stage, admin)
        finally:
            stage.close()
