"""The meter data retriever: it starts, stops, delivers consumption (IF-064) and readings (IF-065)."""

from __future__ import annotations

from dataclasses import replace

from harness.clock import message_time
from harness.messages.consumption import by_utc_day, kwh, utc_day_ends
from harness.messages.dates import PERIOD_MINUTES, utc_midnight_text
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing, Reaction, add
from simulators.participants.content import Content, Item
from simulators.participants.data_service import outcome
from simulators.participants.playing import Heard, Plays, Reply, State, Word
from simulators.participants.readings import meter_in_place, profile, register
from simulators.participants.record import DATA, Point

_REFUSAL = "the meter can't be reached"


def _started(state: State, heard: Heard) -> Reaction:
    """Answer PUB-061 with what it said, and whether the retrieval is taken on."""
    publication = heard.publication
    point = state.record.point(publication.mpan)
    custom = dict(publication.payload.get("CustomBlock") or {})
    answer = sending.answer(
        publication,
        "IF-062",
        "MDRStartResponse",
        point,
        heard.acting,
        custom=custom,
        common={"R0": outcome(heard.policy, _REFUSAL)},
    )
    if not heard.policy.accepts:
        return state, (answer,)
    serving = point.begins(DATA, publication.sender, None)
    return _with(state, serving), (answer,)


def _with(state: State, point: Point) -> State:
    return replace(state, record=state.record.with_point(point))


def _asked_to_read(state: State, heard: Heard) -> Reaction:
    """Answer a request of IF-065 with the register as it stands."""
    publication, acting = heard.publication, heard.acting
    point = state.record.point(publication.mpan)
    return state, (_reading(publication.release, point, acting, (publication.sender,)),)


def _reading(release: str, point: Point, acting: Acting, to: tuple[str, ...]) -> Outgoing:
    meter = meter_in_place(point, acting)
    block = {
        "meterID": meter,
        "cumulativeRegisterReading": kwh(register(point, acting, meter, acting.now)),
        "cumulativeRegisterReadingDateTime": message_time(acting.now),
    }
    custom = {"B065List": None, "B076List": [block]}
    return sending.message(release, "IF-065", "ReadingRemote", point, acting, to=to, custom=custom)


def _data_service(content: Content, point: Point) -> tuple[str, ...]:
    """Return the data service told, else the one that asked last."""
    told = content.names("to")
    serving = point.terms.get(DATA, ())
    if not told and not serving:
        raise content.wrong("to", "and no data service of the MPAN is known")
    return told or (serving[-1].dip_id,)


def _consumption(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    used = profile(point, acting)
    days = by_utc_day(utc_day_ends(content.day("day")))
    listed = [
        {
            "settlementDay": {"settlementDayDate": utc_midnight_text(day), "periodDuration": PERIOD_MINUTES},
            "MDRConsumptionPeriods": [
                {"sp": message_time(end), "v": kwh(used.period(end)), "q": "A"} for end in ends
            ],
        }
        for day, ends in days.items()
    ]
    return state, (
        sending.message(
            content.release,
            "IF-064",
            "MDRConsumption",
            point,
            acting,
            to=_data_service(content, point),
            custom={"B941List": listed},
            places=content.places(),
        ),
    )


def _read(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    return state, (_reading(content.release, point, acting, _data_service(content, point)),)


_TO = Item("to", needed=False, about="data service; the one that asked last when absent")
add(
    "retriever",
    Plays(
        frozenset({"MDR"}),
        (
            Reply(
                "IF-061",
                "MDRStart",
                "IF-062 [MDRStartResponse]",
                _started,
                "third-party",
                "IF-062 answers IF-061; no refusal code is published, so a refusal carries a text",
            ),
            *(
                Reply(
                    "IF-065",
                    event,
                    "IF-065 [ReadingRemote]",
                    _asked_to_read,
                    "assumed",
                    "this event alone has blocks for readings, so it is the answer",
                )
                for event in ("MDRInstantaneous", "MDRTOU")
            ),
        ),
        (
            Word(
                "consumption",
                (Item("mpan"), Item("day", about="UTC settlement day"), _TO, Item("set", needed=False)),
                "IF-064",
                _consumption,
                "third-party",
                "the retriever provides consumption; all values are actual",
            ),
            Word(
                "read",
                (Item("mpan"), _TO),
                "IF-065 [ReadingRemote]",
                _read,
                "assumed",
                "it may send a reading without being asked",
            ),
        ),
    ),
)
