"""What the receiver notes of each publication that arrives: records of fixed length, and tables of names."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FORM = struct.Struct("<BHIHHdI")
SIZE = _FORM.size
OWN, RESPONSE = 0, 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """One publication at one webhook; ``what`` and ``recipient`` are places in the tables of names."""

    kind: int
    """`OWN`: a message of the run; `RESPONSE`: another party's about one of its metering points."""
    lane: int
    number: int
    """Of the message, or of the metering point."""
    recipient: int
    what: int
    """Of a message of the run whom it was addressed to; of a response its interface and event."""
    at: float
    """Seconds since the epoch."""
    call: int
    """Number of the webhook call."""


def packed(arrival: Arrival) -> bytes:
    """Return a record."""
    return _FORM.pack(
        arrival.kind,
        arrival.lane,
        arrival.number,
        arrival.recipient,
        arrival.what,
        arrival.at,
        arrival.call,
    )


def read_arrivals(path: Path, *, start: int = 0) -> Iterator[Arrival]:
    """Read a file's whole records from byte ``start`` on."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    for values in _FORM.iter_unpack(data[: len(data) // SIZE * SIZE]):
        yield Arrival(*values)
