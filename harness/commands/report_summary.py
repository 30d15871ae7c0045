"""``dip report summary``: runs in Markdown, for the page of a CI job."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.commands.defect import open_registers
from harness.errors import EnvironmentFault
from harness.registers.reading import DEFAULT_FOLDER
from harness.reports.markdown import in_order, markdown
from harness.reports.standing.merging import read_runs, standing


@click.command(
    "summary",
    epilog="\b\nExample:\n  dip report summary runs/* --out summary.md\n"
    '  dip report summary runs/shard-* --append "$GITHUB_STEP_SUMMARY" --exit-code',
)
@click.argument(
    "runs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option(
    "--registers",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(DEFAULT_FOLDER),
    show_default=True,
    help="Registers whose overrides and defects count, where the folder is there.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.option("--append", type=click.Path(path_type=Path, dir_okay=False), help="Add it to this file.")
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit 1 where a test is not passed, or a run was cut off: the gate of sharded jobs.",
)
def summary_(
    runs: tuple[Path, ...], folder: Path, out: Path | None, append: Path | None, exit_code: bool
) -> None:
    """Merge RUNS, shards and re-runs alike, and print one summary in Markdown.

    Of a test that was run again the last result counts, and the first stays visible. Classes of evidence
    are never added up.
    """
    found = standing(read_runs(runs), open_registers(folder))
    text = markdown(found)
    if out is not None or append is not None:
        for path, mode in ((out, "w"), (append, "a")):
            if path is not None:
                _write(path, mode, text)
    else:
        click.echo(text, nl=False)
    sys.exit(0 if not exit_code or in_order(found) else 1)


def _write(path: Path, mode: str, text: str) -> None:
    try:
        with path.open(mode, encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise EnvironmentFault(f"can't be written: {error.strerror}", where=str(path)) from error
