"""Verifying: what holds, what breaks it, and that no stranger's input raises."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from cryptography import x509
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.clock import header_time
from harness.security.authority import Authority, Issued
from harness.security.certificates import header_of
from harness.security.keys import load_private_key
from harness.security.policy import Policy
from harness.security.profiles import Flaw
from harness.security.signing import HEADERS, Signer
from harness.security.trust import Trust
from harness.security.verifying import first_difference, verify

DATE = "2026-03-29T01:02:03.004Z"
NOW = datetime(2026, 3, 29, 1, 2, 3, 4000, tzinfo=UTC)
URL = "https://dip.example/dip-channel/IF-031"
BODY = b'[{"payload": {"a": 1}}]'
methods = st.sampled_from(["GET", "POST", "post", "Delete", "PUT"])
urls = st.builds("https://dip.example/{}".format, st.text(max_size=40))


@settings(max_examples=60, deadline=None)
@given(method=methods, url=urls, body=st.binary(max_size=300))
def test_what_is_signed_verifies(signer: Signer, trust: Trust, method: str, url: str, body: bytes) -> None:
    """Any method, URL and body that was signed verifies, whatever the URL's and method's case."""
    headers = signer.sign(method, url, body, date=DATE)
    for seen_method, seen_url in ((method, url), (method.upper(), url.lower())):
        result = verify(seen_method, seen_url, body, headers, trust=trust, now=NOW)
        assert result.valid, result
        assert result.expected_string_to_sign == result.actual_string_to_sign
        assert (result.first_difference, result.fault) == (None, "")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_changed_byte_of_the_body_breaks_it(signer: Signer, data: st.DataObject) -> None:
    """A body with one byte changed never verifies, and the signed string is known for certain."""
    body = data.draw(st.binary(min_size=1, max_size=100))
    at = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[at] ^= data.draw(st.integers(1, 255))
    headers = signer.sign("POST", URL, body, date=DATE)
    result = verify("POST", URL, bytes(changed), headers, trust=None)
    assert (result.valid, result.fault) == (False, "content-hash")
    right = verify("POST", URL, body, headers, trust=None).expected_string_to_sign
    assert result.actual_string_to_sign == right


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_one_changed_character_of_a_header_breaks_it(
    signer: Signer, trust: Trust, data: st.DataObject
) -> None:
    """No header can be changed in one character, unless it still holds the same signature or certificate."""
    headers = signer.sign("POST", URL, BODY, date=DATE)
    name = data.draw(st.sampled_from(HEADERS))
    value = headers[name]
    at = data.draw(st.integers(0, len(value) - 1))
    char = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    assume(char != value[at])
    changed = value[:at] + char + value[at + 1 :]
    assume(_meaning(name, changed) != _meaning(name, value))
    assert not verify("POST", URL, BODY, headers | {name: changed}, trust=trust, explained=False).valid


def _meaning(name: str, value: str) -> object:
    """Return what a header holds: padding bits of base64 and space around PEM mean nothing."""
    try:
        if name == "X-DIP-Signature":
            return base64.b64decode(value, validate=True)
        if name == "X-DIP-Signature-Certificate":
            return x509.load_pem_x509_certificate(base64.b64decode(value, validate=True))
    except ValueError:
        return None
    return value


@settings(max_examples=60, deadline=None)
@given(other=urls)
def test_another_url_breaks_it(signer: Signer, other: str) -> None:
    """A URL that differs in more than case never verifies."""
    assume(other.lower() != URL.lower())
    headers = signer.sign("POST", URL, BODY, date=DATE)
    assert not verify("POST", other, BODY, headers, trust=None, explained=False).valid


@settings(max_examples=150, deadline=None)
@given(
    method=st.text(max_size=5),
    url=st.text(max_size=60),
    body=st.binary(max_size=60),
    headers=st.dictionaries(st.sampled_from([*HEADERS, "X-DIP-Certificate", "Date"]), st.text(max_size=80)),
)
def test_no_input_raises(method: str, url: str, body: bytes, headers: dict[str, str]) -> None:
    """Any method, URL, body and headers get an answer that says why."""
    result = verify(method, url, body, headers, trust=None, now=NOW)
    assert not result.valid
    assert result.reason


@settings(max_examples=60, deadline=None)
@given(
    signature=st.binary(max_size=260),
    url=st.text(max_size=60),
    date=st.text(max_size=40),
    body=st.binary(max_size=40),
)
def test_no_input_raises_with_a_sound_certificate(
    issued: Issued, signature: bytes, url: str, date: str, body: bytes
) -> None:
    """Any signature, URL and date beside a sound certificate get an answer too."""
    headers = {
        "X-DIP-Signature": base64.b64encode(signature).decode(),
        "X-DIP-Signature-Date": date,
        "X-DIP-Content-Hash": "x",
        "X-DIP-Signature-Certificate": header_of(issued.cert.read_bytes()),
    }
    assert not verify("POST", url, body, headers, trust=None, now=NOW, depth=1).valid


@pytest.mark.parametrize("name", HEADERS)
def test_each_header_is_required(signer: Signer, name: str) -> None:
    """A missing header is named, and header names are read without regard to case."""
    headers = {key.upper(): value for key, value in signer.sign("POST", URL, BODY, date=DATE).items()}
    assert verify("POST", URL, BODY, headers, trust=None).valid
    del headers[name.upper()]
    result = verify("POST", URL, BODY, headers, trust=None)
    assert (result.valid, result.fault, result.reason) == (False, "header", f"{name} is missing")


@pytest.mark.parametrize(("seconds", "valid"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_date_must_lie_in_the_window(signer: Signer, seconds: int, valid: bool) -> None:
    """The date may lie as far from the receiver's time as the setting says, either way, and no further."""
    date = header_time(NOW + timedelta(seconds=seconds))
    result = verify(
        "POST",
        URL,
        BODY,
        signer.sign("POST", URL, BODY, date=date),
        trust=None,
        now=NOW.replace(microsecond=4000),
    )
    assert result.valid is valid
    assert result.fault == ("" if valid else "date")


def test_the_window_is_a_setting(signer: Signer, settings_file: Callable[[str], None]) -> None:
    """A wider window admits an older date."""
    headers = signer.sign("POST", URL, BODY, date=header_time(NOW - timedelta(seconds=900)))
    assert not verify("POST", URL, BODY, headers, trust=None, now=NOW).valid
    settings_file("signing.skew_seconds: 1000")
    assert verify("POST", URL, BODY, headers, trust=None, now=NOW).valid


@pytest.mark.parametrize(
    "date", ["yesterday", "2026-13-01T00:00:00Z", "1774746123", "0001-01-01T00:00:00+14:00"]
)
def test_date_must_be_a_timestamp(signer: Signer, date: str) -> None:
    """A soundly signed date that is no timestamp, or one out of range, is refused."""
    result = verify("POST", URL, BODY, signer.sign("POST", URL, BODY, date=date), trust=None, now=NOW)
    assert (result.valid, result.fault) == (False, "date")


@pytest.mark.parametrize(
    ("flaw", "fault"),
    [
        ("expired", "expired"),
        ("not-yet-valid", "not-yet-valid"),
        ("revoked", "revoked"),
        ("wrong-usage", "wrong-usage"),
        ("foreign", "untrusted"),
    ],
)
def test_a_broken_certificate_is_refused_by_name(
    authority: Authority, trust: Trust, flaw: str, fault: str
) -> None:
    """A sound signature with a broken certificate is refused for the certificate's own fault."""
    broken = authority.issue("verifying", "signing", flaw=cast("Flaw", flaw), replace=True)
    headers = Signer.load(broken.cert, broken.key).sign("POST", URL, BODY, date=DATE)
    assert verify("POST", URL, BODY, headers, trust=None).valid
    result = verify("POST", URL, BODY, headers, trust=trust)
    assert (result.valid, result.fault) == (False, fault)
    assert result.expected_string_to_sign == result.actual_string_to_sign
    assert result.hint


def test_ec_signature_holds_only_where_the_setting_admits_it(authority: Authority) -> None:
    """An ECDSA signature is refused as shipped and verifies under a policy that admits it."""
    ec = authority.issue("ec-verifying", "signing", key="p256")
    headers = Signer(load_private_key(ec.key), ec.cert.read_bytes()).sign("POST", URL, BODY, date=DATE)
    refused = verify("POST", URL, BODY, headers, trust=None)
    assert (refused.fault, refused.cause) == ("key-type", "ec-key")
    admitted = Policy(ecdsa_accepted=True)
    assert verify("POST", URL, BODY, headers, trust=None, policy=admitted).valid
    assert not verify("POST", URL, BODY + b" ", headers, trust=None, policy=admitted).valid


@pytest.mark.parametrize(
    ("expected", "actual", "index"),
    [("abc", "abc", None), ("abc", None, None), ("abc", "abd", 2), ("abc", "ab", 2), ("", "a", 0)],
)
def test_first_difference(expected: str, actual: str | None, index: int | None) -> None:
    """The index is of the first character that differs, or of the shorter one's end."""
    assert first_difference(expected, actual) == index
