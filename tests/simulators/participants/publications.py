"""Publications for tests: what the hub would send to a party, and the surroundings of a recipient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from harness.clock import message_time
from harness.messages.build import Context, build
from harness.messages.identifiers import mpan
from harness.spec.release import Release, load
from harness.spec.routing import load_routing
from harness.transport.network import CertificateSet, Network, Organisation, Party
from simulators.participants.judging import Surroundings

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MPAN = mpan("10", 123)
SUPPLIER, OTHER_SUPPLIER, REGISTRATION = "2300000001", "2300000002", "2200000001"
METERING, OTHER_METERING = "1200000001", "1200000003"
DATA, OTHER_DATA = "1400000001", "1400000004"
DISTRIBUTOR, RETRIEVER = "2500000001", "1600000001"
_ROLES = {
    SUPPLIER: ("SUP", "SUPA"),
    OTHER_SUPPLIER: ("SUP", "SUPB"),
    REGISTRATION: ("REGS", "REGA"),
    METERING: ("MSS", "MSSA"),
    OTHER_METERING: ("MSS", "MSSB"),
    DATA: ("SDS", "SDSA"),
    OTHER_DATA: ("SDS", "SDSB"),
    DISTRIBUTOR: ("LDSO", "LDSA"),
    RETRIEVER: ("MDR", "MDRA"),
    "1800000001": ("MDS", "MDSX"),
    "2100000001": ("EES", "EESX"),
    "1200000002": ("MSA", "MSAA"),
    "1300000001": ("UMSO", "UMOA"),
    "1400000002": ("ADS", "ADSA"),
    "1400000003": ("UMSDS", "UDSA"),
    "1900000001": ("LSS", "LSSX"),
    "2000000001": ("ISD", "ISDX"),
    "1700000001": ("DCC", "DCCX"),
    "1100000001": ("VAS", "VASX"),
    "1000000002": ("DIP", ""),
}
FIRST = {role: dip_id for dip_id, (role, _) in reversed(_ROLES.items())}
"""DIP id of the first party of each role."""


@cache
def network() -> Network:
    """Return a network without certificates, enough for what does not connect."""
    party = {
        dip_id: Party(
            organisation="All",
            mpid=mpid,
            role=role,
            dip_id=dip_id,
            tls="t",
            signing="t",
            distributor_id="10" if role == "LDSO" else None,
        )
        for dip_id, (role, mpid) in _ROLES.items()
    }
    return Network((Organisation("All", tuple(party.values())),), (_no_certificate(),))


def _no_certificate() -> CertificateSet:
    nowhere = Path(gettempdir()) / "none.pem"
    return CertificateSet("t", nowhere, nowhere)


def release(name: str = "2.1.0") -> Release:
    """Return a shipped release."""
    return load(name)


def publication(
    interface: str = "IF-031",
    event: str = "MSApp",
    *,
    sender: str = SUPPLIER,
    recipient: str = REGISTRATION,
    name: str = "2.1.0",
    number: int = 1,
    **overrides: object,
) -> dict[str, Any]:
    """Return a publication as the hub sends it to ``recipient``."""
    role, _ = _ROLES[sender]
    context = Context(
        seed=number,
        now=NOW,
        environment="SIT",
        sender_dip_id=sender,
        sender_role=role,
        connection_provider=None,
        sub_text="run/case",
        mpan=MPAN,
        distributor_dip_id=DISTRIBUTOR,
        primary_recipients=(recipient,),
        parties={r: (dip_id, mpid) for dip_id, (r, mpid) in reversed(_ROLES.items())},
    )
    payload = build(load(name), interface, event, context)
    payload["CommonBlock"]["A0"] = {"primaryRecipients": [recipient], "secondaryRecipients": [], "always": []}
    payload["CommonBlock"]["D0"] = {
        "transactionID": f"T-{interface}-{sender}-{role}-{NOW:%Y%m%d}-{number:016x}",
        "transactionTimestamp": message_time(NOW),
        "publicationID": "PUB-" + interface.partition("-")[2],
        "initialCorrelationID": None,
        "replayIndicator": False,
        "serviceTicketURL": None,
    }
    for path, value in overrides.items():
        put(payload, path.split("__"), value)
    return payload


def put(payload: dict[str, Any], path: list[str], value: object) -> None:
    """Set a place (``["CommonBlock", "S1", "subText"]``); the value ``...`` takes it away."""
    *way, last = path
    place = payload
    for key in way:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value


def surroundings(dip_id: str = REGISTRATION, **changed: Any) -> Surroundings:
    """Return what a recipient knows at `NOW`."""
    known: dict[str, Any] = {
        "dip_id": dip_id,
        "role": _ROLES[dip_id][0],
        "environment": "SIT",
        "now": NOW,
        "tolerance": timedelta(minutes=5),
        "roles": {d: role for d, (role, _) in _ROLES.items()},
        "routing": load_routing(),
    }
    return Surroundings(**{**known, **changed})
