"""Recovery: the participant's certificates and key change while it sends, with overlap, then the old ends."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives import hashes

from harness.evidence.verdicts import BlameClass
from harness.security.certificates import first_certificate, identity_of
from harness.selfcheck.check import Finding, Omit, check, failed, held, untried
from harness.selfcheck.checks.recovery_rotation import RENEWAL
from harness.selfcheck.conduct.rotating import call_hook, changeable, nominated
from harness.selfcheck.conduct.sending import Sending, any_sent
from harness.selfcheck.conduct.traffic import going_on, key_in_use
from harness.selfcheck.context import Context
from harness.selfcheck.profile import SIGNING, Credentials
from harness.transport.client import DipClient
from harness.transport.network import CertificateSet, Network
from harness.writing import PRIVATE, write_whole

_CREATED = 201
_REFUSED = (401, 403)
_AFTER = 3
"""Messages that are sent when the old credentials are withdrawn."""
_KEPT: WeakKeyDictionary[Context, _Changed] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Changed:
    """What was sent while certificates and key changed, and how the DIP stood to the old ones."""

    overlap: tuple[Sending, ...]
    """Before, during and after the change, as long as the old ones were in force."""
    after: tuple[Sending, ...]
    """When they no longer were."""
    old_in_overlap: int | None
    """What the DIP answered the old credentials beside the new ones, and then."""
    old_afterwards: int | None


def fingerprint(certificate: Path) -> bytes:
    """Return the SHA-256 fingerprint of the first certificate of a file."""
    return first_certificate(certificate)[0].fingerprint(hashes.SHA256())


def _next(context: Context, own: Credentials, label: str) -> CertificateSet:
    """Return the certificate that follows: the profile's, or one of the test authority."""
    name = f"selfcheck-next-{label}"
    if own.next_cert is not None:
        return CertificateSet(name, own.next_cert.absolute(), own.next_key)
    party = any_sent(context)[0]
    profile = "tls-client" if label == "tls" else "signing"
    issued = context.authority.issue(
        name,
        profile,  # type: ignore[arg-type]
        organisation=party.organisation,
        dip_ids=identity_of(first_certificate(own.cert)[0]).dip_ids or (party.dip_id,),
        replace=True,
    )
    return CertificateSet(name, issued.cert, issued.key)


def _changed(context: Context) -> _Changed:
    found = _KEPT.get(context)
    if found is None:
        found = _KEPT[context] = _rehearsed(context)
    return found


def _rehearsed(context: Context) -> _Changed:
    tls = changeable(context, context.profile.tls)
    signs_by_file = context.profile.signing.key is not None
    signing = context.network.certificate(SIGNING)
    admin = context.hub().admin
    if admin is None:
        raise Omit("the DIP has no admin API")
    party = context.network.by_dip_id(any_sent(context)[0].dip_id)
    new_tls = _next(context, context.profile.tls, "tls")
    new_signing = _next(context, context.profile.signing, "signing")
    old_key, new_key = key_in_use(context), secrets.token_urlsafe(24)
    old_file, new_file = context.private / "overlap-key.old", context.private / "overlap-key.new"
    write_whole(old_file, old_key.encode() + b"\n", mode=PRIVATE)
    write_whole(new_file, new_key.encode() + b"\n", mode=PRIVATE)
    provider = nominated(context, party)
    old = [("tls", tls.cert, tls.key), ("api-key", old_file, old_file)]
    new = [("tls", new_tls.cert, new_tls.key), ("api-key", new_file, new_file)]
    withdrawn = [fingerprint(tls.cert)]
    if signs_by_file:  # a key in a vault can't be handed over
        old.insert(1, ("signing", signing.cert, signing.key))
        new.insert(1, ("signing", new_signing.cert, new_signing.key))
        withdrawn.append(fingerprint(signing.cert))

    def by_hand() -> int | None:
        return context.client().send(party, any_sent(context)[1], b"[]", api_key=old_key).status

    try:
        with going_on(context, tls, signing, new_tls, new_signing) as traffic:
            admin.set_member(party.dip_id, connection_provider=provider, api_keys=[old_key, new_key])
            overlap = [*traffic.more(1)]
            before = len(traffic.sent)
            for what, cert, key in new:
                assert key is not None
                call_hook(context, what, cert, key)
            traffic.more(1)
            overlap += traffic.sent[before:]
            beside = by_hand()
            admin.set_member(
                party.dip_id,
                connection_provider=provider,
                api_keys=[new_key],
                withdrawn=withdrawn,
            )
            after, afterwards = traffic.more(_AFTER), by_hand()
    finally:
        admin.reset_member(party.dip_id)
        for what, cert, key in old:
            assert key is not None
            call_hook(context, what, cert, key)
    return _Changed(tuple(overlap), after, beside, afterwards)


def _refused(sendings: tuple[Sending, ...]) -> str:
    """Say how many messages were not taken, and why the first was not; empty where all were."""
    wrong = [each for each in sendings if each.heard is None or each.heard.status != _CREATED]
    if not wrong:
        return ""
    heard = wrong[0].heard
    if heard is None:
        said = wrong[0].trouble or "nothing came"
    else:
        reason = heard.verification.reason if not heard.verification.valid else ""
        text = heard.answer.body[:200].decode("utf-8", "replace") if heard.answer else ""
        said = f"the DIP answered {heard.status} {reason or text}".strip()
    return f"{len(wrong)} of {len(sendings)} messages: {said}"


def _all_taken(
    what: str, sendings: tuple[Sending, ...], *, expected: str, hint: str, remark: str = ""
) -> Finding:
    title, wrong = f"{sendings[0].title}: {what}", _refused(sendings)
    if wrong:
        return failed(title, expected=expected, actual=wrong, hint=hint)
    return held(title, f"{len(sendings)} messages{remark}")


@check(
    id="recovery.own-overlap",
    part="recovery",
    title="No message is lost while the participant's certificates and API key change",
    rule=f"{RENEWAL}; API keys are managed per DIP id (ONB-7)",
    basis="assumed",
    after=["interfaces.sent-accepted"],
)
def own_overlap(context: Context) -> Iterator[Finding]:
    """TLS and signing certificate and API key change under traffic; the DIP takes old and new together."""
    found = _changed(context)
    if found.old_in_overlap in (None, *_REFUSED):
        yield untried(
            "the DIP takes the old credentials beside the new ones", f"it answered {found.old_in_overlap}"
        )
        return
    yield _all_taken(
        "every message of the overlap is taken",
        found.overlap,
        expected="201 for each, with the old credentials or with the new ones",
        hint="Change certificate and key in one step, and let what is on its way end with the old ones.",
    )


@check(
    id="recovery.own-cut",
    part="recovery",
    title="Nothing of the old certificates and API key is used when the overlap ends",
    rule=f"{RENEWAL}; what is withdrawn is refused (CoCo 6.1.3)",
    basis="assumed",
    after=["interfaces.sent-accepted"],
)
def own_cut(context: Context) -> Iterator[Finding]:
    """One adapter of several that was forgotten is refused on the day when the old certificate ends."""
    found = _changed(context)
    if found.old_afterwards not in _REFUSED:
        yield untried(
            "the DIP refuses the old credentials when they are withdrawn",
            f"it answered {found.old_afterwards}",
        )
        return
    yield _all_taken(
        "every message after the overlap is taken",
        found.after,
        remark="; the old credentials are refused",
        expected="201 for each, with the new credentials alone",
        hint="Load the new certificates and key into every adapter, pool and instance that sends.",
    )


@check(
    id="recovery.next-certificates",
    part="recovery",
    title="The DIP takes the participant's present and next certificates side by side",
    rule=f"{RENEWAL}; certificates and DIP id must agree",
    basis="assumed",
    blame=BlameClass.CONFIGURATION,
    after=["connectivity.to-dip"],
)
def next_certificates(context: Context) -> Iterator[Finding]:
    """A next certificate that does not fit is found now, not on the day of the change."""
    profile = context.profile
    named = [each for each in (profile.tls, profile.signing) if each.next_cert is not None]
    if not named:
        raise Omit("the profile names no next_cert in [tls] or [signing]")
    party, interface, _ = any_sent(context)
    inside = context.network.by_dip_id(party.dip_id)
    hub = context.hub()
    for each in named:
        following = _next(context, each, each.label)
        sets = (*context.network.certificates, following)
        network = Network(context.network.organisations, sets)
        title = f"[{each.label}] {following.cert.name} is let in beside {each.cert.name}"
        with DipClient(hub.url(context.release), network, hub.ca, clock=context.clock) as client:
            later = (
                replace(inside, tls=following.name)
                if each.label == "tls"
                else replace(inside, signing=following.name)
            )
            answers = [client.send(who, interface, b"[]") for who in (inside, later, inside)]
        for answer in answers:
            context.record(answer, sender=party.dip_id, interface=interface, departure="an empty batch")
        wrong = next((one for one in answers if one.status is None or one.status in _REFUSED), None)
        if wrong is None:
            yield held(title, "old, new and old again are let in")
            continue
        said = wrong.body.decode("utf-8", "replace")[:200]
        yield failed(
            title,
            expected="let in; the empty batch itself is then refused with 400",
            actual=f"answered {wrong.status} {said}".strip() if wrong.status else wrong.error,
            hint="The next certificate must name the same DIP id, be for the same use, be in force and come "
            "from an authority in `trust`; next_key must be its key.",
        )
