"""``dip report readiness``: what can start on a day, and what the rest waits for."""

from __future__ import annotations

import json
from pathlib import Path

import click

from harness.calendars.book import calendars
from harness.commands.evidence import derived
from harness.commands.plan import open_plan, plan_options, start_option
from harness.commands.report_progress import print_document
from harness.registers.reading import found_folder, read_registers
from harness.reports.progress.files import write
from harness.reports.progress.readiness import readiness
from harness.reports.progress.self_checks import files_of, read_self_check
from harness.reports.progress.wording_readiness import document
from harness.reports.standing.merging import read_runs, standing
from harness.security.trust import Trust
from harness.stages.plan.runs import read_run_facts


@click.command(
    "readiness",
    epilog="\b\nExample:\n  dip report readiness --plan plan.yaml --as-of 2027-01-11\n"
    "  dip report readiness runs/smoke-* --stage cit --out reports\n"
    "  dip report readiness --self-check received/ --out reports",
)
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@plan_options
@start_option
@click.option(
    "--self-check",
    "checks",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE|FOLDER",
    help="A sealed file that a participant's 'dip check run' wrote, or a folder of such; many.",
)
@click.option(
    "--ca", multiple=True, metavar="FILE", help="The authority whose signatures on self-checks count."
)
@click.option("--stage", "stages", multiple=True, help="Only this stage; many. [default: all not yet left]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for readiness.html, readiness.json and readiness.xlsx; without it they are not written.",
)
def readiness_(
    runs: tuple[Path, ...],
    plan_file: str | None,
    as_of: str | None,
    as_json: bool,
    starts: tuple[str, ...],
    stages: tuple[str, ...],
    checks: tuple[Path, ...],
    ca: tuple[str, ...],
    out: Path | None,
) -> None:
    """Say what can start, stage by stage and party by party, from the plan and the RUNS given.

    Self-checks of participants stand beside that, each with what speaks against counting it: a broken seal,
    too old, of another release, not of a real system.
    Exit 0 whatever it says; 'dip gate STAGE --at entry' decides.
    """
    plan, day = open_plan(plan_file, as_of, starts)
    trust = Trust.load(ca) if ca else None
    folder = found_folder(Path(plan.where))
    registers = read_registers(folder) if folder is not None else None
    found = readiness(
        plan,
        calendars().working_days(plan.calendar),
        day,
        facts=[read_run_facts(each) for each in runs],
        standing=standing(read_runs(runs), registers, plan, as_of=day),
        stages=stages,
        self_checks=[read_self_check(each, derive=derived, trust=trust) for each in files_of(checks)],
    )
    made = document(found)
    written = write(made, found.as_dict(), out, "readiness") if out is not None else []
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
        return
    print_document(made, ("1", "2", "6", "7"), written)
