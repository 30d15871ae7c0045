"""Configuration: what certificates say, how long they last, and whom they name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from harness.clock import SystemClock
from harness.evidence.verdicts import BlameClass
from harness.security.certificates import identity_of, parse
from harness.security.policy import current_policy
from harness.security.trust import Trust
from harness.selfcheck.certificate_rules import broken_rules, read_rules
from harness.selfcheck.certificates import Held, anchors, held_certificates, missing_issuer
from harness.selfcheck.check import Finding, Omit, advised, check, failed, held
from harness.selfcheck.context import Context

_READABLE = ("config.files-readable",)
_RSA_BITS = 2048
_EC_BITS = 256
_WEAK_HASHES = ("md5", "sha1")
_RENEWED = "selfcheck.renewal_days"


@check(
    id="config.chain-complete",
    part="configuration",
    title="Each certificate leads to a trusted authority",
    rule="RFC 5280 6.1: a path of certificates from the certificate to a trust anchor",
    basis="published",
    blame=BlameClass.CONFIGURATION,
    after=_READABLE,
    online=False,
)
def chain_complete(context: Context) -> Iterator[Finding]:
    """A certificate whose issuer is missing works where that is known, and fails elsewhere."""
    for each in held_certificates(context):
        title = f"{each.title} leads to a trusted authority"
        missing = missing_issuer(each.certificate, each.extra, anchors(context, each))
        if missing is None:
            yield held(title)
            continue
        own = each.certificate.subject == each.certificate.issuer
        yield failed(
            title,
            expected="a certificate of an authority in `trust`, or a chain that leads to one",
            actual="it is self-signed" if own else f"the issuer {missing} is in none of the files",
            hint="Have it issued by the authority."
            if own
            else "Add the issuing authority's certificate to the file after the certificate, or name it "
            "in `chain`; name the root in `trust`.",
            key="self-signed" if own else "chain",
        )


@check(
    id="config.certificate-usage",
    part="configuration",
    title="Each certificate may be used for what it is used for",
    rule="RFC 5280 4.2.1.3 and 4.2.1.12: key usage and extended key usage",
    basis="published",
    after=_READABLE,
    online=False,
)
def certificate_usage(context: Context) -> Iterator[Finding]:
    """A server certificate doesn't open connections, and one for encryption doesn't sign."""
    for each in held_certificates(context):
        standing = Trust([each.certificate]).standing(each.certificate, each.usage)
        title = f"{each.title} is good for {each.usage}"
        if standing.fault == "wrong-usage":
            yield failed(
                title,
                expected=f"key usage digitalSignature, and no extended key usage that excludes {each.usage}",
                actual=standing.reason,
                hint=f"Request a certificate for {each.usage}, or name the right file in [{each.label}].",
            )
        elif _is_authority(each.certificate):
            yield failed(
                title,
                expected="a certificate of your own system",
                actual="it is an authority's certificate (basic constraints: CA)",
                hint=f"Name the certificate that was issued to you in [{each.label}], not the authority's.",
            )
        else:
            yield held(title)


@check(
    id="config.key-strength",
    part="configuration",
    title="Keys and hashes are strong enough",
    rule="NIST SP 800-57: RSA from 2048 bits, EC from 256; no MD5, no SHA-1. Signing keys: RSA",
    basis="third-party",
    after=_READABLE,
    online=False,
)
def key_strength(context: Context) -> Iterator[Finding]:
    """Weak keys and hashes are refused by current libraries, often with an error that names neither."""
    for each in held_certificates(context):
        yield _strength(each)
        hashed = each.certificate.signature_hash_algorithm
        if hashed is not None and hashed.name in _WEAK_HASHES:
            yield failed(
                f"{each.title} is signed with a strong hash",
                expected="SHA-256 or longer",
                actual=hashed.name.upper(),
                hint="Have the certificate issued again; its authority signs with a broken hash.",
            )


def _strength(each: Held) -> Finding:
    key = parse(each.certificate).public_key
    title = f"{each.title} has a strong key"
    hint = f"Make a new key and request a new certificate for [{each.label}]."
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size >= _RSA_BITS:
            return held(title, f"RSA, {key.key_size} bits")
        return failed(
            title, expected=f"RSA, {_RSA_BITS} bits or more", actual=f"{key.key_size} bits", hint=hint
        )
    if isinstance(key, ec.EllipticCurvePublicKey):
        if each.usage == "signing" and not current_policy().ecdsa_accepted:
            return failed(
                title,
                expected="an RSA key: both known clients sign with RSA",
                actual=f"an EC key ({key.curve.name})",
                hint=f"{hint} Where the DIP is known to accept EC, set signing.ecdsa_accepted.",
                key="ec-signing",
            )
        if key.key_size >= _EC_BITS:
            return held(title, f"EC, {key.curve.name}")
        return failed(title, expected=f"EC, {_EC_BITS} bits or more", actual=key.curve.name, hint=hint)
    return failed(title, expected="an RSA or EC key", actual="a key of another kind", hint=hint)


@check(
    id="config.in-force",
    part="configuration",
    title="Each certificate is in force",
    rule="RFC 5280 4.1.2.5: a certificate is good between its two dates",
    basis="published",
    after=_READABLE,
    online=False,
)
def in_force(context: Context) -> Iterator[Finding]:
    """An expired certificate is refused in the handshake, or with the signature."""
    now = SystemClock().now()
    for each in held_certificates(context):
        for one in (each.certificate, *each.extra):
            begins, ends = one.not_valid_before_utc, one.not_valid_after_utc
            title = (
                f"{each.title} is in force" if one is each.certificate else f"the chain of {each.title} is"
            )
            if now < begins:
                yield failed(
                    title,
                    expected=f"a first day before {now:%Y-%m-%d}",
                    actual=f"valid only from {begins:%Y-%m-%d %H:%M} UTC",
                    hint="Use the certificate that is in force, or check this machine's clock.",
                    key="not-yet-valid",
                )
            elif now > ends:
                yield failed(
                    title,
                    expected=f"a last day after {now:%Y-%m-%d}",
                    actual=f"expired {ends:%Y-%m-%d %H:%M} UTC",
                    hint="Renew it, and put the new one into the profile and the system.",
                    key="expired",
                )
            else:
                yield held(title, f"until {ends:%Y-%m-%d}")


@check(
    id="config.renewal-calendar",
    part="configuration",
    title="Certificates last long enough, and their renewals are known",
    rule=f"the setting {_RENEWED}: how long before its end a certificate's renewal should begin",
    basis="assumed",
    after=_READABLE,
    online=False,
)
def renewal_calendar(context: Context) -> Iterator[Finding]:
    """Says when each certificate must be renewed, so that none ends in the middle of a test.

    The key of a finding is the certificate's last day, from which `renewals.ics` is made.
    """
    now = SystemClock().now()
    days = context.settings.integer(_RENEWED)
    for each in held_certificates(context):
        for one in (each.certificate, *each.extra):
            ends = one.not_valid_after_utc
            name = each.title if one is each.certificate else f"{each.title}: {_common_name(one)}"
            left = (ends - now).days
            when = f"ends {ends:%Y-%m-%d}, in {left} days" if left >= 0 else f"ended {ends:%Y-%m-%d}"
            if left < days:
                yield advised(
                    name,
                    expected=f"{days} days or more",
                    actual=when,
                    hint="Begin its renewal now: vetting and issuing take days.",
                    key=f"{ends:%Y-%m-%d}",
                )
            else:
                said = f"{when}; renew from {_before(ends, days):%Y-%m-%d}"
                yield Finding(name, True, actual=said, key=f"{ends:%Y-%m-%d}")


@check(
    id="config.names-agree",
    part="configuration",
    title="Certificates name this participant and its hosts",
    rule="O names the organisation, an OU of ten characters a DIP id; RFC 9525: servers name hosts",
    basis="assumed",
    after=_READABLE,
    online=False,
)
def names_agree(context: Context) -> Iterator[Finding]:
    """A certificate of somebody else opens the connection and is refused with the first message."""
    profile = context.profile
    own = {party.dip_id.lower() for party in profile.parties}
    own |= {party.connection_provider.lower() for party in profile.parties if party.connection_provider}
    for each in held_certificates(context):
        if each.usage == "tls-server":
            yield from _hosts(context, each)
            continue
        identity = identity_of(each.certificate)
        title = f"{each.title} names this participant"
        named = {dip_id.lower() for dip_id in identity.dip_ids}
        if named and not named & own:
            yield failed(
                title,
                expected=f"one of {', '.join(sorted(own))}",
                actual=f"DIP ids {', '.join(sorted(named))}, organisation {identity.organisation or 'none'}",
                hint=f"[{each.label}] names somebody else's certificate: take your own.",
                key="other-party",
            )
        elif named and (left := own - named):
            yield advised(
                title,
                expected=f"all of {', '.join(sorted(own))}",
                actual=f"{', '.join(sorted(left))} is not named in it",
                hint="Find out whether one certificate may serve all of your DIP ids.",
            )
        elif identity.organisation and identity.organisation != profile.name:
            yield advised(
                title,
                expected=f"organisation '{profile.name}'",
                actual=f"'{identity.organisation}'",
                hint="Write `name` as the certificate does, where they are one organisation.",
            )
        else:
            yield held(title, identity.organisation or "it names no organisation")


@check(
    id="config.certificate-profile",
    part="configuration",
    title="Certificates meet the certificate profile that you gave",
    rule="your certificate_profile file; the DIP PKI Certificate Profiles themselves are not public",
    basis="assumed",
    after=_READABLE,
    online=False,
)
def certificate_profile(context: Context) -> Iterator[Finding]:
    """Where you know the rules for certificates, each certificate is held against them."""
    path = context.profile.certificate_profile
    if path is None:
        raise Omit("no certificate_profile is named, and the programme's is not public")
    rules = read_rules(path)
    for each in held_certificates(context):
        broken = list(broken_rules(rules, each, SystemClock().now()))
        for expected, actual in broken:
            yield failed(
                f"{each.title} meets {path.name}",
                expected=expected,
                actual=actual,
                hint=f"Request the certificate for [{each.label}] again, as {path.name} wants it.",
            )
        if not broken:
            yield held(f"{each.title} meets {path.name}")


def _hosts(context: Context, each: Held) -> Iterator[Finding]:
    try:
        names = each.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        known = []
    else:
        known = [str(name.value).lower() for name in names]
    for host in sorted({urlsplit(url).hostname or "" for _, _, url in context.profile.urls()}):
        title = f"{each.title} names {host}"
        if host in known or f"*.{host.partition('.')[2]}" in known:
            yield held(title)
        else:
            yield failed(
                title,
                expected=f"{host} among its subject alternative names",
                actual=", ".join(known) or "it has none",
                hint=f"Request a certificate for {host}, or call the receiver by a name that it has.",
                key="host",
            )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return constraints.value.ca


def _common_name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()


def _before(moment: datetime, days: int) -> datetime:
    return moment - timedelta(days=days)
