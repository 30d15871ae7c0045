"""Linked exports and related secondaries follow their principal's agents at the same midnight."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.messages.identifiers import mpan
from simulators.registration.services import Service
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    OTHER_DATA,
    OTHER_METERING,
    OTHER_SUPPLIER,
    RETRIEVER,
)
from tests.simulators.registration.exchange import SMART, Exchange, midnight
from tests.simulators.registration.service import named

EXPORT = mpan("10", 456)
LINK = {"linked": {"principal": MPAN, "subsidiaries": [EXPORT]}}
RELATION = {"related": {"primary": MPAN, "secondaries": [EXPORT]}}


@pytest.mark.parametrize(("relation", "reason"), [(LINK, "IMPEXP"), (RELATION, "RELATED")])
def test_a_follower_changes_with_its_leader(relation: Mapping[str, object], reason: str) -> None:
    """One request on the leader; both points change provider at one midnight, each for its own parties."""
    follower = {**SMART, "mpan": EXPORT, "supplier": OTHER_SUPPLIER, **relation}
    service = Exchange({**SMART, **relation}, follower)
    service.ask(Service.DATA, provider=OTHER_DATA)
    service.reply(Service.DATA, provider=OTHER_DATA)
    sent = service.reach(midnight(3))
    assert named(sent) == ["IF-036 DSAppActive", "IF-037 DSDeApp", "IF-036 DSAppActive", "IF-037 DSDeApp"]
    assert [message.mpan for message in sent] == [MPAN, MPAN, EXPORT, EXPORT]
    aligned, left = sent[2].custom["B015"], sent[3].custom["B009"]
    assert isinstance(aligned, Mapping)
    assert isinstance(left, Mapping)
    assert aligned["appointmentScenario"] == "ALG"
    assert left["deAppointmentReasonCode"] == reason
    requester = sent[2].custom["B012"]
    assert isinstance(requester, Mapping)
    assert OTHER_SUPPLIER in requester.values()
    for point in (MPAN, EXPORT):
        assert service.tenures("data_service", point) == [
            (DATA, midnight(3).isoformat()),
            (OTHER_DATA, None),
        ]
        assert service.tenures("metering_service", point) == [(METERING, None)]


def test_a_follower_takes_over_both_services_of_one_midnight() -> None:
    """Where both services of the leader change together, so do both of the follower."""
    service = Exchange({**SMART, **LINK}, {**SMART, "mpan": EXPORT, **LINK})
    for kind, provider in ((Service.METERING, OTHER_METERING), (Service.DATA, OTHER_DATA)):
        service.ask(kind, provider=provider)
        service.reply(kind, provider=provider)
    service.reach(midnight(3))
    assert [dip_id for dip_id, _ in service.tenures("metering_service", EXPORT)] == [METERING, OTHER_METERING]
    assert [dip_id for dip_id, _ in service.tenures("data_service", EXPORT)] == [DATA, OTHER_DATA]


def test_a_follower_has_its_leaders_retriever() -> None:
    """The retriever that comes with the leader's data service is the follower's too, and IF-036 says so."""
    service = Exchange({**SMART, **LINK}, {**SMART, "mpan": EXPORT, **LINK})
    service.ask(
        Service.DATA,
        provider=OTHER_DATA,
        supplierNominatedMDRDIPID=RETRIEVER,
        supplierNominatedMDRMPID="MDRA",
        supplierNominatedMDREffectiveFromDate=midnight(3).isoformat(),
    )
    service.reply(Service.DATA, provider=OTHER_DATA)
    aligned = service.reach(midnight(3))[2].custom["B019"]
    assert isinstance(aligned, Mapping)
    assert aligned["assignedMDRDIPID"] == RETRIEVER
    held = service.point(EXPORT).retriever_at(midnight(3))
    assert held is not None
    assert held.dip_id == RETRIEVER


def test_a_follower_that_has_the_provider_already_stays_as_it_is() -> None:
    """Nothing is sent about a point that does not change."""
    follower = {**SMART, "mpan": EXPORT, "data_service": OTHER_DATA, **LINK}
    service = Exchange({**SMART, **LINK}, follower)
    service.ask(Service.DATA, provider=OTHER_DATA)
    service.reply(Service.DATA, provider=OTHER_DATA)
    assert {message.mpan for message in service.reach(midnight(3))} == {MPAN}


def test_a_follower_of_another_registration_service_stays() -> None:
    """An export that this service does not hold can't be aligned by it."""
    service = Exchange({**SMART, **LINK})
    service.ask(Service.DATA, provider=OTHER_DATA)
    service.reply(Service.DATA, provider=OTHER_DATA)
    assert len(service.reach(midnight(3))) == 2
