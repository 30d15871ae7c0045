"""What runs showed, as the gate needs it: `results.json` and `rttm.json` of run folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.evidence.events import InstanceStarted, RunStarted
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.log import FILE, read_events

FORMAT = 1
_STARTS = (b'{"event":"run-started"', b'{"event":"instance-started"')


@dataclass(frozen=True, slots=True)
class Result:
    """One case of a run; ``key`` is case id and release, ``status`` the execution status."""

    case: str
    release: str
    verdict: str
    status: str
    reason: str
    parties: tuple[str, ...] = ()
    """DIP ids of those who took part; none where `with_players` has not read them."""
    requirements: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name the case and its release."""
        return f"{self.case}@{self.release}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement for one role in a run's trace matrix."""

    id: str
    role: str
    phases: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run: stage, evidence class, when, and its results. ``finished`` is empty while it is open."""

    run: str
    folder: str
    stage: str
    evidence: EvidenceClass
    started: str
    finished: str
    results: tuple[Result, ...]
    requirements: tuple[Requirement, ...]
    network: tuple[Mapping[str, str], ...] = ()
    """The parties: organisation, name, mpid, role, dip_id, real ("yes" or "no"); from `with_players`."""


def with_players(facts: RunFacts, folder: Path) -> RunFacts:
    """Return the facts of a run with who took part, and in which case; reads the first events of each case.

    Raises ConfigurationError where the run's events can't be read.
    """
    network: tuple[Mapping[str, str], ...] = ()
    parties: dict[str, tuple[str, ...]] = {}
    for event in read_events(folder / FILE, wanted=lambda line: line.startswith(_STARTS)):
        if isinstance(event, RunStarted):
            network = tuple(event.network)
        elif isinstance(event, InstanceStarted):
            parties[event.case] = tuple(event.parties)
    results = tuple(replace(each, parties=parties.get(each.key, ())) for each in facts.results)
    return replace(facts, network=network, results=results)


def read_run_facts(folder: Path) -> RunFacts:
    """Read a run's folder; raises ConfigurationError when it holds no results, or broken ones."""
    path = folder / "results.json"
    data = _json(path)
    if data.get("format") != FORMAT:
        raise ConfigurationError(
            f"has format {data.get('format')!r}, format {FORMAT} is read here", where=str(path)
        )
    try:
        matrix = folder / "rttm.json"
        return RunFacts(
            run=str(data["run"]),
            folder=str(folder),
            stage=str(data["stage"]),
            evidence=EvidenceClass(data["evidence_class"]),
            started=str(data["started"]),
            finished=str(data["finished"] or ""),
            results=tuple(
                Result(
                    str(each["id"]),
                    str(each["release"]),
                    str(each["verdict"]),
                    str(each["status"]),
                    str(each.get("reason", "")),
                    requirements=tuple(map(str, each.get("requirements", ()))),
                )
                for each in data["scenarios"]
            ),
            requirements=tuple(_requirement(each) for each in _json(matrix)["requirements"])
            if matrix.is_file()
            else (),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"is not what a run writes: {error!r}", where=str(path), mend="Name the folder of a run."
        ) from error


def _requirement(row: Mapping[str, Any]) -> Requirement:
    phases = tuple(phase.strip() for phase in str(row.get("phases_required", "")).split(",") if phase.strip())
    return Requirement(
        str(row["our_id"]),
        str(row.get("role", "")),
        phases,
        str(row.get("status_in_this_run", "not started")),
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            "there is no such file", where=str(path), mend="Name the folder of a run."
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"can't be read: {error}", where=str(path)) from error
    if not isinstance(data, dict):
        raise ConfigurationError("holds no JSON object", where=str(path))
    return data
