"""TLS on both ends: mutual, 1.2 or newer, and a refusal that says why.

A server on asyncio or uvloop closes the connection when it refuses a client certificate and drops the alert
that OpenSSL wrote for the client. The contexts made here send it, so that the client learns what was wrong
with its certificate, as it would from the web servers that real environments stand behind.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import ConfigurationError
from harness.transport.parties import CertificateSet


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What a server shows and whom it lets in: only clients that ``ca`` (PEM) vouches for."""

    cert: Path
    key: Path
    ca: Path
    require_client: bool = True
    """False lets clients without a certificate in; one that is shown is still verified."""


_REFUSALS = (
    "CERTIFICATE_VERIFY_FAILED",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE",
    "UNSUPPORTED_PROTOCOL",
    "NO_SHARED_CIPHER",
)
"""OpenSSL's reasons for which a client is waiting to hear why; other failures are no TLS or no handshake."""


class _AlertingObject(ssl.SSLObject):
    """A TLS connection that delivers the alert of a failed handshake before the failure ends it.

    The event loop flushes what OpenSSL wrote only when the handshake wants more input, so the failure is
    first reported as that, and raised when the peer next says or closes anything (or at the handshake's time
    limit).
    """

    _failure: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            if error.reason not in _REFUSALS:
                raise
            self._failure = error
            raise ssl.SSLWantReadError from error


def server_context(tls: ServerTls) -> ssl.SSLContext:
    """Return a server's context; raises ConfigurationError naming the file that can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0  # a resumed session would skip the check of the client's certificate
    context.verify_mode = ssl.CERT_REQUIRED if tls.require_client else ssl.CERT_OPTIONAL
    context.sslobject_class = _AlertingObject
    context.set_alpn_protocols(["http/1.1"])
    _trust(context, tls.ca)
    _identify(context, tls.cert, tls.key)
    return context


class Showing:
    """A server's context whose certificate can be changed in one step while clients connect.

    Each handshake takes the certificate that is shown when the client's first message is read, with or
    without a server name in it, and keeps it: none meets a certificate and a key that do not belong together,
    and of a former certificate with another kind of key nothing is left.
    """

    def __init__(self, tls: ServerTls) -> None:
        """Show what ``tls`` names; raises ConfigurationError naming the file that can't be used."""
        self._tls = tls
        self._newest = server_context(tls)
        self.context = server_context(tls)
        """What the server listens with."""
        self.context.sni_callback = self._take_newest

    def show(self, cert: Path, key: Path) -> None:
        """Show another certificate from now on.

        Raises ConfigurationError naming the file that can't be used; the former certificate stays then.
        """
        self._newest = server_context(replace(self._tls, cert=cert, key=key))

    def _take_newest(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._newest


def client_context(ca: Path | None, identity: CertificateSet | None) -> ssl.SSLContext:
    """Return a client's context: it trusts ``ca`` (None: the system's authorities) and shows ``identity``.

    Raises ConfigurationError naming the file that can't be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION
    if ca is None:
        context.load_default_certs()
    else:
        _trust(context, ca)
    if identity is not None:
        if identity.key is None:
            raise ConfigurationError(
                "the certificate set has no key file, and TLS can't sign through a command",
                where=f"certificate {identity.name}",
                mend="Add key, or put a TLS proxy that holds the key in front.",
            )
        _identify(context, identity.cert, identity.key)
    return context


def _trust(context: ssl.SSLContext, ca: Path) -> None:
    try:
        context.load_verify_locations(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"can't be read as CA certificates in PEM: {error}", where=str(ca)
        ) from error


def _identify(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    for path in (cert, key):
        if not path.is_file():
            raise ConfigurationError(
                "there is no such file", where=str(path), mend="`dip pki issue` makes one."
            )
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ConfigurationError(
            f"can't be used with the key {key}: {error}",
            where=str(cert),
            mend="Both must be PEM, the key without a password and the certificate's own.",
        ) from error


def _no_password() -> bytes:
    raise ValueError("the key is protected by a password")
