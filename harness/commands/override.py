"""``dip override``: a person's execution status in place of the one that a verdict gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from harness.commands.defect import json_option, open_registers, registers_option
from harness.commands.plan import a_day
from harness.commands.plan_view import print_table
from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.locking import held
from harness.registers.model import Override
from harness.registers.overriding import added, withdrawn
from harness.registers.writing import override_data, write_overrides


@click.group()
def override() -> None:
    """Overrides: a status that people decided, with reason and second person; the verdict stays visible."""


@override.command(
    epilog="\b\nExample:\n  dip override add 'cit-retry/*' --run 20261122-081530-3fa9c1 --status passed \\\n"
    "    --reason 'The hub was restarted in between, seen in the log' --by 'A. Tester' \\\n"
    "    --second 'B. Manager' --approval MIN-14\n"
    "  dip override add 'cit-batch/*' --evidence paired --status descoped --reason 'Moved to cycle 3' \\\n"
    "    --by 'A. Tester' --second 'B. Manager' --approval MIN-15"
)
@click.argument("cases")
@registers_option
@click.option("--status", required=True, help=f"One of: {', '.join(ExecutionStatus)}.")
@click.option("--reason", required=True, help="Why the verdict's own status does not hold.")
@click.option("--by", required=True, help="Who decides.")
@click.option("--second", required=True, help="The second person, another one.")
@click.option("--approval", required=True, help="Where the approval is written down.")
@click.option("--run", "run_id", default="", help="Only in this run, by its id.")
@click.option("--evidence", default="", help=f"Only for this evidence class: {', '.join(EvidenceClass)}.")
@click.option("--release", default="", help="Only on this API release.")
@click.option("--as-of", metavar="DATE", help="The day. [default: today]")
@json_option
def add(
    cases: str,
    folder: Path,
    status: str,
    reason: str,
    by: str,
    second: str,
    approval: str,
    run_id: str,
    evidence: str,
    release: str,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Give CASES (an id, or a pattern with *) another execution status. Name a run or an evidence class."""
    for value, known, option in (
        (status, list(ExecutionStatus), "--status"),
        (evidence or None, list(EvidenceClass), "--evidence"),
    ):
        if value is not None and value not in known:
            raise ConfigurationError(f"'{value}' is not allowed", where=option, mend=nearest(value, known))
    day = a_day(as_of, "--as-of")
    with held(folder):
        entry = added(
            open_registers(folder),
            cases=cases,
            status=ExecutionStatus(status),
            reason=reason,
            by=by,
            second=second,
            day=day,
            approval=approval,
            run=run_id,
            evidence=EvidenceClass(evidence) if evidence else None,
            release=release,
        )
        path = write_overrides(folder, [entry])
    _told(path, entry, as_json)


@override.command(epilog="\b\nExample:\n  dip override withdraw DH-OVR-0001")
@click.argument("identifier", metavar="ID")
@registers_option
@click.option("--as-of", metavar="DATE", help="The day. [default: today]")
@json_option
def withdraw(identifier: str, folder: Path, as_of: str | None, as_json: bool) -> None:
    """End an override; it stays in the register."""
    day = a_day(as_of, "--as-of")
    with held(folder):
        entry = withdrawn(open_registers(folder), identifier, day)
        path = write_overrides(folder, [entry])
    _told(path, entry, as_json)


@override.command("list", epilog="\b\nExample:\n  dip override list --json")
@registers_option
@json_option
def list_(folder: Path, as_json: bool) -> None:
    """List every override, the withdrawn ones too."""
    read = open_registers(folder)
    if as_json:
        click.echo(json.dumps({"overrides": [_plain(each) for each in read.overrides]}, indent=2))
        return
    if read.overrides:
        print_table(
            "",
            ("id", "cases", "of", "status", "reason", "by", "second", "day", "approval"),
            [
                (
                    each.id,
                    each.cases + (f"@{each.release}" if each.release else ""),
                    each.run or str(each.evidence),
                    f"{each.status} (withdrawn {each.withdrawn})" if each.withdrawn else each.status.value,
                    each.reason,
                    each.by,
                    each.second,
                    each.day.isoformat(),
                    each.approval,
                )
                for each in read.overrides
            ],
        )
    click.echo(f"{len(read.overrides)} override{'' if len(read.overrides) == 1 else 's'}")


def _told(path: Path, entry: Override, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_plain(entry), indent=2))
    else:
        click.echo(f"{entry.id}: {entry.cases} is {entry.status}, written to {path}")


def _plain(entry: Override) -> Any:
    return json.loads(json.dumps(override_data(entry), default=str))
