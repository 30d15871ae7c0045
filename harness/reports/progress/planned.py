"""How many tests are planned to have passed by which day, and where that figure comes from (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from harness.calendars.working_days import Calendar
from harness.stages.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan's side of a progress report; ``points`` rise to ``tests``, empty where nothing is dated."""

    tests: int
    tests_from: str
    """Where the number of tests comes from."""
    points: tuple[tuple[date, int], ...]
    points_from: str
    """Where the days come from."""
    start: date | None = None
    end: date | None = None

    def by(self, day: date) -> int | None:
        """Return how many are planned to have passed by a day, None where nothing is dated.

        Between two points the figure of the earlier one holds.
        """
        if not self.points:
            return None
        return max((passed for when, passed in self.points if when <= day), default=0)


def planned(plan: Plan | None, *, stage: str, cycle: str, selected: int, calendar: Calendar) -> Planned:
    """Return what is planned for a cycle, or else for a stage.

    ``selected`` is how many tests the runs took; it stands in where the plan gives no number. Days are those
    of the cycle's ``planned`` list, else spread evenly over the working days from start to end of the cycle,
    or of the stage's milestones.
    """
    tests, tests_from = selected, "the tests that the runs selected; the plan gives no number"
    held = plan.cycles.get(cycle) if plan is not None and cycle else None
    if plan is None:
        return Planned(tests, "the tests that the runs selected; no plan was given", (), "no plan was given")
    if held is not None and held.tests is not None:
        tests, tests_from = held.tests, f"cycle '{held.id}' of the plan"
    if held is not None and held.planned:
        days = tuple(sorted(held.planned))
        return Planned(tests, tests_from, days, f"cycle '{held.id}' of the plan", days[0][0], days[-1][0])
    start, end, source = (None, None, "")
    if held is not None and held.start and held.end:
        start, end, source = held.start, held.end, f"cycle '{held.id}'"
    elif stage in plan.stages:
        found = plan.stages[stage]
        start = plan.milestones[found.start].day if found.start else None
        end = plan.milestones[found.exit].day if found.exit else None
        source = f"milestones '{found.start}' and '{found.exit}'"
    if start is None or end is None or end < start:
        return Planned(tests, tests_from, (), "the plan gives no days")
    points = tuple(_spread(tests, start, end, calendar))
    said = f"spread evenly over the working days from start to end, which are those of {source}"
    return Planned(tests, tests_from, points, said, start, end)


def _spread(tests: int, start: date, end: date, calendar: Calendar) -> Iterator[tuple[date, int]]:
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    working = [day for day in days if calendar.is_working(day)] or [end]
    for number, day in enumerate(working, start=1):
        yield day, round(tests * number / len(working))
