"""The process behind ``dip sim parties``: simulated parties for a DIP that runs somewhere else.

They receive on a port of their own under a public URL, send to the DIP as a participant would, and an admin
API says what they received. Of the DIP itself nothing can be asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from harness.clock import OffsetClock
from harness.errors import ConfigurationError, HarnessError
from harness.settings import current
from harness.spec.release import Release
from harness.spec.release import load as load_release
from harness.spec.routing import Routing, load_routing
from harness.transport.network import Party
from harness.transport.network import load as load_network
from harness.transport.server import ServerTls, run, serve
from harness.transport.target import ENVIRONMENTS, refuse_production
from simulators.admin import Admin, Simulators
from simulators.dip.announce import Profile, tell_profile
from simulators.dip.ground import LOOPBACK
from simulators.dip.logs import Log
from simulators.dip.own_folder import own_folder
from simulators.dip.settle import Tracker
from simulators.dip.stopping import stopping
from simulators.faults.controls import Controls
from simulators.participants.service import Participants

_PLAYED_BY_NOBODY = ("DIP", "DCP")


@dataclass(frozen=True, slots=True)
class Options:
    """What ``dip sim parties`` was asked for; addresses are (host, port), port 0 takes a free one."""

    releases: tuple[str, ...]
    dip: str
    """Base URL of the DIP; ``{release}`` stands where each release has an address of its own."""
    dip_ca: Path
    """Who vouches for the DIP's TLS and signing certificates (PEM)."""
    network: Path
    cert: Path
    key: Path
    listen: tuple[str, int]
    public_url: str
    """Where the DIP reaches the port; empty: https and the address that it listens on."""
    configure: bool
    """Tell the DIP the webhook of each party and channel."""
    admin_listen: tuple[str, int] = ("127.0.0.1", 0)
    folder: Path | None = None
    ready_file: Path | None = None
    environment: str = "SIT"
    watch_stdin: bool = False


@dataclass(frozen=True, slots=True)
class Configured:
    """How many webhooks the DIP took, and which it refused, with its answer."""

    taken: int
    refused: tuple[str, ...]


def parties(options: Options) -> None:
    """Run until SIGINT or SIGTERM; raises ConfigurationError or EnvironmentFault when it can't start."""
    if options.environment not in ENVIRONMENTS:
        raise ConfigurationError(
            f"the environment is '{options.environment}'",
            where="--environment",
            mend=f"One of {', '.join(ENVIRONMENTS)}; simulated parties never meet production.",
        )
    refuse_production(options.dip, where="--dip")
    if options.admin_listen[0] not in LOOPBACK:
        raise ConfigurationError(
            f"{options.admin_listen[0]} is not loopback",
            where="--admin-listen",
            mend="The admin API speaks plain HTTP and stays on 127.0.0.1.",
        )
    with own_folder(options.folder) as folder:
        run(_serve(options, folder))


async def _serve(options: Options, folder: Path) -> None:
    stop = stopping(watch_stdin=options.watch_stdin)
    log, clock, tracker, settings = Log(), OffsetClock(), Tracker(), current()
    network = load_network(options.network)
    played = [party for party in network.parties if party.simulated and party.role not in _PLAYED_BY_NOBODY]
    if not played:
        raise ConfigurationError("no party of it is simulated", where=str(options.network))
    releases = {name: load_release(name) for name in options.releases}
    participants = Participants(
        network,
        releases,
        clock,
        ca=options.dip_ca,
        environment=options.environment,
        on_change=tracker.changed,
    )
    tracker.is_idle = participants.is_idle
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(participants.close)
        host, port = options.listen
        tls = ServerTls(options.cert, options.key, options.dip_ca)
        inbox = await stack.enter_async_context(serve(participants.app, host=host, port=port, tls=tls))
        participants.connect(options.dip)
        public = (options.public_url or inbox.url).rstrip("/")
        _check_public(public)
        key = secrets.token_urlsafe(32)
        controls = Controls.begin(network, clock, settings, None)
        quiet = settings.number("parties.quiet_seconds")
        admin = Admin(Simulators({}, tracker, clock, participants, controls, quiet=quiet), key)
        admin_host, admin_port = options.admin_listen
        told = await stack.enter_async_context(serve(admin, host=admin_host, port=admin_port))
        configured = Configured(0, ())
        if options.configure:
            configured = await asyncio.to_thread(configure, participants, releases, public, played)
            for each in configured.refused:
                log.write("warning", "webhook refused", webhook=each)
        profile = Profile(
            options.dip, options.dip_ca, options.network.absolute(), options.environment, told.url, key
        )
        tell_profile(
            profile,
            ("parties",),
            {
                "parties": public,
                "releases": list(options.releases),
                "webhooks": configured.taken,
                "refused": list(configured.refused),
            },
            folder,
            options.ready_file,
        )
        log.write("info", "ready", parties=public, dip=options.dip, releases=list(options.releases))
        await stop.wait()
        log.write("info", "stopping")


def _check_public(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(
            f"'{url}' is no https URL of a host",
            where="--public-url",
            mend="Example: https://tests.example:9443.",
        )


def configure(
    participants: Participants,
    releases: Mapping[str, Release],
    public: str,
    played: list[Party],
) -> Configured:
    """Tell the DIP each simulated party's webhooks: the channels that its role receives, and status."""
    taken, refused = 0, []
    routing = load_routing()
    for name, release in releases.items():
        client = participants.clients()[name]
        for party in played:
            base = f"{public}{participants.path(name, party.dip_id)}"
            for channel, path in _channels(release, routing, party):
                body = orjson.dumps({"callbackURL": f"{base}/{channel}"})
                try:
                    answer = client.request(party, "POST", path, body)
                except HarnessError as error:
                    refused.append(f"{party.name} {name} {channel}: {error}")
                    continue
                if answer.status == HTTPStatus.CREATED:
                    taken += 1
                else:
                    said = answer.status if answer.status is not None else answer.error
                    refused.append(f"{party.name} {name} {channel}: {said}")
    return Configured(taken, tuple(refused))


def _channels(release: Release, routing: Routing, party: Party) -> Iterator[tuple[str, str]]:
    """Yield each channel with the path of its configuration."""
    for interface in release.interfaces:
        rows = (row for event in release.events(interface) for row in routing.receivers(interface, event))
        if any(row.role == party.role for row in rows):
            yield interface, f"/dip-channel/{interface}/pubconfig/{party.dip_id}"
    yield "status", f"/statusmessage/config/{party.dip_id}"
