"""What ``dip sim up`` can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigurationError
from harness.transport.target import ENVIRONMENTS
from simulators.dip.broker.place import Broker
from simulators.dip.ground import DEFAULT_NETWORK, LOOPBACK
from simulators.dip.postgres.place import Place

INGRESS, DELIVERY, ALL = ROLES = ("ingress", "delivery", "all")


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
    broker: Broker | None = None
    """Carries accepted messages to who delivers them; needs a store in a database."""
    role: str = ALL
    workers: int = 1
    """How many processes of each role."""
    parties_listen: tuple[str, int] = ("127.0.0.1", 0)
    """Where the simulated parties' webhooks listen, for workers on other hosts too."""


def check(options: Options) -> None:
    """Raise ConfigurationError for what can't be asked for, or not together."""
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
    if options.broker is not None and not isinstance(options.store, Place):
        raise ConfigurationError(
            "a broker needs a store that its workers can share",
            where="--broker",
            mend="Give --store postgresql://user@host/database too.",
        )
    if options.broker is None and (options.workers > 1 or options.role != ALL):
        raise ConfigurationError(
            "several processes need a broker between them",
            where="--workers" if options.workers > 1 else "--role",
            mend="Give --store postgresql://user@host/database and --broker nats://host:4222.",
        )
    if options.role == INGRESS and options.listen[1] == 0:
        raise ConfigurationError(
            "ingress workers need a port that others know",
            where="--listen",
            mend="Example: --listen 0.0.0.0:8443.",
        )
    if options.role != ALL and options.network == DEFAULT_NETWORK:
        raise ConfigurationError(
            "workers of one hub need the same network file and authority",
            where="--network",
            mend="Copy the network file and its folder pki, and name them with --network and --pki.",
        )
