"""Who the hub knows: members by DIP id, role, API key, certificate and distributor id.

Read once from the network file; what an operator says of a member (`simulators.dip.terms`) stands in place of
what the file says until it is taken back. API keys are kept as SHA-256 digests only.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from harness.errors import ConfigurationError, nearest
from harness.security.certificates import first_certificate, identity_of
from harness.transport.parties import Network
from simulators.dip.model import HUB_ROLE, Member
from simulators.dip.terms import Terms


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
    terms: dict[str, Terms] = field(default_factory=dict)
    """What an operator said, by DIP id; changed by `stand` alone."""
    _present: dict[str, Member] = field(default_factory=dict)
    """What ``members`` shows."""
    _filed: Mapping[str, Member] = field(default_factory=dict)
    """The members as the network file has them."""

    def with_role(self, role: str) -> tuple[Member, ...]:
        """Return the members that hold a role, in the order of the network file."""
        return self.by_role.get(role, ())

    def with_key(self, key: str) -> Member | None:
        """Return the owner of an API key."""
        mark = digest(key)
        for dip_id, terms in self.terms.items():
            if terms.api_keys is not None and mark in terms.api_keys:
                return self.members[dip_id]
        found = self.by_key.get(mark)
        if found is None:
            return None
        other = self.terms.get(found.dip_id)
        return self.members[found.dip_id] if other is None or other.api_keys is None else None

    def owned_by(self, certificate: x509.Certificate, fingerprint: bytes) -> frozenset[str]:
        """Return who may use a certificate: by the network file, else by the DIP ids in its subject.

        Nobody may use one that was withdrawn.
        """
        if self.terms and any(fingerprint in terms.withdrawn for terms in self.terms.values()):
            return frozenset()
        named = self.owners.get(fingerprint)
        return named if named is not None else frozenset(identity_of(certificate).dip_ids)

    def stand(self, dip_id: str, terms: Terms | None) -> None:
        """Let a member in on other terms than the network file's; None: on those.

        Raises ConfigurationError for a DIP id that is no member, or a provider that is none.
        """
        member = self._filed.get(dip_id)
        if member is None:
            raise ConfigurationError(
                f"no party has the DIP id '{dip_id}'", mend=nearest(dip_id, self.members)
            )
        if terms is None:
            self.terms.pop(dip_id, None)
            self._present[dip_id] = member
            return
        changed = replace(
            member, connection_provider=terms.connection_provider, former_providers=terms.former_providers
        )
        for provider in changed.providers:
            if provider not in self.members:
                raise ConfigurationError(
                    f"no party has the provider's DIP id '{provider}'", mend=nearest(provider, self.members)
                )
        self.terms[dip_id], self._present[dip_id] = terms, changed


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
        _present=members,
        _filed=dict(members),
    )
