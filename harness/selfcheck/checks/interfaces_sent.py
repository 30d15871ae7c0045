"""Interfaces: the participant sends what its roles send; the DIP and the recipients judge it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator

import orjson

from harness.selfcheck.check import Finding, Omit, check, failed, held, unclear
from harness.selfcheck.checks.interfaces_received import EVERY, ROUTING
from harness.selfcheck.conduct.sending import Sending, sendings
from harness.selfcheck.context import Context
from harness.selfcheck.inbox import Heard, owners
from harness.spec.examine import examine_body
from harness.spec.release import load
from harness.transport.signature import API_KEY

L1 = "L1 validation: the DIP, synchronous"
L3 = "L3 validation: the recipient, synchronous"
_CREATED = 201
_SETTLE_SECONDS = 10.0


def _heard(
    context: Context, what: str, judge: Callable[[Sending, Heard], str], *, expected: str, hint: str
) -> Iterator[Finding]:
    """Judge each message that came; raises Omit where none did."""
    came = [(each, each.heard) for each in sendings(context) if each.heard is not None]
    if not came:
        raise Omit("no message came that could be judged")
    for sending, heard in came:
        wrong = judge(sending, heard)
        title = f"{sending.title} {what}"
        if wrong:
            yield failed(title, expected=expected, actual=wrong, hint=hint, key=sending.interface)
        else:
            yield held(title)


@check(
    id="interfaces.sent",
    part="interfaces",
    title="The participant sends every interface of its roles",
    rule=f"{EVERY}; {ROUTING}",
    basis="published",
)
def sent(context: Context) -> Iterator[Finding]:
    """The send hook, or a person, makes the system send; the message arrives at the embedded DIP."""
    for each in sendings(context):
        title = f"{each.title} is sent"
        if not each.asked:
            yield unclear(
                title,
                actual="nobody was there to send it",
                hint="Name a send hook in the profile, or run the check at a terminal.",
            )
        elif each.heard is None:
            yield failed(
                title,
                expected="a request to /dip-channel/" + each.interface,
                actual=each.trouble or "nothing came",
                hint="See what the send hook does with {interface}, {event} and {url}.",
                key=each.interface,
            )
        else:
            yield held(title)


@check(
    id="interfaces.sent-event",
    part="interfaces",
    title="What is sent is the event that was asked for",
    rule="API S0.eventCode: the event in square brackets",
    basis="published",
    after=["interfaces.sent"],
)
def sent_event(context: Context) -> Iterator[Finding]:
    """One interface has several events, and each is a message of its own."""

    def judge(sending: Sending, heard: Heard) -> str:
        headers = [each["CommonBlock"].get("S0") or {} for each in heard.payloads]
        wanted = (sending.interface, f"[{sending.event}]")
        found = [(str(each.get("interfaceID")), str(each.get("eventCode"))) for each in headers]
        return "" if wanted in found else f"it is {' '.join(found[0]) if found else 'no message'}"

    return _heard(
        context,
        "is what was asked for",
        judge,
        expected="S0.interfaceID and S0.eventCode as asked",
        hint="Check how the send hook chooses the message; event codes carry square brackets.",
    )


@check(
    id="interfaces.sent-identity",
    part="interfaces",
    title="What is sent says who sends it, four times the same",
    rule="API: mutual TLS, X-API-Key, S1.senderDIPID, S1.senderRoleID; that they must agree is assumed",
    basis="assumed",
    after=["interfaces.sent"],
)
def sent_identity(context: Context) -> Iterator[Finding]:
    """Client certificate, API key, sender DIP id and role belong to one party, or to its provider."""
    parties = {party.dip_id: party for party in context.network.parties}

    def judge(sending: Sending, heard: Heard) -> str:
        party = sending.party
        if heard.client is None:
            return "no client certificate came"
        if not {party.dip_id, party.connection_provider} & set(owners(heard)):
            return f"the client certificate names {', '.join(owners(heard)) or 'no DIP id'}"
        key = heard.headers.get(API_KEY.lower(), "")
        if not key:
            return f"the header {API_KEY} is missing"
        if key != parties[party.dip_id].api_key():
            return f"{API_KEY} is not the key of {party.dip_id}"
        for payload in heard.payloads:
            said = payload["CommonBlock"].get("S1") or {}
            found = (said.get("senderDIPID"), said.get("senderRoleID"))
            if found != (party.dip_id, party.role):
                return f"S1 says {found[0]} {found[1]}"
        return ""

    return _heard(
        context,
        "says who sends it",
        judge,
        expected="certificate, API key, senderDIPID and senderRoleID of the party",
        hint="A system with several roles sends each with that role's DIP id, key and certificate.",
    )


@check(
    id="interfaces.sent-signature",
    part="interfaces",
    title="What is sent is signed",
    rule="API: the four signature headers are required",
    basis="published",
    after=["interfaces.sent"],
)
def sent_signature(context: Context) -> Iterator[Finding]:
    """Every message is signed, not only the one that was tried first."""

    def judge(_: Sending, heard: Heard) -> str:
        found = heard.verification
        return "" if found.valid else f"{found.reason}. {found.hint}".strip()

    return _heard(
        context,
        "is signed",
        judge,
        expected="a signature that verifies",
        hint="`dip check run --only signing` shows both strings-to-sign and the first difference.",
    )


@check(
    id="interfaces.sent-valid",
    part="interfaces",
    title="What is sent is valid (L1)",
    rule=L1,
    basis="published",
    after=["interfaces.sent"],
)
def sent_valid(context: Context) -> Iterator[Finding]:
    """The message definition of the release decides, field by field."""
    release = load(context.release)

    def judge(sending: Sending, heard: Heard) -> str:
        try:
            document = orjson.loads(heard.body)
        except orjson.JSONDecodeError:
            return "the body is no JSON"
        found = examine_body(release, document, channel=sending.interface).findings
        wrong = [each for each in found if each.severity == "error"]
        if not wrong:
            return ""
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return f"{wrong[0].path}: {wrong[0].message}{more}"

    return _heard(
        context,
        "is valid",
        judge,
        expected=f"a message of release {context.release}",
        hint="`dip validate FILE` explains every finding of the message.",
    )


@check(
    id="interfaces.sent-accepted",
    part="interfaces",
    title="What is sent is accepted by the embedded DIP",
    rule=f"{L1}; API: 201 with MSG0000 per message",
    basis="published",
    after=["interfaces.sent-identity", "interfaces.sent-signature", "interfaces.sent-valid"],
)
def sent_accepted(context: Context) -> Iterator[Finding]:
    """What no schema says: references used once, addresses that exist, times, environment."""

    def judge(_: Sending, heard: Heard) -> str:
        if heard.status == _CREATED:
            return ""
        said = ", ".join(heard.answer.codes) if heard.answer else ""
        text = heard.answer.body[:300].decode("utf-8", "replace") if heard.answer else ""
        return f"the DIP answered {heard.status} {said}: {text}"

    return _heard(
        context,
        "is accepted",
        judge,
        expected="201",
        hint="docs/dip-simulator.md says what provokes each MSG code.",
    )


@check(
    id="interfaces.sent-delivered",
    part="interfaces",
    title="What is sent reaches recipients that take it (L3)",
    rule=f"{L3}; {ROUTING}",
    basis="assumed",
    after=["interfaces.sent-accepted"],
)
def sent_delivered(context: Context) -> Iterator[Finding]:
    """Simulated recipients judge the publication as a strict recipient would."""
    admin = context.hub().admin

    def judge(_: Sending, heard: Heard) -> str:
        if admin is None:
            raise Omit("the DIP has no admin API")
        told = admin.settle(heard.tag, timeout=_SETTLE_SECONDS)
        if not told["receipts"]:
            return "it reached nobody"
        for receipt in told["receipts"]:
            if receipt["answer_status"] != _CREATED:
                entry = orjson.loads(b64decode(receipt["answer_base64"]))["messageArray"][0]
                return (
                    f"{receipt['role']} {receipt['party']}: {entry['message']} {entry['help'] or ''}".strip()
                )
        return ""

    return _heard(
        context,
        "is taken by its recipients",
        judge,
        expected="201 from every recipient, one at least",
        hint="See A0.primaryRecipients, and the codes of docs/participants.md.",
    )
