"""The step ``send``: a right request, or one with a single deliberate departure."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import orjson

from harness.errors import ConfigurationError
from harness.messages.build import OMIT, Context, build, build_largest_consumption, encode
from harness.messages.identifiers import MPAN_LENGTH, sender_unique_reference
from harness.messages.mutate import mutate
from harness.scenarios.correlation import asked
from harness.scenarios.departures import departs, in_words
from harness.scenarios.given import Recipient, another, has_mpan, pick, recipients
from harness.scenarios.instance import Sent
from harness.scenarios.model import Send
from harness.scenarios.play import LastSend, NotApplicable, Play
from harness.scenarios.steps import performs
from harness.scenarios.steps.request import provider_of, record, transmit
from harness.scenarios.twins import before_send
from harness.spec.doubtful import doubtful
from harness.spec.examine import examine
from harness.transport.network import Party

NOT_JSON = b"this is not JSON"
UNKNOWN_DIP_ID = "9999999999"
_PLACES = ("outgoing", "incumbent", "incoming")
"""Aliases that say in which place of a message a party belongs (`harness.messages.context`)."""


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
    before_send(play, prepared.recipients)
    answer = transmit(step, play, prepared.sender, prepared.interface, prepared.event, body)
    stored = record(
        play,
        answer,
        sender=prepared.sender.dip_id,
        interface=prepared.interface,
        event=prepared.event,
        references=[_reference(payload) for payload in prepared.payloads],
        departure=in_words(step, play.instance.mutations, valid=prepared.valid),
    )
    if step.content == "repeat":
        # The first sending stands: what it published is still owed, once.
        indexes = tuple(range(len(play.instance.sent)))
    else:
        first = len(play.instance.sent)
        play.instance.sent += [_sent(prepared, payload, stored) for payload in prepared.payloads]
        indexes = tuple(range(first, len(play.instance.sent)))
    play.last = LastSend(
        indexes,
        prepared.recipients,
        answer,
        prepared.valid,
        departs(step, valid=prepared.valid),
        carrier=provider_of(play.bench.target.network, prepared.sender)
        if step.through == "provider"
        else None,
        doubtful=tuple(
            place
            for payload in prepared.payloads
            for place in doubtful(play.release, prepared.interface, prepared.event, payload)
        ),
    )
    play.settled = None


def _sent(prepared: _Prepared, payload: dict[str, Any], stored: str) -> Sent:
    return Sent(
        interface=prepared.interface,
        event=prepared.event,
        sender=prepared.sender.dip_id,
        reference=_reference(payload),
        payload=payload,
        expected={recipient.party.dip_id: recipient.row.tier for recipient in prepared.recipients},
        body=stored,
    )


def _prepare(step: Send, play: Play) -> _Prepared:
    cast, bench = play.cast, play.bench
    sender = cast.party(step.by)
    interface, event = step.interface or cast.case.interface, step.event or cast.case.event
    chosen = tuple(cast.party(alias) for alias in step.to) if step.to else None
    point = cast.point(step.point)
    addressed = recipients(
        interface,
        event,
        sender,
        bench.target.network,
        bench.routing,
        primary=chosen,
        serving=None if point is None else (*point.serves.values(), *point.hub_parties),
    )
    with_mpan = has_mpan(play.release, interface, event)
    _register_addresses(play, addressed, with_mpan=with_mpan)
    play.lean_on_rows(addressed)
    primary = tuple(
        recipient.party.dip_id
        for recipient in addressed
        if recipient.row.tier == "primary" or (recipient.row.tier == "secondary" and not with_mpan)
    )
    if step.recipient == "unknown":
        primary = (UNKNOWN_DIP_ID,)
    payloads: list[dict[str, Any]] = []
    for number in range(step.batch):
        context = _context(step, play, sender, interface, primary)
        if step.reference == "same" and payloads:
            context = replace(context, reference=_reference(payloads[0]))
        if step.reference == "again":
            context = replace(context, reference=play.instance.sent[-1].reference)
        spoiled = step.spoil == "all" or number == step.batch - 1
        payloads.append(_message(step, play, context, interface, event, spoiled=spoiled))
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
    point = cast.point(step.point)
    distributor = cast.distributor if point is None else point.distributor
    if step.distributor == "wrong":
        distributor = pick(network, "LDSO", without=[distributor.dip_id])
    mpan = _mpan(step, cast.mpan if point is None else point.mpan)
    answered = asked(play.publications, sender.dip_id, interface, mpan)
    play.instance.serial += 1
    now = bench.clock.now()
    named = {party.role: (party.dip_id, party.mpid) for party in reversed(network.parties)}
    named.update({party.role: (party.dip_id, party.mpid) for party in cast.parties.values()})
    if point is not None:
        named.update({party.role: (party.dip_id, party.mpid) for party in point.serves.values()})
        named.update(
            {
                f"{party.role}:{alias}": (party.dip_id, party.mpid)
                for alias, party in cast.parties.items()
                if alias in _PLACES
            }
        )
    return Context(
        seed=cast.case.seed + play.instance.serial,
        now=now,
        environment=bench.target.environment,
        sender_dip_id=claimed.dip_id,
        sender_role=claimed.role,
        connection_provider=provider_of(network, sender).dip_id if step.through == "provider" else None,
        sub_text=cast.tag,
        mpan=mpan,
        correlation=answered[-1] if answered else None,
        distributor_dip_id=distributor.dip_id,
        primary_recipients=primary,
        parties=named,
        segment=None if point is None else point.segment,
        reference=sender_unique_reference(
            play.release.name,
            interface,
            claimed.dip_id,
            claimed.role,
            now,
            f"{bench.run.rsplit('-', 1)[-1]}{cast.case.seed:x}{play.instance.serial}",
        ),
    )


def _mpan(step: Send, right: str) -> str:
    """Return the metering point, or one whose check digit is another."""
    if step.mpan == "right":
        return right
    return right[: MPAN_LENGTH - 1] + str((int(right[-1]) + 1) % 10)


def _message(
    step: Send, play: Play, context: Context, interface: str, event: str, *, spoiled: bool
) -> dict[str, Any]:
    if step.content == "largest-consumption":
        return build_largest_consumption(play.release, context, event)
    overrides: dict[str, object] = play.words.value(step.set)
    overrides |= dict.fromkeys(step.omit, OMIT)
    payload = build(play.release, interface, event, context, overrides=overrides)
    if not step.mutate or not spoiled:
        return payload
    mutated = mutate(step.mutate, play.release, payload, random.Random(context.seed))
    if mutated is None:
        raise NotApplicable(f"{interface} [{event}] has no place for '{step.mutate}'")
    play.instance.mutations.append(f"{mutated.pointer}: {mutated.what}")
    return mutated.payload


def _register_addresses(play: Play, addressed: tuple[Recipient, ...], *, with_mpan: bool) -> None:
    """Tell the hub which parties the metering point has, so that secondary recipients can be found."""
    admin = play.bench.target.admin
    secondary = [recipient.party for recipient in addressed if recipient.row.tier == "secondary"]
    given = play.cast.case.scenario.given
    if admin is None or not secondary or not with_mpan or given.metering_point or given.points:
        return
    if "admin" not in play.bench.target.capabilities:
        raise NotApplicable(
            "the DIP has to know whose the metering point is; without the capability 'admin' it can't be told"
        )
    admin.set_addresses(
        play.release.name,
        [{"mpan": play.cast.mpan, "role": party.role, "dip_id": party.dip_id} for party in secondary],
    )


def _body(step: Send, play: Play, payloads: list[dict[str, Any]]) -> bytes:
    if step.channel == "trial":
        return orjson.dumps(payloads[0])
    match step.content:
        case "not-json":
            return NOT_JSON
        case "empty-array":
            return b"[]"
        case "oversized":
            body = encode(payloads)
            return body + b" " * (_limit(play, "limits.body_bytes") + 1 - len(body))
        case "too-many":
            return b"[" + b"{}," * _limit(play, "limits.batch_messages") + b"{}]"
        case "too-deep":
            depth = _limit(play, "limits.json_depth") + 1
            return b"[" * depth + b"]" * depth
    return encode(payloads)


def _limit(play: Play, name: str) -> int:
    play.setting(name)
    return play.bench.settings.integer(name)


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
