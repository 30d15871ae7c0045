"""Who calls: TLS certificate, API key and signature, bound to one member of the network.

The identity rule: the API key names a member; the client certificate and the signing certificate must each
belong to that member or to the connection provider that it nominated. Order of the checks (assumed): client
certificate, API key, binding of the client certificate, signature, binding of the signing certificate.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from harness.security.certificates import Parsed, UnreadableCertificateError, load_der, parse, parse_header
from harness.security.policy import Policy
from harness.security.signing import CERTIFICATE
from harness.security.trust import Trust
from harness.security.verifying import verify
from simulators.dip.directory import Directory
from simulators.dip.model import Call, Caller, Member, Refusal
from simulators.dip.rules import Rules

API_KEY = "x-api-key"
_CERTIFICATE_FAULTS = ("untrusted", "expired", "not-yet-valid", "wrong-usage", "revoked")


def connect(call: Call, trust: Trust, rules: Rules) -> Parsed | Refusal:
    """Judge the client certificate alone: what an operation without API key and signature asks for."""
    certificate = _parsed(call.certificate) if call.certificate else None
    if certificate is None:
        return Refusal(rules.certificate_status, "no readable client certificate came with the connection")
    standing = trust.standing(certificate.certificate, "tls-client", fingerprint=certificate.fingerprint)
    if not standing.trusted:
        return Refusal(rules.certificate_status, standing.reason)
    return certificate


def authenticate(
    call: Call, directory: Directory, trust: Trust, rules: Rules, policy: Policy, now: datetime
) -> Caller | Refusal:
    """Return who called, or the refusal; ``now`` is what the signature's date is held against."""
    certificate = connect(call, trust, rules)
    if isinstance(certificate, Refusal):
        return certificate
    key = call.headers.get(API_KEY)
    member = directory.with_key(key) if key else None
    if member is None:
        return Refusal(
            rules.api_key_status, "the API key is unknown" if key else "the header X-API-Key is missing"
        )
    carrier = _bound(directory.owned_by(certificate.certificate, certificate.fingerprint), member, directory)
    if carrier is None:
        return Refusal(
            rules.certificate_status,
            f"the client certificate is neither {member.dip_id}'s nor its connection provider's",
        )
    verification = verify(
        call.method, call.url, call.body, call.headers, trust=trust, now=now, policy=policy, explained=False
    )
    if not verification.valid:
        status = rules.signature_status
        if verification.fault in _CERTIFICATE_FAULTS:
            status = rules.certificate_status
        return Refusal(status, f"signature: {verification.reason}")
    signing = parse_header(call.headers[CERTIFICATE.lower()])  # kept since it was verified
    if _bound(directory.owned_by(signing.certificate, signing.fingerprint), member, directory) is None:
        return Refusal(
            rules.certificate_status,
            f"the signing certificate is neither {member.dip_id}'s nor its connection provider's",
        )
    return Caller(member, None if carrier is member else carrier)


def _bound(owners: frozenset[str], member: Member, directory: Directory) -> Member | None:
    """Return whose certificate it is: a nominated provider's, the member's own, or neither's.

    One that both have is the provider's: then it holds the certificates of the parties that nominated it.
    """
    if member.connection_provider in owners:
        return directory.members.get(member.connection_provider or "")
    for provider in member.former_providers:
        if provider in owners:
            return directory.members.get(provider)
    return member if member.dip_id in owners else None


@lru_cache(maxsize=1024)
def _parsed(der: bytes) -> Parsed | None:
    try:
        return parse(load_der(der))
    except UnreadableCertificateError:
        return None
