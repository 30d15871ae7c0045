"""A run's verdicts as outcomes of test points: one per test case and party (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.evidence.verdicts import ExecutionStatus, Verdict
from harness.registers.model import Override, Registers
from harness.reports.moves import whose_move
from harness.reports.run import Instance, Run

_TOLD = 5
_LONGEST = 1000
WORST_FIRST = ("Failed", "Error", "Blocked", "Inconclusive", "Passed", "NotExecuted", "NotApplicable")
"""Outcomes of the service, the worst of a test case's cases decides."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a point is to show: the service's word, and a comment in ours."""

    outcome: str
    comment: str


_DECIDED: Mapping[ExecutionStatus, str] = {
    ExecutionStatus.NOT_STARTED: "NotExecuted",
    ExecutionStatus.IN_PROGRESS: "Inconclusive",
    ExecutionStatus.BLOCKED: "Blocked",
    ExecutionStatus.PASSED: "Passed",
    ExecutionStatus.FAILED: "Failed",
    ExecutionStatus.PASSED_WITH_WORK_OFF: "Passed",
    ExecutionStatus.NOT_APPLICABLE: "NotApplicable",
    ExecutionStatus.DESCOPED: "NotApplicable",
}
"""What an override's status is there."""


def outcomes(run: Run, registers: Registers | None = None) -> Mapping[tuple[str, str], Outcome]:
    """Return an outcome per test case (our id) and party that plays in it.

    Overrides of the registers count, and the comment names them and the open defects.
    """
    found: dict[tuple[str, str], list[Instance]] = {}
    for instance in run.instances:
        for party in players(run, instance):
            found.setdefault((case_key(instance), party), []).append(instance)
    return {place: _outcome(run, instances, registers) for place, instances in found.items()}


def case_key(instance: Instance) -> str:
    """Return our id of the scenario or variant that an instance belongs to."""
    started = instance.started
    return f"{started.scenario}.{started.variant}" if started.variant else started.scenario


def players(run: Run, instance: Instance) -> tuple[str, ...]:
    """Name the parties that play in an instance, as the network file does."""
    parties = (run.party(dip_id) for dip_id in instance.started.parties)
    return tuple(dict.fromkeys(party.name for party in parties if party is not None))


def run_title(run: Run) -> str:
    """Return the name of a run's test run, by which it is found again."""
    return f"dip {run.header.run}"


def run_comment(run: Run) -> str:
    """Say what a run was, its evidence class first."""
    header = run.header
    return (
        f"Evidence class: {run.evidence_class} ({run.evidence_class_reason}). Stage {header.stage}, "
        f"release {', '.join(header.releases)}, environment {header.environment}, seed {header.seed}."
    )


def _outcome(run: Run, instances: Iterable[Instance], registers: Registers | None) -> Outcome:
    listed = [(each, _override(run, each, registers)) for each in instances]
    words = [_word(each, override) for each, override in listed]
    worst = min(words, key=WORST_FIRST.index)
    counts = Counter(each.verdict.value for each, _ in listed)
    totals = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    lines = [f"{run.evidence_class}, run {run.header.run}: {totals}"]
    for override in dict.fromkeys(override.id for _, override in listed if override):
        lines.append(f"{override}: two people decided another status than the verdict's")
    bad = [each for (each, _), word in zip(listed, words, strict=True) if word == worst]
    if worst in {"Passed", "NotExecuted", "NotApplicable"}:
        bad = []
    for each in bad[:_TOLD]:
        move = whose_move(run, each.blame)
        lines.append(f"{each.case}: {each.reason}{f' (move: {move})' if move else ''}")
    if len(bad) > _TOLD:
        lines.append(f"and {len(bad) - _TOLD} more")
    defects = (
        [] if registers is None else [d for each in bad for d in registers.defects_of(each.id) if d.open]
    )
    if defects:
        lines.append(f"defects: {', '.join(dict.fromkeys(each.id for each in defects))}")
    return Outcome(worst, "\n".join(lines)[:_LONGEST])


def _override(run: Run, instance: Instance, registers: Registers | None) -> Override | None:
    if registers is None:
        return None
    return registers.override_of(
        instance.id, release=instance.started.release, run=run.header.run, evidence=run.evidence_class
    )


def _word(instance: Instance, override: Override | None) -> str:
    if override is not None:
        return _DECIDED[override.status]
    if instance.verdict is Verdict.FAIL:
        return "Failed"
    if instance.verdict is Verdict.ERROR:
        return "Error"
    if instance.status is ExecutionStatus.BLOCKED:
        return "Blocked"
    if instance.verdict is Verdict.INCONCLUSIVE:
        return "Inconclusive"
    return "Passed" if instance.verdict is Verdict.PASS else "NotExecuted"
