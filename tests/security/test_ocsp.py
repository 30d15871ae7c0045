"""OCSP: good, revoked and neither, over the pure answer, over ASGI, and by OpenSSL's own client."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.security.authority import Authority, Issued
from harness.security.certificates import first_certificate
from harness.security.ocsp import answer, responder

OPENSSL = shutil.which("openssl")


def _request(authority: Authority, issued: Issued) -> bytes:
    issuer, _ = authority.issuing
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        first_certificate(issued.cert)[0], issuer, hashes.SHA1()
    )
    return builder.build().public_bytes(Encoding.DER)


def _status(response: bytes) -> ocsp.OCSPCertStatus:
    return ocsp.load_der_ocsp_response(response).certificate_status


def test_good_then_revoked(authority: Authority) -> None:
    """A certificate is good until it is revoked; the answer is signed by the issuing CA."""
    issued = authority.issue("ocsp", "tls-client")
    request = _request(authority, issued)
    assert _status(answer(authority, request)) is ocsp.OCSPCertStatus.GOOD
    authority.revoke(issued)
    response = ocsp.load_der_ocsp_response(answer(authority, request))
    assert response.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert response.revocation_time_utc == authority.revoked()[issued.serial].replace(microsecond=0)
    public = authority.issuing[0].public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_the_nonce_comes_back(authority: Authority) -> None:
    """The answer carries the request's nonce, so that an old answer can't be passed off as new."""
    issuer, _ = authority.issuing
    certificate = first_certificate(authority.issue("ocsp-nonce", "tls-client").cert)[0]
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256())
    nonce = x509.OCSPNonce(b"0123456789abcdef")
    request = builder.add_extension(nonce, critical=False).build().public_bytes(Encoding.DER)
    response = ocsp.load_der_ocsp_response(answer(authority, request))
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value == nonce


def test_a_replaced_certificate_is_still_answered(authority: Authority) -> None:
    """Replacing a certificate's files doesn't make the old one unknown."""
    issued = authority.issue("ocsp-replaced", "tls-client")
    request = _request(authority, issued)
    authority.issue("ocsp-replaced", "tls-client", replace=True)
    authority.revoke(issued.serial)
    assert _status(answer(authority, request)) is ocsp.OCSPCertStatus.REVOKED


def test_strangers_are_not_answered(authority: Authority, tmp_path: Path) -> None:
    """Another authority's certificate, a foreign one, and ours under another issuer get 'unauthorized'."""
    other = Authority.create(tmp_path, name="Other")
    requests = [_request(other, other.issue("x", "tls-client"))]
    requests.append(_request(authority, authority.issue("ocsp", "tls-client", flaw="foreign")))
    ours = authority.issue("ocsp-stranger", "tls-client")
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        first_certificate(ours.cert)[0], other.issuing[0], hashes.SHA256()
    )
    requests.append(builder.build().public_bytes(Encoding.DER))
    for request in requests:
        response = ocsp.load_der_ocsp_response(answer(authority, request))
        assert response.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


@settings(max_examples=50, deadline=None)
@given(request=st.binary(max_size=120))
def test_any_bytes_get_an_answer(authority: Authority, request: bytes) -> None:
    """What is no OCSP request is answered as malformed."""
    response = ocsp.load_der_ocsp_response(answer(authority, request))
    assert response.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


async def _call(authority: Authority, method: str, path: str, parts: list[bytes]) -> tuple[int, bytes]:
    sent: list[Any] = []
    pending = [
        {"type": "http.request", "body": part, "more_body": index + 1 < len(parts)}
        for index, part in enumerate(parts)
    ]

    async def receive() -> Any:
        return pending.pop(0) if pending else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await responder(authority)({"type": "http", "method": method, "path": path}, receive, send)
    return sent[0]["status"], sent[1]["body"]


def test_served_over_asgi(authority: Authority) -> None:
    """POST in parts and GET in base64 answer alike; other methods, junk and floods are refused."""
    issued = authority.issue("ocsp-asgi", "tls-client")
    request = _request(authority, issued)
    path = "/" + quote(base64.b64encode(request).decode(), safe="")
    for method, where, parts in (("POST", "/", [request[:9], request[9:]]), ("GET", path, [b""])):
        status, body = asyncio.run(_call(authority, method, where, parts))
        assert (status, _status(body)) == (200, ocsp.OCSPCertStatus.GOOD)
    assert asyncio.run(_call(authority, "PUT", "/", [b""]))[0] == 405
    assert asyncio.run(_call(authority, "GET", "/%%%", [b""]))[0] == 400
    assert asyncio.run(_call(authority, "POST", "/", [b"x" * 6000] * 2))[0] == 400


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_openssl_believes_the_answer(authority: Authority, tmp_path: Path) -> None:
    """OpenSSL makes a request with a nonce, and verifies our answer to it against the authority."""
    issued = authority.issue("ocsp-openssl", "tls-client", flaw="revoked")
    home = authority.ca_bundle.parent
    common = [str(OPENSSL), "ocsp", "-issuer", str(home / "issuing.pem"), "-cert", str(issued.cert)]
    made = subprocess.run([*common, "-reqout", "request"], cwd=tmp_path, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    (tmp_path / "response").write_bytes(answer(authority, (tmp_path / "request").read_bytes()))
    shown = ["-respin", "response", "-reqin", "request", "-no_nonce"]
    checked = subprocess.run(
        [*common, *shown, "-CAfile", str(authority.ca_bundle)],
        cwd=tmp_path, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert "Response verify OK" in checked.stderr
    assert ": revoked" in checked.stdout
