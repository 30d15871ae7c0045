"""A plan as tables for a person, and as an object for a program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.calendars.book import calendars
from harness.stages.plan.checking import dated
from harness.stages.plan.model import Plan

View = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def _state(read: Plan, stage: str, day: date) -> str:
    one = read.stages[stage]
    if read.left(one, day):
        return "left"
    if read.started(one, day):
        return "under way"
    through = sum(stage in party.reached and party.reached[stage] <= day for party in read.parties.values())
    return f"left by {through} of {len(read.parties)} parties" if through else ""


def tables(read: Plan, day: date) -> Iterable[View]:
    """Yield the parts of a plan as tables: title, columns, rows."""
    calendar = calendars().working_days(read.calendar)
    yield (
        "Stages",
        ("stage", "title", "per", "after", "environment", "status", "RAG"),
        [
            (
                each.id, each.title, each.per.value, ", ".join(each.after), each.environment,
                _state(read, each.id, day), str(each.rag or ""),
            )
            for each in read.stages.values()
        ],
    )  # fmt: skip
    yield (
        "Milestones",
        ("id", "title", "tier", "forum", "baseline", "forecast", "actual", "slip", "RAG"),
        [
            (
                each.id, each.title, str(each.tier or ""), each.forum, str(each.baseline or ""),
                str(each.forecast or ""), str(each.actual or ""), _slip(each.baseline, each.day),
                str(each.rag or ""),
            )
            for each in read.milestones.values()
        ],
    )  # fmt: skip
    tracks = [(each, dated(read, each, calendar)) for each in read.tracks.values()]
    rows = [
        (artefact.title, artefact.when.text if artefact.when else "", artefact.basis,
         *(str(dates.get(key, "")) for _, dates in tracks))
        for key, artefact in read.artefacts.items()
        if tracks
    ]  # fmt: skip
    yield "Papers", ("what", "rule", "basis", *(track.id for track, _ in tracks)), rows
    yield (
        "Places",
        ("environment", "party", "build", "design", "API release", "certificates", "data load", "ready"),
        [
            (
                each.environment, each.party, each.build, each.design, each.release, each.certificates,
                f"{each.data_load} {each.data_loaded or ''}".strip(), str(each.ready or ""),
            )
            for each in read.places
        ],
    )  # fmt: skip
    yield (
        "Pairings",
        ("pairing", "cohort", "parties"),
        [(each.id, each.cohort, ", ".join(each.parties)) for each in read.pairings],
    )
    yield (
        "Cycles",
        ("cycle", "title", "stage", "start", "end", "themes", "areas", "tests"),
        [
            (
                each.id, each.title, each.stage, str(each.start or ""), str(each.end or ""),
                ", ".join(each.themes), ", ".join(each.areas), str(each.tests or ""),
            )
            for each in read.cycles.values()
        ],
    )  # fmt: skip
    yield (
        "Criteria",
        ("id", "at", "what", "by", "basis"),
        [
            (each.id, each.at.value, each.text, each.check.owner or "harness", each.basis)
            for each in read.criteria.values()
        ],
    )
    needed = read.cohort.roles if read.cohort else {}
    there = {
        role: sorted({p.organisation for p in read.parties.values() if p.role == role}) for role in needed
    }
    yield (
        "Minimum viable cohort",
        ("role", "needed", "there", "organisations"),
        [(role, str(count), str(len(there[role])), ", ".join(there[role])) for role, count in needed.items()],
    )
    yield "Forums", ("forum", "title", "decides"), [(f.id, f.title, f.decides) for f in read.forums.values()]


def _slip(baseline: date | None, day: date | None) -> str:
    if baseline is None or day is None or baseline == day:
        return ""
    return f"{(day - baseline).days:+d} days"


def as_dict(read: Plan, day: date) -> dict[str, Any]:
    """Return the plan on a day for a program."""
    calendar = calendars().working_days(read.calendar)
    shown: dict[str, Any] = {
        "plan": read.name,
        "title": read.title,
        "kind": read.kind.value,
        "as_of": day.isoformat(),
    }
    for title, columns, rows in tables(read, day):
        keys = [column.lower().replace(" ", "_") for column in columns]
        if title != "Papers":
            shown[title.lower().replace(" ", "_")] = [dict(zip(keys, row, strict=True)) for row in rows]
    shown["tracks"] = [
        {
            "track": track.id,
            "interval": track.interval,
            "dates": {key: found.isoformat() for key, found in dated(read, track, calendar).items()},
        }
        for track in read.tracks.values()
    ]
    return shown


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below a title; a pipe gets long lines."""
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    _console().print(table)
    click.echo()


def _console() -> Console:
    """Return a console; a pipe gets lines as long as they are."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)
