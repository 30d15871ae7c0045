"""Whether a reliance statement still covers what it is asked for (pure): row by row, with the reason.

A row is one requirement, on each interface and for each role that it is asked for. A statement covers it
while all of this holds: it is in time, the relied-on system runs the build that the evidence was made with,
the row lies within the statement's scope, the evidence is intact, is no rehearsal and shows the requirement
passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from harness.evidence.evidence_class import EvidenceClass
from harness.registers.model import Reliance


@dataclass(frozen=True, slots=True)
class Row:
    """What a relying party wants to lean on somebody else for."""

    requirement: str
    interfaces: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """What a run or pack really is: ``problems`` is empty when it was found and nothing of it differs.

    ``passed`` are the requirements of which every case that cites them passed, ``failed`` the others;
    ``interfaces`` and ``roles`` are those of the cases that passed.
    """

    run: str
    evidence: EvidenceClass | None
    root: str = ""
    made_from: str = ""
    """Of a redacted pack, the root of its original."""
    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    interfaces: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """A row under a statement: covered, or the reasons why not, the gravest first."""

    statement: str
    row: Row
    reasons: tuple[str, ...] = ()

    @property
    def covered(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement as it stands on a day: what is against it as a whole, and its rows."""

    statement: Reliance
    refused: str
    """Why it can't be relied on at all; empty where it can."""
    rows: tuple[Coverage, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether it is not refused and every row is covered."""
        return not self.refused and all(each.covered for each in self.rows)


def own_rows(statement: Reliance) -> tuple[Row, ...]:
    """Return the rows that a statement itself claims: each requirement on all its interfaces and roles."""
    return tuple(Row(each, statement.interfaces, statement.roles) for each in statement.requirements)


def check(
    statement: Reliance,
    rows: Sequence[Row],
    facts: EvidenceFacts | None,
    *,
    builds: Mapping[str, Iterable[str]],
    as_of: date,
) -> Checked:
    """Check a statement for the rows that are asked of it.

    ``builds`` gives each party's builds in use now; a party that is not in it is taken to run the build of
    the statement, and a note says that nobody confirmed it. ``facts`` is None where the evidence was not
    looked at, which a note says too.
    """
    notes = []
    whole = _whole(statement, facts, as_of)
    if statement.relied_on not in builds:
        notes.append(f"nobody says which build {statement.relied_on} runs now")
    now = sorted(set(builds.get(statement.relied_on, (statement.build,))))
    changed = [each for each in now if each != statement.build]
    if changed:
        whole.append(
            f"{statement.relied_on} runs build {', '.join(changed)}, "
            f"the evidence is of build {statement.build}"
        )
    if facts is None:
        notes.append("the evidence was not looked at")
    return Checked(
        statement,
        _refused(statement, facts),
        tuple(
            Coverage(statement.id, row, (*whole, *_wider(statement, row), *_shown(statement, row, facts)))
            for row in rows
        ),
        tuple(notes),
    )


def _refused(statement: Reliance, facts: EvidenceFacts | None) -> str:
    classes = {statement.evidence.declared, *([facts.evidence] if facts else [])}
    if EvidenceClass.REHEARSAL in classes:
        return "a rehearsal proves nothing about anybody's system, so nobody can rely on it"
    return ""


def _whole(statement: Reliance, facts: EvidenceFacts | None, as_of: date) -> list[str]:
    """Return what is against every row of a statement."""
    found = []
    if refused := _refused(statement, facts):
        found.append(refused)
    if as_of < statement.start:
        found.append(f"it begins on {statement.start}")
    if as_of > statement.until:
        found.append(f"it expired on {statement.until}")
    if facts is not None:
        found += [f"evidence: {each}" for each in facts.problems]
        evidence = statement.evidence
        if facts.evidence is not None and facts.evidence is not evidence.declared:
            found.append(f"its evidence is {facts.evidence}, it says {evidence.declared}")
        if facts.run != evidence.run:
            found.append(f"its evidence is of run {facts.run or 'unknown'}, it names {evidence.run}")
        if evidence.root and facts.root and evidence.root not in {facts.root, facts.made_from}:
            found.append(f"the pack's root is {facts.root}, it names {evidence.root}")
    return found


def _wider(statement: Reliance, row: Row) -> list[str]:
    """Return how a row reaches beyond the statement's scope."""
    found = []
    if row.requirement not in statement.requirements:
        found.append("the statement does not name the requirement")
    for what, asked, granted in (
        ("interface", row.interfaces, statement.interfaces),
        ("role", row.roles, statement.roles),
    ):
        beyond = sorted(set(asked) - set(granted)) if granted else []
        if beyond:
            found.append(f"wider than the statement: {what} {', '.join(beyond)}")
    return found


def _shown(statement: Reliance, row: Row, facts: EvidenceFacts | None) -> list[str]:
    """Return what the evidence does not show of a row that the statement names."""
    if facts is None or facts.problems or row.requirement not in statement.requirements:
        return []
    found = []
    if row.requirement in facts.failed:
        found.append("not every case of it passed in the evidence")
    elif row.requirement not in facts.passed:
        found.append("no case of it is in the evidence")
    for what, asked, there in (
        ("interface", row.interfaces, facts.interfaces),
        ("role", row.roles, facts.roles),
    ):
        lacking = sorted(set(asked) - there)
        if lacking:
            found.append(f"no case of the evidence passed for {what} {', '.join(lacking)}")
    return found
