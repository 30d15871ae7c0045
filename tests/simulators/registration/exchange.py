"""Appointment requests and answers as registration receives them, and a service that is handed them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from harness.calendars.local_time import clock_midnight, local_date
from harness.clock import message_time
from harness.spec.routing import load_routing
from simulators.participants.behaviours import Acting, Outgoing, Publication
from simulators.registration.services import WORDS, Service
from simulators.registration.showing import shown
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    REGISTRATION,
    SUPPLIER,
    network,
    publication,
)
from tests.simulators.registration.service import Service as Registrar

EVENT = {Service.METERING: "MSApp", Service.DATA: "DSApp"}
SMART: Mapping[str, Any] = {
    "mpan": MPAN,
    "supplier": SUPPLIER,
    "metering_service": METERING,
    "data_service": DATA,
    "market_segment": "S",
    "connection_type": "W",
}
"""A metering point with everybody in place."""


def midnight(days: int, since: datetime = NOW) -> datetime:
    """Return the clock midnight ``days`` after the day of ``since``."""
    return clock_midnight(local_date(since) + timedelta(days=days))


def of_day(text: str) -> datetime:
    """Return the clock midnight that begins a day, written ``2026-03-29``."""
    return clock_midnight(date.fromisoformat(text))


def acting(dip_id: str = REGISTRATION, now: datetime = NOW) -> Acting:
    """Return who acts when."""
    return Acting(network().by_dip_id(dip_id), network(), load_routing(), now, "run/case")


def request(
    service: Service = Service.METERING,
    *,
    provider: str,
    scenario: str = "CSP",
    effective: datetime | None = None,
    supplier: str = SUPPLIER,
    mpan: str = MPAN,
    mpid: str | None = None,
    registration: str | None = None,
    release: str = "2.1.0",
    **items: object,
) -> Publication:
    """Return PUB-031 as registration receives it; ``items`` set fields of B070 or B071."""
    words = WORDS[service]
    payload = publication("IF-031", EVENT[service], sender=supplier, name=release)
    block = payload["CustomBlock"][words.proposal]
    block["appointmentScenario"] = scenario
    block[words.proposed_dip_id] = provider
    block[words.proposed_mpid] = mpid or network().by_dip_id(provider).mpid
    block[words.proposed_from] = message_time(effective or midnight(3))
    if service is Service.DATA:
        block.update(
            supplierNominatedMDRDIPID=None,
            supplierNominatedMDRMPID=None,
            supplierNominatedMDREffectiveFromDate=None,
            supplierProposedConsentGranularity="H",
        )
    block.update(items)
    payload["CustomBlock"].pop("B013", None)
    if registration:
        payload["CustomBlock"]["B013"] = {"CSSRegistrationID": registration}
    payload["CommonBlock"]["M0"]["MPANCore"] = mpan
    return as_publication(payload, release)


def answer(
    service: Service = Service.METERING,
    *,
    provider: str,
    code: str = "SP000",
    response: str | None = None,
    supplier: str = SUPPLIER,
    mpan: str = MPAN,
    retriever: Mapping[str, Any] | None = None,
    release: str = "2.1.0",
) -> Publication:
    """Return PUB-034 as registration receives it."""
    payload = publication("IF-034", f"{EVENT[service]}SPResponse", sender=provider, name=release)
    payload["CustomBlock"]["B007"] = {
        "responseCode": response or ("A" if code == "SP000" else "R"),
        "proposedAppointmentResponseCode": f"{code} - as stated",
    }
    payload["CustomBlock"]["B012"] = {
        "serviceProviderAppointmentRequestingSupplierDIPID": supplier,
        "serviceProviderAppointmentRequestingSupplierMPID": network().by_dip_id(supplier).mpid,
    }
    payload["CustomBlock"].pop("B018", None)
    if retriever:
        payload["CustomBlock"]["B018"] = dict(retriever)
    payload["CommonBlock"]["M0"]["MPANCore"] = mpan
    return as_publication(payload, release)


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


class Exchange(Registrar):
    """A registration service that suppliers ask and providers answer."""

    def ask(self, service: Service = Service.METERING, **wanted: Any) -> list[Outgoing]:
        """Hand over a supplier's request (see `request`); by default for the third midnight from now."""
        wanted.setdefault("effective", midnight(3, self.now))
        return self.hand(dict(request(service, release=self.release, **wanted).payload))

    def reply(self, service: Service = Service.METERING, **given: Any) -> list[Outgoing]:
        """Hand over a provider's answer (see `answer`)."""
        return self.hand(dict(answer(service, release=self.release, **given).payload))

    def code(self, sent: list[Outgoing]) -> str:
        """Return the code with which a single IF-032 refuses, empty where it accepts."""
        found = [message for message in sent if message.interface == "IF-032"]
        assert len(found) == 1, sent
        texts = found[0].common["R0"]["responseMessages"]
        return str(texts[0]).partition(" ")[0] if texts else ""

    def tenures(self, item: str, mpan: str = MPAN) -> list[tuple[str, str | None]]:
        """Return DIP id and end of everybody who had an item, earliest first."""
        return [(each["dip_id"], each["to"]) for each in shown(self.point(mpan))[item]]


def outcome(message: Outgoing) -> tuple[str, str]:
    """Return the response code and the code of B007."""
    block = message.custom["B007"]
    assert isinstance(block, Mapping)
    return block["responseCode"], str(block["proposedAppointmentResponseCode"] or "").partition(" ")[0]
