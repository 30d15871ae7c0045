"""``deliveryStatus``: the published journal of one message, by the sender's reference.

A sender reads all of its message's journal. A recipient reads when the message came in and what became of its
own delivery, and nothing of the other recipients. For anybody else there is nothing (204). All of that is
assumed; the shape, the stages and the statuses are published.

That a message came in, was addressed, and was consumed by the hub is told from its own rows; the store's
journal holds the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from simulators.dip import respond
from simulators.dip.access import Access
from simulators.dip.answer import JSON, Answer, bare
from simulators.dip.model import Call, Fault
from simulators.dip.rows import OF_MESSAGE, deliveries_of

_NO_STATUS_CODE = 0


@dataclass(frozen=True, slots=True)
class _Message:
    number: int
    transaction: str
    sender: str
    reference: str
    interface: str
    event: str
    correlation: str | None
    mpan: str | None
    at: int
    """In milliseconds, as ``took``: from the call to the acceptance."""
    took: int
    unresolved: str | None


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the journal; ``at`` and ``duration`` in milliseconds."""

    at: int
    stage: str
    status: str
    recipient: str | None
    detail: str | None
    http_status: int | None
    duration: int


class Journal:
    """The journal of one release."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def look_up(self, call: Call, channel: str, party: str, reference: str) -> Answer:
        """Return the journal of a message that a party sent or got."""
        refusal = self._access.owns(call, party)
        if refusal:
            return bare(refusal)
        pattern = self._access.reference
        if pattern is not None and not pattern.fullmatch(reference):
            fault = Fault(
                self._access.rules.schema, "/message-id", "It is no senderUniqueReference.", reference
            )
            return self._access.refused((fault,), party)
        message = self._message(channel, party, reference)
        if message is None:
            return Answer(204)
        rows = self._access.store.rows(
            "SELECT at, stage, status, recipient, detail, http_status, duration FROM journal"
            " WHERE message = ? ORDER BY id",
            (message.number,),
        )
        recipients = self._access.store.rows(
            "SELECT tier, role, recipient FROM delivery NOT INDEXED WHERE id BETWEEN ? AND ? ORDER BY id",
            deliveries_of(message.number),
        )
        hub = self._access.business.directory.hub.dip_id
        lines = _lines(message, [row[2] for row in recipients], hub, [_Line(*row) for row in rows])
        if message.sender != party:
            lines = [line for line in lines if _of_recipient(line, party)]
            recipients = [row for row in recipients if row[2] == party]
        return Answer(200, orjson.dumps(self._record(message, lines, recipients)), JSON)

    def _message(self, channel: str, party: str, reference: str) -> _Message | None:
        rows = self._access.store.rows(
            "SELECT id, transaction_id, sender, reference, interface, event, correlation, mpan, at, took,"
            " unresolved FROM message WHERE reference = ? AND interface = ? AND (sender = ? OR EXISTS"
            f" (SELECT 1 FROM delivery NOT INDEXED WHERE {OF_MESSAGE} AND recipient = ?))"
            " ORDER BY sender = ? DESC, id DESC LIMIT 1",
            (reference, channel, party, party, party),
        )
        return _Message(*rows[0]) if rows else None

    def _record(
        self, message: _Message, lines: Sequence[_Line], recipients: Iterable[tuple[str, str, str]]
    ) -> dict[str, Any]:
        first = message.at
        tiers: dict[str, list[dict[str, str]]] = {"Primary": [], "Secondary": [], "Always": []}
        for tier, role, dip_id in recipients:
            tiers[tier.capitalize()].append({"role": role, "dipId": dip_id})
        return {
            "DIPTransactionID": message.transaction,
            "DIPCorrelationID": message.correlation,
            "SenderUniqueReference": message.reference,
            "Interface": message.interface,
            "MPANCore": message.mpan or self._access.rules.journal_no_mpan,
            "SentDateTime": _time(first, milliseconds=False),
            "JournalEntries": [
                _entry(message, line, number, first, tiers) for number, line in enumerate(lines, 1)
            ],
        }


def _lines(message: _Message, recipients: Sequence[str], hub: str, kept: Sequence[_Line]) -> list[_Line]:
    """Return a message's journal in order: what its own rows tell, among what was kept."""
    at = message.at
    lines = [_Line(at, "Inbound", "GoodToGo", None, None, 201, message.took)]
    lines += [line for line in kept if line.stage == "MPANUpdateQueue"]
    unresolved = f"Unresolved:[{message.unresolved}]" if message.unresolved else None
    addressed = "SentToTopic" if recipients else "Failed"
    lines.append(_Line(at, "Addressing", addressed, None, unresolved, None, 0))
    lines += [line for line in kept if line.stage == "Addressing"]
    if hub in recipients:
        lines.append(_Line(at, "Outbound", "Delivered", hub, "consumed by the hub itself", None, 0))
    return lines + [line for line in kept if line.stage not in ("MPANUpdateQueue", "Addressing")]


def _of_recipient(line: _Line, party: str) -> bool:
    """Say whether a recipient may read a line."""
    if line.stage == "Outbound":
        return line.recipient == party
    return line.stage == "Inbound" or (line.stage, line.status) == ("Addressing", "SentToTopic")


def _entry(
    message: _Message, line: _Line, number: int, first: int, tiers: Mapping[str, list[dict[str, str]]]
) -> dict[str, Any]:
    addressed = (line.stage, line.status) == ("Addressing", "SentToTopic")
    by_recipient = line.stage == "Outbound" and line.http_status is not None
    return {
        "rn": number,
        "DIPStage": line.stage,
        "Status": line.status,
        "StatusCode": line.http_status if line.http_status is not None else _NO_STATUS_CODE,
        "Message": respond.cut(line.detail, respond.MESSAGE_LENGTH) if line.detail and by_recipient else None,
        "Reason": line.detail if line.detail and not by_recipient and not addressed else None,
        "TimeGenerated": _time(line.at),
        "SentDateTime": _time(first),
        "MessageDelayInMilliSeconds": max(line.at - first, 0),
        "Duration": line.duration,
        "DIPTransactionID": message.transaction,
        "DIPCorrelationID": message.correlation,
        "SenderDIPID": message.sender,
        "SenderUniqueReference": message.reference,
        "Interface": message.interface,
        "EventCode": f"[{message.event}]",
        "MPANCore": message.mpan,
        "Recipient": line.recipient,
        "Recipients": [each["dipId"] for tier in tiers.values() for each in tier] if addressed else None,
        "RecipientMap": tiers if addressed else None,
        "uri": None,
    }


def _time(at: int, *, milliseconds: bool = True) -> str:
    """Write a time as the published examples of the journal do: ``2026-07-01 09:58:08.692``, UTC."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{at % 1000:03d}" if milliseconds else text
