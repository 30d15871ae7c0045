"""The network that is there when nobody brings one: made-up organisations, keys, certificates, the hub.

A folder holds all of it::

    FOLDER/
      network.toml            who takes part (`harness.transport.network`); written last
      pki/                    a test authority and the certificate sets that network.toml names
      keys/<dip id>.key       API keys, readable by their owner alone

Every competitive role is held twice, so that there is always a party that a message does not concern; smart
metering and data services are held three times, so that a request can be superseded by a third one. A
folder that already holds a network is used as it is.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import ConfigurationError, EnvironmentFault
from harness.security.authority import Authority, Wish
from harness.security.profiles import Flaw
from harness.settings import current
from harness.spec.roles import roles
from harness.transport.network import CertificateSet, Network, Organisation, Party, load, write
from harness.writing import PRIVATE, write_whole

NETWORK_FILE = "network.toml"
HUB = "dip"
"""Stem of the hub's certificate sets: dip-tls, dip-signing, and dip-server for its own address."""
PARTICIPANTS_SERVER = "participants-server"
HUB_SERVER = f"{HUB}-server"
FLAWED: tuple[Flaw, ...] = (
    "expired",
    "not-yet-valid",
    "revoked",
    "wrong-usage",
    "foreign",
    "wrong-usage",
    "wrong-party",
)
"""Client sets of the first supplier that are broken on purpose, named ``flaw-<flaw>``."""

_PROVIDER_PREFIX = "10"


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation: its name, the stem of its certificate sets, and an MPID by role (or "")."""

    name: str
    stem: str
    mpids: dict[str, str]
    distributor_setting: str = ""


_MEMBERS = (
    Member("Supplier A", "supplier-a", {"SUP": "SUPA"}),
    Member("Supplier B", "supplier-b", {"SUP": "SUPB"}),
    Member(
        "Distributor A",
        "distributor-a",
        {"REGS": "REGA", "LDSO": "LDSA", "UMSO": "UMOA"},
        "network.dno_distributor_id",
    ),
    Member(
        "Independent Distributor B",
        "distributor-b",
        {"REGS": "REGB", "LDSO": "LDSB", "UMSO": "UMOB"},
        "network.idno_distributor_id",
    ),
    Member("Metering Company A", "metering-a", {"MSS": "MSSA", "MSA": "MSAA"}),
    Member("Metering Company B", "metering-b", {"MSS": "MSSB", "MSA": "MSAB"}),
    Member("Data Company A", "data-a", {"SDS": "SDSA", "ADS": "ADSA", "UMSDS": "UDSA"}),
    Member("Data Company B", "data-b", {"SDS": "SDSB", "ADS": "ADSB", "UMSDS": "UDSB"}),
    Member("Metering Company C", "metering-c", {"MSS": "MSSC"}),
    Member("Data Company C", "data-c", {"SDS": "SDSC"}),
    Member("Retriever A", "retriever-a", {"MDR": "MDRA"}),
    Member("Retriever B", "retriever-b", {"MDR": "MDRB"}),
    Member("Settlement Body", "settlement", {"MDS": "MDSX", "LSS": "LSSX", "VAS": "VASX", "ISD": "ISDX"}),
    Member("Enquiry Service", "enquiry", {"EES": "EESX"}),
    Member("Communications Body", "communications", {"DCC": "DCCX"}),
    Member("Connection Provider X", "provider-x", {"DCP": ""}),
    Member("Simulated DIP", HUB, {"DIP": ""}),
)
SERVED_BY_PROVIDER = "supplier-b"
"""Stem of the organisation that nominates the connection provider."""


def members() -> tuple[Member, ...]:
    """Return the organisations of the default network."""
    return _MEMBERS


def network_ca(folder: Path) -> Path:
    """Return the CA file that every peer of the folder's network trusts."""
    return Authority.open(folder / "pki").ca_bundle


def revocation_list(folder: Path) -> Path:
    """Return the folder's certificate revocation list."""
    return Authority.open(folder / "pki").crl


def default_network(folder: Path | str, *, dip_url: str | None = None) -> Network:
    """Return the network in ``folder``, made there when the folder holds none.

    ``dip_url`` is where the hub will be reached; its host goes into the hub's server certificate. Several
    processes may ask at once: the folder is made beside and renamed. Raises ConfigurationError when the
    folder holds other things, EnvironmentFault when it can't be written.
    """
    return _placed(Path(folder), lambda draft: _make(draft, dip_url))


def copied_network(kept: Path, folder: Path | str) -> Network:
    """Return the network in ``folder``, a copy of the one in ``kept`` when the folder holds none.

    The one in ``kept`` is made when that folder holds none, so that many targets need keys once. Where it is
    not what would be made now, because settings have other distributors for example, the folder gets a
    network of its own. Raises as `default_network` does.
    """
    source = default_network(kept)
    if source.organisations != tuple(_organisation(member, kept) for member in _MEMBERS):
        return default_network(folder)
    return _placed(Path(folder), lambda draft: _copy(kept, draft))


def _copy(kept: Path, draft: Path) -> None:
    shutil.copytree(kept, draft, dirs_exist_ok=True)


def _placed(folder: Path, fill: Callable[[Path], None]) -> Network:
    """Return the network of a folder; where it holds none, ``fill`` makes it beside and it is renamed."""
    path = folder / NETWORK_FILE
    if path.is_file():
        return load(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"holds no {NETWORK_FILE} and is not empty",
            where=str(folder),
            mend="Name a new folder for the network, or one that holds a network.",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise EnvironmentFault(f"can't be written: {error.strerror}", where=str(folder.parent)) from error
    try:
        fill(draft)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        if not path.is_file():
            raise EnvironmentFault(f"can't be written: {error.strerror}", where=str(folder)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return load(path)


def _make(folder: Path, dip_url: str | None) -> None:
    (folder / "keys").mkdir(mode=0o700)
    organisations = tuple(_organisation(member, folder) for member in _MEMBERS)
    authority = Authority.create(folder / "pki", name="Test DIP")
    network = Network(organisations, tuple(_certificates(authority, organisations, dip_url)))
    for party in network.parties:
        if party.api_key_file is not None:
            write_whole(party.api_key_file, secrets.token_urlsafe(24).encode() + b"\n", mode=PRIVATE)
    write(network, folder / NETWORK_FILE)


def _dip_id(member: Member, role: str) -> str:
    """Return the prefix of the role and a number that tells the parties of that prefix apart."""
    prefix = roles()[role].prefix if role in roles() else _PROVIDER_PREFIX
    number = 0
    for other in _MEMBERS:
        for name in other.mpids:
            if (roles()[name].prefix if name in roles() else _PROVIDER_PREFIX) == prefix:
                number += 1
                if (other, name) == (member, role):
                    return f"{prefix}{number:08d}"
    raise AssertionError((member.name, role))


def _organisation(member: Member, folder: Path) -> Organisation:
    provider = next(m for m in _MEMBERS if "DCP" in m.mpids)
    nominated = _dip_id(provider, "DCP") if member.stem == SERVED_BY_PROVIDER else None
    parties = []
    for role, mpid in member.mpids.items():
        dip_id = _dip_id(member, role)
        with_distributor = bool(member.distributor_setting) and role in ("LDSO", "REGS")
        parties.append(
            Party(
                organisation=member.name,
                mpid=mpid,
                role=role,
                dip_id=dip_id,
                tls=f"{member.stem}-tls",
                signing=f"{member.stem}-signing",
                api_key_file=folder / "keys" / f"{dip_id}.key",
                connection_provider=nominated,
                distributor_id=current().text(member.distributor_setting) if with_distributor else None,
            )
        )
    return Organisation(member.name, tuple(parties))


def _certificates(
    authority: Authority, organisations: tuple[Organisation, ...], dip_url: str | None
) -> Iterator[CertificateSet]:
    host = urlsplit(dip_url).hostname if dip_url else None
    hosts = (host,) if host else ()
    wishes: dict[str, Wish] = {
        HUB_SERVER: Wish(HUB, "tls-server", organisation="Simulated DIP", hosts=hosts),
        PARTICIPANTS_SERVER: Wish("participants", "tls-server", organisation="Simulated participants"),
    }
    for member, organisation in zip(_MEMBERS, organisations, strict=True):
        dip_ids = tuple(party.dip_id for party in organisation.parties)
        wishes[f"{member.stem}-tls"] = Wish(member.stem, "tls-client", organisation.name, dip_ids)
        wishes[f"{member.stem}-signing"] = Wish(member.stem, "signing", organisation.name, dip_ids)
    first = organisations[0]
    for flaw in FLAWED:
        dip_ids = tuple(party.dip_id for party in first.parties)
        wishes[f"flaw-{flaw}"] = Wish("flaw", "tls-client", first.name, dip_ids, flaw=flaw)
    for name, issued in zip(wishes, authority.issue_all(wishes.values()), strict=True):
        yield CertificateSet(name, issued.cert, issued.key)
