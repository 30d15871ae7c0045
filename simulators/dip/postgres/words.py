"""The hub's statements, which are SQLite's, in PostgreSQL's words. Pure.

Only what those statements use is known here; a word that it doesn't know PostgreSQL refuses aloud.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


@lru_cache(maxsize=1024)
def words(sql: str) -> str:
    """Return a statement in PostgreSQL's words, with psycopg's marks for parameters."""
    for pattern, now in _REPLACED:
        sql = re.sub(pattern, now, sql)
    return sql


def cleaned(parameters: Sequence[object]) -> tuple[object, ...]:
    """Return parameters that PostgreSQL can keep: a text can't hold NUL there, U+2400 stands for it."""
    return tuple(value.replace("\x00", "\u2400") if isinstance(value, str) else value for value in parameters)
