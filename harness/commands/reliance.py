"""``dip reliance``: whether what one party relies on another for still holds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from harness.commands.defect import json_option, open_registers, registers_option
from harness.commands.plan import a_day
from harness.commands.plan_view import print_table
from harness.errors import ConfigurationError, nearest
from harness.registers.reliance import Checked, Row
from harness.reports.relied import check_all
from harness.reports.run import read_run
from harness.security.trust import Trust
from harness.stages.plan.reading import find, read_plan


@click.group()
def reliance() -> None:
    """Reliance: what one party takes from another's evidence, and whether it still may."""


@reliance.command(
    epilog="\b\nExample:\n  dip reliance check --plan plan.yaml --ca ca.pem\n"
    "  dip reliance check DH-REL-0001 --build 'Agent A=4.2.0' --as-of 2027-03-01 --json\n"
    "  dip reliance check DH-REL-0001 --requirement DH-IF-031 --interface IF-031 --role SUP"
)
@click.argument("statements", nargs=-1, metavar="[ID]...")
@registers_option
@click.option("--plan", "plan_file", metavar="FILE", help="The plan, whose places name each party's build.")
@click.option("--build", "builds", multiple=True, metavar="PARTY=BUILD", help="A party's build now; many.")
@click.option(
    "--run",
    "runs",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A run that statements name as evidence, where they name no pack; many.",
)
@click.option("--requirement", "requirements", multiple=True, help="What is asked for; many. [default: all]")
@click.option("--interface", "interfaces", multiple=True, help="On this interface; many.")
@click.option("--role", "roles", multiple=True, help="For this role; many.")
@click.option("--ca", multiple=True, metavar="FILE", help="The authority that packs must be signed under.")
@click.option("--as-of", metavar="DATE", help="The day that is meant. [default: today]")
@json_option
def check(
    statements: tuple[str, ...],
    folder: Path,
    plan_file: str | None,
    builds: tuple[str, ...],
    runs: tuple[Path, ...],
    requirements: tuple[str, ...],
    interfaces: tuple[str, ...],
    roles: tuple[str, ...],
    ca: tuple[str, ...],
    as_of: str | None,
    as_json: bool,
) -> None:
    """Check reliance statements: exit 1 where a row is not covered or a statement is refused.

    A changed build, an expired statement, a wider scope or evidence that is not as it was sealed drops rows
    to "not covered", each with its reasons. Reliance on a rehearsal is refused.
    """
    read = open_registers(folder)
    known = [each.id for each in read.reliance]
    for each in statements:
        if each not in known:
            raise ConfigurationError(
                f"'{each}' is no reliance statement", where=str(folder), mend=nearest(each, known)
            )
    if (interfaces or roles) and not requirements:
        raise ConfigurationError("needs a requirement too", where="--interface", mend="Add --requirement.")
    found = check_all(
        read,
        [read_run(each) for each in runs],
        builds=_builds(plan_file, builds),
        as_of=a_day(as_of, "--as-of"),
        rows=[Row(each, interfaces, roles) for each in requirements],
        trust=Trust.load(ca, ()) if ca else None,
        only=statements,
    )
    if as_json:
        click.echo(json.dumps({"statements": [_as_dict(each) for each in found]}, indent=2))
    else:
        _print(found)
    sys.exit(0 if all(each.holds for each in found) else 1)


def _builds(plan_file: str | None, given: Iterable[str]) -> dict[str, list[str]]:
    builds: dict[str, list[str]] = {}
    if plan_file:
        for place in read_plan(find(plan_file)).places:
            if place.build:
                builds.setdefault(place.party, []).append(place.build)
    named: dict[str, list[str]] = {}
    for each in given:
        party, _, build = each.partition("=")
        if not party or not build:
            raise ConfigurationError(
                f"'{each}' names no party and build", where="--build", mend="Write it as 'Agent A=4.2.0'."
            )
        named.setdefault(party, []).append(build)
    return builds | named


def _as_dict(checked: Checked) -> dict[str, Any]:
    statement = checked.statement
    return {
        "id": statement.id,
        "relying": statement.relying,
        "relied_on": statement.relied_on,
        "build": statement.build,
        "evidence_class": statement.evidence.declared.value,
        "until": statement.until.isoformat(),
        "holds": checked.holds,
        "refused": checked.refused or None,
        "rows": [
            {
                "requirement": each.row.requirement,
                "interfaces": list(each.row.interfaces),
                "roles": list(each.row.roles),
                "covered": each.covered,
                "reasons": list(each.reasons),
            }
            for each in checked.rows
        ],
        "residual_tests": list(statement.residual_tests),
        "notes": list(checked.notes),
    }


def _print(found: Iterable[Checked]) -> None:
    shown = list(found)
    for each in shown:
        statement = each.statement
        click.echo(
            f"{statement.id}: {statement.relying} relies on {statement.relied_on}, {statement.system} "
            f"{statement.build}, {statement.start} to {statement.until}, "
            f"{statement.evidence.declared} evidence"
        )
        if each.refused:
            click.echo(f"refused: {each.refused}")
        print_table(
            "",
            ("requirement", "state", "why"),
            [
                (row.row.requirement, "covered" if row.covered else "not covered", "; ".join(row.reasons))
                for row in each.rows
            ],
        )
        for note in each.notes:
            click.echo(f"note: {note}")
        if statement.residual_tests:
            click.echo(f"residual tests: {', '.join(statement.residual_tests)}")
    rows = [row for each in shown for row in each.rows]
    covered = sum(row.covered for row in rows)
    click.echo(f"{len(shown)} statements, {covered} of {len(rows)} rows covered")
