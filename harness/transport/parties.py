"""Who takes part in a test: organisations, their parties, and the certificates that these hold.

A network is one TOML file (`docs/network-file.md`): an organisation holds parties (one per MPID, role and
DIP id), and parties refer to certificate sets by name, many to many. It says where secrets are, and holds
none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from harness.errors import ConfigurationError, nearest

SIMULATED = "simulated"
"""The value of `webhook` that hands a party to the participant simulator."""

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "SUP": "supplier",
        "REGS": "registration service",
        "MSS": "metering service, smart",
        "MSA": "metering service, advanced",
        "UMSO": "unmetered supplies operator",
        "SDS": "smart data service",
        "ADS": "advanced data service",
        "UMSDS": "unmetered supplies data service",
        "LDSO": "licensed distribution system operator",
        "MDS": "market-wide data service",
        "LSS": "load shaping service",
        "ISD": "industry standing data service",
        "EES": "electricity enquiry service",
        "MDR": "smart meter data retriever",
        "DCC": "Data Communications Company",
        "VAS": "volume allocation service",
        "DIP": "the Data Integration Platform itself",
        "DCP": "DIP connection provider",
    }
)
"""Roles that a party may hold. DCP is ours: the published role codes name no connection provider."""


@dataclass(frozen=True, slots=True)
class CertificateSet:
    """A certificate (PEM, its chain may follow) and its private key, or the command that signs instead."""

    name: str
    cert: Path
    key: Path | None = None
    sign_command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """One market role of one organisation: an MPID, a DIP id and what it connects with."""

    organisation: str
    mpid: str
    """Four capitals; empty only where the role has none (DIP, DCP)."""
    role: str
    dip_id: str
    """Ten characters."""
    tls: str
    """Name of the certificate set that opens connections."""
    signing: str
    """Name of the certificate set that signs."""
    name: str = ""
    webhook: str = SIMULATED
    """``simulated``, or the base URL of the party's webhooks."""
    webhooks: Mapping[str, str] = field(default_factory=dict)
    """Channel (``IF-036``) to its own URL, where it differs from the base."""
    status_webhook: str | None = None
    api_key_env: str | None = None
    api_key_file: Path | None = None
    connection_provider: str | None = None
    """DIP id of the connection provider that the party nominated."""
    distributor_id: str | None = None
    """First two digits of the MPANs that an LDSO distributes or a registration service registers."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"{self.organisation} ({self.role})")

    @property
    def simulated(self) -> bool:
        """Whether a participant simulator plays the party."""
        return self.webhook == SIMULATED

    def api_key(self) -> str:
        """Return the party's API key; raises ConfigurationError naming the variable or file that lacks it."""
        if self.api_key_env and os.environ.get(self.api_key_env):
            return os.environ[self.api_key_env]
        if self.api_key_file:
            return _key_in(self.api_key_file, self.dip_id)
        if self.api_key_env:
            raise ConfigurationError(
                f"the environment variable {self.api_key_env} holds no API key",
                where=f"party {self.dip_id}",
                mend=f"Set {self.api_key_env}, or name a file in api_key_file.",
            )
        raise ConfigurationError(
            "no API key is configured",
            where=f"party {self.dip_id}",
            mend="Add api_key_env or api_key_file to the party in the network file.",
        )


def _key_in(path: Path, dip_id: str) -> str:
    where = f"party {dip_id}"
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the API key file {path} can't be read: {error}", where=where) from error
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(f"the API key file {path} does not hold one line with a key", where=where)
    return key


@dataclass(frozen=True, slots=True)
class Organisation:
    """A company with the parties that it is."""

    name: str
    parties: tuple[Party, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """Every organisation and certificate set of a test; making one checks that what it names exists in it."""

    organisations: tuple[Organisation, ...]
    certificates: tuple[CertificateSet, ...]
    where: str = "network"
    """The file that it came from, for error messages."""
    preferred: frozenset[str] = frozenset()
    """DIP ids of the parties that play their role before others of the same role."""
    _by_dip_id: Mapping[str, Party] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        _unique((s.name for s in self.certificates), "certificate set", self.where)
        _unique((o.name for o in self.organisations), "organisation", self.where)
        _unique((p.dip_id for p in self.parties), "DIP id", self.where)
        sets = {s.name for s in self.certificates}
        for party in self.parties:
            for label, name in (("tls", party.tls), ("signing", party.signing)):
                if name not in sets:
                    raise ConfigurationError(
                        f"{label} names the certificate set '{name}', which has no [[certificate]] table",
                        where=f"{self.where}: party {party.dip_id}",
                        mend=nearest(name, sets),
                    )
        object.__setattr__(self, "_by_dip_id", {party.dip_id: party for party in self.parties})

    @property
    def parties(self) -> tuple[Party, ...]:
        """Every party, in the order of the file."""
        return tuple(party for organisation in self.organisations for party in organisation.parties)

    def by_dip_id(self, dip_id: str) -> Party:
        """Return the party with a DIP id; raises ConfigurationError when there is none."""
        party = self._by_dip_id.get(dip_id)
        if party is None:
            raise ConfigurationError(
                f"no party has the DIP id '{dip_id}'", where=self.where, mend=nearest(dip_id, self._by_dip_id)
            )
        return party

    def with_role(self, role: str) -> tuple[Party, ...]:
        """Return the parties that hold a role: the preferred ones first, then in the order of the file."""
        found = [party for party in self.parties if party.role == role]
        return tuple(sorted(found, key=lambda party: party.dip_id not in self.preferred))

    def certificate(self, name: str) -> CertificateSet:
        """Return a certificate set by name; raises ConfigurationError when there is none."""
        for certificate in self.certificates:
            if certificate.name == name:
                return certificate
        raise ConfigurationError(
            f"no certificate set is called '{name}'",
            where=self.where,
            mend=nearest(name, (s.name for s in self.certificates)),
        )

    def replacing(self, party: Party) -> Network:
        """Return a network in which ``party`` stands for the one with the same DIP id."""
        organisations = tuple(
            replace(o, parties=tuple(party if p.dip_id == party.dip_id else p for p in o.parties))
            for o in self.organisations
        )
        return replace(self, organisations=organisations)


def _unique(values: Iterable[str], what: str, where: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ConfigurationError(
                f"the {what} '{value}' is used twice", where=where, mend=f"Give each its own {what}."
            )
        seen.add(value)
