"""Asking where a certificate says that its revocation can be looked up: OCSP responders and lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

GOOD, REVOKED, SILENT = "good", "revoked", "silent"


@dataclass(frozen=True, slots=True)
class Standing:
    """What one place of revocation said: ``good``, ``revoked`` or ``silent``, and in which words."""

    kind: str
    """``OCSP`` or ``CRL``."""
    url: str
    state: str
    said: str


def places(certificate: x509.Certificate) -> tuple[tuple[str, str], ...]:
    """Return the places that a certificate names, as kind and URL; only http and https."""
    found: list[tuple[str, str]] = []
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.AuthorityInformationAccess):
            found += [
                ("OCSP", str(each.access_location.value))
                for each in value
                if each.access_method == AuthorityInformationAccessOID.OCSP
            ]
        elif isinstance(value, x509.CRLDistributionPoints):
            found += [("CRL", str(name.value)) for point in value for name in point.full_name or ()]
    return tuple(each for each in found if each[1].startswith(("http://", "https://")))


def asked(
    certificate: x509.Certificate, issuer: x509.Certificate | None, seconds: float
) -> Iterator[Standing]:
    """Ask every place; one that can't be reached or understood is ``silent``. Without an issuer no OCSP."""
    with httpx.Client(timeout=seconds, follow_redirects=True) as client:
        for kind, url in places(certificate):
            if kind == "OCSP" and issuer is None:
                continue
            try:
                if kind == "OCSP":
                    assert issuer is not None
                    yield _by_ocsp(client, url, certificate, issuer)
                else:
                    yield _by_list(client, url, certificate)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, UnsupportedAlgorithm) as error:
                yield Standing(kind, url, SILENT, str(error) or type(error).__name__)


def _by_ocsp(
    client: httpx.Client, url: str, certificate: x509.Certificate, issuer: x509.Certificate
) -> Standing:
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1()).build()
    answer = client.post(
        url,
        content=request.public_bytes(Encoding.DER),
        headers={"content-type": "application/ocsp-request"},
    )
    answer.raise_for_status()
    found = ocsp.load_der_ocsp_response(answer.content)
    if found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return Standing("OCSP", url, SILENT, f"it answers {found.response_status.name.lower()}")
    if found.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        return Standing("OCSP", url, REVOKED, f"revoked {found.revocation_time_utc}")
    if found.certificate_status is ocsp.OCSPCertStatus.GOOD:
        return Standing("OCSP", url, GOOD, "good")
    return Standing("OCSP", url, SILENT, "it does not know the certificate")


def _by_list(client: httpx.Client, url: str, certificate: x509.Certificate) -> Standing:
    answer = client.get(url)
    answer.raise_for_status()
    data = answer.content
    pem = data.lstrip().startswith(b"-----BEGIN")
    found = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
    entry = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if found.issuer != certificate.issuer:
        return Standing("CRL", url, SILENT, "it is the list of another authority")
    if entry is not None:
        return Standing("CRL", url, REVOKED, f"revoked {entry.revocation_date_utc}")
    return Standing("CRL", url, GOOD, f"not listed; next list {found.next_update_utc}")
