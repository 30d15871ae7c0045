"""The explainer: each usual mistake is made for real, and its cause, string and place must be found."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.security.authority import Authority, Issued
from harness.security.certificates import first_certificate, header_of
from harness.security.keys import load_private_key
from harness.security.policy import Policy
from harness.security.verifying import Verification, verify
from tests.security.conftest import Sender, base64_of, hash_of

DATE = "2026-03-29T01:02:03.456Z"
URL = "https://dip.example/2.1.0/dip-channel/IF-031?Page=A"
LOW = URL.lower()
BODY = b'[{"payload": {"b": 1, "a": "\xc3\xa9"}}]'
HASH = hash_of(BODY)
RIGHT = f"POST;{LOW};{DATE};{HASH}"


def received(
    sender: Sender,
    text: str,
    *,
    method: str = "POST",
    url: str = URL,
    body: bytes = BODY,
    date: str = DATE,
    content_hash: str | None = None,
) -> Verification:
    """Verify a request whose sender signed ``text`` and sent the rest as given."""
    headers = sender.headers(text, date, hash_of(body) if content_hash is None else content_hash)
    return verify(method, url, body, headers, trust=None)


def holds(result: Verification, cause: str, text: str) -> None:
    """Check cause, certain string and place of the first difference."""
    assert not result.valid
    assert result.cause == cause
    assert result.actual_string_to_sign == text
    assert result.hint
    if text == result.expected_string_to_sign:
        assert result.first_difference is None
    else:
        at = result.first_difference
        assert at is not None
        assert text[:at] == result.expected_string_to_sign[:at]
        assert text[at : at + 1] != result.expected_string_to_sign[at : at + 1]


def test_the_right_string_is_right(sender: Sender) -> None:
    """The string that every test here bends verifies unbent."""
    assert received(sender, RIGHT).valid


@pytest.mark.parametrize(
    ("cause", "url"),
    [
        ("url-case", URL),
        ("path-only-url", "/2.1.0/dip-channel/if-031?page=a"),
        ("path-only-url", "/2.1.0/dip-channel/if-031"),
        ("path-only-url+url-case", "/2.1.0/dip-channel/IF-031?Page=A"),
        ("missing-query", "https://dip.example/2.1.0/dip-channel/if-031"),
        ("missing-scheme", "dip.example/2.1.0/dip-channel/if-031?page=a"),
        ("missing-path", "https://dip.example"),
        ("missing-url", ""),
        ("url-scheme", LOW.replace("https", "http")),
        ("url-port", LOW.replace("dip.example", "dip.example:443")),
        ("trailing-slash", LOW.replace("?", "/?")),
    ],
)
def test_url_mistakes(sender: Sender, cause: str, url: str) -> None:
    """What was signed in place of the full lower-cased URL is found."""
    text = f"POST;{url};{DATE};{HASH}"
    holds(received(sender, text), cause, text)


@pytest.mark.parametrize(
    ("cause", "sent", "signed"),
    [
        ("url-case", "https://dip.example/dip-channel/if-031", "https://dip.example/dip-channel/IF-031"),
        ("url-case", "https://DIP.example/dip-channel/IF-031", "https://dip.example/dip-channel/IF-031"),
        ("url-host", "https://127.0.0.1:8443/x", "https://localhost:8443/x"),
        ("url-port", "https://dip.example:8443/x", "https://dip.example/x"),
        ("percent-encoding", "https://dip.example/a%20b", "https://dip.example/a b"),
    ],
)
def test_url_mistakes_seen_from_another_url(sender: Sender, cause: str, sent: str, signed: str) -> None:
    """A receiver that sees the URL in another spelling than the sender signed still finds the cause."""
    text = f"POST;{signed};{DATE};{HASH}"
    holds(received(sender, text, url=sent), cause, text)


@pytest.mark.parametrize(
    ("cause", "date"),
    [
        ("date-precision", "2026-03-29T01:02:03Z"),
        ("date-precision", "2026-03-29T01:02:03.456000Z"),
        ("date-precision", "2026-03-29T01:02:03.4560000Z"),
        ("date-body-form", "2026-03-29T01:02:03+00:00"),
        ("date-zone", "2026-03-29T01:02:03.456"),
        ("date-zone", "2026-03-29T02:02:03.456+01:00"),
        ("date-form", "Sun, 29 Mar 2026 01:02:03 GMT"),
        ("date-form", "1774746123456"),
        ("missing-date", ""),
    ],
)
def test_date_mistakes(sender: Sender, cause: str, date: str) -> None:
    """A date signed in another precision or form than the header's is found."""
    text = f"POST;{LOW};{date};{HASH}"
    holds(received(sender, text), cause, text)


@pytest.mark.parametrize("header", ["2026-03-29T01:02:03Z", "2026-03-29T01:02:03+00:00"])
def test_milliseconds_cut_off_in_the_header(sender: Sender, header: str) -> None:
    """Milliseconds that only the signature has are found."""
    holds(received(sender, RIGHT, date=header), "date-precision", RIGHT)


@pytest.mark.parametrize(
    ("cause", "signed"),
    [
        ("hex-hash", hashlib.sha256(BODY).hexdigest()),
        ("hex-hash", hashlib.sha256(BODY).hexdigest().upper()),
        ("hex-hash", base64_of(hashlib.sha256(BODY).hexdigest().encode())),
        ("hash-padding", HASH.rstrip("=")),
        ("missing-hash", ""),
        ("hash-algorithm", base64_of(hashlib.sha512(BODY).digest())),
    ],
)
@pytest.mark.parametrize("header", ["same", "right"])
def test_hash_mistakes(sender: Sender, cause: str, signed: str, header: str) -> None:
    """A hash written in another way is found, whether the header carries it too or the right one."""
    text = f"POST;{LOW};{DATE};{signed}"
    sent = (signed or None) if header == "same" else None
    holds(received(sender, text, content_hash=sent), cause, text)


@pytest.mark.parametrize(
    ("cause", "body"),
    [
        (
            "re-serialised-body",
            json.dumps(json.loads(BODY), separators=(",", ":"), ensure_ascii=False).encode(),
        ),
        ("re-serialised-body", json.dumps(json.loads(BODY)).encode()),
        ("re-serialised-body", json.dumps(json.loads(BODY), indent=2).encode()),
        ("re-serialised-body", json.dumps(json.loads(BODY), sort_keys=True).encode()),
        ("trailing-line-end", BODY + b"\n"),
        ("byte-order-mark", b"\xef\xbb\xbf" + BODY),
        ("empty-body", b""),
        ("other-body", BODY.replace(b"1", b"2")),
    ],
)
def test_body_mistakes(sender: Sender, cause: str, body: bytes) -> None:
    """A hash taken of other bytes than were sent is found, and told apart by what happened to them."""
    text = f"POST;{LOW};{DATE};{hash_of(body)}"
    result = received(sender, text, content_hash=hash_of(body))
    assert result.fault == "content-hash"
    holds(result, cause, text)


@pytest.mark.parametrize(("sent", "hashed"), [(b"[\r\n]\r\n", b"[\n]\n"), (b"[\n]\n", b"[\r\n]\r\n")])
def test_line_ends(sender: Sender, sent: bytes, hashed: bytes) -> None:
    """A body hashed with CRLF and sent with LF, or the other way round, is found."""
    text = f"POST;{LOW};{DATE};{hash_of(hashed)}"
    holds(received(sender, text, body=sent, content_hash=hash_of(hashed)), "line-ends", text)


def test_braces_for_no_body(sender: Sender) -> None:
    """A sender that hashes {} where there is no body is found."""
    text = f"DELETE;{LOW};{DATE};{hash_of(b'{}')}"
    result = received(sender, text, method="DELETE", body=b"", content_hash=hash_of(b"{}"))
    holds(result, "empty-body", text)
    assert "{}" in result.hint


def test_wrong_header_hash_beside_a_sound_signature(sender: Sender) -> None:
    """A signature over the right string with a wrong hash header is told apart from a changed body."""
    holds(received(sender, RIGHT, content_hash=hash_of(b"x")), "content-hash-header", RIGHT)


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        ("wrong-method", RIGHT.replace("POST", "GET", 1)),
        ("method-case", RIGHT.replace("POST", "post", 1)),
        ("separator", RIGHT.replace(";", "; ")),
        ("separator", RIGHT.replace(";", "\n")),
        ("separator", RIGHT.replace(";", "")),
        ("trailing-line-end", RIGHT + "\n"),
        ("all-lower-case", RIGHT.lower()),
    ],
)
def test_method_and_joining_mistakes(sender: Sender, cause: str, text: str) -> None:
    """A wrong method, separator, end or case of the whole is found."""
    holds(received(sender, text), cause, text)


def test_several_mistakes_at_once(sender: Sender) -> None:
    """Two mistakes are both named; three are found when asked for."""
    two = f"POST;{LOW};2026-03-29T01:02:03Z;{hashlib.sha256(BODY).hexdigest()}"
    holds(received(sender, two), "date-precision+hex-hash", two)
    three = two.replace("POST", "PUT", 1)
    assert received(sender, three).cause == "unknown-string"
    headers = sender.headers(three, DATE, HASH)
    holds(
        verify("POST", URL, BODY, headers, trust=None, depth=3), "wrong-method+date-precision+hex-hash", three
    )


def test_pss_padding(sender: Sender) -> None:
    """A PSS signature is named, alone and beside another mistake."""
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
    for text, cause in ((RIGHT, "pss-padding"), (RIGHT.replace(LOW, URL), "pss-padding+url-case")):
        headers = sender.headers(text, DATE, HASH)
        headers["X-DIP-Signature"] = base64_of(sender.sign(text, scheme=pss))
        holds(verify("POST", URL, BODY, headers, trust=None), cause, text)


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA384(), hashes.SHA512()])
def test_another_signature_algorithm(sender: Sender, algorithm: hashes.HashAlgorithm) -> None:
    """A signature with another hash algorithm is named with that algorithm."""
    headers = sender.headers(RIGHT, DATE, HASH)
    headers["X-DIP-Signature"] = base64_of(sender.sign(RIGHT, algorithm=algorithm))
    result = verify("POST", URL, BODY, headers, trust=None)
    holds(result, "signature-algorithm", RIGHT)
    assert algorithm.name.upper().removeprefix("SHA") in result.hint


def test_digest_handed_to_the_sign_function(sender: Sender) -> None:
    """A digest that was hashed once more is found."""
    signed = sender.key.sign(hashlib.sha256(RIGHT.encode()).digest(), padding.PKCS1v15(), hashes.SHA256())
    headers = sender.headers(RIGHT, DATE, HASH) | {"X-DIP-Signature": base64_of(signed)}
    holds(verify("POST", URL, BODY, headers, trust=None), "hashed-twice", RIGHT)


def test_wrong_key_is_certain(sender: Sender, authority: Authority) -> None:
    """A certificate that isn't the key's is named, and nothing is claimed of the string."""
    other = authority.issue("explaining-other", "signing", replace=True)
    headers = sender.headers(RIGHT, DATE, HASH)
    headers["X-DIP-Signature-Certificate"] = header_of(other.cert.read_bytes())
    result = verify("POST", URL, BODY, headers, trust=None)
    assert (result.cause, result.actual_string_to_sign, result.first_difference) == ("wrong-key", None, None)
    assert "not a pair" in result.hint


def test_cut_signature_is_told_by_its_length(sender: Sender) -> None:
    """A signature of another length than the key makes says both lengths."""
    headers = sender.headers(RIGHT, DATE, HASH)
    headers["X-DIP-Signature"] = base64_of(base64.b64decode(headers["X-DIP-Signature"])[:128])
    result = verify("POST", URL, BODY, headers, trust=None)
    assert result.cause == "wrong-key"
    assert "128 bytes" in result.hint
    assert "256" in result.hint


def test_unknown_string_still_clears_the_key(sender: Sender) -> None:
    """Where no mistake explains the string, the key is cleared for certain."""
    result = received(sender, "something else")
    assert (result.cause, result.actual_string_to_sign) == ("unknown-string", None)
    assert "own key made this signature" in result.hint


def _certificate_forms(issued: Issued) -> dict[str, str]:
    certificate, pem = first_certificate(issued.cert)
    text = pem.decode()
    padded = next(each for each in (pem, pem + b"\n") if len(each) % 3)
    return {
        "der-certificate": base64_of(certificate.public_bytes(Encoding.DER)),
        "plain-pem": text.replace("\n", " "),
        "plain-pem+": quote(text),
        "wrapped-certificate": base64.encodebytes(pem).decode(),
        "certificate-alphabet": base64.urlsafe_b64encode(padded).decode().rstrip("="),
    }


@pytest.mark.parametrize(
    "form", ["der-certificate", "plain-pem", "plain-pem+", "certificate-alphabet", "wrapped-certificate"]
)
def test_certificate_in_another_form(sender: Sender, authority: Authority, form: str) -> None:
    """A certificate in another form is named, and the signature is checked with it all the same."""
    issued = authority.find("sender", "signing")
    assert issued is not None
    headers = sender.headers(RIGHT, DATE, HASH)
    sent = _certificate_forms(issued)[form]
    headers["X-DIP-Signature-Certificate"] = sent
    result = verify("POST", URL, BODY, headers, trust=None)
    assert result.fault == "certificate"
    holds(result, form.removesuffix("+"), RIGHT)


def test_certificate_under_an_older_header_name(sender: Sender) -> None:
    """X-DIP-Certificate is named as the wrong header, with whatever else was wrong in older clients."""
    text = f"POST;/2.1.0/dip-channel/IF-031?Page=A;{DATE};{HASH}"
    headers = sender.headers(text, DATE, HASH)
    headers["X-DIP-Certificate"] = headers.pop("X-DIP-Signature-Certificate")
    result = verify("POST", URL, BODY, headers, trust=None)
    assert result.fault == "header"
    holds(result, "wrong-header-name+path-only-url+url-case", text)


def test_private_key_in_the_certificate_header(issued: Issued, sender: Sender) -> None:
    """A certificate file sent whole, private key and all, is refused and says so."""
    headers = sender.headers(RIGHT, DATE, HASH)
    headers["X-DIP-Signature-Certificate"] = base64_of(issued.cert.read_bytes() + issued.key.read_bytes())
    result = verify("POST", URL, BODY, headers, trust=None)
    assert not result.valid
    assert "private key" in result.reason


@pytest.mark.parametrize(
    "cause", ["hex-signature", "signature-alphabet", "signature-encoded-twice", "wrapped-signature"]
)
def test_signature_in_another_encoding(sender: Sender, cause: str) -> None:
    """A signature in hexadecimal, URL-safe, doubled or wrapped base64 is named."""
    raw = sender.sign(RIGHT)
    forms = {
        "hex-signature": raw.hex(),
        "signature-alphabet": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "signature-encoded-twice": base64_of(base64_of(raw).encode()),
        "wrapped-signature": base64.encodebytes(raw).decode(),
    }
    headers = sender.headers(RIGHT, DATE, HASH) | {"X-DIP-Signature": forms[cause]}
    holds(verify("POST", URL, BODY, headers, trust=None), cause, RIGHT)


def test_ecdsa_in_its_raw_form(authority: Authority, sender: Sender) -> None:
    """An ECDSA signature as a bare pair of numbers, as some platforms write it, is named."""
    issued = authority.issue("explaining-ec", "signing", key="p256", replace=True)
    key = load_private_key(issued.key)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    admitted = Policy(ecdsa_accepted=True)
    for text, also in ((RIGHT, ""), (RIGHT.replace(LOW, URL), "+url-case")):
        r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        headers = sender.headers(text, DATE, HASH)
        headers["X-DIP-Signature"] = base64_of(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        headers["X-DIP-Signature-Certificate"] = header_of(issued.cert.read_bytes())
        result = verify("POST", URL, BODY, headers, trust=None, policy=admitted)
        holds(result, f"ecdsa-raw-form{also}", text)


@settings(max_examples=40, deadline=None)
@given(url=st.builds("https://dip.example/{}".format, st.text(alphabet="aBcD09-_/?=&%.~", max_size=30)))
def test_unlowered_url_is_found_for_any_url(sender: Sender, url: str) -> None:
    """Whatever the URL, one signed as it stands is found and placed."""
    assume(url != url.lower())
    text = f"POST;{url};{DATE};{HASH}"
    holds(received(sender, text, url=url), "url-case", text)


def test_the_search_is_bounded(sender: Sender) -> None:
    """An inexplicable signature over a large body is answered in well under two seconds."""
    body = json.dumps([{"payload": "x" * 50}] * 8000).encode()
    headers = sender.headers("something else", DATE, hash_of(b"other"))
    started = time.perf_counter()
    assert not verify("POST", URL, body, headers, trust=None).valid
    assert time.perf_counter() - started < 2
