"""``dip bench``: benchmarks with their limits, measured in the same run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

import click

_TAKES = {
    "ingress": ("seconds", "release", "connections"),
    "load": (),
    "delivery": ("messages", "release"),
    "growth": ("messages",),
    "migration": ("seconds", "release"),
    "scale": ("seconds", "release"),
    "reports": ("messages",),
}
NAMES = tuple(_TAKES)


@click.command()
@click.argument("name", type=click.Choice(NAMES), default="ingress")
@click.option(
    "--seconds", type=click.FloatRange(5, 120), help="ingress, migration, scale: for all of it, about; 20."
)
@click.option(
    "--messages",
    type=click.IntRange(200),
    help="delivery: 20000, full 1000000; growth: 4000 each; reports: 200000",
)
@click.option("--release", metavar="NAME", help="API release to mount; delivery: one with deliveryStatus.")
@click.option("--connections", type=click.IntRange(1, 512), help="ingress: requests in flight at once; 64.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(
    name: str,
    seconds: float | None,
    messages: int | None,
    release: str | None,
    connections: int | None,
    *,
    as_json: bool,
) -> None:
    """Measure the simulators and hold them to their limits.

    \b
    ingress   messages taken per second, single and in requests of 100,
              against a ceiling of TLS and signature measured in the same run
    delivery  deliveries per second to three recipients each, whether rate and
              memory stay, and how long stored messages take to be looked up
    growth    how both grow with 1 and all releases, and 10, 100, 1,000 parties;
              it has no limits
    migration what a complete forward migration costs a registration service
              among 10,000, 100,000 and 1,000,000 metering points
    load      what one core of load generator offers on time, beside what OpenSSL
              signs on it; how late messages are at 80 % of that
    scale     one against two ingress workers on PostgreSQL and NATS (DIP_STORE,
              DIP_BROKER), and the embedded store: same work, same run
    reports   time and memory of every report on a run of 10,000 verdicts with
              200,000 messages

    Exit codes: 0 the limits are kept; 1 one is missed, or the run was disturbed and says nothing.

    \b
    Example:
      dip bench ingress --seconds 20 --json
      dip bench delivery --messages 1000000 --json
    """  # noqa: D301
    given = {"seconds": seconds, "messages": messages, "release": release, "connections": connections}
    for option, value in given.items():
        if value is not None and option not in _TAKES[name]:
            raise click.UsageError(f"--{option} is not for {name}.")
    from benchmarks import (
        delivery,
        delivery_report,
        growth,
        ingress,
        load,
        migration,
        reporting,
        scale,
        table,
    )
    from harness.spec.release import DEFAULT

    report: (
        ingress.Report
        | delivery_report.Report
        | growth.Report
        | load.Report
        | migration.Report
        | reporting.Report
        | scale.Report
    )
    lines: Iterable[str]
    if name == "delivery":
        report = delivery.run(messages or delivery.MESSAGES, release or delivery.RELEASE)
        lines = table.delivery_lines(report)
    elif name == "growth":
        report = growth.run(messages or growth.MESSAGES)
        lines = table.growth_lines(report)
    elif name == "load":
        report = load.run()
        lines = load.lines(report)
    elif name == "migration":
        report = migration.run(seconds or 20, release or DEFAULT)
        lines = migration.lines(report)
    elif name == "reports":
        report = reporting.run((messages or reporting.VERDICTS * reporting.MESSAGES) // reporting.MESSAGES)
        lines = reporting.lines(report)
    elif name == "scale":
        report = scale.run(seconds or 20, release or DEFAULT)
        lines = scale.lines(report)
    else:
        report = ingress.run(seconds or 20, release or DEFAULT, connections or ingress.CONNECTIONS)
        lines = table.lines(report)
    for line in [json.dumps(report.as_dict())] if as_json else lines:
        click.echo(line)
    if report.missed or getattr(report, "invalid", ()):
        sys.exit(1)
