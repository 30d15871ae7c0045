"""The appointment exchange without a hub: one registration service and what reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from harness.clock import message_time
from harness.spec.routing import load_routing
from simulators.participants.behaviours import Acting, Outgoing, Publication
from simulators.registration import process
from simulators.registration.process import Registration
from simulators.registration.services import WORDS, Service
from tests.simulators.participants.publications import (
    MPAN,
    NOW,
    REGISTRATION,
    SUPPLIER,
    network,
    publication,
)

BEHAVIOUR = process.AppointmentExchange()
CODE = {Service.METERING: "MSApp", Service.DATA: "DSApp"}


def acting(dip_id: str = REGISTRATION, now: datetime = NOW) -> Acting:
    """Return who acts when."""
    return Acting(network().by_dip_id(dip_id), network(), load_routing(), now, "run/case")


def started(**point: Any) -> Registration:
    """Return a registration service with one metering point and the providers in place."""
    entry: dict[str, Any] = {"mpan": MPAN, "supplier": SUPPLIER}
    for service in Service:
        if service.value in point:
            entry[service.value] = {"dip_id": point[service.value]}
    return BEHAVIOUR.start({"points": [entry]}, acting())


def request(
    service: Service = Service.METERING,
    *,
    provider: str,
    scenario: str = "CSP",
    effective: datetime = NOW + timedelta(days=3),
    supplier: str = SUPPLIER,
    mpan: str = MPAN,
    mpid: str | None = None,
    **items: object,
) -> Publication:
    """Return PUB-031 as registration receives it."""
    words = WORDS[service]
    payload = publication("IF-031", CODE[service], sender=supplier)
    block = payload["CustomBlock"][words.proposal]
    block["appointmentScenario"] = scenario
    block[words.proposed_dip_id] = provider
    block[words.proposed_mpid] = mpid or network().by_dip_id(provider).mpid
    block[words.proposed_from] = message_time(effective)
    if service is Service.DATA:
        block.update(
            supplierNominatedMDRDIPID=None,
            supplierNominatedMDRMPID=None,
            supplierNominatedMDREffectiveFromDate=None,
        )
    block.update(items)
    payload["CustomBlock"].pop("B013", None)
    payload["CommonBlock"]["M0"]["MPANCore"] = mpan
    return as_publication(payload)


def answer(
    service: Service = Service.METERING, *, provider: str, code: str = "SP000", response: str | None = None
) -> Publication:
    """Return PUB-034 as registration receives it."""
    payload = publication("IF-034", f"{CODE[service]}SPResponse", sender=provider)
    payload["CustomBlock"]["B007"] = {
        "responseCode": response or ("A" if code == "SP000" else "R"),
        "proposedAppointmentResponseCode": f"{code} - as stated",
    }
    payload["CustomBlock"].pop("B018", None)
    return as_publication(payload)


def as_publication(payload: Mapping[str, Any], release: str = "2.1.0") -> Publication:
    """Return a publication as a behaviour gets it."""
    common = payload["CommonBlock"]
    return Publication(
        release=release,
        interface=common["S0"]["interfaceID"],
        event=common["S0"]["eventCode"].strip("[]"),
        sender=common["S1"]["senderDIPID"],
        tag="run/case",
        correlation="CI-1",
        payload=payload,
    )


def names(sent: list[Outgoing]) -> list[str]:
    """Return interface and event of what was sent, in order."""
    return [f"{message.interface} {message.event}" for message in sent]


def handed(
    state: Registration, received: Publication, now: datetime = NOW
) -> tuple[Registration, list[Outgoing]]:
    """Hand a publication to registration."""
    state, sent = BEHAVIOUR.on_publication(state, received, acting(now=now))
    return state, list(sent)


def reached(state: Registration, now: datetime) -> tuple[Registration, list[Outgoing]]:
    """Let the clock reach ``now``."""
    state, sent = BEHAVIOUR.on_time(state, acting(now=now))
    return state, list(sent)
