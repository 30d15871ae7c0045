"""The history of a metering point out of stored messages, against a plain fold."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from simulators.dip.history import DAYS, PERIODS, Newest, Part, days_in

Value = tuple[str, str, str, int, int]
"""Measurement quantity, who issued it, connection type, day, half hour."""

VALUES = st.tuples(
    st.sampled_from(["AI", "AE"]),
    st.sampled_from(["one", "other"]),
    st.sampled_from(["W", "L"]),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=6, unique=True),
)


def _body(number: int, quantity: str, issuer: str, connection: str, places: list[tuple[int, int]]) -> bytes:
    """Return a message as the store has it, whose values are all its own number."""
    days: dict[int, list[dict[str, Any]]] = {}
    for day, place in places:
        days.setdefault(day, []).append({"sp": f"{day}/{place:03}", "v": str(number)})
    payload = {
        "CommonBlock": {"S1": {"senderUniqueReference": str(number)}},
        "CustomBlock": {
            "B044": {"issuingDataServiceDIPID": issuer},
            "B067": {"connectionTypeIndicator": connection},
            "B900": {
                "MQID": {"measurementQuantityID": quantity},
                "settlementDayConsumptionPeriods": [
                    {"settlementDay": {"settlementDayDate": str(day)}, "consumptionPeriods": periods}
                    for day, periods in days.items()
                ],
            },
        },
    }
    return orjson.dumps({"payload": payload})


def _parts(bodies: list[bytes], days: list[str]) -> list[Part]:
    newest = Newest(days)
    for body in reversed(bodies):
        newest.take("ActivePower", body)
    return list(newest.parts())


@given(st.lists(VALUES, max_size=12), st.integers(1, 6))
def test_the_parts_hold_the_newest_value_of_each_period(
    messages: list[tuple[str, str, str, list[tuple[int, int]]]], at_once: int
) -> None:
    """However the days are cut up, each period is told once, with its last value and that value's source."""
    bodies = [_body(number, *message) for number, message in enumerate(messages)]
    expected: dict[tuple[str, str], tuple[str, str, str]] = {}
    for number, (quantity, issuer, connection, places) in enumerate(messages):
        for day, place in places:
            expected[quantity, f"{day}/{place:03}"] = (str(number), issuer, connection)
    days = sorted({day for body in bodies for day in days_in(body)})
    told: list[tuple[tuple[str, str], tuple[str, str, str]]] = []
    for first in range(0, len(days), at_once):
        for part in _parts(bodies, days[first : first + at_once]):
            blocks = orjson.loads(part.blocks)
            source = (
                blocks["B044"]["issuingDataServiceDIPID"],
                blocks["B067"]["connectionTypeIndicator"],
            )
            quantity = blocks["B900"]["MQID"]["measurementQuantityID"]
            entries = blocks["B900"]["settlementDayConsumptionPeriods"]
            assert len(entries) <= at_once
            periods = [period for entry in entries for period in entry["consumptionPeriods"]]
            assert [period["sp"] for period in periods] == sorted(period["sp"] for period in periods)
            told += [((quantity, period["sp"]), (period["v"], *source)) for period in periods]
            newest = max(int(period["v"]) for period in periods)
            assert part.origin["senderUniqueReference"] == str(newest)
    assert len(told) == len(expected)
    assert dict(told) == expected


def test_a_day_has_no_more_periods_than_a_message_may_hold() -> None:
    """Times that are no half hours of the day can't make an answer that the definition refuses."""
    bodies = [_body(number, "AI", "one", "W", [(0, number)]) for number in range(PERIODS + 5)]
    (part,) = _parts(bodies, ["0"])
    (day,) = orjson.loads(part.blocks)["B900"]["settlementDayConsumptionPeriods"]
    assert len(day["consumptionPeriods"]) == PERIODS
    assert DAYS == 200
