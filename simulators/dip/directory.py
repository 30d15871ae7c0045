"""Who the hub knows: members by DIP id, role, API key, certificate and distributor id.

Read once from the network file. API keys are kept as SHA-256 digests only.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from harness.errors import ConfigurationError
from harness.security.certificates import first_certificate, identity_of
from harness.transport.parties import Network
from simulators.dip.model import HUB_ROLE, Member


@dataclass(frozen=True, slots=True)
class Directory:
    """The hub's members and what tells them apart."""

    members: Mapping[str, Member]
    hub: Member
    by_role: Mapping[str, tuple[Member, ...]]
    by_key: Mapping[bytes, Member]
    owners: Mapping[bytes, frozenset[str]]
    """SHA-256 fingerprint of a certificate in the network file to the DIP ids that use it."""
    distributors: Mapping[str, frozenset[str]]
    """Two-digit distributor id to the DIP ids of the LDSOs that hold it."""

    def with_role(self, role: str) -> tuple[Member, ...]:
        """Return the members that hold a role, in the order of the network file."""
        return self.by_role.get(role, ())

    def with_key(self, key: str) -> Member | None:
        """Return the owner of an API key."""
        return self.by_key.get(digest(key))

    def owned_by(self, certificate: x509.Certificate, fingerprint: bytes) -> frozenset[str]:
        """Return who may use a certificate: by the network file, else by the DIP ids in its subject."""
        named = self.owners.get(fingerprint)
        return named if named is not None else frozenset(identity_of(certificate).dip_ids)


def digest(key: str) -> bytes:
    """Return what is kept of an API key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def of_network(network: Network) -> Directory:
    """Build the directory; raises ConfigurationError for a shared API key, or not exactly one hub."""
    members: dict[str, Member] = {}
    by_role: dict[str, list[Member]] = defaultdict(list)
    by_key: dict[bytes, Member] = {}
    owners: dict[bytes, set[str]] = defaultdict(set)
    distributors: dict[str, set[str]] = defaultdict(set)
    prints = {s.name: first_certificate(s.cert)[0].fingerprint(hashes.SHA256()) for s in network.certificates}
    for party in network.parties:
        member = Member(
            dip_id=party.dip_id,
            role=party.role,
            organisation=party.organisation,
            mpid=party.mpid,
            connection_provider=party.connection_provider,
            distributors=(party.distributor_id,) if party.distributor_id and party.role == "LDSO" else (),
        )
        members[member.dip_id] = member
        by_role[member.role].append(member)
        for name in (party.tls, party.signing):
            owners[prints[name]].add(member.dip_id)
        for distributor in member.distributors:
            distributors[distributor].add(member.dip_id)
        other = by_key.setdefault(digest(party.api_key()), member)
        if other is not member:
            raise ConfigurationError(
                f"the parties {other.dip_id} and {member.dip_id} have the same API key",
                where=network.where,
                mend="Give each DIP id its own key.",
            )
    hubs = by_role.get(HUB_ROLE, [])
    if len(hubs) != 1:
        raise ConfigurationError(
            f"has {len(hubs)} parties with role {HUB_ROLE}, the hub needs exactly one",
            where=network.where,
            mend=f'Add one party with role = "{HUB_ROLE}" for the hub itself.',
        )
    return Directory(
        members=MappingProxyType(members),
        hub=hubs[0],
        by_role=MappingProxyType({role: tuple(found) for role, found in by_role.items()}),
        by_key=MappingProxyType(by_key),
        owners=MappingProxyType({print_: frozenset(ids) for print_, ids in owners.items()}),
        distributors=MappingProxyType({number: frozenset(ids) for number, ids in distributors.items()}),
    )
