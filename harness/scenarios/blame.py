"""Whose move a wrong answer or a missing publication is (pure)."""

from __future__ import annotations

from harness.evidence.verdicts import Blame, BlameClass
from harness.transport.client import Answer
from harness.transport.network import Party

HUB = "DIP"
SCHEMA_FAILURE = "MSG1001"

_IDENTITY = {"MSG1009", "MSG1010", "MSG1011"}
_TEST_DATA = {"MSG1006", "MSG1007", "MSG1012", *(f"MSG103{n}" for n in range(9))}
_TROUBLE = {408, 429, 500, 502, 503, 504}


def of_answer(
    answer: Answer,
    *,
    sender: Party,
    should_accept: bool,
    harness_finds_valid: bool,
    carrier: Party | None = None,
    doubtful: tuple[str, ...] = (),
) -> tuple[Blame, str]:
    """Return blame and a hint for an answer that is not the expected one.

    ``should_accept``: the request was meant to be right. ``harness_finds_valid``: the harness itself found no
    error in the message under the release. ``carrier``: the connection provider whose certificates carried
    the request. ``doubtful``: places whose validity is a matter of reading.
    """
    if answer.status is None and not answer.refused_in_handshake:
        return (
            Blame(BlameClass.ENVIRONMENT, HUB),
            f"No HTTP answer came: {answer.error}. Is the DIP's address right, and is it up?",
        )
    if not should_accept:
        return (
            Blame(BlameClass.CENTRAL_SYSTEM, HUB),
            "The request was deliberately wrong; the DIP did not treat it as the rule or setting says.",
        )
    if answer.refused_in_handshake:
        return (
            _configured(sender, carrier),
            "The TLS handshake refused the client certificate: wrong authority, expired, or not sent.",
        )
    if answer.status in (401, 403):
        return (
            _configured(sender, carrier),
            "Certificate, API key, signature and DIP id must belong together (see `dip verify`).",
        )
    if answer.status == 404:
        return Blame(
            BlameClass.CONFIGURATION, sender.name
        ), "Is the release's base URL right, and the channel one of it?"
    if answer.status in _TROUBLE:
        return Blame(BlameClass.ENVIRONMENT, HUB), "The DIP says that it could not serve the request now."
    if not harness_finds_valid:
        return (
            Blame(BlameClass.TEST_CASE),
            "The harness finds its own message invalid under this release: the test case is wrong.",
        )
    codes = set(answer.codes)
    if codes & _IDENTITY:
        return Blame(
            BlameClass.CONFIGURATION, sender.name
        ), "The DIP does not know the sender as it is configured here."
    if codes & _TEST_DATA:
        return Blame(
            BlameClass.TEST_DATA, sender.name
        ), "Reference, times or recipients do not suit the DIP's state."
    if doubtful and SCHEMA_FAILURE in codes:
        return (
            Blame(BlameClass.SPECIFICATION),
            f"The release can be read both ways at {', '.join(doubtful[:3])}: null, where the values leave "
            "it out. Ask the owner of the specification; spec.nullable_enum_admits_null is our reading.",
        )
    return (
        Blame(BlameClass.CENTRAL_SYSTEM, HUB),
        "The harness finds the message valid under this release; does the DIP run another one?",
    )


def _configured(sender: Party, carrier: Party | None) -> Blame:
    """Blame whoever holds the certificates and keys that a request went out with."""
    if carrier is not None:
        return Blame(BlameClass.CONNECTION_PROVIDER, carrier.name)
    return Blame(BlameClass.CONFIGURATION, sender.name)


def of_party(party: Party) -> Blame:
    """Blame a recipient: a simulated one is a counterparty, a real one a participant."""
    return Blame(BlameClass.COUNTERPARTY if party.simulated else BlameClass.PARTICIPANT, party.name)


def of_missing(
    party: Party,
    *,
    listed: bool,
    delivery_status: str,
    http_status: int | None,
    provider: Party | None = None,
) -> tuple[Blame, str]:
    """Return blame and a hint for a publication that did not arrive.

    ``listed``: the hub's journal names the party as a recipient of the message. ``provider``: the connection
    provider that the party nominated, to which its webhook then leads.
    """
    if not listed:
        return (
            Blame(BlameClass.CENTRAL_SYSTEM, HUB),
            "The DIP did not address the party. Where the routing row is assumed, check it first.",
        )
    if http_status is None and provider is not None:
        return (
            Blame(BlameClass.CONNECTION_PROVIDER, provider.name),
            f"The DIP could not reach the webhook of {party.name}, which its connection provider hosts "
            f"(delivery: {delivery_status}).",
        )
    if http_status is None:
        return (
            Blame(BlameClass.ENVIRONMENT, party.name),
            f"The DIP addressed the party, its webhook could not be reached (delivery: {delivery_status}).",
        )
    return of_party(party), f"The party's webhook answered {http_status} (delivery: {delivery_status})."
