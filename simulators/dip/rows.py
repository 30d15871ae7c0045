"""How accepted messages stand in the store: one row each, one per recipient, and little else. Pure.

What the journal can tell from those rows is not written a second time (`journal.py` derives it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from harness.errors import EnvironmentFault
from harness.spec.codes import text as code_text
from simulators.dip.model import Accepted
from simulators.dip.writer import Statement

INSERT_JOURNAL = (
    "INSERT INTO journal (message, at, stage, status, recipient, detail, http_status, duration)"
    " VALUES (?,?,?,?,?,?,?,?)"
)
INSERT_STATUS = (
    "INSERT INTO status_message (message, recipient, origin, level, at, text, help, sent, ticket, status)"
    " VALUES (?,?,?,?,?,?,?,?,?,'Pending')"
)
HISTORY = "IF-015"
"""The interface whose messages the hub's own replay service answers."""
INSERT_HEARD = "INSERT INTO heard (mpan, kind, service, dip_id, at) VALUES (?,?,?,?,?)"
_INSERT_MESSAGE = "INSERT INTO message VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_INSERT_HISTORY_REQUEST = "INSERT INTO history_request VALUES (?)"
_INSERT_DELIVERY = (
    "INSERT INTO delivery (id, recipient, role, tier, channel, at, status) VALUES (?,?,?,?,?,?,?)"
)

_PLACE_BITS = 16
_PLACES = 1 << _PLACE_BITS
OF_MESSAGE = (
    f"delivery.id BETWEEN message.id << {_PLACE_BITS} AND (message.id << {_PLACE_BITS}) + {_PLACES - 1}"
)
"""Joins a message with its deliveries; only ``delivery NOT INDEXED`` keeps SQLite to the range of ids."""

_NUMBER = re.compile("[0-9a-f]{8}")


def token(opening: str, number: int) -> str:
    """Return what makes a transaction id one of a kind: 12 digits of the process, 8 of the message's row.

    They rise, and a transaction's row can be told from its id.
    """
    return f"{opening}{number:08x}"


def number_of(transaction: str) -> int:
    """Return the only row that a transaction id can stand in; 0, which is none, for what is no such id."""
    return int(transaction[-8:], 16) if _NUMBER.fullmatch(transaction[-8:]) else 0


def milliseconds(moment: datetime) -> int:
    """Return a moment as the store keeps it."""
    return int(moment.timestamp() * 1000)


def deliveries_of(message: int) -> tuple[int, int]:
    """Return the first and the last id that a delivery of a message can have."""
    return message << _PLACE_BITS, (message << _PLACE_BITS) + _PLACES - 1


def inserts(messages: Sequence[Accepted], *, consumer: str, now: datetime, took: float) -> list[Statement]:
    """Return the statements that put a batch into the store.

    ``consumer`` is the hub, which needs no delivery and tells the senders what it finds wrong; ``took``
    is how many seconds the call has taken so far.
    """
    at, duration = milliseconds(now), round(took * 1000)
    seconds = at // 1000
    rows: list[Sequence[object]] = []
    deliveries: list[Sequence[object]] = []
    rare: list[Statement] = []
    for message in messages:
        number, transaction, correlation, draft, addressing, body = message
        rows.append((
            number, at, duration, transaction, draft.sender, draft.reference, draft.role, draft.provider,
            draft.interface, draft.event, correlation, draft.mpan, draft.tag,
            ",".join(addressing.unresolved) or None, body,
        ))  # fmt: skip
        place = number << _PLACE_BITS
        if len(addressing.recipients) > _PLACES:
            raise EnvironmentFault(f"a message has more than {_PLACES} recipients")
        for dip_id, role, tier, _ in addressing.recipients:
            status = "Consumed" if dip_id == consumer else "Pending"
            deliveries.append((place, dip_id, role, tier, draft.interface, seconds, status))
            if dip_id == consumer and draft.interface == HISTORY:
                rare.append((_INSERT_HISTORY_REQUEST, [(number,)]))
            place += 1
        if addressing.heard or addressing.unheard or addressing.troubles:
            rare += _told(message, consumer, at, seconds)
    statements: list[Statement] = [(_INSERT_MESSAGE, rows)]
    if deliveries:
        statements.append((_INSERT_DELIVERY, deliveries))
    return statements + rare


def _told(message: Accepted, hub: str, at: int, seconds: int) -> list[Statement]:
    """Return what stands in the store besides of a message that told something, or that isn't right."""
    number, addressing = message.number, message.addressing
    heard = [(said.mpan, said.kind, said.service, said.dip_id, said.at) for said in addressing.heard]
    journal: list[tuple[object, ...]] = []
    if addressing.unheard:
        journal.append((number, at, "MPANUpdateQueue", "Exception", None, addressing.unheard, None, 0))
    elif heard:
        told = "; ".join(str(said) for said in addressing.heard)
        journal.append((number, at, "MPANUpdateQueue", "OK", None, told, None, 0))
    journal += [
        (number, at, "Addressing", "Exception", None, f"{trouble.code}: {trouble.text}", None, 0)
        for trouble in addressing.troubles
    ]
    sender = message.draft.sender
    statuses = [
        (number, sender, hub, "L2", seconds, code_text(trouble.code), trouble.text, None, None)
        for trouble in addressing.troubles
    ]
    return [
        (sql, rows)
        for sql, rows in ((INSERT_HEARD, heard), (INSERT_JOURNAL, journal), (INSERT_STATUS, statuses))
        if rows
    ]
