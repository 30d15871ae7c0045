"""``dip sim parties``: simulated parties for a DIP that runs somewhere else."""

from __future__ import annotations

from pathlib import Path

import click

from harness.spec.release import DEFAULT
from simulators.addresses import address


@click.command()
@click.option(
    "--dip",
    required=True,
    metavar="URL",
    help="The DIP; {release} stands where each release has an address of its own.",
)
@click.option(
    "--dip-ca",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Who vouches for the DIP's TLS and signing certificates (PEM).",
)
@click.option(
    "--network",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help='network.toml; parties whose webhook is "simulated" are played.',
)
@click.option(
    "--cert",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Server certificate of the webhooks, its chain after it (PEM).",
)
@click.option(
    "--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
@click.option("--release", "releases", multiple=True, metavar="NAME", help=f"API release; many. [{DEFAULT}]")
@click.option("--listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT")
@click.option(
    "--public-url",
    default="",
    metavar="URL",
    help="Where the DIP reaches the port. [https and the address it listens on]",
)
@click.option("--configure", is_flag=True, help="Tell the DIP the webhook of every party and channel first.")
@click.option("--environment", default="SIT", show_default=True, metavar="TAG", help="SIT, SITB, UIT or DEV.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where admin key and target profile go. [a temporary folder]",
)
@click.option("--admin-listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT")
@click.option("--ready-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--watch-stdin", is_flag=True, help="Stop when standard input ends.")
def parties(
    dip: str,
    dip_ca: Path,
    network: Path,
    cert: Path,
    key: Path,
    releases: tuple[str, ...],
    listen: str,
    public_url: str,
    configure: bool,
    environment: str,
    folder: Path | None,
    admin_listen: str,
    ready_file: Path | None,
    watch_stdin: bool,
) -> None:
    """Play the simulated parties of a network for a DIP that runs somewhere else.

    They receive under a public URL, answer, act as scenarios tell them, and say what they received. Prints
    one JSON line when ready; its target profile is for dip run --target and has the capability 'parties'.

    \b
    Example:
      dip sim parties --dip https://dip.sit.example/{release} --dip-ca dip-ca.pem --network network.toml
        --cert webhook.pem --key webhook.key --listen 0.0.0.0:9443 --public-url https://tests.example:9443
    """  # noqa: D301
    from simulators.parties import Options
    from simulators.parties import parties as run

    run(
        Options(
            releases=tuple(dict.fromkeys(releases)) or (DEFAULT,),
            dip=dip,
            dip_ca=dip_ca.absolute(),
            network=network,
            cert=cert,
            key=key,
            listen=address(listen, "--listen"),
            public_url=public_url,
            configure=configure,
            admin_listen=address(admin_listen, "--admin-listen"),
            folder=folder,
            ready_file=ready_file,
            environment=environment,
            watch_stdin=watch_stdin,
        )
    )
