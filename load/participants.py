"""Virtual participants: a network in which every sender of a profile has identity, keys and rate of its own.

What a profile asks for beyond the default network's parties is added, each with a TLS and a signing
certificate, an API key and a DIP id. Registration services bring the distributor that they serve.
"""

from __future__ import annotations

import itertools
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from harness.errors import ConfigurationError
from harness.security.authority import Authority, Wish
from harness.spec.roles import roles
from harness.spec.routing import load_routing
from harness.transport.network import CertificateSet, Network, Organisation, Party, write
from harness.writing import PRIVATE, write_whole
from load.profile import Flow, Profile
from simulators.network import NETWORK_FILE, default_network

_FIRST = 70_000_000
_DISTRIBUTORS = tuple(f"{number:02d}" for number in (*range(11, 24), *range(26, 40)))
"""Distributor ids of added registration services; those of the default network are settings."""
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_WITH_DISTRIBUTOR = ("REGS", "LDSO")


def primary_role(flow: Flow, network: Network | None = None) -> str:
    """Return the role of a flow's primary recipients; empty where the DIP alone addresses it."""
    if flow.to:
        return flow.to
    for row in load_routing().receivers(flow.interface, flow.event, sender=flow.sender):
        if row.tier == "primary" and row.role != "DIP" and (network is None or network.with_role(row.role)):
            return row.role
    return ""


def wanted(profile: Profile) -> Counter[str]:
    """Return how many parties of each role a profile needs."""
    needed: Counter[str] = Counter()
    for flow in profile.flows:
        needed[flow.sender] = max(needed[flow.sender], flow.participants)
        role = primary_role(flow)
        if role:
            alike = 1 if role == flow.sender else 0
            needed[role] = max(needed[role], flow.recipients + alike)
        if flow.known:
            needed["SUP"] = max(needed["SUP"], flow.recipients)
    return needed


def network_for(profile: Profile, folder: Path) -> Network:
    """Make the network of an embedded run in ``folder``: the default parties, and as many as are needed."""
    network = default_network(folder)
    missing = wanted(profile)
    for role in missing:
        missing[role] -= len(network.with_role(role))
    added = tuple(_added(missing, network, folder))
    if not added:
        return network
    authority = Authority.open(folder / "pki")
    wishes = [wish for organisation in added for wish in _wishes(organisation)]
    issued = authority.issue_all(wishes)
    kinds = {"tls-client": "tls", "signing": "signing"}
    sets = [
        CertificateSet(f"{wish.name}-{kinds[wish.profile]}", one.cert, one.key)
        for wish, one in zip(wishes, issued, strict=True)
    ]
    network = replace(
        network,
        organisations=(*network.organisations, *added),
        certificates=(*network.certificates, *sets),
    )
    write(network, folder / NETWORK_FILE)
    return network


def led_to(network: Network, url: str, simulated: Iterable[str], folder: Path) -> Network:
    """Let the webhooks of all but the simulated roles lead to the load's receiver; writes the network."""
    kept = set(simulated)
    organisations = tuple(
        replace(
            organisation,
            parties=tuple(
                party if party.role in kept or not party.simulated else _led(party, url)
                for party in organisation.parties
            ),
        )
        for organisation in network.organisations
    )
    network = replace(network, organisations=organisations)
    write(network, folder / NETWORK_FILE)
    return network


def check(profile: Profile, network: Network, *, where: str) -> None:
    """Raise ConfigurationError where a real network lacks parties that the profile needs."""
    for role, count in wanted(profile).items():
        held = len(network.with_role(role))
        if held < count:
            raise ConfigurationError(
                f"holds {held} parties of role {role}, and profile {profile.id} needs {count}",
                where=where,
                mend="Add parties to the network file, or lower participants and recipients in the profile.",
            )


def _led(party: Party, url: str) -> Party:
    base = f"{url}/{party.dip_id}"
    return replace(party, webhook=base, webhooks={}, status_webhook=f"{base}/status")


def _added(missing: Counter[str], network: Network, folder: Path) -> Iterator[Organisation]:
    numbers = itertools.count()
    taken = {party.distributor_id for party in network.parties}
    distributors = (each for each in _DISTRIBUTORS if each not in taken)
    for role, count in missing.items():
        for number in range(1, count + 1):
            held = _WITH_DISTRIBUTOR if role in _WITH_DISTRIBUTOR else (role,)
            distributor = next(distributors, "") if role in _WITH_DISTRIBUTOR else None
            if distributor == "":
                raise ConfigurationError(
                    f"more than {len(_DISTRIBUTORS)} further registration services can't be made"
                )
            stem = f"load-{role.lower()}-{number}"
            name = f"Load {role} {number}"
            parties = tuple(
                _party(name, stem, each, next(numbers), distributor, folder / "keys") for each in held
            )
            yield Organisation(name, parties)


def _party(name: str, stem: str, role: str, number: int, distributor: str | None, keys: Path) -> Party:
    dip_id = f"{roles()[role].prefix}{_FIRST + number}"
    key = keys / f"{dip_id}.key"
    write_whole(key, secrets.token_urlsafe(24).encode() + b"\n", mode=PRIVATE)
    letters = "Y" + "".join(_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in (2, 1, 0))
    return Party(
        organisation=name,
        mpid=letters,
        role=role,
        dip_id=dip_id,
        tls=f"{stem}-tls",
        signing=f"{stem}-signing",
        api_key_file=key,
        distributor_id=distributor,
    )


def _wishes(organisation: Organisation) -> Iterator[Wish]:
    dip_ids = tuple(party.dip_id for party in organisation.parties)
    stem = organisation.parties[0].tls.removesuffix("-tls")
    yield Wish(stem, "tls-client", organisation.name, dip_ids)
    yield Wish(stem, "signing", organisation.name, dip_ids)
