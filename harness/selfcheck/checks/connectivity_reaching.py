"""Connectivity: names, connections, TLS and certificates, in the order in which they fail."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from harness.evidence.verdicts import Blame, BlameClass
from harness.selfcheck.check import Finding, Omit, check, failed, held, unclear
from harness.selfcheck.context import Context
from harness.selfcheck.reaching import (
    TIMEOUT_SETTING,
    Endpoint,
    Shake,
    connect,
    dip_context,
    handshake,
    joined,
    limited,
    resolve,
    webhooks,
)
from harness.transport.client import NO_CERTIFICATE, Answer

_REFUSED_BY_HTTP = (400, 401, 403, 495, 496)
_FOREIGN = "flaw-foreign"
_RESOLVED = ("connectivity.name-resolution",)
_CONNECTED = (*_RESOLVED, "connectivity.tcp")
_ENCRYPTED = (*_CONNECTED, "connectivity.tls-version")
_BELIEVED = (*_ENCRYPTED, "connectivity.server-certificate")
_ACCEPTED = (*_BELIEVED, "connectivity.dip-accepted")
_OLD = "RFC 8996: TLS 1.0 and 1.1 are not to be used; the DIP's own list of versions is not public"


@check(
    id="connectivity.name-resolution",
    part="connectivity",
    title="Every webhook's host has an address",
    rule="RFC 1035: a name is resolved before anything can be reached",
    basis="published",
    blame=BlameClass.ENVIRONMENT,
)
def name_resolution(context: Context) -> Iterator[Finding]:
    """A host without an address here may have one inside your network only."""
    for each in _needed(webhooks(context)):
        try:
            found = resolve(each.host)
        except (OSError, UnicodeError) as error:
            yield failed(
                f"{each.host} ({each.label}) has an address",
                expected="an address",
                actual=f"none: {getattr(error, 'strerror', None) or error}",
                hint="Correct the name, or make it known in the DNS that the DIP side can see.",
            )
        else:
            yield held(f"{each.host} ({each.label})", ", ".join(found[:4]))


@check(
    id="connectivity.tcp",
    part="connectivity",
    title="Every webhook's host takes connections",
    rule="RFC 9293: a TCP connection is opened before TLS begins",
    basis="published",
    after=_RESOLVED,
)
def tcp(context: Context) -> Iterator[Finding]:
    """Tells a service that is down from a firewall that drops what comes."""
    for each in webhooks(context):
        try:
            connect(each, _seconds(context)).close()
        except TimeoutError:
            yield failed(
                f"{each.label} at {each.address}",
                expected="a connection",
                actual="silence: no answer to the attempt",
                hint="A firewall drops it: open the port for this machine and for the DIP.",
                blame=Blame(BlameClass.ENVIRONMENT),
                key="timeout",
            )
        except OSError as error:
            yield failed(
                f"{each.label} at {each.address}",
                expected="a connection",
                actual=f"{error.strerror or error}",
                hint="Nothing listens there: start the service, or correct host and port.",
                key="refused",
            )
        else:
            yield held(f"{each.label} at {each.address}")


@check(
    id="connectivity.tls-version",
    part="connectivity",
    title="Webhooks speak TLS 1.2 or newer",
    rule="all traffic with the DIP is mutually authenticated TLS; RFC 9325: TLS 1.2 or newer",
    basis="published",
    after=_CONNECTED,
)
def tls_version(context: Context) -> Iterator[Finding]:
    """The handshake is tried with any server certificate, so that version and trust are told apart."""
    for each in _needed(webhooks(context)):
        shake = handshake(each, dip_context(context, verify=False), _seconds(context))
        if shake.fault in ("", "refused"):
            said = f"{shake.version}, {shake.cipher}" if not shake.fault else "agreed, then refused"
            yield held(f"{each.label} at {each.address}", said)
        else:
            yield _no_tls(each, shake)


def _no_tls(each: Endpoint, shake: Shake) -> Finding:
    hints = {
        "plain": "Put TLS on that port: webhooks are https, with a client certificate asked for.",
        "version": "Allow TLS 1.2 and 1.3 in the receiver, or in the gateway before it.",
        "cipher": "Allow the usual ciphers of TLS 1.2: ECDHE with AES-GCM.",
    }
    words = {
        "plain": "it speaks no TLS",
        "version": "it wants an older TLS only",
        "cipher": "no shared cipher",
    }
    return failed(
        f"{each.label} at {each.address}",
        expected="TLS 1.2 or 1.3",
        actual=f"{words.get(shake.fault, 'no handshake')} ({shake.said})",
        hint=hints.get(shake.fault, "Look into the receiver's log: it ended the handshake."),
        key=shake.fault,
    )


@check(
    id="connectivity.tls-old-refused",
    part="connectivity",
    title="Webhooks refuse TLS 1.1 and older",
    rule=_OLD,
    basis="published",
    after=_ENCRYPTED,
)
def tls_old_refused(context: Context) -> Iterator[Finding]:
    """A receiver that still agrees on TLS 1.1 can be talked down to it by somebody in between."""
    for each in webhooks(context):
        old = limited(dip_context(context, verify=False), newest=ssl.TLSVersion.TLSv1_1)
        shake = handshake(each, old, _seconds(context))
        if shake.fault:
            yield held(f"{each.label} at {each.address}", "refused")
        else:
            yield failed(
                f"{each.label} at {each.address}",
                expected="TLS 1.1 refused",
                actual=f"agreed on {shake.version}",
                hint="Set the oldest version of the receiver, or of its gateway, to TLS 1.2.",
            )


@check(
    id="connectivity.tls-cipher",
    part="connectivity",
    title="Webhooks agree only on ciphers with forward secrecy",
    rule="RFC 9325 4.1: no NULL, RC4 or export ciphers, no RSA key exchange",
    basis="published",
    after=_ENCRYPTED,
)
def tls_cipher(context: Context) -> Iterator[Finding]:
    """A recording of today's traffic must not open with tomorrow's stolen key."""
    for each in webhooks(context):
        weak = dip_context(context, verify=False)
        try:
            limited(weak, newest=ssl.TLSVersion.TLSv1_2, ciphers="kRSA:eNULL:RC4:@SECLEVEL=0")
        except ssl.SSLError:
            raise Omit("this machine's OpenSSL knows no weak cipher to try with") from None
        shake = handshake(each, weak, _seconds(context))
        if shake.fault:
            yield held(f"{each.label} at {each.address}", "weak ciphers refused")
        else:
            yield failed(
                f"{each.label} at {each.address}",
                expected="RSA key exchange, NULL and RC4 refused",
                actual=f"agreed on {shake.cipher}",
                hint="Allow ECDHE ciphers only.",
            )


@check(
    id="connectivity.server-certificate",
    part="connectivity",
    title="Webhooks show a certificate that the DIP can believe",
    rule="RFC 5280 6.1 and RFC 9525: issued by a trusted authority, in force, for that host",
    basis="published",
    after=_ENCRYPTED,
)
def server_certificate(context: Context) -> Iterator[Finding]:
    """The commonest reasons why no message ever arrives: chain not sent, wrong host, expired."""
    trusted = joined(context.profile.webhook.ca or context.trust_files())
    for each in webhooks(context):
        shake = handshake(each, dip_context(context, verify=True), _seconds(context))
        title = f"{each.label} at {each.address}"
        if shake.fault == "untrusted":
            expected, hint, key = _DISBELIEVED.get(shake.code, _OTHERWISE)
            yield failed(
                title,
                expected=expected.format(host=each.host, trusted=trusted),
                actual=shake.said,
                hint=hint.format(host=each.host, trusted=trusted),
                key=key,
            )
        elif shake.fault in ("", "refused"):
            yield held(title, "believed")
        else:
            yield unclear(title, actual=shake.said, hint="The handshake ended before the certificate came.")


_DISBELIEVED = {
    10: ("a certificate in force", "Renew the receiver's certificate and load it there.", "expired"),
    9: ("a certificate in force", "Its first day lies ahead: look at this machine's clock.", "not-yet-valid"),
    18: (
        "a certificate of an authority",
        "Have the receiver's certificate issued by the authority; the DIP believes no self-signed one.",
        "self-signed",
    ),
    19: (
        "a chain that ends in {trusted}",
        "The receiver's authority is not among {trusted}: take a certificate of the right one.",
        "other-authority",
    ),
    20: (
        "a chain that leads to {trusted}",
        "Let the receiver send its intermediate certificates after its own; or name its authority in ca.",
        "chain",
    ),
    62: (
        "a certificate for {host}",
        "Request one whose subject alternative names hold {host}, or correct the webhook's URL.",
        "host",
    ),
    64: (
        "a certificate for {host}",
        "Request one whose subject alternative names hold the address {host}, or use a name.",
        "host",
    ),
}
_OTHERWISE = (
    "a certificate that can be believed",
    "Look at the certificate with `dip pki show`.",
    "untrusted",
)


@check(
    id="connectivity.dip-accepted",
    part="connectivity",
    title="Webhooks accept the DIP's certificate",
    rule="all traffic with the DIP is mutually authenticated TLS",
    basis="published",
    after=_BELIEVED,
)
def dip_accepted(context: Context) -> Iterator[Finding]:
    """Mutual TLS towards you: the receiver must trust whoever issued the DIP's client certificate."""
    for each in webhooks(context):
        answer = _knocked(context, each)
        title = f"{each.label} at {each.address}"
        if answer.status is not None:
            yield held(title, f"answers over mutual TLS ({answer.status})")
        elif answer.refused_in_handshake:
            yield failed(
                title,
                expected="the DIP's client certificate accepted",
                actual=answer.error,
                hint=f"Let the receiver trust {context.hub_ca} for client certificates while it is checked.",
                key="refused",
            )
        else:
            yield failed(
                title,
                expected="an HTTP answer",
                actual=answer.error,
                hint="The handshake works and no answer comes: look at the receiver behind TLS.",
                key="no-answer",
            )


@check(
    id="connectivity.no-certificate-refused",
    part="connectivity",
    title="Webhooks refuse callers without a certificate",
    rule="all traffic with the DIP is mutually authenticated TLS",
    basis="published",
    after=_ACCEPTED,
)
def no_certificate_refused(context: Context) -> Iterator[Finding]:
    """A receiver that asks for no certificate lets everybody deliver."""
    yield from _refused(context, NO_CERTIFICATE, "a caller without a certificate")


@check(
    id="connectivity.foreign-certificate-refused",
    part="connectivity",
    title="Webhooks refuse certificates of other authorities",
    rule="RFC 5280 6.1: a client certificate leads to a trusted authority",
    basis="published",
    after=_ACCEPTED,
)
def foreign_certificate_refused(context: Context) -> Iterator[Finding]:
    """Asking for a certificate and believing any is as good as asking for none."""
    yield from _refused(context, _FOREIGN, "a certificate of another authority with the same name")


def _refused(context: Context, tls: str, what: str) -> Iterator[Finding]:
    for each in webhooks(context):
        answer = _knocked(context, each, tls)
        title = f"{each.label} at {each.address} refuses {what}"
        if answer.refused_in_handshake:
            yield held(title, "in the handshake")
        elif answer.status in _REFUSED_BY_HTTP:
            yield held(title, f"with {answer.status}")
        elif answer.status is None:
            yield held(title, answer.error)
        else:
            yield failed(
                title,
                expected="refused in the handshake, or with 401 or 403",
                actual=f"answered {answer.status}",
                hint="Require and verify client certificates in the receiver or its gateway.",
            )


def _knocked(context: Context, each: Endpoint, tls: str | None = None) -> Answer:
    answer = context.deliver(each.url, b"", method="GET", sign=False, tls=tls, timeout=_seconds(context))
    context.record(answer)
    return answer


def _needed(found: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    if not found:
        raise Omit("the profile names no webhook")
    return found


def _seconds(context: Context) -> float:
    return context.settings.number(TIMEOUT_SETTING)
