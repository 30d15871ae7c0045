"""Entering load results into a run folder, so that verdicts reach RTTM and reports like any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.evidence.events import (
    AssumptionUsed,
    CheckMade,
    InstanceFinished,
    InstanceStarted,
    StepStarted,
)
from harness.evidence.log import EventLog
from harness.evidence.verdicts import Blame, BlameClass, Outcome, Verdict, status_of
from harness.settings import current
from harness.transport.network import SIMULATED, Network
from load.figures import Result
from load.judging import Check, Judgement, bound, shown
from load.measures import MEASURES
from load.profile import Profile

_SHOWN = (
    *("offered_per_s", "accepted_per_s", "error_rate", "answer_p50_ms", "answer_p95_ms", "answer_p99_ms"),
    *("delivery_p50_ms", "delivery_p95_ms", "delivery_p99_ms", "response_p50_ms", "response_p99_ms"),
    *("lost", "astray"),
)
"""Figures that reports show of every load, whether a profile limits them or not."""
_SETTINGS = ("load.late_seconds", "load.late_share", "load.others_share", "signing.skew_seconds")


def case_id(profile: Profile) -> str:
    """Return the id that reports show."""
    first = profile.flows[0]
    return f"{profile.id}/{first.interface}/{first.event}/{first.sender}"


def case_key(profile: Profile) -> str:
    """Return the case with its release."""
    return f"{case_id(profile)}@{profile.release}"


def as_taking_part(network: Network, played: frozenset[str]) -> Network:
    """Return a network in which the parties that the load plays count as simulated."""
    for party in network.parties:
        if party.dip_id in played and not party.simulated:
            network = network.replacing(replace(party, webhook=SIMULATED, webhooks={}, status_webhook=None))
    return network


def started(profile: Profile, *, seed: int, parties: Iterable[str], run: str) -> InstanceStarted:
    """Return the event that a profile's instance begins with."""
    first = profile.flows[0]
    return InstanceStarted(
        case=case_key(profile),
        case_id=case_id(profile),
        scenario=profile.id,
        title=profile.title,
        release=profile.release,
        stage=profile.stage,
        area=profile.area,
        polarity="positive",
        interface=first.interface,
        event_code=first.event,
        role=first.sender,
        parties=list(parties),
        requirements=list(profile.requirements),
        external_ids=dict(profile.external_ids),
        seed=seed,
        instance=f"load {run}",
        theme=profile.theme,
    )


def record(log: EventLog, found: Result, *, seed: int, seconds: float) -> Outcome:
    """Write a result's events; returns its outcome."""
    profile, judgement = found.profile, found.judgement
    case = case_key(profile)
    plan = found.played.plan
    log.write(started(profile, seed=seed, parties=sorted({lane.dip_id for lane in plan.lanes}), run=plan.run))
    log.write(StepStarted(case=case, number=1, step="load", text=described(profile)))
    for name, text, basis in assumptions(profile):
        log.write(AssumptionUsed(case=case, name=name, text=text, basis=basis))
    blame = blamed(judgement)
    log.write(_generator_check(case, judgement))
    for measure in _SHOWN:
        value = found.measured.values.get(measure)
        if value is not None and all(check.limit.measure != measure for check in judgement.checks):
            log.write(_figure(case, measure, value))
    for check in judgement.checks:
        log.write(_check(case, check, blame))
    outcome = Outcome(judgement.verdict, judgement.reason, blame)
    log.write(
        InstanceFinished(
            case=case,
            verdict=outcome.verdict.value,
            status=status_of(outcome).value,
            reason=outcome.reason,
            blame=blame.as_dict() if blame else None,
            seconds=round(seconds, 3),
        )
    )
    return outcome


def blamed(judgement: Judgement) -> Blame | None:
    """Say whose move it is: the hub's for a missed limit, the environment's for what could not be told."""
    if judgement.verdict is Verdict.PASS:
        return None
    if judgement.verdict is Verdict.FAIL:
        return Blame(BlameClass.CENTRAL_SYSTEM, "DIP")
    return Blame(BlameClass.ENVIRONMENT)


def described(profile: Profile) -> str:
    """Say what is offered, in words."""
    peak = max(max(phase.rate, phase.to) for phase in profile.shape)
    flows = "; ".join(
        f"{flow.interface} [{flow.event}] from {flow.participants} {flow.sender}" for flow in profile.flows
    )
    scale = f", {profile.scale:.3g} of the profile's rates" if profile.scale != 1 else ""
    return f"{profile.seconds:g} s, up to {shown('offered_per_s', peak)}{scale}: {flows}"


def assumptions(profile: Profile) -> Iterable[tuple[str, str, str]]:
    """Yield name, text and basis of what the verdict leans on that no rule gives."""
    volume = profile.volume
    if volume["basis"] != "rule":
        basis = "published" if volume["basis"] == "published" else "assumed"
        yield f"load:{profile.id}/volume", volume["source"], basis
    if profile.scale != 1:
        text = f"{profile.scale:.3g} of the rates were offered: it says nothing of the whole volume"
        yield f"load:{profile.id}/scale", text, "assumed"
    for limit in profile.limits:
        if limit.basis == "assumed":
            yield f"load:{profile.id}/{limit.measure}", f"{bound(limit)}: {limit.source}", "assumed"
    for name in _SETTINGS:
        setting = current()[name]
        yield f"setting:{name}", f"{setting.value} {setting.unit}: {setting.reason}", setting.basis


def _generator_check(case: str, judgement: Judgement) -> CheckMade:
    fitness = judgement.health
    return CheckMade(
        case=case,
        title="The load generator was healthy",
        passed=fitness.healthy,
        severity="error",
        expected="requests begun when they were due",
        actual=f"99 % begun within {fitness.late_p99_ms:.3g} ms, {fitness.late_share:.2%} late by itself",
        rule="load.late_seconds and load.late_share (settings)",
        blame=None if fitness.healthy else Blame(BlameClass.ENVIRONMENT).as_dict(),
        key="load:generator",
    )


def _figure(case: str, measure: str, value: float) -> CheckMade:
    """Return what was measured and has no limit, so that reports have it: it can't fail."""
    return CheckMade(
        case=case,
        title=MEASURES[measure].title,
        passed=True,
        severity="warning",
        expected="no target",
        actual=shown(measure, value),
        rule="measured, nothing asked",
        blame=None,
        key=f"load:figure:{measure}",
    )


def _check(case: str, check: Check, blame: Blame | None) -> CheckMade:
    cause = blame or Blame(BlameClass.CENTRAL_SYSTEM, "DIP")
    return CheckMade(
        case=case,
        title=check.limit.title,
        passed=check.passed,
        severity="error" if check.decides else "warning",
        expected=bound(check.limit),
        actual=shown(check.limit.measure, check.value),
        rule=f"{check.limit.source} ({check.limit.basis})",
        blame=None if check.passed else cause.as_dict(),
        key=f"load:{check.limit.measure}",
        hint=f"Relaxed: {check.limit.relaxed}" if check.limit.relaxed else "",
    )
