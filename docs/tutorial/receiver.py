"""Supplier A's own system, as small as can be.

It takes publications over mutual TLS, checks the DIP's signature and answers. `--refuse IF-036` is a defect
put in on purpose: it refuses whatever comes of that interface.
"""

import argparse
import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.security.trust import Trust
from harness.transport.receiver import Call, Reply, WebhookReceiver
from harness.transport.server import ServerTls, run, serve


def now() -> str:
    """Tell the time as messages carry it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer_to(call: Call, common: dict[str, Any], code: str) -> dict[str, Any]:
    """Answer one publication, known by its common block."""
    return {
        "transactionID": common.get("D0", {}).get("transactionID"),
        "senderUniqueReference": common["S1"]["senderUniqueReference"],
        "correlationID": common.get("D0", {}).get("initialCorrelationID"),
        "sentTimestamp": now(),
        "senderID": call.recipient,
        "recipientID": common["S1"]["senderDIPID"],
        "DIPConnectionProviderID": None,
        "message": code,
        "help": None,
        "serviceTicketURL": None,
    }


async def main(options: argparse.Namespace) -> None:
    """Answer until somebody ends the process."""

    def answer(call: Call) -> Reply:
        commons = [each.get("payload", each)["CommonBlock"] for each in json.loads(call.body)]
        named = {common["S0"]["interfaceID"] for common in commons}
        good = call.verification.valid and not named & set(options.refuse)
        code = "RCP0000 - Message Success" if good else "RCP1001 - Schema Failure"
        entries = [answer_to(call, common, code) for common in commons]
        return 201 if good else 400, json.dumps({"messageArray": entries, "timestamp": now()}).encode()

    tls = ServerTls(options.cert, options.cert.with_suffix(".key"), options.ca)
    receiver = WebhookReceiver(answer, trust=Trust.load([options.ca]))
    async with serve(receiver, port=options.port, tls=tls):
        await asyncio.Event().wait()


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--cert", type=Path, required=True, help="PEM; the key lies beside it")
parser.add_argument("--ca", type=Path, required=True, help="who vouches for the DIP")
parser.add_argument("--refuse", action="append", default=[], metavar="INTERFACE")
run(main(parser.parse_args()))
