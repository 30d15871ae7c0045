"""Requests that came in together: each gets its own answer, in whatever company it came."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.dip.answer import Answer
from simulators.dip.model import Call
from simulators.dip.taking import TOGETHER_BYTES, Taking, through, together
from tests.simulators.dip.conftest import Bench

_THREADS = 12
_ROUNDS = 6


async def _requests(*sizes: int) -> list[Taking]:
    loop = asyncio.get_running_loop()
    return [
        Taking(Call("POST", "", {}, bytes(size), None), "IF-031", 0.0, loop.create_future()) for size in sizes
    ]


def _size(requests: list[Taking]) -> int:
    return sum(len(request.call.body) for request in requests)


@given(st.lists(st.integers(0, TOGETHER_BYTES * 2), max_size=20))
def test_what_waits_goes_on_in_order_and_in_lots_that_fit(sizes: list[int]) -> None:
    """Every request goes on once, in its turn; a lot is within the limit or one request, and never empty."""
    waiting = asyncio.run(_requests(*sizes))
    every = [*waiting]
    lots = []
    while waiting:
        lots.append(together(waiting))
        assert lots[-1]
        assert len(lots[-1]) == 1 or _size(lots[-1]) <= TOGETHER_BYTES
    assert [request for lot in lots for request in lot] == every
    for lot, following in itertools.pairwise(lots):
        assert _size([*lot, following[0]]) > TOGETHER_BYTES


def test_a_stage_that_fails_fails_one_request_alone() -> None:
    """What a stage raises reaches the request it was about; what is ended or given up goes no further."""

    async def run() -> None:
        requests = await _requests(1, 2, 3, 4)
        requests[3].done.cancel()
        seen = []

        def stage(request: Taking) -> None:
            seen.append(len(request.call.body))
            if len(request.call.body) == 1:
                raise RuntimeError("of the first")
            if len(request.call.body) == 2:
                request.end(Answer(400))

        assert through(requests, stage) == [requests[2]]
        assert seen == [1, 2, 3]
        with pytest.raises(RuntimeError, match="of the first"):
            await requests[0].done
        await requests[1].done
        assert requests[1].answer == Answer(400)
        assert not requests[2].done.done()

    asyncio.run(run())


def test_requests_at_the_same_time_get_each_its_own_answer(bench: Bench) -> None:
    """A reference is taken once however many bring it at a time; what is refused beside holds nothing up."""
    assert bench.send(bench.message()).status == 201
    with ThreadPoolExecutor(_THREADS) as threads:
        for _ in range(_ROUNDS):
            tag = bench.tag()
            contested = bench.message(tag=tag)
            wrong = bench.message(tag=tag)
            wrong["CommonBlock"]["S1"]["senderRoleID"] = 7
            good = [bench.message(tag=tag) for _ in range(_THREADS // 3)]
            sent = [contested, wrong, contested, *good, contested, wrong, contested]
            answers = list(threads.map(bench.send, sent))
            told = Counter(
                (answer.status, *answer.codes)
                for message, answer in zip(sent, answers, strict=True)
                if message is contested
            )
            assert told == {(201, "MSG0000"): 1, (400, "MSG1006"): 3}
            assert all(answers[place].codes == ("MSG1001",) for place in (1, -2))
            assert {answer.status for answer in answers[3:-3]} == {201}
            kept = bench.stored("SELECT reference FROM message WHERE tag = ?", tag)
            assert len(kept) == 1 + len(good)
