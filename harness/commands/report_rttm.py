"""``dip report rttm RUN...``: the trace matrix of one party in one role at one submission point."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from harness.clock import SystemClock
from harness.commands.plan import a_day
from harness.commands.plan_view import print_table
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.reading import found_folder, read_registers
from harness.reports.submission.gathering import POINTS, Asked, gather, write
from harness.reports.submission.given import Given
from harness.reports.submission.matrix import Submission, submission_matrix
from harness.reports.submission.previous import read_previous
from harness.security.trust import Trust
from harness.spec.roles import roles
from harness.stages.plan.measures import RANK
from harness.stages.plan.model import Plan
from harness.stages.plan.reading import find, read_plan

_OWN_PLAN = Path("plan.yaml")
_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_folder = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(
    "write",
    epilog="\b\nExample:\n"
    "  dip report rttm runs/cit-1 runs/cit-2 --party SUPA --role SUP --submission pit-exit --out rttm\n"
    "  dip report rttm runs/* --party 'Supplier A' --role SUP --stage cit --submission sit-exit \\\n"
    "    --plan plan.yaml --previous rttm/RTTM_SUPA_SUP_cit_sit-exit_v1.xlsx --out rttm",
)
@click.argument("runs", nargs=-1, type=_folder)
@click.option("--party", required=True, metavar="NAME", help="Whose: MPID, DIP id, name, or id in the plan.")
@click.option("--role", required=True, type=click.Choice([*roles()]), metavar="ROLE", help="In which role.")
@click.option(
    "--submission", required=True, metavar="POINT", help=f"At which point: {', '.join(POINTS)}, or your own."
)
@click.option("--stage", default="", help="For which stage, or 'all'. [default: that of the runs]")
@click.option(
    "--release", default="", help="DIP API release. [default: the party's in the plan, or the runs']"
)
@click.option(
    "--evidence",
    type=click.Choice([each.value for each in RANK]),
    help="The least evidence that counts. [default: what the stage's gate asks for, or self-test]",
)
@click.option(
    "--plan", "plan_file", metavar="FILE", help="Plan file. [default: plan.yaml, where it is there]"
)
@click.option(
    "--registers",
    type=_folder,
    metavar="DIR",
    help="Defects, overrides, reliance. [default: beside the plan]",
)
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    type=_file,
    metavar="FILE",
    help="The requirements, as 'dip report baseline import' writes them; many. [default: our register]",
)
@click.option("--catalogue", type=_folder, metavar="DIR", help="The catalogue. [default: the packaged one]")
@click.option("--pack", "packs", multiple=True, type=_file, help="A sealed pack of one of the runs; many.")
@click.option("--ca", multiple=True, metavar="FILE", help="The authority that packs must be signed under.")
@click.option(
    "--impact",
    type=_file,
    metavar="FILE.yaml",
    help="What changes of systems touch: results from before them that used it go stale.",
)
@click.option(
    "--previous",
    type=_file,
    metavar="FILE",
    help="The submission before, .json or .xlsx: what changed is told.",
)
@click.option("--version", type=click.IntRange(min=1), help="[default: one more than --previous, or 1]")
@click.option("--as-of", metavar="DATE", help="The day that is meant. [default: today]")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the files."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def write_(
    runs: tuple[Path, ...],
    party: str,
    role: str,
    submission: str,
    stage: str,
    release: str,
    evidence: str | None,
    plan_file: str | None,
    registers: Path | None,
    baselines: tuple[Path, ...],
    catalogue: Path | None,
    packs: tuple[Path, ...],
    ca: tuple[str, ...],
    impact: Path | None,
    previous: Path | None,
    version: int | None,
    as_of: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Trace requirements to the tests of one party in one role: a workbook, and JSON of the same content.

    RUNS are the folders of all runs that count; without one it is a plan of tests alone. The files are
    RTTM_<MPID>_<role>_<stage>_<submission>_v<n>.xlsx and .json. Evidence classes are never added up. Exit 0
    whatever the matrix says; 2 where a name or a file is wrong, and then nothing is written.
    """
    plan, where = _plan(plan_file)
    folder = registers or found_folder(where)
    before = read_previous(previous) if previous else None
    given = gather(
        runs,
        Asked(
            party=party,
            role=role,
            submission=submission,
            as_of=_day(as_of),
            stage=stage,
            release=release,
            evidence=EvidenceClass(evidence) if evidence else None,
            version=version or 0,
            catalogue=catalogue,
            baselines=baselines,
            packs=packs,
            impact=impact,
        ),
        plan=plan,
        registers=read_registers(folder),
        previous=before,
        trust=Trust.load(ca, ()) if ca else None,
    )
    made = submission_matrix(given, before)
    written = write(made, out)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "name": made.name,
                    "files": [str(path) for path in written],
                    "control": {name: value for name, value, _ in made.control},
                    "summary": {figure.title: figure.value for figure in made.figures},
                },
                indent=2,
            )
        )
    else:
        _print(given, made, written)


def _plan(plan_file: str | None) -> tuple[Plan | None, Path | None]:
    """Return the plan that is meant and its file; none where nobody names one and there is no plan.yaml."""
    if plan_file is None and not _OWN_PLAN.is_file():
        return None, None
    path = find(plan_file or str(_OWN_PLAN))
    return read_plan(path), path


def _day(text: str | None) -> date:
    return a_day(text, "--as-of") if text else SystemClock().now().date()


def _print(given: Given, made: Submission, written: tuple[Path, ...]) -> None:
    click.echo(made.title)
    control = {name: value for name, value, _ in made.control}
    click.echo(f"release {control['API release']}, evidence that counts: {control['Evidence that counts']}\n")
    value = made.value
    print_table(
        "Requirements that apply",
        ("overall status", "requirements"),
        [
            (status.value, str(count))
            for status in ExecutionStatus
            if (count := value(f"Requirements that apply, overall: {status}"))
        ],
    )
    print_table(
        "Tests, each evidence class by itself",
        ("evidence class", "tests", "passed", "failed", "blocked", "with work-off"),
        [
            (
                kind.value,
                str(value(f"Tests, {kind}")),
                *(
                    str(value(f"Tests, {kind}: {status}"))
                    for status in (
                        ExecutionStatus.PASSED,
                        ExecutionStatus.FAILED,
                        ExecutionStatus.BLOCKED,
                        ExecutionStatus.PASSED_WITH_WORK_OFF,
                    )
                ),
            )
            for kind in reversed(RANK)
            if value(f"Tests, {kind}")
        ],
    )
    click.echo(
        f"{value('Tests without a run of this party')} planned tests not run with this party, "
        f"{value('Gaps')} gaps, "
        f"{value('Defects open')} open defects, {value('Work-off items')} work-off items"
    )
    if control["Changes since last submission"]:
        click.echo(
            f"{control['Changes since last submission']} changes since {control['Previous submission']}"
        )
    for problem in (each for standing in given.exemptions for each in standing.problems):
        click.echo(f"exemption: {problem}")
    for path in written:
        click.echo(f"written  {path}")
