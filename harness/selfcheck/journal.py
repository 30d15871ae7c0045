"""The folder of a self-check: its events, from which a check is resumed, repeated and reported.

It is a run folder (`docs/reports.md`): each check is an instance of the stage ``self-check``, each finding a
condition that was judged. A check that is made again adds an attempt; the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import harness
from harness.errors import ConfigurationError
from harness.evidence.events import (
    AnswerReceived,
    AssumptionUsed,
    CheckMade,
    Event,
    InstanceEvent,
    InstanceFinished,
    InstanceStarted,
    MessageSent,
    RunFinished,
    RunStarted,
)
from harness.evidence.evidence_class import EvidenceClass, System, evidence_class
from harness.evidence.log import FILE, EventLog, read_events
from harness.evidence.verdicts import Blame, BlameClass, Verdict, status_of
from harness.evidence.verdicts import Outcome as Judged
from harness.selfcheck.check import PARTS, Check, Finding, Result, checks
from harness.selfcheck.profile import Profile
from harness.writing import write_whole

STAGE = "self-check"
UNCLEAR = "unclear"
ADVICE = "warning"
BLOCKED = "can't be judged before "


class Journal:
    """Writes what a self-check does; opening one that is there goes on with it."""

    def __init__(self, folder: Path, profile: Profile, selected: Iterable[Check]) -> None:
        self.folder = folder
        self._profile = profile
        begun = (folder / FILE).is_file()
        if begun:
            _cut(folder / FILE)
        self._log = EventLog(folder / FILE, after=_sequences(folder) if begun else None)
        if not begun:
            self._log.write(_started(folder.name, profile, selected))

    def case(self, check: Check) -> str:
        """Return the name of a check in events."""
        return f"{check.id}@{self._profile.releases[0]}"

    def begin(self, check: Check) -> None:
        """A check begins."""
        self._log.write(
            InstanceStarted(
                case=self.case(check),
                case_id=check.id,
                scenario=check.part,
                title=check.title,
                release=self._profile.releases[0],
                stage=STAGE,
                area=PARTS[check.part],
                polarity="positive",
                interface="",
                event_code="",
                role="",
                parties=[party.dip_id for party in self._profile.parties],
                requirements=[],
                external_ids={},
                seed=0,
                instance="",
            )
        )
        if check.basis != "published":
            self._log.write(
                AssumptionUsed(
                    case=self.case(check),
                    name=f"self-check:{check.id}",
                    text=check.rule,
                    basis=check.basis,
                )
            )

    def write(self, event: InstanceEvent) -> None:
        """Write what happened within a check."""
        self._log.write(event)

    def finish(self, result: Result) -> None:
        """A check ends: its findings, its verdict."""
        case = self.case(result.check)
        for each in result.findings:
            self._log.write(_made(case, each, result.check))
        outcome = Judged(result.verdict, result.reason, result.blame)
        blocked = bool(result.blocked_by)
        reason = f"{BLOCKED}{result.blocked_by}: {result.reason}" if blocked else result.reason
        self._log.write(
            InstanceFinished(
                case=case,
                verdict=result.verdict.value,
                status=status_of(outcome, precondition_failed=blocked).value,
                reason=reason,
                blame=_blame(result.blame),
                seconds=round(result.seconds, 3),
            )
        )

    def end(self, met: Iterable[str], seconds: float, *, interrupted: bool) -> None:
        """The self-check ends; ``met`` names the real systems that answered."""
        kind, reason = class_of(self._profile, set(met))
        self._log.write(
            RunFinished(
                evidence_class=kind.value,
                evidence_class_reason=reason,
                seconds=round(seconds, 3),
                interrupted=interrupted,
            )
        )

    def close(self) -> None:
        """Close the file."""
        self._log.close()


def class_of(profile: Profile, met: set[str]) -> tuple[EvidenceClass, str]:
    """Return what a self-check proves: nothing of a system that did not answer."""
    if not met:
        return (
            EvidenceClass.REHEARSAL,
            "nothing real took part: files and settings were read, and no system of the participant answered",
        )
    return evidence_class([System("DIP", "dip" in met), System(profile.name, "participant" in met)])


def results(folder: Path) -> dict[str, Result]:
    """Return what each finished check of a folder came to, by id; its last attempt counts.

    Raises ConfigurationError for a folder that holds no self-check.
    """
    known = {each.id: each for each in checks()}
    names: dict[str, str] = {}
    findings: dict[str, list[Finding]] = {}
    evidence: dict[str, list[str]] = {}
    found: dict[str, Result] = {}
    for event in _events(folder):
        if isinstance(event, InstanceStarted):
            names[event.case] = event.case_id
            findings[event.case], evidence[event.case] = [], []
            found.pop(event.case_id, None)
        elif isinstance(event, MessageSent | AnswerReceived):
            evidence[event.case].append(event.body)
        elif isinstance(event, CheckMade):
            check = known.get(names[event.case])
            findings[event.case].append(_finding(event, check.rule if check else ""))
        elif isinstance(event, InstanceFinished) and names[event.case] in known:
            check = known[names[event.case]]
            found[check.id] = _result(event, check, findings[event.case], evidence[event.case])
    return found


def met(folder: Path) -> set[str]:
    """Return which real systems answered so far, as the last end says."""
    last = [event for event in _events(folder) if isinstance(event, RunFinished)]
    return {"participant"} if last and last[-1].evidence_class != EvidenceClass.REHEARSAL.value else set()


def _events(folder: Path) -> list[Event]:
    if not (folder / FILE).is_file():
        raise ConfigurationError(
            f"holds no {FILE}", where=str(folder), mend="Give the folder of an earlier dip check run."
        )
    events = list(read_events(folder / FILE))
    if not events or not isinstance(events[0], RunStarted) or events[0].stage != STAGE:
        raise ConfigurationError(
            "holds a run, and no self-check", where=str(folder), mend="Give the folder of a dip check run."
        )
    return events


def _cut(path: Path) -> None:
    """Take away a last line that a killed process left unfinished, so that what follows stands on its own."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        write_whole(path, data[:whole])


def _sequences(folder: Path) -> Mapping[str, int]:
    numbers: dict[str, int] = {}
    for event in _events(folder):
        if isinstance(event, InstanceEvent):
            numbers[event.case] = max(event.sequence, numbers.get(event.case, 0))
    return numbers


def _started(run: str, profile: Profile, selected: Iterable[Check]) -> RunStarted:
    chosen = list(selected)
    return RunStarted(
        run=run,
        stage=STAGE,
        releases=list(profile.releases),
        seed=0,
        target="embedded",
        environment=profile.environment,
        network=[
            {
                "organisation": party.organisation,
                "name": party.name,
                "mpid": party.mpid,
                "role": party.role,
                "dip_id": party.dip_id,
                "real": "no" if party.simulated else "yes",
            }
            for party in profile.parties
        ],
        harness_version=harness.__version__,
        catalogue="",
        options={"profile": profile.where.name},
        selected=len(chosen),
    )


def _made(case: str, finding: Finding, check: Check) -> CheckMade:
    severity = UNCLEAR if finding.unclear else "error" if finding.severity == "error" else ADVICE
    return CheckMade(
        case=case,
        title=finding.title,
        passed=finding.passed,
        severity=severity,
        expected=finding.expected,
        actual=finding.actual,
        rule=finding.rule or check.rule,
        blame=_blame(finding.blame),
        key=finding.key,
        hint=finding.hint,
    )


def _finding(event: CheckMade, usual: str) -> Finding:
    """Return a finding; ``usual`` is its check's rule, which a finding does not repeat."""
    blame = event.blame
    return Finding(
        title=event.title,
        passed=event.passed,
        expected=event.expected,
        actual=event.actual,
        hint=event.hint,
        severity="advice" if event.severity == ADVICE else "error",
        unclear=event.severity == UNCLEAR,
        blame=Blame(BlameClass(blame["class"]), blame.get("party", "")) if blame else None,
        key=event.key,
        rule="" if event.rule == usual else event.rule,
    )


def _result(event: InstanceFinished, check: Check, findings: list[Finding], evidence: list[str]) -> Result:
    blocked, reason = "", event.reason
    if reason.startswith(BLOCKED):
        blocked, _, reason = reason.removeprefix(BLOCKED).partition(": ")
    blame = event.blame
    return Result(
        check=check,
        verdict=Verdict(event.verdict),
        reason=reason,
        blame=Blame(BlameClass(blame["class"]), blame.get("party", "")) if blame else None,
        findings=tuple(findings),
        seconds=event.seconds,
        blocked_by=blocked,
        evidence=tuple(dict.fromkeys(each for each in evidence if each)),
    )


def _blame(blame: Blame | None) -> dict[str, str] | None:
    return blame.as_dict() if blame else None
