"""Papers that fall due soon (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from harness.calendars.working_days import Calendar
from harness.stages.plan.checking import dated
from harness.stages.plan.model import Plan
from harness.stages.plan.timing import occurrences


@dataclass(frozen=True, slots=True)
class Due:
    """A paper or event of a track with its day."""

    day: date
    track: str
    artefact: str
    issued_by: str

    def as_dict(self) -> dict[str, str]:
        """Return it for a program."""
        return {
            "date": self.day.isoformat(),
            "track": self.track,
            "artefact": self.artefact,
            "issued_by": self.issued_by,
        }


def due(plan: Plan, calendar: Calendar, start: date, days: int) -> tuple[Due, ...]:
    """Return what falls due in the ``days`` days from ``start``, repeated papers each time, in order."""
    end = start + timedelta(days=days)
    found = set()
    for track in plan.tracks.values():
        dates = dated(plan, track, calendar)
        for key, day in dates.items():
            artefact = plan.artefacts[key]
            times = [day]
            if artefact.repeat and artefact.repeat.until in dates:
                times += _repeated(plan, key, dates)
            found |= {
                Due(time, track.id, artefact.title, artefact.issued_by)
                for time in times
                if start <= time < end
            }
    return tuple(sorted(found, key=lambda each: (each.day, each.track, each.artefact)))


def _repeated(plan: Plan, key: str, dates: dict[str, date]) -> list[date]:
    """List the days of a repeated paper; one that is timed from its last day starts with the execution."""
    artefact = plan.artefacts[key]
    repeat = artefact.repeat
    if repeat is None:
        return []
    first = dates.get("execution-start") if repeat.weekly_in_last else dates[key]
    return list(occurrences(repeat, first, dates[repeat.until])) if first else []
