"""The opening position of the MPAN address store: a CSV or JSON file of who serves which MPAN.

CSV has the header ``mpan,role,dip_id,from,to``; JSON is a list of objects with those names. ``from`` and
``to`` may be empty: a date (clock midnight) or a time with its offset from UTC. Registration traffic moves on
from there, and an MPAN that the store has heard of before is left as it is: a restart changes nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from harness.calendars.local_time import clock_midnight
from harness.clock import message_time
from harness.errors import ConfigurationError, nearest
from harness.messages.identifiers import is_mpan
from simulators.dip.model import Member, Said
from simulators.dip.serving import SERVICE_OF

FIELDS = ("mpan", "role", "dip_id", "from", "to")
_SINCE_EVER = ""


def load(path: Path, members: Mapping[str, Member]) -> tuple[Said, ...]:
    """Read a file of addresses; raises ConfigurationError naming the entry that can't be used."""
    found: list[tuple[str, str, Said]] = []
    for place, entry in enumerate(_entries(path), start=1):
        where = f"{path}, entry {place}"
        mpan, role, dip_id = (_text(entry, name, where) for name in FIELDS[:3])
        if not is_mpan(mpan):
            raise ConfigurationError(f"'{mpan}' is no MPAN of 13 digits with its check digit", where=where)
        if role not in SERVICE_OF:
            raise ConfigurationError(
                f"no metering point has the role '{role}'", where=where, mend=nearest(role, SERVICE_OF)
            )
        member = members.get(dip_id)
        if member is None or member.role != role:
            what = f"has the role {member.role}" if member else "is nobody in the network"
            raise ConfigurationError(f"{dip_id} {what}, expected a {role}", where=where)
        since, until = _moment(entry, "from", where), _moment(entry, "to", where)
        found.append((mpan, since, Said(mpan, "in", SERVICE_OF[role], dip_id, since)))
        if until:
            found.append((mpan, until, Said(mpan, "out", SERVICE_OF[role], dip_id, until)))
    return tuple(one for _, _, one in sorted(found, key=lambda entry: entry[:2]))


def said(rows: Iterable[tuple[str, str, str, str | None, str | None]]) -> tuple[Said, ...]:
    """Return what (mpan, role, dip id, from, to) say; raises ConfigurationError for a role of no point."""
    found: list[Said] = []
    for mpan, role, dip_id, since, until in rows:
        if role not in SERVICE_OF:
            raise ConfigurationError(
                f"no metering point has the role '{role}'", mend=nearest(role, SERVICE_OF)
            )
        found.append(Said(mpan, "in", SERVICE_OF[role], dip_id, since or _SINCE_EVER))
        if until:
            found.append(Said(mpan, "out", SERVICE_OF[role], dip_id, until))
    return tuple(found)


def _entries(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        entries: Iterable[Any] = (
            orjson.loads(text) if path.suffix.lower() == ".json" else csv.DictReader(text.splitlines())
        )
    except (OSError, UnicodeDecodeError, orjson.JSONDecodeError) as error:
        raise ConfigurationError(f"can't be read as addresses: {error}", where=str(path)) from error
    if isinstance(entries, dict) or not isinstance(entries, Iterable):
        raise ConfigurationError("is no list of addresses", where=str(path))
    for place, entry in enumerate(entries, start=1):
        names = set(entry) if isinstance(entry, dict) else set()
        if not set(FIELDS[:3]) <= names <= set(FIELDS):
            raise ConfigurationError(
                "is no address",
                where=f"{path}, entry {place}",
                mend=f"It has {', '.join(FIELDS)}; the last two may be left out.",
            )
        yield entry


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{name} is {value!r}, expected a text", where=where)
    return value.strip()


def _moment(entry: Mapping[str, Any], name: str, where: str) -> str:
    if not entry.get(name):
        return _SINCE_EVER
    text = _text(entry, name, where)
    try:
        if len(text) == len("2026-01-31"):
            return message_time(clock_midnight(date.fromisoformat(text)))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{name} is '{text}': {error}", where=where) from error
    if moment.tzinfo is None:
        raise ConfigurationError(
            f"{name} is '{text}', which has no offset from UTC", where=where, mend="Add +00:00."
        )
    return message_time(moment)
