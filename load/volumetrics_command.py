"""``dip volumetrics``: how many messages portfolios and processes make."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.option(
    "--given",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Portfolios, process rates and hours. [default: the packaged file]",
)
@click.option(
    "--day",
    "name",
    default="average",
    show_default=True,
    help="average, busiest, a public peak, or a process.",
)
@click.option("--days", is_flag=True, help="List the days and stop.")
@click.option("--hours", is_flag=True, help="Show messages by interface and hour too.")
@click.option(
    "--profile",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a load profile of the day's busiest hour.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def volumetrics(
    given: Path | None, name: str, *, days: bool, hours: bool, profile: Path | None, as_json: bool
) -> None:
    """Count the messages of a day: per interface, role and hour, with fan-out and busiest minute.

    Portfolio sizes and process rates come from a file in which every figure has a basis; the messages of a
    process are read from the scenario that plays it. Shown for the country and for one party of each class.

    \b
    Example:
      dip volumetrics
      dip volumetrics --day coa-over-bau --json
      dip volumetrics --day consumption --profile settlement-hour.yaml
    """  # noqa: D301
    from rich.console import Console

    from load import volumetrics_tables
    from load.volumetrics import SHIPPED, day, read_given
    from load.volumetrics import days as names

    counted = read_given(given or SHIPPED)
    if days:
        for each in names(counted):
            click.echo(each)
        return
    found = day(counted, name)
    if profile is not None:
        from harness.writing import write_whole
        from load.volumetrics_profile import profile_of

        write_whole(profile, profile_of(counted, found).encode())
        click.echo(f"wrote {profile}", err=True)
    if as_json:
        click.echo(json.dumps(volumetrics_tables.as_dict(counted, found)))
        return
    console = Console()
    for part in volumetrics_tables.tables(counted, found, by_hour=hours):
        console.print(part)
