"""A certificate authority, a small network and a server that tells what it saw, for real TLS on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.security.authority import Authority
from harness.transport.asgi import BodyTooLargeError, ClientGoneError, read_body
from harness.transport.limits import Limits
from harness.transport.network import CertificateSet, Network, Organisation, Party
from harness.transport.server import ServerThread, ServerTls

SUPPLIER = "2300000001"


@dataclass(frozen=True)
class Pki:
    """The authority's files that tests need."""

    authority: Authority
    ca: Path
    server: ServerTls


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Make one authority for all tests of the room."""
    authority = Authority.create(tmp_path_factory.mktemp("pki"), name="Transport tests")
    for name, flaw in (("good", None), ("foreign", "foreign"), ("expired", "expired")):
        authority.issue(name, "tls-client", organisation="Supplier A", dip_ids=[SUPPLIER], flaw=flaw)
    authority.issue("good", "signing", organisation="Supplier A", dip_ids=[SUPPLIER])
    server = authority.issue("server", "tls-server")
    return Pki(authority, authority.ca_bundle, ServerTls(server.cert, server.key, authority.ca_bundle))


@pytest.fixture(scope="session")
def network(pki: Pki) -> Network:
    """One supplier with good, foreign and expired TLS certificates."""
    sets = [
        CertificateSet(f"{issued.name}-{issued.profile}", issued.cert, issued.key)
        for issued in pki.authority.issued()
    ]
    supplier = Party(
        "Supplier A", "AAAA", "SUP", SUPPLIER, "good-tls-client", "good-signing", api_key_env="A_KEY"
    )
    return Network((Organisation("Supplier A", (supplier,)),), tuple(sets))


@pytest.fixture
def supplier(network: Network, monkeypatch: pytest.MonkeyPatch) -> Party:
    """The supplier, with its API key in the environment."""
    monkeypatch.setenv("A_KEY", "the-secret-key")
    return network.by_dip_id(SUPPLIER)


async def tell(scope: Any, receive: Any, send: Any) -> None:
    """Answer 201 with what the application saw, 413 for a body beyond 4 MB."""
    if scope["type"] != "http":
        return
    try:
        body = await read_body(scope, receive, 4_000_000)
    except ClientGoneError:
        return
    except BodyTooLargeError:
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    tls = scope["extensions"].get("tls", {})
    seen = {
        "path": scope["path"],
        "length": len(body),
        "client_cert": (tls.get("client_cert") or b"").hex(),
        "tls_version": tls.get("tls_version"),
        "peer": scope["client"][1],
    }
    answer = orjson.dumps(seen)
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


QUICK = Limits(
    header_bytes=4096,
    header_seconds=0.4,
    body_seconds=0.4,
    connections=4,
    keep_alive_seconds=5,
    header_status=413,
)
"""Limits that a test reaches at once."""


@pytest.fixture(scope="session")
def secure(pki: Pki) -> Iterator[ServerThread]:
    """The telling server behind mutual TLS."""
    with ServerThread(tell, tls=pki.server) as server:
        yield server


@pytest.fixture
def plain() -> Iterator[ServerThread]:
    """The telling server without TLS, with quick limits."""
    with ServerThread(tell, limits=QUICK) as server:
        yield server
