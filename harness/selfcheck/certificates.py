"""The certificates of a profile, each with what it is for, and how far each chain reaches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from harness.security.certificates import all_certificates
from harness.security.trust import Usage
from harness.selfcheck.context import Context


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate file of the participant: the certificate itself, and what follows it."""

    label: str
    """The table of the profile that names it: ``tls``, ``signing``, ``webhook``."""
    usage: Usage
    path: Path
    certificate: x509.Certificate
    extra: tuple[x509.Certificate, ...]

    @property
    def title(self) -> str:
        """What findings call it."""
        return f"[{self.label}] {self.path.name}"


def held_certificates(context: Context) -> tuple[Held, ...]:
    """Return the participant's certificates; raises ConfigurationError for a file that can't be read."""
    profile = context.profile
    sources: list[tuple[str, Usage, Path, Path | None]] = [
        ("tls", "tls-client", profile.tls.cert, profile.tls.chain),
        ("signing", "signing", profile.signing.cert, profile.signing.chain),
    ]
    if profile.webhook.cert is not None:
        sources.append(("webhook", "tls-server", profile.webhook.cert, None))
    found = []
    for label, usage, path, chain in sources:
        first, *extra = all_certificates([path])
        if chain is not None:
            extra += all_certificates([chain])
        found.append(Held(label, usage, path, first, tuple(extra)))
    return tuple(found)


def anchors(context: Context, held: Held) -> tuple[x509.Certificate, ...]:
    """Return the authorities that vouch for a certificate: the webhook's own, or the profile's."""
    files = context.trust_files()
    if held.label == "webhook" and context.profile.webhook.ca:
        files = context.profile.webhook.ca
    return all_certificates(files)


def missing_issuer(
    certificate: x509.Certificate, extra: Sequence[x509.Certificate], trusted: Iterable[x509.Certificate]
) -> str | None:
    """Return the issuer that a chain lacks; None where it reaches a trusted certificate."""
    trusted = tuple(trusted)
    here = certificate
    for _ in range(len(extra) + 2):
        if here in trusted or any(_issued(here, each) for each in trusted):
            return None
        above = next((each for each in extra if each != here and _issued(here, each)), None)
        if above is None:
            return here.issuer.rfc4514_string()
        here = above
    return here.issuer.rfc4514_string()


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
