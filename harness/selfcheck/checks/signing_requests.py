"""Signing: what the participant signs verifies, or it is said what was signed instead."""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import ConfigurationError
from harness.evidence.verdicts import Blame, BlameClass
from harness.security.certificates import load_der
from harness.security.signing import CERTIFICATE, CONTENT_HASH, DATE, HEADERS
from harness.selfcheck.certificates import held_certificates
from harness.selfcheck.check import Finding, Omit, check, failed, held
from harness.selfcheck.conduct.publications import sent_pairs
from harness.selfcheck.context import Context
from harness.selfcheck.signed_requests import Judged, judged, of_faults
from harness.spec.release import load as load_release
from harness.spec.routing import load_routing
from harness.transport.client import Answer, Sent
from harness.transport.signature import API_KEY

_RULE = "METHOD;lower-cased full URL;date;base64 SHA-256 of the body: two public clients agree"
_THERE = ("signing.requests",)
_REFUSED = (401, 403)
_STANDINGS = ("untrusted", "expired", "not-yet-valid", "wrong-usage", "revoked")


@check(
    id="signing.own-key",
    part="signing",
    title="The DIP accepts what the participant's key signs",
    rule=_RULE,
    basis="third-party",
    blame=BlameClass.CONFIGURATION,
    after=["connectivity.to-dip", "config.key-strength"],
)
def own_key(context: Context) -> Iterator[Finding]:
    """A request that the harness signs with your key passes the DIP: key, certificate and API key fit."""
    release, routing = load_release(context.release), load_routing()
    for party in context.profile.parties:
        pairs = sent_pairs(release, routing, party.role)
        if not pairs:
            continue
        inside = context.network.by_dip_id(party.dip_id)
        answer = context.client().send(inside, pairs[0][0], b"[]")
        context.record(answer, sender=party.dip_id, interface=pairs[0][0], departure="an empty batch")
        title = f"{party.dip_id}: a request signed with [signing] is let in"
        if answer.status is None or answer.status in _REFUSED:
            yield failed(
                title,
                expected="let in; the empty batch itself is then refused with 400",
                actual=f"answered {answer.status}" if answer.status else answer.error,
                hint="The signing certificate must be your own, from an authority in `trust`, and name no "
                "other DIP id; see the checks of the configuration.",
            )
        else:
            yield held(title, f"answered {answer.status}")


@check(
    id="signing.requests",
    part="signing",
    title="There are signed requests to judge",
    rule="captures of the profile; the send hook; or a person who sends",
    basis="assumed",
    blame=BlameClass.CONFIGURATION,
    after=["config.files-readable"],
    online=False,
)
def requests(context: Context) -> Iterator[Finding]:
    """Your own system's signatures are judged, recorded or sent now: not those that the harness makes."""
    try:
        found = judged(context)
    except ConfigurationError as error:
        yield failed(
            "recorded and sent requests can be read",
            expected="requests as text, JSON or HAR; a send hook that ends well",
            actual=f"{error.where}: {error.what}" if error.where else error.what,
            hint=error.mend,
        )
        return
    if not found:
        yield failed(
            "a message came",
            expected="a request at the address that the hook, or the person, was given",
            actual="none in time",
            hint="Look whether your system trusts the embedded DIP's certificate, and reaches this machine.",
            blame=Blame(BlameClass.PARTICIPANT, context.profile.name),
        )
        return
    for each in found:
        _kept(context, each)
        yield held(each.request.where, f"{each.request.method} {each.request.url}")


def _kept(context: Context, each: Judged) -> None:
    request = each.request
    headers = {name: value for name, value in request.headers.items() if name.lower() != API_KEY.lower()}
    outgoing = Sent(request.method, request.url, headers, request.body)
    context.record(Answer(outgoing, None, {}, b"", 0.0), sender=context.profile.name)


@check(
    id="signing.headers",
    part="signing",
    title="All four signature headers are there",
    rule="API: X-DIP-Signature, -Date, -Content-Hash and -Certificate are required",
    basis="published",
    after=_THERE,
    online=False,
)
def headers(context: Context) -> Iterator[Finding]:
    """A proxy or an API gateway may strip headers that it does not know."""
    yield from of_faults(
        context,
        ("header",),
        "all four headers are there",
        expected=", ".join(HEADERS),
        hint="Send all four; let the gateway pass every header that begins with X-DIP.",
    )


@check(
    id="signing.certificate-header",
    part="signing",
    title="The certificate header holds the certificate's PEM text in base64",
    rule="X-DIP-Signature-Certificate: base64 of the PEM text, no private key: two public clients agree",
    basis="third-party",
    after=_THERE,
    online=False,
)
def certificate_header(context: Context) -> Iterator[Finding]:
    """DER, bare PEM or a key in the header are the usual mistakes."""
    yield from of_faults(
        context,
        ("certificate", "key-type"),
        f"{CERTIFICATE} can be read",
        expected="base64 of the certificate's PEM text, with an RSA key",
        hint="Read the PEM file, leave out any private key, encode the text once more in base64.",
    )


@check(
    id="signing.content-hash",
    part="signing",
    title="The hash is that of the very bytes that were sent",
    rule="X-DIP-Content-Hash: base64 of the raw SHA-256 digest of the body: two public clients agree",
    basis="third-party",
    after=_THERE,
    online=False,
)
def content_hash(context: Context) -> Iterator[Finding]:
    """A body that is serialised again after it was hashed differs in spaces, order or line ends."""
    yield from of_faults(
        context,
        ("content-hash",),
        f"{CONTENT_HASH} is that of the body",
        expected="base64 of the SHA-256 of the body as sent",
        hint="Serialise once, hash those bytes, send those bytes.",
    )


@check(
    id="signing.string-to-sign",
    part="signing",
    title="The right string was signed",
    rule=_RULE,
    basis="third-party",
    after=_THERE,
    online=False,
)
def string_to_sign(context: Context) -> Iterator[Finding]:
    """Shows the string that the DIP builds, the one that you signed, and where they part."""
    yield from of_faults(
        context,
        ("signature",),
        "the signature verifies",
        expected="a signature that verifies",
        hint="No usual mistake explains it: compare with `dip sign` for the same request.",
    )


@check(
    id="signing.date",
    part="signing",
    title="The signature's date is a timestamp of the moment",
    rule="X-DIP-Signature-Date: UTC, milliseconds, Z: two public clients; signing.skew_seconds is assumed",
    basis="third-party",
    after=_THERE,
    online=False,
)
def date(context: Context) -> Iterator[Finding]:
    """A recorded request is judged for the form alone, one that was just sent for its distance too."""
    yield from of_faults(
        context,
        ("date",),
        f"{DATE} is right",
        expected="UTC with milliseconds and Z, at the moment of sending",
        hint="Take the date when the request goes out, from a clock that NTP sets.",
    )


@check(
    id="signing.certificate-trusted",
    part="signing",
    title="The certificate that signs is trusted, in force and for signing",
    rule="RFC 5280 6.1: issued by a trusted authority, within its dates, for that use",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    after=_THERE,
    online=False,
)
def certificate_trusted(context: Context) -> Iterator[Finding]:
    """What the running system shows may be another certificate than the one in the profile."""
    signing = next(each for each in held_certificates(context) if each.label == "signing")
    yield from of_faults(
        context,
        _STANDINGS,
        "the certificate that signs can be believed",
        expected="a certificate in force from an authority in `trust`",
        hint="Load the profile's signing certificate into the system.",
    )
    for each in judged(context):
        shown = each.verification.certificate
        if each.verification.valid and shown is not None and shown != signing.certificate:
            yield failed(
                f"{each.request.where} shows the profile's signing certificate",
                expected=f"serial number {signing.certificate.serial_number:x}",
                actual=f"serial number {shown.serial_number:x}",
                hint=f"The system signs with another one: load {signing.path.name}, or correct [signing].",
                key="other",
            )


@check(
    id="signing.caller",
    part="signing",
    title="Requests carry the API key and come with the TLS certificate",
    rule="the header X-API-Key of the published API, over mutually authenticated TLS",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    after=_THERE,
)
def caller(context: Context) -> Iterator[Finding]:
    """Judged for requests that your system sends now: a recording seldom holds either."""
    live = [each.request for each in judged(context) if each.request.live]
    if not live:
        raise Omit("nothing was sent now: the requests are recorded ones")
    tls = next(each for each in held_certificates(context) if each.label == "tls")
    for each in live:
        names = {name.lower() for name in each.headers}
        if API_KEY.lower() in names:
            yield held(f"{each.where} carries {API_KEY}")
        else:
            yield failed(
                f"{each.where} carries {API_KEY}",
                expected=f"the header {API_KEY}",
                actual="it is missing",
                hint=f"Send the DIP id's API key in {API_KEY}; for this check any value will do.",
                key="api-key",
            )
        title = f"{each.where} comes with the certificate of [tls]"
        if each.client is None:
            yield failed(
                title,
                expected=tls.title,
                actual="no client certificate",
                hint="Load the certificate and key of [tls] into the system's HTTP client.",
                key="no-certificate",
            )
        elif load_der(each.client) != tls.certificate:
            yield failed(
                title,
                expected=f"serial number {tls.certificate.serial_number:x}",
                actual=f"serial number {load_der(each.client).serial_number:x}",
                hint=f"The system connects with another certificate: load {tls.path.name}, or correct [tls].",
                key="other-certificate",
            )
        else:
            yield held(title)
