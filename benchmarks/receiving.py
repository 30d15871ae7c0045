"""The recipients of a benchmark: one server for all that verifies, checks and counts what the hub delivers.

Every call must be signed by the hub. Of every publication it checks that its recipient is addressed, and
marks its serial number as seen, so that what is lost, comes twice or goes astray is known exactly.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

import orjson

from harness.clock import message_time
from harness.security.certificates import identity_of
from harness.security.trust import Trust
from harness.spec.codes import text
from harness.transport.network import Party
from harness.transport.receiver import Call, Reply, WebhookReceiver
from simulators.dip.status import CHANNEL as STATUS

SERIAL_DIGITS = 12
"""The last digits of a sender's reference that are the serial number."""
_SUCCESS = text("RCP0000")


class Recipients:
    """Who receives and what came of it; read by one thread, served by another."""

    def __init__(self, hub: str, parties: Sequence[Party], messages: int, ca: Path) -> None:
        """``messages`` have the serial numbers from 0 on; ``hub`` is the hub's DIP id."""
        self._hub = hub
        self._seen = {party.dip_id: bytearray(messages) for party in parties}
        self.app = WebhookReceiver(self._answer, trust=Trust.load(ca))
        self.delivered = 0
        """Publications that came for the first time."""
        self.repeated = 0
        self.statuses = 0
        """Status messages that came."""
        self.calls = 0
        self.calls_of_publications = 0
        self.wrong: Counter[str] = Counter()
        """What must not be: reasons and how often."""
        self.on_delivery: Callable[[int], None] = lambda _delivered: None
        """Gets `delivered` after each call."""
        self._changed = threading.Condition()

    @property
    def expected(self) -> int:
        """How many publications there are to come in all."""
        return sum(len(seen) for seen in self._seen.values())

    @property
    def missing(self) -> int:
        """How many publications did not come."""
        return sum(seen.count(0) for seen in self._seen.values())

    def wait(self, delivered: int, statuses: int, seconds: float) -> bool:
        """Wait until so many publications and status messages have come; False when no call came in time."""
        with self._changed:
            while self.delivered < delivered or self.statuses < statuses:
                if not self._changed.wait(seconds):
                    return False
        return True

    def _answer(self, call: Call) -> Reply:
        signer = call.verification.certificate
        if not call.verification.valid or signer is None or self._hub not in identity_of(signer).dip_ids:
            self.wrong["not signed by the hub"] += 1
            return HTTPStatus.UNAUTHORIZED, b""
        entries = orjson.loads(call.body)
        answer = b""
        if call.channel == STATUS:
            self.statuses += len(entries)
        else:
            answers = [self._take(entry["payload"]["CommonBlock"], call.recipient) for entry in entries]
            answer = orjson.dumps({"messageArray": answers, "timestamp": message_time(call.received_at)})
            self.calls_of_publications += 1
            self.on_delivery(self.delivered)
        with self._changed:
            self.calls += 1
            self._changed.notify_all()
        return HTTPStatus.CREATED, answer

    def _take(self, common: dict[str, dict[str, object]], recipient: str) -> dict[str, object]:
        sent, addressed, added = common["S1"], common["A0"], common["D0"]
        seen = self._seen.get(recipient)
        tiers = (addressed["primaryRecipients"], addressed["secondaryRecipients"], addressed["always"])
        serial = int(str(sent["senderUniqueReference"])[-SERIAL_DIGITS:])
        if seen is None or not any(isinstance(tier, list) and recipient in tier for tier in tiers):
            self.wrong["went to somebody else"] += 1
        elif seen[serial]:
            self.repeated += 1
        else:
            seen[serial] = 1
            self.delivered += 1
        return {
            "transactionID": added["transactionID"],
            "senderUniqueReference": sent["senderUniqueReference"],
            "correlationID": added["initialCorrelationID"],
            "sentTimestamp": added["transactionTimestamp"],
            "senderID": recipient,
            "recipientID": sent["senderDIPID"],
            "DIPConnectionProviderID": None,
            "message": _SUCCESS,
            "help": None,
            "serviceTicketURL": None,
        }
