"""What a run says to the registers: its failures and what passed (pure)."""

from __future__ import annotations

from datetime import datetime

from harness.evidence.verdicts import Blame, BlameClass, ExecutionStatus, Verdict
from harness.registers.raising import Failure, RunSeen
from harness.registers.reliance import EvidenceFacts
from harness.reports.run import Instance, Run
from harness.reports.tally import FailureGroup, failure_title


def seen(run: Run) -> RunSeen:
    """Return the cases that failed or could not be run, each with its stable key, and those that passed.

    A case that is run on many releases passed where it passed on each. An inconclusive one is neither.
    """
    failures = tuple(_failure(each) for each in run.instances if _failed(each))
    passed = {each.id for each in run.instances if each.verdict is Verdict.PASS}
    others = {each.id for each in run.instances if each.verdict is not Verdict.PASS}
    return RunSeen(
        run=run.header.run,
        evidence=run.evidence_class,
        environment=run.header.environment,
        day=datetime.fromisoformat(run.header.at).date(),
        failures=failures,
        passed=frozenset(passed - others),
        builds=dict(run.header.builds),
    )


def evidence_facts(run: Run) -> EvidenceFacts:
    """Return what a run shows to somebody who relies on it."""
    passed = [each for each in run.instances if each.verdict is Verdict.PASS]
    failed = {
        name
        for each in run.instances
        if each.verdict is not Verdict.PASS
        for name in each.started.requirements
    }
    roles = {each.started.role for each in passed}
    roles |= {publication.role for each in passed for publication in each.publications}
    return EvidenceFacts(
        run=run.header.run,
        evidence=run.evidence_class,
        passed=frozenset(name for each in passed for name in each.started.requirements) - failed,
        failed=frozenset(failed),
        interfaces=frozenset(
            name
            for each in passed
            for name in (
                each.started.interface,
                *(publication.interface for publication in each.publications),
            )
        ),
        roles=frozenset(roles),
        problems=("its run was cut off",) if run.interrupted else (),
    )


def _failed(instance: Instance) -> bool:
    return instance.verdict in {Verdict.FAIL, Verdict.ERROR} or instance.status is ExecutionStatus.BLOCKED


def _failure(instance: Instance) -> Failure:
    check = next(iter(instance.failures), None)
    blame = instance.blame or Blame(BlameClass.HARNESS)
    group = FailureGroup(instance.key, instance.verdict, blame, (instance,))
    where = f"{instance.started.interface} [{instance.started.event_code}]: "
    return Failure(
        case=instance.id,
        key=instance.key,
        title=(where if instance.started.interface else "") + failure_title(group),
        blame=blame,
        release=instance.started.release,
        interface=instance.started.interface,
        requirements=tuple(instance.started.requirements),
        rule=check.rule if check else "",
        blocked=instance.status is ExecutionStatus.BLOCKED and instance.verdict is not Verdict.FAIL,
    )
