"""What stands in braces in a scenario: parties, metering points and moments (pure).

A moment is a base, spans that are added to it, and a form::

    {effective}  {effective-3d}  {today+5wd}  {now+2h}  {start}  {effective-1d.date}  {effective.utcday}

``effective`` and ``today`` are clock midnights in Great Britain, and adding days to them leads to another
clock midnight, also over a change of the clocks. ``wd`` are working days of the default calendar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from harness.calendars.book import calendars
from harness.calendars.local_time import clock_midnight, local_date
from harness.clock import message_time
from harness.errors import ConfigurationError, nearest

_PLACE = re.compile(r"\{([^{}\s\"]+)\}")
_MOMENT = re.compile(
    r"(?P<base>effective|today|now|start)(?P<spans>(?:[+-]\d+(?:wd|d|h|m|s))*)(?:\.(?P<form>[a-z]+))?"
)
_SPAN = re.compile(r"([+-]\d+)(wd|d|h|m|s)")
_CLOCK_SPANS = {"h": "hours", "m": "minutes", "s": "seconds"}
RESERVED = ("effective", "today", "now", "start", "mpan", "interface", "event", "role", "tag")
"""Words that no alias and no parameter may be called."""


@dataclass(frozen=True, slots=True)
class Words:
    """What braces may name: texts by name, and the moments that reckoning starts from (UTC)."""

    names: Mapping[str, str]
    effective: datetime
    start: datetime
    now: datetime
    where: str

    def text(self, text: str) -> str:
        """Fill in everything that stands in braces; raises ConfigurationError for what is unknown."""
        return _PLACE.sub(lambda found: self._filled(found[1]), text) if "{" in text else text

    def value(self, value: Any) -> Any:
        """Fill a text, list or mapping; a text that begins with ``=`` is JSON: ``=12.5``, ``=null``."""
        if isinstance(value, str):
            filled = self.text(value)
            return self._literal(filled) if filled.startswith("=") else filled
        if isinstance(value, Mapping):
            return {self.text(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        return value

    def moment(self, text: str) -> datetime:
        """Return the moment that a text means, with or without its braces; raises ConfigurationError."""
        bare = text.removeprefix("{").removesuffix("}")
        found = _MOMENT.fullmatch(bare)
        if found is not None and not found["form"]:
            return self._moment(found["base"], found["spans"])
        try:
            moment = datetime.fromisoformat(self.text(text))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ConfigurationError(
                f"'{text}' is no moment", where=self.where, mend="Write it as effective-1d or {now+2h}."
            )
        return moment

    def _literal(self, text: str) -> Any:
        try:
            return orjson.loads(text[1:])
        except orjson.JSONDecodeError as error:
            raise ConfigurationError(
                f"'{text}' is no JSON after its '='", where=self.where, mend="Write =12.5, =true or =null."
            ) from error

    def _filled(self, name: str) -> str:
        if name in self.names:
            return self.names[name]
        found = _MOMENT.fullmatch(name)
        if found is None:
            known = [*self.names, "effective", "today", "now", "start"]
            raise ConfigurationError(
                f"'{{{name}}}' names nothing here", where=self.where, mend=nearest(name, known)
            )
        return self._written(self._moment(found["base"], found["spans"]), found["form"] or "")

    def _moment(self, base: str, spans: str) -> datetime:
        moments = {"effective": self.effective, "start": self.start, "now": self.now}
        moment = moments.get(base) or clock_midnight(local_date(self.now))
        for count, unit in _SPAN.findall(spans):
            moment = after(moment, int(count), unit)
        return moment

    def _written(self, moment: datetime, form: str) -> str:
        match form:
            case "":
                return message_time(moment)
            case "date":
                return local_date(moment).isoformat()
            case "utcdate":
                return moment.date().isoformat()
            case "utcday":
                return f"{local_date(moment).isoformat()}T00:00:00+00:00"
        raise ConfigurationError(
            f"'.{form}' is no form of a moment", where=self.where, mend="Known: date, utcdate, utcday."
        )


def after(moment: datetime, count: int, unit: str) -> datetime:
    """Return the moment so many ``s``, ``m``, ``h``, ``d`` or ``wd`` later (earlier where negative), in UTC.

    Days are calendar days of Great Britain and leave the time of day as it is.
    """
    if unit in _CLOCK_SPANS:
        return moment + timedelta(**{_CLOCK_SPANS[unit]: count})
    day = local_date(moment)
    of_day = moment - clock_midnight(day)
    then = calendars().working_days().add(day, count) if unit == "wd" else day + timedelta(days=count)
    return clock_midnight(then) + of_day
