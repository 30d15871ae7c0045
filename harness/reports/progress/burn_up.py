"""The burn-up: what was run and had passed by the end of each day, as figures and as a drawing (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

from harness.evidence.verdicts import Verdict
from harness.reports.progress.planned import Planned
from harness.reports.standing.model import Attempt, Test

_WIDTH, _HEIGHT = 900, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 130, 16, 34
_MOST_LABELS = 9


@dataclass(frozen=True, slots=True)
class Day:
    """Tests of one evidence class by the end of a day, by the last result of each until then."""

    day: date
    run: int
    passed: int
    failed: int


def burn_up(tests: Iterable[Test]) -> tuple[Day, ...]:
    """Count, for each day on which something was played, the last results until its end."""
    played: list[tuple[str, str, Attempt]] = sorted(
        (
            (attempt.at, test.case, attempt)
            for test in tests
            for attempt in test.attempts
            if not attempt.left_out
        ),
        key=lambda each: each[:2],
    )
    last: dict[str, Verdict] = {}
    passed = failed = 0
    days: dict[str, Day] = {}
    for at, case, attempt in played:
        before = last.get(case)
        passed += (attempt.verdict is Verdict.PASS) - (before is Verdict.PASS)
        failed += (attempt.verdict is Verdict.FAIL) - (before is Verdict.FAIL)
        last[case] = attempt.verdict
        days[at[:10]] = Day(date.fromisoformat(at[:10]), len(last), passed, failed)
    return tuple(days.values())


def by_day(days: Sequence[Day], when: date) -> Day:
    """Return the figures at the end of a day."""
    return max(
        (each for each in days if each.day <= when), key=lambda each: each.day, default=Day(when, 0, 0, 0)
    )


def drawing(days: Sequence[Day], plan: Planned, as_of: date) -> str:
    """Return an SVG with the planned line, what was run and what passed, in steps."""
    dates = [*(each.day for each in days), *(day for day, _ in plan.points), as_of]
    first, last = min(dates) - timedelta(days=1), max(dates)
    most = max([1, plan.tests, *(each.run for each in days)])
    across, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(day: date) -> float:
        return round(_LEFT + across * (day - first).days / max(1, (last - first).days), 1)

    def y(count: int) -> float:
        return round(_TOP + high * (1 - count / most), 1)

    def line(kind: str, points: Iterable[tuple[date, int]], until: date) -> Iterator[str]:
        steps, before = [f"M{x(first)} {y(0)}"], 0
        for day, count in points:
            steps.append(f"L{x(day)} {y(before)}L{x(day)} {y(count)}")
            before = count
        steps.append(f"L{x(until)} {y(before)}")
        yield f'<path class="line {kind}" d="{"".join(steps)}"/>'

    run = [(each.day, each.run) for each in days if each.day <= as_of]
    passed = [(each.day, each.passed) for each in days if each.day <= as_of]
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(_said(run, passed, plan))}">'
    ]
    for count in _marks(most):
        parts.append(f'<path class="grid" d="M{_LEFT} {y(count)}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y(count) + 4}" text-anchor="end">{count:,}</text>')
    parts.append(f'<path class="axis" d="M{_LEFT} {y(0)}H{_WIDTH - _RIGHT}"/>')
    for day in _labels(first, last):
        parts.append(f'<text x="{x(day)}" y="{_HEIGHT - 12}" text-anchor="middle">{day:%-d %b}</text>')
    if plan.points:
        parts += line("planned", plan.points, last)
    parts += line("run", run, as_of)
    parts += line("passed", passed, as_of)
    ends = [("run", run[-1][1] if run else 0, as_of), ("passed", passed[-1][1] if passed else 0, as_of)]
    if plan.points:
        ends.append(("planned", plan.points[-1][1], last))
    parts += _names(ends, [y(count) for _, count, _ in ends])
    return "".join([*parts, "</svg>"])


def _names(ends: Sequence[tuple[str, int, date]], heights: Sequence[float]) -> Iterator[str]:
    """Name the lines at the right edge, one below the other where they end close together."""
    placed = -100.0
    for height, (name, count, _) in sorted(zip(heights, ends, strict=True), key=lambda each: each[0]):
        placed = max(height + 4, placed + 16)
        yield f'<text class="name n-{name}" x="{_WIDTH - _RIGHT + 8}" y="{placed}">{count:,} {name}</text>'


def _said(run: Sequence[tuple[date, int]], passed: Sequence[tuple[date, int]], plan: Planned) -> str:
    aim = f", {plan.points[-1][1]:,} planned" if plan.points else ""
    return f"Burn-up: {passed[-1][1] if passed else 0:,} passed of {run[-1][1] if run else 0:,} run{aim}"


def _marks(most: int) -> list[int]:
    step = next(size for size in _sizes() if most / size <= 5)
    return list(range(0, most + 1, step))


def _sizes() -> Iterator[int]:
    size = 1
    while True:
        yield from (size, 2 * size, 5 * size)
        size *= 10


def _labels(first: date, last: date) -> list[date]:
    days = (last - first).days
    step = max(1, -(-days // _MOST_LABELS))
    return [first + timedelta(days=number) for number in range(1 if days else 0, days + 1, step)]
