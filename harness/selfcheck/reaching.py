"""Reaching a host step by step: its name, a connection, TLS, an answer. Each step says why it failed."""

from __future__ import annotations

import contextlib
import socket
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.selfcheck.context import Context
from harness.transport.tls import client_context

TIMEOUT_SETTING = "selfcheck.connect_seconds"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and port that something is expected at."""

    label: str
    host: str
    port: int
    url: str
    """One URL there."""
    kind: str
    """``webhook``, ``dip`` or ``probe``."""
    tls: bool = True

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Shake:
    """What a handshake came to."""

    version: str = ""
    cipher: str = ""
    certificate: bytes = b""
    """DER."""
    fault: str = ""
    """``""``, ``plain`` (no TLS there), ``version``, ``cipher``, ``refused``, ``untrusted`` or ``broken``."""
    said: str = ""
    code: int = 0
    """OpenSSL's reason for not believing the certificate."""


def webhooks(context: Context) -> tuple[Endpoint, ...]:
    """Return the hosts of the participant's webhooks, each once."""
    found: dict[tuple[str, int], Endpoint] = {}
    for party, channel, url in context.profile.urls():
        label = f"webhook of {party.dip_id}{f' for {channel}' if channel else ''}"
        each = endpoint(label, url, "webhook")
        found.setdefault((each.host, each.port), each)
    return tuple(found.values())


def endpoints(context: Context) -> tuple[Endpoint, ...]:
    """Return every host of the profile: webhooks, the real DIP where one is named, probe points."""
    found = list(webhooks(context))
    if context.profile.hub.url:
        found.append(endpoint("the DIP", context.profile.hub.url, "dip"))
    found += [endpoint(f"probe {each.name}", each.url, "probe") for each in context.profile.probes]
    return tuple(found)


def endpoint(label: str, url: str, kind: str) -> Endpoint:
    """Return where a URL leads."""
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return Endpoint(label, parts.hostname or "", parts.port or (443 if tls else 80), url, kind, tls)


def resolve(host: str) -> tuple[str, ...]:
    """Return the addresses of a host; raises OSError where its name has none."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def connect(where: Endpoint, seconds: float) -> socket.socket:
    """Open a TCP connection; raises OSError."""
    return socket.create_connection((where.host, where.port), timeout=seconds)


def dip_context(context: Context, *, verify: bool) -> ssl.SSLContext:
    """Return a client context that shows the DIP's certificate; without ``verify`` it believes any server."""
    made = client_context(context.webhook_ca(), context.network.certificate(context.hub_party.tls))
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def handshake(where: Endpoint, tls: ssl.SSLContext, seconds: float) -> Shake:
    """Agree on TLS and hang up; raises OSError only where there is no connection at all."""
    with connect(where, seconds) as plain:
        try:
            with tls.wrap_socket(plain, server_hostname=where.host) as stream:
                cipher = stream.cipher()
                certificate = stream.getpeercert(binary_form=True) or b""
                return Shake(stream.version() or "", cipher[0] if cipher else "", certificate)
        except ssl.SSLCertVerificationError as error:
            return Shake(fault="untrusted", said=error.verify_message, code=error.verify_code)
        except ssl.SSLError as error:
            return Shake(fault=_fault(error), said=_words(error))
        except OSError as error:
            return Shake(fault="broken", said=f"the connection ended in the handshake: {error}")


def limited(tls: ssl.SSLContext, *, newest: ssl.TLSVersion, ciphers: str = "") -> ssl.SSLContext:
    """Return the context held to TLS up to ``newest`` and to some ciphers, however weak."""
    with _quiet():
        tls.minimum_version = min(newest, ssl.TLSVersion.TLSv1)
        tls.maximum_version = newest
        tls.set_ciphers(ciphers or "ALL:@SECLEVEL=0")
    return tls


def joined(files: tuple[Path, ...]) -> str:
    """Return names of files for a sentence."""
    return ", ".join(path.name for path in files)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let an old TLS version be set: it is what is asked about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _fault(error: ssl.SSLError) -> str:
    reason = (error.reason or "").upper()
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"):
        return "plain"
    if "PROTOCOL_VERSION" in reason or reason in ("UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"):
        return "version"
    if reason in ("SSLV3_ALERT_HANDSHAKE_FAILURE", "NO_CIPHERS_AVAILABLE", "NO_SHARED_CIPHER"):
        return "cipher"
    if "ALERT" in reason:
        return "refused"
    return "broken"


def _words(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).lower().replace("_", " ")
