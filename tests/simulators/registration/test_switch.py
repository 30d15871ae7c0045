"""Switches told by the switching service: first registration, change of supplier, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from harness.errors import ConfigurationError
from simulators.participants.behaviours import Outgoing
from simulators.registration.items import Item
from simulators.registration.processes.switch_table import CANCELLED, CONFIRMED, PENDING, SECURED, TRANSITIONS
from simulators.registration.services import Service
from simulators.registration.switching import SwitchStage
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    OTHER_DATA,
    OTHER_METERING,
    OTHER_SUPPLIER,
    SUPPLIER,
)
from tests.simulators.registration.exchange import SMART, Exchange, midnight, outcome, request
from tests.simulators.registration.service import named

RELEASES = ["1.8.3", "2.0.1", "2.1.0", "2.2.1"]
START = midnight(9)


def pending(service: Exchange, **content: object) -> list[Outgoing]:
    """Tell a service of a switch to the other supplier."""
    told: dict[str, Any] = {
        "supplier": OTHER_SUPPLIER,
        "effective": START.isoformat(),
        "registration": "R1",
        **content,
    }
    return service.tell(PENDING, **told)


def appointed(service: Exchange, *, metering: str = OTHER_METERING, data: str = OTHER_DATA) -> None:
    """Let the gaining supplier appoint both services, and both accept."""
    for kind, provider in ((Service.METERING, metering), (Service.DATA, data)):
        asked = service.ask(
            kind,
            provider=provider,
            scenario="COS",
            supplier=OTHER_SUPPLIER,
            registration="R1",
            effective=START,
        )
        assert service.code(asked) == ""
        service.reply(kind, provider=provider, supplier=OTHER_SUPPLIER)


@pytest.mark.parametrize("release", RELEASES)
def test_a_change_of_supplier_with_both_services(release: str) -> None:
    """IF-002 at pending, IF-001 when secured, IF-036 and IF-037 at the start; valid in every release."""
    service = Exchange(SMART, release=release)
    (told,) = pending(service)
    assert (told.event, told.primary) == ("GainMPANInfo", (OTHER_SUPPLIER,))
    appointed(service)
    assert service.tell(CONFIRMED) == []
    (told,) = service.tell(SECURED)
    assert (told.event, told.primary) == ("ChangeOfSupplier", (OTHER_SUPPLIER,))
    outgoing = told.custom["B003"]
    assert isinstance(outgoing, Mapping)
    assert (outgoing["outgoingSupplierDIPID"], outgoing["supplierEffectiveToDate"]) == (
        SUPPLIER,
        START.isoformat(),
    )
    assert service.tenures("supplier") == [(SUPPLIER, START.isoformat()), (OTHER_SUPPLIER, None)]
    sent = service.reach(START)
    assert named(sent) == ["IF-036 MSAppActive", "IF-037 MSDeApp", "IF-036 DSAppActive", "IF-037 DSDeApp"]
    assert [message.primary for message in sent] == [
        (OTHER_METERING,),
        (METERING,),
        (OTHER_DATA,),
        (DATA,),
    ]
    for message in (sent[1].custom["B008"], sent[3].custom["B009"]):
        assert isinstance(message, Mapping)
        assert message["deAppointmentReasonCode"] == "CSUPP"
    assert service.tenures("metering_service") == [(METERING, START.isoformat()), (OTHER_METERING, None)]
    assert service.tenures("data_service") == [(DATA, START.isoformat()), (OTHER_DATA, None)]


def test_each_service_names_the_one_that_comes_with_it() -> None:
    """Each IF-036 of two at the same midnight names both newcomers, so that no leaver is addressed."""
    service = Exchange(SMART)
    pending(service)
    appointed(service)
    service.tell(SECURED)
    first, _, second, _ = service.reach(START)
    for message, block, name, dip_id in (
        (first, "B017", "Data", OTHER_DATA),
        (second, "B016", "Metering", OTHER_METERING),
    ):
        comes, current = message.custom[block], message.custom["B005"]
        assert isinstance(comes, Mapping)
        assert isinstance(current, Mapping)
        assert comes[f"incoming{name}ServiceDIPID"] == dip_id
        assert current[f"current{name}ServiceDIPID"] == dip_id


def test_the_losing_supplier_hears_nothing() -> None:
    """No message is addressed to the losing supplier, and its agents hear nothing of the newcomers early."""
    service = Exchange(SMART)
    pending(service)
    appointed(service)
    service.tell(SECURED)
    service.reach(START)
    assert all(SUPPLIER not in message.primary for message in service.sent)
    early = [m for m in service.sent if m.interface not in ("IF-036", "IF-037") and m.event != "IMS-SendMTD"]
    assert {METERING, DATA} & {dip_id for message in early for dip_id in message.primary} == set()


def test_agents_that_stay_are_not_de_appointed() -> None:
    """The gaining supplier keeps both agents: IF-036 with its own name, no IF-037."""
    service = Exchange(SMART)
    pending(service)
    appointed(service, metering=METERING, data=DATA)
    service.tell(SECURED)
    assert named(service.reach(START)) == ["IF-036 MSAppActive", "IF-036 DSAppActive"]


def test_a_cancelled_switch_lets_its_appointments_lapse() -> None:
    """Supplier and providers are told; the incumbents stay, and nothing happens at the supply start."""
    service = Exchange(SMART)
    pending(service)
    appointed(service)
    before = service.tenures("metering_service"), service.tenures("data_service"), service.tenures("supplier")
    sent = service.tell(CANCELLED)
    assert named(sent) == ["IF-035 MSAppLapsed", "IF-035 DSAppLapsed"]
    assert [message.primary for message in sent] == [
        (OTHER_SUPPLIER, OTHER_METERING),
        (OTHER_SUPPLIER, OTHER_DATA),
    ]
    assert service.reach(START + timedelta(days=30)) == []
    after = service.tenures("metering_service"), service.tenures("data_service"), service.tenures("supplier")
    assert after == before


def test_an_appointment_without_a_secured_switch_lapses_at_the_supply_start() -> None:
    """The switching service never secured it: the accepted appointments end."""
    service = Exchange(SMART)
    pending(service)
    appointed(service)
    assert named(service.reach(START)) == ["IF-035 MSAppLapsed", "IF-035 DSAppLapsed"]
    assert service.tenures("data_service") == [(DATA, None)]


def test_a_supplier_that_appointed_nobody_is_reminded() -> None:
    """At the supply start IF-045 tells the new supplier of each service that it has nobody for."""
    service = Exchange(SMART)
    pending(service)
    service.tell(SECURED)
    sent = service.reach(START)
    assert named(sent) == ["IF-045 NoMSAppointed", "IF-045 NoDSAppointed"]
    assert {message.primary for message in sent} == {(OTHER_SUPPLIER,)}
    assert service.reach(START + timedelta(days=1)) == []


def test_a_silent_provider_is_reminded_of_at_the_supply_start() -> None:
    """The data service never answers: lapse and reminder, once; the incumbent stays."""
    service = Exchange(SMART)
    pending(service)
    service.ask(
        provider=OTHER_METERING, scenario="COS", supplier=OTHER_SUPPLIER, registration="R1", effective=START
    )
    service.reply(provider=OTHER_METERING, supplier=OTHER_SUPPLIER)
    service.ask(
        Service.DATA,
        provider=OTHER_DATA,
        scenario="COS",
        supplier=OTHER_SUPPLIER,
        registration="R1",
        effective=START,
    )
    service.tell(SECURED)
    sent = service.reach(START)
    assert named(sent) == [
        "IF-036 MSAppActive",
        "IF-037 MSDeApp",
        "IF-035 DSAppLapsed",
        "IF-045 NoDSAppointed",
    ]
    assert service.reply(Service.DATA, provider=OTHER_DATA, supplier=OTHER_SUPPLIER) == []
    assert service.tenures("data_service") == [(DATA, None)]


def test_a_provider_that_still_has_time_at_the_supply_start_is_reminded_of_when_it_is_up() -> None:
    """A request of the day before lapses after the start, and only then the supplier is reminded of it."""
    service = Exchange(SMART)
    tomorrow = midnight(1)
    pending(service, effective=tomorrow.isoformat())
    service.tell(PENDING, supplier=SUPPLIER, effective=midnight(9).isoformat(), registration="R9")
    service.ask(
        provider=OTHER_METERING,
        scenario="COS",
        supplier=OTHER_SUPPLIER,
        registration="R1",
        effective=tomorrow,
    )
    service.tell(SECURED, registration="R1")
    asked = service.now
    assert named(service.reach(tomorrow)) == ["IF-045 NoDSAppointed"]
    sent = service.reach(asked + timedelta(hours=48))
    assert named(sent) == ["IF-035 MSAppLapsed", "IF-045 NoMSAppointed"]
    assert sent[1].primary == (OTHER_SUPPLIER,)


def test_a_request_after_the_supply_start_is_refused_and_comes_again_as_csp() -> None:
    """COS ends at the supply start (REG1033); the same wish as CSP is accepted."""
    service = Exchange(SMART)
    pending(service)
    service.tell(SECURED)
    service.reach(START + timedelta(hours=8))
    late: dict[str, Any] = {
        "provider": OTHER_METERING,
        "supplier": OTHER_SUPPLIER,
        "effective": midnight(1, service.now),
    }
    assert service.code(service.ask(scenario="COS", registration="R1", **late)) == "REG1033"
    assert service.code(service.ask(scenario="CSP", **late)) == ""


def test_a_request_that_an_outage_held_up_is_judged_by_when_the_dip_took_it() -> None:
    """Taken before the supply start and delivered after it: accepted, and active from the supply start on."""
    service = Exchange(SMART)
    pending(service)
    asked = service.now
    wanted: dict[str, Any] = {
        "scenario": "COS",
        "supplier": OTHER_SUPPLIER,
        "registration": "R1",
        "effective": START,
    }
    payload = request(provider=OTHER_METERING, **wanted).payload
    service.tell(SECURED)
    service.reach(START + timedelta(hours=30))
    sent = service.hand(dict(payload), accepted=asked)
    assert named(sent) == ["IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert service.code(sent) == ""
    sent = service.reply(provider=OTHER_METERING, supplier=OTHER_SUPPLIER)
    assert named(sent)[-2:] == ["IF-036 MSAppActive", "IF-037 MSDeApp"]
    assert service.tenures("metering_service") == [(METERING, START.isoformat()), (OTHER_METERING, None)]


def test_the_losing_suppliers_plans_end_with_the_switch() -> None:
    """Its request for the supply start or later lapses when the switch is secured; an earlier one stays."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING, effective=midnight(12))
    service.reply(provider=OTHER_METERING)
    service.ask(Service.DATA, provider=OTHER_DATA, effective=midnight(5))
    service.reply(Service.DATA, provider=OTHER_DATA)
    pending(service)
    sent = service.tell(SECURED)
    assert named(sent) == ["IF-001 ChangeOfSupplier", "IF-035 MSAppLapsed"]
    assert outcome(sent[1]) == ("L", "REG1084")
    assert named(service.reach(midnight(6))) == ["IF-036 DSAppActive", "IF-037 DSDeApp"]


def test_back_to_back_switches() -> None:
    """A second switch before the first starts: each supplier for its own time."""
    service = Exchange(SMART)
    pending(service)
    service.tell(SECURED)
    later = midnight(20).isoformat()
    service.tell(PENDING, supplier=SUPPLIER, effective=later, registration="R2")
    service.tell(SECURED, registration="R2")
    assert service.tenures("supplier") == [
        (SUPPLIER, START.isoformat()),
        (OTHER_SUPPLIER, later),
        (SUPPLIER, None),
    ]


def test_a_first_registration() -> None:
    """Nobody loses the point: no IF-002, IF-001 without an outgoing supplier, first agents without IF-037."""
    service = Exchange({"mpan": MPAN, "mp_status": "N"})
    assert pending(service, initial=True) == []
    appointed(service)
    (told,) = service.tell(SECURED)
    assert (told.event, told.primary) == ("InitialRegistration", (OTHER_SUPPLIER,))
    assert named(service.reach(START)) == ["IF-036 MSAppActive", "IF-036 DSAppActive"]
    assert service.tenures("supplier") == [(OTHER_SUPPLIER, None)]


@pytest.mark.parametrize("word", [PENDING, CONFIRMED, SECURED, CANCELLED])
def test_a_word_that_comes_twice_changes_nothing(word: str) -> None:
    """Duplicates of the switching service are without effect."""
    service = Exchange(SMART)
    pending(service)
    if word != PENDING:
        service.tell(word)
    before = service.point()
    again = pending(service) if word == PENDING else service.tell(word)
    assert again == []
    assert service.point() == before


@pytest.mark.parametrize(
    ("first", "second"), [(CANCELLED, SECURED), (SECURED, CANCELLED), (SECURED, CONFIRMED)]
)
def test_a_word_that_does_not_fit_changes_nothing(first: str, second: str) -> None:
    """A cancelled switch can't be secured, nor a secured one go back."""
    service = Exchange(SMART)
    pending(service)
    service.tell(first)
    before = service.point()
    assert service.tell(second) == []
    assert service.point() == before


def test_the_switch_is_on_record_from_when_it_was_told() -> None:
    """The register knows of the new supplier from the moment of the word on, not earlier."""
    service = Exchange(SMART)
    pending(service)
    service.tell(SECURED)
    held = service.point().at(Item.SUPPLIER, START)
    assert held.dip_id == OTHER_SUPPLIER
    known = service.point().at(Item.SUPPLIER, START, service.now - timedelta(seconds=1))
    assert known.dip_id == SUPPLIER


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "unknown point": (PENDING, {"mpan": "2400000000017"}, "not in the register"),
    "unknown field": (PENDING, {"suplier": 1}, "'supplier'"),
    "no supplier": (PENDING, {"supplier": METERING}, "role SUP"),
    "no midnight": (PENDING, {"effective": "2026-03-11T01:00:00+00:00"}, "clock midnight"),
    "unknown registration": (SECURED, {"registration": "R7"}, "'R7'"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_nonsense_is_refused(case: str) -> None:
    """What makes no sense is named, with the party that was told."""
    word, content, words = WRONG[case]
    service = Exchange(SMART)
    told: dict[str, Any] = (
        {"supplier": OTHER_SUPPLIER, "effective": START.isoformat()} if word == PENDING else {}
    )
    with pytest.raises(ConfigurationError) as caught:
        service.tell(word, **{**told, **content})
    assert words in str(caught.value)


def test_the_table_has_no_way_out_of_the_end() -> None:
    """Nothing leads out of secured or cancelled; every stage is reached."""
    assert {stage for stage, _ in TRANSITIONS} == {None, SwitchStage.PENDING, SwitchStage.CONFIRMED}
    assert {row.stage for row in TRANSITIONS.values()} == set(SwitchStage)
