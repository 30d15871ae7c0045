"""In which order the deliveries to one recipient go, and which of them may go now. Pure.

Three modes (`delivery.order`, assumed: no public source promises an order):

* ``per-recipient``: all of a recipient's deliveries stand in one lane;
* ``per-mpan``: those about one MPAN stand in a lane, and a call holds those of one lane only, so that a call
  that fails or is slow holds up no other MPAN; deliveries about none have no order;
* ``none``: calls overtake one another.

Of a lane one call at a time is under way, from its first attempt to its last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from simulators.dip.waiting import Due

PER_RECIPIENT, PER_MPAN, NONE = ORDERS = ("per-recipient", "per-mpan", "none")
_ALL = ""
_UNORDERED = None

Lane = str | None
"""An MPAN, the lane of all, or None: deliveries that have no order."""


def _is_ordered(lane: Lane) -> bool:
    return lane is not _UNORDERED


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries that go in one call, oldest first."""

    lane: Lane
    due: tuple[Due, ...]


class Lanes:
    """What was read of a recipient's open deliveries, bounded in number and bytes."""

    def __init__(self, order: str, *, most: int, size: int) -> None:
        """``most`` deliveries of ``size`` bytes in all are held, one at least."""
        self._order, self._most, self._size = order, most, size
        self._lanes: dict[Lane, deque[Due]] = {}
        self._ready: dict[Lane, None] = {}
        self._under_way: set[Lane] = set()
        self._known: dict[int, int] = {}
        """Bytes of what is held, by delivery."""
        self._bytes = 0
        self.after = 0
        """Open deliveries up to this one were read; those that were accepted later have higher numbers."""

    @property
    def wanted(self) -> int:
        """How many deliveries to read after `after`, so that some are new; 0 while there is no room."""
        room = self._most - len(self._known)
        if room <= 0 or (self._known and self._bytes >= self._size):
            return 0
        return room + (len(self._known) if self.after == 0 else 0)

    def add(self, found: Iterable[Due]) -> None:
        """Take in what was read: open deliveries in order, as far as there is room."""
        for due in found:
            if due.delivery not in self._known:
                if self._known and (len(self._known) >= self._most or self._bytes + due.size > self._size):
                    return
                self._put(due)
            self.after = due.delivery

    def reopened(self) -> None:
        """Look from the oldest on again: deliveries that were closed are open once more."""
        self.after = 0

    def take(self, *, messages: int, size: int) -> Batch | None:
        """Return what goes in the next call: of one lane and channel, and about ``size`` bytes."""
        if not self._ready:
            return None
        lane = next(iter(self._ready))
        del self._ready[lane]
        waiting = self._lanes[lane]
        batch = [waiting.popleft()]
        total = batch[0].size
        while waiting and len(batch) < messages and waiting[0].channel == batch[0].channel:
            total += waiting[0].size
            if total > size:
                break
            batch.append(waiting.popleft())
        if _is_ordered(lane):
            self._under_way.add(lane)
        elif waiting:
            self._ready[lane] = None
        return Batch(lane, tuple(batch))

    def done(self, batch: Batch) -> None:
        """Forget what came to its end; its lane may go on."""
        for due in batch.due:
            self._bytes -= self._known.pop(due.delivery)
        self._under_way.discard(batch.lane)
        if self._lanes[batch.lane]:
            self._ready[batch.lane] = None
        elif _is_ordered(batch.lane):
            del self._lanes[batch.lane]
        if not self._known:
            self.reopened()

    def _put(self, due: Due) -> None:
        lane = self._lane(due)
        waiting = self._lanes.setdefault(lane, deque())
        if waiting and waiting[-1].delivery > due.delivery:  # it was closed for a while
            waiting.append(due)
            self._lanes[lane] = waiting = deque(sorted(waiting, key=lambda each: each.delivery))
        else:
            waiting.append(due)
        self._known[due.delivery] = due.size
        self._bytes += due.size
        if lane not in self._under_way:
            self._ready[lane] = None

    def _lane(self, due: Due) -> Lane:
        if self._order == NONE:
            return _UNORDERED
        return due.mpan if self._order == PER_MPAN else _ALL
