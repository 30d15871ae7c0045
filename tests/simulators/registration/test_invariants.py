"""What holds whatever order requests, answers and dates come in."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from simulators.participants.behaviours import Outgoing
from simulators.registration.appointment import Stage
from simulators.registration.services import Service
from simulators.registration.tenures import Tenure
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_DATA,
    OTHER_METERING,
    OTHER_SUPPLIER,
    SUPPLIER,
)
from tests.simulators.registration.exchange import answer, handed, reached, request, started

PROVIDERS = {Service.METERING: (METERING, OTHER_METERING), Service.DATA: (DATA, OTHER_DATA)}
services = st.sampled_from(list(Service))
halves = st.integers(0, 1)


class Exchange(RuleBasedStateMachine):
    """Suppliers ask, providers answer, days pass, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.state = started(metering_service=METERING)
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()

    def note(self, sent: list[Outgoing]) -> None:
        """Count what went out by its event's end."""
        for message in sent:
            for end, counter in (
                ("SPRequest", self.asked),
                ("Accepted", self.answered),
                ("Rejected", self.answered),
            ):
                if message.event.endswith(end):
                    counter[message.event[:2]] += 1

    @rule(
        service=services,
        half=halves,
        scenario=st.sampled_from(["CSP", "USP", "COS", "SEG"]),
        days=st.integers(-3, 30),
        supplier=st.sampled_from([SUPPLIER, OTHER_SUPPLIER]),
    )
    def ask(self, service: Service, half: int, scenario: str, days: int, supplier: str) -> None:
        """A supplier asks; it is told yes or no exactly once."""
        wanted = request(
            service,
            provider=PROVIDERS[service][half],
            scenario=scenario,
            effective=self.now + timedelta(days=days),
            supplier=supplier,
        )
        self.state, sent = handed(self.state, wanted, self.now)
        self.note(sent)
        assert sum(message.interface == "IF-032" for message in sent) == 1

    @rule(service=services, half=halves, code=st.sampled_from(["SP000", "SP004", "SP999"]))
    def reply(self, service: Service, half: int, code: str) -> None:
        """A provider answers, asked or not; each open request gets one outcome."""
        provider = PROVIDERS[service][half]
        waiting = [
            a
            for a in self.state.appointments
            if (a.service, a.provider, a.stage) == (service, provider, Stage.ASKED)
        ]
        self.state, sent = handed(self.state, answer(service, provider=provider, code=code), self.now)
        self.note(sent)
        outcomes = [message for message in sent if message.event.endswith(("Accepted", "Rejected"))]
        assert len(outcomes) == len(waiting) <= 1

    @rule(days=st.integers(1, 20))
    def days_pass(self, days: int) -> None:
        """The clock goes on and what is due takes effect."""
        self.now += timedelta(days=days)
        self.state, sent = reached(self.state, self.now)
        active = [message for message in sent if message.interface == "IF-036"]
        gone = [message for message in sent if message.interface == "IF-037"]
        assert len(gone) <= len(active)

    @invariant()
    def never_two_providers(self) -> None:
        """At no moment has a metering point two providers of one service."""
        for service in Service:
            tenures = self.state.points[MPAN].tenures.get(service, ())
            for earlier, later in pairwise(tenures):
                assert earlier.effective_to == later.effective_from
                assert earlier.effective_from < later.effective_from
            assert sum(tenure.effective_to is None for tenure in tenures) <= 1

    @invariant()
    def one_open_request_at_most(self) -> None:
        """A service has at most one open appointment, and each stage is one of the table's."""
        for service in Service:
            assert sum(a.open for a in self.state.appointments if a.service is service) <= 1

    @invariant()
    def only_what_was_accepted_becomes_active(self) -> None:
        """Every provider in the register beyond the first stands for one active appointment."""
        active = Counter(
            (a.service, a.provider, a.effective) for a in self.state.appointments if a.stage is Stage.ACTIVE
        )
        tenures: Counter[tuple[Service, str, datetime | None]] = Counter()
        for service, held in self.state.points[MPAN].tenures.items():
            first: tuple[Tenure, ...] = held[1:] if service is Service.METERING else held
            tenures.update((service, tenure.dip_id, tenure.effective_from) for tenure in first)
        assert tenures == active

    @invariant()
    def every_request_to_a_provider_is_answered_or_open(self) -> None:
        """As many outcomes went out as requests to providers, but for those still with the provider."""
        with_provider = sum(a.stage is Stage.ASKED for a in self.state.appointments)
        assert self.answered.total() == self.asked.total() - with_provider


TestExchange = Exchange.TestCase
TestExchange.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
