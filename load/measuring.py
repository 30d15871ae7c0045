"""From what a run noted to its figures: every loss, delay and disorder, counted message by message (pure).

A publication is due at every party that the hub's own copy of the message names in A0, and at the primary
recipients that the sender named, as far as the load's receiver plays them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import median
from typing import Any

from load.arrived import OWN, Arrival
from load.histogram import Histogram
from load.order import overtaken
from load.plan import Lane, Plan
from load.records import NO_ANSWER, Sent

MS = 1000.0
_FIFTH = 0.2
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Tables:
    """The receiver's tables of names and its counts."""

    recipients: tuple[str, ...] = ()
    addressed: tuple[frozenset[str], ...] = ()
    events: tuple[tuple[str, str], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    """What the receiver has used of a processor."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Tables:
        """Read them from the receiver's JSON."""
        return cls(
            tuple(map(str, data["recipients"])),
            tuple(frozenset(each) for each in data["addressed"]),
            tuple((each[0], each[1]) for each in data["events"]),
            dict(data["counts"]),
            float(data["cpu_seconds"]),
        )


@dataclass(frozen=True, slots=True)
class Second:
    """What happened in one second of a run, by when it was due."""

    due: int
    accepted: int
    delivered: int
    waiting: int
    """Publications that will arrive and had not by its end, of accepted messages."""
    answer_p50: float
    answer_p99: float
    delivery_p99: float
    resident: float | None


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """What came of one flow."""

    flow: str
    interface: str
    event: str
    role: str
    participants: int
    due: int
    accepted: int
    delivered: int
    lost: int
    answer_p50_ms: float
    answer_p99_ms: float
    delivery_p99_ms: float
    response_p99_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A run in figures; `values` has the names of `load.measures`, None for what can't be told."""

    values: Mapping[str, float | None]
    flows: tuple[FlowFigures, ...]
    seconds: tuple[Second, ...]
    answers: tuple[tuple[float, float], ...]
    """(share, seconds) of the answers' percentile curve."""
    deliveries: tuple[tuple[float, float], ...]
    statuses: Mapping[str, int]
    """Answers by HTTP status; 0: none."""
    lateness: Histogram
    """By how many seconds the generator itself was late."""
    held_up: int
    """Requests that waited for a free connection: the system was slower than the load."""
    drained: bool = True


@dataclass(slots=True)
class _Message:
    """A message that was accepted: when it was due, and where it arrived."""

    due: float
    begun: float
    answered: float
    arrived: dict[int, tuple[float, int]] = field(default_factory=dict)
    """Place of the recipient: seconds since the epoch, number of the arrival."""
    addressed: set[int] = field(default_factory=set)


def measure(
    plan: Plan,
    sent: Sequence[Sent],
    arrivals: Iterable[Arrival],
    tables: Tables,
    *,
    start: float,
    receives: frozenset[str],
    order: str = "none",
    disturbed: Sequence[tuple[float, float]] = (),
    resident: Sequence[tuple[float, int | None]] = (),
    drained: bool = True,
) -> Measured:
    """Return a run's figures.

    Where deliveries had not come to rest (``drained``), what is missing may still be on its way: nothing is
    called lost then. ``order`` is what the hub promises: none, per-mpan or per-recipient. ``resident`` is the
    hub's memory at some moments.
    """
    lanes = plan.lanes
    messages = _accepted(lanes, sent)
    repeated, astray, response_at = _arrived(plan, messages, arrivals, tables)
    lost_in = _lost(plan, messages, tables, receives)
    answers, deliveries = Histogram(), Histogram()
    by_flow: dict[str, dict[str, Histogram]] = defaultdict(lambda: defaultdict(Histogram))
    lateness = Histogram()
    due = Counter[str]()
    accepted = Counter[str]()
    delivered = Counter[str]()
    statuses: Counter[str] = Counter()
    for one in sent:
        lane = lanes[one.lane]
        due[lane.flow] += lane.batch
        statuses[str(one.status)] += 1
        lateness.add(max(0.0, one.own_delay))
        if one.status == 201:
            accepted[lane.flow] += lane.batch
        if one.status != NO_ANSWER:
            answers.add(one.latency)
            by_flow[lane.flow]["answer"].add(one.latency)
    unsent = _never_sent(plan, sent)
    for name, number in unsent.items():
        due[name] += number
    for (place, _), message in messages.items():
        for at, _ in message.arrived.values():
            deliveries.add(at - message.due)
            by_flow[lanes[place].flow]["delivery"].add(at - message.due)
            delivered[lanes[place].flow] += 1
    responses, missing = Histogram(), 0
    for (place, number), message in messages.items():
        if lanes[place].response[0]:
            came = response_at.get((place, number))
            if came is None:
                missing += 1
            else:
                responses.add(came - message.due)
                by_flow[lanes[place].flow]["response"].add(came - message.due)
    all_due, all_accepted, all_delivered = sum(due.values()), sum(accepted.values()), sum(delivered.values())
    end = start + plan.seconds
    last = max((at for m in messages.values() for at, _ in m.arrived.values()), default=None)
    has_responses = any(lane.response[0] for lane in lanes)
    values: dict[str, float | None] = {
        "offered_per_s": all_due / plan.seconds,
        "accepted_per_s": all_accepted / _span(start, plan.seconds, sent),
        "accepted_share": all_accepted / all_due if all_due else None,
        "error_rate": (all_due - all_accepted) / all_due if all_due else None,
        "answer_p50_ms": _ms(answers, 0.50),
        "answer_p95_ms": _ms(answers, 0.95),
        "answer_p99_ms": _ms(answers, 0.99),
        "answer_max_ms": answers.largest * MS if answers.total else None,
        "delivery_p50_ms": _ms(deliveries, 0.50),
        "delivery_p95_ms": _ms(deliveries, 0.95),
        "delivery_p99_ms": _ms(deliveries, 0.99),
        "delivery_max_ms": deliveries.largest * MS if deliveries.total else None,
        "response_p50_ms": _ms(responses, 0.50),
        "response_p99_ms": _ms(responses, 0.99),
        "response_missing": float(missing) if has_responses else None,
        "delivered_per_s": all_delivered / max(1e-9, (last or end) - start),
        "lost": float(sum(lost_in.values())) if lost_in is not None and receives and drained else None,
        "astray": float(astray),
        "repeated": float(repeated),
        "repeated_share": repeated / (all_delivered + repeated) if all_delivered else None,
        "unverified": float(tables.counts.get("unverified", 0)),
        "out_of_order": float(_out_of_order(plan, messages, order)) if order != "none" else None,
        "drain_seconds": max(0.0, last - end) if last is not None else None,
        "recovery_seconds": _recovery(messages, disturbed),
        "latency_growth": _latency_growth(plan, sent, start),
        "memory_growth": _memory_growth(plan, resident, start),
        "within_60_min": deliveries.share_within(_HOUR) if deliveries.total else None,
    }
    return Measured(
        values=values,
        flows=tuple(
            FlowFigures(
                name,
                (first := next(lane for lane in lanes if lane.flow == name)).interface,
                first.event,
                first.role,
                sum(lane.flow == name for lane in lanes),
                due[name],
                accepted[name],
                delivered[name],
                lost_in[name] if lost_in is not None else 0,
                _ms(by_flow[name]["answer"], 0.5) or 0.0,
                _ms(by_flow[name]["answer"], 0.99) or 0.0,
                _ms(by_flow[name]["delivery"], 0.99) or 0.0,
                _ms(by_flow[name]["response"], 0.99) or 0.0,
            )
            for name in dict.fromkeys(lane.flow for lane in lanes)
        ),
        seconds=tuple(_seconds(plan, sent, messages, start, resident)),
        answers=tuple(answers.curve()),
        deliveries=tuple(deliveries.curve()),
        statuses=dict(statuses),
        lateness=lateness,
        held_up=sum(one.begun - one.due - max(0.0, one.own_delay) > 0.05 for one in sent),
        drained=drained,
    )


def _accepted(lanes: Sequence[Lane], sent: Iterable[Sent]) -> dict[tuple[int, int], _Message]:
    """Return the messages of accepted requests by lane and number."""
    found = {}
    for one in sent:
        if one.status == 201:
            first = one.request * lanes[one.lane].batch
            for number in range(first, first + lanes[one.lane].batch):
                found[one.lane, number] = _Message(one.due, one.begun, one.answered)
    return found


def _arrived(
    plan: Plan, messages: dict[tuple[int, int], _Message], arrivals: Iterable[Arrival], tables: Tables
) -> tuple[int, int, dict[tuple[int, int], float]]:
    """Note arrivals at their messages; returns repeated and astray ones, and when responses came.

    A message that no answer accepted and that arrives all the same counts nowhere but in the repeated ones
    when it comes twice: its sender would send it again.
    """
    places = [
        {place for place, name in enumerate(tables.recipients) if name in group} for group in tables.addressed
    ]
    wanted = [lane.response for lane in plan.lanes]
    repeated = astray = 0
    responses: dict[tuple[int, int], float] = {}
    unanswered: set[tuple[int, int, int]] = set()
    for order, arrival in enumerate(arrivals):
        key = (arrival.lane, arrival.number)
        if arrival.lane >= len(plan.lanes):
            continue
        if arrival.kind != OWN:
            interface, event = wanted[arrival.lane]
            name = tables.events[arrival.what]
            mine = tables.recipients[arrival.recipient] == plan.lanes[arrival.lane].dip_id
            if mine and name[0] == interface and event in ("", name[1]):
                responses.setdefault(key, arrival.at)
            continue
        if arrival.recipient not in places[arrival.what]:
            astray += 1
            continue
        message = messages.get(key)
        if message is None:
            seen = (*key, arrival.recipient)
            repeated += seen in unanswered
            unanswered.add(seen)
            continue
        message.addressed |= places[arrival.what]
        if arrival.recipient in message.arrived:
            repeated += 1
        else:
            message.arrived[arrival.recipient] = (arrival.at, order)
    return repeated, astray, responses


def _lost(
    plan: Plan, messages: Mapping[tuple[int, int], _Message], tables: Tables, receives: frozenset[str]
) -> Counter[str] | None:
    """Return how many publications of each flow did not come; None where the receiver plays no recipient."""
    place_of = {name: place for place, name in enumerate(tables.recipients)}
    played = {place for name, place in place_of.items() if name in receives}
    lost = Counter[str]()
    due = 0
    for (number, message_number), message in messages.items():
        lane = plan.lanes[number]
        wanted = message.addressed & played
        silent = 0
        if lane.recipients:
            primary = lane.recipients[message_number % lane.variants]
            if primary in receives:
                place = place_of.get(primary)
                if place is None:
                    silent = 1
                else:
                    wanted = wanted | {place}
        elif not message.arrived and receives:
            silent = 1
        due += len(wanted) + silent
        lost[lane.flow] += len(wanted - set(message.arrived)) + silent
    return lost if due or not messages else None


def _never_sent(plan: Plan, sent: Sequence[Sent]) -> Counter[str]:
    """Return the messages of each flow that were due and that no record speaks of."""
    noted = Counter(one.lane for one in sent)
    found = Counter[str]()
    for lane in plan.lanes:
        found[lane.flow] += max(0, sum(1 for _ in plan.due(lane)) - noted[lane.number]) * lane.batch
    return found


def _span(start: float, seconds: float, sent: Sequence[Sent]) -> float:
    """Return the seconds in which messages were accepted: the schedule's, or more where answers were late."""
    last = max((one.answered for one in sent if one.status == 201), default=start)
    return max(seconds, last - start)


def _ms(times: Histogram, share: float) -> float | None:
    return times.percentile(share) * MS if times.total else None


def _out_of_order(plan: Plan, messages: Mapping[tuple[int, int], _Message], order: str) -> int:
    """Count publications that overtook one that was accepted before their own was sent."""
    lines: dict[tuple[object, ...], list[tuple[int, float, float]]] = defaultdict(list)
    for (number, message_number), message in messages.items():
        mpan = plan.lanes[number].mpan(message_number) if order == "per-mpan" else ""
        for recipient, (_, arrival) in message.arrived.items():
            lines[recipient, mpan].append((arrival, message.begun, message.answered))
    return sum(overtaken(line) for line in lines.values())


def _recovery(
    messages: Mapping[tuple[int, int], _Message], disturbed: Sequence[tuple[float, float]]
) -> float | None:
    """Return the seconds from the end of the last disturbance to the arrival of all that was due before."""
    if not disturbed:
        return None
    end = max(until for _, until in disturbed)
    behind = [at for m in messages.values() if m.due < end for at, _ in m.arrived.values()]
    return max(0.0, max(behind) - end) if behind else None


def _latency_growth(plan: Plan, sent: Sequence[Sent], start: float) -> float | None:
    """Return the median answer time of the last fifth over that of the second fifth."""
    fifth = plan.seconds * _FIFTH
    second = [one.latency for one in sent if fifth <= one.due - start < 2 * fifth]
    last = [one.latency for one in sent if one.due - start >= 4 * fifth]
    return median(last) / median(second) if second and last and median(second) else None


def _memory_growth(plan: Plan, resident: Sequence[tuple[float, int | None]], start: float) -> float | None:
    known = [(at - start, size) for at, size in resident if size]
    early = [size for at, size in known if at <= plan.seconds * _FIFTH]
    late = [size for at, size in known if at >= plan.seconds * (1 - _FIFTH)]
    return median(late) / early[-1] if early and late else None


def _seconds(
    plan: Plan,
    sent: Sequence[Sent],
    messages: Mapping[tuple[int, int], _Message],
    start: float,
    resident: Sequence[tuple[float, int | None]],
) -> Iterable[Second]:
    """Return the course of the run: slots of half a second or more, to the last arrival."""
    width = slot_seconds(plan)
    last = max((at for message in messages.values() for at, _ in message.arrived.values()), default=start)
    slots = int(max(plan.seconds, last - start) / width) + 1
    due: list[int] = [0] * slots
    accepted: list[int] = [0] * slots
    delivered: list[int] = [0] * slots
    came_and_went: list[int] = [0] * slots
    answers = [Histogram() for _ in range(slots)]
    deliveries = [Histogram() for _ in range(slots)]
    memory: list[float | None] = [None] * slots

    def slot(at: float) -> int:
        return min(slots - 1, max(0, int((at - start) / width)))

    for one in sent:
        place, batch = slot(one.due), plan.lanes[one.lane].batch
        due[place] += batch
        if one.status == 201:
            accepted[place] += batch
        answers[place].add(one.latency)
    for message in messages.values():
        for at, _ in message.arrived.values():
            delivered[slot(at)] += 1
            came_and_went[slot(min(message.answered, at))] += 1
            came_and_went[slot(at)] -= 1
            deliveries[slot(message.due)].add(at - message.due)
    for at, size in resident:
        if size and start <= at < start + slots * width:
            memory[slot(at)] = size / 1e6
    for place, waiting in enumerate(accumulate(came_and_went)):
        yield Second(
            due[place],
            accepted[place],
            delivered[place],
            waiting,
            answers[place].percentile(0.5) * MS,
            answers[place].percentile(0.99) * MS,
            deliveries[place].percentile(0.99) * MS,
            memory[place],
        )


def slot_seconds(plan: Plan) -> float:
    """Return how many seconds one point of the course stands for."""
    return max(0.5, plan.seconds / 400)
