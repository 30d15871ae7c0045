"""The column map by which somebody's workbook is filled: where ids stand, and which column takes what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.reports.column_map import SHIPPED, checked, header_row, one_of, text
from harness.reports.rttm_layout import PHASE_OF_STAGE
from harness.settings import read

DEFAULT_MAP = SHIPPED / "rttm.yaml"
VALUES = ("status", "counts", "evidence", "runs", "date", "class", "releases")
SUBJECTS = ("requirements", "tests")
_REHEARSAL = EvidenceClass.REHEARSAL.value


@dataclass(frozen=True, slots=True)
class Fill:
    """What one column takes, of which evidence classes and phases (empty: all), and in whose words."""

    column: str
    value: str
    classes: tuple[EvidenceClass, ...]
    phases: frozenset[str]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FillMap:
    """Where ids stand and what is filled; ``role`` is the column of roles, empty for none.

    ``roles`` gives the role code for what stands there in other words.
    """

    where: str
    sheet: str
    header_row: int
    column: str
    subject: str
    scheme: str
    role: str
    roles: Mapping[str, str]
    replace: bool
    fill: tuple[Fill, ...]


def read_fill_map(path: Path) -> FillMap:
    """Read a map; raises ConfigurationError naming file, key and the nearest known."""
    where = str(path)
    data = checked(
        read(path),
        known=("sheet", "header_row", "match", "filled_cells", "fill"),
        needed=("match", "fill"),
        where=where,
    )
    place = f"{where}, match"
    match = checked(
        data["match"], known=("column", "subject", "scheme", "role", "roles"), needed=("column",), where=place
    )
    listed = data["fill"]
    if not isinstance(listed, list) or not listed:
        raise ConfigurationError("'fill' is a list of columns", where=where)
    fills = tuple(_fill(each, f"{where}, fill, entry {number}") for number, each in enumerate(listed, 1))
    columns = [fill.column for fill in fills]
    keys = {text(match, key, "", where=place) for key in ("column", "role")}
    for index, column in enumerate(columns):
        if column in columns[:index] or column in keys:
            raise ConfigurationError(
                f"'{column}' has a use already", where=f"{where}, fill, entry {index + 1}"
            )
    return FillMap(
        where=where,
        sheet=text(data, "sheet", "", where=where),
        header_row=header_row(data, where=where),
        column=text(match, "column", "", where=place),
        subject=one_of(match, "subject", SUBJECTS, SUBJECTS[0], where=place),
        scheme=text(match, "scheme", "", where=place),
        role=text(match, "role", "", where=place),
        roles=_texts(match.get("roles", {}), "roles", place),
        replace=one_of(data, "filled_cells", ("keep", "replace"), "keep", where=where) == "replace",
        fill=fills,
    )


def _fill(data: Any, where: str) -> Fill:
    entry = checked(
        data,
        known=("column", "value", "class", "phases", "words"),
        needed=("column", "value"),
        where=where,
    )
    classes = entry.get("class", [each.value for each in EvidenceClass])
    phases = entry.get("phases", [])
    words = entry.get("words", {})
    named = [classes] if isinstance(classes, str) else classes
    return Fill(
        column=text(entry, "column", "", where=where),
        value=one_of(entry, "value", VALUES, "", where=where),
        classes=tuple(
            EvidenceClass(each)
            for each in _known(named, [each.value for each in EvidenceClass], "class", where)
        ),
        phases=frozenset(_known(phases, sorted(set(PHASE_OF_STAGE.values())), "phases", where)),
        words=_words(words, where),
    )


def _known(values: Any, known: list[str], key: str, where: str) -> list[str]:
    if not isinstance(values, list):
        raise ConfigurationError(f"'{key}' is a list of {', '.join(known)}", where=where)
    for each in values:
        if each not in known:
            raise ConfigurationError(
                f"'{key}' can't be '{each}'", where=where, mend=nearest(str(each), known)
            )
    return values


def _words(words: Any, where: str) -> Mapping[str, str]:
    """Return the words; those for a rehearsal have to say so."""
    texts = _texts(words, "words", where)
    for ours, theirs in texts.items():
        if _REHEARSAL in ours and _REHEARSAL not in theirs.lower():
            raise ConfigurationError(
                f"'{theirs}' for '{ours}' does not say that it was a rehearsal",
                where=where,
                mend=f"Use words that hold '{_REHEARSAL}'.",
            )
    return texts


def _texts(data: Any, key: str, where: str) -> Mapping[str, str]:
    if not isinstance(data, dict) or not all(isinstance(each, str) for each in (*data, *data.values())):
        raise ConfigurationError(f"'{key}' gives a text for a text", where=where, mend="Put both in quotes.")
    return data
