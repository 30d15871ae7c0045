"""``dip report progress`` and ``dip report cycle``: runs of a cycle merged, and held against the plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.calendars.book import calendars
from harness.clock import SystemClock
from harness.commands.plan import OWN_FILE, a_day
from harness.commands.plan_view import print_table
from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import Verdict
from harness.registers.model import Registers
from harness.registers.reading import found_folder, read_registers
from harness.reports.completion.document import Document, Facts, Table, Text, shown
from harness.reports.completion.sections.words import plural
from harness.reports.progress.files import sheet_of_tests, write
from harness.reports.progress.model import progress
from harness.reports.progress.wording import document
from harness.reports.standing.merging import read_runs, standing
from harness.reports.standing.model import Standing, Test, history
from harness.stages.plan.model import Plan
from harness.stages.plan.reading import find, read_plan

_LISTED = 40

F = TypeVar("F", bound=Callable[..., Any])


def cycle_options(command: F) -> F:
    """Add what every report over several runs takes."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        click.option("--as-of", metavar="DATE", help="The day that is meant. [default: today]"),
        click.option(
            "--registers",
            "folder",
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            help="Folder of defects and overrides. [default: registers beside the plan, where there is one]",
        ),
        click.option(
            "--plan", "plan_file", metavar="FILE", help="The plan. [default: plan.yaml, where there is one]"
        ),
    ):
        command = option(command)
    return command


runs_argument = click.argument(
    "runs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False)
)


def read_inputs(
    plan_file: str | None, folder: Path | None, as_of: str | None
) -> tuple[Plan | None, Registers | None, date]:
    """Read plan and registers where they are, and the day; raises ConfigurationError for broken ones."""
    own = OWN_FILE if Path(OWN_FILE).is_file() else None
    asked = plan_file or own
    plan = read_plan(find(asked)) if asked else None
    found = folder or found_folder(Path(plan.where) if plan else None)
    day = a_day(as_of, "--as-of") if as_of else SystemClock().now().date()
    return plan, read_registers(found) if found is not None else None, day


@click.command(
    epilog="\b\nExample:\n  dip report cycle runs/cycle-1-*\n"
    "  dip report cycle runs/* --plan plan.yaml --all\n  dip report cycle runs/* --json"
)
@runs_argument
@cycle_options
@click.option("--all", "everything", is_flag=True, help="Also list tests that passed the first time.")
def cycle(
    runs: tuple[Path, ...],
    plan_file: str | None,
    folder: Path | None,
    as_of: str | None,
    as_json: bool,
    everything: bool,
) -> None:
    """Merge RUNS of a cycle: each test with its last result, its first one and all between.

    Evidence classes stay apart. Exit 1 where a test's last result is no pass.
    """
    plan, registers, day = read_inputs(plan_file, folder, as_of)
    found = standing(read_runs(runs), registers, plan, as_of=day)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
    else:
        _print_standing(found, everything)
    if any(test.verdict is not Verdict.PASS for test in found.tests):
        raise SystemExit(1)


def _print_standing(found: Standing, everything: bool) -> None:
    for run in found.runs:
        cut = ", interrupted or cut off" if run.interrupted else ""
        click.echo(
            f"run {run.header.run}: {run.header.stage}, {run.header.at[:10]}, {run.evidence_class}{cut}"
        )
    for kind in found.classes:
        _print_class(found, kind, everything)


def _print_class(found: Standing, kind: EvidenceClass, everything: bool) -> None:
    counts = found.totals[kind]
    said = ", ".join(f"{count:,} {status}" for status, count in counts.statuses.items() if count)
    first = f"{counts.passed_at_first:,} of {counts.played:,} passed at first"
    again = f"{plural(counts.retests, 'retest')}, {counts.flaky:,} flaky"
    click.echo(f"\n{kind}: {plural(counts.tests, 'test')}: {said}; {first}, {again}")
    listed = [test for test in found.of(kind) if everything or _of_interest(test)]
    rows = [
        (
            test.case,
            test.status.value,
            history(test),
            "; ".join(filter(None, ("flaky" if test.flaky else "", test.why, test.last.reason[:90]))),
            ", ".join(defect.id for defect in test.defects),
        )
        for test in listed[:_LISTED]
    ]
    if rows:
        click.echo()
        print_table("", ("test", "status", "results, oldest first", "why", "defects"), rows)
    if len(listed) > _LISTED:
        click.echo(f"and {len(listed) - _LISTED} more; --json has them all")


def _of_interest(test: Test) -> bool:
    return test.retests > 0 or test.verdict is not Verdict.PASS or bool(test.why)


@click.command(
    "progress",
    epilog="\b\nExample:\n  dip report progress runs/* --plan plan.yaml --cycle cycle-1 --out reports\n"
    "  dip report progress runs/* --since 2027-06-01 --json",
)
@runs_argument
@cycle_options
@click.option("--stage", default="", help="Only runs of this stage.")
@click.option("--cycle", "of_cycle", default="", help="Only runs of this cycle.")
@click.option("--since", metavar="DATE", help="What to compare with. [default: a week before]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for progress.html, progress.json and progress.xlsx; without it they are not written.",
)
def progress_(
    runs: tuple[Path, ...],
    plan_file: str | None,
    folder: Path | None,
    as_of: str | None,
    as_json: bool,
    stage: str,
    of_cycle: str,
    since: str | None,
    out: Path | None,
) -> None:
    """Hold the RUNS of a stage or cycle against the plan: burn-up, trend, parties, who is waited for.

    Rehearsals stand apart and never count. Exit 0 whatever it says.
    """
    plan, registers, day = read_inputs(plan_file, folder, as_of)
    book = calendars()
    calendar = book.working_days(plan.calendar) if plan is not None else book.working_days()
    read = read_runs(runs)
    _known("stage", stage, [run.header.stage for run in read])
    _known("cycle", of_cycle, [run.header.cycle for run in read if run.header.cycle])
    found = progress(
        read,
        registers,
        plan,
        calendar=calendar,
        as_of=day,
        stage=stage,
        cycle=of_cycle,
        since=a_day(since, "--since") if since else None,
    )
    made = document(found)
    written = []
    if out is not None:
        written = write(made, found.as_dict(), out, "progress", more=[sheet_of_tests(found.standing)])
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
        return
    print_document(made, ("1", "5", "6", "7"), written)


def _known(what: str, asked: str, there: Sequence[str]) -> None:
    """Refuse a stage or cycle that none of the runs is of."""
    if asked and asked not in there:
        raise ConfigurationError(
            f"none of the runs is of {what} '{asked}'",
            where=f"--{what}",
            mend=nearest(asked, sorted(set(there))) or f"The runs name no {what}; see 'dip run --{what}'.",
        )


def print_document(made: Document, numbers: Iterable[str], written: Iterable[Path]) -> None:
    """Print some sections of a report, and where its files are."""
    click.echo(f"{made.title}. {made.subtitle}\n{made.verdict.text}\n{made.band}\n")
    wanted = set(numbers)
    for section in made.sections:
        if section.number not in wanted:
            continue
        click.echo(f"{section.title}\n")
        for block in section.blocks:
            match block:
                case Facts():
                    for name, value in block.rows:
                        click.echo(f"  {name + ':':32}{shown(value)}")
                    click.echo()
                case Table() if block.rows:
                    print_table(
                        block.title, block.columns, [[shown(each) for each in row] for row in block.rows]
                    )
                case Table():
                    title = f"{block.title}: " if block.title else ""
                    click.echo(f"  {title}{block.empty}\n")
                case Text():
                    click.echo(f"  {block.text}\n")
                case _:
                    pass
    for path in written:
        click.echo(f"report   {path}")
