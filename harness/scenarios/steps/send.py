"""The step ``send``: a right request, or one with a single deliberate departure."""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from harness.clock import header_time
from harness.errors import ConfigurationError
from harness.evidence.events import AnswerReceived, MessageSent
from harness.messages.build import Context, build, build_largest_consumption, encode
from harness.messages.identifiers import sender_unique_reference
from harness.messages.mutate import MUTATIONS, mutate
from harness.scenarios.given import Recipient, another, has_mpan, pick, recipients
from harness.scenarios.instance import Sent
from harness.scenarios.model import Send
from harness.scenarios.play import LastSend, Play
from harness.scenarios.steps import performs
from harness.security.signing import Signer
from harness.spec.examine import examine
from harness.transport.client import Answer
from harness.transport.network import Party
from harness.transport.target_clock import TargetClock

NOT_JSON = b"this is not JSON"
_CLOCK_MOVED_SECONDS = 60
_FLAWED_SETS = {"expired": "flaw-expired", "foreign": "flaw-foreign", "revoked": "flaw-revoked"}


class NotApplicable(Exception):
    """The step has no meaning for this message, for instance no field that the mutation could change."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    sender: Party
    interface: str
    event: str
    recipients: tuple[Recipient, ...]
    payloads: list[dict[str, Any]]
    valid: bool


@performs(Send)
def send(step: Send, play: Play) -> None:
    """Build, sign and send; keep what was sent and the answer as the play's last request."""
    prepared = _repeat(play) if step.content == "repeat" else _prepare(step, play)
    body = _body(step, play, prepared.payloads)
    answer = _transmit(step, play, prepared, body)
    if answer.status == 401 and step.request == "intact" and _clock_was_moved(play):
        answer = _transmit(step, play, prepared, body)
    stored = play.bench.store.put(body)
    case = play.cast.case.key
    play.event(
        MessageSent(
            case=case,
            sender=prepared.sender.dip_id,
            method=answer.request.method,
            url=answer.request.url,
            interface=prepared.interface,
            event_code=prepared.event,
            references=[_reference(payload) for payload in prepared.payloads],
            body=stored,
            headers=dict(answer.request.headers),
            departure=_departure(step, play),
        )
    )
    play.event(
        AnswerReceived(
            case=case,
            status=answer.status,
            refused_in_handshake=answer.refused_in_handshake,
            codes=list(answer.codes),
            body=play.bench.store.put(answer.body),
            seconds=round(answer.seconds, 4),
            error=answer.error,
        )
    )
    departs = _departs(step)
    accepted = answer.status is not None and 200 <= answer.status < 300
    if step.content == "repeat":
        # The first sending stands: what it published is still owed, once.
        indexes = tuple(range(len(play.instance.sent)))
    else:
        first = len(play.instance.sent)
        for payload in prepared.payloads:
            play.instance.sent.append(
                Sent(
                    interface=prepared.interface,
                    event=prepared.event,
                    sender=prepared.sender.dip_id,
                    reference=_reference(payload),
                    payload=payload,
                    expected={
                        recipient.party.dip_id: recipient.row.tier for recipient in prepared.recipients
                    },
                    body=stored,
                    published=accepted,
                )
            )
        indexes = tuple(range(first, len(play.instance.sent)))
    play.last = LastSend(indexes, prepared.recipients, answer, prepared.valid, departs)
    play.settled = None


def _clock_was_moved(play: Play) -> bool:
    """Say whether another worker moved the target's clock, so that the signature's date was wrong."""
    clock = play.bench.clock
    if not isinstance(clock, TargetClock):
        return False
    before = clock.now()
    clock.read()
    return abs(clock.now() - before) > timedelta(seconds=_CLOCK_MOVED_SECONDS)


def _departure(step: Send, play: Play) -> str:
    """Say in words what the step made wrong on purpose."""
    if step.mutate:
        return f"{step.mutate}: {play.instance.mutations[-1]}"
    named = {
        "content": (step.content, "message"),
        "request": (step.request, "intact"),
        "certificate": (step.certificate, "own"),
        "sender": (step.claim, "own"),
        "recipient": (step.recipient, "addressed"),
        "distributor": (step.distributor, "right"),
    }
    return ", ".join(f"{name}: {value}" for name, (value, usual) in named.items() if value != usual)


def _departs(step: Send) -> bool:
    wrong_content = step.content in ("not-json", "empty-array", "oversized", "repeat")
    wrong_message = bool(step.mutate) and not MUTATIONS[step.mutate].accepted
    return (
        wrong_content
        or wrong_message
        or (step.request, step.certificate, step.claim, step.recipient, step.distributor)
        != ("intact", "own", "own", "addressed", "right")
    )


def _prepare(step: Send, play: Play) -> _Prepared:
    cast, bench = play.cast, play.bench
    sender = cast.party(step.by)
    interface, event = step.interface or cast.case.interface, step.event or cast.case.event
    chosen = tuple(cast.party(alias) for alias in step.to) if step.to else None
    addressed = recipients(interface, event, sender, bench.target.network, bench.routing, primary=chosen)
    with_mpan = has_mpan(play.release, interface, event)
    _register_addresses(play, addressed, with_mpan=with_mpan)
    play.lean_on_rows(addressed)
    primary = tuple(
        r.party.dip_id
        for r in addressed
        if r.row.tier == "primary" or (r.row.tier == "secondary" and not with_mpan)
    )
    if step.recipient == "unknown":
        primary = ("9999999999",)
    payloads = []
    for _ in range(step.batch):
        context = _context(step, play, sender, interface, primary)
        payloads.append(_message(step, play, context, interface, event))
    valid = all(examine(play.release, payload, channel=interface).valid for payload in payloads)
    return _Prepared(sender, interface, event, addressed, payloads, valid)


def _repeat(play: Play) -> _Prepared:
    if not play.instance.sent or play.last is None:
        raise ConfigurationError(
            "nothing was sent that could be repeated", where=str(play.cast.case.scenario.file)
        )
    sent = play.instance.sent[-1]
    party = play.bench.target.network.by_dip_id(sent.sender)
    return _Prepared(party, sent.interface, sent.event, play.last.recipients, [sent.payload], valid=True)


def _context(step: Send, play: Play, sender: Party, interface: str, primary: tuple[str, ...]) -> Context:
    cast, bench = play.cast, play.bench
    network = bench.target.network
    claimed = another(network, sender) if step.claim == "another-party" else sender
    distributor = cast.distributor
    if step.distributor == "wrong":
        distributor = pick(network, "LDSO", without=[distributor.dip_id])
    play.instance.serial += 1
    now = bench.clock.now()
    named = {party.role: (party.dip_id, party.mpid) for party in reversed(network.parties)}
    named.update({party.role: (party.dip_id, party.mpid) for party in cast.parties.values()})
    return Context(
        seed=cast.case.seed + play.instance.serial,
        now=now,
        environment=bench.target.environment,
        sender_dip_id=claimed.dip_id,
        sender_role=claimed.role,
        connection_provider=None,
        sub_text=cast.tag,
        mpan=cast.mpan,
        distributor_dip_id=distributor.dip_id,
        primary_recipients=primary,
        parties=named,
        reference=sender_unique_reference(
            play.release.name,
            interface,
            claimed.dip_id,
            claimed.role,
            now,
            f"{bench.run.rsplit('-', 1)[-1]}{cast.case.seed:x}{play.instance.serial}",
        ),
    )


def _message(step: Send, play: Play, context: Context, interface: str, event: str) -> dict[str, Any]:
    if step.content == "largest-consumption":
        payload = build_largest_consumption(play.release, context, event)
    else:
        overrides = {path: _filled(value, play) for path, value in step.set.items()}
        payload = build(play.release, interface, event, context, overrides=overrides)
    if not step.mutate:
        return payload
    mutated = mutate(step.mutate, play.release, payload, random.Random(context.seed))
    if mutated is None:
        raise NotApplicable(f"{interface} [{event}] has no place for '{step.mutate}'")
    play.instance.mutations.append(f"{mutated.pointer}: {mutated.what}")
    return mutated.payload


def _filled(value: Any, play: Play) -> Any:
    return play.cast.text(value) if isinstance(value, str) else value


def _register_addresses(play: Play, addressed: tuple[Recipient, ...], *, with_mpan: bool) -> None:
    """Tell the hub which parties the metering point has, so that secondary recipients can be found."""
    admin = play.bench.target.admin
    secondary = [recipient.party for recipient in addressed if recipient.row.tier == "secondary"]
    if admin is None or not secondary or not with_mpan or play.cast.case.scenario.given.metering_point:
        return
    admin.set_addresses(
        play.release.name,
        [{"mpan": play.cast.mpan, "role": party.role, "dip_id": party.dip_id} for party in secondary],
    )


def _body(step: Send, play: Play, payloads: list[dict[str, Any]]) -> bytes:
    match step.content:
        case "not-json":
            return NOT_JSON
        case "empty-array":
            return b"[]"
        case "oversized":
            limit = int(str(play.setting("limits.body_bytes").value))
            body = encode(payloads)
            return body + b" " * (limit + 1 - len(body))
    return encode(payloads)


def _transmit(step: Send, play: Play, prepared: _Prepared, body: bytes) -> Answer:
    network, sender = play.bench.target.network, prepared.sender
    client = play.bench.client(play.release.name)
    tls: str | None = None
    if step.certificate == "none":
        tls = "none"
    elif step.certificate == "another-party":
        tls = another(network, sender).tls
    elif step.certificate in _FLAWED_SETS:
        tls = _FLAWED_SETS[step.certificate]
        if tls not in {certificate.name for certificate in network.certificates}:
            raise NotApplicable(f"the network file has no certificate set '{tls}'")
    api_key = {"wrong-api-key": "0" * 32, "no-api-key": ""}.get(step.request)
    headers: dict[str, str | None] | None = None
    if step.request in ("bad-signature", "hash-mismatch", "stale-date"):
        signing = network.certificate(sender.signing)
        signer = Signer.load(signing.cert, signing.key, signing.sign_command or None)
        url = f"{client.base_url}/dip-channel/{prepared.interface}"
        now = play.bench.clock.now()
        signed_body, moment = body, now
        if step.request == "hash-mismatch":
            signed_body = body + b" "
        if step.request == "stale-date":
            moment = now - timedelta(days=7)
        signed = signer.sign("POST", url, signed_body, date=header_time(moment))
        if step.request == "bad-signature":
            signed["X-DIP-Signature"] = base64.b64encode(b"\0" * 256).decode()
        headers = dict(signed)
    return client.send(
        sender,
        prepared.interface,
        body,
        sign=step.request != "unsigned",
        headers=headers,
        tls=tls,
        api_key=api_key,
    )


def _reference(payload: dict[str, Any]) -> str:
    """Return S1.senderUniqueReference in whatever case a mutation left it; empty when it is gone."""
    header = _inner(_inner(payload, "commonblock"), "s1")
    value = next((value for key, value in header.items() if key.lower() == "senderuniquereference"), "")
    return value if isinstance(value, str) else ""


def _inner(block: Any, name: str) -> dict[str, Any]:
    if not isinstance(block, dict):
        return {}
    found = next((value for key, value in block.items() if key.lower() == name), None)
    return found if isinstance(found, dict) else {}
