"""The register: dates in order, transactions once, and processes that can't get in each other's way."""

from __future__ import annotations

from datetime import datetime

import pytest

from harness.errors import ConfigurationError
from harness.messages.identifiers import mpan
from simulators.registration import register as module
from simulators.registration.case import DATES, HANDLERS, WORDS_TOLD, Case, Outcome, due, handles, told
from simulators.registration.notices import FORMS, forms
from simulators.registration.point import MeteringPoint
from simulators.registration.rule import RULES, Rule, rules
from tests.simulators.participants.publications import MPAN, NOW, OTHER_METERING
from tests.simulators.registration.exchange import SMART, Exchange, midnight, request

POINTS = [mpan("10", number) for number in range(1, 8)]


def test_dates_of_many_points_are_reached_in_their_order() -> None:
    """Whatever order the requests came in, the earliest date of any point is the next one."""
    service = Exchange(*({**SMART, "mpan": point} for point in POINTS))
    for number, point in enumerate(POINTS):
        day = 1 + (number * 3) % len(POINTS)
        service.ask(provider=OTHER_METERING, mpan=point, effective=midnight(day))
        service.reply(provider=OTHER_METERING, mpan=point)
    assert service.register.next_due() == midnight(1)
    sent = [message for message in service.reach(midnight(9)) if message.interface == "IF-036"]
    dates = [str(message.custom["B014"]["incomingMeteringServiceEffectiveFromDate"]) for message in sent]  # type: ignore[call-overload,index]
    assert len(dates) == len(POINTS)
    assert dates == sorted(dates)
    assert service.register.next_due() is None


def test_a_date_that_fell_away_is_not_due() -> None:
    """A superseded appointment leaves no date behind."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING, effective=midnight(5))
    service.reply(provider=OTHER_METERING)
    service.ask(provider=OTHER_METERING, effective=midnight(4))
    service.reply(provider=OTHER_METERING, code="SP004")
    assert service.register.next_due() is None


def test_a_process_that_stays_due_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that does not move its point on ends with an error that names it, not without end."""

    def never(_: MeteringPoint) -> datetime:
        return NOW

    monkeypatch.setattr(module, "_LONGEST_CHAIN", 5)
    monkeypatch.setitem(DATES, "stuck", (never, lambda case: Outcome((case.known_point,))))
    service = Exchange(SMART)
    with pytest.raises(AssertionError, match=MPAN):
        service.reach(NOW)


def test_transactions_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten first."""
    monkeypatch.setattr(module, "_REMEMBERED", 2)
    service = Exchange(SMART)
    payload = dict(request(provider=OTHER_METERING).payload)
    for transaction in ("T-1", "T-2", "T-3"):
        assert service.hand(payload, transaction)
    assert service.hand(payload, "T-2") == []
    assert service.hand(payload, "T-1")


def test_what_names_no_point_is_refused() -> None:
    """A word without an MPAN is an error of whoever tells it."""
    service = Exchange(SMART)
    with pytest.raises(ConfigurationError, match="names no mpan"):
        service.tell("switch-pending", mpan="")


def test_a_key_that_is_taken_fails_at_import() -> None:
    """Two processes can't handle the same message, word or date, nor register their tables twice."""

    def nothing(_: Case) -> Outcome:
        return Outcome()

    before = len(HANDLERS), len(WORDS_TOLD), len(DATES), len(RULES), len(FORMS)
    for register in (handles("IF-031", "MSApp"), told("switch-pending"), due("appointment", lambda _: None)):
        with pytest.raises(ValueError, match="twice"):
            register(nothing)
    with pytest.raises(ValueError, match="twice"):
        rules("appointment")
    with pytest.raises(ValueError, match="twice"):
        forms("appointment")
    assert (len(HANDLERS), len(WORDS_TOLD), len(DATES), len(RULES), len(FORMS)) == before


def test_a_rule_has_a_published_code() -> None:
    """A code that nobody published can't be registered."""
    with pytest.raises(ConfigurationError, match="REG1199"):
        rules("made up", Rule("REG1199", lambda _: True, "assumed", "made up"))
    assert "made up" not in RULES
