"""What is known of each test after several runs (pure values); evidence classes stay apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.evidence.events import InstanceStarted
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import Blame, ExecutionStatus, Verdict
from harness.registers.model import Defect, Override
from harness.reports.run import Party, Run

LEFT_OUT = (Verdict.OMITTED, Verdict.SKIPPED)
"""Verdicts of a case that was not played; they replace no result."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what a test was played; two attempts are comparable where all of it is the same."""

    scenario: str
    """Hash of what the scenario does, or of the whole catalogue in older runs."""
    release: str
    seed: int
    target: str
    environment: str
    harness: str
    builds: tuple[tuple[str, str], ...]
    """Of the parties, as far as somebody recorded them."""
    real: tuple[str, ...]
    """DIP ids of parties whose systems were real."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run's result of a test. ``ended`` is false where the run ended before the test did."""

    run: str
    folder: Path
    began: str
    at: str
    """When it ended; UTC."""
    verdict: Verdict
    status: ExecutionStatus
    reason: str
    blame: Blame | None
    key: str
    """Stable text to group equal failures by."""
    seconds: float
    conditions: Conditions
    cycle: str
    ended: bool

    @property
    def left_out(self) -> bool:
        """Whether the test was not played."""
        return self.verdict in LEFT_OUT

    def as_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "run": self.run,
            "folder": str(self.folder),
            "at": self.at,
            "verdict": self.verdict.value,
            "status": self.status.value,
            "reason": self.reason,
            "blame": self.blame.as_dict() if self.blame else None,
            "seconds": self.seconds,
            "seed": self.conditions.seed,
            "target": self.conditions.target,
            "builds": dict(self.conditions.builds),
            "cycle": self.cycle,
            "ended": self.ended,
        }


@dataclass(frozen=True, slots=True)
class Test:
    """One case on one release in one evidence class, over all runs given."""

    started: InstanceStarted
    """What the case is, as its last run had it."""
    evidence: EvidenceClass
    attempts: tuple[Attempt, ...]
    """Oldest first."""
    status: ExecutionStatus
    """Where it stands for people: last result, then overrides, then approved work-off."""
    why: str = ""
    """What moved the status away from the last result."""
    override: Override | None = None
    work_off: tuple[str, ...] = ()
    """Ids of approved, open work-off items that cover it."""
    defects: tuple[Defect, ...] = ()

    @property
    def case(self) -> str:
        """The case with its release."""
        return self.started.case

    @property
    def id(self) -> str:
        """The case id without the release."""
        return self.started.case_id

    @property
    def release(self) -> str:
        """The API release."""
        return self.started.release

    @property
    def first(self) -> Attempt:
        """The first result; where it was never played, the first attempt."""
        return next((each for each in self.attempts if not each.left_out), self.attempts[0])

    @property
    def last(self) -> Attempt:
        """The last result; being left out replaces none."""
        return next((each for each in reversed(self.attempts) if not each.left_out), self.attempts[-1])

    @property
    def verdict(self) -> Verdict:
        """What the machine saw last."""
        return self.last.verdict

    @property
    def retests(self) -> int:
        """How often it was played after the first time."""
        return max(0, sum(not each.left_out for each in self.attempts) - 1)

    @property
    def flaky(self) -> tuple[Attempt, Attempt] | None:
        """Two attempts under equal conditions of which one passed and one failed; None where there is none.

        Equal are scenario, release, environment, seed, target, harness, builds and who was real.
        """
        seen: dict[tuple[Conditions, Verdict], Attempt] = {}
        for attempt in self.attempts:
            if attempt.verdict not in (Verdict.PASS, Verdict.FAIL):
                continue
            other = Verdict.FAIL if attempt.verdict is Verdict.PASS else Verdict.PASS
            if (attempt.conditions, other) in seen:
                return seen[attempt.conditions, other], attempt
            seen[attempt.conditions, attempt.verdict] = attempt
        return None

    def as_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        flaky = self.flaky
        return {
            "id": self.id,
            "release": self.release,
            "evidence_class": self.evidence.value,
            "title": self.started.title,
            "scenario": self.started.scenario,
            "stage": self.started.stage,
            "area": self.started.area,
            "theme": self.started.theme,
            "interface": self.started.interface,
            "event": self.started.event_code,
            "role": self.started.role,
            "status": self.status.value,
            "why": self.why,
            "verdict": self.verdict.value,
            "first_verdict": self.first.verdict.value,
            "flaky": [each.run for each in flaky] if flaky else [],
            "override": self.override.id if self.override else None,
            "work_off": list(self.work_off),
            "defects": [each.id for each in self.defects],
            "requirements": list(self.started.requirements),
            "attempts": [each.as_dict() for each in self.attempts],
        }


def history(test: Test) -> str:
    """Return the verdicts of a test in one line, oldest first."""
    return " > ".join(each.verdict.value for each in test.attempts)


class Facet(StrEnum):
    """What tests are grouped by."""

    AREA = "area"
    THEME = "theme"
    INTERFACE = "interface"
    ROLE = "role"
    PARTY = "party"
    STAGE = "stage"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of tests of one evidence class; every verdict and status is there."""

    tests: int
    verdicts: Mapping[Verdict, int]
    statuses: Mapping[ExecutionStatus, int]
    played: int
    """Tests with a result, of whatever kind; those left out are not."""
    passed_at_first: int
    """Of the played ones, how many passed the first time."""
    retests: int
    flaky: int

    @property
    def passed(self) -> int:
        """Tests whose status is passed, work-off not counted in."""
        return self.statuses[ExecutionStatus.PASSED]

    def as_dict(self) -> dict[str, Any]:
        """Return them for a program."""
        return {
            "tests": self.tests,
            "played": self.played,
            "passed_at_first": self.passed_at_first,
            "retests": self.retests,
            "flaky": self.flaky,
            "verdicts": {key.value: count for key, count in self.verdicts.items()},
            "statuses": {key.value: count for key, count in self.statuses.items()},
        }


def totals(tests: Iterable[Test]) -> Totals:
    """Count tests; raises ValueError where they are of more than one evidence class."""
    listed = list(tests)
    if len({test.evidence for test in listed}) > 1:
        raise ValueError("evidence classes are never added")
    played = [test for test in listed if not test.last.left_out]
    verdicts, statuses = dict.fromkeys(Verdict, 0), dict.fromkeys(ExecutionStatus, 0)
    for test in listed:
        verdicts[test.verdict] += 1
        statuses[test.status] += 1
    return Totals(
        tests=len(listed),
        verdicts=verdicts,
        statuses=statuses,
        played=len(played),
        passed_at_first=sum(test.first.verdict is Verdict.PASS for test in played),
        retests=sum(test.retests for test in listed),
        flaky=sum(test.flaky is not None for test in listed),
    )


@dataclass(frozen=True)
class Standing:
    """All tests of the runs given, and the runs themselves in the order in which they began."""

    runs: tuple[Run, ...]
    tests: tuple[Test, ...]
    """By evidence class, most real first, then by case."""

    @cached_property
    def classes(self) -> tuple[EvidenceClass, ...]:
        """The evidence classes that there are, most real first."""
        return tuple(dict.fromkeys(test.evidence for test in self.tests))

    def of(self, evidence: EvidenceClass) -> tuple[Test, ...]:
        """Return the tests of one evidence class."""
        return tuple(test for test in self.tests if test.evidence is evidence)

    @cached_property
    def totals(self) -> Mapping[EvidenceClass, Totals]:
        """Counts for each class by itself."""
        return {kind: totals(self.of(kind)) for kind in self.classes}

    @cached_property
    def open_runs(self) -> tuple[Run, ...]:
        """Runs that were interrupted or cut off."""
        return tuple(run for run in self.runs if run.interrupted)

    @cached_property
    def parties(self) -> Mapping[str, Party]:
        """Everybody who took part in any run, by DIP id; real where any run had a real system of theirs."""
        found: dict[str, Party] = {}
        for run in self.runs:
            for party in run.parties:
                if party.dip_id and not (party.dip_id in found and found[party.dip_id].real):
                    found[party.dip_id] = party
        return found

    def party_name(self, name_or_id: str) -> str:
        """Return words for a party that an event names by DIP id or by name."""
        for run in reversed(self.runs):
            if run.party(name_or_id) is not None:
                return run.party_name(name_or_id)
        return name_or_id

    def by(self, facet: Facet, evidence: EvidenceClass) -> Mapping[str, Totals]:
        """Count the tests of one class by a facet; a test with several parties counts with each of them."""
        return {name: totals(tests) for name, tests in self.grouped(facet, evidence).items()}

    def grouped(self, facet: Facet, evidence: EvidenceClass) -> Mapping[str, tuple[Test, ...]]:
        """Return the tests of one class by a facet, names in order; without a name: an empty one."""
        found: dict[str, list[Test]] = {}
        names = _NAMES[facet]
        for test in self.of(evidence):
            for name in names(test) or ("",):
                found.setdefault(name, []).append(test)
        return {name: tuple(found[name]) for name in sorted(found)}

    def as_dict(self) -> dict[str, Any]:
        """Return the whole standing for a program."""
        return {
            "format": 1,
            "runs": [
                {
                    "run": run.header.run,
                    "folder": str(run.folder),
                    "stage": run.header.stage,
                    "cycle": run.header.cycle,
                    "started": run.header.at,
                    "finished": run.finished,
                    "evidence_class": run.evidence_class.value,
                    "interrupted": run.interrupted,
                    "not_started": run.not_started,
                }
                for run in self.runs
            ],
            "totals": {kind.value: counts.as_dict() for kind, counts in self.totals.items()},
            "tests": [test.as_dict() for test in self.tests],
        }


_NAMES: Mapping[Facet, Callable[[Test], tuple[str, ...]]] = {
    Facet.AREA: lambda test: (test.started.area,),
    Facet.THEME: lambda test: (test.started.theme,),
    Facet.INTERFACE: lambda test: (test.started.interface,),
    Facet.ROLE: lambda test: (test.started.role,),
    Facet.PARTY: lambda test: tuple(dict.fromkeys(test.started.parties)),
    Facet.STAGE: lambda test: (test.started.stage,),
    Facet.CYCLE: lambda test: tuple(dict.fromkeys(each.cycle for each in test.attempts)),
}
