"""A request over a TLS connection that a command of the participant's opens, as it alone can use the key.

Python's TLS takes private keys from files. Where the key of [tls] is in a vault or an HSM, `connect_command`
opens the connection in its place, as ``ProxyCommand`` does for SSH: plain bytes go in on its standard input
and come out on its standard output. ``openssl s_client -quiet`` with a PKCS #11 provider is such a command.
"""

from __future__ import annotations

import http.client
import subprocess
import threading
from collections.abc import Sequence
from typing import IO, Any, cast
from urllib.parse import urlsplit

from harness.errors import ConfigurationError
from harness.transport.client import Answer, Sent

_TAIL = 200


class _Pipe:
    """What `http.client` reads an answer from, in place of a socket."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def makefile(self, *_: object) -> IO[bytes]:
        return self._stream


def ask(command: Sequence[str], method: str, url: str, body: bytes, *, seconds: float) -> Answer:
    """Make one request through the command; ``{host}`` and ``{port}`` in it are replaced.

    An `Answer` without a status says in `error` what the command said. Raises ConfigurationError for a
    command that can't be started.
    """
    parts = urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    given = {"{host}": parts.hostname or "", "{port}": str(parts.port or 443)}
    words = list(command)
    for name, value in given.items():
        words = [part.replace(name, value) for part in words]
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    sent = Sent(method, url, headers, body)
    try:
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise ConfigurationError(
            f"the command can't be run: {error}",
            where="tls.connect_command",
            mend="Give program and arguments.",
        ) from error
    assert child.stdin is not None
    assert child.stdout is not None
    late = threading.Timer(seconds, child.kill)
    late.start()
    try:
        child.stdin.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        child.stdin.flush()
        response = http.client.HTTPResponse(cast("Any", _Pipe(child.stdout)), method=method)
        response.begin()
        answer = response.read()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(sent, response.status, named, answer, 0.0)
    except (OSError, http.client.HTTPException):
        child.kill()
        said = child.communicate()[1].decode("utf-8", "replace").strip()
        return Answer(sent, None, {}, b"", 0.0, error=said[-_TAIL:] or "the command ended without an answer")
    finally:
        late.cancel()
        child.kill()
        child.communicate()
