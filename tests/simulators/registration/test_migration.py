"""Migration: forward by the current or a gaining supplier, in one or two steps, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simulators.registration.items import LEGACY, MHHS, REVERSE_MIGRATED, Item
from simulators.registration.services import Service
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    OTHER_SUPPLIER,
    SUPPLIER,
)
from tests.simulators.registration.exchange import SMART, Exchange, midnight
from tests.simulators.registration.service import named

RELEASES = ["1.8.3", "2.0.1", "2.1.0", "2.2.1"]
START = midnight(14)
UNMIGRATED: dict[str, Any] = {
    "mpan": MPAN,
    "supplier": SUPPLIER,
    "regime": LEGACY,
    "market_segment": "S",
    "connection_type": "W",
    "metering_service": {"mpid": "MOPA"},
    "data_service": {"mpid": "DCAA"},
}
PROVIDERS = {Service.METERING: METERING, Service.DATA: DATA}


def migrate(service: Exchange, kind: Service, scenario: str = "MCA", **wanted: Any) -> None:
    """Ask a service's provider for a migration, and let him accept."""
    provider = PROVIDERS[kind]
    wanted = {"effective": START, "supplier": SUPPLIER, **wanted}
    assert service.code(service.ask(kind, provider=provider, scenario=scenario, **wanted)) == ""
    service.reply(kind, provider=provider, supplier=wanted["supplier"])


@pytest.mark.parametrize("release", RELEASES)
def test_the_current_supplier_migrates_a_point(release: str) -> None:
    """Both services come by MCA: IF-036 for each, no IF-037 to anybody, and the new regime from the date."""
    service = Exchange(UNMIGRATED, release=release)
    for kind in Service:
        migrate(service, kind)
    point = service.point()
    assert point.migrating
    assert point.regime_at(START) == LEGACY
    sent = service.reach(START)
    assert named(sent) == ["IF-036 MSAppActive", "IF-036 DSAppActive"]
    appointed = sent[0].custom["B014"]
    assert isinstance(appointed, Mapping)
    assert appointed["appointmentScenario"] == "MCA"
    point = service.point()
    assert (point.regime_at(midnight(13)), point.regime_at(START)) == (LEGACY, MHHS)
    assert not point.migrating


def test_one_agent_later() -> None:
    """A point has migrated when the second agent is there; until then its migration is under way."""
    service = Exchange(UNMIGRATED)
    migrate(service, Service.METERING)
    service.reach(START)
    assert (service.point().regime_at(START), service.point().migrating) == (LEGACY, True)
    migrate(service, Service.DATA, effective=midnight(20))
    service.reach(midnight(20))
    assert (service.point().regime_at(midnight(20)), service.point().migrating) == (MHHS, False)


def test_a_second_request_to_migrate_takes_the_place_of_the_first() -> None:
    """A service migrates once: a request for a later date lets go of the earlier one too."""
    service = Exchange(UNMIGRATED)
    migrate(service, Service.METERING)
    sent = service.ask(provider=METERING, scenario="MCA", effective=midnight(20))
    assert named(sent) == ["IF-035 MSAppLapsed", "IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert service.reach(START) == []


def test_an_agent_that_refuses_leaves_the_point_as_it_was() -> None:
    """Nobody migrates without both agents."""
    service = Exchange(UNMIGRATED)
    service.ask(provider=METERING, scenario="MCA", effective=START)
    service.reply(provider=METERING, code="SP004")
    service.reach(START)
    assert service.point().regime_at(START) == LEGACY
    assert not service.point().migrating


def switched(service: Exchange, supplier: str, days: int, registration: str, **content: Any) -> list[Any]:
    """Tell of a switch and that it is secured; return what was sent at the second word."""
    effective = midnight(days).isoformat()
    service.tell(
        "switch-pending", supplier=supplier, effective=effective, registration=registration, **content
    )
    return service.tell("switch-secured-active", registration=registration)


def test_a_gaining_supplier_migrates_a_point() -> None:
    """MCS with the switch: IF-002, the appointments, IF-001, IF-036 without IF-037."""
    service = Exchange(UNMIGRATED)
    content = {"supplier": OTHER_SUPPLIER, "effective": START.isoformat(), "registration": "R1"}
    assert named(service.tell("switch-pending", **content)) == ["IF-002 GainMPANInfo"]
    for kind in Service:
        migrate(service, kind, "MCS", supplier=OTHER_SUPPLIER, registration="R1")
    assert named(service.tell("switch-secured-active")) == ["IF-001 ChangeOfSupplier"]
    assert named(service.reach(START)) == ["IF-036 MSAppActive", "IF-036 DSAppActive"]
    assert service.point().regime_at(START) == MHHS
    assert service.tenures("supplier")[-1] == (OTHER_SUPPLIER, None)


def test_a_switch_among_legacy_suppliers_is_none_of_ours() -> None:
    """A point that stays unmigrated changes its supplier without a message of the new arrangements."""
    service = Exchange(UNMIGRATED)
    assert switched(service, OTHER_SUPPLIER, 14, "R1") == []
    assert service.reach(START) == []


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("operator", "collector"), [("MOPA", "DCAA"), ("MOPA", ""), ("", "")], ids=["named", "partly", "unnamed"]
)
def test_a_legacy_supplier_gains_a_migrated_point(release: str, operator: str, collector: str) -> None:
    """IF-003 to all concerned, incoming agents where known; neither IF-036 nor IF-037, then or later."""
    service = Exchange(SMART, release=release)
    sent = switched(service, OTHER_SUPPLIER, 14, "R1", legacy=True, operator=operator, collector=collector)
    assert named(sent) == ["IF-003 ReverseMigNotification", "IF-003 MSDeAppRM", "IF-003 DSDeAppRM"]
    assert [message.primary for message in sent] == [(), (METERING,), (DATA,)]
    assert sent[0].custom["B094"] == {"MHHSRegimeEndDate": START.isoformat()}
    assert (sent[1].custom["B095"] is not None, sent[2].custom["B096"] is not None) == (
        bool(operator),
        bool(collector),
    )
    ended = sent[1].custom["B008"]
    assert isinstance(ended, Mapping)
    assert ended["meteringServiceEffectiveToDate"] == START.isoformat()
    assert service.reach(midnight(40)) == []
    point = service.point()
    assert point.regime_at(START) == REVERSE_MIGRATED
    held = point.provider_at(Service.METERING, START)
    assert (held.mpid if held else "") == operator


def test_plans_end_with_a_reverse_migration() -> None:
    """What was under way for its date or later lapses."""
    service = Exchange(SMART)
    service.ask(provider="1200000003", effective=midnight(20))
    sent = switched(service, OTHER_SUPPLIER, 14, "R1", legacy=True)
    assert named(sent)[-1] == "IF-035 MSAppLapsed"


def test_a_point_migrates_again() -> None:
    """After a reverse migration the supplier migrates it by MCA, when it is ready to."""
    service = Exchange(SMART)
    switched(service, OTHER_SUPPLIER, 14, "R1", legacy=True)
    service.reach(midnight(30))
    for kind in Service:
        migrate(service, kind, supplier=OTHER_SUPPLIER, effective=midnight(40))
    sent = service.reach(midnight(40))
    assert named(sent) == ["IF-036 MSAppActive", "IF-036 DSAppActive"]
    spans = [(span.value, span.since) for span in service.point().history(Item.REGIME).spans()]
    assert spans == [(REVERSE_MIGRATED, START), (MHHS, midnight(40))]


def test_a_migration_is_asked_for_again_for_a_later_date() -> None:
    """The first request lapses, for a service migrates once; the point migrates on the second date."""
    service = Exchange(UNMIGRATED)
    for kind in Service:
        migrate(service, kind)
    for kind in Service:
        migrate(service, kind, effective=midnight(20))
    assert service.reach(START) == []
    assert named(service.reach(midnight(20))) == ["IF-036 MSAppActive", "IF-036 DSAppActive"]
