"""``dip load``: volume tests from a profile, with Locust as a child process."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="FILE",
    help="A profile (.yaml), or the id of a packaged one; many.",
)
@click.option("--list", "listed", is_flag=True, help="List the packaged profiles and stop.")
@click.option(
    "--target",
    default="embedded",
    show_default=True,
    help="'embedded', or a target profile (.toml) whose address the load profile names.",
)
@click.option(
    "--seconds", type=click.FloatRange(1, 604800), help="Press the profile into this time; rates stay."
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True, max=1000),
    help="Share of the profile's rates. [default: 1; embedded: the profile's rehearsal]",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 64),
    default=64,
    show_default=True,
    help="Connections of a participant at most.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of random arrivals.")
@click.option(
    "--listen",
    default="127.0.0.1:0",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the receiver of webhook calls listens, for a real target.",
)
@click.option(
    "--certificate",
    default="participants-server",
    show_default=True,
    help="Certificate set of the network file that the receiver shows.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run. [default: runs/<run id>]")
@click.option(
    "--compare",
    type=click.Path(exists=True, path_type=Path),
    metavar="OTHER",
    help="A former load.json, or its folder: compare with it.",
)
@click.option("--master", is_flag=True, help="Let workers send; wait for as many as --expect-workers says.")
@click.option(
    "--expect-workers", type=click.IntRange(1, 1000), default=1, show_default=True, help="With --master."
)
@click.option(
    "--bind",
    default="127.0.0.1:5557",
    show_default=True,
    metavar="HOST:PORT",
    help="With --master: where workers connect.",
)
@click.option(
    "--worker", is_flag=True, help="Send as a worker of a master, with the certificates of --target."
)
@click.option(
    "--master-host", default="127.0.0.1:5557", show_default=True, metavar="HOST:PORT", help="With --worker."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a profile.")
def load(
    profiles: tuple[str, ...],
    *,
    listed: bool,
    target: str,
    seconds: float | None,
    scale: float | None,
    connections: int,
    seed: int,
    listen: str,
    certificate: str,
    out: Path | None,
    compare: Path | None,
    master: bool,
    expect_workers: int,
    bind: str,
    worker: bool,
    master_host: str,
    as_json: bool,
) -> None:
    """Offer a load, measure what comes of it, and hold it to the profile's limits.

    Messages are signed ahead and sent when they are due, however slow the system is. Times count from when a
    message was due. The run folder holds the reports of every run, and one load report for each profile.

    Exit codes: 0 every limit is kept; 1 one is missed, or the result is inconclusive; 2 wrong usage or
    configuration; 3 a fault of the environment; 4 a fault of the harness.

    \b
    Example:
      dip load --list
      dip load --profile NFT-SETTLEMENT-DAY
      dip load --profile my-profile.yaml --target nft.toml --listen 0.0.0.0:9443
      dip load --profile NFT-SOAK --seconds 60 --compare runs/<run id>/load/NFT-SOAK
    """  # noqa: D301
    from load.command_run import list_profiles, run_profiles, run_worker

    if listed:
        list_profiles(as_json=as_json)
        return
    if worker:
        sys.exit(run_worker(target, master_host))
    if not profiles:
        raise click.UsageError("Name a profile with --profile, or ask for --list.")
    sys.exit(
        run_profiles(
            profiles,
            target=target,
            seconds=seconds,
            scale=scale,
            connections=connections,
            seed=seed,
            listen=listen,
            certificate=certificate,
            workers=expect_workers if master else 0,
            bind=bind,
            out=out,
            compare=compare,
            as_json=as_json,
        )
    )
