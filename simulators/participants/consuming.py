"""Settlement period consumption as a data service sends it (IF-021): its own periods, and no others.

The values are those of `harness.messages.consumption.Profile`, so that two data services that share a UTC
day send 46 and 2 periods, say, which together are the 48 of the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from harness.clock import message_time
from harness.messages.consumption import by_utc_day, kwh, local_day_ends, utc_day_ends
from harness.messages.dates import PERIOD_MINUTES, utc_midnight_text
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing
from simulators.participants.content import Content, Item
from simulators.participants.lessons import moment
from simulators.participants.readings import profile
from simulators.participants.record import DATA, Point

PERIOD = timedelta(minutes=PERIOD_MINUTES)
QUANTITIES = ("AI", "AE", "RI", "RE")
REACTIVE = frozenset({"RI", "RE"})
_REACTIVE_SHARE = 0.3
_ESTIMATED = {"SDS": "E1", "ADS": "EA1", "UMSDS": "E"}
"""A quality of an estimate by role; which method is assumed."""
_MISSING, _DE_ENERGISED, _AMENDED = "2", "7", "9"

ITEMS = (
    Item("mpan"),
    Item("day", needed=False, about="UTC settlement day"),
    Item("local_day", needed=False, about="local day of 46, 48 or 50 half hours, in place of `day`"),
    Item("days", needed=False, about="how many days, the last of them `day`"),
    Item("quantity", needed=False, about="AI (when absent), AE, RI or RE"),
    Item("estimated", needed=False, about="how many periods of each day are estimates"),
    Item("amended", needed=False, about="an amendment reason code for every period"),
    Item("scale", needed=False, about="factor on every value"),
    Item("all", needed=False, about="true: all periods, whoever is appointed"),
    Item("energised", needed=False, about="true: values although the point is de-energised"),
    Item("set", needed=False, about="places of the message"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is special about a piece of consumption data."""

    quantity: str = "AI"
    estimated: int = 0
    amended: str = ""
    scale: float = 1.0
    energised: bool = False


def told_ends(content: Content, point: Point, acting: Acting) -> list[datetime]:
    """Return the ends of the periods that a party was told to send.

    Raises ConfigurationError when the party serves the metering point in none of them.
    """
    if content.has("local_day"):
        ends = list(local_day_ends(content.day("local_day")))
    else:
        last, count = content.day("day"), max(int(content.number("days", 1)), 1)
        days = (last - timedelta(days=back) for back in range(count - 1, -1, -1))
        ends = [end for day in days for end in utc_day_ends(day)]
    own = ends if content.flag("all") else own_ends(ends, point, acting.party.dip_id)
    if not own:
        raise content.wrong("day", "a time at which it does not serve the metering point")
    return own


def own_ends(ends: Iterable[datetime], point: Point, dip_id: str) -> list[datetime]:
    """Return the periods in which a data service is appointed; all where no appointment is known."""
    if not point.terms.get(DATA):
        return list(ends)
    return [end for end in ends if point.of(DATA, end - PERIOD) == dip_id]


def told_wish(content: Content) -> Wish:
    """Return what is special about the data that a party was told to send."""
    return Wish(
        quantity=content.one_of("quantity", QUANTITIES, "AI"),
        estimated=int(content.number("estimated")),
        amended=content.text("amended"),
        scale=content.number("scale", 1.0),
        energised=content.flag("energised"),
    )


def consumption(
    release: str,
    point: Point,
    acting: Acting,
    ends: Iterable[datetime],
    wish: Wish,
    places: Mapping[str, object] | None = None,
) -> Outgoing:
    """Return IF-021 for settlement periods, sorted under their UTC days."""
    days = [
        {
            "settlementDay": {"settlementDayDate": utc_midnight_text(day), "periodDuration": PERIOD_MINUTES},
            "consumptionPeriods": _periods(point, acting, inner, wish),
        }
        for day, inner in sorted(by_utc_day(ends).items())
    ]
    quantity = {"MQID": {"measurementQuantityID": wish.quantity}, "settlementDayConsumptionPeriods": days}
    event = "ReactivePower" if wish.quantity in REACTIVE else "ActivePower"
    custom: dict[str, Mapping[str, Any]] = {
        "B044": {"issuingDataServiceDIPID": acting.party.dip_id},
        "B900": quantity,
    }
    known = {
        item: point.facts[fact]
        for item, fact in _CONNECTION.items()
        if fact in point.facts
    }  # fmt: skip
    if len(known) == len(_CONNECTION):
        custom["B067"] = known
    return sending.message(release, "IF-021", event, point, acting, custom=custom, places=places)


_CONNECTION = {
    "connectionTypeIndicator": "connection_type",
    "connectionTypeEffectiveFromDate": "connection_type_from",
}


def _periods(point: Point, acting: Acting, ends: list[datetime], wish: Wish) -> list[dict[str, Any]]:
    used = profile(point, acting)
    scale = wish.scale * (_REACTIVE_SHARE if wish.quantity in REACTIVE else 1.0)
    role = acting.party.role
    found = []
    for number, end in enumerate(ends):
        quality, reason, watt_hours = "A", None, round(used.period(end) * scale)
        if number < wish.estimated:
            quality, reason = _ESTIMATED.get(role, "E1"), _MISSING
        if not wish.energised and de_energised(point, end):
            watt_hours = 0
            if role == "UMSDS":
                quality, reason = "ZE", _DE_ENERGISED
        if wish.amended:
            reason = _AMENDED if reason is None and quality != "A" else reason
        found.append(
            {
                "sp": message_time(end),
                "v": kwh(watt_hours),
                "q": quality,
                "e": reason,
                "arc": wish.amended or None,
            }
        )
    return found


def de_energised(point: Point, end: datetime) -> bool:
    """Say whether a point is known to be de-energised in the period that ends at ``end``."""
    if point.facts.get("energisation") != "D":
        return False
    since = moment(point.facts.get("energisation_from"))
    return since is None or end > since
