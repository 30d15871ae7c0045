"""What holds whatever order requests, answers, switches and dates come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from harness.clock import message_time
from harness.messages.identifiers import mpan
from simulators.participants.behaviours import Outgoing
from simulators.registration.items import Item
from simulators.registration.point import ITEM_OF
from simulators.registration.request import Stage
from simulators.registration.services import WORDS, Service
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    OTHER_DATA,
    OTHER_METERING,
    OTHER_SUPPLIER,
    SUPPLIER,
)
from tests.simulators.registration.exchange import SMART, Exchange, answer, midnight, request

EXPORT = mpan("10", 456)
LINK = {"linked": {"principal": MPAN, "subsidiaries": [EXPORT]}}
PROVIDERS = {Service.METERING: (METERING, OTHER_METERING), Service.DATA: (DATA, OTHER_DATA)}
ADVANCED = {Service.METERING: "1200000002", Service.DATA: "1400000002"}
services = st.sampled_from(list(Service))
suppliers = st.sampled_from([SUPPLIER, OTHER_SUPPLIER])
registrations = st.sampled_from(["R1", "R2", "R3"])


class Registration(RuleBasedStateMachine):
    """Suppliers ask, providers answer, switches come and go, days pass; every message comes twice."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.told: list[tuple[datetime, Outgoing]] = []

    @initialize(regime=st.sampled_from(["mhhs", "legacy"]))
    def begin(self, regime: str) -> None:
        """Two linked points, migrated or not."""
        agents = (
            {}
            if regime == "mhhs"
            else {"metering_service": {"mpid": "MOPA"}, "data_service": {"mpid": "DCAA"}}
        )
        own = {**SMART, **LINK, "regime": regime, **agents}
        self.service = Exchange(own, {**own, "mpan": EXPORT, "energy_direction": "E"})

    def note(self, sent: list[Outgoing]) -> None:
        """Remember what was sent, and when."""
        self.told += [(self.service.now, message) for message in sent]

    def hand(self, payload: Mapping[str, Any]) -> list[Outgoing]:
        """Hand a message over twice: the second delivery sends nothing and changes nothing."""
        self.number += 1
        sent = self.service.hand(dict(payload), f"T-{self.number}")
        before = dict(self.service.register.points)
        assert self.service.hand(dict(payload), f"T-{self.number}") == []
        assert self.service.register.points == before
        self.note(sent)
        return sent

    @rule(
        service=services,
        half=st.integers(0, 2),
        scenario=st.sampled_from(["COS", "CSP", "USP", "SEG", "MCA", "MCS"]),
        days=st.integers(-3, 30),
        supplier=suppliers,
        registration=registrations,
        point=st.sampled_from([MPAN, MPAN, MPAN, EXPORT]),
    )
    def ask(self, service: Service, half: int, registration: str, **wanted: Any) -> None:
        """A supplier asks; it is told yes or no exactly once, and a no goes to nobody else."""
        days, point = wanted.pop("days"), wanted.pop("point")
        provider = (*PROVIDERS[service], ADVANCED[service])[half]
        effective = midnight(days, self.service.now)
        if wanted["scenario"] in ("COS", "MCS"):
            known = {switch.registration: switch.effective for switch in self.service.point().switches}
            effective = known.get(registration, effective)
        payload = request(
            service, provider=provider, effective=effective, mpan=point, registration=registration, **wanted
        ).payload
        sent = self.hand(payload)
        assert sum(message.interface == "IF-032" for message in sent) == 1
        refused = next(message for message in sent if message.interface == "IF-032").common["R0"]
        assert refused["responseCode"] == "A" or len(sent) == 1

    @rule(
        service=services,
        half=st.integers(0, 2),
        supplier=suppliers,
        code=st.sampled_from(["SP000", "SP000", "SP000", "SP004", "SP999"]),
    )
    def reply(self, service: Service, half: int, supplier: str, code: str) -> None:
        """A provider answers, asked or not; one request at most gets its outcome."""
        provider = (*PROVIDERS[service], ADVANCED[service])[half]
        waiting = [
            each
            for each in self.service.point().appointments
            if (each.service, each.provider, each.stage) == (service, provider, Stage.ASKED)
        ]
        sent = self.hand(answer(service, provider=provider, code=code, supplier=supplier).payload)
        outcomes = [message for message in sent if message.event.endswith(("Accepted", "Rejected"))]
        assert len(outcomes) >= bool(waiting)
        assert waiting or not sent

    @rule(service=services, days=st.integers(1, 12), pick=st.integers(0, 5))
    def ask_well(self, service: Service, days: int, pick: int) -> None:
        """A supplier asks for what it may ask for: its switch, another provider, a migration."""
        point, now = self.service.point(), self.service.now
        regime, held = point.regime_at(now), point.provider_at(service, now)
        there = (
            PROVIDERS[service].index(held.dip_id) if held and held.dip_id in PROVIDERS[service] else pick % 2
        )
        wanted: dict[str, Any] = {"provider": PROVIDERS[service][1 - there]}
        coming = [each for each in point.switches if each.effective > now]
        if coming and pick % 2:
            switch = coming[pick % len(coming)]
            wanted |= {"supplier": switch.supplier, "registration": switch.registration}
            wanted |= {"scenario": "COS" if regime == "mhhs" else "MCS", "effective": switch.effective}
        else:
            supplier = point.supplier_at(now)
            assert supplier is not None
            scenario = ("CSP" if pick else "SEG") if regime == "mhhs" else "MCA"
            wanted |= {"supplier": supplier.dip_id, "scenario": scenario, "effective": midnight(days, now)}
            if scenario == "SEG":
                wanted["provider"] = ADVANCED[service]
        self.hand(request(service, **wanted).payload)

    @rule(pick=st.integers(0, 9))
    def reply_well(self, pick: int) -> None:
        """A provider that was asked answers, mostly with yes."""
        asked = [each for each in self.service.point().appointments if each.stage is Stage.ASKED]
        if asked:
            each = asked[pick % len(asked)]
            code = "SP000" if pick else "SP004"
            given = answer(each.service, provider=each.provider, supplier=each.supplier, code=code)
            assert self.hand(given.payload)

    @rule(supplier=suppliers, registration=registrations, days=st.integers(1, 20), legacy=st.integers(0, 4))
    def pending(self, supplier: str, registration: str, days: int, legacy: int) -> None:
        """The switching service tells of a switch, twice."""
        effective = message_time(midnight(days, self.service.now))
        content = {"supplier": supplier, "registration": registration, "effective": effective}
        self.note(self.service.tell("switch-pending", legacy=not legacy, **content))
        assert self.service.tell("switch-pending", legacy=not legacy, **content) == []

    @rule(
        word=st.sampled_from(["switch-confirmed", "switch-secured-active", "switch-cancelled"]),
        registration=registrations,
    )
    def goes_on(self, word: str, registration: str) -> None:
        """The switching service goes on, twice."""
        known = {switch.registration: switch for switch in self.service.point().switches}
        if registration in known and known[registration].effective > self.service.now:
            self.note(self.service.tell(word, registration=registration))
            assert self.service.tell(word, registration=registration) == []

    @rule(days=st.integers(1, 15))
    def days_pass(self, days: int) -> None:
        """The clock goes on and what is due takes effect, once."""
        self.note(self.service.reach(self.service.now + timedelta(days=days)))
        assert self.service.reach(self.service.now) == []

    @invariant()
    def nothing_is_active_before_its_date(self) -> None:
        """Every IF-036 and IF-037 was sent on or after the date that it states."""
        for now, message in self.told:
            for block, field in _DATES:
                stated = (
                    (message.custom.get(block) or {}) if message.interface in ("IF-036", "IF-037") else {}
                )
                assert isinstance(stated, Mapping)
                assert field not in stated or datetime.fromisoformat(stated[field]) <= now

    @invariant()
    def what_was_told_adds_up_to_the_register(self) -> None:
        """Who reads every IF-036, IF-037 and IF-003 knows who serves, without gap or overlap."""
        for point in (MPAN, EXPORT):
            for service in Service:
                spans = self.service.point(point).history(ITEM_OF[service]).spans()
                assert _read(self.told, point, service) == [
                    (span.value.dip_id, message_time(span.since))
                    for span in spans
                    if span.value is not None and span.value.scenario and span.value.dip_id
                ]

    @invariant()
    def to_dates_meet_from_dates(self) -> None:
        """Whoever leaves for a successor leaves on the successor's first day."""
        for _, message in self.told:
            for service, words in WORDS.items():
                ended, comes = message.custom.get(words.ended), message.custom.get(words.incoming)
                if isinstance(ended, Mapping) and isinstance(comes, Mapping):
                    assert ended[words.ended_to] == comes[words.incoming_from], service

    @invariant()
    def nobody_hears_what_does_not_concern_him(self) -> None:
        """A supplier is addressed for its own requests and gains, a provider once it is proposed."""
        for _, message in self.told:
            for dip_id in message.primary:
                if dip_id in (SUPPLIER, OTHER_SUPPLIER):
                    assert dip_id == _whose(message), message
                elif message.interface in ("IF-033", "IF-036"):
                    assert dip_id in _proposed(message)

    @invariant()
    def one_request_at_most_is_with_a_provider_for_a_date(self) -> None:
        """A supplier has one open appointment per service and date; no accepted one is past its date."""
        seen = set()
        for each in self.service.point().appointments:
            if each.open:
                key = (each.service, each.supplier, each.effective)
                assert key not in seen
                seen.add(key)
            if each.stage is Stage.ACCEPTED and each.scenario != "SEG":
                assert each.effective is not None
                assert each.effective > self.service.now

    @invariant()
    def one_supplier_at_every_moment(self) -> None:
        """Suppliers follow each other without a gap."""
        spans = self.service.point().history(Item.SUPPLIER).spans()
        assert all(span.value is not None for span in spans)


_DATES = tuple(
    (block, field)
    for words in WORDS.values()
    for block, field in ((words.appointed, words.incoming_from), (words.ended, words.ended_to))
)


def _read(told: list[tuple[datetime, Outgoing]], point: str, service: Service) -> list[tuple[str, str]]:
    """Return who came when, as the messages say; the latest word on a date counts."""
    words = WORDS[service]
    found: dict[str, str] = {}
    for _, message in told:
        block = message.custom.get(words.appointed)
        if message.mpan == point and message.interface == "IF-036" and isinstance(block, Mapping):
            found[block[words.incoming_from]] = block[words.incoming_dip_id]
    return [(found[date], date) for date in sorted(found)]


def _whose(message: Outgoing) -> str:
    for block, field in (
        ("B012", "serviceProviderAppointmentRequestingSupplierDIPID"),
        ("B002", "incomingSupplierDIPID"),
    ):
        found = message.custom.get(block)
        if isinstance(found, Mapping):
            return str(found[field])
    return message.primary[0] if message.interface in ("IF-002", "IF-032", "IF-045") else ""


def _proposed(message: Outgoing) -> set[str]:
    found = set()
    for words in WORDS.values():
        for block, field in (
            (words.proposal, words.proposed_dip_id),
            (words.appointed, words.incoming_dip_id),
        ):
            held = message.custom.get(block)
            if isinstance(held, Mapping):
                found.add(str(held[field]))
    return found


TestRegistration = Registration.TestCase
TestRegistration.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
