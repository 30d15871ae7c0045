"""The process behind ``dip sim up``: hub, simulated participants and admin API on one event loop.

Each listens on its own port. What others need to reach them (ports, CA, network, admin key, a ready target
profile) is told in one JSON line once everything listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.clock import OffsetClock
from harness.errors import ConfigurationError
from harness.security.policy import current_policy
from harness.security.trust import Trust
from harness.settings import current
from harness.spec.obfuscation import load_hiding
from harness.spec.release import Release
from harness.spec.release import load as load_release
from harness.spec.routing import load_routing
from harness.transport.server import run, serve, spare_memory
from harness.transport.target import ENVIRONMENTS
from simulators.admin import Admin, Simulators
from simulators.dip import directory, opening, rules
from simulators.dip.announce import Told, tell
from simulators.dip.business import Business
from simulators.dip.carrier import Carrier
from simulators.dip.courier import Courier
from simulators.dip.ground import DEFAULT_NETWORK, LOOPBACK, Ground, prepare
from simulators.dip.history_service import HistoryService
from simulators.dip.hub import Hub
from simulators.dip.kept import HubStore
from simulators.dip.logs import Log
from simulators.dip.masking import NOTHING_HIDDEN, Masks
from simulators.dip.model import HUB_ROLE
from simulators.dip.mount import Mount, Security
from simulators.dip.post import Post
from simulators.dip.postgres.place import Place
from simulators.dip.settle import Tracker
from simulators.dip.store import Store, StoreLock
from simulators.dip.webhooks import Webhooks
from simulators.faults.controls import Controls
from simulators.faults.credentials import Issuer
from simulators.faults.rotation import Rotation
from simulators.participants.service import Participants


@dataclass(frozen=True, slots=True)
class Options:
    """What ``dip sim up`` was asked for; addresses are (host, port), port 0 takes a free one."""

    releases: tuple[str, ...]
    listen: tuple[str, int] = ("127.0.0.1", 0)
    admin_listen: tuple[str, int] = ("127.0.0.1", 0)
    store: Path | Place | None = None
    """None: a temporary folder that is removed at the end."""
    folder: Path | None = None
    """Where network, keys and profile go when the store is a database; None: a temporary folder."""
    network: str = DEFAULT_NETWORK
    pki: Path | None = None
    trusted: tuple[Path, ...] = ()
    """Files of further authorities that vouch for parties."""
    ready_file: Path | None = None
    environment: str = "SIT"
    addresses: Path | None = None
    """A file of who serves which MPAN when the hub starts."""
    faults: Path | None = None
    """A file of faults and times of service."""
    watch_stdin: bool = False
    """End when standard input ends, so that a child dies with its parent."""


def up(options: Options) -> None:
    """Run until SIGINT or SIGTERM; raises ConfigurationError or EnvironmentFault when it can't start."""
    _check(options)
    place = options.folder if isinstance(options.store, Place) else options.store
    with _folder(place) as folder, _locked(folder):
        run(_serve(options, folder))


def _check(options: Options) -> None:
    if options.environment not in ENVIRONMENTS:
        raise ConfigurationError(
            f"the environment is '{options.environment}'",
            where="--environment",
            mend=f"One of {', '.join(ENVIRONMENTS)}; the simulators never pose as production.",
        )
    if options.admin_listen[0] not in LOOPBACK:
        raise ConfigurationError(
            f"{options.admin_listen[0]} is not loopback",
            where="--admin-listen",
            mend="The admin API speaks plain HTTP and stays on 127.0.0.1.",
        )


@contextlib.contextmanager
def _folder(store: Path | None) -> Iterator[Path]:
    if store is not None:
        yield store.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="dip-sim-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = StoreLock(folder)
    try:
        yield
    finally:
        lock.close()


async def _serve(options: Options, folder: Path) -> None:
    """Start everything, tell where it is, and run until asked to stop."""
    stop = _stopping(watch_stdin=options.watch_stdin)
    log = Log()
    ground = prepare(options.network, options.pki, options.listen[0], folder, options.trusted)
    releases = {name: load_release(name) for name in options.releases}
    clock = OffsetClock()
    settings = current()
    tracker = Tracker()
    controls = Controls.begin(ground.network, clock, settings, options.faults)
    who = directory.of_network(ground.network)
    participants = Participants(
        ground.network,
        releases,
        clock,
        ca=ground.ca,
        crls=(ground.crl,),
        environment=options.environment,
        on_change=tracker.changed,
    )
    tracker.is_idle = participants.is_idle
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(participants.close)
        front = controls.before_participants(participants.app)
        inbox = await stack.enter_async_context(serve(front, tls=ground.participants_tls))
        admin = _Late()
        admin_host, admin_port = options.admin_listen
        admin_server = await stack.enter_async_context(serve(admin, host=admin_host, port=admin_port))
        mounts = await stack.enter_async_context(
            _mounts(
                options,
                folder,
                ground,
                who,
                releases,
                clock,
                controls,
                tracker,
                log,
                participants,
                inbox.url,
                admin_server.port,
            )
        )
        controls.plan.tag_of = partial(_tag_of, mounts)
        hub = Hub(mounts, settings.integer("limits.body_bytes"), log, controls.metrics)
        host, port = options.listen
        front = controls.before_hub(hub, mounts, who)
        server = await stack.enter_async_context(serve(front, host=host, port=port, tls=ground.hub_tls))
        participants.connect(server.url)
        hosts = () if host in LOOPBACK else (host,)
        rotation = Rotation(controls.plan, server, ground.hub_tls, ground.authority, hosts)
        await rotation.follow()
        key = secrets.token_urlsafe(32)
        admin.app = Admin(Simulators(mounts, tracker, clock, participants, controls, rotation), key)
        for mount in mounts.values():
            await mount.resume()
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


@contextlib.asynccontextmanager
async def _mounts(
    options: Options,
    folder: Path,
    ground: Ground,
    who: directory.Directory,
    releases: Mapping[str, Release],
    clock: OffsetClock,
    controls: Controls,
    tracker: Tracker,
    log: Log,
    participants: Participants,
    inbox_url: str,
    admin_port: int,
) -> AsyncIterator[dict[str, Mount]]:
    """Open every release's store and put its stages together; closes outboxes and stores at the end."""
    hub_rules = rules.of_settings(controls.settings)
    addresses = opening.load(options.addresses, who.members) if options.addresses else ()
    masks = Masks(load_hiding()) if controls.settings.flag("obfuscation.on") else NOTHING_HIDDEN
    routing = load_routing()
    trust = Trust.load(ground.ca, (ground.crl,))
    security = Security(trust, current_policy(), clock)
    hub_party = ground.network.with_role(HUB_ROLE)[0]
    courier = Courier(ground.network, hub_party, ground.ca, clock, timeout=hub_rules.delivery_timeout)
    issuer = Issuer(ground.authority, ground.network, hub_party, ground.ca)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(courier.close)
        mounts: dict[str, Mount] = {}
        for name, release in releases.items():
            store = _store(options, folder, name)
            stack.push_async_callback(store.close)
            await store.hear_first(addresses)
            webhooks = Webhooks(ground.network, store, partial(_webhook_base, participants, inbox_url, name))
            carrier = Carrier(name, courier, who.members, controls, issuer, masks)
            post = Post(store, carrier, webhooks.url, tracker, hub_rules, clock, log, hub=hub_party.dip_id)
            stack.push_async_callback(post.close)
            history = HistoryService(who, store, post, tracker, clock, log)
            stack.push_async_callback(history.close)
            business = Business(release, routing, who, hub_rules, options.environment, masks)
            mounts[name] = Mount(
                business,
                security,
                store,
                webhooks,
                post,
                history,
                tracker,
                controls.metrics,
                forbidden_ports=frozenset({admin_port}),
            )
        yield mounts


def _store(options: Options, folder: Path, release: str) -> HubStore:
    if isinstance(options.store, Place):
        from simulators.dip.postgres.store import PostgresStore

        return PostgresStore(options.store, release)
    return Store(folder / f"{release}.sqlite3")


def _webhook_base(participants: Participants, inbox_url: str, release: str, dip_id: str) -> str:
    return f"{inbox_url}{participants.path(release, dip_id)}"


def _tag_of(mounts: Mapping[str, Mount], release: str, transaction: str, reference: str) -> str | None:
    mount = mounts.get(release)
    return mount.reports.tag_of(transaction, reference) if mount else None


def _stopping(*, watch_stdin: bool) -> asyncio.Event:
    """Return an event that is set by SIGINT, SIGTERM and, if asked, the end of standard input."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(stop.set)

    if watch_stdin:
        threading.Thread(target=watch, name="stdin", daemon=True).start()
    return stop
