"""What a simulator process stands on: the network, whom to trust, and its server certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigurationError
from harness.security.authority import Authority
from harness.security.certificates import all_certificates
from harness.security.vault import write_certificates
from harness.transport.network import Network
from harness.transport.network import load as load_network
from harness.transport.server import ServerTls
from simulators.network import HUB_SERVER, PARTICIPANTS_SERVER, default_network

DEFAULT_NETWORK = "default"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Ground:
    """Who takes part, whom to trust, and what the two TLS servers show."""

    network: Network
    network_file: Path
    ca: Path
    crl: Path
    hub_tls: ServerTls
    participants_tls: ServerTls
    authority: Authority


def prepare(
    network_name: str,
    pki: Path | None,
    host: str,
    folder: Path,
    trusted: Sequence[Path] = (),
    *,
    parties_host: str = "127.0.0.1",
    keeps: bool = False,
) -> Ground:
    """Load or make the network and find its authority; ``host`` is where the hub listens.

    ``trusted`` are files of further authorities that vouch for parties (PEM), ``parties_host`` is where
    simulated parties listen; ``keeps``: a server certificate that was issued for a host stays, as other
    processes may show it. Raises ConfigurationError for a network or authority that can't be used.
    """
    if network_name == DEFAULT_NETWORK:
        network_file = folder / "network" / "network.toml"
        network = default_network(network_file.parent)
    else:
        network_file = Path(network_name).absolute()
        network = load_network(network_file)
    pki = pki or network_file.parent / "pki"
    if not pki.is_dir():
        raise ConfigurationError(
            "there is no such folder",
            where=str(pki),
            mend="Name the folder of a test authority with --pki; `dip pki init` makes one.",
        )
    authority = Authority.open(pki)
    ca = _with_others(authority.ca_bundle, trusted, folder)

    def server(name: str, host: str) -> ServerTls:
        """Take the network's own server certificate, or issue one for the host."""
        if host in LOOPBACK and any(s.name == name for s in network.certificates):
            found = network.certificate(name)
            if found.key is not None:
                return ServerTls(found.cert, found.key, ca)
        hosts = () if host in LOOPBACK else (host,)
        label = f"{name}-{host}"
        issued = authority.find(label, "tls-server") if keeps else None
        issued = issued or authority.issue(
            label, "tls-server", organisation="Simulated DIP", hosts=hosts, replace=True
        )
        return ServerTls(issued.cert, issued.key, ca)

    return Ground(
        network,
        network_file,
        ca,
        authority.crl,
        server(HUB_SERVER, host),
        server(PARTICIPANTS_SERVER, parties_host),
        authority,
    )


def _with_others(own: Path, trusted: Sequence[Path], folder: Path) -> Path:
    """Return one file with our own authority and others; just our own where there is no other."""
    if not trusted:
        return own
    certificates = dict.fromkeys(all_certificates([own, *trusted]))
    path = folder / "trusted.pem"
    write_certificates(path, *certificates)
    return path
