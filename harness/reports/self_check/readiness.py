"""What a self-check adds up to: ready or not, and what stands in the way, most blocking first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.evidence.events import RunFinished, RunStarted
from harness.evidence.log import FILE, read_events
from harness.evidence.verdicts import Verdict
from harness.selfcheck.check import ADVISORY, PARTS, Result, checks
from harness.selfcheck.journal import results
from harness.selfcheck.running import OFFLINE

FORMAT = 1
FIRST = 3
"""How many things to mend are named first."""
_OPEN = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to mend: the check that fails, and how many others wait for it."""

    result: Result
    blocks: int

    @property
    def what(self) -> str:
        """What is wrong, in one sentence."""
        return self.result.reason

    @property
    def how(self) -> str:
        """What to do about it."""
        return self.result.hint


@dataclass(frozen=True)
class Readiness:
    """A self-check as its folder tells it."""

    folder: Path
    started: RunStarted
    ended: RunFinished | None
    results: tuple[Result, ...]
    """In the order of the checks."""

    @property
    def name(self) -> str:
        """The participant."""
        return self.started.network[0]["organisation"] if self.started.network else ""

    @property
    def at(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.started.at)

    @cached_property
    def fixes(self) -> tuple[Fix, ...]:
        """Everything that needs a move: failures before the unclear, the most blocking first."""
        waiting = Counter(each.blocked_by for each in self.results if each.blocked_by)
        found = [Fix(each, waiting[each.check.id]) for each in self.results if each.verdict in _OPEN]
        rank = {verdict: number for number, verdict in enumerate(_OPEN)}
        return tuple(
            sorted(found, key=lambda fix: (rank[fix.result.verdict], -fix.blocks, fix.result.check.order))
        )

    @property
    def first(self) -> tuple[Fix, ...]:
        """The things to mend first."""
        return self.fixes[:FIRST]

    @cached_property
    def totals(self) -> dict[str, int]:
        """How many checks have each verdict as it is shown."""
        counted = Counter(each.shown for each in self.results)
        names = [Verdict.PASS.value, ADVISORY, *(each.value for each in Verdict if each is not Verdict.PASS)]
        return {name: counted[name] for name in names}

    @property
    def parts(self) -> tuple[tuple[str, tuple[Result, ...]], ...]:
        """The results by part, with the part's title; parts without a result are left out."""
        found = []
        for part, title in PARTS.items():
            here = tuple(each for each in self.results if each.check.part == part)
            if here:
                found.append((title, here))
        return tuple(found)

    @property
    def scores(self) -> tuple[tuple[str, int, int], ...]:
        """Each part's title with how many of its checks passed, and how many came to a verdict."""
        return tuple(
            (
                title,
                sum(1 for each in results if each.verdict is Verdict.PASS),
                sum(1 for each in results if each.verdict in (Verdict.PASS, *_OPEN)),
            )
            for title, results in self.parts
        )

    @property
    def judged(self) -> int:
        """Checks that came to a verdict on the system."""
        return sum(1 for each in self.results if each.verdict in (Verdict.PASS, Verdict.FAIL))

    @property
    def whole(self) -> bool:
        """Whether every check was made, but for what does not apply to this participant."""
        return (
            len(self.results) == len(checks())
            and self.ended is not None
            and not self.ended.interrupted
            and not any(each.blocked_by or each.reason == OFFLINE for each in self.results)
        )

    @property
    def state(self) -> str:
        """``ready``, ``not ready``, or ``not known``: nothing fails, and not all was judged."""
        if any(each.verdict is Verdict.FAIL for each in self.results):
            return "not ready"
        if any(each.verdict in _OPEN for each in self.results):
            return "not known"
        return "ready" if self.whole else "not known"

    @property
    def sentence(self) -> str:
        """The state in plain words."""
        failing = sum(1 for each in self.results if each.verdict is Verdict.FAIL)
        open_ones = sum(1 for each in self.results if each.verdict in _OPEN) - failing
        blocked = sum(1 for each in self.results if each.blocked_by)
        left_out = sum(
            1
            for each in self.results
            if each.verdict in (Verdict.OMITTED, Verdict.SKIPPED) and not each.blocked_by
        )
        missing = len(checks()) - len(self.results)
        if self.state == "not ready":
            said = [f"{failing} of {_checks(len(self.results))} {'fails' if failing == 1 else 'fail'}"]
        elif open_ones:
            said = [f"nothing fails, and {_checks(open_ones)} could not be judged"]
        else:
            said = [f"nothing fails in {_checks(self.judged)}"]
        if self.state == "not ready" and open_ones:
            said.append(f"{open_ones} could not be judged")
        if blocked:
            said.append(f"{blocked} {'waits' if blocked == 1 else 'wait'} until they are mended")
        if left_out + missing:
            total = left_out + missing
            said.append(f"{total} {'was' if total == 1 else 'were'} not made")
        return f"{self.name} is {_WORDS[self.state]}: {'; '.join(said)}."


_WORDS = {
    "ready": "ready",
    "not ready": "not ready",
    "not known": "not known to be ready",
}


def read(folder: Path) -> Readiness:
    """Fold the events of a self-check; raises ConfigurationError for a folder that holds none."""
    found = results(folder)
    started: RunStarted | None = None
    ended: RunFinished | None = None
    for event in read_events(folder / FILE):
        if isinstance(event, RunStarted):
            started = event
        elif isinstance(event, RunFinished):
            ended = event
    assert started is not None, "results() refuses a folder without it"
    ordered = tuple(sorted(found.values(), key=lambda each: each.check.order))
    return Readiness(folder, started, ended, ordered)


def as_json(readiness: Readiness) -> dict[str, Any]:
    """Return the content of `check.json`."""
    ended = readiness.ended
    return {
        "format": FORMAT,
        "run": readiness.started.run,
        "participant": readiness.name,
        "releases": list(readiness.started.releases),
        "environment": readiness.started.environment,
        "started": readiness.started.at,
        "state": readiness.state,
        "sentence": readiness.sentence,
        "evidence_class": ended.evidence_class if ended else "rehearsal",
        "evidence_class_reason": ended.evidence_class_reason if ended else "the self-check did not end",
        "totals": readiness.totals,
        "parts": [
            {"title": title, "passed": passed, "judged": judged} for title, passed, judged in readiness.scores
        ],
        "first": [
            {"check": fix.result.check.id, "what": fix.what, "how": fix.how, "blocks": fix.blocks}
            for fix in readiness.first
        ],
        "checks": [_entry(each) for each in readiness.results],
    }


def _entry(result: Result) -> dict[str, Any]:
    return {
        "id": result.check.id,
        "part": result.check.part,
        "title": result.check.title,
        "rule": result.check.rule,
        "basis": result.check.basis,
        "verdict": result.verdict.value,
        "shown": result.shown,
        "reason": result.reason,
        "blame": result.blame.as_dict() if result.blame else None,
        "expected": result.expected,
        "actual": result.actual,
        "hint": result.hint,
        "blocked_by": result.blocked_by,
        "seconds": round(result.seconds, 3),
        "evidence": list(result.evidence),
        "findings": [
            {
                "title": each.title,
                "passed": each.passed,
                "severity": each.severity,
                "unclear": each.unclear,
                "expected": each.expected,
                "actual": each.actual,
                "hint": each.hint,
                "key": each.key,
            }
            for each in result.findings
        ],
    }


def _checks(count: int) -> str:
    return f"{count} {'check' if count == 1 else 'checks'}"
