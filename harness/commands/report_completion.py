"""``dip report completion`` and ``dip report exit``: what a stage showed, and the roll-up over parties."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import orjson

from harness.commands.evidence import derived
from harness.commands.plan import open_plan, plan_options
from harness.errors import ConfigurationError
from harness.evidence.store import EvidenceStore
from harness.registers.reading import read_registers
from harness.reports.completion.building import Inputs, completion, refuse
from harness.reports.completion.given import Given, read_given
from harness.reports.completion.messages import Shown, shown
from harness.reports.completion.model import Completion, PackLine
from harness.reports.completion.packs import read_pack
from harness.reports.completion.traffic import Traffic, read_traffic
from harness.reports.completion.writing import write
from harness.reports.run import Run
from harness.reports.standing.merging import read_runs
from harness.scenarios.requirements import shipped
from harness.security.trust import Trust
from harness.stages.plan.runs import RunFacts, read_run_facts, with_players

_LISTED = 30

_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_folder = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(
    "completion",
    epilog="\b\nExample:\n  dip report completion runs/cit-1 runs/cit-2 --plan plan.yaml --stage cit \\\n"
    "    --registers registers --pack cit-1.evidence.zip --pack cit-2.evidence.zip \\\n"
    "    --title-block completion.yaml --out completion\n"
    "  dip report completion --schema > title-block.schema.json",
)
@click.argument("runs", nargs=-1, type=_folder)
@click.option("--stage", help="The stage of the plan that the report is of.")
@plan_options
@click.option("--party", default="", metavar="NAME", help="Report on this party alone: an id, MPID or name.")
@click.option("--registers", type=_folder, metavar="DIR", help="Defects, overrides, reliance.")
@click.option("--rttm", type=_file, metavar="rttm.json", help="The trace matrix whose requirements count.")
@click.option("--pack", "packs", multiple=True, type=_file, help="A sealed pack of one of the runs; many.")
@click.option("--ca", multiple=True, metavar="FILE", help="The authority that packs must be signed under.")
@click.option("--title-block", type=_file, metavar="FILE.yaml", help="What only people know.")
@click.option("--template", type=_file, metavar="FILE.docx", help="A Word template in place of the shipped.")
@click.option("--salt", type=click.Path(path_type=Path), help="The salt that packs were redacted with.")
@click.option("--final", is_flag=True, help="Ask for the final report; refused while anything is missing.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for the files.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of title blocks, and nothing else.")
def completion_(
    runs: tuple[Path, ...],
    stage: str | None,
    plan_file: str | None,
    as_of: str | None,
    as_json: bool,
    party: str,
    registers: Path | None,
    rttm: Path | None,
    packs: tuple[Path, ...],
    ca: tuple[str, ...],
    title_block: Path | None,
    template: Path | None,
    salt: Path | None,
    final: bool,
    out: Path | None,
    schema: bool,
) -> None:
    """Write the completion report of a stage from RUNS: HTML, Word, workbooks and JSON.

    No report is made of a rehearsal. What only people know comes from the title block; what is missing stands
    as not given. Without --final, and while anything stands against it, each page says DRAFT.

    Exit codes: 0 written; 1 --final was asked for and refused, and each reason is named; 2 no report can be
    made of this.
    """
    if schema:
        from harness.reports.completion.given import schema as title_block_schema

        click.echo(json.dumps(title_block_schema(), indent=2))
        return
    for name, value in (("RUNS", runs), ("--stage", stage), ("--out", out)):
        if not value:
            raise ConfigurationError("is missing", where=name, mend="See dip report completion --help.")
    assert stage is not None
    assert out is not None
    plan, day = open_plan(plan_file, as_of)
    read = read_runs(runs)
    refuse(plan, stage, read)
    given = read_given(title_block) if title_block else Given()
    folders = {run.header.run: run.folder for run in read}
    trust = Trust.load(ca) if ca else None
    sealed = tuple(read_pack(each, folders, derive=derived, trust=trust) for each in packs)
    traffic = _traffic(read)
    report = completion(
        Inputs(
            plan=plan,
            stage=stage,
            runs=read,
            facts=[_facts(run) for run in read if run.end],
            registers=read_registers(registers),
            register=shipped(),
            as_of=day,
            given=given,
            party=party,
            matrix=_matrix(rttm) if rttm else None,
            matrix_name=rttm.name if rttm else "",
            packs=sealed,
            traffic=traffic,
        ),
        final=final,
    )
    if final and report.lacks:
        _refused(report, as_json=as_json)
    written = write(report, _messages(report, traffic, folders, sealed), out, template=template, salt=salt)
    if as_json:
        told = {"draft": report.draft, "lacks": [[each.kind, each.what] for each in report.lacks]}
        click.echo(json.dumps({**told, "files": [str(path) for path in written]}, indent=2))
        return
    _told(report)
    for path in written:
        click.echo(str(path))


def _facts(run: Run) -> RunFacts:
    """Read what the gate needs, and hold it to the events."""
    facts = with_players(read_run_facts(run.folder), run.folder)
    told = {result.key: result.verdict for result in facts.results}
    if told != {each.case: each.verdict.value for each in run.instances}:
        raise ConfigurationError(
            "does not say what the events say",
            where=str(run.folder / "results.json"),
            mend="Take the run's folder from its own copy; reports are written from the events.",
        )
    return facts


def _matrix(path: Path) -> dict[str, object]:
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"can't be read: {error}", where=str(path)) from error
    if not isinstance(found, dict):
        raise ConfigurationError("holds no trace matrix", where=str(path), mend="Give an rttm.json.")
    return found


def _traffic(runs: tuple[Run, ...]) -> dict[tuple[str, str], Traffic]:
    """Read the messages of all runs; those of cases that did not pass are kept."""
    found = {}
    for run in runs:
        if run.end is None:
            continue
        kept = {
            each.case for each in run.instances if each.verdict.value not in {"pass", "omitted", "skipped"}
        }
        for case, seen in read_traffic(run.folder, kept).items():
            found[run.header.run, case] = seen
    return found


def _messages(
    report: Completion,
    traffic: dict[tuple[str, str], Traffic],
    folders: dict[str, Path],
    sealed: tuple[PackLine, ...],
) -> dict[tuple[str, str], Shown]:
    steps = {
        (test.last.run, test.case): traffic[test.last.run, test.case].steps
        for test in report.failed
        if (test.last.run, test.case) in traffic
    }
    stores = {run: EvidenceStore(folder / "evidence") for run, folder in folders.items()}
    return shown(report.standing, steps, stores, {pack.run: pack.name for pack in sealed})


def _refused(report: Completion, *, as_json: bool) -> None:
    """Name everything that stands against a final report, and end."""
    if as_json:
        click.echo(
            json.dumps({"final": False, "lacks": [[each.kind, each.what] for each in report.lacks]}, indent=2)
        )
    else:
        click.echo(f"Refused as final: {len(report.lacks)} reasons. Nothing was written.\n")
        _list(report, most=len(report.lacks))
    sys.exit(1)


def _told(report: Completion) -> None:
    state = "draft" if report.draft else "final"
    click.echo(f"{state}  {report.stage.title}, {report.party or 'all parties'}, as of {report.as_of}")
    for kind, counts in report.totals.items():
        covered = report.coverage[kind]
        click.echo(
            f"{kind.value}: {counts.passed} of {counts.tests} tests passed, "
            f"{covered.met} of {covered.in_scope} requirements met"
        )
    if report.exit:
        click.echo(f"exit gate: {report.exit.verdict.value}")
    if report.lacks:
        click.echo(f"\nAgainst a final report: {len(report.lacks)}")
        _list(report, most=_LISTED)
    click.echo("")


def _list(report: Completion, *, most: int) -> None:
    for each in report.lacks[:most]:
        click.echo(f"  {each.kind:28} {each.what}")
    if len(report.lacks) > most:
        click.echo(f"  and {len(report.lacks) - most} more; --json has them all")
