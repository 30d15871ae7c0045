"""The load's receiver: a process that takes the hub's webhook calls over TLS and notes when what arrived.

``python -m load.receiving RUN RELEASE HUB CERT KEY CA FOLDER HOST PORT`` prints its port and ends with its
standard input. Every call's signature is verified and every publication answered with RCP0000, as a
participant would. Its notes are ``arrivals.bin`` and, at the end, ``receiver.json`` in the folder.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson

from harness.clock import SystemClock
from harness.security.certificates import identity_of
from harness.security.trust import Trust
from harness.spec.release import load as load_release
from harness.transport.receiver import Call, Reply, WebhookReceiver
from harness.transport.server import ServerTls, run, serve, spare_memory
from load.arrived import OWN, RESPONSE, Arrival, packed
from load.plan import place_of_mpan, place_of_serial
from simulators.dip.status import CHANNEL as STATUS
from simulators.participants import answers

ARRIVALS, TABLES = "arrivals.bin", "receiver.json"
_FLUSH_SECONDS = 0.25
_TIERS = ("primaryRecipients", "secondaryRecipients", "always")


class Names:
    """Values by number, in the order in which they came up."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}

    def place(self, value: Any) -> int:
        """Return a value's number."""
        return self._places.setdefault(value, len(self._places))

    def listed(self) -> list[Any]:
        """Return the values."""
        return [list(value) if isinstance(value, tuple) else value for value in self._places]


class Receiver:
    """Answers webhook calls and notes them; used on one event loop."""

    def __init__(self, run_id: str, release: str, hub: str, ca: Path, folder: Path) -> None:
        self._run, self._release, self._hub = run_id, load_release(release), hub
        self._folder = folder
        self._notes = bytearray()
        self._clock = SystemClock()
        self.app = WebhookReceiver(self._answer, trust=Trust.load(ca))
        self.recipients, self.addressed, self.events = Names(), Names(), Names()
        self.counts: Counter[str] = Counter()

    def _answer(self, call: Call) -> Reply:
        at = call.received_at.timestamp()
        self.counts["calls"] += 1
        signer = call.verification.certificate
        if not call.verification.valid or signer is None or self._hub not in identity_of(signer).dip_ids:
            self.counts["unverified"] += 1
            return HTTPStatus.UNAUTHORIZED, b""
        entries = orjson.loads(call.body)
        if call.channel == STATUS:
            self.counts["statuses"] += len(entries)
            for entry in entries:
                self.counts[f"status {str(entry.get('message'))[:7]}"] += 1
            return HTTPStatus.CREATED, b""
        number, now = self.counts["calls"], self._clock.now()
        said = []
        for entry in entries:
            payload = entry["payload"]
            self._note(payload["CommonBlock"], call.recipient, at, number)
            said.append(answers.entry(self._release, call.recipient, payload, (), now))
        return HTTPStatus.CREATED, answers.body(said, now)

    def _note(self, common: dict[str, Any], recipient: str, at: float, call: int) -> None:
        self.counts["publications"] += 1
        place = place_of_serial(str(common["S1"]["senderUniqueReference"]), self._run)
        me = self.recipients.place(recipient)
        if place is not None:
            tiers = common.get("A0") or {}
            addressed = tuple(dict.fromkeys(each for tier in _TIERS for each in tiers.get(tier) or ()))
            arrival = Arrival(OWN, *place, me, self.addressed.place(addressed), at, call)
        else:
            mpan = str((common.get("M0") or {}).get("MPANCore", ""))
            place = place_of_mpan(mpan)
            if place is None:
                self.counts["foreign"] += 1
                return
            header = common["S0"]
            event = (header["interfaceID"], str(header["eventCode"]).strip("[]"))
            arrival = Arrival(RESPONSE, *place, me, self.events.place(event), at, call)
        self._notes += packed(arrival)

    def flush(self) -> None:
        """Write the notes."""
        data, self._notes = bytes(self._notes), bytearray()
        with (self._folder / ARRIVALS).open("ab") as file:
            file.write(data)

    def tables(self) -> None:
        """Write the names and counts."""
        part = self._folder / f"{TABLES}.part"
        part.write_text(
            json.dumps(
                {
                    "recipients": self.recipients.listed(),
                    "addressed": self.addressed.listed(),
                    "events": self.events.listed(),
                    "counts": dict(self.counts),
                    "cpu_seconds": time.process_time(),
                }
            )
        )
        part.replace(self._folder / TABLES)


async def _serve(receiver: Receiver, tls: ServerTls, host: str, port: int) -> None:
    async with serve(receiver.app, host=host, port=port, tls=tls) as server:
        spare_memory()
        print(server.port, flush=True)
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        while not ended.done():
            await asyncio.wait([ended], timeout=_FLUSH_SECONDS)
            receiver.flush()
            receiver.tables()
    receiver.flush()
    receiver.tables()


if __name__ == "__main__":
    run_id, release, hub, cert, key, ca, folder, host, port = sys.argv[1:]
    made = Receiver(run_id, release, hub, Path(ca), Path(folder))
    run(_serve(made, ServerTls(Path(cert), Path(key), Path(ca)), host, int(port)))
