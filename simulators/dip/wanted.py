"""Which stored deliveries a request for replay or requeue means: the published request, as SQL.

Assumed: both ends of the period count, a period that is left open reaches as far as the hub keeps messages,
and every delivery to the recipient is meant, whatever became of it. A request reaches only the deliveries of
the recipient in its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulators.dip.model import Fault
from simulators.dip.rows import OF_MESSAGE, number_of

_LATEST = 2**40
_VERSION = "json_extract(CAST(message.body AS TEXT), '$.payload.CommonBlock.S0.schemaVersion') = ?"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows of ``table`` joined with their messages, in the order of ``(at, id)``."""

    table: str
    source: str
    since: int
    until: int
    """The first and the last second that count."""
    where: str
    """Further conditions."""
    parameters: tuple[object, ...]
    is_by_mpan: bool = False
    """Whether it reads the index over MPANs, which has to be complete."""
    is_by_time: bool = False
    """Whether it reads deliveries in the order of their times."""

    def select(
        self, columns: str, *, most: int, after: tuple[int, int] | None = None
    ) -> tuple[str, tuple[object, ...]]:
        """Return the statement that reads columns of ``most`` rows, and its parameters.

        ``after``: (at, id) to go on from.
        """
        at, number = f"{self.table}.at", f"{self.table}.id"
        since = max(self.since, after[0]) if after else self.since
        more = f" AND ({at}, {number}) > (?, ?)" if after else ""
        return (
            f"SELECT {columns} FROM {self.source} WHERE {at} BETWEEN ? AND ? AND {self.where}{more}"
            f" ORDER BY {at}, {number} LIMIT ?",
            (since, self.until, *self.parameters, *(after or ()), most),
        )


def deliveries(
    request: Mapping[str, Any], recipient: str, channel: str, *, now: datetime, days: int, code: str
) -> Wanted | Fault:
    """Read a MessageRequest; ``days`` is how far back messages are kept."""
    period = _period(request, now, days, code)
    if isinstance(period, Fault):
        return period
    where = ["delivery.recipient = ?", "delivery.channel = ?", "delivery.status <> 'Consumed'"]
    parameters: list[object] = [recipient, channel]
    event, transactions = request["eventCode"], request.get("transactionIDs")
    for condition, value in (
        ("message.event = ?", event.strip("[]") if event is not None else None),
        ("message.mpan = ?", request["MPAN"]),
        (_VERSION, request["version"]),
    ):
        if value is not None:
            where.append(condition)
            parameters.append(value)
    source = "delivery INDEXED BY delivery_history CROSS JOIN message ON message.id = delivery.message"
    if transactions is not None:
        marks = ",".join("?" * len(transactions))
        where.append(f"message.id IN ({marks}) AND message.transaction_id IN ({marks})")
        parameters += [*map(number_of, transactions), *transactions]
        source = f"message CROSS JOIN delivery NOT INDEXED ON {OF_MESSAGE}"
    elif request["MPAN"] is not None:
        where.append("message_mpan.mpan = ? AND message_mpan.interface = ?")
        parameters += [request["MPAN"], channel]
        source = (
            "message_mpan CROSS JOIN message ON message.id = message_mpan.message"
            f" CROSS JOIN delivery NOT INDEXED ON {OF_MESSAGE}"
        )
    by_mpan = source.startswith("message_mpan")
    by_time = transactions is None and not by_mpan
    return Wanted("delivery", source, *period, " AND ".join(where), tuple(parameters), by_mpan, by_time)


def status_messages(
    request: Mapping[str, Any], recipient: str, *, now: datetime, days: int, code: str
) -> Wanted | Fault:
    """Read a StatusMessageRequest."""
    period = _period(request, now, days, code)
    if isinstance(period, Fault):
        return period
    where = ["status_message.recipient = ?"]
    parameters: list[object] = [recipient]
    for condition, name in (
        ("message.transaction_id = ?", "transactionID"),
        ("message.reference = ?", "senderUniqueReference"),
        ("message.correlation = ?", "correlationID"),
    ):
        if request.get(name) is not None:
            where.append(condition)
            parameters.append(request[name])
    source = (
        "status_message INDEXED BY status_message_history"
        " CROSS JOIN message ON message.id = status_message.message"
    )
    return Wanted("status_message", source, *period, " AND ".join(where), tuple(parameters))


def _period(request: Mapping[str, Any], now: datetime, days: int, code: str) -> tuple[int, int] | Fault:
    """Return the first and the last second that count."""
    kept = int((now - timedelta(days=days)).timestamp())
    ends: list[int] = []
    for name, otherwise in (("datetimeFrom", kept), ("datetimeTo", _LATEST)):
        value = request[name]
        if value is None:
            ends.append(otherwise)
            continue
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError("it has no offset from UTC")
            ends.append(int(moment.timestamp()))
        except (ValueError, OverflowError) as error:
            return Fault(code, f"/{name}", f"{value} is no time: {error}.")
    return max(ends[0], kept), ends[1]
