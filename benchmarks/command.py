"""``dip bench``: benchmarks with their limits, measured in the same run."""

from __future__ import annotations

import json
import sys

import click

from harness.spec.release import DEFAULT

NAMES = ("ingress", "migration")


@click.command()
@click.argument("name", type=click.Choice(NAMES), default="ingress")
@click.option(
    "--seconds", type=click.FloatRange(5, 120), default=20, show_default=True, help="For all of it, about."
)
@click.option("--release", default=DEFAULT, show_default=True, metavar="NAME", help="API release to mount.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(name: str, seconds: float, release: str, *, as_json: bool) -> None:
    """Measure the simulators and hold them to their limits.

    \b
    ingress   messages taken per second, single and in requests of 100,
              against a ceiling of TLS and signature measured in the same run
    migration what a complete forward migration costs a registration service
              among 10,000, 100,000 and 1,000,000 metering points

    Exit codes: 0 the limits are kept; 1 one is missed, or the run was disturbed and says nothing.

    \b
    Example:
      dip bench ingress --seconds 20 --json
      dip bench migration
    """  # noqa: D301
    if name == "migration":
        from benchmarks import migration

        migrated = migration.run(seconds, release)
        told = json.dumps(migrated.as_dict()) if as_json else "\n".join(migration.lines(migrated))
        click.echo(told)
        if migrated.missed:
            sys.exit(1)
        return
    from benchmarks.ingress import run
    from benchmarks.table import lines

    report = run(seconds, release)
    for line in [json.dumps(report.as_dict())] if as_json else lines(report):
        click.echo(line)
    if report.invalid or report.missed:
        sys.exit(1)
