"""Sound participants in five styles: by hand, standard library, uvicorn, asyncio, reverse proxy."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import http.server
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.security.verifying import Verification
from harness.transport.asgi import ClientGoneError, client_certificate, full_url, headers_of, read_body
from harness.transport.server import ServerThread, ServerTls
from tests.zoo.dens import Den, Shown
from tests.zoo.keeping import DIP_ID, Animal, Nest
from tests.zoo.minds import Answer, Mind, Request
from tests.zoo.senders import Announcing
from tests.zoo.vaults import signing_vault, tls_vault

PUBLIC = f"https://dip.zoo.example/hooks/{DIP_ID}"


class StandardLibrary(Den):
    """`http.server` with `ssl`: what a developer writes in an afternoon."""

    scheme_inside = "https"

    def __post_init__(self) -> None:
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._context = self.followed(self.context())
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self.handler())
        self._server.block_on_close = False
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._server.socket = self._context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        """Return the handler of a request."""
        den = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                if headers.get("transfer-encoding") == "chunked":
                    body = b"".join(iter(self._chunk, b""))
                else:
                    body = self.rfile.read(int(headers.get("content-length", "0")))
                    if len(body) < int(headers.get("content-length", "0")):
                        self.close_connection = True
                        return
                answer = den.answered(self.command, self.path, headers, body, self.connection)
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST  # noqa: N815 - the library's name

            def _chunk(self) -> bytes:
                size = int(self.rfile.readline(), 16)
                return self.rfile.read(size + 2)[:-2]

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def answered(
        self, method: str, path: str, headers: dict[str, str], body: bytes, line: socket.socket
    ) -> Answer:
        """Answer a request."""
        client = line.getpeercert(True) if isinstance(line, ssl.SSLSocket) else None
        return self.mind.answer(Request(method, self.called(path, headers), headers, body, client))


class Uvicorn(Den):
    """uvicorn with an ASGI application."""

    def __post_init__(self) -> None:
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before."""
        shown = ServerTls(self.shown.cert, self.shown.key, self.shown.ca)
        self._thread = ServerThread(self._app, port=self.port, tls=shown).start()
        self.port = self._thread.port

    def show(self, cert: Path, key: Path) -> None:
        """Show another certificate from now on, in one step."""
        self.shown.cert, self.shown.key = cert, key
        self._thread._running().show(cert, key)

    def close(self) -> None:
        """Stop."""
        self._thread.close()

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        headers = headers_of(scope)
        try:
            body = await read_body(scope, receive, 10_000_000)
        except ClientGoneError:
            return
        request = Request(scope["method"], full_url(scope, headers), headers, body, client_certificate(scope))
        answer = await asyncio.to_thread(self.mind.answer, request)
        shown = {**answer.headers, "Content-Length": str(len(answer.body))}
        pairs = [(name.encode(), value.encode()) for name, value in shown.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer.body})


class Streams(Den):
    """asyncio's streams in an event loop of their own."""

    def __post_init__(self) -> None:
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._context = self.followed(self.context())
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._main())

    async def _main(self) -> None:
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._met, "127.0.0.1", self.port, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.05)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
                while True:
                    await self._one(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 0.2)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if "expect" in headers:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
        body = await self._all(reader, headers)
        client = writer.get_extra_info("ssl_object").getpeercert(True)
        request = Request(method, self.called(target, headers), headers, body, client)
        writer.write(self.framed(await asyncio.to_thread(self.mind.answer, request)))
        await writer.drain()

    async def _all(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return body


class Behind(StandardLibrary):
    """The back office: plain HTTP, told by the proxy who called and under which URL."""

    def context(self) -> ssl.SSLContext:
        """Speak no TLS: `wrap_socket` gives the socket back."""

        class Plain:
            def wrap_socket(self, plain: socket.socket, **_: object) -> socket.socket:
                return plain

        return Plain()  # type: ignore[return-value]

    def answered(
        self, method: str, path: str, headers: dict[str, str], body: bytes, _: socket.socket
    ) -> Answer:
        """Answer a request that the proxy passed on."""
        client = base64.b64decode(headers.pop("x-client-certificate"))
        url = f"{headers['x-forwarded-proto']}://{headers['x-forwarded-host']}{path}"
        return self.mind.answer(Request(method, url, headers, body, client))


class ReverseProxy(Den):
    """TLS ends in a proxy, which passes calls on over plain HTTP."""

    def __post_init__(self) -> None:
        self.inside = Behind(self.mind, self.shown, "http")
        super().__post_init__()

    def close(self) -> None:
        """Stop both."""
        super().close()
        self.inside.close()

    def start(self) -> None:
        """Bring both back."""
        self.inside.start()
        super().start()

    def answer(self, request: Request, stream: socket.socket) -> Answer:  # noqa: ARG002 - as of a den
        """Pass a call on."""
        _, _, rest = request.url.partition("://")
        host, slash, path = rest.partition("/")
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("transfer-encoding", "content-length", "expect")
        }
        headers.setdefault("x-forwarded-host", host)
        headers.setdefault("x-forwarded-proto", "https")
        headers["x-client-certificate"] = base64.b64encode(request.client or b"").decode()
        line = http.client.HTTPConnection("127.0.0.1", self.inside.port, timeout=10)
        try:
            line.request(request.method, slash + path, request.body, headers)
            got = line.getresponse()
            return Answer(got.status, got.read(), {"Content-Type": got.headers.get("Content-Type", "")})
        finally:
            line.close()


class Forwarded(Mind):
    """Knows the URL that the DIP calls, whatever a gateway makes of it."""

    def verified(self, request: Request) -> Verification:
        """Verify over the public URL where the call came through the gateway."""
        public = request.headers.get("x-forwarded-host") == "dip.zoo.example"
        if not public:
            return super().verified(request)
        return super().verified(
            Request(request.method, PUBLIC, request.headers, request.body, request.client)
        )


def _with_next(nest: Nest) -> None:
    nest.tables["hooks"]["clock"] = nest.clock_hook
    for label, profile in (("tls", "tls-client"), ("signing", "signing")):
        name = f"zoo-next-{label}"
        issued = nest.certs.authority.issue(
            name,
            profile,
            organisation="Zoo Energy",
            dip_ids=[DIP_ID],
            replace=True,  # type: ignore[arg-type]
        )
        nest.tables[label].update(next_cert=str(issued.cert), next_key=str(issued.key))


def _profiled(nest: Nest) -> None:
    tls_vault(nest)
    rules = nest.folder / "rules.toml"
    rules.write_text('[tls]\nmax_days = 400\n[signing]\nkeys = ["RSA-2048"]\n[webhook]\n', encoding="utf-8")
    nest.top["certificate_profile"] = str(rules)


def _probed(nest: Nest, den: Den) -> None:
    nest.extra = f'[[probe]]\nname = "adapter"\nurl = "{den.url}/"\n'
    nest.tables["dip"].update(url=den.url, ca=str(nest.certs.authority.ca_bundle))


def _public(nest: Nest) -> None:
    nest.tables["webhook"]["public_url"] = PUBLIC


def _sound(
    name: str,
    den: Callable[[Mind, Shown], Den],
    settle: Callable[[Nest], None],
    *,
    omits: set[str],
    **more: Any,
) -> Animal:
    left_out = frozenset({_RESPONDER, *omits})
    return Animal(name, "", den=den, settle=settle, blame=None, verdict="pass", omits=left_out, **more)


_RESPONDER = "connectivity.revocation"
"""The zoo's certificates name no responder: only broken animals' do."""
_RULES, _POINTS, _REAL = "config.certificate-profile", "connectivity.probe-points", "connectivity.real-dip"
_PUBLIC_URL, _EXPECT = "connectivity.public-url", "connectivity.expect-continue"
_SIGNS, _CONNECTS = "connectivity.sign-command", "connectivity.connect-command"
_NEXT = "recovery.next-certificates"

SOUND = (
    _sound(
        "by-hand",
        Den,
        _with_next,
        omits={_RULES, _POINTS, _REAL, _PUBLIC_URL, _EXPECT, _SIGNS, _CONNECTS},
    ),
    _sound(
        "standard-library",
        StandardLibrary,
        signing_vault,
        sender=Announcing,
        omits={_RULES, _POINTS, _REAL, _PUBLIC_URL, _CONNECTS, _NEXT, "recovery.signing-certificate"},
    ),
    _sound(
        "uvicorn",
        Uvicorn,
        _profiled,
        omits={
            *(_POINTS, _REAL, _PUBLIC_URL, _EXPECT, _SIGNS, _NEXT),
            *("recovery.tls-certificate", "recovery.own-overlap", "recovery.own-cut"),
            *("recovery.provider-sends", "recovery.provider-receives"),
        },
    ),
    _sound(
        "asyncio",
        Streams,
        lambda _: None,
        housed=_probed,
        omits={_RULES, _PUBLIC_URL, _EXPECT, _SIGNS, _CONNECTS, _NEXT},
    ),
    _sound(
        "behind-a-proxy",
        ReverseProxy,
        _public,
        mind=Forwarded,
        omits={_RULES, _POINTS, _REAL, _EXPECT, _SIGNS, _CONNECTS, _NEXT},
    ),
)
"""Participants in which the self-check must find nothing."""
