"""One webhook call to a simulated party: who calls, is it signed, what is in it, what is answered.

The caller must be the hub twice over: by the certificate of the connection (else 403, no body) and by the
one that signed (else RCP9999 for every publication). A publication whose transaction was accepted before
gets the same answer again and is handed on as repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography import x509

from harness.errors import ConfigurationError
from harness.security.certificates import identity_of
from harness.settings import Settings
from harness.spec.parsing import MalformedJsonError, parse_json
from harness.spec.release import Release
from harness.spec.routing import Routing
from harness.transport.network import Network, Party
from harness.transport.receiver import Call, Reply
from simulators.participants import answers, status_messages
from simulators.participants.behaviours import Publication
from simulators.participants.judging import Judgement, Surroundings, judge
from simulators.participants.receipts import Receipt, Receipts, Remembered

_REPORTED = 20
"""Entries of a call that is no array of publications, at most."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which party, release and channel a webhook's path names."""

    release: Release
    party: Party
    channel: str


class _Memory:
    """What one party accepted under one release."""

    def __init__(self, limit: int) -> None:
        self.answers: Remembered = Remembered(limit)
        """Entry of the answer by transaction id."""
        self.references: Remembered = Remembered(limit)
        """Transaction id by (sender, reference)."""


class Reception:
    """Answers webhook calls for every simulated party, keeps receipts, hands on what is accepted."""

    def __init__(
        self,
        network: Network,
        releases: Mapping[str, Release],
        routing: Routing,
        environment: str,
        settings: Settings,
        refusal: Callable[[Party, Publication], str],
        accepted: Callable[[Party, Publication], None],
        received: Callable[[str], None],
    ) -> None:
        """``refusal`` names the code that a good publication is refused with, empty for none.

        ``accepted`` gets each that is taken, then ``received`` each tag of the call.
        """
        self._network = network
        self._parties = {party.dip_id: party for party in network.parties if party.simulated}
        self._roles = {party.dip_id: party.role for party in network.parties}
        self._hub = frozenset(party.dip_id for party in network.with_role("DIP"))
        self._releases, self._routing, self._environment = releases, routing, environment
        self._tolerance = timedelta(seconds=settings.number("receiver.future_seconds"))
        self._signature_status = settings.integer("receiver.signature_status")
        self._depth = settings.integer("limits.json_depth")
        self._remembers = settings.integer("receiver.kept_references")
        self._memories: dict[tuple[str, str], _Memory] = {}
        self._callers: Remembered = Remembered(64)
        self._refusal, self._accepted, self._received = refusal, accepted, received
        count, size = settings.integer("receiver.kept_receipts"), settings.integer("receiver.kept_bytes")
        self.receipts = Receipts(count=count, size=size)
        self.status_receipts = Receipts(count=count, size=size)
        """Calls of status messages; tagged by the transactions in them."""

    def answer(self, call: Call) -> Reply:
        """Return status and body for a call, after it is kept and what it brought is handed on."""
        place = self._place(call)
        if place is None:
            return 404, b""
        if not self._from_hub(call):
            return 403, b""
        if place.channel == status_messages.CHANNEL:
            return self._status(call, place)
        payloads, trouble = self._payloads(call)
        if not call.verification.valid or not self._signed_by_hub(call):
            reason = call.verification.reason if not call.verification.valid else "the DIP did not sign it"
            status, entries = self._signature_status, self._refuse(call, place, payloads, "RCP9999", reason)
            accepted: list[Publication] = []
        elif trouble:
            status, entries = 400, self._refuse(call, place, payloads, "RCP1001", trouble)
            accepted = []
        else:
            entries, accepted, bad = self._judge_all(call, place, payloads)
            status = answers.status(len(payloads) - bad, bad)
        body = answers.body(entries, call.received_at)
        tags = self._keep(call, place, payloads, status, body)
        for publication in accepted:
            self._accepted(place.party, publication)
        for tag in tags:
            self._received(tag)
        return status, body

    def replayed(self, party: Party, release: Release, payloads: Sequence[dict[str, Any]]) -> None:
        """Take in what the hub replayed to a party; what it accepted before is handed on as repeated."""
        memory = self._memories.setdefault((release.name, party.dip_id), _Memory(self._remembers))
        for payload in payloads:
            publication = _publication(release, payload)
            known = publication.transaction in memory.answers
            self._accepted(party, replace(publication, repeated=known))

    def _status(self, call: Call, place: Place) -> Reply:
        """Answer and keep a call of status messages."""
        code, reason, document = "RCP1001", "", None
        try:
            document = parse_json(call.body, depth=self._depth)
            reason = status_messages.fault(place.release, document)
        except (MalformedJsonError, ConfigurationError) as error:
            reason = f"The body {error.what}"
        if not call.verification.valid or not self._signed_by_hub(call):
            code, reason = "RCP9999", call.verification.reason or "the DIP did not sign it"
        elif not reason:
            code = status_messages.SUCCESS
        status = {status_messages.SUCCESS: 201, "RCP9999": self._signature_status}.get(code, 400)
        entries = status_messages.answer(place.party.dip_id, document, code, reason, call.received_at)
        body = answers.body(entries, call.received_at)
        transactions = status_messages.texts(document, "transactionID")
        references = status_messages.texts(document, "senderUniqueReference")
        tags = frozenset(transactions)
        self.status_receipts.add(_receipt(call, place, status, body, tags, transactions, references))
        return status, body

    def _place(self, call: Call) -> Place | None:
        parts = [unquote(part) for part in urlsplit(call.url).path.strip("/").split("/")]
        if len(parts) not in (2, 3):
            return None
        release, party = self._releases.get(parts[0]), self._parties.get(parts[1])
        channel = parts[2].upper() if len(parts) == 3 else ""
        if channel.lower() == status_messages.CHANNEL:
            channel = status_messages.CHANNEL
        known = ("", status_messages.CHANNEL)
        if release is None or party is None or (channel not in known and channel not in release.interfaces):
            return None
        return Place(release, party, channel)

    def _from_hub(self, call: Call) -> bool:
        """Say whether the hub called; in a network without one, whoever the authorities vouch for is it."""
        der = call.client_certificate
        if der is None:
            return False
        if not self._hub:
            return True
        if der not in self._callers:
            try:
                self._callers[der] = identity_of(x509.load_der_x509_certificate(der)).dip_ids
            except ValueError:
                return False
        return bool(self._hub.intersection(self._callers[der]))

    def _signed_by_hub(self, call: Call) -> bool:
        certificate = call.verification.certificate
        if certificate is not None and not self._hub:
            return True
        return certificate is not None and bool(self._hub.intersection(identity_of(certificate).dip_ids))

    def _payloads(self, call: Call) -> tuple[list[Any], str]:
        """Return the payloads of a call, and what is wrong with the call as a whole."""
        try:
            document = parse_json(call.body, depth=self._depth)
        except (MalformedJsonError, ConfigurationError) as error:
            return [], f"The body {error.what}"
        if not isinstance(document, list) or not document:
            return [], "The body is no array of publications"
        payloads = [entry.get("payload") if isinstance(entry, dict) else None for entry in document]
        if any(not isinstance(entry, dict) or set(entry) != {"payload"} for entry in document):
            return payloads[:_REPORTED], 'An entry is not {"payload": ...}'
        return payloads, ""

    def _refuse(
        self, call: Call, place: Place, payloads: list[Any], code: str, reason: str
    ) -> list[dict[str, Any]]:
        judgement = (Judgement(code, reason),)
        return [
            answers.entry(place.release, place.party.dip_id, payload, judgement, call.received_at)
            for payload in payloads or [None]
        ]

    def _judge_all(
        self, call: Call, place: Place, payloads: list[Any]
    ) -> tuple[list[dict[str, Any]], list[Publication], int]:
        entries, accepted, bad = [], [], 0
        key = (place.release.name, place.party.dip_id)
        memory = self._memories.setdefault(key, _Memory(self._remembers))
        for payload in payloads:
            transaction = answers.block(payload, "D0").get("transactionID")
            if isinstance(transaction, str) and transaction in memory.answers:
                entries.append(memory.answers[transaction])
                accepted.append(replace(_publication(place.release, payload), repeated=True))
                continue
            reasons = judge(place.release, payload, self._surroundings(call, place, memory))
            if not reasons:
                publication = _publication(place.release, payload)
                code = self._refusal(place.party, publication)
                reasons = (Judgement(code, "the scenario wants it refused"),) if code else ()
            entry = answers.entry(place.release, place.party.dip_id, payload, reasons, call.received_at)
            entries.append(entry)
            if reasons:
                bad += 1
                continue
            memory.answers[transaction] = entry
            reference = answers.block(payload, "S1")["senderUniqueReference"]
            memory.references[publication.sender, reference] = transaction
            accepted.append(publication)
        return entries, accepted, bad

    def _surroundings(self, call: Call, place: Place, memory: _Memory) -> Surroundings:
        return Surroundings(
            dip_id=place.party.dip_id,
            role=place.party.role,
            environment=self._environment,
            now=call.received_at,
            tolerance=self._tolerance,
            roles=self._roles,
            routing=self._routing,
            channel=place.channel,
            references=memory.references,
        )

    def _keep(
        self, call: Call, place: Place, payloads: list[Any], status: int, body: bytes
    ) -> frozenset[str]:
        tags = frozenset(str(answers.block(payload, "S1").get("subText") or "") for payload in payloads)
        transactions = _texts(payloads, "D0", "transactionID")
        references = _texts(payloads, "S1", "senderUniqueReference")
        self.receipts.add(_receipt(call, place, status, body, tags, transactions, references))
        return tags


def _receipt(
    call: Call,
    place: Place,
    status: int,
    body: bytes,
    tags: frozenset[str],
    transactions: tuple[str, ...],
    references: tuple[str, ...],
) -> Receipt:
    return Receipt(
        party=place.party.dip_id,
        role=place.party.role,
        release=place.release.name,
        url=call.url,
        received_at=call.received_at,
        headers=call.headers,
        body=call.body,
        answer_status=status,
        answer=body,
        tags=tags,
        transactions=transactions,
        references=references,
    )


def _texts(payloads: list[Any], block: str, item: str) -> tuple[str, ...]:
    values = (answers.block(payload, block).get(item) for payload in payloads)
    return tuple(value for value in values if isinstance(value, str))


def _publication(release: Release, payload: dict[str, Any]) -> Publication:
    header, sent, added = (answers.block(payload, name) for name in ("S0", "S1", "D0"))
    return Publication(
        release=release.name,
        interface=header["interfaceID"],
        event=header["eventCode"].strip("[]"),
        sender=sent["senderDIPID"],
        tag=sent["subText"] or "",
        correlation=added["initialCorrelationID"],
        payload=payload,
    )
