"""``dip defect``: the register of defects and design queries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.commands.plan import a_day
from harness.commands.plan_view import print_table
from harness.errors import ConfigurationError, nearest
from harness.registers.lifecycle import DEFECT_MOVES, QUERY_MOVES
from harness.registers.locking import held
from harness.registers.model import Approval, Defect, DefectStatus, DesignQuery, Link, QueryStatus, Registers
from harness.registers.moving import entry_of, moved
from harness.registers.raising import BY, Change, Raised, raise_from
from harness.registers.reading import DEFAULT_FOLDER, read_registers
from harness.registers.writing import entry_data, write_entries
from harness.reports.run import read_run
from harness.reports.seen import seen

F = TypeVar("F", bound=Callable[..., Any])


def registers_option(command: F) -> F:
    """Add ``--registers``."""
    return click.option(
        "--registers",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(DEFAULT_FOLDER),
        show_default=True,
        help="The folder of registers, beside plan.yaml.",
    )(command)


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def open_registers(folder: Path) -> Registers:
    """Read a folder of registers; one that is not there yet is empty."""
    return read_registers(folder if folder.exists() else None)


@click.group()
def defect() -> None:
    """Defects and design queries: raised from failed verdicts, listed, moved on by people.

    The register is a file, defects.yaml; 'dip defect scale' prints severities and which status may follow.
    """


@defect.command(
    "raise",
    epilog="\b\nExample:\n  dip defect raise runs/20261122-081530-3fa9c1 --registers registers\n"
    "  dip defect raise runs/* --raised-by 'SI test team' --close-retested --by 'A. Tester'",
)
@click.argument(
    "runs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@registers_option
@click.option("--by", default=BY, show_default=True, help="Who stands in the history.")
@click.option("--raised-by", default="", help="The organisation that raises what is new.")
@click.option("--owner", default="", help="The owner of what is new.")
@click.option("--as-of", metavar="DATE", help="The day of the history's steps. [default: today]")
@click.option("--close-retested", is_flag=True, help="Close fixed defects of which every case passed.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@json_option
def raise_(
    runs: tuple[Path, ...],
    folder: Path,
    by: str,
    raised_by: str,
    owner: str,
    as_of: str | None,
    close_retested: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Raise defects from the failed and blocked cases of RUNS, or find those that are known.

    A failure is known by its stable key: blame class, party, interface and what did not hold. A closed
    defect that fails again is reopened. A verdict that contradicts the specification raises a design query.
    Given the same run again, nothing changes.
    """
    met = [seen(read_run(each, lean=True)) for each in runs]
    with nullcontext() if dry_run else held(folder):
        read = open_registers(folder)
        done = raise_from(
            read,
            met,
            today=a_day(as_of, "--as-of"),
            by=by,
            raised_by=raised_by,
            owner=owner,
            close_retested=close_retested,
        )
        path = write_entries(folder, done.entries) if done.entries and not dry_run else None
    if as_json:
        click.echo(json.dumps(_raised_dict(done, path), indent=2))
        return
    by_id = {each.id: each for each in (*read.entries, *done.entries)}
    rows = [
        (each.change.value, each.entry, by_id[each.entry].title, each.said, each.run) for each in done.news
    ]
    if rows:
        print_table("", ("what", "id", "title", "why", "run"), rows)
    counts = {change: sum(each.change is change for each in done.news) for change in Change}
    click.echo(
        ", ".join(f"{count} {change}" for change, count in counts.items() if count) or "nothing changed"
    )
    if path:
        click.echo(f"written to {path}")


def _raised_dict(done: Raised, path: Path | None) -> dict[str, Any]:
    return {
        "news": [
            {"change": each.change.value, "id": each.entry, "run": each.run, "why": each.said}
            for each in done.news
        ],
        "entries": [_plain(entry_data(each)) for each in done.entries],
        "written": str(path) if path else None,
    }


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data, default=str))


@defect.command(
    "list",
    epilog="\b\nExample:\n  dip defect list --open\n  dip defect list --status fixed --status retest --json",
)
@registers_option
@click.option("--status", "statuses", multiple=True, help="Only this status; many.")
@click.option("--severity", "severities", multiple=True, help="Only this severity; many.")
@click.option("--owner", default="", help="Only what this owner has.")
@click.option("--open", "only_open", is_flag=True, help="Only what somebody still has to act on.")
@json_option
def list_(
    folder: Path,
    statuses: tuple[str, ...],
    severities: tuple[str, ...],
    owner: str,
    only_open: bool,
    as_json: bool,
) -> None:
    """List defects and design queries."""
    read = open_registers(folder)
    known = [*map(str, DefectStatus), *map(str, QueryStatus)]
    for each in statuses:
        if each not in known:
            raise ConfigurationError(f"'{each}' is no status", where="--status", mend=nearest(each, known))
    for each in severities:
        if each not in read.severities.values:
            raise ConfigurationError(
                f"'{each}' is no severity", where="--severity", mend=nearest(each, read.severities.values)
            )
    shown = [
        each
        for each in read.entries
        if (not statuses or each.status in statuses)
        and (not severities or (isinstance(each, Defect) and each.severity in severities))
        and (not owner or each.owner == owner)
        and (not only_open or each.open)
    ]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "severity_scale": _scale(read),
                    "defects": [_plain(entry_data(e)) for e in shown if isinstance(e, Defect)],
                    "design_queries": [_plain(entry_data(e)) for e in shown if isinstance(e, DesignQuery)],
                },
                indent=2,
            )
        )
        return
    defects = [each for each in shown if isinstance(each, Defect)]
    queries = [each for each in shown if isinstance(each, DesignQuery)]
    if defects:
        print_table(
            "Defects",
            ("id", "status", "severity", "title", "blame", "owner", "cases", "evidence"),
            [
                (
                    each.id,
                    each.status.value,
                    read.severity_title(each.severity),
                    each.title,
                    f"{each.blame.cause} {each.blame.party}".strip() if each.blame else "",
                    each.owner,
                    str(len({*each.cases, *each.blocks})),
                    ", ".join(sorted(each.evidence)),
                )
                for each in defects
            ],
        )
    if queries:
        print_table(
            "Design queries",
            ("id", "status", "title", "specification", "cases"),
            [(q.id, q.status.value, q.title, q.specification, str(len(q.cases))) for q in queries],
        )
    click.echo(
        f"{_number(defects, 'defect', 'defects')}, {_number(queries, 'design query', 'design queries')}"
    )


def _number(listed: Sequence[object], one: str, many: str) -> str:
    return f"{len(listed)} {one if len(listed) == 1 else many}"


@defect.command(epilog="\b\nExample:\n  dip defect show DH-DEF-0001 --registers registers")
@click.argument("identifier", metavar="ID")
@registers_option
@json_option
def show(identifier: str, folder: Path, as_json: bool) -> None:
    """Print all that is known of one defect or design query."""
    read = open_registers(folder)
    entry = entry_of(read, identifier)
    data = _plain(entry_data(entry))
    if as_json:
        click.echo(json.dumps(data, indent=2))
        return
    for name, value in data.items():
        words = name.replace("_", " ")
        if isinstance(value, list):
            click.echo(f"{words}:")
            for each in value:
                told = "  ".join(map(str, each.values())) if isinstance(each, dict) else each
                click.echo(f"    {told}")
        elif isinstance(value, dict):
            click.echo(f"{words + ':':16} {', '.join(f'{key} {inner}' for key, inner in value.items())}")
        else:
            shown = read.severity_title(value) if name == "severity" else value
            click.echo(f"{words + ':':16} {shown}")


@defect.command(
    epilog="\b\nExample:\n  dip defect move DH-DEF-0001 open --by 'A. Tester' --severity 2\n"
    "  dip defect move DH-DEF-0001 fixed --by 'B. Dev' --release-fixed 2.2.1 --build-fixed 4.1.7\n"
    "  dip defect move DH-DEF-0002 deferred --by 'A. Tester' --approved-by 'Test manager' --reference MIN-12",
)
@click.argument("identifier", metavar="ID")
@click.argument("status")
@registers_option
@click.option("--by", required=True, help="Who moves it.")
@click.option("--note", default="", help="Why.")
@click.option("--as-of", metavar="DATE", help="The day. [default: today]")
@click.option("--severity", default="", help="What it is assessed as.")
@click.option("--owner", default="", help="Who has it now.")
@click.option("--root-cause", default="", help="What caused it.")
@click.option("--release-fixed", default="", help="The API release in which it is fixed.")
@click.option("--build-fixed", default="", help="The build in which it is fixed.")
@click.option("--answer", default="", help="Of a design query: what was answered.")
@click.option("--approved-by", default="", help="Who approved a deferral.")
@click.option("--reference", default="", help="Where the approval is written down.")
@click.option(
    "--link", "links", multiple=True, metavar="KIND=REF", help="change-request=CR123, defect=ID ..."
)
@json_option
def move(
    identifier: str,
    status: str,
    folder: Path,
    by: str,
    note: str,
    as_of: str | None,
    approved_by: str,
    reference: str,
    links: tuple[str, ...],
    as_json: bool,
    **changes: str,
) -> None:
    """Move a defect or design query to another STATUS, with the step in its history."""
    day = a_day(as_of, "--as-of")
    approval = Approval(approved_by, day, reference) if approved_by and reference else None
    severity = changes.get("severity", "")
    with held(folder):
        read = open_registers(folder)
        entry = entry_of(read, identifier)
        if severity and severity not in read.severities.values:
            raise ConfigurationError(
                f"'{severity}' is no severity",
                where="--severity",
                mend=nearest(severity, read.severities.values),
            )
        entry = moved(
            entry, status, by=by, day=day, note=note, approval=approval, links=_links(links), changes=changes
        )
        for link in entry.links:
            if link.kind in {"defect", "design-query"}:
                entry_of(read, link.ref)
        path = write_entries(folder, [entry])
    if as_json:
        click.echo(json.dumps(_plain(entry_data(entry)), indent=2))
        return
    click.echo(f"{entry.id}: {entry.history[-1].before} -> {entry.status}, written to {path}")


def _links(texts: Iterable[str]) -> tuple[Link, ...]:
    found = []
    for each in texts:
        kind, _, ref = each.partition("=")
        if not kind or not ref:
            raise ConfigurationError(
                f"'{each}' is no link", where="--link", mend="Write it as change-request=CR123."
            )
        found.append(Link(kind, ref))
    return tuple(found)


def _scale(read: Registers) -> dict[str, Any]:
    return {
        "basis": read.severities.basis,
        "source": read.severities.source,
        "severities": [
            {"severity": each.id, "title": each.title, "definition": each.definition}
            for each in read.severities.values.values()
        ],
    }


@defect.command(epilog="\b\nExample:\n  dip defect scale --json")
@registers_option
@json_option
def scale(folder: Path, as_json: bool) -> None:
    """Print the severities with their definitions, and which status may follow which."""
    read = open_registers(folder)
    moves = {
        "defect": {str(before): [str(each) for each in after] for before, after in DEFECT_MOVES.items()},
        "design query": {str(before): [str(each) for each in after] for before, after in QUERY_MOVES.items()},
    }
    if as_json:
        click.echo(json.dumps({"severity_scale": _scale(read), "moves": moves}, indent=2))
        return
    print_table(
        f"Severities (basis: {read.severities.basis}; {read.severities.source})",
        ("severity", "title", "definition"),
        [(each.id, each.title, each.definition) for each in read.severities.values.values()],
    )
    for kind, table in moves.items():
        print_table(
            f"Status of a {kind}",
            ("from", "to"),
            [(before, ", ".join(after)) for before, after in table.items()],
        )
