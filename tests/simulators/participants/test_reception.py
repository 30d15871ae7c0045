"""Simulated parties over real mutual TLS: who may call, what is answered, what is kept."""

from __future__ import annotations

import base64
import copy
import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.clock import FixedClock
from harness.errors import ConfigurationError
from harness.messages.build import encode
from harness.security.signing import Signer
from harness.spec.release import load, names
from harness.spec.validators import validators
from harness.transport.client import Answer, DipClient
from harness.transport.network import Network, Party
from harness.transport.server import ServerThread
from harness.transport.tls import ServerTls
from simulators.network import PARTICIPANTS_SERVER, default_network, network_ca, revocation_list
from simulators.participants.service import Participants
from tests.simulators.participants.publications import MPAN, NOW, REGISTRATION, publication, put
from tests.simulators.participants.test_judging import CASES

TAG = "run/case"


@dataclass
class Bench:
    """A running application, and a client that calls it as the hub does."""

    participants: Participants
    network: Network
    client: DipClient
    hub: Party
    supplier: Party
    idle: threading.Event
    """Set while no party acts for `TAG`."""

    def call(self, body: bytes, path: str = f"/2.1.0/{REGISTRATION}", **how: Any) -> Answer:
        """Call a webhook with the hub's certificates."""
        return self.client.request(self.hub, "POST", path, body, **how)

    def signer(self, party: Party) -> Signer:
        """Return a party's signer."""
        certificate = self.network.certificate(party.signing)
        return Signer.load(certificate.cert, certificate.key)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a network."""
    path = tmp_path_factory.mktemp("reception") / "net"
    default_network(path)
    return path


@pytest.fixture
def bench(folder: Path) -> Iterator[Bench]:
    """Return a fresh application behind TLS."""
    network, clock, idle = default_network(folder), FixedClock(NOW), threading.Event()

    def changed(_tag: str) -> None:
        (idle.set if participants.is_idle(TAG) else idle.clear)()

    participants = Participants(
        network,
        {name: load(name) for name in names()},
        clock,
        ca=network_ca(folder),
        crls=[revocation_list(folder)],
        on_change=changed,
    )
    server = network.certificate(PARTICIPANTS_SERVER)
    assert server.key is not None
    tls = ServerTls(server.cert, server.key, network_ca(folder))
    (hub,), supplier = network.with_role("DIP"), network.with_role("SUP")[0]
    with (
        ServerThread(participants.app, tls=tls) as thread,
        DipClient(thread.url, network, network_ca(folder), clock=clock) as client,
    ):
        yield Bench(participants, network, client, hub, supplier, idle)


def entries(answer: Answer) -> list[dict[str, Any]]:
    """Return the entries of a StandardResponse."""
    document = json.loads(answer.body)
    assert set(document) == {"messageArray", "timestamp"}
    return list(document["messageArray"])


@pytest.mark.provokes("RCP0000")
@pytest.mark.parametrize("name", names())
def test_a_good_call_is_answered_with_201(bench: Bench, name: str) -> None:
    """Each publication gets RCP0000, from the party that received to the original sender."""
    payloads = [publication(name=name, number=number) for number in (1, 2)]
    answer = bench.call(encode(payloads), f"/{name}/{REGISTRATION}")
    assert answer.status == 201
    first = entries(answer)[0]
    assert first["message"] == "RCP0000 - Message Success"
    assert (first["senderID"], first["recipientID"]) == (REGISTRATION, bench.supplier.dip_id)
    assert first["transactionID"] == payloads[0]["CommonBlock"]["D0"]["transactionID"]
    assert first["senderUniqueReference"] == payloads[0]["CommonBlock"]["S1"]["senderUniqueReference"]
    assert first["help"] is None
    assert validators(load(name)).shape("StandardResponse").is_valid(json.loads(answer.body))


def test_a_mixed_call_is_answered_with_207(bench: Bench) -> None:
    """One good and one bad publication: 207, each with its own code."""
    bad = publication(number=2, CommonBlock__S1__environmentTag="DEV")
    answer = bench.call(encode([publication(), bad]))
    assert answer.status == 207
    assert [entry["message"][:7] for entry in entries(answer)] == ["RCP0000", "RCP1004"]
    assert "expected SIT" in entries(answer)[1]["help"]


def test_a_call_with_nothing_good_is_answered_with_400(bench: Bench) -> None:
    """All publications bad: 400, with a body that says why."""
    answer = bench.call(encode([publication(CommonBlock__S1__environmentTag="DEV")]))
    assert answer.status == 400
    assert answer.codes == ("RCP1004",)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'"x"',
        b"[1]",
        b'[{"payload": 1, "more": 2}]',
        b"[" * 200 + b"]" * 200,
        b"\xff\xfe",
    ],
)
def test_any_bytes_get_a_standard_response(bench: Bench, body: bytes) -> None:
    """What is no array of publications is answered with 400 and RCP1001, as published, and kept."""
    answer = bench.call(body)
    assert answer.status == 400
    assert answer.codes == ("RCP1001",)
    assert validators(load("2.1.0")).shape("StandardResponse").is_valid(json.loads(answer.body))


JUNK: list[Any] = [
    None,
    True,
    -1.5,
    "",
    "x" * 300,
    [],
    {},
    [[]],
    {"a": {}},
    "[MSApp]",
    "\u0661" * 13,
    "IF-031\n",
]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every place below ``value``."""
    if way:
        yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*way, key))


def test_whatever_stands_in_a_publication_is_answered_as_published(bench: Bench) -> None:
    """With junk put anywhere in a call, the answer is 201, 207 or 400 and a valid StandardResponse."""
    rng, shape = random.Random(7), validators(load("2.1.0")).shape("StandardResponse")
    for number in range(150):
        body: Any = [{"payload": publication(number=number)}]
        for _ in range(rng.randrange(1, 3)):
            *way, last = rng.choice(list(places(body)))
            place = body
            for key in way:
                place = place[key]
            place[last] = copy.deepcopy(rng.choice(JUNK))
            if not list(places(body)):
                break
        answer = bench.call(json.dumps(body).encode())
        assert answer.status in (201, 207, 400)
        assert shape.is_valid(json.loads(answer.body))


@pytest.mark.provokes("RCP9999")
def test_a_signature_that_does_not_verify_is_rcp9999(bench: Bench) -> None:
    """A falsified signature refuses every publication of the call, and no behaviour hears of it."""
    answer = bench.call(encode([publication(), publication(number=2)]), headers={"X-DIP-Signature": "AAAA"})
    assert answer.status == 400
    assert [entry["message"][:7] for entry in entries(answer)] == ["RCP9999", "RCP9999"]
    assert bench.call(encode([publication()])).status == 201


@pytest.mark.parametrize("code", [pytest.param(c, marks=pytest.mark.provokes(c)) for c in sorted(CASES)])
def test_one_fault_is_answered_with_its_code(bench: Bench, code: str) -> None:
    """A publication with one fault is 400 with exactly the code that the fault stands for."""
    way, value = CASES[code]
    payload = publication()
    put(payload, way.split("."), value)
    answer = bench.call(encode([payload]))
    assert (answer.status, answer.codes) == (400, (code,))


@pytest.mark.parametrize(
    ("response", "code"),
    [
        pytest.param("Q", "RCP1051", marks=pytest.mark.provokes("RCP1051")),
        pytest.param("R", "RCP1052", marks=pytest.mark.provokes("RCP1052")),
    ],
)
def test_a_wrong_outcome_is_answered_with_its_code(bench: Bench, response: str, code: str) -> None:
    """A response code that is none, and a rejection without a reason, are 400."""
    payload = publication("IF-032", "MSAppInitialResp", sender=REGISTRATION, recipient=bench.supplier.dip_id)
    payload["CommonBlock"]["R0"] = {"responseCode": response, "responseMessages": []}
    answer = bench.call(encode([payload]), f"/2.1.0/{bench.supplier.dip_id}")
    assert (answer.status, answer.codes) == (400, (code,))


def test_a_signature_of_another_party_is_rcp9999(bench: Bench) -> None:
    """A right signature that is not the DIP's own is as bad as a wrong one."""
    answer = bench.call(encode([publication()]), signer=bench.signer(bench.supplier))
    assert (answer.status, answer.codes) == (400, ("RCP9999",))


def test_only_the_hub_may_call(bench: Bench) -> None:
    """Another party's connection gets 403 without a body, even with the hub's signature."""
    answer = bench.call(encode([publication()]), tls=bench.supplier.tls)
    assert (answer.status, answer.body) == (403, b"")
    assert bench.participants.receipts(TAG) == []


def test_a_caller_without_certificate_does_not_get_in(bench: Bench) -> None:
    """The handshake refuses a client without a certificate."""
    assert bench.call(encode([publication()]), tls="none").refused_in_handshake


@pytest.mark.parametrize(
    "path",
    [
        "/2.1.0/9999999999",
        "/9.9.9/2200000001",
        "/2200000001",
        "/2.1.0/2200000001/IF-999",
        "/2.1.0/2200000001/a/b",
    ],
)
def test_unknown_places_are_404(bench: Bench, path: str) -> None:
    """A release, party or channel that is not there is 404."""
    assert bench.call(encode([publication()]), path).status == 404


def test_the_channel_in_the_path_is_held_to(bench: Bench) -> None:
    """The URL of a channel takes that interface alone; its case does not matter."""
    assert bench.call(encode([publication()]), f"/2.1.0/{REGISTRATION}/if-031").status == 201
    wrong = bench.call(encode([publication(number=2)]), f"/2.1.0/{REGISTRATION}/IF-036")
    assert (wrong.status, wrong.codes) == (400, ("RCP1002",))


def test_a_repeated_transaction_gets_the_same_answer(bench: Bench) -> None:
    """A retry and a replay of an accepted transaction are no duplicates: same entry, 201."""
    first = publication()
    before = entries(bench.call(encode([first])))
    assert entries(bench.call(encode([first]))) == before
    first["CommonBlock"]["D0"]["replayIndicator"] = True
    again = bench.call(encode([first]))
    assert (again.status, entries(again)) == (201, before)


def test_a_behaviour_sees_a_transaction_once(bench: Bench) -> None:
    """However often a transaction is delivered, the party acts on it one time."""
    supplier, metering = bench.supplier.dip_id, bench.network.with_role("MSS")[0].dip_id
    point = {"mpan": MPAN, "supplier": supplier, "metering_service": {"dip_id": metering}}
    bench.participants.set_behaviours(TAG, {REGISTRATION: {"name": "registration", "points": [point]}})
    body = encode([publication()])
    for _ in range(3):
        assert bench.call(body).status == 201
    other = publication(number=2)
    assert bench.call(encode([other])).status == 201
    assert bench.idle.wait(5)
    found = bench.participants.register(REGISTRATION, MPAN)
    assert found is not None
    assert len(found["appointments"]) == 2


def test_a_party_refuses_what_a_scenario_wants_refused(bench: Bench) -> None:
    """A good publication gets the code so often as told, and is taken when it comes again after that."""
    wanted = {"IF-031": {"code": "RCP1062", "times": "1"}, "IF-034": "RCP1063"}
    bench.participants.set_behaviours(TAG, {REGISTRATION: {"name": "registration", "refuses": wanted}})
    body = encode([publication()])
    refused = bench.call(body)
    assert (refused.status, refused.codes) == (400, ("RCP1062",))
    again = bench.call(body)
    assert (again.status, again.codes) == (201, ("RCP0000",))
    other = publication("IF-034", "MSAppSPResponse", sender="1200000001", number=3)
    for _ in range(2):
        assert bench.call(encode([other])).codes == ("RCP1063",)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"IF-031": "RCP0000"}, "refuses nothing"),
        ({"IF-031": "RCP1o62"}, "RCP1062"),
        ({"IF-031": {"code": "RCP1062", "time": "1"}}, "other keys"),
        ({"IF-031": {"code": "RCP1062", "times": "-1"}}, "expected a number"),
        ("RCP1062", "no mapping"),
    ],
)
def test_a_wrong_wish_to_refuse_is_named(bench: Bench, wanted: object, words: str) -> None:
    """A code that refuses nothing, an unknown key and a value that is none are ConfigurationErrors."""
    with pytest.raises(ConfigurationError, match=words):
        bench.participants.set_behaviours(TAG, {REGISTRATION: {"name": "registration", "refuses": wanted}})


def test_a_reference_in_a_new_transaction_is_rcp1006(bench: Bench) -> None:
    """The same sender reference under another transaction id is a duplicate, for this party alone."""
    first, second = publication(), publication(number=2)
    second["CommonBlock"]["S1"] = first["CommonBlock"]["S1"]
    assert bench.call(encode([first])).status == 201
    assert bench.call(encode([second])).codes == ("RCP1006",)


def test_receipts_hold_the_exact_bytes(bench: Bench) -> None:
    """A receipt has body, headers, URL and answer as they were, and is found by its tag alone."""
    body = b" " + encode([publication()])
    answer = bench.call(body)
    (receipt,) = bench.participants.receipts(TAG)
    assert receipt["party"] == REGISTRATION
    assert receipt["role"] == "REGS"
    assert receipt["release"] == "2.1.0"
    assert receipt["url"] == answer.request.url
    assert receipt["headers"]["x-dip-signature"] == answer.request.headers["x-dip-signature"]
    assert receipt["answer_status"] == 201
    assert receipt["references"] == [publication()["CommonBlock"]["S1"]["senderUniqueReference"]]
    assert json.loads(json.dumps(receipt)) == receipt
    assert base64.b64decode(receipt["body_base64"]) == body
    assert base64.b64decode(receipt["answer_base64"]) == answer.body
    assert bench.participants.receipts("other") == []
