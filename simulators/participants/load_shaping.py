"""The load shaping service: load shapes from the actual consumption that it hears (IF-022, IF-023)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from harness.clock import message_time
from harness.messages.consumption import OFF_PEAK_PERIODS, kwh, utc_day_ends
from harness.messages.dates import PERIOD_MINUTES, utc_midnight_text
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Reaction, add
from simulators.participants.content import Content, Item
from simulators.participants.playing import Heard, Plays, Reply, State, Word
from simulators.participants.record import Point
from simulators.participants.settling_rules import reported

WEEK = 7
_ACTUAL, _DEFAULT = "A", "D"


@dataclass(frozen=True, slots=True)
class Group:
    """What a load shape is for."""

    gsp_group: str
    segment: str
    connection: str
    domestic: str | None
    """T or F for the smart segment, None elsewhere."""
    quantity: str

    def block(self) -> dict[str, Any]:
        """Return block B051."""
        return {
            "loadShapeGSPGroupID": self.gsp_group,
            "marketSegmentIndicator": self.segment,
            "connectionTypeIndicator": self.connection,
            "loadShapeDomesticPremiseIndicator": self.domestic,
            "measurementQuantityID": self.quantity,
        }


@dataclass(frozen=True, slots=True)
class Shapes:
    """Actual values in Wh by group, period and metering point."""

    values: Mapping[tuple[Group, datetime], Mapping[str, int]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def mean(self, group: Group, end: datetime) -> int | None:
        """Return the mean of a period in Wh, None where no actual value was heard."""
        heard = self.values.get((group, end))
        return round(sum(heard.values()) / len(heard)) if heard else None

    def groups(self) -> list[Group]:
        """Return the groups of which something was heard."""
        found = dict.fromkeys(group for group, _ in self.values)
        return sorted(found, key=lambda group: str(group))


def _gathered(state: State, heard: Heard) -> Reaction:
    """Take the actual periods of PUB-021 into the shape of the metering point's group."""
    publication = heard.publication
    point = state.record.point(publication.mpan)
    block = publication.custom("B900")
    group = _group(point, heard, str(block["MQID"]["measurementQuantityID"]))
    values = dict(state.own.values)
    for period in reported(block):
        if period.end is not None and period.actual:
            key = group, period.end
            values[key] = {**values.get(key, {}), point.mpan: period.watt_hours}
    return replace(state, own=Shapes(MappingProxyType(values))), ()


def _group(point: Point, heard: Heard, quantity: str) -> Group:
    sender = sending.party(heard.acting, heard.publication.sender)
    segment = {"ADS": "A", "UMSDS": "U"}.get(sender.role if sender else "", "S")
    described = sending.described(point.with_fact("segment", segment), heard.acting)
    connection = str(heard.publication.custom("B067").get("connectionTypeIndicator"))
    domestic = ("T" if described.domestic else "F") if segment == "S" else None
    gsp_group = str(heard.publication.common("M0").get("GSPGroupID"))
    return Group(gsp_group, segment, connection, domestic, quantity)


def _publish(state: State, content: Content, acting: Acting) -> Reaction:
    """Publish the shapes and totals of a UTC day; without data the builder's own ones, marked default."""
    day, shapes = content.day("day"), state.own
    number = sending.any_mpan(acting)
    point = state.record.point(number)
    settlement_day = {"settlementDayDate": utc_midnight_text(day), "periodDuration": PERIOD_MINUTES}
    groups = shapes.groups()
    shaped = totalled = None
    if groups:
        periods = [
            {"LSGroup": group.block(), "LSGroupSettlementPeriods": _periods(shapes, group, day)}
            for group in groups
        ]
        totals = [_totals(shapes, group, day) for group in groups]
        shaped = {"B903List": [{"LSGSettlementPeriods": periods, "settlementDay": settlement_day}]}
        totalled = {"B912List": [{"LSGTotals": totals, "settlementDay": settlement_day}]}
    return state, (
        sending.message(content.release, "IF-022", "LSSPeriodData", point, acting, custom=shaped),
        sending.message(content.release, "IF-023", "LSSTotalsData", point, acting, custom=totalled),
    )


def _periods(shapes: Shapes, group: Group, day: date) -> list[dict[str, Any]]:
    found = []
    for end in utc_day_ends(day):
        mean = shapes.mean(group, end)
        found.append(
            {
                "sp": message_time(end),
                "loadShapePeriodValue": kwh(mean or 0),
                "defaultLoadShapeFlag": _DEFAULT if mean is None else _ACTUAL,
            }
        )
    return found


def _totals(shapes: Shapes, group: Group, day: date) -> dict[str, Any]:
    """Return block B053: the day's totals, and those of the seven days that it ends."""
    week = [date.fromordinal(day.toordinal() - back) for back in range(WEEK - 1, -1, -1)]
    values = {each: [shapes.mean(group, end) or 0 for end in utc_day_ends(each)] for each in week}
    off_peak = [sum(values[each][:OFF_PEAK_PERIODS]) for each in week]
    peak = [sum(values[each][OFF_PEAK_PERIODS:]) for each in week]
    total = sum(sum(each) for each in values.values())
    return {
        "LSGroup": group.block(),
        "LSAnnualConsumption": {"annualLoadShapeTotal": kwh(round(total * 365 / WEEK))},
        "LSTTotals": [
            {
                "loadShapeDayOffPeakTotal": kwh(off_peak[-1]),
                "loadShapeDayPeakTotal": kwh(peak[-1]),
                "loadShapeDayTotal": kwh(off_peak[-1] + peak[-1]),
                "loadShape7DayRollingOffPeakTotal": kwh(sum(off_peak)),
                "loadShape7DayRollingPeakTotal": kwh(sum(peak)),
                "loadShape7DayRollingTotal": kwh(total),
            }
        ],
    }


add(
    "load-shaping",
    Plays(
        frozenset({"LSS"}),
        (
            Reply(
                "IF-021",
                "ActivePower",
                "nothing: its actual values go into the load shapes",
                _gathered,
                "assumed",
                "the mean of the actual values of a group; how shapes are made is not public",
            ),
        ),
        (
            Word(
                "publish",
                (Item("day", about="UTC settlement day"),),
                "IF-022, IF-023",
                _publish,
                "assumed",
                "both go out together, of every group that was heard of; made-up ones where none was",
            ),
        ),
        own=lambda _options, _acting: Shapes(),
    ),
)
