"""The process behind ``dip sim up``: hub, simulated participants and admin API on one event loop.

Each listens on its own port. What others need to reach them (ports, CA, network, admin key, a ready target
profile) is told in one JSON line once everything listens. With workers, the hub itself runs in processes of
their own (`workers.py`), and parties and admin API in this one.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.transport.server import run, serve, spare_memory
from simulators.admin import Admin, Simulators
from simulators.dip.announce import Told, tell
from simulators.dip.broker.settling import SharedTracker
from simulators.dip.fronts import before_hub
from simulators.dip.ground import LOOPBACK
from simulators.dip.mount import Mount
from simulators.dip.mounting import PARTIES, mounted, stand
from simulators.dip.options import ALL, DELIVERY, INGRESS, Options, check
from simulators.dip.own_folder import own_folder
from simulators.dip.postgres.place import Place
from simulators.dip.settle import Tracker
from simulators.dip.spreading import Spreading
from simulators.dip.state import State
from simulators.dip.stopping import stopping
from simulators.dip.workers import Workers, reserved, supervise, work
from simulators.faults.rotation import Rotation
from simulators.participants.service import Participants

__all__ = ["Options", "up"]

BOTH, NONE = frozenset((INGRESS, DELIVERY)), frozenset[str]()


def up(options: Options) -> None:
    """Run until SIGINT or SIGTERM; raises ConfigurationError or EnvironmentFault when it can't start."""
    check(options)
    place = options.folder if isinstance(options.store, Place) else options.store
    with own_folder(place) as folder:
        if options.role == ALL:
            run(_serve(options, folder))
        else:
            run((work if options.workers == 1 else supervise)(options, folder))


async def _serve(options: Options, folder: Path) -> None:
    """Start everything, tell where it is, and run until asked to stop."""
    stop = stopping(watch_stdin=options.watch_stdin)
    tracker = Tracker() if options.workers == 1 else SharedTracker()
    standing = stand(options, folder, tracker)
    ground, controls, log = standing.ground, standing.controls, standing.log
    participants = Participants(
        ground.network,
        standing.releases,
        standing.clock,
        ca=ground.ca,
        crls=(ground.crl,),
        environment=options.environment,
        on_change=tracker.changed,
    )
    tracker.is_idle = participants.is_idle
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(participants.close)
        front = controls.before_participants(participants.app)
        inbox_host, inbox_port = options.parties_listen
        inbox = await stack.enter_async_context(
            serve(front, host=inbox_host, port=inbox_port, tls=ground.participants_tls)
        )
        admin = _Late()
        admin_host, admin_port = options.admin_listen
        admin_server = await stack.enter_async_context(serve(admin, host=admin_host, port=admin_port))

        def base(release: str, dip_id: str) -> str:
            return f"{inbox.url}{participants.path(release, dip_id)}"

        ports = frozenset({admin_server.port})
        alone = options.workers == 1
        hub_mounts = await stack.enter_async_context(
            mounted(standing, options, folder, base, works=BOTH if alone else NONE, forbidden_ports=ports)
        )
        mounts = hub_mounts.mounts
        controls.plan.tag_of = partial(_tag_of, mounts)
        host, port = options.listen
        workers: Workers | None = None
        spreading: Spreading | None = None
        if alone:
            hub = before_hub(standing, hub_mounts)
            server = await stack.enter_async_context(serve(hub, host=host, port=port, tls=ground.hub_tls))
        else:
            assert isinstance(tracker, SharedTracker)
            tracker.stores = [mount.store for mount in mounts.values()]
            for mount in mounts.values():
                await mount.store.tell(PARTIES, inbox.url)
            spreading = Spreading(next(iter(mounts.values())).store, standing.clock, controls, log)
            await spreading.tell(wait=False)
            server = stack.enter_context(reserved(host, port))
            workers = Workers(replace(options, listen=(host, server.port)), ground, log)
            stack.push_async_callback(workers.close)
            await workers.start((INGRESS, DELIVERY))
        participants.connect(server.url)
        hosts = () if host in LOOPBACK else (host,)
        rotation = Rotation(controls.plan, server, ground.hub_tls, ground.authority, hosts)
        await rotation.follow()
        key = secrets.token_urlsafe(32)
        state = State(options, hub_mounts, workers, spreading)
        admin.app = Admin(
            Simulators(
                mounts,
                tracker,
                standing.clock,
                participants,
                controls,
                rotation,
                state=state,
                directory=standing.who if alone else None,
            ),
            key,
        )
        await hub_mounts.begin()
        tell(
            Told(server.url, admin_server.url, options.releases, options.environment, key),
            ground,
            folder,
            options.ready_file,
        )
        spare_memory()
        log.write("info", "ready", dip=server.url, releases=list(options.releases))
        await stop.wait()
        log.write("info", "stopping")


class _Late:
    """The admin API until the hub is there: it listens, as the hub must know its port, and answers 503."""

    def __init__(self) -> None:
        self.app: Admin | None = None

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if self.app is not None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})


def _tag_of(mounts: Mapping[str, Mount], release: str, transaction: str, reference: str) -> str | None:
    mount = mounts.get(release)
    return mount.reports.tag_of(transaction, reference) if mount else None
