"""Putting a body on the wire as a party, with deliberate departures in path, identity or signature."""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import lru_cache

from harness.clock import header_time
from harness.evidence.events import AnswerReceived, MessageSent
from harness.scenarios.given import another, pick
from harness.scenarios.model import Send
from harness.scenarios.play import NotApplicable, Play
from harness.security.signing import Signer
from harness.transport.client import Answer
from harness.transport.network import CertificateSet, Network, Party
from harness.transport.target_clock import TargetClock

_FLAWED = ("expired", "foreign", "revoked", "wrong-usage")
_CLOCK_MOVED = timedelta(seconds=60)
_LAST_WEEK = timedelta(days=7)
UNKNOWN_CHANNEL = "IF-999"


def transmit(step: Send, play: Play, sender: Party, interface: str, event: str, body: bytes) -> Answer:
    """Send; once more where another worker of the run had moved the target's clock meanwhile."""
    answer = _transmit(step, play, sender, interface, event, body)
    if answer.status == 401 and step.request == "intact" and _clock_was_moved(play):
        answer = _transmit(step, play, sender, interface, event, body)
    return answer


def provider_of(network: Network, party: Party) -> Party:
    """Return the connection provider that a party nominated."""
    if party.connection_provider is None:
        raise NotApplicable(f"{party.name} has nominated no connection provider")
    return network.by_dip_id(party.connection_provider)


def record(
    play: Play,
    answer: Answer,
    *,
    sender: str,
    interface: str,
    event: str,
    references: list[str],
    departure: str,
) -> str:
    """Write what was sent and answered into the events; returns the hash of the stored body."""
    stored = play.bench.store.put(answer.request.body)
    play.event(
        MessageSent(
            case=play.cast.case.key,
            sender=sender,
            method=answer.request.method,
            url=answer.request.url,
            interface=interface,
            event_code=event,
            references=references,
            body=stored,
            headers=dict(answer.request.headers),
            departure=departure,
        )
    )
    play.event(
        AnswerReceived(
            case=play.cast.case.key,
            status=answer.status,
            refused_in_handshake=answer.refused_in_handshake,
            codes=list(answer.codes),
            body=play.bench.store.put(answer.body),
            seconds=round(answer.seconds, 4),
            error=answer.error,
        )
    )
    return stored


def _transmit(step: Send, play: Play, sender: Party, interface: str, event: str, body: bytes) -> Answer:
    client = play.bench.client(play.release.name)
    path = _path(step, play, interface, event)
    tls, signing = _identity(step, play, sender)
    signer = _signer(signing) if signing else None
    return client.request(
        sender,
        "POST",
        path,
        body,
        sign=step.request != "unsigned" and step.channel != "trial",
        headers=_false_headers(step, play, sender, client.base_url + path, body),
        tls=tls,
        api_key={"wrong-api-key": "0" * 32, "no-api-key": ""}.get(step.request),
        signer=signer,
    )


def _path(step: Send, play: Play, interface: str, event: str) -> str:
    channel = interface
    if step.channel == "trial":
        if (interface, event) not in {(one, other) for one, other, _ in play.release.validate_paths}:
            raise NotApplicable(f"the release has no /validate path for {interface} [{event}]")
        return f"/validate/{interface}/{event}"
    if step.channel == "unknown":
        channel = UNKNOWN_CHANNEL
    elif step.channel == "another":
        names = play.release.interfaces
        channel = names[(names.index(interface) + 1) % len(names)]
    path = f"/dip-channel/{channel}"
    return path.upper() if step.path == "upper-case" else path


def _identity(step: Send, play: Play, sender: Party) -> tuple[str | None, CertificateSet | None]:
    """Return another certificate set for TLS and for signing, None where the party's own is meant."""
    network = play.bench.target.network
    if step.through == "provider":
        provider = provider_of(network, sender)
        return provider.tls, network.certificate(provider.signing)
    if step.through == "stranger":
        stranger = pick(network, "DCP", without=[sender.connection_provider or ""])
        return stranger.tls, network.certificate(stranger.signing)
    signing = None
    if step.signing == "another-party":
        signing = network.certificate(another(network, sender).signing)
    if step.certificate == "none":
        return "none", signing
    if step.certificate == "another-party":
        return another(network, sender).tls, signing
    if step.certificate in _FLAWED:
        name = f"flaw-{step.certificate}"
        if name not in {certificate.name for certificate in network.certificates}:
            raise NotApplicable(f"the network file has no certificate set '{name}'")
        return name, signing
    return None, signing


def _false_headers(
    step: Send, play: Play, sender: Party, url: str, body: bytes
) -> dict[str, str | None] | None:
    """Return signature headers that do not fit the request, None where the right ones are meant."""
    if step.request not in ("bad-signature", "hash-mismatch", "stale-date"):
        return None
    signer = _signer(play.bench.target.network.certificate(sender.signing))
    now = play.bench.clock.now()
    signed = signer.sign(
        "POST",
        url,
        body + b" " if step.request == "hash-mismatch" else body,
        date=header_time(now - _LAST_WEEK if step.request == "stale-date" else now),
    )
    if step.request == "bad-signature":
        signed["X-DIP-Signature"] = base64.b64encode(b"\0" * 256).decode()
    return dict(signed)


@lru_cache(maxsize=64)
def _signer(signing: CertificateSet) -> Signer:
    """Load a signer; kept, because reading an RSA key costs as much as 200 signatures."""
    return Signer.load(signing.cert, signing.key, signing.sign_command or None)


def _clock_was_moved(play: Play) -> bool:
    """Say whether another worker moved the target's clock, so that the signature's date was wrong."""
    clock = play.bench.clock
    if not isinstance(clock, TargetClock):
        return False
    before = clock.now()
    clock.read()
    return abs(clock.now() - before) > _CLOCK_MOVED
