"""``dip sim``: the simulated DIP, registration services and participants as one process."""

from __future__ import annotations

from pathlib import Path

import click

from harness.spec.release import DEFAULT
from simulators.addresses import address
from simulators.dip.broker.place import Broker
from simulators.dip.postgres.place import SCHEMES, Place
from simulators.parties_command import parties


@click.group()
def sim() -> None:
    """Run the simulated DIP and simulated participants.

    \b
    Example:
      dip sim up --release 2.1.0 --listen 127.0.0.1:8443 --store ./sim
    """  # noqa: D301


sim.add_command(parties)


@sim.command()
@click.option(
    "--release", "releases", multiple=True, metavar="NAME", help=f"API release to mount; many. [{DEFAULT}]"
)
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT", help="Where the DIP listens."
)
@click.option(
    "--admin-listen",
    default="127.0.0.1:0",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the admin API listens, with --role the metrics (plain HTTP, loopback only).",
)
@click.option(
    "--store",
    metavar="DIR|URL",
    envvar="DIP_STORE",
    help="Folder for messages and journal, or postgresql://user@host/database?schema=dip. Without it a "
    "temporary folder is used and removed at the end. [env: DIP_STORE]",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="With a --store URL: where the default network, admin key and target profile go.",
)
@click.option(
    "--broker",
    metavar="URL",
    envvar="DIP_BROKER",
    help="nats://host:4222 with JetStream: carries messages to who delivers them, with a --store URL. "
    "[env: DIP_BROKER]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes of each role on this host; more than one need a --store URL and a --broker.",
)
@click.option(
    "--role",
    type=click.Choice(["ingress", "delivery", "all"]),
    default="all",
    show_default=True,
    help="What this host does: take messages, deliver them, or both with parties and admin API.",
)
@click.option(
    "--parties-listen",
    default="127.0.0.1:0",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the webhooks of simulated parties listen.",
)
@click.option(
    "--network",
    default="default",
    show_default=True,
    metavar="FILE",
    help="network.toml, or 'default' for made-up parties with keys and certificates in the store.",
)
@click.option(
    "--pki",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of the test authority (dip pki init). By default 'pki' beside the network file.",
)
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A further authority that vouches for parties' certificates (PEM). May be given many times.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the JSON line here, once everything listens.",
)
@click.option("--environment", default="SIT", show_default=True, metavar="TAG", help="SIT, SITB, UIT or DEV.")
@click.option(
    "--addresses",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="CSV or JSON of who serves which MPAN at the start: mpan, role, dip_id, from, to.",
)
@click.option(
    "--faults",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="YAML of faults on request and times of service, as for PUT /faults and PUT /service.",
)
@click.option(
    "--watch-stdin", is_flag=True, help="Stop when standard input ends, for use as a child process."
)
def up(
    releases: tuple[str, ...],
    listen: str,
    admin_listen: str,
    store: str | None,
    folder: Path | None,
    broker: str | None,
    workers: int,
    role: str,
    parties_listen: str,
    network: str,
    pki: Path | None,
    trusted: tuple[Path, ...],
    ready_file: Path | None,
    environment: str,
    addresses: Path | None,
    faults: Path | None,
    watch_stdin: bool,
) -> None:
    """Start the simulators; prints one JSON line when ready, and runs until SIGINT or SIGTERM.

    The line: dip, admin, ca, releases, network, target (a profile for dip run --target), admin_key_file. Logs
    go to stderr, one JSON object a line.

    \b
    Example:
      dip sim up --release 2.1.0 --release 2.2.1 --listen 127.0.0.1:8443 --store ./sim
      dip sim up --store postgresql://dip@db/dip --broker nats://nats:4222 --workers 4
    """  # noqa: D301
    from simulators.dip.up import Options
    from simulators.dip.up import up as run

    run(
        Options(
            releases=tuple(dict.fromkeys(releases)) or (DEFAULT,),
            listen=address(listen, "--listen"),
            admin_listen=address(admin_listen, "--admin-listen"),
            store=_store(store),
            folder=folder,
            broker=Broker.read(broker) if broker else None,
            workers=workers,
            role=role,
            parties_listen=address(parties_listen, "--parties-listen"),
            network=network,
            pki=pki,
            trusted=trusted,
            ready_file=ready_file,
            environment=environment,
            addresses=addresses,
            faults=faults,
            watch_stdin=watch_stdin,
        )
    )


def _store(text: str | None) -> Path | Place | None:
    if text is None:
        return None
    return Place.read(text) if text.partition("://")[0] in SCHEMES else Path(text)
