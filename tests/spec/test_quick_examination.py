"""A payload that is right in every name and value is let through at once: with the same result."""

from __future__ import annotations

import random

import orjson
import pytest

from harness.spec import examine as examining
from harness.spec.examine import Direction, Examination, examine
from harness.spec.parsing import parse_json
from harness.spec.release import Pair, Release, load, names
from tests.spec.mutations import mutate
from tests.spec.samples import sample


def _both_ways(
    release: Release, body: bytes, direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> tuple[Examination, Examination]:
    quick = examine(release, parse_json(body), direction=direction, pointer="/0/payload")
    with monkeypatch.context() as patch:
        patch.setattr(examining, "_named", lambda *_: None)
        return quick, examine(release, parse_json(body), direction=direction, pointer="/0/payload")


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_the_quick_way_finds_what_the_long_way_finds(
    name: str, direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every pair's message, whole and damaged in seeded ways, gives the same payload and findings."""
    release, rng = load(name), random.Random(f"quick {name} {direction}")
    pairs = [(pair.interface, pair.event) for pair in release.pairs]
    for pair in release.pairs:
        payload = sample(release, pair, rng)
        for made in (payload, mutate(payload, rng, pairs)[0]):
            quick, long = _both_ways(release, orjson.dumps(made), direction, monkeypatch)
            assert quick == long


def test_a_right_payload_takes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a right payload is renamed: it comes back as the very object that went in."""
    monkeypatch.setattr(examining, "align", lambda *_, **__: pytest.fail("the long way"))
    release = load("2.1.0")
    payload = sample(release, _pair(release), random.Random(1))
    assert examine(release, payload).payload is payload


@pytest.mark.parametrize("message", ["IF-031-MSApp", "IF-008-Payload"])
@pytest.mark.parametrize("odd", [b'"EVENTCODE"', b'"eventCode"'])
def test_a_key_given_twice_never_takes_the_quick_way(message: str, odd: bytes) -> None:
    """A repeated key, in the same case or another, is found, also in a block that admits any field."""
    release = load("2.1.0")
    header = release.schema(message)["properties"]["CommonBlock"]["properties"]["S0"]
    assert header.get("additionalProperties", True) == (message == "IF-008-Payload")
    body = orjson.dumps(sample(release, _pair(release, message), random.Random(1)))
    event = orjson.loads(body)["CommonBlock"]["S0"]["eventCode"].encode()
    found = examine(release, parse_json(body.replace(b'"S0":{', b'"S0":{' + odd + b':"' + event + b'",', 1)))
    assert [finding.code for finding in found.findings if finding.severity == "error"] == ["duplicate-key"]


def _pair(release: Release, message: str = "IF-031-MSApp") -> Pair:
    return next(pair for pair in release.pairs if pair.message == message)
