"""Making checks in their order: what can't be judged because of an earlier one says so and does not fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence

from harness.errors import ConfigurationError, EnvironmentFault, HarnessError, nearest
from harness.evidence.verdicts import Blame, BlameClass, Verdict
from harness.selfcheck.check import Check, Finding, Omit, Result, Skip, checks, find
from harness.selfcheck.context import Context
from harness.selfcheck.journal import Journal
from harness.selfcheck.profile import Profile

OFFLINE = "it needs the network (--offline)"
Told = Callable[[Result], None]


def selected(only: Sequence[str]) -> tuple[Check, ...]:
    """Return the checks that were asked for, in their order, with those that they depend on.

    Without names: all. Raises ConfigurationError for a name that means none.
    """
    every = checks()
    if not only:
        return every
    wanted = {each.id for name in only for each in find(name)}
    by_id = {each.id: each for each in every}
    waiting = list(wanted)
    while waiting:
        for name in by_id[waiting.pop()].after:
            if name not in wanted:
                wanted.add(name)
                waiting.append(name)
    return tuple(each for each in every if each.id in wanted)


def refuse_unknown_exemptions(profile: Profile) -> None:
    """Raise ConfigurationError for an exemption from a check that does not exist."""
    known = {each.id for each in checks()}
    for each in profile.exemptions:
        if each.check and each.check not in known:
            raise ConfigurationError(
                f"an exemption names the check '{each.check}', which is none",
                where=str(profile.where),
                mend=nearest(each.check, known),
            )


def run(
    context: Context,
    chosen: Iterable[Check],
    journal: Journal,
    *,
    again: Collection[str] = (),
    told: Told = lambda _: None,
    begun: Callable[[Check], None] = lambda _: None,
) -> dict[str, Result]:
    """Make the chosen checks that have no result in the context yet, and those named in ``again``.

    Returns every result by id. KeyboardInterrupt passes through; what was finished is in the journal.
    """
    for each in chosen:
        if each.id in context.results and each.id not in again:
            continue
        begun(each)
        journal.begin(each)
        context.case, context.emit = journal.case(each), journal.write
        result = judge(each, context)
        journal.finish(result)
        context.results[each.id] = result
        told(result)
    return context.results


def judge(check: Check, context: Context) -> Result:
    """Make one check; whatever goes wrong in it becomes a verdict with blame."""
    left_out = _left_out(check, context)
    if left_out is not None:
        return left_out
    started = time.perf_counter()
    findings: list[Finding] = []
    try:
        for finding in check.function(context):
            findings.append(finding)
    except Omit as omit:
        if not findings:
            return Result(check, Verdict.OMITTED, omit.reason, omit.blame)
    except Skip as skip:
        return Result(check, Verdict.SKIPPED, skip.reason, Blame(BlameClass.PARTICIPANT))
    except ConfigurationError as error:
        findings.append(
            Finding(
                "the configuration can be used",
                False,
                expected="a configuration that can be used",
                actual=f"{error.where}: {error.what}" if error.where else error.what,
                hint=error.mend,
                blame=Blame(BlameClass.CONFIGURATION, context.profile.name),
            )
        )
    except EnvironmentFault as error:
        blame = Blame(BlameClass.ENVIRONMENT)
        return Result(check, Verdict.INCONCLUSIVE, str(error), blame, tuple(findings), _since(started))
    except (HarnessError, Exception) as error:
        reason = f"{type(error).__name__}: {error}"
        blame = Blame(BlameClass.HARNESS)
        return Result(check, Verdict.ERROR, reason, blame, tuple(findings), _since(started))
    return concluded(check, findings, _since(started), context.profile.name)


def concluded(check: Check, findings: Sequence[Finding], seconds: float, party: str) -> Result:
    """Return the verdict that findings add up to: a condition that does not hold outweighs an unclear one."""
    wrong = [each for each in findings if not each.passed and each.severity == "error"]
    certain = [each for each in wrong if not each.unclear]
    if not findings:
        reason = "it found nothing to judge"
        return Result(check, Verdict.OMITTED, reason, Blame(BlameClass.CONFIGURATION, party), (), seconds)
    if not wrong:
        return Result(check, Verdict.PASS, "", None, tuple(findings), seconds)
    first = (certain or wrong)[0]
    usual = Blame(check.blame, party if check.blame in _OWN else "")
    more = f", and {len(certain or wrong) - 1} more" if len(certain or wrong) > 1 else ""
    reason = f"{first.title}: {first.actual}{more}" if first.actual else f"{first.title}{more}"
    verdict = Verdict.FAIL if certain else Verdict.INCONCLUSIVE
    return Result(check, verdict, reason, first.blame or usual, tuple(findings), seconds)


_OWN = (BlameClass.PARTICIPANT, BlameClass.CONFIGURATION)


def _left_out(check: Check, context: Context) -> Result | None:
    exemption = next((each for each in context.profile.exemptions if each.check == check.id), None)
    if exemption is not None:
        agreed = f", agreed with {exemption.agreed_with}" if exemption.agreed_with else ""
        return Result(
            check, Verdict.SKIPPED, f"exempt: {exemption.reason}{agreed}", Blame(BlameClass.PARTICIPANT)
        )
    if check.online and context.offline:
        return Result(check, Verdict.OMITTED, OFFLINE, Blame(BlameClass.PARTICIPANT))
    for name in check.after:
        before = context.results.get(name)
        if before is None or before.verdict is Verdict.PASS:
            continue
        cause = before.blocked_by or before.check.id
        return Result(
            check, Verdict.OMITTED, _because(before), before.blame or Blame(check.blame), blocked_by=cause
        )
    return None


def _because(before: Result) -> str:
    if before.blocked_by:
        return before.reason
    word = {Verdict.FAIL: "did not pass", Verdict.OMITTED: "was left out", Verdict.SKIPPED: "was skipped"}
    return f"'{before.check.title}' {word.get(before.verdict, 'is ' + before.verdict.value)}"


def _since(started: float) -> float:
    return time.perf_counter() - started
