"""Metering points: what hub and registration are told of each, with aliases as DIP ids."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from harness.errors import ConfigurationError
from harness.messages.identifiers import is_mpan
from harness.scenarios.given import pick
from harness.scenarios.points import Point, addresses, points_of, registered
from harness.scenarios.texts import Words
from harness.transport.network import Network
from tests.scenarios.conftest import Stage

NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)
WORDS = Words({}, effective=NOW, start=NOW, now=NOW, where="file")


@pytest.fixture
def network(stage: Stage) -> Network:
    """The embedded network."""
    return stage.target.network


def made(network: Network, **points: dict[str, Any]) -> tuple[dict[str, Point], dict[str, list[Any]]]:
    """Return points and what registration services start from."""
    parties = {
        "sup": pick(network, "SUP"),
        "old": pick(network, "SUP", 2),
        "regs": pick(network, "REGS"),
        "idno": pick(network, "REGS", 2),
        "mss": pick(network, "MSS"),
        "mdr": pick(network, "MDR"),
    }
    found = points_of(points, parties, network, seed=7, where="file")
    return found, registered(found, parties, WORDS)


def test_hub_and_registration_know_what_the_point_says(network: Network) -> None:
    """Each is told of the points that it knows, and of those alone."""
    held = {"register": "regs", "supplier": "sup"}
    points, registers = made(
        network,
        both=held,
        hub={**held, "known_to": ["hub"]},
        registration={**held, "known_to": ["registration"]},
        nobody={**held, "known_to": []},
    )
    in_hub = {entry["mpan"] for entry in addresses(points)}
    (entries,) = registers.values()
    assert in_hub == {points["both"].mpan, points["hub"].mpan}
    assert [entry["mpan"] for entry in entries] == [points["both"].mpan, points["registration"].mpan]


def test_the_hub_is_told_of_everyone_who_serves_a_point_once(network: Network) -> None:
    """Supplier, services, distributor and further parties, each by its role."""
    served = {"register": "regs", "supplier": "sup", "metering_service": "mss", "mdr": "mdr"}
    points, _ = made(network, point={**served, "hub_parties": ["mdr", "sup"]})
    assert sorted(entry["role"] for entry in addresses(points)) == ["LDSO", "MDR", "MSS", "SUP"]


def test_an_mpan_belongs_to_the_area_of_its_register(network: Network) -> None:
    """Points of the two registration services begin with their distributors' ids; all are different."""
    points, registers = made(
        network, near={"register": "regs"}, far={"register": "idno"}, third={"register": "regs"}
    )
    assert all(is_mpan(point.mpan) for point in points.values())
    assert len({point.mpan for point in points.values()}) == 3
    for point in points.values():
        assert point.register is not None
        assert point.mpan[:2] == point.register.distributor_id == point.distributor.distributor_id
    assert len(registers) == 2


def test_aliases_histories_and_truth_values_reach_the_register_as_it_takes_them(network: Network) -> None:
    """Parties become DIP ids at any depth, moments become times, texts become truth values and numbers."""
    history = [{"party": "old", "from": "{start-400d}"}, {"party": "sup", "from": "{start-90d}"}]
    meters = [{"serial": "E1", "digits": "=5", "installed": "{start-90d}"}]
    _, registers = made(
        network,
        point={
            "register": "regs",
            "segment": "smart",
            "supplier": history,
            "domestic": "true",
            "meters": meters,
        },
    )
    ((entry,),) = registers.values()
    assert [each["dip_id"] for each in entry["supplier"]] == [
        pick(network, "SUP", 2).dip_id,
        pick(network, "SUP").dip_id,
    ]
    assert entry["supplier"][1]["from"] == "2026-03-04T10:00:00+00:00"
    assert (entry["market_segment"], entry["domestic"], entry["meters"][0]["digits"]) == ("S", True, 5)


def test_an_unknown_alias_is_named_with_its_place(network: Network) -> None:
    """The error leads to the item of the point."""
    with pytest.raises(ConfigurationError, match="given/points/point/supplier"):
        made(network, point={"register": "regs", "supplier": "nobody"})
