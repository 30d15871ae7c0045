"""``POST /statusmessage``: what recipients say of messages later (L4), put on the disk for their senders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from simulators.dip import respond
from simulators.dip.access import Access
from simulators.dip.answer import JSON, Answer, bare
from simulators.dip.model import Call, Caller, Fault, Refusal
from simulators.dip.publications import Told
from simulators.dip.rows import OF_MESSAGE, number_of
from simulators.dip.status import Notice
from simulators.dip.status_queue import StatusQueue

_NAMED = "id = ? AND transaction_id = ?"
"""A message by its transaction id, whose row is told from the id itself."""


@dataclass(frozen=True, slots=True)
class _About:
    """The message that an entry speaks of."""

    message: int
    sender: str
    tag: str | None
    transaction: str
    reference: str
    correlation: str | None


class Reports:
    """Takes status messages from recipients: all entries of a request, or none."""

    def __init__(self, access: Access, queue: StatusQueue, told: Told) -> None:
        self._access = access
        self._queue = queue
        self._told = told

    async def take(self, call: Call) -> Answer:
        """Judge every entry, keep them, and answer with one entry for each."""
        caller = self._access.caller(call)
        if isinstance(caller, Refusal):
            return bare(caller)
        shaped = self._access.shaped(call, "StandardResponseArray")
        if shaped.faults:
            return self._access.refused(shaped.faults, caller.member.dip_id)
        taken: list[tuple[_About, Notice]] = []
        faults: list[Fault] = []
        for place, entry in enumerate(shaped.value):
            judged = self._judge(entry, caller, f"/{place}")
            if isinstance(judged, Fault):
                faults.append(judged)
            else:
                taken.append(judged)
        if faults:
            return self._access.refused(tuple(faults), caller.member.dip_id)
        seconds = int(self._access.clock.now().timestamp())
        await self._queue.add(((about.message, about.sender, notice) for about, notice in taken), seconds)
        tags = Counter(about.tag for about, _ in taken if about.tag is not None)
        self._told(tags, {about.sender for about, _ in taken})
        return self._accepted(taken)

    def tag_of(self, transaction: str, reference: str) -> str | None:
        """Return the tag (S1.subText) of the message that a status message names, None where it has none."""
        where = "reference = ?"
        parameters: list[object] = [reference]
        if transaction:
            where, parameters = _NAMED, [number_of(transaction), transaction]
        rows = self._access.store.rows(f"SELECT tag FROM message WHERE {where} LIMIT 1", parameters)
        return rows[0][0] if rows else None

    def _judge(self, entry: Mapping[str, Any], caller: Caller, place: str) -> tuple[_About, Notice] | Fault:
        """Return what an entry says of which message; a recipient speaks of what it got, for itself."""
        rules = self._access.rules
        origin, reference = entry["senderID"], entry["senderUniqueReference"]
        member = self._access.business.directory.members.get(origin)
        speaks = member is not None and caller.member.dip_id in (origin, *member.providers)
        if not speaks:
            text = f"{origin} is not the caller, {caller.member.dip_id}"
            return Fault(rules.sender, f"{place}/senderID", text, reference)
        about = self._message(entry, origin)
        if about is None:
            text = f"{origin} was sent no such message"
            return Fault(rules.status_unroutable, f"{place}/transactionID", text, reference)
        if entry["recipientID"] not in (None, about.sender):
            text = f"the message came from {about.sender}"
            return Fault(rules.recipient, f"{place}/recipientID", text, reference)
        if reference not in (None, about.reference):
            text = f"the message's reference is {about.reference}"
            return Fault(rules.status_unroutable, f"{place}/senderUniqueReference", text, reference)
        if entry["message"] is None:
            return Fault(rules.schema, f"{place}/message", "says nothing to pass on", reference)
        return about, Notice(
            origin, "L4", entry["message"], entry["help"], entry["sentTimestamp"], entry["serviceTicketURL"]
        )

    def _message(self, entry: Mapping[str, Any], origin: str) -> _About | None:
        """Find the message by its transaction, else by the sender and its reference."""
        if entry["transactionID"] is not None:
            name = entry["transactionID"]
            where, parameters = _NAMED, [number_of(name), name]
        else:
            where = "reference = ? AND sender = ?"
            parameters = [entry["senderUniqueReference"], entry["recipientID"]]
        rows = self._access.store.rows(
            "SELECT id, sender, tag, transaction_id, reference, correlation FROM message"
            f" WHERE {where}"
            f" AND EXISTS (SELECT 1 FROM delivery NOT INDEXED WHERE {OF_MESSAGE} AND recipient = ?)",
            [*parameters, origin],
        )
        return _About(*rows[0]) if rows else None

    def _accepted(self, taken: list[tuple[_About, Notice]]) -> Answer:
        at = self._access.now()
        entries = [
            respond.entry(
                transaction=about.transaction,
                reference=about.reference,
                correlation=about.correlation,
                at=at,
                hub=self._access.business.directory.hub.dip_id,
                recipient=notice.origin,
                provider=None,
                message=respond.SUCCESS,
            )
            for about, notice in taken
        ]
        return Answer(201, orjson.dumps({"messageArray": entries, "timestamp": at}), JSON)
