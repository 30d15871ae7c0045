"""``dip report baseline``: requirement baselines of others compared, and imported as registers of ours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from harness.commands.plan_view import print_table
from harness.commands.report import json_option, listed, map_option, write_new
from harness.errors import ConfigurationError
from harness.reports import baselines
from harness.reports.baseline_import import BASES, PREFIX, Origin, as_register, read_links
from harness.reports.baselines import Comparison, compare, read_baseline, read_baseline_map
from harness.scenarios.requirements import joined, read_register, shipped

_KEY = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


@click.group()
def baseline() -> None:
    """Requirement baselines of others, as CSV or XLSX files."""


@baseline.command("map", epilog="\b\nExample:\n  dip report baseline map > baseline.yaml")
def baseline_map() -> None:
    """Print the shipped column map of a baseline, to copy from."""
    click.echo(baselines.DEFAULT_MAP.read_text(encoding="utf-8"), nl=False)


@baseline.command(
    "compare",
    epilog="\b\nExample:\n  dip report baseline compare old.csv new.xlsx --map baseline.yaml\n"
    "  dip report baseline compare old.xlsx new.xlsx --json",
)
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@map_option(baselines.DEFAULT_MAP)
@json_option
def compare_(old: Path, new: Path, map_file: Path | None, as_json: bool) -> None:
    """Compare two requirement baselines letter by letter: added, removed, changed, moved to another clause.

    Exit 0 whether they differ or not, 2 where one can't be read.
    """
    columns = read_baseline_map(map_file or baselines.DEFAULT_MAP)
    was, now = read_baseline(old, columns), read_baseline(new, columns)
    found = compare(was, now)
    if as_json:
        sides = {
            name: {"file": each.where, "sha256": each.digest, "requirements": len(each.entries)}
            for name, each in (("old", was), ("new", now))
        }
        click.echo(json.dumps({**sides, **found.as_dict()}, indent=2))
        return
    for name, each in (("old", was), ("new", now)):
        click.echo(f"{name}  {each.where}: {len(each.entries):,} requirements, SHA-256 {each.digest}")
    _print_comparison(found)


def _print_comparison(found: Comparison) -> None:
    for title, entries in (("Added", found.added), ("Removed", found.removed)):
        if entries:
            print_table(
                title,
                ("requirement", "text", "at"),
                [(each.name, each.values.get("text", ""), each.place) for each in entries],
            )
    for title, changes in (("Changed", found.changed), ("Moved to another clause", found.moved)):
        if changes:
            print_table(
                title,
                ("requirement", "column", "old", "new", "at"),
                [(each.requirement, each.field, each.old, each.new, each.new_place) for each in changes],
            )
    for field in found.not_compared:
        click.echo(f"Not compared: '{field}', which one of the two lacks")
    click.echo(
        "no difference"
        if found.same
        else f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed, "
        f"{len(found.moved)} moved"
    )


@baseline.command(
    "import",
    epilog="\b\nExample:\n"
    "  dip report baseline import theirs.xlsx --map baseline.yaml --source qt-rttm --title 'QT RTTM' \\\n"
    "    --publisher 'Code Body' --basis third-party --issue 2.0 --out register.yaml",
)
@click.argument("file", type=click.Path(path_type=Path))
@map_option(baselines.DEFAULT_MAP)
@click.option("--source", required=True, metavar="KEY", help="A short name of the source, in small letters.")
@click.option("--title", required=True, help="The source's title.")
@click.option("--publisher", required=True, help="Who issued it.")
@click.option("--address", default="", help="Where it is published.")
@click.option("--issue", default="", help="Its version, for rows that name none.")
@click.option(
    "--basis", required=True, type=click.Choice(BASES), help="How firmly the source carries its text."
)
@click.option("--scheme", default="", help="The scheme of its ids under external_ids. [default: --source]")
@click.option("--prefix", default="EXT", show_default=True, help="Ids of ours are DH-<prefix>-0001 and on.")
@click.option(
    "--links",
    "links_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Table with external_id and covered_by: which of our requirements' tests verify which of theirs.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An earlier import: what it has keeps its id.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.yaml")
@json_option
def import_(
    file: Path,
    map_file: Path | None,
    source: str,
    title: str,
    publisher: str,
    address: str,
    issue: str,
    basis: str,
    scheme: str,
    prefix: str,
    links_file: Path | None,
    previous: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Import a requirement baseline as a register that 'dip report rttm --baseline' takes.

    Their ids stay, under external_ids; ours are minted. Text is taken letter by letter. Which tests verify a
    requirement is said by ids of our register: in a column 'covered_by', in --links, or where our register
    has their id already. What none of ours covers is listed: the trace matrix shows it as a gap. The file is
    new, nothing is overwritten. Exit 2 where a row is wrong, with its cell and the nearest right value.
    """
    if not PREFIX.fullmatch(prefix):
        raise ConfigurationError(f"'{prefix}' is not two to four capital letters", where="--prefix")
    if not _KEY.fullmatch(source):
        raise ConfigurationError(f"'{source}' is no plain name", where="--source", mend="Such as qt-rttm-2.")
    if out.exists():
        raise ConfigurationError("exists", where=str(out), mend="Name a new file; nothing is overwritten.")
    columns = read_baseline_map(map_file or baselines.DEFAULT_MAP)
    read = read_baseline(file, columns)
    done = as_register(
        read,
        columns,
        Origin(source, title, publisher, address, basis, scheme or source, issue, prefix),
        shipped(),
        links=read_links(links_file) if links_file else {},
        earlier=read_register(previous) if previous else None,
    )
    with TemporaryDirectory() as folder:
        trial = Path(folder) / out.name
        trial.write_text(done.text(), encoding="utf-8")
        register = joined([shipped(), read_register(trial)])
    write_new(out, done.text().encode())
    made = len(done.requirements)
    if as_json:
        shown_ = {
            "file": str(file),
            "sha256": read.digest,
            "out": str(out),
            "requirements": made,
            "ids_kept": done.kept,
            "without_tests": list(done.without_tests),
        }
        click.echo(json.dumps(shown_, indent=2))
        return
    kept = f", {done.kept} with the id of the earlier import" if previous else ""
    click.echo(f"{made:,} requirements from {file} written to {out}{kept}")
    click.echo(f"with ours the register has {len(register):,}")
    listed("Requirements that none of ours covers", ("id",), [(each,) for each in done.without_tests])
