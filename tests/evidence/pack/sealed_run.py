"""A small run in a folder, made of real events, real stored bytes and real reports; no hub is needed."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from harness.evidence.events import (
    AnswerReceived,
    CheckMade,
    Event,
    InstanceFinished,
    InstanceStarted,
    MessageSent,
    PublicationReceived,
    RunFinished,
    RunStarted,
)
from harness.evidence.log import FILE, EventLog
from harness.evidence.store import EvidenceStore
from harness.reports.results import results
from harness.reports.run import fold
from harness.reports.write import write_reports
from harness.security.authority import Authority
from harness.security.signing import Signer

MPAN = "1018660037367"
LINKED = "1012345678904"
STREET = "Johnson Mountain"
NAME = "O'Brien & Sons"
POSTCODE = "IP1 4SW"
METER = "Z04B954325"
EMAIL = "billing@brien.example"
PERSONAL = (MPAN, LINKED, STREET, "O'Brien", POSTCODE, METER, EMAIL)
"""None of these may stand in a redacted copy in any writing."""


@dataclass(frozen=True)
class Signing:
    """An authority and a signer of it."""

    authority: Authority
    signer: Signer
    cert: Path
    key: Path


def derive(events: Iterable[Event]) -> dict[str, Any]:
    """Fold events into the content of results.json."""
    return results(fold(events, folder=Path(), where=FILE))


def signature(body: bytes) -> str:
    """Return what stands in for the signature over a body: as long as one of RSA-2048."""
    return base64.b64encode(hashlib.sha512(body).digest() * 4).decode()


def message(mpan: str = MPAN, **custom: Any) -> bytes:
    """Return the body of a send about ``mpan``."""
    blocks = {"B022": {"addressLine4": "24", "addressLine5": STREET, "meteringPointPostcode": POSTCODE}}
    common = {"S0": {"interfaceID": "IF-031"}, "M0": {"MPANCore": mpan}}
    return orjson.dumps([{"payload": {"CommonBlock": common, "CustomBlock": blocks | custom}}])


def build(folder: Path, *, bodies: Iterable[bytes] = (), said: str = "", reports: bool = True) -> Path:
    """Write a run of one case that sends four messages and ``bodies``; ``said`` is what its check saw."""
    store = EvidenceStore(folder / "evidence")
    case = "EV-1/IF-031/DSApp/SUP@2.1.0"
    sent = [
        message(B033={"meterID": METER}, B035={"linkedImportExportMPAN": LINKED}),
        orjson.dumps({"R900-01": {"distributorBillingContactName": NAME, "distributorBillingEmail": EMAIL}}),
        b'{"nothing": "personal"}',
        *bodies,
    ]
    with EventLog(folder / FILE) as log:
        log.write(
            RunStarted(
                run="20260301-101500-ab12cd",
                stage="cit",
                releases=["2.1.0"],
                seed=1,
                target="embedded",
                environment="SIT",
                network=[],
                harness_version="0.1.0",
                catalogue="c" * 64,
                options={},
                selected=1,
            )
        )
        log.write(
            InstanceStarted(
                case=case,
                case_id="EV-1/IF-031/DSApp/SUP",
                scenario="EV-1",
                title="A supplier appoints",
                release="2.1.0",
                stage="cit",
                area="appointment",
                polarity="positive",
                interface="IF-031",
                event_code="DSApp",
                role="SUP",
                parties=["2300000001"],
                requirements=["DH-APP-001"],
                external_ids={},
                seed=7,
                instance="x",
            )
        )
        for body in sent:
            hashed = base64.b64encode(hashlib.sha256(body).digest()).decode()
            headers = {"x-dip-signature": signature(body), "x-dip-content-hash": hashed}
            log.write(
                MessageSent(
                    case=case,
                    sender="2300000001",
                    method="POST",
                    url="https://127.0.0.1:1/2.1.0/dip-channel/IF-031",
                    interface="IF-031",
                    event_code="DSApp",
                    references=["S-1"],
                    body=store.put(body),
                    headers=headers,
                )
            )
            log.write(
                PublicationReceived(
                    case=case,
                    party="2200000001",
                    role="REGS",
                    publication="PUB-031",
                    interface="IF-031",
                    event_code="DSApp",
                    transaction="T-1",
                    reference="S-1",
                    body=store.put(body),
                    signature_valid=True,
                    findings=[],
                    answered=201,
                    response_codes=["RCP0000"],
                    headers=headers,
                    signed_by="CN=dip",
                )
            )
        answer = store.put(f'{{"text": "MPAN {MPAN} at {STREET.upper()} is known"}}'.encode())
        log.write(
            AnswerReceived(
                case=case, status=201, refused_in_handshake=False, codes=["MSG0000"], body=answer, seconds=0.1
            )
        )
        log.write(
            CheckMade(
                case=case,
                title="The answer names the metering point",
                passed=False,
                severity="error",
                expected=f'addressLine5 "{STREET}", contact "{NAME}"',
                actual=said or f"meter {METER} at {POSTCODE} of {MPAN}",
                rule="2.1.0",
                blame={"class": "participant", "party": "2300000001"},
                key="x",
            )
        )
        log.write(
            InstanceFinished(
                case=case,
                verdict="fail",
                status="failed",
                reason=f"the metering point {MPAN} is not there",
                blame={"class": "participant", "party": "2300000001"},
                seconds=0.5,
            )
        )
        log.write(
            RunFinished(evidence_class="rehearsal", evidence_class_reason="all are simulated", seconds=1.0)
        )
    if reports:
        write_reports(folder)
    return folder


def texts(pack: Path) -> dict[str, str]:
    """Return every text of a pack, a workbook's parts among them, as one would search them."""
    found: dict[str, str] = {}
    with zipfile.ZipFile(pack) as archive:
        for name in archive.namelist():
            if name.endswith(".xlsx"):
                with zipfile.ZipFile(archive.open(name)) as book:
                    found |= {f"{name}!{part}": book.read(part).decode() for part in book.namelist()}
            else:
                found[name] = archive.read(name).decode("utf-8", "replace")
    return found


def repacked(pack: Path, out: Path, **changes: bytes | None) -> Path:
    """Copy a pack entry by entry with another zip writer; ``changes`` replaces or (None) drops entries."""
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = changes.pop(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
        for name, data in changes.items():
            if data is not None:
                new.writestr(name, data)
    return out
