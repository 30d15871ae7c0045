"""Whatever metering services report, the record of meters stays sound, and its past is never rewritten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import message_time
from simulators.registration.items import Item, Meter
from tests.simulators.participants.publications import METERING, NOW
from tests.simulators.registration.service import Service
from tests.simulators.registration.test_meter_details import POINT, described, owned
from tests.simulators.registration.verdicts import code_of

SERIALS = ("OLD1", "NEW1", "NEW2")
EVENTS = ("MeterInstall", "MeterExchange", "MeterRemoval", "MeterUpdate", "MeterHistoryUpdate")
_DAYS = st.integers(0, 9)
_SERIAL = st.sampled_from(SERIALS)
_STEP = st.tuples(st.sampled_from(EVENTS), _SERIAL, _DAYS, _SERIAL, _DAYS, st.none() | _SERIAL)


@given(st.lists(_STEP, max_size=8))
@settings(max_examples=50, deadline=None)
def test_a_meter_is_in_place_once_and_what_was_known_stays_known(steps: list[tuple[Any, ...]]) -> None:
    """No two meters with one id are in place, none leaves before it came, and the past stays as known."""
    service = Service(POINT)
    known: list[tuple[Any, tuple[Meter, ...]]] = []
    for number, (event, serial, installed, gone, removed, modified) in enumerate(steps):
        service.now = NOW + timedelta(minutes=number)
        known.append((service.now - timedelta(seconds=30), service.point().meters_at(service.now)))
        at, left = (service.now - timedelta(days=back) for back in (installed, removed))
        custom: dict[str, Any] = {"B906": None, "B039": None, "B030": None}
        if event != "MeterRemoval":
            change = modified if event in ("MeterUpdate", "MeterHistoryUpdate") else None
            meter = described(serial, at, modifiedMeterID=change)
            custom["B906"] = {"existingMeter": meter, "historyMAP": owned(("MAPA", at))}
        if event in ("MeterExchange", "MeterRemoval", "MeterHistoryUpdate"):
            same = serial if event == "MeterHistoryUpdate" else gone
            custom["B039"] = {"meterIDRemoved": same, "meterRemovalDate": message_time(left)}
        refused = code_of(service.receive("IF-005", event, METERING, custom=custom))
        meters = service.point().meters_at(service.now)
        if refused:
            assert meters == known[-1][1]
        in_place = [meter.serial for meter in meters if meter.removed is None]
        assert len(in_place) == len(set(in_place))
        assert all(meter.removed is None or meter.removed >= meter.installed for meter in meters)
        for moment, held in known:
            assert service.point().at(Item.METERS, service.now, known=moment) == held
