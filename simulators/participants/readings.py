"""What a meter shows, and the message that says so (IF-041): every register moves on with the consumption.

A register goes on from the last reading of its meter that the party knows, so the readings of all parties,
and the half-hourly values, add up. A meter of which no reading is known has counted since the history of the
metering point ended (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from harness.calendars.local_time import clock_midnight
from harness.clock import message_time
from harness.messages.consumption import Profile, kwh, shape_of
from harness.messages.metering_point import HISTORY_ENDS
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing, Reaction
from simulators.participants.content import Content
from simulators.participants.lessons import moment
from simulators.participants.playing import State
from simulators.participants.record import Point


def profile(point: Point, acting: Acting) -> Profile:
    """Return the consumption of a metering point."""
    described = sending.described(point, acting)
    shape = shape_of(described.segment, domestic=described.domestic)
    return Profile(described.mpan, described.annual_kwh, shape)


def register(point: Point, acting: Acting, meter: str, at: datetime) -> int:
    """Return what a meter shows at ``at``, in Wh."""
    since, shown = clock_midnight(HISTORY_ENDS), 0
    for known in point.readings:
        taken = moment(known.get("at"))
        if known.get("meter") == meter and taken is not None and since <= taken <= at:
            since, shown = taken, _watt_hours(known.get("reading"))
    return shown + profile(point, acting).advance(_half_hour(since), _half_hour(at))


def _half_hour(at: datetime) -> datetime:
    return at - timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)


def _watt_hours(text: object) -> int:
    try:
        return round(float(str(text)) * 1000)
    except ValueError:
        return 0


def meter_in_place(point: Point, acting: Acting) -> str:
    """Return the meter in place: as told last, else the one that every message of the harness names."""
    if point.meters:
        return list(point.meters)[-1]
    return sending.described(point, acting).meters[0].serial


def reading(
    content: Content,
    point: Point,
    acting: Acting,
    event: str,
    meter: str,
    at: datetime,
    *,
    start: bool = False,
) -> Outgoing:
    """Return IF-041 with a meter's register at ``at``; zero for a meter that starts."""
    block: dict[str, Any] = {
        "meterID": meter,
        "cumulativeRegisterReading": kwh(0 if start else register(point, acting, meter, at)),
        "cumulativeRegisterReadingDateTime": message_time(at),
        "readingMethod": "A",
        "siteVisitCheckCode": "20" if event in _ON_SITE else None,
    }
    return sending.message(
        content.release,
        "IF-041",
        event,
        point,
        acting,
        to=content.names("readings_to"),
        custom={"B064List": [block], "B065List": None},
    )


_ON_SITE = frozenset({"ReadingRemv", "ReadingInstl", "ReadingOnSite", "ReadingEnergisationChg"})


def noted(state: State, point: Point, *sent: Outgoing, gone: str = "") -> State:
    """Return the state after the party's own readings; ``gone`` is a meter that it took away."""
    readings, meters = list(point.readings), dict(point.meters)
    meters.pop(gone, None)
    for message in sent:
        for block in _registers(message):
            readings.append(
                {
                    "event": message.event,
                    "meter": block["meterID"],
                    "reading": block["cumulativeRegisterReading"],
                    "at": block["cumulativeRegisterReadingDateTime"],
                    "by": "",
                }
            )
            if message.event == "ReadingInstl":
                meters[block["meterID"]] = {"meterID": block["meterID"]}
    changed = replace(
        point,
        readings=tuple(readings),
        meters=MappingProxyType(meters),
        removed=(*point.removed, gone) if gone else point.removed,
    )
    return replace(state, record=state.record.with_point(changed))


def _registers(message: Outgoing) -> list[Mapping[str, Any]]:
    blocks = message.custom.get("B064List")
    return [] if blocks is None or isinstance(blocks, Mapping) else list(blocks)


def read(state: State, content: Content, acting: Acting) -> Reaction:
    """Send a reading of the register at the time told; ``readings_to`` gets it directly."""
    point, at = state.record.point(content.mpan()), content.moment("at", acting.now)
    meter = content.text("meter") or meter_in_place(point, acting)
    taken = reading(content, point, acting, content.text("event", "ReadingOnSite"), meter, at)
    return noted(state, point, taken), (taken,)
