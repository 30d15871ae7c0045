"""An ASGI application behind mutual TLS, within limits, on one event loop.

`serve` runs it in the current event loop, `ServerThread` in a thread of its own. The application finds the
client's certificate (DER, or None) in ``scope["extensions"]["tls"]["client_cert"]``, and a function that cuts
the connection in ``scope["extensions"]["connection"]["abort"]``. What is refused below
HTTP or before the application answers 400, 408, 413 or 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import uvicorn

from harness.errors import ConfigurationError, EnvironmentFault
from harness.transport.limits import Limits
from harness.transport.protocol import bounded_protocol
from harness.transport.tls import ServerTls, Showing

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["Limits", "Server", "ServerThread", "ServerTls", "run", "serve", "spare_memory"]

_CLOSE_NOTIFY_SECONDS = 0.3
_GRACE_SECONDS = 5
_BACKLOG = 2048
_COLLECT_EVERY = 20_000
"""New objects after which the youngest are looked through; a large request makes as many."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a running server listens."""

    host: str
    port: int
    scheme: str
    showing: Showing | None = None
    """None: it speaks plain HTTP, or workers listen there."""

    def show(self, cert: Path, key: Path) -> None:
        """Show another certificate to clients that connect from now on; open connections keep theirs.

        Raises ConfigurationError for files that can't be used, and without TLS.
        """
        if self.showing is None:
            raise ConfigurationError("a server without TLS shows no certificate", where=self.url)
        self.showing.show(cert, key)

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class _Uvicorn(uvicorn.Server):
    """uvicorn on a socket that is already bound, without signal handlers, and never ending the process."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, handshake_seconds: float) -> None:
        super().__init__(config)
        self._listener = listener
        self._handshake_seconds = handshake_seconds

    async def open(self) -> None:
        """Start the application and accept connections; raises EnvironmentFault when it can't start."""
        config = self.config
        config.load()
        self.lifespan = config.lifespan_class(config)
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise EnvironmentFault("the application did not start; its own message stands above")
        await self.on_tick(0)
        secure = config.ssl is not None
        self.servers = [
            await asyncio.get_running_loop().create_server(
                self._connection,
                sock=self._listener,
                ssl=config.ssl,
                backlog=_BACKLOG,
                ssl_handshake_timeout=self._handshake_seconds if secure else None,
                ssl_shutdown_timeout=_CLOSE_NOTIFY_SECONDS if secure else None,
            )
        ]
        self.started = True

    def _connection(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def close(self) -> None:
        """Let requests in progress end, then drop what is left."""
        await self.shutdown()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()


@contextlib.asynccontextmanager
async def serve(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ServerTls | None = None,
    limits: Limits | None = None,
    shares_port: bool = False,
) -> AsyncIterator[Server]:
    """Serve an application in the current event loop for as long as the block runs.

    Port 0 takes a free one; ``shares_port``: other processes may listen on it too, and each gets a share of
    the connections. Without ``tls`` it speaks plain HTTP. Raises EnvironmentFault when the port is
    in use, ConfigurationError for a certificate or host that can't be used.
    """
    limits = limits or Limits.from_settings()
    showing = Showing(tls) if tls else None
    listener = _listen(host, port, shares_port=shares_port)
    config = uvicorn.Config(
        app,
        http=bounded_protocol(limits),
        interface="asgi3",
        ws="none",
        lifespan="auto",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=limits.header_bytes,
        ssl_context_factory=(lambda *_: showing.context) if showing else None,
    )
    server = _Uvicorn(config, listener, limits.header_seconds)
    try:
        await server.open()
    except BaseException:
        listener.close()
        raise
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield Server(host, listener.getsockname()[1], "https" if tls else "http", showing)
    finally:
        ticking.cancel()
        await server.close()
        listener.close()


def _listen(host: str, port: int, *, shares_port: bool = False) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ConfigurationError(f"can't listen on {host}, port {port}: ports go from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError, OverflowError) as error:
        raise ConfigurationError(f"can't listen on {host}, port {port}: {error}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shares_port:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except (OSError, OverflowError) as error:
        listener.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise EnvironmentFault(
                f"port {port} on {host} is in use", mend="Choose another port, or 0 for any free one."
            ) from error
        raise EnvironmentFault(f"can't listen on {host}, port {port}: {error}") from error
    return listener


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on uvloop, or on asyncio's own loop where there is none (Windows)."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def spare_memory() -> None:
    """Tell the garbage collector, once everything is loaded, that what is there stays.

    What a request makes goes by reference counting; a full collection would walk through all definitions
    again and again for nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class ServerThread:
    """A server in a thread of its own, with its own event loop; arguments as of `serve`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ServerTls | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._app, self._host, self._port, self._tls, self._limits = app, host, port, tls, limits
        self._ready = threading.Event()
        self._server: Server | None = None
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._work, name="dip-server", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._running().port

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return self._running().url

    def start(self) -> Self:
        """Start and wait until it listens; raises what `serve` raises."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def close(self) -> None:
        """Stop and wait until it has stopped."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running(self) -> Server:
        if self._server is None:
            raise EnvironmentFault("the server was not started")
        return self._server

    def _work(self) -> None:
        try:
            run(self._main())
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        serving = serve(self._app, host=self._host, port=self._port, tls=self._tls, limits=self._limits)
        async with serving as self._server:
            self._ready.set()
            await self._stop.wait()
