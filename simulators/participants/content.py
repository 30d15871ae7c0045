"""What a party is told, read strictly: the items of a word, each with the kind of value it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from harness.calendars.local_time import clock_midnight
from harness.errors import ConfigurationError, nearest
from harness.messages.identifiers import is_mpan
from simulators.participants import policy
from simulators.participants.behaviours import Acting, Told

MANY = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a word."""

    name: str
    needed: bool = True
    about: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """The items that a party was told, and in which release it speaks because of it."""

    what: str
    release: str
    items: Mapping[str, Any]
    where: str

    @classmethod
    def of(cls, told: Told, known: Iterable[Item], acting: Acting) -> Content:
        """Return the content of a word; raises ConfigurationError for an item that is unknown or missing."""
        where = f"{acting.party.dip_id} was told '{told.what}'"
        names = [item.name for item in known]
        for name in told.content:
            if name not in names:
                raise ConfigurationError(f"'{name}' is no item of it", where=where, mend=nearest(name, names))
        for item in known:
            if item.needed and told.content.get(item.name) in (None, ""):
                raise ConfigurationError(f"'{item.name}' is missing", where=where)
        return cls(told.what, told.release, told.content, where)

    def has(self, name: str) -> bool:
        """Say whether an item was given."""
        return self.items.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        """Return an item as text."""
        return str(self.items[name]) if self.has(name) else default

    def one_of(self, name: str, known: Iterable[str], default: str = "") -> str:
        """Return an item that must be one of ``known``."""
        value, known = self.text(name, default), list(known)
        if value not in known:
            raise self.wrong(name, f"expected one of {', '.join(known)}", nearest(value, known))
        return value

    def number(self, name: str, default: float = 0, most: float = MANY) -> float:
        """Return a number from 0 to ``most``."""
        return policy.number(self.items[name], f"{self.where}: {name}", most) if self.has(name) else default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        return policy.flag(self.items[name], f"{self.where}: {name}") if self.has(name) else default

    def places(self, name: str = "set") -> dict[str, object]:
        """Return places of a message with their values."""
        return policy.places(self.items.get(name) or {}, f"{self.where}: {name}")

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one."""
        value = self.items.get(name)
        if value is None:
            return ()
        return tuple(str(each) for each in value) if isinstance(value, list) else (str(value),)

    def mpan(self, name: str = "mpan") -> str:
        """Return an MPAN."""
        value = self.text(name)
        if not is_mpan(value):
            raise self.wrong(name, "expected 13 digits with a right check digit")
        return value

    def day(self, name: str, default: date | None = None) -> date:
        """Return a date, written ``2026-07-01``."""
        if not self.has(name) and default is not None:
            return default
        try:
            return date.fromisoformat(self.text(name)[:10])
        except ValueError:
            raise self.wrong(name, "expected a date such as 2026-07-01") from None

    def moment(self, name: str, default: datetime | None = None) -> datetime:
        """Return a time; a date alone is the clock midnight that begins it."""
        if not self.has(name) and default is not None:
            return default
        text = self.text(name)
        try:
            if len(text) == len("2026-07-01"):
                return clock_midnight(date.fromisoformat(text))
            found = datetime.fromisoformat(text)
        except ValueError:
            found = datetime(1, 1, 1)
        if found.tzinfo is None:
            raise self.wrong(name, "expected a date, or a time with an offset")
        return found.astimezone(UTC)

    def wrong(self, name: str, expected: str, mend: str = "") -> ConfigurationError:
        """Return the error of an item whose value can't be used."""
        return ConfigurationError(
            f"{name} is {self.items.get(name)!r}, {expected}", where=self.where, mend=mend
        )
