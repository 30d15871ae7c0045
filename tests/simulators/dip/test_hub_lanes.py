"""Which deliveries may go when, in each order: nothing twice, nothing forgotten, memory bounded."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from harness.errors import ConfigurationError
from harness.settings import shipped
from simulators.dip.lanes import NONE, ORDERS, PER_MPAN, PER_RECIPIENT, Batch, Lanes
from simulators.dip.rules import of_settings
from simulators.dip.waiting import Due

MOST, SIZE = 6, 100
CALL, CALL_SIZE = 3, 60


class Delivering(RuleBasedStateMachine):
    """A store of open deliveries beside the lanes that are filled from it."""

    @initialize(order=st.sampled_from(ORDERS))
    def start(self, order: str) -> None:
        """Begin with nothing to deliver."""
        self.order = order
        self.lanes = Lanes(order, most=MOST, size=SIZE)
        self.open: dict[int, Due] = {}
        self.closed: list[Due] = []
        self.under_way: list[Batch] = []
        self.number = 0

    @rule(
        mpan=st.sampled_from(["1", "2", "3", None]), size=st.integers(1, 150), channel=st.sampled_from("ab")
    )
    def accept(self, mpan: str | None, size: int, channel: str) -> None:
        """A message is accepted."""
        self.number += 1
        self.open[self.number] = Due(self.number, channel, mpan, size)

    @rule()
    def read(self) -> None:
        """The outbox reads as much as it has room for."""
        if most := self.lanes.wanted:
            beyond = sorted(number for number in self.open if number > self.lanes.after)
            self.lanes.add([self.open[number] for number in beyond[:most]])

    @rule()
    def call(self) -> None:
        """The outbox makes a call, which holds what its order allows."""
        batch = self.lanes.take(messages=CALL, size=CALL_SIZE)
        if batch is None:
            return
        numbers = [due.delivery for due in batch.due]
        assert numbers == sorted(numbers)
        assert len(batch.due) == 1 or sum(due.size for due in batch.due) <= CALL_SIZE
        assert len(batch.due) <= CALL
        assert len({due.channel for due in batch.due}) == 1
        busy = [due for each in self.under_way for due in each.due]
        assert not set(numbers) & {due.delivery for due in busy}, "it is under way already"
        if self.order == PER_RECIPIENT:
            assert not busy
        if self.order == PER_MPAN:
            assert len({due.mpan for due in batch.due}) == 1
            mpan = batch.due[0].mpan
            assert mpan is None or mpan not in {due.mpan for due in busy}
        self.under_way.append(batch)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """A call comes to its end."""
        batch = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        for due in batch.due:
            self.closed.append(self.open.pop(due.delivery))
        self.lanes.done(batch)

    @precondition(lambda self: self.closed)
    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        """A requeue opens a delivery again."""
        due = self.closed.pop(data.draw(st.integers(0, len(self.closed) - 1)))
        self.open[due.delivery] = due
        self.lanes.reopened()

    @invariant()
    def bounded(self) -> None:
        """No more is held than asked for."""
        if hasattr(self, "lanes"):
            assert len(self.lanes._known) <= MOST
            assert self.lanes._bytes <= SIZE or len(self.lanes._known) == 1

    def teardown(self) -> None:
        """In the end everything has gone, those of an order in their order."""
        if not hasattr(self, "lanes"):
            return
        gone: list[Due] = []
        while self.under_way:
            ended = self.under_way.pop(0)
            for due in ended.due:
                del self.open[due.delivery]
            self.lanes.done(ended)
        for _ in range(2 * self.number + 2):
            self.read()
            while (batch := self.lanes.take(messages=CALL, size=CALL_SIZE)) is not None:
                self.under_way.append(batch)
            for each in self.under_way:
                gone += [self.open.pop(due.delivery) for due in each.due]
                self.lanes.done(each)
            self.under_way = []
        assert not self.open
        assert self.lanes._known == {}
        assert set(self.lanes._lanes) <= {None}, "a lane that is done with is kept"
        assert max(Counter(due.delivery for due in gone).values(), default=1) == 1


TestDelivering = Delivering.TestCase


@pytest.mark.parametrize(
    ("order", "while_one_goes"), [(PER_RECIPIENT, []), (PER_MPAN, [[2], [4]]), (NONE, [[2, 3, 4]])]
)
def test_what_may_go_while_a_call_about_one_mpan_does(order: str, while_one_goes: list[list[int]]) -> None:
    """Nothing else of the recipient; nothing of the MPAN; anything."""
    lanes = Lanes(order, most=10, size=1000)
    lanes.add([Due(1, "a", "x", 1)])
    assert lanes.take(messages=9, size=100) is not None
    lanes.add([Due(number, "a", mpan, 1) for number, mpan in ((2, "y"), (3, "x"), (4, "z"))])
    found = []
    while (batch := lanes.take(messages=9, size=100)) is not None:
        found.append([due.delivery for due in batch.due])
    assert found == while_one_goes


def test_what_was_closed_for_a_while_goes_before_what_is_younger() -> None:
    """A delivery that is opened again stands in its lane where it stood."""
    lanes = Lanes(PER_MPAN, most=10, size=1000)
    lanes.add([Due(2, "a", "x", 1), Due(3, "a", "x", 1)])
    lanes.reopened()
    assert lanes.after == 0
    lanes.add([Due(1, "a", "x", 1), Due(2, "a", "x", 1), Due(3, "a", "x", 1)])
    batch = lanes.take(messages=10, size=100)
    assert batch is not None
    assert [due.delivery for due in batch.due] == [1, 2, 3]


def test_an_unknown_order_is_refused() -> None:
    """A misspelt order is told with those that there are."""
    with pytest.raises(ConfigurationError, match="One of per-recipient, per-mpan, none"):
        of_settings(shipped().with_values({"delivery.order": "per-message"}, where="test"))
