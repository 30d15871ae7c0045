"""A person moves an entry to another status (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from harness.errors import ConfigurationError, nearest
from harness.registers.lifecycle import ENDED, check_move
from harness.registers.model import (
    Approval,
    Defect,
    DefectStatus,
    DesignQuery,
    Link,
    Move,
    QueryStatus,
    Registers,
)


def entry_of(registers: Registers, identifier: str) -> Defect | DesignQuery:
    """Return a defect or design query by its id; raises ConfigurationError with the nearest."""
    known = {each.id: each for each in registers.entries}
    if identifier not in known:
        raise ConfigurationError(
            f"'{identifier}' is no defect or design query",
            where=str(registers.folder or "registers"),
            mend=nearest(identifier, known),
        )
    return known[identifier]


def moved(
    entry: Defect | DesignQuery,
    to: str,
    *,
    by: str,
    day: date,
    note: str = "",
    approval: Approval | None = None,
    links: Iterable[Link] = (),
    changes: Mapping[str, str] | None = None,
) -> Defect | DesignQuery:
    """Return the entry in its new status, with the step in its history.

    ``changes`` gives fields of the entry new texts; empty ones are left. Raises ConfigurationError for a
    field that the kind of entry lacks, a status that may not follow, a deferral that nobody approved, a
    rejection without a reason, a duplicate without a link to the other defect.
    """
    if not by.strip():
        raise ConfigurationError("nobody is named", where=entry.id, mend="Say who moves it with --by.")
    kinds = list(DefectStatus) if isinstance(entry, Defect) else list(QueryStatus)
    if to not in [each.value for each in kinds]:
        raise ConfigurationError(f"'{to}' is no status", where=entry.id, mend=nearest(to, kinds))
    after = next(each for each in kinds if each == to)
    check_move(entry.status, after, entry.id)
    if entry.history and day < entry.history[-1].day:
        raise ConfigurationError(
            f"{day} is before its last step on {entry.history[-1].day}", where=entry.id, mend="Check --as-of."
        )
    if after is DefectStatus.DEFERRED and approval is None:
        raise ConfigurationError(
            "a deferral needs an approval", where=entry.id, mend="Add --approved-by and --reference."
        )
    if after is DefectStatus.REJECTED and not note.strip():
        raise ConfigurationError("a rejection needs a reason", where=entry.id, mend="Add --note.")
    linked = tuple(dict.fromkeys([*entry.links, *links]))
    if after is DefectStatus.DUPLICATE and not any(each.kind == "defect" for each in linked):
        raise ConfigurationError(
            "a duplicate names the defect that it repeats", where=entry.id, mend="Add --link defect=ID."
        )
    if after is QueryStatus.CHANGE_RAISED and not any(each.kind == "change-request" for each in linked):
        raise ConfigurationError(
            "names no change", where=entry.id, mend="Add --link change-request=REFERENCE."
        )
    given = {name: value for name, value in (changes or {}).items() if value}
    foreign = [name for name in given if not hasattr(entry, name)]
    if foreign:
        raise ConfigurationError(f"has no '{foreign[0].replace('_', ' ')}'", where=entry.id)
    entry = replace(entry, **given)  # type: ignore[arg-type]
    history = (*entry.history, Move(day, by, entry.status.value, after.value, note))
    closed = day if after in ENDED else None
    if isinstance(entry, Defect):
        return replace(
            entry,
            status=DefectStatus(after),
            history=history,
            links=linked,
            closed=closed,
            deferral=approval or entry.deferral,
        )
    return replace(entry, status=QueryStatus(after), history=history, links=linked, closed=closed)
