"""The hub's statements, which are SQLite's, in PostgreSQL's words. Pure.

Only what those statements use is known here; a word that it doesn't know PostgreSQL refuses aloud.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

_REPLACED: tuple[tuple[str, str], ...] = (
    (r" NOT INDEXED\b", ""),
    (r" INDEXED BY \w+", ""),
    (r"\bCROSS JOIN (\w+)(?= ON\b)", r"JOIN \1"),
    (r"\bifnull\(", "coalesce("),
    (
        r"IN \(SELECT value FROM json_each\(\?\)\)",
        "IN (SELECT value::bigint FROM json_array_elements_text(convert_from(?, 'UTF8')::json))",
    ),
    (r"\bjson_extract\(CAST\((\S+) AS TEXT\), '\$\.", r"json_extract_path_of(convert_from(\1, 'UTF8'), '"),
    (
        r"^INSERT OR REPLACE INTO webhook VALUES (\(.*\))$",
        r"INSERT INTO webhook VALUES \1 ON CONFLICT (recipient, channel) DO UPDATE SET url = excluded.url",
    ),
    (r"^INSERT INTO address VALUES", "INSERT INTO address (mpan, role, dip_id, valid_from, valid_to) VALUES"),
    (r"%", "%%"),
    (r"\?", "%s"),
)


_INSERT = re.compile(r"INSERT INTO \w+ (?:\([\w, ]+\) )?VALUES \([^()]*\)")
_MOST = 64
"""Rows of one statement; a message has 15 parameters, and PostgreSQL takes 65,535."""


@lru_cache(maxsize=1024)
def words(sql: str) -> str:
    """Return a statement in PostgreSQL's words, with psycopg's marks for parameters."""
    for pattern, now in _REPLACED:
        sql = re.sub(pattern, now, sql)
    return sql


def is_insert(sql: str) -> bool:
    """Say whether a statement only inserts one row, so that `together` can insert many."""
    return _INSERT.fullmatch(sql) is not None


def together(sql: str, rows: Sequence[Sequence[object]]) -> Iterator[tuple[str, Sequence[object]]]:
    """Yield statements with numbered marks (``$1``) and their parameters that insert many rows each.

    ``sql`` inserts one row, in PostgreSQL's words (`is_insert`). Many rows cost the server one execution, and
    one run of a trigger that is fired by statement. Their numbers are powers of two, so that a few prepared
    statements serve for any number of rows.
    """
    at = 0
    while at < len(rows):
        count = min(_MOST, 1 << (len(rows) - at).bit_length() - 1)
        yield _inserting(sql, count), [value for row in rows[at : at + count] for value in row]
        at += count


@lru_cache(maxsize=256)
def _inserting(sql: str, count: int) -> str:
    head, _, row = sql.partition(" VALUES ")
    numbers = itertools.count(1)
    marked = re.sub("%s", lambda _: f"${next(numbers)}", ",".join([row] * count))
    return f"{head} VALUES {marked}".replace("%%", "%")


def cleaned(parameters: Sequence[object]) -> tuple[object, ...]:
    """Return parameters that PostgreSQL can keep: a text can't hold NUL there, U+2400 stands for it."""
    return tuple(value.replace("\x00", "\u2400") if isinstance(value, str) else value for value in parameters)
