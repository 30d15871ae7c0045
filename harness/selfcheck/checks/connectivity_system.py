"""Connectivity: what stands behind the participant's own doors: revocation, a vault, probe points."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from harness.clock import header_time
from harness.evidence.verdicts import Blame, BlameClass
from harness.security.certificates import first_certificate, load_der
from harness.security.signing import Signer
from harness.selfcheck import revocation
from harness.selfcheck.certificates import anchors, held_certificates
from harness.selfcheck.check import Finding, Omit, advised, check, failed, held
from harness.selfcheck.context import Context
from harness.selfcheck.inbox import inbox
from harness.selfcheck.piped import ask
from harness.selfcheck.reaching import TIMEOUT_SETTING, dip_context, handshake, webhooks

_SIGNING = "selfcheck.sign_seconds"
_ROUNDS = 3
_DOWN = (500, 502, 503, 504)
"""What a hop answers that is there, and whose next hop is not."""


@check(
    id="connectivity.revocation",
    part="connectivity",
    title="Revocation of every certificate can be looked up, and none is revoked",
    rule="RFC 5280 4.2.1.13 and 4.2.2.1: a certificate says where its revocation is published",
    basis="published",
    blame=BlameClass.ENVIRONMENT,
    after=["config.files-readable"],
)
def revocation_reachable(context: Context) -> Iterator[Finding]:
    """A peer that can't reach the place may refuse the certificate, or believe a revoked one."""
    seconds, asked = _seconds(context), False
    subjects: list[tuple[str, x509.Certificate, tuple[x509.Certificate, ...]]] = [
        (each.title, each.certificate, (*each.extra, *anchors(context, each)))
        for each in held_certificates(context)
    ]
    trusted = subjects[0][2] if subjects else ()
    for where in webhooks(context):
        try:
            shake = handshake(where, dip_context(context, verify=False), seconds)
        except OSError:
            continue
        if shake.certificate:
            subjects.append((f"{where.label} at {where.address}", load_der(shake.certificate), trusted))
    for name, certificate, above in subjects:
        issuer = next((each for each in above if each.subject == certificate.issuer), None)
        for found in revocation.asked(certificate, issuer, seconds):
            asked = True
            title = f"{name}: {found.kind} at {found.url}"
            if found.state == revocation.GOOD:
                yield held(title, found.said)
            elif found.state == revocation.REVOKED:
                yield failed(
                    title,
                    expected="a certificate that is not revoked",
                    actual=found.said,
                    hint="Put the certificate that replaced it into the system and the profile.",
                    blame=Blame(BlameClass.PARTICIPANT, context.profile.name),
                    key="revoked",
                )
            else:
                yield failed(
                    title,
                    expected="an answer",
                    actual=found.said,
                    hint="Open the way to it (plain http, port 80) in firewall and proxy.",
                    key="silent",
                )
    if not asked:
        raise Omit("no certificate names an OCSP responder or a revocation list")


@check(
    id="connectivity.sign-command",
    part="connectivity",
    title="A key in a vault or HSM signs by command, soon enough",
    rule="the programme's key management keeps keys off disks; selfcheck.sign_seconds is ours",
    basis="assumed",
    after=["config.key-matches-certificate"],
    online=False,
)
def sign_command(context: Context) -> Iterator[Finding]:
    """Each message is signed, so the time of one signature bounds how many can be sent."""
    each = context.profile.signing
    if not each.sign_command:
        raise Omit("[signing] has a key and no sign_command")
    signer = Signer.load(each.cert, None, each.sign_command)
    took = []
    for number in range(_ROUNDS):
        date, began = header_time(context.clock.now()), time.perf_counter()
        signer.sign("POST", f"https://dip.example/{number}", b"[]", date=date)
        took.append(time.perf_counter() - began)
    quickest, limit = min(took), context.settings.number(_SIGNING)
    title = f"{each.sign_command[0]} signs"
    if quickest > limit:
        yield advised(
            title,
            expected=f"a signature in less than {limit:g} s",
            actual=f"{quickest:.1f} s at best",
            hint="Keep a session with the vault open, or let several signatures run side by side.",
        )
    else:
        yield held(title, f"in {quickest * 1000:.0f} ms at best")


@check(
    id="connectivity.connect-command",
    part="connectivity",
    title="A TLS key in a vault or HSM opens connections by command",
    rule="RFC 8446 4.4.3: whoever shows a certificate proves that it holds its key; the command is ours",
    basis="assumed",
    blame=BlameClass.CONFIGURATION,
    after=["config.files-readable"],
)
def connect_command(context: Context) -> Iterator[Finding]:
    """The check reaches the DIP by your command, and shows a stand-in certificate when sending in your name.

    What your system itself sends comes with your own certificate all the same, and is judged.
    """
    own = context.profile.tls
    if not own.connect_command:
        raise Omit("[tls] has a key and no connect_command")
    box = inbox(context)
    before, began = len(box.heard), time.perf_counter()
    answer = ask(own.connect_command, "GET", f"{box.url(context.release)}/", b"", seconds=_seconds(context))
    took = time.perf_counter() - began
    context.record(answer, sender=context.profile.parties[0].dip_id)
    heard = box.heard[before] if answer.status is not None and len(box.heard) > before else None
    title = f"{own.connect_command[0]} opens a connection with {own.cert.name}"
    wanted, _ = first_certificate(own.cert)
    if heard is not None and heard.client is not None and load_der(heard.client) == wanted:
        yield held(title, f"answered in {took * 1000:.0f} ms")
        return
    actual = answer.error or f"answered {answer.status}"
    if heard is not None:
        actual = "another certificate came" if heard.client else "no client certificate came"
    yield failed(
        title,
        expected=f"an answer over TLS, with the certificate of serial number {wanted.serial_number:x}",
        actual=actual,
        hint="Run the command by hand with host and port: it must trust the simulated DIP's authority, show "
        "the certificate of [tls], and pass bytes from standard input and to standard output.",
    )


@check(
    id="connectivity.probe-points",
    part="connectivity",
    title="Adapter, gateway and back office answer, hop by hop",
    rule="the probe points of the profile, from the outside in",
    basis="assumed",
)
def probe_points(context: Context) -> Iterator[Finding]:
    """Where the outer hop answers and an inner one doesn't, the adapter is sound and the rest is not."""
    probes = context.profile.probes
    if not probes:
        raise Omit("the profile names no probe points")
    before = ""
    for each in probes:
        status, said = _probed(context, each.url)
        if status is not None and status not in _DOWN:
            yield held(each.name, f"answers {status}")
            before = each.name
            continue
        first = f"{each.name}, the first hop, does not answer"
        reached = f"{before} answers, {each.name} does not" if before else first
        yield failed(
            each.name,
            expected=f"an answer that is no server fault at {each.url}",
            actual=said or f"answers {status}",
            hint=f"{reached}: look at {each.name} and at the way from {before or 'outside'} to it.",
            key=each.name,
        )
        break


def _probed(context: Context, url: str) -> tuple[int | None, str]:
    if urlsplit(url).scheme == "https":
        answer = context.deliver(url, b"", method="GET", sign=False, timeout=_seconds(context))
        context.record(answer)
        return answer.status, answer.error
    try:
        return httpx.get(url, timeout=_seconds(context), trust_env=False).status_code, ""
    except httpx.HTTPError as error:
        return None, str(error) or type(error).__name__


def _seconds(context: Context) -> float:
    return context.settings.number(TIMEOUT_SETTING)
