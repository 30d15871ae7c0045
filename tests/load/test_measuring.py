"""Figures from notes: loss, disorder, repetition and lateness are counted exactly."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from benchmarks.cores import CoreTime
from harness.evidence.verdicts import Verdict
from harness.settings import current
from load.arrived import OWN, RESPONSE, Arrival
from load.crowding import others_share
from load.figures import promised as promised_order
from load.histogram import Histogram
from load.judging import health, judge
from load.measuring import Measured, Tables, measure
from load.order import overtaken
from load.plan import Lane, Plan
from load.playing import Sample
from load.profile import Limit, Phase, Profile
from load.records import NO_ANSWER, Sent

LANE = Lane(
    number=0, flow="f", interface="IF-031", event="DSApp", role="SUP", dip_id="2300000001",
    requests_share=1.0, offset=0.0, batch=1, points=0, recipients=("2200000001",), prefixes=("10",),
    suppliers=(), largest=False, content={}, response=("IF-032", ""),
)  # fmt: skip
PLAN = Plan("abcdef", "NFT-X", "2.1.0", "https://h", "SIT", 5.0, (Phase(5, 1, 1),), None, (LANE,), 4)
NAMES = Tables(
    recipients=("2200000001", "2300000001"),
    addressed=(frozenset({"2200000001"}),),
    events=(("IF-032", "DSAppInitialResp"),),
)
PLAYED = frozenset({"2200000001", "2300000001"})


def _sent(number: int, *, status: int = 201, own_delay: float = 0.0, took: float = 0.1) -> Sent:
    return Sent(0, number, 100.0 + number, 100.0 + number, 100.0 + number + took, own_delay, status)


def _arrived(number: int, at: float, *, recipient: int = 0) -> Arrival:
    return Arrival(OWN, 0, number, recipient, 0, at, 1)


def _measured(sent: list[Sent], arrivals: list[Arrival], order: str = "none") -> Measured:
    return measure(PLAN, sent, arrivals, NAMES, start=100.0, receives=PLAYED, order=order)


def test_an_accepted_message_that_does_not_arrive_is_lost() -> None:
    """One of five is missing: one lost; a refused one is no loss but an error."""
    sent = [_sent(number) for number in range(4)] + [_sent(4, status=429)]
    found = _measured(sent, [_arrived(number, 101.0 + number) for number in range(3)])
    assert found.values["lost"] == 1
    assert found.values["error_rate"] == pytest.approx(0.2)
    assert found.values["delivery_max_ms"] == pytest.approx(1000)


def test_what_may_still_be_on_its_way_is_not_called_lost() -> None:
    """While deliveries go on nothing is lost yet: the result is inconclusive, and says why."""
    found = measure(PLAN, [_sent(0)], [], NAMES, start=100.0, receives=PLAYED, drained=False)
    assert found.values["lost"] is None
    verdict, reason = _judged(found, _profile(lost=0))
    assert verdict is Verdict.INCONCLUSIVE
    assert "still under way" in reason


def test_what_comes_again_or_to_another_is_counted_apart() -> None:
    """A second arrival is a repetition, one at a party that A0 does not name went astray."""
    arrivals = [_arrived(0, 100.2), _arrived(0, 100.3), _arrived(0, 100.4, recipient=1)]
    found = _measured([_sent(0)], arrivals)
    assert (found.values["repeated"], found.values["astray"], found.values["lost"]) == (1, 1, 0)


def test_latency_counts_from_when_a_message_was_due() -> None:
    """A request that waited two seconds for a connection has those in its latency, and was held up."""
    late = replace(_sent(0), begun=102.0, answered=102.1)
    found = _measured([late], [])
    assert found.values["answer_max_ms"] == pytest.approx(2100)
    assert found.held_up == 1
    assert found.lateness.largest == 0


def test_messages_that_were_never_sent_count_as_not_accepted() -> None:
    """Five were due and two are noted: the share accepted is two fifths."""
    found = _measured([_sent(0), _sent(1)], [])
    assert found.values["accepted_share"] == pytest.approx(0.4)


def test_a_business_response_is_told_by_its_metering_point() -> None:
    """The first IF-032 about the point counts, at the sender; without one the message has none."""
    arrivals = [
        _arrived(0, 100.2),
        _arrived(1, 101.2),
        Arrival(RESPONSE, 0, 0, 1, 0, 100.7, 2),
        Arrival(RESPONSE, 0, 1, 0, 0, 101.7, 3),  # at somebody else
    ]
    found = _measured([_sent(0), _sent(1)], arrivals)
    assert found.values["response_missing"] == 1
    assert found.values["response_p99_ms"] == pytest.approx(700, rel=0.02)


def test_order_holds_only_between_messages_that_followed_one_another() -> None:
    """What was under way together may change places; what was accepted before the other was sent may not."""
    together = [(0, 1.0, 3.0), (1, 0.0, 2.0)]
    assert overtaken(together) == 0
    assert overtaken([(0, 5.0, 6.0), (1, 1.0, 2.0)]) == 1
    found = _measured([_sent(0), _sent(1)], [_arrived(1, 101.5), _arrived(0, 101.6)], order="per-recipient")
    assert found.values["out_of_order"] == 1


def _profile(**limits: float) -> Profile:
    held = tuple(Limit(name, bound, True, name, "assumed", "a test") for name, bound in limits.items())
    return Profile(
        "NFT-X", "t", "sit-non-functional", "a", "", "w", (), {}, "2.1.0", (), {"basis": "assumed"}, 1.0,
        None, False, (Phase(5, 1, 1),), 1.0, (), (), False, {}, (), 30.0, held, "f", "d",
    )  # fmt: skip


def _judged(measured: Measured, profile: Profile, *, rehearsal: bool = True) -> tuple[Verdict, str]:
    found = judge(profile, measured, health(measured, [], current()), rehearsal=rehearsal)
    return found.verdict, found.reason


def test_the_missed_limit_is_named() -> None:
    """A verdict of fail says which limit, what was measured, and the bound."""
    measured = _measured([_sent(0, took=0.5)], [_arrived(0, 100.6)])
    verdict, reason = _judged(measured, _profile(answer_p99_ms=250, lost=0))
    assert verdict is Verdict.FAIL
    assert reason == "answer_p99_ms is 500 ms, at most 250 ms."


def test_an_unhealthy_generator_makes_the_result_inconclusive() -> None:
    """Requests that the generator itself began late say nothing of the system, whatever was missed."""
    measured = _measured([_sent(0, own_delay=0.9, took=1.0)], [_arrived(0, 101.1)])
    verdict, reason = _judged(measured, _profile(answer_p99_ms=250))
    assert verdict is Verdict.INCONCLUSIVE
    assert "generator" in reason


def test_times_say_nothing_where_other_programs_used_the_machine() -> None:
    """A missed limit on times alone is inconclusive then; loss is loss, and a kept limit is kept."""
    slow = _measured([_sent(0, took=0.5)], [_arrived(0, 100.6)])
    crowded = health(slow, [], current(), others=0.6)
    found = judge(_profile(answer_p99_ms=250, lost=0), slow, crowded, rehearsal=True)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.endswith("But other programs took 60% of this machine's processors.")
    assert judge(_profile(answer_p99_ms=900), slow, crowded, rehearsal=True).verdict is Verdict.PASS
    losing = _measured([_sent(0, took=0.5), _sent(1)], [_arrived(0, 100.6)])
    found = judge(_profile(answer_p99_ms=250, lost=0), losing, crowded, rehearsal=True)
    assert found.verdict is Verdict.FAIL
    quiet = health(slow, [], current(), others=0.1)
    assert judge(_profile(answer_p99_ms=250), slow, quiet, rehearsal=True).verdict is Verdict.FAIL


def test_what_others_used_is_what_no_process_of_the_run_did() -> None:
    """Of all processors' busy time hub, generator, receiver and the watching process are taken off."""
    cores = os.cpu_count() or 1
    first = Sample(100.0, 1, 5.0, CoreTime(0, 0), 1.0)
    last = Sample(110.0, 1, 5.0 + cores, CoreTime(80, 100), 1.0 + cores)
    told = [{"cpu_seconds": 1.0 * cores, "signing_cpu_seconds": 0.5 * cores}]
    assert others_share([first, last], told, 0.5 * cores) == pytest.approx(0.8 - 0.4)
    assert others_share([first], told, 0.0) is None


def test_a_real_system_passes_at_the_whole_rate_only() -> None:
    """At a part of the rates every limit may be kept, and the result is inconclusive all the same."""
    measured = _measured([_sent(0)], [_arrived(0, 100.2)])
    part = replace(_profile(lost=0), scale=0.1)
    assert _judged(measured, part)[0] is Verdict.PASS
    assert _judged(measured, part, rehearsal=False)[0] is Verdict.INCONCLUSIVE


def test_order_decides_only_where_one_is_promised() -> None:
    """Without a promise the limit on order is shown as relaxed, with one a message that overtook fails it."""
    arrivals = [_arrived(1, 101.5), _arrived(0, 101.6)]
    free = _measured([_sent(0), _sent(1)], arrivals)
    assert _judged(free, _profile(lost=0, out_of_order=0)) == (Verdict.PASS, "")
    promised = _measured([_sent(0), _sent(1)], arrivals, order="per-recipient")
    verdict, reason = _judged(promised, _profile(lost=0, out_of_order=0))
    assert (verdict, reason) == (Verdict.FAIL, "out_of_order is 1 publications, at most 0 publications.")
    real = replace(_profile(out_of_order=0), order="per-mpan", settings={"delivery.order": "none"})
    assert [promised_order(real, simulated=each) for each in (False, True)] == ["per-mpan", "none"]


def test_what_waits_is_counted_from_acceptance_to_arrival() -> None:
    """A publication waits in each slot's end between the two; in the end none does."""
    found = _measured([_sent(0), _sent(1)], [_arrived(0, 102.8), _arrived(1, 102.9)])
    waiting = [slot.waiting for slot in found.seconds]
    assert [waiting[place] for place in (0, 2, 4, 5)] == [1, 2, 2, 0]


def test_what_was_not_measured_is_not_passed() -> None:
    """A limit on business responses without any flow that has one is inconclusive."""
    measured = _measured([_sent(0, status=NO_ANSWER)], [])
    assert _judged(measured, _profile(delivery_p99_ms=1))[0] is Verdict.INCONCLUSIVE


def test_percentiles_are_within_one_percent() -> None:
    """A thousand times from 1 to 1000 ms: each percentile is its own, rounded up by at most one percent."""
    found = Histogram(number / 1000 for number in range(1, 1001))
    for share in (0.5, 0.95, 0.99):
        assert share <= found.percentile(share) <= share * 1.011
    assert found.percentile(1.0) == 1.0
    assert found.share_within(0.25) == pytest.approx(0.25, abs=0.01)
