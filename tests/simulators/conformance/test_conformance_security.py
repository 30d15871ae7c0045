"""What may be tried at the hub's door: old TLS, repeated and altered requests, webhooks that reach in."""

from __future__ import annotations

import http.client
import socket
import ssl
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.clock import header_time
from harness.messages.build import encode
from harness.security.signing import DATE, Signer
from harness.spec.release import load, names
from harness.transport.client import Answer
from harness.transport.network import Party
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.webhook_stub import ScriptedWebhook

Headers = dict[str, str]


def _signer(bench: Bench, party: Party) -> Signer:
    found = bench.network.certificate(party.signing)
    return Signer.load(found.cert, found.key)


# -- the connection ------------------------------------------------------------------------------------------


def _handshake(bench: Bench, version: ssl.TLSVersion) -> str | None:
    """Connect with one version of TLS alone, at the lowest security level; return what was agreed."""
    host, _, port = urlsplit(bench.target.url("")).netloc.partition(":")
    identity = bench.network.certificate(bench.party("SUP").tls)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(bench.target.ca)
    context.load_cert_chain(identity.cert, identity.key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that old versions are old is the point
        context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection((host, int(port)), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return secured.version()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_nothing_below_tls_1_2(bench: Bench, version: ssl.TLSVersion) -> None:
    """A client that offers only TLS 1.0 or 1.1 is turned away because of the version."""
    with pytest.raises(ssl.SSLError) as refused:
        _handshake(bench, version)
    assert refused.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"


@pytest.mark.parametrize(
    ("version", "agreed"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
def test_tls_1_2_and_1_3_are_spoken(bench: Bench, version: ssl.TLSVersion, agreed: str) -> None:
    """The same client gets in with TLS 1.2 and with 1.3."""
    assert _handshake(bench, version) == agreed


def test_plain_http_is_not_answered(bench: Bench) -> None:
    """A request without TLS gets nothing of the hub."""
    connection = http.client.HTTPConnection(urlsplit(bench.target.url("")).netloc, timeout=20)
    connection.request("GET", "/2.1.0/openapi.json")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        connection.getresponse()
    connection.close()


# -- the same request again, or altered ----------------------------------------------------------------------


def _signed(bench: Bench, body: bytes, *, method: str = "POST", at: float = 0.0) -> Headers:
    url = bench.target.url(bench.release) + "/dip-channel/IF-031"
    date = header_time(bench.admin.now() + timedelta(seconds=at))
    return _signer(bench, bench.party("SUP")).sign(method, url, body, date=date)


def _post(bench: Bench, body: bytes, headers: Headers, **options: Any) -> Answer:
    channel = options.pop("channel", "IF-031")
    return bench.send(body=body, channel=channel, sign=False, headers=dict(headers), **options)


def test_the_same_request_is_taken_once(bench: Bench) -> None:
    """The very bytes and headers of an accepted request, sent again, are 400 with MSG1006."""
    tag = bench.tag()
    body = encode([bench.message(tag=tag)])
    headers = _signed(bench, body)
    assert _post(bench, body, headers).status == 201
    for _ in range(3):
        again = _post(bench, body, headers)
        assert (again.status, again.codes) == (400, ("MSG1006",))
    assert len(bench.settle(tag)["messages"]) == 1


def test_the_same_request_at_the_same_moment_is_taken_once(bench: Bench) -> None:
    """Of eight copies of a request that arrive together one is 201, and one message is there."""
    for _ in range(5):
        tag = bench.tag()
        body = encode([bench.message(tag=tag)])
        headers = _signed(bench, body)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _, b=body, h=headers: _post(bench, b, h), range(8)))
        assert sorted(answer.status or 0 for answer in answers) == [201, *[400] * 7]
        assert {code for answer in answers for code in answer.codes} == {"MSG0000", "MSG1006"}
        assert len(bench.settle(tag)["messages"]) == 1


def test_a_new_signature_does_not_make_a_used_reference_new(bench: Bench) -> None:
    """A used reference is MSG1006 with another signature, and with another content below it."""
    message = bench.message()
    assert bench.send(message).status == 201
    message["CommonBlock"]["S1"]["subText"] = "another"
    assert bench.send(message).codes == ("MSG1006",)


def _value(body: bytes) -> bytes:
    return body.replace(b'"subText":null', b'"subText":"x"', 1)


@pytest.mark.parametrize(
    "change",
    [
        _value,
        lambda body: body + b" ",
        lambda body: b"\n" + body,
        lambda body: body.replace(b":", b": ", 1),
        lambda body: body.replace(b"SIT", b"UIT", 1),
        lambda body: body[:-1] + b",{}]",
        lambda _: b"",
    ],
    ids=["value", "space", "line", "blank", "letter", "message", "nothing"],
)
def test_other_bytes_than_those_signed_are_refused(bench: Bench, change: Callable[[bytes], bytes]) -> None:
    """Any other body under a good signature is 401, and what was signed is still taken after it."""
    body = encode([bench.message()])
    altered = change(body)
    assert altered != body
    headers = _signed(bench, body)
    assert _post(bench, altered, headers).status == 401
    assert _post(bench, body, headers).status == 201


@pytest.mark.parametrize("header", ["X-DIP-Signature", "X-DIP-Content-Hash", DATE])
def test_signature_headers_of_another_request_are_refused(bench: Bench, header: str) -> None:
    """One signature header taken from another good request of the same party is 401."""
    body, other = encode([bench.message()]), encode([bench.message()])
    headers = _signed(bench, body)
    mixed = headers | {header: _signed(bench, other, at=-2)[header]}
    assert _post(bench, body, mixed).status == 401
    assert _post(bench, body, headers).status == 201


def test_another_url_or_method_than_the_signed_one_is_refused(bench: Bench) -> None:
    """A signature counts for its channel, release, query and method alone."""
    body = encode([bench.message()])
    headers = _signed(bench, body)
    supplier = bench.party("SUP")
    assert _post(bench, body, headers, channel="IF-033").status == 401
    assert _post(bench, body, headers, release="2.2.1").status == 401
    for path in ("/dip-channel/IF-031?a=1", f"/dip-channel/IF-031/pubconfig/{supplier.dip_id}"):
        answer = bench.client().request(supplier, "POST", path, body, sign=False, headers=dict(headers))
        assert answer.status == 401
    assert _post(bench, body, _signed(bench, body, method="PUT")).status == 401
    assert _post(bench, body, headers).status == 201


@pytest.mark.parametrize("seconds", [-86400 * 365, -3600, 3600, 86400 * 365])
def test_a_date_out_of_the_window_is_refused(bench: Bench, seconds: float) -> None:
    """A request rightly signed long ago, or for long from now, is 401."""
    body = encode([bench.message()])
    assert _post(bench, body, _signed(bench, body, at=seconds)).status == 401
    assert _post(bench, body, _signed(bench, body)).status == 201


def test_a_request_goes_stale_with_the_hubs_clock(bench: Bench) -> None:
    """A signed request that is held back for an hour is 401."""
    body = encode([bench.message()])
    headers = _signed(bench, body)
    before = bench.admin.now()
    try:
        bench.admin.advance(3600)
        assert _post(bench, body, headers).status == 401
    finally:
        bench.admin.set_clock(before)


# -- webhooks ------------------------------------------------------------------------------------------------


def _admin_urls(port: int) -> list[str]:
    hosts = ("127.0.0.1", "localhost", "LOCALHOST.", "[::1]", "0.0.0.0", "127.1", "2130706433", "0x7f000001")
    urls = [f"https://{host}:{port}/clock" for host in hosts]
    urls += [f"https://127.0.0.1:0{port}/", f"https://127.0.0.1:{port}", f"HTTPS://127.0.0.1:{port}/?#"]
    urls += [f"http://127.0.0.1:{port}/clock", f"https://a@127.0.0.1:{port}/", f"//127.0.0.1:{port}/"]
    urls += [f"https://127.0.0.1:{port}\t/", f"https://127.0.0.1\\@x:{port}/", f" https://127.0.0.1:{port}/"]
    return urls


def _config_paths() -> list[tuple[str, str]]:
    return [
        (name, operation.path)
        for name in names()
        for operation in load(name).operations
        if operation.method == "POST" and operation.body == "WebhookConfig"
    ]


@pytest.mark.parametrize(("release", "path"), _config_paths())
def test_no_webhook_names_the_admin_port(bench: Bench, release: str, path: str) -> None:
    """However a callback URL spells the admin API's address, it is 400."""
    supplier = bench.party("SUP")
    port = urlsplit(bench.admin.url).port
    assert port is not None
    path = path.replace("{id}", "IF-036").replace("{recipient-id}", supplier.dip_id)
    client = bench.client(release)
    for url in _admin_urls(port):
        body = f'{{"callbackURL": {_quoted(url)}}}'.encode()
        assert client.request(supplier, "POST", path, body).status == 400, url
    body = f'{{"callbackURL": "https://127.0.0.1:{port + 1 if port < 65535 else 1}/"}}'.encode()
    assert client.request(supplier, "POST", path, body).status == 201
    assert client.request(supplier, "DELETE", path).status == 204


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\t", "\\t")
    return f'"{escaped}"'


class _Redirecting(ScriptedWebhook):
    """A webhook that sends its caller elsewhere."""

    to = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 307 with a place to go on."""

        async def moved(event: Any) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], (b"location", self.to.encode())]}
            await send(event)

        await super().__call__(scope, receive, moved)


def test_a_webhook_that_redirects_does_not_lead_anywhere(bench: Bench) -> None:
    """A 307 to another address is a failed delivery: nothing is called there."""
    recipient = bench.party("REGS")
    with _Redirecting(bench, [307, 308, 302]) as webhook, ScriptedWebhook(bench) as elsewhere:
        webhook.to = elsewhere.url
        assert bench.client().configure_webhook(recipient, "IF-031", webhook.url).status == 201
        try:
            for _ in range(3):
                tag = bench.tag()
                assert bench.send(bench.message(tag=tag)).status == 201
                (message,) = bench.settle(tag)["messages"]
                statuses = {each["dip_id"]: each["status"] for each in message["recipients"]}
                assert statuses[recipient.dip_id] == "DeliveryFailure"
        finally:
            bench.client().remove_webhook(recipient, "IF-031")
        assert len(webhook.bodies) == 3
        assert elsewhere.bodies == []


def test_a_refused_webhook_change_changes_nothing(bench: Bench) -> None:
    """After another party tried to set or remove a webhook, publications go where they went before."""
    recipient, other = bench.party("REGS", 1), bench.party("REGS")
    path = f"/dip-channel/IF-031/pubconfig/{recipient.dip_id}"
    with ScriptedWebhook(bench) as own, ScriptedWebhook(bench) as thief:
        assert bench.client().configure_webhook(recipient, "IF-031", own.url).status == 201
        body = f'{{"callbackURL": "{thief.url}"}}'.encode()
        for caller in (other, bench.party("SUP"), bench.party("DCP")):
            assert bench.client().request(caller, "POST", path, body).status == 403
            assert bench.client().request(caller, "DELETE", path).status == 403
        tag = bench.tag()
        message = bench.message(to=(recipient,), tag=tag)
        assert bench.send(message).status == 201
        bench.settle(tag)
        assert own.references == [message["CommonBlock"]["S1"]["senderUniqueReference"]]
        assert thief.bodies == []
