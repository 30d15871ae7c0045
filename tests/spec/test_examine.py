"""One fault gives one finding that says where, what and how to mend it."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.spec.examine import Examination, Finding, examine, examine_body
from harness.spec.parsing import parse_json
from harness.spec.release import Pair, load
from tests.spec.samples import sample

Payload = dict[str, Any]


def _sample(message: str = "IF-031-MSApp", release: str = "2.1.0", seed: int = 7) -> Payload:
    found = load(release)
    pair = next(pair for pair in found.pairs if pair.message == message)
    payload = sample(found, pair, random.Random(seed), optional=1)
    del payload["CommonBlock"]["D0"]
    return payload


def _examined(
    change: Callable[[Payload], object], message: str = "IF-031-MSApp", **options: Any
) -> Examination:
    payload = _sample(message)
    change(payload)
    return examine(load("2.1.0"), payload, **options)


def _one(examination: Examination) -> Finding:
    assert len(examination.findings) == 1, examination.findings
    return examination.findings[0]


def _at(payload: Payload, path: str) -> Any:
    for part in filter(None, path.split("/")):
        payload = payload[part]
    return payload


def _put(path: str, value: object) -> Callable[[Payload], object]:
    around, _, name = path.rpartition("/")
    return lambda payload: _at(payload, around).update({name: value})


def _drop(path: str) -> Callable[[Payload], object]:
    around, _, name = path.rpartition("/")
    return lambda payload: _at(payload, around).pop(name)


@pytest.mark.parametrize(
    ("path", "value", "code", "item", "words"),
    [
        ("CommonBlock/M0/MPANCore", 1200000000001, "wrong-type", "DI-063", "a number, not text"),
        ("CommonBlock/M0/MPANCore", "12000000000012", "too-long", "DI-063", "14 characters long, 13 at most"),
        ("CommonBlock/M0/MPANCore", "١٢٠٠٠٠٠٠٠٠٠٠١", "pattern", "DI-063", "not in the right form"),
        ("CommonBlock/M0/MPANCore", "120000000000\n", "pattern", "DI-063", "not in the right form"),
        ("CommonBlock/M0/MPANCore", None, "null-not-allowed", "DI-063", "may not be null"),
        ("CommonBlock/S1/environmentTag", "PROD", "enum", "DI-991", "none of its values"),
        ("CommonBlock/S1/senderDIPID", "", "too-short", "DI-997", "0 characters long, 10 at least"),
        ("CommonBlock/S0/schemaVersion", "009", "schema-version", "DI-992", "none of its values"),
        ("CommonBlock/S0/eventCode", "[MSAp]", "event", "DI-999", "is no event of IF-031"),
        ("CommonBlock/S0/interfaceID", "IF-31", "interface", "DI-000", "is no interface"),
        ("CommonBlock/A0/always", "2300000001", "wrong-type", "DI-993", "is text, not an array"),
        ("CustomBlock/B070/surplus", 1, "unknown-field", "", "does not belong to block B070"),
        ("CustomBlock", [], "wrong-type", "", "is an array, not an object"),
    ],
)
def test_one_wrong_value_is_one_finding(path: str, value: object, code: str, item: str, words: str) -> None:
    """Each kind of fault has its code, its place, its data item and its sentence."""
    found = _one(_examined(_put(path, value)))
    assert (found.code, found.path, found.data_item, found.severity) == (code, f"/{path}", item, "error")
    assert words in found.message
    assert found.rule
    assert found.expected
    assert found.got


@pytest.mark.parametrize(
    "path", ["CommonBlock", "CommonBlock/M0", "CommonBlock/M0/MPANCore", "CustomBlock/B070"]
)
def test_a_missing_field_points_to_where_it_belongs(path: str) -> None:
    """The pointer names the absent place, at any depth."""
    found = _one(_examined(_drop(path)))
    assert (found.code, found.path) == ("missing", f"/{path}")


@pytest.mark.parametrize("common", [None, 5, "x", []])
def test_what_has_named_fields_is_an_object_also_where_the_release_forgets_to_say_so(common: object) -> None:
    """A CommonBlock that is no object is refused where the published file gives it no type."""
    found = load("2.1.0")
    assert "type" not in found.schema("IF-063-Payload")["properties"]["CommonBlock"]
    payload = {**_sample("IF-063-Payload"), "CommonBlock": common}
    assert _one(examine(found, payload, channel="IF-063")).path == "/CommonBlock"


def test_a_finding_is_put_below_the_given_pointer() -> None:
    """Callers that hold the payload in a body say where."""
    found = _one(_examined(_drop("CommonBlock/M0/MPANCore"), pointer="/3/payload"))
    assert found.path == "/3/payload/CommonBlock/M0/MPANCore"
    assert found.as_dict()["path"] == found.path


def test_a_value_in_an_array_is_pointed_to_by_its_index() -> None:
    """Indexes are part of the pointer."""
    examination = _examined(_put("CommonBlock/A0/always", ["2300000001", "short"]))
    found = _one(examination)
    assert found.path == "/CommonBlock/A0/always/1"
    assert "(entry 1)" in found.message


def test_a_field_called_otherwise_in_published_examples_is_named() -> None:
    """The old and the new name are one finding that names both."""
    payload = _sample("IF-001-InitialRegistration")
    block = payload["CustomBlock"]["B002"]
    block["incomingSupplierEffectiveFromDate"] = block.pop("supplierEffectiveFromDate")
    found = _one(examine(load("2.1.0"), payload))
    assert found.code == "unknown-field"
    assert found.path == "/CustomBlock/B002/incomingSupplierEffectiveFromDate"
    assert "'supplierEffectiveFromDate'" in found.hint


def test_a_field_renamed_since_is_named_in_an_open_block() -> None:
    """B013 admits any field, so the old name shows as what is missing."""

    def rename(payload: Payload) -> None:
        block = payload["CustomBlock"]["B013"]
        block["CSSRegistrationRequestID"] = block.pop("CSSRegistrationID")

    found = _one(_examined(rename))
    assert (found.code, found.path) == ("missing", "/CustomBlock/B013/CSSRegistrationID")
    assert "CSSRegistrationRequestID" in found.hint


def test_a_field_of_another_release_is_named() -> None:
    """A block that 2.2.1 knows is called so when it turns up in 2.1.0."""
    payload = _sample("REP-008-Payload")
    payload["CommonBlock"]["P0"] = {}
    found = _one(examine(load("2.1.0"), payload))
    assert (found.code, found.path) == ("unknown-field", "/CommonBlock/P0")
    assert "2.2.1" in found.hint


@pytest.mark.parametrize(
    ("path", "value", "hint"),
    [
        ("CommonBlock/S1/senderTimestamp", "2026-01-01T00:00:00Z", "numeric offset"),
        ("CustomBlock/B070/appointmentScenario", "cos", "Values keep their case: 'COS'"),
        ("CustomBlock/B070/appointmentScenario", "XXX", "COS = change of supplier"),
        ("CommonBlock/S1/senderDIPID", 2300000001, 'in quotes: "2300000001"'),
        ("CommonBlock/S0/eventCode", "MSApp", "square brackets"),
        ("CommonBlock/S0/eventCode", "[MSAp]", "Did you mean '[MSApp]'"),
        ("CommonBlock/S0/interfaceID", "IF-31", "Did you mean 'IF-031'"),
    ],
)
def test_the_usual_mistakes_get_a_hint(path: str, value: object, hint: str) -> None:
    """What to do is said where the cause is a usual one."""
    assert hint in _one(_examined(_put(path, value))).hint


@pytest.mark.parametrize("event", ["RelatedAdd", "RelatedRemove"])
@pytest.mark.parametrize("release", ["1.8.3", "2.0.1", "2.1.0", "2.2.1"])
def test_where_two_messages_admit_an_event_the_one_named_after_it_counts(release: str, event: str) -> None:
    """IF-020: a payload is held to RelatedAdd, though RelatedCreate admits the event too before 2.2.1."""
    examination = examine(load(release), _sample(f"IF-020-{event}", release))
    assert examination.valid
    assert examination.message is not None
    assert examination.message.name == f"IF-020-{event}"


def test_an_event_of_another_interface_is_one_finding_and_nothing_else_is_guessed() -> None:
    """Where the branch can't be told, no other branch's rules are held against the message."""
    examination = _examined(_put("CommonBlock/S0/eventCode", "[DUoSSupplierAggInvData]"))
    assert _one(examination).code == "event"
    assert examination.message is None


def test_the_channel_is_held_against_the_message() -> None:
    """A message on another interface's channel is told so; the case of the channel is no matter."""
    release, payload = load("2.1.0"), _sample()
    assert examine(release, payload, channel="if-031").valid
    found = _one(examine(release, payload, channel="IF-033"))
    assert (found.code, found.expected, found.got) == ("interface", "IF-033", "IF-031")


def test_the_channel_stands_in_for_an_interface_id_that_is_wrong_or_missing() -> None:
    """With a known channel the message is still examined, and the header's fault is told once."""

    def damage(payload: Payload) -> None:
        payload["CommonBlock"]["S0"]["interfaceID"] = "IF-31"
        del payload["CommonBlock"]["M0"]["MPANCore"]

    examination = _examined(damage, channel="IF-031")
    assert [found.code for found in examination.findings] == ["interface", "missing"]
    examination = _examined(_drop("CommonBlock/S0/interfaceID"), channel="IF-031")
    assert _one(examination).path == "/CommonBlock/S0/interfaceID"


def test_a_wrong_case_is_forgiven_on_ingress_and_refused_on_egress() -> None:
    """The DIP accepts any case of names; a publication has the specification's."""

    def respell(payload: Payload) -> None:
        block = payload["CommonBlock"]["M0"]
        block["mpancore"] = block.pop("MPANCore")

    examination = _examined(respell)
    found = _one(examination)
    assert (found.code, found.severity, found.path) == ("wrong-case", "warning", "/CommonBlock/M0/mpancore")
    assert examination.valid
    assert "MPANCore" in examination.payload["CommonBlock"]["M0"]

    payload = _sample()
    payload["CommonBlock"]["D0"] = _delivered()
    assert examine(load("2.1.0"), payload, direction="egress").valid
    respell(payload)
    examination = examine(load("2.1.0"), payload, direction="egress")
    assert not examination.valid
    assert _one(examination).code == "wrong-case"


def _delivered() -> Payload:
    return {
        "transactionID": "T-IF-031-2300000001-SUP-20260101-1",
        "transactionTimestamp": "2026-01-01T00:00:00+00:00",
        "publicationID": "PUB-031",
        "initialCorrelationID": None,
        "replayIndicator": False,
        "serviceTicketURL": None,
    }


def test_findings_below_a_respelt_name_point_into_what_was_sent() -> None:
    """The pointer resolves in the sender's file."""

    def damage(payload: Payload) -> None:
        payload["commonblock"] = payload.pop("CommonBlock")
        payload["commonblock"]["M0"]["MPANCore"] = "1"

    paths = {found.code: found.path for found in _examined(damage).findings}
    assert paths == {"wrong-case": "/commonblock", "too-short": "/commonblock/M0/MPANCore"}


def test_two_keys_that_differ_by_case_are_an_error() -> None:
    """Which one counts is not defined, so it is refused; the well-spelt one stays."""
    examination = _examined(_put("CommonBlock/M0/mpancore", "x"))
    found = _one(examination)
    assert (found.code, found.path, found.severity) == ("duplicate-key", "/CommonBlock/M0/mpancore", "error")
    assert examination.payload["CommonBlock"]["M0"]["MPANCore"] != "x"


def test_a_key_given_twice_is_an_error() -> None:
    """Also when the text repeats a key letter for letter."""
    body = (
        b'{"CommonBlock": {"S0": {"interfaceID": "IF-047", "interfaceID": "IF-047", "eventCode": "[ISD]"}}}'
    )
    codes = {found.code: found.path for found in examine(load("2.1.0"), parse_json(body)).findings}
    assert codes["duplicate-key"] == "/CommonBlock/S0/interfaceID"


def test_d0_is_the_dips_to_fill() -> None:
    """A sender that fills D0 is warned; a publication without it is invalid."""
    payload = _sample()
    payload["CommonBlock"]["D0"] = _delivered()
    examination = examine(load("2.1.0"), payload)
    assert (examination.valid, _one(examination).code) == (True, "filled-by-dip")
    examination = examine(load("2.1.0"), _sample(), direction="egress")
    assert (examination.valid, _one(examination).path) == (False, "/CommonBlock/D0")


@pytest.mark.parametrize(
    "payload", [None, 1, "text", [], {}, {"CommonBlock": 1}, {"CommonBlock": {"S0": []}}]
)
def test_anything_can_be_examined(payload: object) -> None:
    """What is no message at all is one finding, never an exception."""
    examination = examine(load("2.1.0"), payload)
    assert not examination.valid
    assert examination.message is None
    assert _one(examination).path.startswith(("", "/CommonBlock"))


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "wrong-type", ""),
        ("text", "wrong-type", ""),
        ([], "too-few", ""),
        ([1], "wrong-type", "/0"),
        ([{}], "missing", "/0/payload"),
        ([{"payload": 1}], "wrong-type", "/0/payload"),
    ],
)
def test_a_body_that_is_no_array_of_envelopes_is_told(body: object, code: str, path: str) -> None:
    """The envelope's own faults are findings."""
    found = examine_body(load("2.1.0"), body)
    assert not found.valid
    assert [(each.code, each.path) for each in found.findings] == [(code, path)]


def test_a_bare_message_in_the_array_is_told_how_to_wrap_it() -> None:
    """The commonest mistake with batches has a hint."""
    assert "Wrap the message" in examine_body(load("2.1.0"), [_sample()]).findings[0].hint


def test_each_message_of_a_body_is_examined_at_its_index() -> None:
    """Good and bad messages stand side by side, and the pointers tell them apart."""
    good, bad = _sample(), _sample(seed=8)
    del bad["CommonBlock"]["M0"]["MPANCore"]
    body = examine_body(load("2.1.0"), [{"payload": good}, {"PAYLOAD": bad}], channel="IF-031")
    assert [message.valid for message in body.messages] == [True, False]
    assert [(each.code, each.path) for each in body.findings] == [
        ("wrong-case", "/1/PAYLOAD"),
        ("missing", "/1/PAYLOAD/CommonBlock/M0/MPANCore"),
    ]
    egress = examine_body(load("2.1.0"), [{"Payload": good}], direction="egress")
    assert egress.findings[0].severity == "error"


def _respelt(node: Any, draw: Callable[[str], str]) -> Any:
    if isinstance(node, dict):
        return {draw(key): _respelt(value, draw) for key, value in node.items()}
    return [_respelt(item, draw) for item in node] if isinstance(node, list) else node


_PAIRS = [pair for pair in load("2.2.1").pairs if pair.interface in ("IF-021", "IF-036", "IF-041", "REP-003")]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(_PAIRS), st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_any_spelling_of_names_is_brought_back(pair: Pair, seed: int, rng: random.Random) -> None:
    """However the case of names is changed, the payload is valid and comes back in the release's spelling."""
    payload = sample(load("2.2.1"), pair, random.Random(seed))
    before = copy.deepcopy(payload)
    respelt = _respelt(payload, lambda key: "".join(rng.choice((char.upper(), char.lower())) for char in key))
    examination = examine(load("2.2.1"), respelt)
    assert examination.valid
    assert examination.payload == before
    assert payload == before
