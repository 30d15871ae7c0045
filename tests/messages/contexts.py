"""Contexts that the tests of this room build messages for."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from harness.messages.build import Context
from harness.messages.identifiers import mpan

NOW = datetime(2026, 7, 14, 9, 30, tzinfo=UTC)

PARTIES = {
    "SUP": ("2300000001", "SUPA"),
    "SUP:outgoing": ("2300000002", "SUPB"),
    "REGS": ("2200000001", "REGA"),
    "MSS": ("1200000001", "MSSA"),
    "MSS:incumbent": ("1200000002", "MSSB"),
    "MSA": ("1200000003", "MSAA"),
    "UMSO": ("1200000005", "UMOA"),
    "SDS": ("1400000001", "SDSA"),
    "ADS": ("1400000003", "ADSA"),
    "UMSDS": ("1400000005", "UMDA"),
    "MDR": ("2600000001", "MDRA"),
    "LDSO": ("2500000001", "LDSA"),
}


def context(seed: int = 1, **changes: Any) -> Context:
    """Return a context of a registration service that writes to a supplier about an MPAN of its own."""
    base = Context(
        seed=seed,
        now=NOW,
        environment="SIT",
        sender_dip_id="2200000001",
        sender_role="REGS",
        connection_provider=None,
        sub_text="case 1",
        mpan=mpan("10", seed * 7919),
        distributor_dip_id="2500000001",
        primary_recipients=("2300000001",),
        parties=PARTIES,
    )
    return replace(base, **changes)


def report_body(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the decompressed body of a report."""
    text = payload["CustomBlock"]["P03"]["compressedReport"]
    body: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return body
