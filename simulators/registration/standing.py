"""How a party stands to a metering point whose service it claims to be: now, in future or in the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from harness.calendars.book import calendars
from harness.calendars.local_time import local_date
from simulators.registration.case import Case
from simulators.registration.history import Span
from simulators.registration.items import Holder
from simulators.registration.point import ITEM_OF
from simulators.registration.request import Stage
from simulators.registration.services import Service


@dataclass(frozen=True, slots=True)
class Standing:
    """When a party holds a service at a metering point; ``spans`` are earliest first."""

    spans: tuple[Span[Holder], ...]
    prospective: bool
    """It has accepted an appointment of scenario SEG that has not become effective."""
    asked: datetime
    """When the DIP took what the party sent: an outage makes nothing late (assumed)."""
    update_period: int
    """Working days in which a predecessor may report."""

    @property
    def current(self) -> bool:
        """Say whether the party held the service when it sent."""
        return any(span.holds(self.asked) for span in self.spans)

    @property
    def ended(self) -> datetime | None:
        """Return when the party's last time ended, None where it goes on or never was."""
        ends = [span.until for span in self.spans if span.until is not None and span.until <= self.asked]
        return None if self.current or not ends else max(ends)

    @property
    def expired(self) -> bool:
        """Say whether the time in which a predecessor may report has run out."""
        if self.ended is None or self.prospective:
            return False
        last_day = local_date(self.ended - timedelta(seconds=1))
        last = calendars().add_working_days(last_day, self.update_period)
        return local_date(self.asked) > last

    def holds(self, moment: datetime | None) -> bool:
        """Say whether the party held the service at a moment, or will hold it."""
        return moment is not None and any(span.holds(moment) for span in self.spans)


def standing(case: Case, service: Service) -> Standing:
    """Return how the sender of what was received stands to the point, as known now."""
    sender, point = case.publication.sender, case.known_point
    spans = point.history(ITEM_OF[service]).spans(case.now)
    own = tuple(span for span in spans if span.value is not None and span.value.dip_id == sender)
    prospective = any(
        each.provider == sender
        and each.service is service
        and each.scenario == "SEG"
        and each.stage is Stage.ACCEPTED
        for each in point.appointments
    )
    return Standing(own, prospective, case.accepted, case.terms.update_period)
