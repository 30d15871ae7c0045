"""What the switching service holds of a metering point's agents, told in any order."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from harness.errors import ConfigurationError
from simulators.registration.services import Service
from simulators.registration.showing import shown
from tests.simulators.participants.publications import DATA, METERING, NOW, OTHER_DATA, OTHER_METERING
from tests.simulators.registration.exchange import SMART, Exchange, midnight

OLD = {"as_at": (NOW - timedelta(days=9)).isoformat(), "metering_service": METERING, "data_service": DATA}
NEW = {"as_at": midnight(3).isoformat(), "metering_service": OTHER_METERING, "data_service": DATA}
BETWEEN = {"as_at": NOW.isoformat(), "metering_service": METERING, "data_service": OTHER_DATA}


@pytest.mark.parametrize("order", list(permutations([OLD, BETWEEN, NEW])))
def test_the_newest_statement_counts_in_whatever_order_they_come(order: tuple[dict[str, str], ...]) -> None:
    """A refresh that comes late does not bring an old agent back."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING)
    service.reply(provider=OTHER_METERING)
    service.reach(midnight(3))
    for statement in order:
        assert service.tell("appointment-refresh", **statement) == []
    found = shown(service.point())["switching_service"]
    assert found == {**NEW, "agrees": True}
    assert service.point().provider_at(Service.METERING, midnight(3)) is not None


def test_a_statement_that_differs_from_the_register_is_shown_and_changes_nothing() -> None:
    """The register keeps its own agents and says that the two do not agree."""
    service = Exchange(SMART)
    service.tell("appointment-refresh", **BETWEEN)
    assert shown(service.point())["switching_service"]["agrees"] is False
    assert service.tenures("data_service") == [(DATA, None)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"as_at": "soon"}, "no time"),
        ({"as_at": NOW.isoformat(), "metering_service": DATA}, "no metering service"),
        ({"as_at": NOW.isoformat(), "meter_service": METERING}, "no field"),
    ],
)
def test_nonsense_is_refused(content: dict[str, str], words: str) -> None:
    """What makes no sense is an error of whoever tells it."""
    service = Exchange(SMART)
    with pytest.raises(ConfigurationError, match=words):
        service.tell("appointment-refresh", **content)
