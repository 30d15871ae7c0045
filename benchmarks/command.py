"""``dip bench``: benchmarks with their limits, measured in the same run."""

from __future__ import annotations

import json
import sys

import click

from harness.spec.release import DEFAULT


@click.group()
def bench() -> None:
    """Measure the simulators, and hold them to their limits.

    Exit codes: 0 the limits are kept; 1 one is missed, or the run was disturbed and says nothing.

    \b
    Example:
      dip bench ingress --json
    """  # noqa: D301


@bench.command()
@click.option(
    "--seconds", type=click.FloatRange(5, 120), default=20, show_default=True, help="For all of it."
)
@click.option("--release", default=DEFAULT, show_default=True, metavar="NAME", help="API release to mount.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ingress(seconds: float, release: str, *, as_json: bool) -> None:
    """Messages taken per second, single and in batches, against the ceiling of TLS and signature.

    \b
    Example:
      dip bench ingress --seconds 20 --json
    """  # noqa: D301
    from benchmarks.ingress import run

    report = run(seconds, release)
    if as_json:
        click.echo(json.dumps(report.as_dict()))
    else:
        from benchmarks.table import lines

        for line in lines(report):
            click.echo(line)
    if report.invalid or report.missed:
        sys.exit(1)
