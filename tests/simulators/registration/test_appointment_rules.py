"""Every REG code of the appointment exchange: the request that gets it, and the nearest one that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from harness.clock import message_time
from harness.transport.network import Network, Organisation
from simulators.registration.processes.appointment import ANSWER_RULES
from simulators.registration.processes.appointment_rules import RULES
from simulators.registration.services import Service
from tests.simulators.participants.publications import (
    DATA,
    DISTRIBUTOR,
    METERING,
    MPAN,
    NOW,
    OTHER_DATA,
    OTHER_METERING,
    OTHER_SUPPLIER,
    RETRIEVER,
    SUPPLIER,
    network,
)
from tests.simulators.registration.exchange import SMART, Exchange, midnight, outcome

ADVANCED_METERING, ADVANCED_DATA, UNMETERED_METERING = "1200000002", "1400000002", "1300000001"
OTHER_MPAN = "2400000000017"
SECOND_MPAN = "1000000000155"
Prepare = Callable[[Exchange], Any]
LEGACY: dict[str, Any] = {
    "mpan": MPAN, "supplier": SUPPLIER, "regime": "legacy", "market_segment": "S", "connection_type": "W",
}  # fmt: skip
ELSEWHERE = "2500000002"
METER = {"serial": "M1", "kind": "S2A", "installed": "2025-06-01T00:00:00+00:00"}
NAMED = {"supplierNominatedMDRDIPID": RETRIEVER, "supplierNominatedMDRMPID": "MDRA"}


def pending(supplier: str = OTHER_SUPPLIER, days: int = 3) -> Prepare:
    """Return what tells a service of a switch to a supplier."""
    return lambda service: service.tell(
        "switch-pending", supplier=supplier, effective=midnight(days).isoformat(), registration="R1"
    )


def nothing(_: Exchange) -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Broken:
    """A request that a rule refuses, and what makes it a good one."""

    wanted: dict[str, Any]
    mended: dict[str, Any] = field(default_factory=dict)
    point: dict[str, Any] = field(default_factory=lambda: dict(SMART))
    mended_point: dict[str, Any] = field(default_factory=dict)
    prepare: Prepare = nothing
    mended_prepare: Prepare | None = None
    options: dict[str, Any] = field(default_factory=dict)


COS: dict[str, Any] = {
    "provider": OTHER_METERING,
    "scenario": "COS",
    "supplier": OTHER_SUPPLIER,
    "registration": "R1",
}
DS: dict[str, Any] = {"service": Service.DATA, "provider": OTHER_DATA}
REFUSED: dict[str, Broken] = {
    "REG0000": Broken({"provider": OTHER_METERING, "mpan": OTHER_MPAN}, {"mpan": MPAN}),
    "REG0005": Broken({**COS, "registration": "R2"}, {"registration": "R1"}, prepare=pending()),
    "REG0006": Broken(COS, prepare=pending(SUPPLIER), mended_prepare=pending()),
    "REG1025": Broken({"provider": OTHER_METERING, "scenario": "USP"}, {"provider": METERING}),
    "REG1026": Broken({"provider": METERING}, {"provider": OTHER_METERING}),
    "REG1030": Broken(
        {"provider": UNMETERED_METERING},
        point={**SMART, "market_segment": "U", "distributor": ELSEWHERE, "metering_service": None},
        mended_point={"distributor": DISTRIBUTOR},
    ),
    "REG1031": Broken({"provider": ADVANCED_METERING}, {"provider": OTHER_METERING}),
    "REG1032": Broken(
        {"provider": OTHER_METERING, "effective": midnight(3) + timedelta(hours=1)},
        {"effective": midnight(3)},
    ),
    "REG1033": Broken({"provider": OTHER_METERING, "supplier": OTHER_SUPPLIER}, {"supplier": SUPPLIER}),
    "REG1034": Broken(
        {**COS, "effective": midnight(-1)}, {"effective": midnight(3)}, prepare=pending()
    ),
    "REG1035": Broken(
        {**DS, "provider": ADVANCED_DATA, "scenario": "SEG", "supplierProposedConsentGranularity": "D"},
        {"supplierProposedConsentGranularity": "H"},
    ),
    "REG1036": Broken(
        {**DS, **NAMED, "supplierNominatedMDREffectiveFromDate": "2024-12-01T00:00:00+00:00"},
        {"supplierNominatedMDREffectiveFromDate": message_time(midnight(3))},
    ),
    "REG1038": Broken(
        {"provider": OTHER_METERING},
        point={**SMART, "linked": {"principal": SECOND_MPAN, "subsidiaries": [MPAN]}},
        mended_point={"linked": {"principal": MPAN, "subsidiaries": [SECOND_MPAN]}},
    ),
    "REG1039": Broken(
        {"provider": OTHER_METERING},
        point={**SMART, "related": {"primary": SECOND_MPAN, "secondaries": [MPAN]}},
        mended_point={"related": {"primary": MPAN, "secondaries": [SECOND_MPAN]}},
    ),
    "REG1088": Broken(
        {**DS, **NAMED, "supplierNominatedMDREffectiveFromDate": None},
        {"supplierNominatedMDREffectiveFromDate": message_time(midnight(3))},
    ),
    "REG1090": Broken({"provider": OTHER_METERING, "mpid": "MSSA"}, {"mpid": "MSSB"}),
    "REG1091": Broken({**DS, "mpid": "SDSA"}, {"mpid": "SDSB"}),
    "REG1092": Broken(
        {
            **DS,
            **NAMED,
            "supplierNominatedMDRMPID": "ZZZZ",
            "supplierNominatedMDREffectiveFromDate": message_time(midnight(3)),
        },
        {"supplierNominatedMDRMPID": "MDRA"},
    ),
    "REG1095": Broken(
        {"provider": ADVANCED_METERING, "scenario": "SEG"},
        point={**SMART, "metering_service": ADVANCED_METERING},
        mended_point={"metering_service": METERING},
    ),
    "REG1099": Broken({"provider": OTHER_METERING, "effective": midnight(29)}, {"effective": midnight(28)}),
    "REG9004": Broken(
        {"provider": METERING, "scenario": "MCA"},
        point=LEGACY,
        prepare=pending(),
        mended_prepare=pending(SUPPLIER),
    ),
    "REG9005": Broken(
        {"provider": METERING, "scenario": "MCA", "supplier": OTHER_SUPPLIER},
        {"supplier": SUPPLIER},
        point=LEGACY,
    ),
    "REG9006": Broken(
        {"provider": METERING, "scenario": "MCS", "supplier": SUPPLIER, "registration": "R1"},
        {"supplier": OTHER_SUPPLIER},
        point=LEGACY,
        prepare=pending(),
    ),
    "REG9007": Broken(
        {"provider": METERING, "scenario": "MCA"},
        point={**SMART, "metering_service": None},
        mended_point={"regime": "legacy"},
    ),
    "REG9008": Broken(
        {"provider": METERING, "scenario": "MCA", "supplier": OTHER_SUPPLIER},
        {"supplier": SUPPLIER},
        point=LEGACY,
        options={"unqualified": [OTHER_SUPPLIER]},
    ),
    "REG9009": Broken({"provider": METERING}, {"scenario": "MCA"}, point=LEGACY),
    "REG9011": Broken(
        {"provider": METERING, "scenario": "MCA"},
        point=LEGACY | {"meters": [METER]},
        mended_point={"meters": [{**METER, "esme": "00-11-22-33-44-55-66-77"}]},
    ),
}  # fmt: skip


def with_another_distributor() -> Network:
    """Return the tests' network and a distributor of another organisation."""
    party = replace(network().by_dip_id(DISTRIBUTOR), dip_id=ELSEWHERE, mpid="LDSB")
    there = replace(party, organisation="Another", distributor_id="24")
    return Network((*network().organisations, Organisation("Another", (there,))), network().certificates)


def asked(broken: Broken, *, mended: bool) -> tuple[Exchange, list[Any]]:
    """Hand over the request of a rule's case, as it is or mended."""
    point = broken.point | (broken.mended_point if mended else {})
    entry = {name: value for name, value in point.items() if value is not None}
    service = Exchange(entry, among=with_another_distributor(), **broken.options)
    prepare = broken.mended_prepare if mended and broken.mended_prepare else broken.prepare
    prepare(service)
    return service, service.ask(**broken.wanted | (broken.mended if mended else {}))


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_broken_rule_refuses_the_request(code: str) -> None:
    """The supplier is told the code in IF-032, nobody else hears of it, and nothing comes of it."""
    service, sent = asked(REFUSED[code], mended=False)
    assert service.code(sent) == code
    assert len(sent) == 1
    held = service.tenures("metering_service"), service.tenures("data_service")
    service.reach(NOW + timedelta(days=60))
    assert (service.tenures("metering_service"), service.tenures("data_service")) == held


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_the_same_request_without_the_mistake_is_accepted(code: str) -> None:
    """Only what the rule names decides: mended, the request goes to the provider."""
    service, sent = asked(REFUSED[code], mended=True)
    assert service.code(sent) == ""
    assert sent[-1].interface == "IF-033"


def test_every_rule_has_a_case() -> None:
    """No rule is without a test."""
    assert [rule.code for rule in RULES if rule.code not in REFUSED] == []
    assert all(rule.reason for rule in RULES)
    assert all(rule.reason for rule in ANSWER_RULES)


@pytest.mark.parametrize(("mpid", "code"), [("SUPL", "REG9008"), ("ZZZZ", ""), ("SUPA", "")])
def test_who_is_qualified_is_in_the_standing_data(mpid: str, code: str) -> None:
    """A supplier of the sample is qualified or not as it says; of one that is not in it, it says nothing."""
    parties = [
        replace(party, mpid=mpid) if party.dip_id == SUPPLIER else party for party in network().parties
    ]
    among = Network((Organisation("All", tuple(parties)),), network().certificates)
    service = Exchange(LEGACY, among=among)
    assert service.code(service.ask(provider=METERING, scenario="MCA")) == code


def test_a_missing_connection_type_bars_migration() -> None:
    """That there is no connection type is on record: REG9011."""
    service = Exchange({**LEGACY, "connection_type": "none"})
    assert service.code(service.ask(provider=METERING, scenario="MCA")) == "REG9011"


@pytest.mark.parametrize(("days", "code"), [(-1, "REG1032"), (0, "REG1032"), (1, "")])
def test_a_successor_begins_after_the_provider_in_place(days: int, code: str) -> None:
    """On the first day of the provider in place, or before it, nobody can follow him."""
    began = {"dip_id": METERING, "from": message_time(midnight(0))}
    service = Exchange({**SMART, "metering_service": began})
    sent = service.ask(provider=OTHER_METERING, effective=midnight(days))
    assert service.code(sent) == code


@pytest.mark.parametrize(("days", "code"), [(2, "REG1032"), (3, ""), (4, "REG1032")])
def test_a_change_of_supplier_has_the_supply_start_as_its_date(days: int, code: str) -> None:
    """Any other midnight is refused."""
    service = Exchange(SMART)
    pending()(service)
    assert service.code(service.ask(**{**COS, "effective": midnight(days)})) == code


def test_a_date_that_is_none_is_refused() -> None:
    """The thirtieth of February gets REG1032."""
    service = Exchange(SMART)
    sent = service.ask(
        provider=OTHER_METERING, proposedMeteringServiceDIPEffectiveFromDate="2026-02-30T00:00:00+00:00"
    )
    assert service.code(sent) == "REG1032"


@pytest.mark.parametrize(
    ("setting", "written", "code"),
    [
        ("utc", "2026-06-30T23:00:00+00:00", ""),
        ("utc", "2026-07-01T00:00:00+01:00", "REG1032"),
        ("local", "2026-07-01T00:00:00+01:00", ""),
        ("local", "2026-06-30T23:00:00+00:00", "REG1032"),
        ("either", "2026-07-01T00:00:00+01:00", ""),
        ("either", "2026-06-30T23:00:00+00:00", ""),
        ("either", "2026-07-01T00:00:00+00:00", "REG1032"),
    ],
)
def test_clock_midnight_is_written_as_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, setting: str, written: str, code: str
) -> None:
    """In summer a clock midnight is 23:00 UTC; which offset it is written with is a setting."""
    own = tmp_path / "settings.yaml"
    own.write_text(f"registration.midnight_offset: {setting}\n", encoding="utf-8")
    monkeypatch.setenv("DIP_SETTINGS", str(own))
    service = Exchange(SMART)
    service.now += timedelta(days=110)
    sent = service.ask(provider=OTHER_METERING, proposedMeteringServiceDIPEffectiveFromDate=written)
    assert service.code(sent) == code


@pytest.mark.parametrize(("days", "code"), [(2, "REG1036"), (3, "")])
def test_a_gaining_suppliers_retriever_begins_with_its_supply(days: int, code: str) -> None:
    """At a change of supplier the supplier's ownership begins at the supply start."""
    service = Exchange(SMART)
    pending()(service)
    start = message_time(midnight(days))
    wanted = {**COS, **DS, **NAMED, "supplierNominatedMDREffectiveFromDate": start}
    assert service.code(service.ask(**wanted)) == code


def test_a_provider_of_the_wrong_kind_is_refused() -> None:
    """A data service proposed as metering service does not match, whatever its MPID."""
    service = Exchange(SMART)
    assert service.code(service.ask(provider=DATA)) == "REG1090"


def test_a_change_of_segment_names_a_provider_of_another_segment() -> None:
    """With SEG a provider of the present segment gets REG1031, one of another is asked."""
    service = Exchange(SMART)
    assert service.code(service.ask(provider=OTHER_METERING, scenario="SEG")) == "REG1031"
    assert service.code(service.ask(provider=ADVANCED_METERING, scenario="SEG")) == ""


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"code": "SP777", "response": "A"}, "REG1094"),
        ({"code": "REG0000", "response": "A"}, "REG1094"),
        ({"code": "nothing", "response": "R"}, "REG1094"),
        ({"code": "SP004", "response": "A"}, "REG1094"),
        ({"code": "SP000", "response": "R"}, "REG1094"),
        ({"supplier": OTHER_SUPPLIER}, "REG1084"),
        (
            {
                "retriever": {
                    "SDSNominatedMDRDIPID": RETRIEVER,
                    "SDSNominatedMDRMPID": "ZZZZ",
                    "SDSNominatedMDRRequestedEffectiveFromDate": "2026-03-05T00:00:00+00:00",
                }
            },
            "REG1093",
        ),
    ],
)
def test_an_answer_against_the_rules_ends_the_appointment(given: dict[str, Any], code: str) -> None:
    """IF-035 rejected carries the code to supplier and provider, and the provider can't become active."""
    service = Exchange(SMART)
    service.ask(**DS)
    sent = service.reply(Service.DATA, provider=OTHER_DATA, **given)
    assert [message.event for message in sent] == ["DSAppRejected"]
    assert outcome(sent[0]) == ("R", code)
    assert sent[0].primary == (SUPPLIER, OTHER_DATA)
    assert service.reach(midnight(4)) == []
