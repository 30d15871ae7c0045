"""Any bytes on any path get a status that the hub's own document lists, and no traceback."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import string
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.transport.tls import client_context
from simulators.dip.openapi import ASSUMED
from tests.simulators.dip.conftest import RELEASES, Bench

_BOUNDED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_PARTS = st.sampled_from(
    [
        "",
        "2.1.0",
        "2.2.1",
        "1.8.3",
        "dip-channel",
        "DIP-CHANNEL",
        "IF-031",
        "if-033",
        "REP-002A",
        "pubconfig",
        "validate",
        "MSApp",
        "openapi.json",
        "2300000001",
        "statusmessage",
        "..",
        "%2e%2e",
        "%00",
        "a" * 300,
    ]
)
_PATHS = st.lists(_PARTS | st.text(string.printable.strip(), max_size=8), max_size=6).map(
    lambda parts: "/" + "/".join(parts)
)
_KNOWN = st.sampled_from(
    [
        "/dip-channel/IF-031",
        "/dip-channel/IF-031/pubconfig/2300000001",
        "/dip-channel/IF-031/replay/2300000001",
        "/dip-channel/IF-031/requeue/2300000001",
        "/dip-channel/IF-031/requeueStatus/2300000001",
        "/dip-channel/IF-031/deliveryStatus/2300000001/S-IF-031-2300000001-SUP-20260101-1",
        "/statusmessage",
        "/statusmessage/config/2300000001",
        "/statusmessage/replay/2300000001",
        "/statusmessage/requeue/2300000001",
        "/statusmessage/requeueStatus/2300000001",
        "/validate/IF-031/MSApp",
        "/openapi.json",
    ]
)
_REQUESTED = ("datetimeFrom", "datetimeTo", "eventCode", "MPAN", "transactionIDs", "senderID", "message")
_METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["payload", "PAYLOAD", "CommonBlock", "S0", "S1", "A0", "interfaceID", *_REQUESTED]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_BODIES = st.binary(max_size=300) | _JSON.map(lambda value: json.dumps(value).encode())


@pytest.fixture(scope="module")
def listed(bench: Bench) -> frozenset[int]:
    """Return every status that the hub's document lists anywhere."""
    statuses: set[int] = set()
    for release in RELEASES:
        answer = bench.client(release).request(bench.party("SUP"), "GET", "/openapi.json")
        document = orjson.loads(answer.body)
        statuses |= {
            int(status)
            for operations in document["paths"].values()
            for operation in operations.values()
            for status in operation["responses"]
        }
        assert {int(status) for status in document["x-any-other-path"]} == set(ASSUMED)
    return frozenset(statuses - {500, 502, 504, 505, 406, 207})


@cache
def _context(ca: Any, cert: Any) -> ssl.SSLContext:
    return client_context(ca, cert)


def _connect(bench: Bench) -> ssl.SSLSocket:
    host, _, port = bench.target.url("").split("//")[1].strip("/").partition(":")
    supplier = bench.party("SUP")
    context = _context(bench.target.ca, bench.network.certificate(supplier.tls))
    return context.wrap_socket(socket.create_connection((host, int(port)), timeout=20), server_hostname=host)


def _status(connection: ssl.SSLSocket) -> int | None:
    """Read an answer; None when the connection ended without one."""
    response = http.client.HTTPResponse(connection)
    try:
        response.begin()
        response.read()
    except (http.client.BadStatusLine, ConnectionError):
        return None
    return response.status


@_BOUNDED
@given(release=st.sampled_from(RELEASES), method=_METHODS, path=_KNOWN | _PATHS, body=_BODIES)
def test_any_signed_request_gets_a_listed_status(
    bench: Bench, listed: frozenset[int], release: str, method: str, path: str, body: bytes
) -> None:
    """Requests with good key and signature, whatever their method, path and body, get a listed status."""
    client = bench.client(release)
    answer = client.request(bench.party("SUP"), method, path.replace("#", "").replace("?", ""), body)
    assert answer.status in listed


@_BOUNDED
@given(body=_JSON)
def test_any_json_on_a_channel_is_refused_with_a_standard_response(bench: Bench, body: Any) -> None:
    """Whatever JSON a party signs and sends to a channel gets a 400 whose entries name a code."""
    answer = bench.send(body=json.dumps(body).encode("utf-8", "surrogatepass"), channel="IF-031")
    assert answer.status == 400
    assert all(entry["message"].startswith("MSG") for entry in orjson.loads(answer.body)["messageArray"])


_PLACES = st.sampled_from(
    [
        "CommonBlock",
        "CustomBlock",
        "CommonBlock/S0",
        "CommonBlock/S1",
        "CommonBlock/A0",
        "CommonBlock/M0",
        "CommonBlock/S1/senderUniqueReference",
        "CommonBlock/S1/subText",
        "CommonBlock/A0/primaryRecipients",
        "CommonBlock/S0/eventCode",
        "CommonBlock/M0/MPANCore",
        "CommonBlock/M0/distributorDIPID",
        "CustomBlock/B070",
    ]
)


@_BOUNDED
@given(place=_PLACES, value=_JSON)
def test_a_message_with_anything_anywhere_is_taken_or_refused(bench: Bench, place: str, value: Any) -> None:
    """A valid message with one part replaced by anything is 201 or a 400 that names codes."""
    message = bench.message()
    *parents, name = place.split("/")
    target = message
    for parent in parents:
        target = target[parent]
    target[name] = value
    answer = bench.send(
        body=json.dumps([{"payload": message}]).encode("utf-8", "surrogatepass"), channel="IF-031"
    )
    assert answer.status in (201, 400)
    assert orjson.loads(answer.body)["messageArray"]


@_BOUNDED
@given(data=(st.binary(max_size=400) | st.text(string.printable).map(str.encode)).filter(bytes.strip))
def test_bytes_that_are_no_http_are_refused(bench: Bench, listed: frozenset[int], data: bytes) -> None:
    """Bytes in place of a request get a listed status (blank lines alone are none, and get none)."""
    with _connect(bench) as connection:
        connection.sendall(data + b"\r\n\r\n")
        assert _status(connection) in listed


@pytest.mark.parametrize(
    "head",
    [
        b"POST /2.1.0/dip-channel/IF-031 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /2.1.0/dip-channel/IF-031 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /2.1.0/dip-channel/IF-031 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST /2.1.0/dip-channel/IF-031 HTTP/1.1\r\nHost: \xff\r\nX-API-Key: \xff\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /2.1.0/openapi.json HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
def test_odd_heads_are_answered(bench: Bench, listed: frozenset[int], head: bytes) -> None:
    """Broken lengths, endless headers and other protocols get a listed status."""
    with _connect(bench) as connection:
        connection.sendall(head)
        assert _status(connection) in listed


def test_a_chunked_body_beyond_the_limit_is_413(bench: Bench) -> None:
    """A body whose length is not stated is cut off at the limit."""
    with _connect(bench) as connection:
        connection.sendall(
            b"POST /2.1.0/dip-channel/IF-031 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        try:
            for _ in range(11):
                connection.sendall(chunk)
        except OSError:
            pass
        assert _status(connection) == 413


def test_a_client_that_waits_for_100_gets_it_or_a_refusal(bench: Bench) -> None:
    """`Expect: 100-continue` is answered with 100 before the body is read, or with 413."""
    head = b"POST /2.1.0/dip-channel/IF-031 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
    with _connect(bench) as connection:
        connection.sendall(head + b"2\r\n\r\n")
        assert connection.recv(64).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"[]")
        assert _status(connection) == 401
    with _connect(bench) as connection:
        connection.sendall(head + b"20000000\r\n\r\n")
        assert _status(connection) == 413
