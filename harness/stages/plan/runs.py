"""What runs showed, as the gate needs it: `results.json` and `rttm.json` of run folders.

Whether a run is still open, its events say: `results.json` is written of a run that was cut off, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.evidence.events import InstanceStarted, RunFinished, RunStarted
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.log import event_files, read_events
from harness.evidence.verdicts import ExecutionStatus

FORMAT = 1
_LEAST = EvidenceClass.REHEARSAL
_WAITS = ExecutionStatus.IN_PROGRESS.value
_STARTS = (b'{"event":"run-started"', b'{"event":"instance-started"')
_ENDS = (*_STARTS, b'{"event":"run-finished"')
_NAMED = 5


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
    """One run: stage, evidence class, when, and its results."""

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
    open: tuple[str, ...] = ()
    """Why it is open: it has no end, was interrupted, has cases that wait or were never begun."""
    ended: bool = True
    """Whether it has an end, and so a class that was computed; else ``evidence`` is the least of all."""


def with_players(facts: RunFacts, folder: Path) -> RunFacts:
    """Return the facts of a run with who took part, and in which case; reads the first events of each case.

    Raises ConfigurationError where the run's events can't be read.
    """
    network: tuple[Mapping[str, str], ...] = ()
    parties: dict[str, tuple[str, ...]] = {}
    for file in event_files(folder):
        for event in read_events(file, wanted=lambda line: line.startswith(_STARTS)):
            if isinstance(event, RunStarted):
                network = tuple(event.network)
            elif isinstance(event, InstanceStarted):
                parties[event.case] = tuple(event.parties)
    results = tuple(replace(each, parties=parties.get(each.key, ())) for each in facts.results)
    return replace(facts, network=network, results=results)


def read_run_facts(folder: Path) -> RunFacts:
    """Read a run's folder; one of a run that was killed before its results were written, too.

    Raises ConfigurationError when it holds no run, or broken results or events.
    """
    path = folder / "results.json"
    if not path.is_file() and event_files(folder)[0].is_file():
        return _killed(folder)
    data = _json(path)
    if data.get("format") != FORMAT:
        raise ConfigurationError(
            f"has format {data.get('format')!r}, format {FORMAT} is read here", where=str(path)
        )
    try:
        matrix = folder / "rttm.json"
        ended, why = _open(folder, data)
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
            open=why,
            ended=ended,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"is not what a run writes: {error!r}", where=str(path), mend="Name the folder of a run."
        ) from error


def _killed(folder: Path) -> RunFacts:
    """Return what is known of a run whose results were never written: that it began, and has no end."""
    events = (each for file in event_files(folder) for each in read_events(file, wanted=_is_header))
    header = next((each for each in events if isinstance(each, RunStarted)), None)
    if header is None:
        raise ConfigurationError("holds no run", where=str(folder), mend="Name the folder of a run.")
    why = ("has no results: it was cut off, or still goes on",)
    return RunFacts(
        header.run, str(folder), header.stage, _LEAST, header.at, "", (), (), open=why, ended=False
    )


def _is_header(line: bytes) -> bool:
    return line.startswith(_STARTS[0])


def _open(folder: Path, data: Mapping[str, Any]) -> tuple[bool, tuple[str, ...]]:
    """Say whether a run has an end, and why it is open, by its events and its results."""
    waiting = [str(each["id"]) for each in data["scenarios"] if each["status"] == _WAITS]
    more = f" and {len(waiting) - _NAMED} more" if len(waiting) > _NAMED else ""
    waits = [f"{len(waiting)} of its cases wait: {', '.join(waiting[:_NAMED])}{more}"] if waiting else []
    files = event_files(folder)
    if not files[0].is_file():
        return bool(data["finished"]), (*(["has no end"] if not data["finished"] else []), *waits)
    header: RunStarted | None = None
    end: RunFinished | None = None
    begun: set[str] = set()
    for file in files:
        for event in read_events(file, wanted=lambda line: line.startswith(_ENDS)):
            if isinstance(event, RunStarted):
                header = event
            elif isinstance(event, RunFinished):
                end = event
            elif isinstance(event, InstanceStarted):
                begun.add(event.case)
    why = []
    if end is None:
        why.append("has no end: it was cut off, or still goes on")
    elif end.interrupted:
        why.append("was interrupted")
    if header is not None and header.selected > len(begun):
        why.append(f"{header.selected - len(begun)} of its {header.selected} cases were never begun")
    return end is not None, (*why, *waits)


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
