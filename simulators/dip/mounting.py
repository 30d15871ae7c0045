"""Putting a hub's process together: what it stands on, and each release's store with its stages."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.clock import OffsetClock
from harness.security.policy import current_policy
from harness.security.trust import Trust
from harness.settings import current
from harness.spec.obfuscation import load_hiding
from harness.spec.release import Release
from harness.spec.release import load as load_release
from harness.spec.routing import load_routing
from simulators.dip import directory, opening, rules
from simulators.dip.business import Business
from simulators.dip.carrier import Carrier
from simulators.dip.courier import Courier
from simulators.dip.ground import Ground, prepare
from simulators.dip.history_service import HistoryService
from simulators.dip.kept import HubStore
from simulators.dip.logs import Log
from simulators.dip.masking import NOTHING_HIDDEN, Masks
from simulators.dip.model import HUB_ROLE
from simulators.dip.mount import Mount, Security
from simulators.dip.options import ALL, DELIVERY, INGRESS, Options
from simulators.dip.post import Post
from simulators.dip.postgres.place import Place
from simulators.dip.settle import Tracker
from simulators.dip.store import Store
from simulators.dip.webhooks import Webhooks
from simulators.faults.controls import Controls
from simulators.faults.credentials import Issuer

if TYPE_CHECKING:
    from simulators.dip.broker.connecting import Connect
    from simulators.dip.broker.passage import Passage

PARTIES = "parties"
"""What the store is told of: the base URL of the simulated parties' webhooks."""
Base = Callable[[str, str], str | None]
"""(release, DIP id) -> base URL of a simulated party's webhooks, None where no such parties are known."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a process of the hub stands on."""

    ground: Ground
    releases: Mapping[str, Release]
    clock: OffsetClock
    controls: Controls
    who: directory.Directory
    tracker: Tracker
    log: Log


@dataclass(frozen=True, slots=True)
class Mounted:
    """Every release, and its way to and from the broker where there is one."""

    mounts: dict[str, Mount] = field(default_factory=dict)
    passages: list[Passage] = field(default_factory=list)

    async def begin(self) -> None:
        """Take up what former processes left open, and what comes."""
        for mount in self.mounts.values():
            await mount.resume()
        for passage in self.passages:
            await passage.open()


def stand(options: Options, folder: Path, tracker: Tracker) -> Standing:
    """Load network, releases and settings; raises ConfigurationError or EnvironmentFault."""
    ground = prepare(
        options.network,
        options.pki,
        options.listen[0],
        folder,
        options.trusted,
        parties_host=options.parties_listen[0],
        keeps=options.role != ALL,
    )
    clock = OffsetClock()
    return Standing(
        ground,
        {name: load_release(name) for name in options.releases},
        clock,
        Controls.begin(ground.network, clock, current(), options.faults),
        directory.of_network(ground.network),
        tracker,
        Log(),
    )


@contextlib.asynccontextmanager
async def mounted(
    standing: Standing,
    options: Options,
    folder: Path,
    base: Base,
    *,
    works: frozenset[str] = frozenset((INGRESS, DELIVERY)),
    forbidden_ports: frozenset[int] = frozenset(),
) -> AsyncIterator[Mounted]:
    """Open every release's store and put its stages together; closes outboxes and stores at the end.

    ``works`` is what this process does where there is a broker; without one it does everything.
    """
    ground, who, controls, log = standing.ground, standing.who, standing.controls, standing.log
    hub_rules = rules.of_settings(controls.settings)
    addresses = opening.load(options.addresses, who.members) if options.addresses else ()
    masks = Masks(load_hiding()) if controls.settings.flag("obfuscation.on") else NOTHING_HIDDEN
    routing = load_routing()
    trust = Trust.load(ground.ca, (ground.crl,))
    security = Security(trust, current_policy(), standing.clock)
    hub_party = ground.network.with_role(HUB_ROLE)[0]
    courier = Courier(
        ground.network, hub_party, ground.ca, standing.clock, timeout=hub_rules.delivery_timeout
    )
    issuer = Issuer(ground.authority, ground.network, hub_party, ground.ca)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(courier.close)
        connect = await stack.enter_async_context(_broker(options, log))
        found = Mounted()
        for name, release in standing.releases.items():
            store = await _store(options, folder, name, log)
            stack.push_async_callback(store.close)
            await store.hear_first(addresses)
            passage = await connect(store, standing.tracker) if connect else None
            webhooks = Webhooks(ground.network, store, partial(base, name))
            post = Post(
                store,
                Carrier(name, courier, who.members, controls, issuer, masks),
                webhooks.url,
                standing.tracker,
                hub_rules,
                standing.clock,
                log,
                hub=hub_party.dip_id,
                handed=passage.handed if passage else None,
            )
            stack.push_async_callback(post.close)
            if passage is not None:
                passage.work(works, post, hub_rules.delivery_window)
                stack.push_async_callback(passage.close)
                found.passages.append(passage)
            history = HistoryService(who, store, post, standing.tracker, standing.clock, log)
            stack.push_async_callback(history.close)
            found.mounts[name] = Mount(
                Business(release, routing, who, hub_rules, options.environment, masks),
                security,
                store,
                webhooks,
                post,
                history,
                standing.tracker,
                controls.metrics,
                forbidden_ports=forbidden_ports,
            )
        yield found


async def _store(options: Options, folder: Path, release: str, log: Log) -> HubStore:
    if not isinstance(options.store, Place):
        return Store(folder / f"{release}.sqlite3")
    from simulators.dip.postgres.store import PostgresStore

    store = PostgresStore(options.store, release)
    await store.claim(broker=options.broker is not None)
    log.write("info", "store", release=release, url=options.store.shown, schema=store.schema)
    return store


@contextlib.asynccontextmanager
async def _broker(options: Options, log: Log) -> AsyncIterator[Connect | None]:
    if options.broker is None:
        yield None
        return
    from simulators.dip.broker.connecting import connected

    async with connected(options.broker, log) as connect:
        yield connect
