"""``dip report``: the group of reports, and somebody's own trace matrix filled from runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.commands.plan_view import print_table
from harness.errors import ConfigurationError
from harness.reports import fill_map
from harness.reports.fill_map import FillMap, read_fill_map
from harness.reports.rows_of_runs import shown
from harness.reports.rttm_filling import Filling, fill
from harness.reports.run import Run, read_run
from harness.reports.tables import read_bytes
from harness.scenarios.requirements import joined, read_register, shipped

_LISTED = 40

F = TypeVar("F", bound=Callable[..., Any])


LATER = {
    "baseline": "report_baseline:baseline",
    "completion": "report_completion:completion_",
    "cycle": "report_progress:cycle",
    "exit": "report_exit:exit_",
    "progress": "report_progress:progress_",
    "readiness": "report_readiness:readiness_",
    "summary": "report_summary:summary_",
}
"""Reports in modules of their own, imported when they are asked for: name to module and command."""


class Reports(click.Group):
    """The commands of this module, then those of others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every report."""
        return sorted([*super().list_commands(ctx), *LATER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a report's command by name."""
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        module, _, name = LATER[cmd_name].partition(":")
        found = getattr(import_module(f"harness.commands.{module}"), name)
        return found if isinstance(found, click.Command) else None


@click.group(cls=Reports)
def report() -> None:
    """Reports beside those that every run writes: of a stage, of parties, of requirements."""


class Matrices(click.Group):
    """``rttm RUN...`` writes a submission; ``fill`` and ``map`` are for matrices that others keep."""

    usual = "write"
    """The command that is meant where none is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command."""
        return sorted([*super().list_commands(ctx), self.usual])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        if cmd_name != self.usual:
            return super().get_command(ctx, cmd_name)
        found = import_module("harness.commands.report_rttm").write_
        return found if isinstance(found, click.Command) else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take anything but the name of a command for the runs and options of ``write``."""
        if args and args[0] not in {*self.list_commands(ctx), "-h", "--help"}:
            args = [self.usual, *args]
        return super().parse_args(ctx, args)


@report.group(
    cls=Matrices,
    epilog="\b\nExample:\n"
    "  dip report rttm runs/cit-1 runs/cit-2 --party SUPA --role SUP --submission pit-exit --out rttm\n"
    "  dip report rttm fill theirs.xlsx runs/<run-id> --map map.yaml --out filled.xlsx",
)
def rttm() -> None:
    """Trace matrices of requirements to tests.

    'dip report rttm RUN...' is 'dip report rttm write RUN...': the matrix of one party in one role at one
    submission point. 'fill' and 'map' are for matrices that others keep.
    """


def map_option(default: Path) -> Callable[[F], F]:
    """Return the option of a column map."""
    return click.option(
        "--map",
        "map_file",
        type=click.Path(path_type=Path),
        metavar="MAP.yaml",
        help=f"Which column holds what.  [default: {default.name}, with the titles of rttm.xlsx]",
    )


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@rttm.command("map", epilog="\b\nExample:\n  dip report rttm map > rttm-map.yaml")
def rttm_map() -> None:
    """Print the shipped column map for filling, to copy from."""
    click.echo(fill_map.DEFAULT_MAP.read_text(encoding="utf-8"), nl=False)


@rttm.command(
    "fill",
    epilog="\b\nExample:\n  dip report rttm fill theirs.xlsx runs/<run-id> --map map.yaml --out filled.xlsx",
)
@click.argument("workbook", type=click.Path(path_type=Path))
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@map_option(fill_map.DEFAULT_MAP)
@click.option(
    "--baseline",
    "imported",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Requirements beside ours, as 'dip report baseline import' writes them; many.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE.xlsx", help="The new file."
)
@json_option
def fill_(
    workbook: Path,
    runs: tuple[Path, ...],
    map_file: Path | None,
    imported: tuple[Path, ...],
    out: Path,
    as_json: bool,
) -> None:
    """Fill the columns of somebody's WORKBOOK from the folders RUNS, into a new file.

    Rows are matched on ids. Nothing else of the workbook changes; what did not match is listed, both ways.
    Evidence classes are never added up, and a rehearsal is written as one. Exit 1 where nothing was to be
    written: then there is no new file.
    """
    if out.suffix.lower() != ".xlsx":
        raise ConfigurationError(f"'{out}' does not end in .xlsx", where="--out")
    if out.exists():
        raise ConfigurationError("exists", where=str(out), mend="Name a new file; nothing is overwritten.")
    columns = read_fill_map(map_file or fill_map.DEFAULT_MAP)
    read = _distinct([read_run(folder) for folder in runs])
    register = joined([shipped(), *(read_register(path) for path in imported)])
    done = fill(read_bytes(workbook), str(workbook), columns, shown(read, register, columns))
    if done.data is not None:
        write_new(out, done.data)
    if as_json:
        click.echo(json.dumps(_as_dict(workbook, out, read, done), indent=2))
    else:
        _print_filling(out, read, columns, done)
    if done.data is None:
        raise SystemExit(1)


def _distinct(read: Sequence[Run]) -> Sequence[Run]:
    seen = set()
    for run in read:
        if run.header.run in seen:
            raise ConfigurationError(f"run {run.header.run} is given twice", where=str(run.folder))
        seen.add(run.header.run)
    return read


def write_new(out: Path, data: bytes) -> None:
    """Write a file that is not there yet; raises ConfigurationError where it is or the disk refuses."""
    try:
        with out.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise ConfigurationError(f"can't be written: {error.strerror or error}", where=str(out)) from error


def _as_dict(workbook: Path, out: Path, read: Iterable[Run], done: Filling) -> dict[str, Any]:
    return {
        "workbook": str(workbook),
        "out": str(out) if done.data is not None else None,
        "runs": [
            {
                "run": run.header.run,
                "stage": run.header.stage,
                "evidence_class": run.evidence_class.value,
                "interrupted": run.interrupted,
            }
            for run in read
        ],
        **done.as_dict(),
    }


def _print_filling(out: Path, read: Iterable[Run], columns: FillMap, done: Filling) -> None:
    for run in read:
        cut = ", cut off" if run.interrupted else ""
        click.echo(f"run {run.header.run}: stage {run.header.stage}, {run.evidence_class}{cut}")
    listed(
        "Rows that nothing belongs to",
        ("cell", "id", "why"),
        [(e.cell, e.id, e.reason) for e in done.unmatched],
    )
    listed(
        "Rows without a result",
        ("cell", "id", "why"),
        [(e.cell, e.id, e.reason) for e in done.without_result],
    )
    listed("Results without a row", ("id", "cases"), [(key, str(cases)) for key, cases in done.without_row])
    listed(
        f"Results of ours without an id of scheme '{columns.scheme}'",
        ("our id",),
        [(e,) for e in done.without_id],
    )
    listed(
        "Cells left as they are",
        ("cell", "column", "holds", "would be", "why"),
        [(e.cell, e.column, e.there, e.value, e.reason) for e in done.kept],
    )
    if done.data is None:
        click.echo("nothing to write, so there is no new file")
    else:
        click.echo(f"{len(done.written)} cells of sheet '{done.sheet}' written to {out}")


def listed(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of the first rows, and how many more there are."""
    if not rows:
        return
    click.echo(f"{title}: {len(rows)}")
    print_table("", columns, rows[:_LISTED])
    if len(rows) > _LISTED:
        click.echo(f"and {len(rows) - _LISTED} more; --json has them all\n")
