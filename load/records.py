"""What the generator notes of each request, in bytes: when it was due, begun and answered, and how.

A record is of fixed length, so that files of several workers are read without parsing and a file may be read
while it grows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FORM = struct.Struct("<HIdddfh")
SIZE = _FORM.size
NO_ANSWER = 0
"""In the place of a status: the connection broke, or nothing came in time."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request; times are seconds since the epoch."""

    lane: int
    request: int
    due: float
    begun: float
    answered: float
    own_delay: float
    """Seconds of lateness that the generator itself caused; the rest was waiting for a free connection."""
    status: int

    @property
    def latency(self) -> float:
        """Return the seconds from when it was due to its answer."""
        return self.answered - self.due


def packed(sent: Sent) -> bytes:
    """Return a record."""
    return _FORM.pack(
        sent.lane, sent.request, sent.due, sent.begun, sent.answered, sent.own_delay, sent.status
    )


def read_records(path: Path, *, start: int = 0) -> Iterator[Sent]:
    """Read a file's whole records from byte ``start`` on; what is still being written is left."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    for values in _FORM.iter_unpack(data[: len(data) // SIZE * SIZE]):
        yield Sent(*values)
