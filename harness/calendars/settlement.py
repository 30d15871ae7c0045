"""Settlement timetables: which run of a settlement day takes place when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from harness.calendars.working_days import Calendar
from harness.errors import ConfigurationError, nearest


@dataclass(frozen=True, slots=True)
class Timetable:
    """The runs of a settlement day as working days after it, for settlement days from ``starts`` on."""

    name: str
    title: str
    basis: str
    starts: date
    runs: Mapping[str, int]
    calendar: Calendar

    def run_date(self, settlement_date: date, run: str) -> date:
        """Return the day of a run (``SF``, ``R1``...); raises ConfigurationError for a run that it lacks."""
        if run not in self.runs:
            raise ConfigurationError(
                f"'{run}' is no run of the {self.title.lower()}",
                where=f"timetable '{self.name}'",
                mend=nearest(run, self.runs),
            )
        return self.calendar.add(settlement_date, self.runs[run])
