"""``dip report exit``: the overarching exit report over the completion reports of parties."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import orjson

from harness.errors import ConfigurationError
from harness.reports.completion.exit_report import exit_report, read_one
from harness.reports.completion.given import Given, read_given
from harness.reports.completion.writing import write_exit
from harness.stages.plan.reading import find, read_plan

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    "exit",
    epilog="\b\nExample:\n  dip report exit a/completion-report.json b/completion-report.json \\\n"
    "    --plan plan.yaml --title-block exit.yaml --out exit",
)
@click.argument("reports", nargs=-1, required=True, type=_file)
@click.option("--plan", "plan_file", metavar="FILE", help="Names the participants that must be there.")
@click.option("--title-block", type=_file, metavar="FILE.yaml", help="What only people know.")
@click.option("--template", type=_file, metavar="FILE.docx", help="A Word template in place of the shipped.")
@click.option("--final", is_flag=True, help="Ask for the final report; refused while anything is missing.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder for the files."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def exit_(
    reports: tuple[Path, ...],
    plan_file: str | None,
    title_block: Path | None,
    template: Path | None,
    final: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Put the completion REPORTS of one stage side by side, with one extract of tests, requirements, defects.

    Each participant keeps its own line in each evidence class; nothing is added. --final is refused while a
    completion report is a draft or, with --plan, a participant of the plan has none.

    Exit codes: 0 written; 1 --final was asked for and refused; 2 a report can't be read.
    """
    plan = read_plan(find(plan_file)) if plan_file else None
    given = read_given(title_block) if title_block else Given()
    made = exit_report([read_one(_json(path), str(path)) for path in reports], plan, given, final=final)
    lacks = [[each.kind, each.what] for each in made.lacks]
    if final and made.lacks:
        if as_json:
            click.echo(json.dumps({"final": False, "lacks": lacks}, indent=2))
        else:
            click.echo(f"Refused as final: {len(lacks)} reasons. Nothing was written.\n")
            for kind, what in lacks:
                click.echo(f"  {kind:28} {what}")
        sys.exit(1)
    written = write_exit(made, out, template=template)
    if as_json:
        told = {"draft": made.draft, "lacks": lacks, "files": [str(path) for path in written]}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(
        f"{'draft' if made.draft else 'final'}  {made.stage_title}, {len(made.reports)} participants\n"
    )
    for kind, what in lacks:
        click.echo(f"  {kind:28} {what}")
    for path in written:
        click.echo(str(path))


def _json(path: Path) -> object:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"can't be read: {error}", where=str(path)) from error
