"""Recorded requests: text, JSON and HAR give the same request, byte for byte."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.selfcheck.captures import Captured, read

URL = "https://dip.example/2.1.0/dip-channel/IF-031"
BODY = '[{"a": "é"}]'.encode()
HEADERS = {"Host": "dip.example", "X-DIP-Signature": "c2ln"}


def _one(path: Path) -> Captured:
    (found,) = read(path)
    return found


def _text(target: str, *, length: bool, end: bytes = b"\r\n") -> bytes:
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in HEADERS.items())]
    if length:
        lines.append(f"Content-Length: {len(BODY)}")
    return end.join(line.encode() for line in lines) + end + end + BODY


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.http", _text("/2.1.0/dip-channel/IF-031", length=True)),
        ("b.http", _text(URL, length=False)),
        ("c.http", _text(URL, length=True, end=b"\n")),
        ("d.json", json.dumps({"url": URL, "headers": HEADERS, "body": BODY.decode()}).encode()),
        (
            "e.json",
            json.dumps(
                [{"url": URL, "headers": HEADERS, "body_base64": base64.b64encode(BODY).decode()}]
            ).encode(),
        ),
        (
            "f.har",
            json.dumps(
                {
                    "log": {
                        "entries": [
                            {
                                "request": {
                                    "method": "POST",
                                    "url": URL,
                                    "headers": [{"name": k, "value": v} for k, v in HEADERS.items()],
                                    "postData": {"text": BODY.decode()},
                                }
                            }
                        ]
                    }
                }
            ).encode(),
        ),
    ],
)
def test_each_form_gives_the_same_request(tmp_path: Path, name: str, data: bytes) -> None:
    """Method, URL, headers and body come out of every form as they went in."""
    path = tmp_path / name
    path.write_bytes(data)
    found = _one(path)
    assert (found.method, found.url, found.body) == ("POST", URL, BODY)
    assert found.headers["X-DIP-Signature"] == "c2ln"
    assert found.where == f"{name}, request 1"


def test_several_requests_follow_one_another(tmp_path: Path) -> None:
    """A text dump holds several requests: by their lengths, or with a line of ### between."""
    path = tmp_path / "many.http"
    path.write_bytes(
        _text(URL, length=True) + b"\n\n" + _text(URL, length=False) + b"\n###\n" + _text(URL, length=True)
    )
    assert [each.body for each in read(path)] == [BODY, BODY, BODY]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[3]", b"hello", b"POST / HTTP/1.1\r\nno header\r\n\r\n", b'{"log": {}}']
)
def test_what_is_no_request_is_refused(tmp_path: Path, data: bytes) -> None:
    """A file without a request is refused with its name, never half read."""
    path = tmp_path / "odd"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert "odd" in caught.value.where
