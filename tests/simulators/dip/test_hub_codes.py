"""Codes of the hub that need another network, routing table or setting than the usual one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from harness.data import folder
from harness.transport.network import load, write
from simulators.embedded import EmbeddedTarget
from simulators.network import NETWORK_FILE
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.history import codes, told

_WITHOUT_MPAN = [{"senders": ["ISD"], "receivers": [{"roles": ["SUP", "LDSO"], "tier": "secondary"}]}]
"""Rules for IF-047, whose messages name no metering point, that have recipients looked up by it."""


@pytest.fixture(scope="module")
def bench(network_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Return a hub without EES, with a routing table and a form of correlation ids of its own."""
    place = tmp_path_factory.mktemp("codes")
    shutil.copytree(network_folder / "network", place / "network")
    file = place / "network" / NETWORK_FILE
    network = load(file)
    organisations = tuple(
        replace(each, parties=tuple(party for party in each.parties if party.role != "EES"))
        for each in network.organisations
    )
    write(replace(network, organisations=tuple(each for each in organisations if each.parties)), file)
    routing = yaml.safe_load((folder("swagger") / "routing.yaml").read_text(encoding="utf-8"))
    (place / "routing.yaml").write_text(
        yaml.safe_dump({**routing, "IF-047": _WITHOUT_MPAN}), encoding="utf-8"
    )
    (place / "settings.yaml").write_text(
        "refusal.correlation_form: CI-[0-9]{8}-[0-9a-f]+\n", encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIP_ROUTING", str(place / "routing.yaml"))
        patch.setenv("DIP_SETTINGS", str(place / "settings.yaml"))
        bench = Bench(EmbeddedTarget(["2.1.0"], place))
    yield bench
    bench.close()
    assert "Traceback" not in bench.log


@pytest.mark.provokes("MSG1012")
def test_a_correlation_id_of_another_form_is_refused(bench: Bench) -> None:
    """With a form set, an id that breaks it is MSG1012; one that fits, and none, are taken."""
    place = "/CommonBlock/S1/senderCorrelationID"
    answer = bench.send(bench.message(overrides={place: "CI-20260101-XYZ"}))
    assert (answer.status, answer.codes) == (400, ("MSG1012",))
    for value in ("CI-20260101-0a1b", None):
        assert bench.send(bench.message(overrides={place: value})).status == 201


@pytest.mark.provokes("MSG1036")
def test_an_always_role_that_nobody_has_is_told(bench: Bench) -> None:
    """L2: a message that goes to EES always is MSG1036 where no party is EES, and reaches the others."""
    sender, tag = bench.party("REGS"), bench.tag()
    message = bench.message("IF-044", "MarketSegmentChange", sender, (bench.party("SUP"),), tag=tag)
    assert bench.send(message, party=sender).status == 201
    result = bench.settle(tag)
    assert "MSG1036" in codes(told(result))
    assert bench.party("MDS").dip_id in {each["dip_id"] for each in result["messages"][0]["recipients"]}


@pytest.mark.provokes("MSG1037")
def test_a_message_without_an_mpan_has_nobody_to_look_up(bench: Bench) -> None:
    """L2: where the routing table has recipients looked up and the message names no MPAN, it is MSG1037."""
    sender, tag = bench.party("ISD"), bench.tag()
    message = bench.message("IF-047", "ISD", sender, (), tag=tag)
    assert bench.send(message, party=sender).status == 201
    result = bench.settle(tag)
    assert codes(told(result)) == ["MSG1037"]
    assert result["messages"][0]["recipients"] == []
