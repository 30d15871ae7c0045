"""The hub's own certificate changes while it runs: new connections see the new one, open ones go on."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from harness.transport.tls import client_context
from tests.simulators.dip.conftest import Bench


@pytest.fixture(autouse=True)
def _no_faults(bench: Bench) -> Iterator[None]:
    yield
    bench.admin.clear_faults()


@contextmanager
def _connected(bench: Bench) -> Iterator[ssl.SSLSocket]:
    port = urlsplit(bench.target.url("")).port
    context = client_context(bench.target.ca, bench.network.certificate(bench.party("SUP").tls))
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        yield connection


def _ask(connection: ssl.SSLSocket) -> bytes:
    """Make a request on a connection and return the answer's first line."""
    connection.sendall(b"GET /2.1.0/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = connection.recv(4096)
        assert part, "the hub closed the connection"
        answer += part
    return answer.split(b"\r\n")[0]


def _serial(connection: ssl.SSLSocket) -> object:
    certificate = connection.getpeercert()
    assert certificate is not None
    return certificate["serialNumber"]


def test_new_connections_see_the_new_certificate_and_old_ones_go_on(bench: Bench) -> None:
    """Each rotation shows another certificate; the connection from before answers as before."""
    tag = bench.tag()
    rotate = {"fault": "rotate-server-certificate"}
    with _connected(bench) as first:
        bench.admin.set_faults([rotate], tag=tag)
        with _connected(bench) as second:
            bench.admin.set_faults([rotate], tag=tag)
            with _connected(bench) as third:
                serials = [_serial(each) for each in (first, second, third)]
                assert len(set(serials)) == 3
                assert {_ask(each) for each in (first, second, third)} == {b"HTTP/1.1 404 Not Found"}
    assert bench.send(bench.message(tag=tag)).status == 201
    found = bench.admin.applied_faults(tag=tag)
    assert [(one["fault"], one["point"]) for one in found] == [(rotate["fault"], "connection")] * 2
    bench.admin.clear_faults(tag=tag)
    with _connected(bench) as last:
        assert _serial(last) == serials[0]


def test_other_faults_leave_a_rotated_certificate_as_it_is(bench: Bench) -> None:
    """A change of other faults is no rotation, and of two the latest counts."""
    bench.admin.set_faults([{"fault": "rotate-server-certificate"}], tag="one")
    with _connected(bench) as connection:
        serial = _serial(connection)
    bench.admin.set_faults([{"fault": "duplicate"}], tag="two")
    with _connected(bench) as connection:
        assert _serial(connection) == serial
    bench.admin.set_faults([{"fault": "rotate-server-certificate"}], tag="two")
    bench.admin.clear_faults(tag="two")
    with _connected(bench) as connection:
        assert _serial(connection) == serial


@pytest.mark.parametrize(("flaw", "reason"), [("expired", "expired"), ("foreign", "unable to get")])
def test_a_broken_server_certificate_is_for_the_client_to_refuse(
    bench: Bench, flaw: str, reason: str
) -> None:
    """A client that verifies the hub does not connect."""
    bench.admin.set_faults([{"fault": "rotate-server-certificate", "flaw": flaw}])
    with pytest.raises(ssl.SSLCertVerificationError, match=reason), _connected(bench):
        pass
