"""The server at the byte level: whatever comes, the answer is a listed status, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ConfigurationError, EnvironmentFault
from harness.transport import protocol as protocol_module
from harness.transport import server as server_module
from harness.transport.limits import Limits
from harness.transport.network import Network
from harness.transport.server import ServerThread, serve
from harness.transport.tls import client_context
from tests.transport.conftest import QUICK, Pki, tell

LISTED = {201, 400, 401, 403, 404, 405, 406, 408, 413, 429, 503}
REQUEST = b"POST /dip-channel/IF-031 HTTP/1.1\r\nHost: dip\r\n"

Connect = Callable[[], socket.socket]


@contextmanager
def _running(kind: str, pki: Pki, network: Network, limits: Limits, app: Any = tell) -> Iterator[Connect]:
    with ServerThread(app, limits=limits, tls=pki.server if kind == "tls" else None) as server:

        def connect() -> socket.socket:
            plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            if kind != "tls":
                return plain
            context = client_context(pki.ca, network.certificate("good-tls-client"))
            return context.wrap_socket(plain, server_hostname="127.0.0.1")

        yield connect


@pytest.fixture(scope="module", params=["plain", "tls", "h11"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each way to run: without and with TLS, and without httptools and uvloop, as on Windows."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "h11":
            patch.setattr(server_module, "bounded_protocol", protocol_module._bounded_h11)
            patch.setattr(server_module, "_loop_factory", lambda: None)
        yield "plain" if request.param == "h11" else request.param


@pytest.fixture(scope="module")
def connect(kind: str, pki: Pki, network: Network) -> Iterator[Connect]:
    """Open connections to a telling server with quick limits."""
    with _running(kind, pki, network, QUICK) as connect:
        yield connect


def _read(stream: socket.socket) -> bytes:
    """Read until the server ends the connection."""
    received = b""
    try:
        while chunk := stream.recv(65536):
            received += chunk
    except (ConnectionResetError, ssl.SSLEOFError):
        pass
    return received


def _status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    return int(answer[9:12])


def _one(stream: socket.socket) -> tuple[int, bytes]:
    """Read one whole answer off a connection that stays open."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = stream.recv(65536)
        assert chunk, received
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += stream.recv(65536)
    return _status(head), body


def test_slow_headers_get_408(connect: Connect) -> None:
    """A request whose headers don't end in time is answered 408, however steadily they trickle."""
    with closing(connect()) as stream:
        started = time.monotonic()
        stream.sendall(REQUEST)
        for _ in range(3):
            time.sleep(0.1)
            stream.sendall(b"X-More: 1\r\n")
        assert _status(_read(stream)) == 408
        assert 0.3 < time.monotonic() - started < 5


def test_slow_body_gets_408(connect: Connect) -> None:
    """A body that doesn't end in time is answered 408, however steadily it trickles."""
    with closing(connect()) as stream:
        stream.sendall(REQUEST + b"Content-Length: 100\r\n\r\n")
        for _ in range(3):
            time.sleep(0.1)
            stream.sendall(b"x")
        assert _status(_read(stream)) == 408


def test_slow_second_request_gets_408(connect: Connect) -> None:
    """The bounds hold on a kept connection as on a new one."""
    with closing(connect()) as stream:
        stream.sendall(REQUEST + b"Content-Length: 2\r\n\r\n[]")
        assert _one(stream)[0] == 201
        time.sleep(0.6)  # idle is no slowness
        stream.sendall(REQUEST)
        assert _status(_read(stream)) == 408


def test_a_connection_that_says_nothing_is_closed(connect: Connect) -> None:
    """A client that connects and sends nothing is let go without an answer."""
    with closing(connect()) as stream:
        assert _read(stream) == b""


@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
def test_blank_lines_are_no_way_to_stay(connect: Connect, kept: bool) -> None:
    """Empty lines before a request don't keep a connection alive for ever, new or kept."""
    with closing(connect()) as stream:
        if kept:
            stream.sendall(REQUEST + b"Content-Length: 2\r\n\r\n[]")
            assert _one(stream)[0] == 201
        started = time.monotonic()
        try:
            while time.monotonic() - started < 5:
                stream.sendall(b"\r\n")
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "head",
    [
        REQUEST + b"X-Big: " + b"a" * 5000,
        REQUEST + b"".join(b"X-%d: 1\r\n" % n for n in range(600)),
        b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: dip\r\n",
    ],
    ids=["one-header", "many-headers", "url"],
)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "endless"])
def test_oversize_headers_get_the_set_status(connect: Connect, head: bytes, whole: bool) -> None:
    """Headers beyond the limit are answered 413 (the setting), whether they end or not."""
    with closing(connect()) as stream:
        stream.sendall(head + (b"\r\nContent-Length: 0\r\n\r\n" if whole else b""))
        if not whole:
            time.sleep(0.05)
            stream.sendall(b"b" * 5000)
        assert _one(stream)[0] == 413


def test_headers_just_within_the_limit_pass(connect: Connect) -> None:
    """The limit refuses nothing below it."""
    with closing(connect()) as stream:
        stream.sendall(REQUEST + b"X-Big: " + b"a" * 3800 + b"\r\nContent-Length: 0\r\n\r\n")
        assert _one(stream)[0] == 201


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\x03" * 10 + b"\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: dip\r\nContent-Length: many\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: dip\r\nContent-Length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: dip\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
        b"POST /x HTTP/1.1\r\nHost: dip\r\nNo colon here\r\n\r\n",
    ],
)
def test_garbage_gets_400_and_ends_the_connection(connect: Connect, garbage: bytes) -> None:
    """What is not HTTP is answered 400, and the connection is closed."""
    with closing(connect()) as stream:
        stream.sendall(garbage)
        answer = _read(stream)
    assert _status(answer) == 400
    assert b"\r\nconnection: close\r\n" in answer.lower()


@pytest.mark.parametrize(
    "oddity",
    [
        b"POST /x HTTP/9.9\r\nHost: dip\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: dip\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: dip\r\n\r\n",
        b"CONNECT dip:443 HTTP/1.1\r\nHost: dip:443\r\n\r\n",
        b"GET https://dip/x HTTP/1.1\r\nHost: dip\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: dip\r\n\r\n",
        b"GET /x HTTP/1.0\r\n\r\n",
        REQUEST + b"Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\n[]",
        b"GET /%00%ff/../ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"TRACE /x HTTP/1.1\r\nHost: dip\r\n\r\n",
    ],
)
def test_oddities_get_a_listed_status(connect: Connect, oddity: bytes) -> None:
    """What is only odd gets an answer too, never a 500 and never silence."""
    with closing(connect()) as stream:
        stream.sendall(oddity)
        answer = stream.recv(65536)
    assert _status(answer) in LISTED


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(min_size=1, max_size=200))
def test_any_bytes_get_a_listed_status(connect: Connect, noise: bytes) -> None:
    """Random bytes, ended by an empty line, are answered with a listed status or let go."""
    with closing(connect()) as stream:
        stream.sendall(noise + b"\r\n\r\n")
        answer = stream.recv(65536)
    assert not answer or _status(answer) in LISTED


def test_a_large_refused_body_still_gets_its_answer(connect: Connect) -> None:
    """A client that is still sending a megabyte when it is refused gets to read why."""
    with closing(connect()) as stream:
        stream.sendall(b"POST /x HTTP/1.1\r\nHost: dip\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n")
        for _ in range(16):
            stream.sendall(b"x" * 65536)
        assert _status(_read(stream)) == 400


def test_too_large_a_body_is_refused_unread(connect: Connect) -> None:
    """An application that refuses a declared length needs no byte of the body."""
    with closing(connect()) as stream:
        stream.sendall(REQUEST + b"Content-Length: 9000000000\r\n\r\n")
        assert _one(stream)[0] == 413


def test_expect_continue_is_answered_before_the_body(connect: Connect) -> None:
    """A client that asks first is told to go on, sends, and gets its answer."""
    with closing(connect()) as stream:
        stream.sendall(REQUEST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        interim = stream.recv(4096)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n" or interim.startswith(b"HTTP/1.1 100 ")
        stream.sendall(b"[]")
        status, body = _one(stream)
        assert (status, orjson.loads(body)["length"]) == (201, 2)


def test_expect_continue_is_refused_without_the_body(connect: Connect) -> None:
    """A client that asks first and would send too much is refused at once, with no interim answer."""
    with closing(connect()) as stream:
        stream.sendall(REQUEST + b"Expect: 100-continue\r\nContent-Length: 9000000\r\n\r\n")
        assert _one(stream)[0] == 413


def test_pipelined_requests_are_answered_in_order(connect: Connect) -> None:
    """Several requests in one packet get as many answers, in their order."""
    with closing(connect()) as stream:
        stream.sendall(b"".join(b"GET /%d HTTP/1.1\r\nHost: dip\r\n\r\n" % n for n in range(5)))
        stream.sendall(b"GET /last HTTP/1.1\r\nHost: dip\r\nConnection: close\r\n\r\n")
        answers = _read(stream)
    paths = [orjson.loads(part[part.index(b"{") :])["path"] for part in answers.split(b"HTTP/1.1 201")[1:]]
    assert paths == ["/0", "/1", "/2", "/3", "/4", "/last"]


def test_garbage_after_a_request_leaves_that_request_its_answer(connect: Connect) -> None:
    """A whole request is answered for what it is, and only then the connection ends."""
    with closing(connect()) as stream:
        stream.sendall(REQUEST + b"Content-Length: 2\r\n\r\n[]\x00\x01\x02garbage\r\n\r\n")
        assert _status(_read(stream)) == 201


def test_connections_beyond_the_cap_get_503(kind: str, pki: Pki, network: Network) -> None:
    """The connections within the cap go on working, the one beyond gets 503, and a freed place is taken."""
    with _running(kind, pki, network, QUICK) as connect:
        request = REQUEST + b"Content-Length: 2\r\n\r\n[]"
        within = [connect() for _ in range(QUICK.connections)]
        for stream in within:
            stream.sendall(request)
            assert _one(stream)[0] == 201
        with closing(connect()) as beyond:
            beyond.sendall(request)
            assert _status(_read(beyond)) == 503
        within[0].sendall(request)
        assert _one(within[0])[0] == 201
        for stream in within:
            stream.close()
        time.sleep(0.3)
        with closing(connect()) as freed:
            freed.sendall(request)
            assert _one(freed)[0] == 201


def test_keep_alive_serves_many_at_once(pki: Pki, network: Network) -> None:
    """Clients that keep their connections get every answer, over no more connections than they opened."""
    with ServerThread(tell, tls=pki.server) as server:
        context = client_context(pki.ca, network.certificate("good-tls-client"))
        peers: set[int] = set()

        def work(number: int) -> int:
            with httpx.Client(verify=context, trust_env=False) as client:
                for round_ in range(20):
                    answer = client.post(f"{server.url}/{number}/{round_}", content=b"x" * 1000)
                    assert answer.status_code == 201
                    assert answer.json()["path"] == f"/{number}/{round_}"
                    peers.add(answer.json()["peer"])
            return 20

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(work, range(8))) == 160
        assert len(peers) == 8


def test_a_slow_application_is_not_the_clients_fault(pki: Pki, network: Network) -> None:
    """An application that reads late gets the whole body, and no 408 is sent for it."""

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1.0)
        await tell(scope, receive, send)

    with _running("plain", pki, network, QUICK, late) as connect, closing(connect()) as stream:
        threading.Thread(
            target=stream.sendall, args=(REQUEST + b"Content-Length: 3000000\r\n\r\n" + b"x" * 3_000_000,)
        ).start()
        status, body = _one(stream)
    assert (status, orjson.loads(body)["length"]) == (201, 3_000_000)


def test_a_port_in_use_is_an_environment_fault(pki: Pki) -> None:
    """The port and the way out are named."""
    with (
        ServerThread(tell, tls=pki.server) as server,
        pytest.raises(EnvironmentFault, match=f"port {server.port} on 127.0.0.1 is in use.*Choose another"),
    ):
        ServerThread(tell, port=server.port).start()


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 99999)])
def test_an_impossible_address_is_named(host: str, port: int) -> None:
    """A host or port that can't be is a plain error with its name."""
    with pytest.raises((ConfigurationError, EnvironmentFault), match=f"{host}.*{port}"):
        ServerThread(tell, host=host, port=port).start()


def test_a_missing_certificate_file_is_named(pki: Pki) -> None:
    """The file that is not there is named before anything listens."""
    tls = replace(pki.server, key=pki.server.key.with_name("gone.key"))
    with pytest.raises(ConfigurationError, match=r"gone\.key: there is no such file"):
        ServerThread(tell, tls=tls).start()


def test_an_application_that_fails_to_start_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    """A failing start-up raises instead of ending the process, and frees the port."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no disk"})

    with pytest.raises(EnvironmentFault, match="did not start"):
        ServerThread(broken).start()
    capfd.readouterr()


def test_serve_runs_in_the_present_loop() -> None:
    """`serve` reports its port, starts and stops the application's lifespan, and is gone after the block."""
    events: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for stage in ("startup", "shutdown"):
                await receive()
                events.append(stage)
                await send({"type": f"lifespan.{stage}.complete"})
            return
        await tell(scope, receive, send)

    async def main() -> int:
        async with serve(app, limits=QUICK) as server, httpx.AsyncClient(trust_env=False) as client:
            assert server.url == f"http://127.0.0.1:{server.port}"
            assert (await client.get(server.url)).status_code == 201
            return server.port

    port = server_module.run(main())
    assert events == ["startup", "shutdown"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_closing_does_not_wait_for_idle_clients(pki: Pki, network: Network) -> None:
    """A client that keeps its connection open doesn't hold the server."""
    context = client_context(pki.ca, network.certificate("good-tls-client"))
    server = ServerThread(tell, tls=pki.server).start()
    with httpx.Client(verify=context, trust_env=False) as client:
        assert client.get(server.url).status_code == 201
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < 2
