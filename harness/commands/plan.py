"""``dip plan``: the plan of the test programme: show it, check it, say what can start."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.calendars.book import calendars
from harness.clock import SystemClock
from harness.commands.plan_view import as_dict, print_table, tables
from harness.errors import ConfigurationError
from harness.stages.plan.checking import check as findings_of
from harness.stages.plan.due import due
from harness.stages.plan.model import Plan
from harness.stages.plan.reading import SHIPPED, find, read_plan
from harness.stages.plan.starting import candidates

OWN_FILE = "plan.yaml"
_WEEKS_AHEAD = 4

F = TypeVar("F", bound=Callable[..., Any])


def plan_options(command: F) -> F:
    """Add the options that every command about a plan takes."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        click.option("--as-of", metavar="DATE", help="The day that is meant. [default: today]"),
        click.option(
            "--plan",
            "plan_file",
            metavar="FILE",
            help=f"Plan file, or a shipped plan: {', '.join(SHIPPED)}. [default: plan.yaml, or example]",
        ),
    ):
        command = option(command)
    return command


start_option = click.option(
    "--start",
    "starts",
    multiple=True,
    metavar="TRACK=DATE",
    help="The CIT start that a track's other dates follow from; many.",
)


def open_plan(plan_file: str | None, as_of: str | None, starts: Iterable[str] = ()) -> tuple[Plan, date]:
    """Read the plan that is meant and the day that is meant."""
    asked = plan_file or (OWN_FILE if Path(OWN_FILE).is_file() else SHIPPED[0])
    anchors = {}
    for each in starts:
        track, _, day = each.partition("=")
        anchors[track] = a_day(day, "--start")
    return read_plan(find(asked), anchors), a_day(as_of, "--as-of")


def a_day(text: str | None, option: str) -> date:
    """Read a date; none is today."""
    if text is None:
        return SystemClock().now().date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"'{text}' is no date", where=option, mend="Write it as 2026-11-22."
        ) from error


@click.group()
def plan() -> None:
    """The plan of the test programme: stages, dates, parties, criteria.

    Shipped are 'example', the programme's own history from public papers, and 'template', to start from.
    """


@plan.command(
    epilog="\b\nExample:\n  dip plan show --plan example --as-of 2024-03-01\n"
    "  dip plan show --plan template --start first=2027-03-01\n"
    "  dip plan show --plan template --source > plan.yaml"
)
@plan_options
@start_option
@click.option("--source", is_flag=True, help="Print the plan file itself, to copy from.")
def show(
    plan_file: str | None, as_of: str | None, as_json: bool, starts: tuple[str, ...], source: bool
) -> None:
    """Print the plan as it stands on a day."""
    read, day = open_plan(plan_file, as_of, starts)
    if source:
        click.echo(Path(read.where).read_text(encoding="utf-8"), nl=False)
        return
    if as_json:
        click.echo(json.dumps(as_dict(read, day), indent=2))
        return
    _heading(read, day)
    for title, columns, rows in tables(read, day):
        if rows:
            print_table(title, columns, rows)
    for note in read.notes:
        click.echo(f"Note: {note}")


@plan.command(
    epilog="\b\nExample:\n  dip plan check --plan example\n"
    "  dip plan check --plan plan.yaml --as-of 2027-01-11 --json"
)
@plan_options
@start_option
def check(plan_file: str | None, as_of: str | None, as_json: bool, starts: tuple[str, ...]) -> None:
    """Find what is inconsistent in the plan; exit 1 when something is."""
    read, day = open_plan(plan_file, as_of, starts)
    found = findings_of(read, calendars().working_days(read.calendar), day)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "plan": read.name,
                    "as_of": day.isoformat(),
                    "consistent": not found,
                    "findings": [each.as_dict() for each in found],
                },
                indent=2,
            )
        )
    else:
        _heading(read, day)
        for each in found:
            click.echo(f"{each.subject}: {each.what}")
            click.echo(
                f"    {each.code}"
                + (f"; expected {each.expected}" if each.expected else "")
                + f" (basis: {each.basis})"
            )
        click.echo(f"{len(found)} finding{'' if len(found) == 1 else 's'}")
    sys.exit(1 if found else 0)


@plan.command("next", epilog="\b\nExample:\n  dip plan next --plan example --as-of 2024-03-11 --json")
@plan_options
@start_option
def next_(plan_file: str | None, as_of: str | None, as_json: bool, starts: tuple[str, ...]) -> None:
    """Say what can start, what the rest waits for, and which papers fall due in the next four weeks.

    A party that is ready starts; its interval is a label and holds nobody back.
    """
    read, day = open_plan(plan_file, as_of, starts)
    found = candidates(read, day)
    soon = due(read, calendars().working_days(read.calendar), day, _WEEKS_AHEAD * 7)
    if as_json:
        shown = {
            "plan": read.name,
            "as_of": day.isoformat(),
            "can_start": [each.as_dict() for each in found if each.ready],
            "waiting": [each.as_dict() for each in found if not each.ready],
            "due": [each.as_dict() for each in soon],
        }
        click.echo(json.dumps(shown, indent=2))
        return
    _heading(read, day)
    ready = [(each.stage, each.party or "all", each.interval) for each in found if each.ready]
    print_table("Can start", ("stage", "party", "interval (a label)"), ready or [("nothing", "", "")])
    waiting = [
        (each.stage, each.party or "all", "\n".join(each.waits_for)) for each in found if not each.ready
    ]
    if waiting:
        print_table("Waits", ("stage", "party", "for"), waiting)
    if soon:
        papers = [(f"{each.day:%a} {each.day}", each.track, each.artefact, each.issued_by) for each in soon]
        print_table(f"Due within {_WEEKS_AHEAD} weeks", ("day", "track", "what", "from"), papers)


def _heading(read: Plan, day: date) -> None:
    click.echo(f"{read.title} ({read.kind.value}), as of {day}\n")
