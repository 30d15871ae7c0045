"""Whether a certificate may be believed: issued by a trusted authority, in date, for its use, not revoked.

Every certificate in the user's CA files is an anchor; a certificate that is itself an anchor (self-signed
or not) is trusted as it is. Certificates are judged in real time, never by the simulated clock.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from harness.errors import ConfigurationError
from harness.security.certificates import UnreadableCertificateError, all_certificates, parse, read_bytes

Usage = Literal["signing", "tls-client", "tls-server"]
_EXTENDED = {
    "tls-client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "tls-server": ExtendedKeyUsageOID.SERVER_AUTH,
}
_KEPT = 4096
_LOOK_SECONDS = 0.001
"""How old the last look at the CRL files may be: a busy hub looks once for several calls."""
_DEPTH = 8
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """The judgement: ``fault`` is ``""``, ``untrusted``, ``expired``, ``not-yet-valid``, ``wrong-usage``
    or ``revoked``; ``reason`` is the sentence for it.
    """  # noqa: D205

    fault: str
    reason: str

    @property
    def trusted(self) -> bool:
        """Say whether nothing stands against the certificate."""
        return not self.fault


GOOD = Standing("", "the certificate is trusted")


@dataclass(frozen=True, slots=True)
class _Chain:
    """What doesn't change with time: the chain's standing and the period in which it holds."""

    standing: Standing
    certificates: tuple[x509.Certificate, ...]
    identifiers: tuple[tuple[bytes, int], ...]
    begins: datetime
    ends: datetime


_Good = tuple[frozenset[tuple[bytes, int]], float, float]
"""What was revoked when nothing stood against a certificate, and from when until when it holds (POSIX)."""


class Trust:
    """Anchors and revocation lists. Judgements are kept per certificate (bounded); safe between threads.

    CRL files are read again when they change, so a certificate revoked during a run is refused a millisecond
    later; while a changed file can't be read, the list that was last read stands.
    """

    def __init__(self, anchors: Iterable[x509.Certificate], crl_paths: Sequence[Path] = ()) -> None:
        self._anchors = tuple(anchors)
        self._by_subject: dict[bytes, list[x509.Certificate]] = {}
        for anchor in self._anchors:
            self._by_subject.setdefault(anchor.subject.public_bytes(), []).append(anchor)
        self._prints = {anchor.fingerprint(hashes.SHA256()) for anchor in self._anchors}
        self._crl_paths = tuple(crl_paths)
        self._stamp: tuple[tuple[int, int, int], ...] = ()
        self._revoked: frozenset[tuple[bytes, int]] = frozenset()
        self._kept: dict[tuple[bytes, Usage | None], _Chain] = {}
        self._good: dict[tuple[bytes, Usage | None], _Good] = {}
        self._lock = threading.Lock()
        self._look_again = 0.0
        self._read_crls()

    @classmethod
    def load(cls, ca_paths: Sequence[Path | str] | Path | str, crl_paths: Sequence[Path | str] = ()) -> Trust:
        """Read CA files (PEM, one or more certificates each) and CRLs (PEM or DER).

        Raises ConfigurationError for a file that holds none, or a CRL of another authority.
        """
        paths = [ca_paths] if isinstance(ca_paths, Path | str) else ca_paths
        return cls(all_certificates([Path(p) for p in paths]), [Path(p) for p in crl_paths])

    def standing(
        self, certificate: x509.Certificate, usage: Usage | None = None, *, fingerprint: bytes | None = None
    ) -> Standing:
        """Judge a certificate for a use, now. ``fingerprint`` (SHA-256) saves working it out again."""
        if self._crl_paths and time.monotonic() >= self._look_again:
            self._read_crls()
        key = (fingerprint or certificate.fingerprint(hashes.SHA256()), usage)
        good = self._good.get(key)
        if good is not None and good[0] is self._revoked and good[1] <= time.time() <= good[2]:
            return GOOD
        return self._judge(certificate, key)

    def _judge(self, certificate: x509.Certificate, key: tuple[bytes, Usage | None]) -> Standing:
        revoked = self._revoked
        chain = self._kept.get(key)
        if chain is None:
            chain = self._build(certificate, *key)
            with self._lock:
                if len(self._kept) >= _KEPT:
                    dropped = next(iter(self._kept))
                    del self._kept[dropped]
                    self._good.pop(dropped, None)
                self._kept[key] = chain
        if chain.standing.fault:
            return chain.standing
        now = datetime.now(UTC)
        if not chain.begins <= now <= chain.ends:
            return _out_of_date(chain, now)
        for link, identifier in zip(chain.certificates, chain.identifiers, strict=True):
            if identifier in revoked:
                return Standing("revoked", f"the certificate {_name(link)} is revoked")
        with self._lock:
            if key in self._kept:
                self._good[key] = (revoked, chain.begins.timestamp(), chain.ends.timestamp())
        return GOOD

    def _build(self, certificate: x509.Certificate, fingerprint: bytes, usage: Usage | None) -> _Chain:
        try:
            parse(certificate)
        except UnreadableCertificateError as error:
            return _Chain(Standing("untrusted", f"the certificate {error}"), (), (), _NEVER, _NEVER)
        links = [certificate]
        standing = _usage_standing(certificate, usage)
        trusted = fingerprint in self._prints
        while not standing.fault and len(links) < _DEPTH:
            issuer = self._issuer(links[-1])
            if issuer is None:
                break
            trusted = True
            if issuer in links:
                break
            links.append(issuer)
        if not standing.fault and not trusted:
            standing = Standing(
                "untrusted", f"no trusted authority issued the certificate {_name(certificate)}"
            )
        return _Chain(
            standing,
            tuple(links),
            tuple((link.issuer.public_bytes(), link.serial_number) for link in links),
            max(link.not_valid_before_utc for link in links),
            min(link.not_valid_after_utc for link in links),
        )

    def _issuer(self, certificate: x509.Certificate) -> x509.Certificate | None:
        for candidate in self._by_subject.get(certificate.issuer.public_bytes(), ()):
            if _may_issue(candidate) and _issued(certificate, candidate):
                return candidate
        return None

    def _read_crls(self) -> None:
        self._look_again = time.monotonic() + _LOOK_SECONDS
        try:
            stamp = tuple(_stamp(path) for path in self._crl_paths)
            if stamp == self._stamp:
                return
            revoked = frozenset(entry for path in self._crl_paths for entry in self._entries(path))
        except ConfigurationError:
            if not self._stamp:
                raise
            return
        with self._lock:
            self._revoked, self._stamp = revoked, stamp

    def _entries(self, path: Path) -> list[tuple[bytes, int]]:
        data = read_bytes(path, "revocation list")
        try:
            pem = data.lstrip().startswith(b"-----BEGIN")
            crl = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ConfigurationError("holds no certificate revocation list", where=str(path)) from error
        issuer = crl.issuer.public_bytes()
        if not any(_signed_crl(crl, anchor) for anchor in self._by_subject.get(issuer, ())):
            raise ConfigurationError(
                "the revocation list is not signed by one of the trusted authorities",
                where=str(path),
                mend="Give the CA file of the authority that issued it.",
            )
        return [(issuer, entry.serial_number) for entry in crl]


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        state = os.stat(path)  # noqa: PTH116 - twice a call, and half as dear
    except OSError as error:
        raise ConfigurationError(
            f"the revocation list can't be read: {error.strerror or error}", where=str(path)
        ) from error
    return state.st_mtime_ns, state.st_size, state.st_ino


def _name(certificate: x509.Certificate) -> str:
    return f"'{certificate.subject.rfc4514_string()}'"


def _out_of_date(chain: _Chain, now: datetime) -> Standing:
    for link in chain.certificates:
        if now < link.not_valid_before_utc:
            begins = link.not_valid_before_utc.isoformat()
            return Standing("not-yet-valid", f"the certificate {_name(link)} is valid only from {begins}")
        if now > link.not_valid_after_utc:
            ended = link.not_valid_after_utc.isoformat()
            return Standing("expired", f"the certificate {_name(link)} expired at {ended}")
    return GOOD


def _usage_standing(certificate: x509.Certificate, usage: Usage | None) -> Standing:
    if usage is None:
        return GOOD
    try:
        extensions = certificate.extensions
    except (ValueError, x509.DuplicateExtension):
        return Standing("untrusted", f"the extensions of the certificate {_name(certificate)} can't be read")
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.KeyUsage) and not value.digital_signature:
            return Standing("wrong-usage", "the certificate's key usage lacks digitalSignature")
        wanted = _EXTENDED.get(usage)
        if wanted and isinstance(value, x509.ExtendedKeyUsage) and wanted not in value:
            return Standing("wrong-usage", f"the certificate's extended key usage does not allow {usage}")
    return GOOD


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        extensions = certificate.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, x509.DuplicateExtension, x509.ExtensionNotFound):
        return False
    usages = [e.value for e in extensions if isinstance(e.value, x509.KeyUsage)]
    return constraints.ca and all(usage.key_cert_sign for usage in usages)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _signed_crl(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
