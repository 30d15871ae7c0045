"""A metering or data service that is asked whether it takes an appointment."""

from __future__ import annotations

import pytest

from harness.spec.examine import examine
from harness.spec.release import load, names
from simulators.participants.behaviours import Acting, Publication
from simulators.participants.provider import Appoint
from simulators.participants.writing import compose
from tests.simulators.participants.publications import (
    METERING,
    MPAN,
    OTHER_METERING,
    REGISTRATION,
    publication,
)
from tests.simulators.registration.exchange import acting, as_publication


def asked(release: str = "2.1.0", event: str = "MSAppSPRequest", provider: str = METERING) -> Publication:
    """Return PUB-033 as a provider receives it."""
    payload = publication("IF-033", event, sender=REGISTRATION, recipient=provider, name=release)
    return as_publication(payload, release)


def provider(dip_id: str = METERING) -> Acting:
    """Return the provider that acts."""
    return acting(dip_id)


@pytest.mark.parametrize("release", names())
@pytest.mark.parametrize(
    ("event", "dip_id", "answer", "block"),
    [
        ("MSAppSPRequest", METERING, "MSAppSPResponse", "B070"),
        ("DSAppSPRequest", "1400000001", "DSAppSPResponse", "B071"),
    ],
)
@pytest.mark.parametrize(("code", "response"), [("SP000", "A"), ("SP004", "R")])
def test_a_request_is_answered(
    release: str, event: str, dip_id: str, answer: str, block: str, code: str, response: str
) -> None:
    """IF-034 goes back with the chosen code and the proposal repeated, valid in every release."""
    behaviour, received, who = Appoint(), asked(release, event, dip_id), provider(dip_id)
    state = behaviour.start({"response": code}, who)
    _, (sent,) = behaviour.on_publication(state, received, who)
    assert (sent.interface, sent.event, sent.primary) == ("IF-034", answer, (REGISTRATION,))
    payload = compose(load(release), sent, who, "SIT")
    assert examine(load(release), payload).findings == ()
    custom = payload["CustomBlock"]
    assert custom["B007"]["responseCode"] == response
    assert custom["B007"]["proposedAppointmentResponseCode"].startswith(f"{code} - ")
    assert custom[block] == received.custom(block)
    assert custom["B012"] == received.custom("B012")
    assert payload["CommonBlock"]["M0"] == received.common("M0")
    assert payload["CommonBlock"]["M0"]["MPANCore"] == MPAN
    assert payload["CommonBlock"]["S1"]["senderDIPID"] == dip_id


def test_other_publications_are_taken_without_a_word() -> None:
    """A confirmation of the appointment asks for no answer."""
    payload = publication("IF-036", "MSAppActive", sender=REGISTRATION, recipient=METERING)
    state = Appoint().start({}, provider())
    assert Appoint().on_publication(state, as_publication(payload), provider(OTHER_METERING)) == (state, ())
