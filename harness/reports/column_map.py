"""Column maps: which column of somebody's table holds what. Keys are checked, the nearest is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError, nearest

SHIPPED = Path(__file__).with_name("maps")


def checked(data: Any, *, known: Iterable[str], needed: Iterable[str] = (), where: str) -> Mapping[str, Any]:
    """Return a mapping of known keys alone; raises ConfigurationError for an unknown or a missing one."""
    names = list(known)
    if not isinstance(data, dict):
        raise ConfigurationError(f"is no mapping of {', '.join(names)}", where=where)
    for key in data:
        if key not in names:
            raise ConfigurationError(f"'{key}' is not known here", where=where, mend=nearest(str(key), names))
    for key in needed:
        if key not in data:
            raise ConfigurationError(f"lacks '{key}'", where=where)
    return data


def text(data: Mapping[str, Any], key: str, default: str, *, where: str) -> str:
    """Return a text; raises ConfigurationError where it is none."""
    value = data.get(key, default)
    if not isinstance(value, str):
        raise ConfigurationError(
            f"'{key}' is {value!r}, a text is wanted", where=where, mend="Put it in quotes."
        )
    return value


def one_of(data: Mapping[str, Any], key: str, allowed: Iterable[str], default: str, *, where: str) -> str:
    """Return one of the allowed values; raises ConfigurationError with the nearest."""
    value = text(data, key, default, where=where)
    names = list(allowed)
    if value not in names:
        raise ConfigurationError(f"'{key}' can't be '{value}'", where=where, mend=nearest(value, names))
    return value


def header_row(data: Mapping[str, Any], *, where: str) -> int:
    """Return the row that holds the titles, counted from 1."""
    value = data.get("header_row", 1)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise ConfigurationError(f"'header_row' is {value!r}, a row from 1 to 1000 is wanted", where=where)
    return value


def titles_of(
    columns: Any, *, known: Iterable[str], needed: Iterable[str], where: str
) -> tuple[dict[str, str], frozenset[str]]:
    """Return the title of each column of a map, and the columns that a table may lack.

    An entry is a title, or ``{title: ..., optional: true}``. Raises ConfigurationError for any other.
    """
    titles, optional = {}, set()
    for name, entry in checked(columns, known=known, needed=needed, where=f"{where}, columns").items():
        place = f"{where}, columns, {name}"
        if isinstance(entry, dict):
            checked(entry, known=("title", "optional"), needed=("title",), where=place)
            if entry.get("optional") is True:
                optional.add(name)
            entry = entry["title"]
        titles[name] = text({name: entry}, name, "", where=place)
    return titles, frozenset(optional)
