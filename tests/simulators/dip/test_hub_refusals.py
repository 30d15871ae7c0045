"""What the hub refuses, with which status and code, and that a refused batch leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from _pytest.mark import ParameterSet

from harness.clock import header_time
from harness.messages.build import encode
from harness.security.authority import Authority
from harness.security.signing import Signer
from harness.transport.client import Answer
from harness.transport.network import Party
from tests.simulators.dip.conftest import Bench

Payload = dict[str, Any]


def _entries(answer: Answer) -> list[dict[str, Any]]:
    return list(orjson.loads(answer.body)["messageArray"])


def _signer(bench: Bench, name: str) -> Signer:
    found = bench.network.certificate(name)
    return Signer.load(found.cert, found.key)


# -- single messages: a 400 with a StandardResponse ----------------------------------------------------------


@pytest.mark.provokes("MSG1001")
def test_a_schema_failure_names_the_place(bench: Bench) -> None:
    """A missing field is MSG1001 with its JSON pointer from the body's root in the help text."""
    message = bench.message()
    reference = message["CommonBlock"]["S1"]["senderUniqueReference"]
    del message["CustomBlock"]["B070"]["appointmentScenario"]
    answer = bench.send(message)
    assert answer.status == 400
    (entry,) = _entries(answer)
    assert entry["message"] == "MSG1001 - Schema Failure"
    assert entry["help"].startswith("/0/payload/CustomBlock/B070/appointmentScenario: ")
    assert entry["senderUniqueReference"] == reference
    assert entry["transactionID"] is None
    assert all(len(entry["help"]) <= 500 and len(entry["message"]) <= 200 for entry in _entries(answer))


def test_one_bad_message_refuses_the_whole_batch(bench: Bench) -> None:
    """Of a batch with one bad message nothing is accepted, and its good message can be sent again."""
    tag = bench.tag()
    good, bad = bench.message(tag=tag), bench.message(tag=tag)
    bad["CommonBlock"]["S1"]["senderRoleID"] = 7
    answer = bench.send(good, bad)
    assert (answer.status, answer.codes) == (400, ("MSG1001",))
    assert [entry["help"].split(":")[0] for entry in _entries(answer)] == [
        "/1/payload/CommonBlock/S1/senderRoleID"
    ]
    assert bench.settle(tag)["messages"] == []
    assert bench.send(good).status == 201


@pytest.mark.provokes("MSG1006")
def test_a_reference_is_taken_once(bench: Bench) -> None:
    """A reference sent again, or twice in one batch, is MSG1006 and refuses all of it."""
    first = bench.message()
    assert bench.send(first).status == 201
    assert bench.send(first).codes == ("MSG1006",)
    assert bench.send(bench.message(), first).codes == ("MSG1006",)
    twice = bench.message()
    answer = bench.send(twice, twice)
    assert (answer.status, answer.codes) == (400, ("MSG1006",))
    assert bench.send(twice).status == 201


def _unknown_recipient(bench: Bench) -> Payload:
    return bench.message(overrides={"/CommonBlock/A0/primaryRecipients": ["9999999999"]})


def _recipient_of_a_wrong_role(bench: Bench) -> Payload:
    return bench.message(to=(bench.party("MDR"),))


def _other_distributor(bench: Bench) -> Payload:
    return bench.message(overrides={"/CommonBlock/M0/distributorDIPID": bench.party("LDSO", 1).dip_id})


def _wrong_check_digit(bench: Bench) -> Payload:
    message = bench.message()
    mpan = message["CommonBlock"]["M0"]["MPANCore"]
    message["CommonBlock"]["M0"]["MPANCore"] = mpan[:-1] + str((int(mpan[-1]) + 1) % 10)
    return message


def _other_environment(bench: Bench) -> Payload:
    return bench.message(overrides={"/CommonBlock/S1/environmentTag": "UIT"})


def _other_sender(bench: Bench) -> Payload:
    return bench.message(sender=bench.party("SUP", 1))


def _other_role(bench: Bench) -> Payload:
    return bench.message(overrides={"/CommonBlock/S1/senderRoleID": "LDSO"})


def _role_that_does_not_send_it(bench: Bench) -> Payload:
    return bench.message("IF-032", "MSAppInitialResp", bench.party("SUP"), (bench.party("SUP", 1),))


def _provider_that_did_not_carry_it(bench: Bench) -> Payload:
    return bench.message(overrides={"/CommonBlock/S1/DIPConnectionProviderID": bench.party("DCP").dip_id})


def _no_time(bench: Bench) -> Payload:
    return bench.message(overrides={"/CommonBlock/S1/senderTimestamp": "2026-02-30T12:00:00+00:00"})


def _time_without_an_offset(bench: Bench) -> Payload:
    return bench.message(overrides={"/CommonBlock/S1/senderTimestamp": "2026-02-03T12:00:00.12345"})


def _refused(make: Callable[[Bench], Payload], code: str, place: str) -> ParameterSet:
    name = f"{code}-{make.__name__.strip('_')}"
    return pytest.param(make, code, place, marks=pytest.mark.provokes(code), id=name)


@pytest.mark.parametrize(
    ("make", "code", "place"),
    [
        _refused(_unknown_recipient, "MSG1031", "A0/primaryRecipients"),
        _refused(_recipient_of_a_wrong_role, "MSG1032", "A0/primaryRecipients"),
        _refused(_other_distributor, "MSG1030", "M0/distributorDIPID"),
        _refused(_wrong_check_digit, "MSG1030", "M0/MPANCore"),
        _refused(_other_environment, "MSG1000", "S1/environmentTag"),
        _refused(_no_time, "MSG1007", "S1/senderTimestamp"),
        _refused(_time_without_an_offset, "MSG1007", "S1/senderTimestamp"),
        _refused(_other_sender, "MSG1009", "S1/senderDIPID"),
        _refused(_other_role, "MSG1010", "S1/senderRoleID"),
        _refused(_role_that_does_not_send_it, "MSG1010", "S1/senderRoleID"),
        _refused(_provider_that_did_not_carry_it, "MSG1011", "S1/DIPConnectionProviderID"),
    ],
)
def test_a_business_rule_refuses_with_its_code(
    bench: Bench, make: Callable[[Bench], Payload], code: str, place: str
) -> None:
    """Each rule beyond the message definition has its code and names the field."""
    answer = bench.send(make(bench))
    assert (answer.status, answer.codes) == (400, (code,))
    assert _entries(answer)[0]["help"].startswith(f"/0/payload/CommonBlock/{place}: ")


@pytest.mark.provokes("MSG1002")
def test_a_message_on_another_channel_is_refused(bench: Bench) -> None:
    """A message whose interface differs from the channel's is MSG1002."""
    answer = bench.send(bench.message(), channel="IF-033")
    assert answer.status == 400
    assert answer.codes[0] == "MSG1002"


def test_a_provider_needs_the_nomination(bench: Bench) -> None:
    """The connection provider can't send for a supplier that did not nominate it."""
    provider = bench.party("DCP")
    message = bench.message(overrides={"/CommonBlock/S1/DIPConnectionProviderID": provider.dip_id})
    answer = bench.send(message, party=provider)
    assert (answer.status, answer.codes) == (400, ("MSG1009",))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"x",
        b'[{"payload":1}]',
        b"[1]",
        b'[{"other":{}}]',
        b"\xff\xfe",
        b'[{"payload":{}}',
    ],
)
def test_a_body_that_is_no_batch_is_a_standard_response(bench: Bench, body: bytes) -> None:
    """Whatever is not an array of payloads gets 400 with MSG1001 or MSG1002 and one entry at least."""
    answer = bench.send(body=body, channel="IF-031")
    assert answer.status == 400
    assert set(answer.codes) <= {"MSG1001", "MSG1002"}
    assert _entries(answer)


def test_deep_json_and_a_long_batch_are_refused(bench: Bench) -> None:
    """JSON nested beyond the limit, and a batch beyond the limit, are MSG1001."""
    deep = b"[" * 100_000 + b"]" * 100_000
    assert bench.send(body=deep, channel="IF-031").status == 400
    assert bench.send(body=b"[" * 70 + b"]" * 70, channel="IF-031").codes == ("MSG1001",)
    long = b"[" + b",".join([b'{"payload":{}}'] * 1001) + b"]"
    answer = bench.send(body=long, channel="IF-031")
    assert (answer.status, answer.codes) == (400, ("MSG1001",))
    assert len(_entries(answer)) == 1


# -- the caller: a bare status -------------------------------------------------------------------------------


def test_the_api_key_must_be_known(bench: Bench) -> None:
    """No key and an unknown key are 401."""
    assert bench.send(bench.message(), api_key="").status == 401
    assert bench.send(bench.message(), api_key="nobody's").status == 401


def test_the_key_certificate_and_signature_must_be_one_partys(bench: Bench) -> None:
    """Another party's key, client certificate or signing certificate is 403, whichever of the three it is."""
    other = bench.party("SUP", 1)
    assert bench.send(bench.message(), api_key=other.api_key()).status == 403
    assert bench.send(bench.message(), tls=other.tls).status == 403
    assert bench.send(bench.message(), signer=_signer(bench, other.signing)).status == 403


def _header(name: str, value: str | None) -> dict[str, str | None]:
    return {name: value}


@pytest.mark.parametrize(
    "headers",
    [
        _header("X-DIP-Signature", None),
        _header("X-DIP-Signature", "bm8="),
        _header("X-DIP-Signature-Date", None),
        _header("X-DIP-Content-Hash", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        _header("X-DIP-Signature-Certificate", "not a certificate"),
        _header("X-DIP-Signature-Date", header_time(datetime(2001, 1, 1, tzinfo=UTC))),
    ],
)
def test_a_signature_that_does_not_verify_is_refused(bench: Bench, headers: dict[str, str | None]) -> None:
    """A missing or wrong signature header is 401."""
    assert bench.send(bench.message(), headers=headers).status == 401


def test_a_stale_date_is_refused(bench: Bench) -> None:
    """A request that was rightly signed an hour ago is 401."""
    supplier = bench.party("SUP")
    body = encode([bench.message()])
    url = bench.target.url(bench.release) + "/dip-channel/IF-031"
    then = header_time(bench.admin.now() - timedelta(hours=1))
    headers: dict[str, str | None] = dict(_signer(bench, supplier.signing).sign("POST", url, body, date=then))
    answer = bench.send(body=body, channel="IF-031", sign=False, headers=headers)
    assert answer.status == 401


def test_a_signature_for_another_url_is_refused(bench: Bench) -> None:
    """A request signed for one release is 401 at the other."""
    supplier = bench.party("SUP")
    body = encode([bench.message()])
    url = bench.target.url("2.2.1") + "/dip-channel/IF-031"
    now = header_time(bench.admin.now())
    headers: dict[str, str | None] = dict(_signer(bench, supplier.signing).sign("POST", url, body, date=now))
    assert bench.send(body=body, channel="IF-031", sign=False, headers=headers).status == 401
    assert bench.send(body=body, channel="IF-031", sign=False, headers=headers, release="2.2.1").status == 201


@pytest.mark.parametrize("name", ["none", "flaw-expired", "flaw-foreign"])
def test_a_certificate_that_can_not_be_believed_ends_in_the_handshake(bench: Bench, name: str) -> None:
    """No client certificate, an expired and a foreign one get no HTTP answer at all."""
    answer = bench.send(bench.message(), tls=name)
    assert answer.status is None
    assert answer.refused_in_handshake


def test_a_revoked_certificate_gets_an_http_answer(bench: Bench) -> None:
    """A revoked client certificate is 403 on every operation."""
    supplier = bench.party("SUP")
    assert bench.send(bench.message(), tls="flaw-revoked").status == 403
    client = bench.client()
    for method, path in (("GET", "/openapi.json"), ("POST", "/validate/IF-031/MSApp")):
        assert client.request(supplier, method, path, b"{}", tls="flaw-revoked").status == 403


def test_a_certificate_that_is_revoked_meanwhile_is_refused_at_once(bench: Bench) -> None:
    """A signing certificate works until it is put on the revocation list, without a restart."""
    authority = Authority.open(bench.target.ca.parent.parent)
    supplier: Party = bench.party("SUP")
    issued = authority.issue(
        "to-be-revoked",
        "signing",
        organisation=supplier.organisation,
        dip_ids=(supplier.dip_id,),
        replace=True,
    )
    signer = Signer.load(issued.cert, issued.key)
    assert bench.send(bench.message(), signer=signer).status == 201
    authority.revoke(issued)
    assert bench.send(bench.message(), signer=signer).status == 403


# -- the request: size, path, method -------------------------------------------------------------------------


def test_an_oversized_body_is_refused(bench: Bench) -> None:
    """A body that states a length beyond the limit is 413, and the hub goes on."""
    assert bench.send(body=b"[" + b" " * 10_000_001 + b"]", channel="IF-031").status == 413
    assert bench.send(bench.message()).status == 201


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/dip-channel/IF-031", 405),
        ("PUT", "/dip-channel/IF-031", 405),
        ("POST", "/openapi.json", 405),
        ("POST", "/dip-channel/IF-999", 404),
        ("POST", "/dip-channel/IF-031/", 404),
        ("POST", "/dip-channel", 404),
        ("POST", "/", 404),
        ("GET", "/statusmessage", 405),
        ("POST", "/statusmessage/config", 404),
        ("POST", "/statusmessage/replay/2300000001", 404),
        ("GET", "/statusmessage/requeueStatus/2300000001", 404),
        ("GET", "/dip-channel/IF-031/replay/2300000001", 405),
        ("GET", "/dip-channel/IF-031/requeueStatus/2300000001", 404),
        ("GET", "/dip-channel/IF-031/deliveryStatus/2300000001/S-1", 404),
        ("GET", "/../../etc/passwd", 404),
    ],
)
def test_what_is_not_there_is_told_so(bench: Bench, method: str, path: str, status: int) -> None:
    """Unknown paths are 404, other methods 405 with the methods that are offered."""
    answer = bench.client().request(bench.party("SUP"), method, path, b"[]")
    assert answer.status == status
    if status == 405:
        assert answer.headers["allow"] in ("POST", "GET")


def test_a_release_that_is_not_mounted_is_not_found(bench: Bench) -> None:
    """A path of a release that this hub does not run is 404."""
    assert bench.send(bench.message(), release="1.8.3").status == 404
