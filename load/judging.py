"""From figures to a verdict: the generator's own first, then every limit of the profile (pure).

A result of an unhealthy generator is inconclusive: what was offered was not what the profile asks for, and
the figures may be the generator's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.evidence.verdicts import Verdict
from harness.settings import Settings
from load.crowding import is_of_time
from load.measures import MEASURES
from load.measuring import Measured
from load.profile import Limit, Profile

_NO_ORDER = "the target promises no order of delivery"


@dataclass(frozen=True, slots=True)
class Health:
    """How the generator itself fared: its own verdict."""

    healthy: bool
    reasons: tuple[str, ...]
    late_share: float
    """Share of requests that it began over `load.late_seconds` after they were due, by its own fault."""
    late_p99_ms: float
    late_max_ms: float
    busy: float
    """Busiest generator process, share of a core."""
    signed: int
    signing_us: float
    """Processor time of one signature with its message, microseconds."""
    held_up: int
    others: float | None = None
    """Share of the machine's processors that other programs took; None: not told, or of no matter."""
    crowded: bool = False
    """Whether that is more than `load.others_share`."""


@dataclass(frozen=True, slots=True)
class Check:
    """A limit, held against what was measured; ``value`` None: not measured."""

    limit: Limit
    value: float | None
    passed: bool

    @property
    def decides(self) -> bool:
        """Whether a miss decides the verdict."""
        return not self.limit.relaxed


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of a run with its reasons."""

    verdict: Verdict
    reason: str
    checks: tuple[Check, ...]
    health: Health


def health(
    measured: Measured,
    told: Sequence[Mapping[str, float]],
    settings: Settings,
    *,
    others: float | None = None,
) -> Health:
    """Judge the generator by its lateness; ``told`` is what its processes say of themselves.

    ``others`` is the share of the processors that other programs took beside a rehearsal.
    """
    most = settings.number("load.late_seconds")
    late = 1.0 - measured.lateness.share_within(most)
    busy = max((each["cpu_seconds"] / each["seconds"] for each in told if each["seconds"]), default=0.0)
    signed = int(sum(each["signed"] for each in told))
    cost = sum(each["signing_cpu_seconds"] for each in told)
    reasons = []
    allowed = settings.number("load.late_share")
    if late > allowed:
        reasons.append(
            f"{late:.1%} of its requests began more than {most * 1000:.0f} ms late by its own fault, "
            f"at most {allowed:.0%} may"
        )
    return Health(
        healthy=not reasons,
        reasons=tuple(reasons),
        late_share=late,
        late_p99_ms=measured.lateness.percentile(0.99) * 1000,
        late_max_ms=measured.lateness.largest * 1000,
        busy=busy,
        signed=signed,
        signing_us=cost / signed * 1e6 if signed else 0.0,
        held_up=measured.held_up,
        others=others,
        crowded=others is not None and others > settings.number("load.others_share"),
    )


def judge(profile: Profile, measured: Measured, fitness: Health, *, rehearsal: bool) -> Judgement:
    """Hold figures to limits; one that decides and was not measured makes a run inconclusive.

    So do missed limits on times and rates alone where other programs used the machine of a rehearsal.
    """
    checks = tuple(_check(limit, measured.values.get(limit.measure)) for limit in _limits(profile, measured))
    failed = [check for check in checks if not check.passed and check.decides and check.value is not None]
    unknown = [check for check in checks if check.value is None and check.decides]
    if not fitness.healthy:
        reason = f"The generator was not healthy: {'; '.join(fitness.reasons)}."
        return Judgement(Verdict.INCONCLUSIVE, reason, checks, fitness)
    if failed:
        missed = "; ".join(map(sentence, failed)) + "."
        if fitness.crowded and all(is_of_time(MEASURES[check.limit.measure].unit) for check in failed):
            share = f"other programs took {fitness.others:.0%} of this machine's processors"
            return Judgement(Verdict.INCONCLUSIVE, f"{missed} But {share}.", checks, fitness)
        return Judgement(Verdict.FAIL, missed, checks, fitness)
    if unknown:
        names = ", ".join(check.limit.measure for check in unknown)
        why = "" if measured.drained else " Deliveries were still under way when the wait for them ended."
        return Judgement(Verdict.INCONCLUSIVE, f"Not measured: {names}.{why}", checks, fitness)
    if not rehearsal and profile.scale < 1:
        reason = f"Every limit is kept, at {profile.scale:.0%} of the profile's rates only."
        return Judgement(Verdict.INCONCLUSIVE, reason, checks, fitness)
    return Judgement(Verdict.PASS, "", checks, fitness)


def _limits(profile: Profile, measured: Measured) -> Sequence[Limit]:
    """Return a profile's limits; the one on order does not decide where the target promises none."""
    return [
        replace(limit, relaxed=limit.relaxed or _NO_ORDER)
        if limit.measure == "out_of_order" and measured.values.get(limit.measure) is None
        else limit
        for limit in profile.limits
    ]


def _check(limit: Limit, value: float | None) -> Check:
    kept = value is not None and (value <= limit.bound if limit.upper else value >= limit.bound)
    return Check(limit, value, kept)


def sentence(check: Check) -> str:
    """Say which threshold was missed and by what."""
    return f"{check.limit.measure} is {shown(check.limit.measure, check.value)}, {bound(check.limit)}"


def bound(limit: Limit) -> str:
    """Return a limit in words: ``at most 250 ms``."""
    return f"{'at most' if limit.upper else 'at least'} {shown(limit.measure, limit.bound)}"


def shown(measure: str, value: float | None) -> str:
    """Return a figure with its unit, as people read it."""
    if value is None:
        return "not measured"
    unit = MEASURES[measure].unit
    if unit == "share":
        return f"{value * 100:.4g} %"
    number = f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:,.4g}"
    return f"{number} {unit}" if unit not in ("ratio", "") else number
