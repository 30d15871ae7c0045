"""What one message tells: its metering point, its dates and its outcome, fixed before any field is filled.

Assumed, where a reader could take it for a rule: an appointment is proposed two to five days ahead
(published are at most 28 days, REG1099, and five for a meter data retriever, REG1082); messages about what
takes effect carry today; site visits were yesterday; a message without an override is an acceptance.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Final

from harness.calendars.local_time import local_date
from harness.messages import dates
from harness.messages.context import DATA_ROLE, METERING_ROLE, Context
from harness.messages.metering_point import HISTORY_ENDS, Meter, metering_point
from harness.messages.overrides import segments

_PROPOSALS = frozenset({"IF-002", "IF-003", "IF-031", "IF-032", "IF-033", "IF-034", "IF-035", "IF-045"})
_SWITCHES = frozenset({"COS", "MCS"})
_SCENARIOS = ("COS", "CSP", "MCA", "MCS")
_OUTCOMES = {
    "ActivePowerRejected": "R", "ConsumptionOnDeEnergisedMPAN": "W", "ConsumptionRequestRejected": "R",
    "MSAppRejected": "R", "DSAppRejected": "R", "MSAppLapsed": "L", "DSAppLapsed": "L",
}  # fmt: skip
_DE_APPOINTMENT = {"COS": "CSUPP", "MCS": "CSUPP", "SEG": "CSEGM"}
_VISITS = frozenset({"ReadingRemv", "ReadingInstl", "ReadingOnSite", "ReadingEnergisationChg"})
_NEW_METER = frozenset({"MeterInstall", "MeterExchange"})

_NOTHING: Mapping[str, object] = {}


class Story:
    """The state that the providers of `harness.messages.values` read while one message is built."""

    __slots__ = (
        "chosen", "context", "effective", "event", "index", "interface", "meters", "named", "nested",
        "outcome", "outer", "point", "release_name", "rng", "scenario", "segment", "settlement_day", "today",
        "yesterday",
    )  # fmt: skip

    def __init__(
        self,
        release_name: str,
        interface: str,
        event: str,
        context: Context,
        chosen: Mapping[str, object] = _NOTHING,
        named: frozenset[str] = frozenset(),
    ) -> None:
        """Fix what the message tells.

        ``chosen`` are the overrides, for `outcome` and `scenario` to follow; ``named`` are the keys they go
        through.
        """
        self.release_name: Final = release_name
        self.interface: Final = interface
        self.event: Final = event
        self.context: Final = context
        self.chosen: Final = chosen
        self.named: Final = named
        self.rng: Final = random.Random(f"{context.seed}/{interface}/{event}/{context.mpan}")
        self.today: Final[date] = local_date(context.now)
        self.yesterday: Final[date] = self.today - timedelta(days=1)
        self.settlement_day: Final[date] = context.now.astimezone(UTC).date() - timedelta(days=1)
        self.segment: Final = context.market_segment()
        self.point: Final = metering_point(context.mpan, self.segment, min(HISTORY_ENDS, self.today))
        lead = random.Random(f"lead/{context.mpan}").randrange(2, 6)
        self.effective: Final[date] = (
            self.today + timedelta(days=lead) if interface in _PROPOSALS else self.today
        )
        self.scenario: Final = self._scenario()
        self.outcome: Final = self._outcome()
        # IF-006 lists beside the meter of the event the meters that the event left alone.
        self.meters: Final = self.point.meters[1:] if interface == "IF-006" else self.point.meters
        # Where the walk stands: the item of the innermost list, of the outermost, and whether it is in one.
        self.index = 0
        self.outer = 0
        self.nested = False

    def _scenario(self) -> str:
        chosen = self._chosen("appointmentScenario")
        return chosen or random.Random(f"scenario/{self.context.mpan}").choice(_SCENARIOS)

    def _outcome(self) -> str:
        return self._chosen("responseCode") or _OUTCOMES.get(self.event, "A")

    def _chosen(self, key: str) -> str | None:
        """Return the value that an override gives to ``key``; R1 answers a replay and is no outcome."""
        for path, value in self.chosen.items():
            way = segments(path)
            if way[-1] == key and "R1" not in way and isinstance(value, str):
                return value
        return None

    @property
    def switching(self) -> bool:
        """Tell whether the appointment belongs to a change of supplier."""
        return self.scenario in _SWITCHES

    @property
    def de_appointment_reason(self) -> str:
        """Return the reason code that goes with the appointment scenario."""
        return _DE_APPOINTMENT.get(self.scenario, "CSERV")

    @property
    def metering_role(self) -> str:
        """Return the metering service role of the segment."""
        return METERING_ROLE[self.segment]

    @property
    def data_role(self) -> str:
        """Return the data service role of the segment."""
        return DATA_ROLE[self.segment]

    @property
    def visit(self) -> bool:
        """Tell whether the reading was taken on a site visit."""
        return self.event in _VISITS

    @property
    def meter(self) -> Meter:
        """Return the meter that the event is about: the installed one, or the one before it."""
        if self.event in {"MeterHistoryUpdate", "ReadingRemv"}:
            return self.point.previous_meter
        return self.point.meters[0]

    @property
    def listed_meter(self) -> Meter:
        """Return the meter of the present item of a meter list."""
        return self.meters[self.outer] if self.outer < len(self.meters) else self.point.meters[0]

    @property
    def installed(self) -> date:
        """Return when the event's meter was installed; an installation was on yesterday's visit."""
        return self.yesterday if self.event in _NEW_METER else self.meter.installed

    def at(self, day: date) -> str:
        """Write the clock midnight that begins ``day``."""
        return dates.midnight_text(day)

    def utc(self, day: date) -> str:
        """Write the UTC midnight that begins ``day``."""
        return dates.utc_midnight_text(day)

    def visited_at(self) -> str:
        """Write a time in yesterday's working hours, on the half hour."""
        hour, minute = self.rng.randrange(9, 16), self.rng.choice((0, 30))
        return f"{self.yesterday.isoformat()}T{hour:02d}:{minute:02d}:00+00:00"
