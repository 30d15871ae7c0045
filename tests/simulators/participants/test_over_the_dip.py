"""Participants over the simulated DIP: what they send is accepted, delivered and taken by who it concerns."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.messages.identifiers import mpan
from simulators.embedded import EmbeddedTarget
from tests.simulators.participants.test_told import TOLD, WITHOUT_MPAN

RELEASES = ("2.1.0", "2.2.1")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTarget]:
    """Return the simulators, with two releases side by side."""
    target = EmbeddedTarget(RELEASES, tmp_path_factory.mktemp("hub"))
    assert target.admin is not None
    target.admin.set_clock(NOW)
    yield target
    target.close()


class Stage:
    """A metering point of its own, everybody around it, and their behaviours."""

    def __init__(self, target: EmbeddedTarget, release: str, number: int, tag: str) -> None:
        assert target.admin is not None
        self.target, self.admin, self.release, self.tag = target, target.admin, release, tag
        self.distributor = target.network.with_role("LDSO")[0]
        self.mpan = mpan(self.distributor.distributor_id or "", 7000 + number)
        held = [self.party(role) for role in ("SUP", "LDSO", "MSS", "SDS", "MDR", "MSA", "ADS")]
        self.admin.set_addresses(
            release, [{"mpan": self.mpan, "role": party.role, "dip_id": party.dip_id} for party in held]
        )

    def party(self, role: str, number: int = 0) -> Any:
        """Return a party of a role."""
        return self.target.network.with_role(role)[number]

    def carried(self) -> set[str | None]:
        """Return the connection providers that received messages name."""
        receipts = self.admin.settle(self.tag, timeout=10)["receipts"]
        bodies = [json.loads(base64.b64decode(receipt["body_base64"])) for receipt in receipts]
        return {
            item["payload"]["CommonBlock"]["S1"]["DIPConnectionProviderID"]
            for body in bodies
            for item in body
        }

    def points(self) -> list[dict[str, Any]]:
        """Return the option ``points`` for the metering point."""
        return [
            {
                "mpan": self.mpan,
                "supplier": self.party("SUP").dip_id,
                "metering_service": self.party("MSS").dip_id,
                "data_service": self.party("SDS").dip_id,
                "retriever": self.party("MDR").dip_id,
            }
        ]

    def on(self, **behaviours: dict[str, Any]) -> Stage:
        """Switch behaviours on by role (the first party's)."""
        mapping = {self.party(role).dip_id: options for role, options in behaviours.items()}
        self.admin.set_behaviours(self.tag, mapping)
        return self

    def tell(self, dip_id: str, what: str, **content: Any) -> None:
        """Tell a party something beside the hub."""
        self.admin.tell(self.tag, dip_id, what, self.release, content)

    def settle(self) -> list[dict[str, Any]]:
        """Return every message once all is at rest; each must have been taken by each recipient."""
        settled = self.admin.settle(self.tag, timeout=20)
        assert settled["settled"], settled
        assert settled["problems"] == []
        for message in settled["messages"]:
            assert all(each["http_status"] == 201 for each in message["recipients"]), message
        return list(settled["messages"])


def sent(messages: list[dict[str, Any]]) -> list[str]:
    """Return interface and event of messages, in order of acceptance."""
    return [f"{message['interface']} {message['event']}" for message in messages]


TO_THE_DIP = "request-replay"
"""IF-015 is for the DIP itself, which has no webhook."""
CASES = sorted(
    (release, *case) for release in RELEASES for case in (*TOLD, *WITHOUT_MPAN) if case[2] != TO_THE_DIP
)


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_what_a_party_is_told_to_do_reaches_who_it_concerns(
    target: EmbeddedTarget, case: tuple[str, str, str, str]
) -> None:
    """The DIP accepts every message of every word, and its recipients take it."""
    release, name, dip_id, word = case
    stage = Stage(target, release, CASES.index(case), f"{release}/{name}/{word}")
    party = target.network.by_dip_id(dip_id)
    table = TOLD if (name, dip_id, word) in TOLD else WITHOUT_MPAN
    content, wanted = table[name, dip_id, word]
    content = {key: value for key, value in content.items() if key != "subsidiaries"}
    if table is TOLD:
        content["mpan"] = stage.mpan
        if (name, word) == ("unmetered-data-service", "consumption"):
            content["all"] = "true"
        if word == "relate":
            content["subsidiaries"] = [mpan(stage.distributor.distributor_id or "", 6999)]
    stage.admin.set_behaviours(stage.tag, {party.dip_id: {"name": name, "points": stage.points()}})
    stage.tell(dip_id, word, **content)
    assert sorted(sent(stage.settle())) == sorted(wanted)


def test_a_party_behind_a_connection_provider_acts_like_any_other(target: EmbeddedTarget) -> None:
    """Supplier B nominates a provider: what it is told to send is accepted."""
    stage = Stage(target, "2.1.0", 900, "provider")
    supplier = stage.party("SUP", 1)
    assert supplier.connection_provider is not None
    stage.admin.set_behaviours(stage.tag, {supplier.dip_id: {"name": "supplier"}})
    stage.tell(
        supplier.dip_id, "appoint", mpan=stage.mpan, service="data_service",
        provider=stage.party("SDS").dip_id, effective="2026-03-05",
    )  # fmt: skip
    assert sent(stage.settle()) == ["IF-031 DSApp"]


def test_a_party_may_use_its_providers_own_certificates(tmp_path: Path) -> None:
    """What a party sends with the certificates of its provider names the provider, and is accepted."""
    network = EmbeddedTarget.prepare(tmp_path)
    served = next(party for party in network.parties if party.connection_provider and party.role == "SUP")
    provider = network.by_dip_id(served.connection_provider or "")
    file = next(tmp_path.rglob("network.toml"))
    text = file.read_text(encoding="utf-8")
    for place, own, its in (("tls", served.tls, provider.tls), ("signing", served.signing, provider.signing)):
        text = text.replace(f'  {place} = "{own}"', f'  {place} = "{its}"')
    file.write_text(text, encoding="utf-8")
    target = EmbeddedTarget(["2.1.0"], tmp_path)
    try:
        stage = Stage(target, "2.1.0", 902, "carried")
        supplier = stage.party("SUP", 1)
        assert (supplier.tls, supplier.signing) == (provider.tls, provider.signing)
        stage.admin.set_behaviours(stage.tag, {supplier.dip_id: {"name": "supplier"}})
        stage.tell(
            supplier.dip_id, "appoint", mpan=stage.mpan, service="data_service",
            provider=stage.party("SDS").dip_id, effective="2026-03-05",
        )  # fmt: skip
        assert sent(stage.settle()) == ["IF-031 DSApp"]
        assert stage.carried() == {provider.dip_id}
    finally:
        target.close()


@pytest.mark.parametrize("release", RELEASES)
def test_consumption_runs_from_data_service_to_settlement(target: EmbeddedTarget, release: str) -> None:
    """A good day is held, a bad one refused to the data service and the supplier, a missing one defaulted."""
    stage = Stage(target, release, 901 + RELEASES.index(release), f"{release}/settlement")
    known = stage.points()
    stage.on(
        SDS={"name": "data-service", "points": known},
        MDS={"name": "market-data-service", "points": known, "timetable": "new"},
        SUP={"name": "supplier"},
    )
    service, settlement = stage.party("SDS").dip_id, stage.party("MDS").dip_id
    stage.tell(service, "consumption", mpan=stage.mpan, day="2026-01-05")
    bad = {"B900.settlementDayConsumptionPeriods.0.consumptionPeriods.3.v": "-1.000"}
    stage.tell(service, "consumption", mpan=stage.mpan, day="2026-01-06", set=bad)
    stage.settle()
    stage.tell(settlement, "run", run="SF", day="2026-01-06", mpan=stage.mpan)
    messages = stage.settle()
    assert sent(messages) == [
        "IF-021 ActivePower",
        "IF-021 ActivePower",
        "IF-014 ActivePowerRejected",
        "IF-013 ActivePowerDefaulted",
    ]
    assert {each["role"] for each in messages[2]["recipients"]} == {"SDS", "SUP"}
    assert {"SDS", "SUP"} <= {each["role"] for each in messages[3]["recipients"]}
    found = stage.admin.register(settlement, stage.mpan)
    assert list(found["consumption"]) == ["2026-01-05"]
    assert found["runs"]["2026-01-06"]["SF"]["defaulted"] == 48
    heard = stage.admin.register(stage.party("SUP").dip_id, stage.mpan)["heard"]
    assert heard == {
        "IF-021/ActivePower": 2,
        "IF-014/ActivePowerRejected": 1,
        "IF-013/ActivePowerDefaulted": 1,
    }


def test_a_late_answer_comes_with_the_clock_and_a_seeded_fault_shows(target: EmbeddedTarget) -> None:
    """The tag settles without the answer; what a fault changed is listed among the faults applied."""
    stage = Stage(target, "2.1.0", 950, "late")
    service, retriever = stage.party("SDS").dip_id, stage.party("MDR").dip_id
    late = {"answers": {"IF-061": {"after": "3600", "times": "2"}}, "seeded": "retrieved-for-another"}
    stage.on(SDS={"name": "data-service"}, MDR={"name": "retriever", **late})
    stage.tell(service, "start-retrieval", mpan=stage.mpan, retriever=retriever)
    assert sent(stage.settle()) == ["IF-061 MDRStart"]
    stage.admin.advance(3600)
    stage.tell(retriever, "consumption", mpan=stage.mpan, day="2026-03-01")
    messages = stage.settle()
    assert sorted(sent(messages)[1:]) == ["IF-062 MDRStartResponse"] * 2 + ["IF-064 MDRConsumption"]
    (delivered,) = (message for message in messages if message["interface"] == "IF-064")
    assert service not in {each["dip_id"] for each in delivered["recipients"]}
    (applied,) = stage.admin.applied_faults(tag=stage.tag)
    assert (applied["fault"], applied["party"]) == ("retrieved-for-another", retriever)
