"""What a recipient makes of a publication: each response code from the condition that leads to it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from harness.spec.codes import codes
from harness.spec.release import names
from harness.spec.routing import load_routing
from simulators.participants import codes as table
from simulators.participants.judging import judge
from tests.simulators.participants.publications import (
    FIRST,
    MPAN,
    OTHER_SUPPLIER,
    REGISTRATION,
    SUPPLIER,
    publication,
    put,
    release,
    surroundings,
)

Payload = dict[str, Any]


def codes_of(payload: object, **known: Any) -> set[str]:
    """Return the codes that a registration service finds."""
    return {reason.code for reason in judge(release(), payload, surroundings(**known))}


@pytest.mark.parametrize("name", names())
def test_a_good_publication_has_nothing_against_it(name: str) -> None:
    """In every release a publication as the hub writes it is accepted."""
    payload = publication(name=name)
    assert judge(release(name), payload, surroundings()) == ()


CASES: dict[str, tuple[str, object]] = {
    "RCP1002": ("CommonBlock.S0.interfaceID", "IF-999"),
    "RCP1003": ("CommonBlock.S0.eventCode", "[MSAppl]"),
    "RCP1004": ("CommonBlock.S1.environmentTag", "DEV"),
    "RCP1005": ("CommonBlock.S0.schemaVersion", "010"),
    "RCP1006": ("CommonBlock.S1.senderUniqueReference", ...),
    "RCP1007": ("CommonBlock.S1.senderTimestamp", "2026-02-31T00:00:00+00:00"),
    "RCP1008": ("CommonBlock.S1.senderTimestamp", "2026-03-02T12:06:00+00:00"),
    "RCP1009": ("CommonBlock.S1.senderDIPID", "2399999999"),
    "RCP1010": ("CommonBlock.S1.senderRoleID", "LDSO"),
    "RCP1021": ("CustomBlock.B070.appointmentScenario", ...),
    "RCP1022": ("CustomBlock.B070.appointmentScenario", "XYZ"),
    "RCP1001": ("CustomBlock.B070.surplus", "1"),
    "RCP1041": ("CommonBlock.A0.primaryRecipients", ["2200000002"]),
    "RCP1042": ("CommonBlock.D0.publicationID", "PUB-032"),
    "RCP1043": ("CommonBlock.D0.transactionID", "T-IF-032-2300000001-SUP-20260302-00"),
    "RCP1044": ("CommonBlock.D0.transactionTimestamp", "2026-03-02T25:00:00+00:00"),
    "RCP1045": ("CommonBlock.D0.transactionTimestamp", "2026-03-02T12:05:01+00:00"),
    "RCP1046": ("CommonBlock.D0.initialCorrelationID", ""),
    "RCP1047": ("CommonBlock.D0.replayIndicator", "false"),
    "RCP1061": ("CommonBlock.M0.MPANCore", MPAN[:-1] + str((int(MPAN[-1]) + 1) % 10)),
}


@pytest.mark.parametrize("code", sorted(CASES))
def test_one_fault_gets_its_code_alone(code: str) -> None:
    """A publication with one fault is answered with exactly the code that the fault stands for."""
    path, value = CASES[code]
    payload = publication()
    put(payload, path.split("."), value)
    assert codes_of(payload) == {code}


def test_every_code_is_reachable_or_listed_as_never_answered() -> None:
    """Each published RCP code has a case in these tests, or a reason why it is not used."""
    reached = set(CASES) | {"RCP1051", "RCP1052", "RCP9999", "RCP0000"}
    published = {name for name in codes() if name.startswith("RCP")}
    assert published == reached | set(table.NEVER_ANSWERED)
    assert not reached & set(table.NEVER_ANSWERED)


def test_a_publication_without_d0_is_refused() -> None:
    """The hub adds D0 to every publication: without it the transaction id is missing."""
    payload = publication()
    del payload["CommonBlock"]["D0"]
    assert codes_of(payload) == {"RCP1043"}


def test_field_names_keep_their_case_in_publications() -> None:
    """A field name in another case is a schema failure at the recipient, though the hub forgives it."""
    payload = publication()
    block = payload["CustomBlock"]["B070"]
    block["AppointmentScenario"] = block.pop("appointmentScenario")
    assert codes_of(payload) == {"RCP1001"}


def test_a_reference_that_came_in_another_transaction_is_a_duplicate() -> None:
    """The same reference of the same sender is refused in a new transaction, and only then."""
    payload = publication()
    reference = payload["CommonBlock"]["S1"]["senderUniqueReference"]
    transaction = payload["CommonBlock"]["D0"]["transactionID"]
    assert codes_of(payload, references={(SUPPLIER, reference): "T-earlier"}) == {"RCP1006"}
    assert codes_of(payload, references={(SUPPLIER, reference): transaction}) == set()
    assert codes_of(payload, references={(OTHER_SUPPLIER, reference): "T-earlier"}) == set()


def test_a_time_within_the_tolerance_is_not_in_the_future() -> None:
    """A sender's clock that is five minutes fast is forgiven."""
    payload = publication(CommonBlock__S1__senderTimestamp="2026-03-02T12:05:00+00:00")
    assert codes_of(payload) == set()


def test_an_absent_a0_does_not_count_against_the_recipient() -> None:
    """Where a publication has no A0, the recipient can't say that it is not addressed."""
    payload = publication()
    del payload["CommonBlock"]["A0"]
    assert codes_of(payload) == set()


def test_a_role_that_receives_nothing_of_it_is_unexpected() -> None:
    """A supplier that gets IF-031 answers that it is no recipient, though it is listed."""
    payload = publication(recipient=OTHER_SUPPLIER)
    assert codes_of(payload, dip_id=OTHER_SUPPLIER, role="SUP") == {"RCP1041"}


def test_a_role_that_does_not_send_the_event_is_refused() -> None:
    """A registration service can't be the sender of IF-031."""
    payload = publication()
    payload["CommonBlock"]["S1"].update(senderDIPID=REGISTRATION, senderRoleID="REGS")
    assert "RCP1010" in codes_of(payload)


@pytest.mark.parametrize(
    ("response", "messages", "expected"),
    [
        ("A", [], set()),
        ("R", ["REG0000 - MPAN Invalid or does not exist"], set()),
        ("Q", [], {"RCP1051"}),
        ("R", [], {"RCP1052"}),
        ("R", [None], {"RCP1052"}),
        ("A", ["REG0000 - MPAN Invalid or does not exist"], {"RCP1052"}),
        ("W", ["ECS1009 - a warning"], set()),
    ],
)
def test_response_code_and_messages_agree(
    response: str, messages: list[str | None], expected: set[str]
) -> None:
    """R0's code is a published one, a rejection says why, an acceptance names no error."""
    payload = publication("IF-032", "MSAppInitialResp", sender=REGISTRATION, recipient=SUPPLIER)
    payload["CommonBlock"]["R0"] = {"responseCode": response, "responseMessages": messages}
    assert codes_of(payload, dip_id=SUPPLIER, role="SUP") == expected


def test_the_channel_of_the_url_is_checked() -> None:
    """A publication on another interface's webhook is refused."""
    assert codes_of(publication(), channel="IF-036") == {"RCP1002"}
    assert codes_of(publication(), channel="IF-031") == set()


@pytest.mark.parametrize("name", names())
def test_every_receiving_role_accepts_every_publication(name: str) -> None:
    """For every pair, sender role and receiver role: what the sender's role builds, the receiver accepts."""
    routing, judged = load_routing(), 0
    for pair in release(name).pairs:
        for sender in routing.senders(pair.interface, pair.event):
            for receiver in routing.receivers(pair.interface, pair.event, sender=sender.role):
                recipient = FIRST[receiver.role]
                payload = publication(
                    pair.interface, pair.event, sender=FIRST[sender.role], recipient=recipient, name=name
                )
                reasons = judge(release(name), payload, surroundings(recipient))
                assert reasons == (), f"{pair} {sender.role} to {receiver.role}"
                judged += 1
    assert judged > len(release(name).pairs)


def _deep(payload: Payload) -> object:
    payload["CommonBlock"]["S1"] = [payload["CommonBlock"]["S1"]]
    return payload


def _numbers(payload: Payload) -> object:
    payload["CommonBlock"] = {name: dict.fromkeys(block, 7) for name, block in payload["CommonBlock"].items()}
    return payload


SHAPES: list[Callable[[Payload], object]] = [
    lambda _: None,
    lambda _: [],
    lambda _: "text",
    lambda _: {},
    lambda _: {"CommonBlock": None},
    lambda p: {"CommonBlock": p["CommonBlock"]},
    _deep,
    _numbers,
]


@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_any_shape_is_judged(number: int) -> None:
    """Whatever JSON stands in the payload's place, it is refused and nothing breaks."""
    assert codes_of(SHAPES[number](copy.deepcopy(publication()))) - {"RCP0000"}


def test_the_table_gives_each_finding_a_published_code() -> None:
    """Every row names a published recipient code and has a basis and reason; the last fits all."""
    assert all(row.code in codes() and row.basis and row.reason for row in table.TABLE)
    assert table.TABLE[-1].fits("/anything", "at-all")
