"""A body that is clear of errors is taken at once: never one that a closer look would refuse."""

from __future__ import annotations

import random
import re

import orjson
import pytest

from harness.spec.clear import clear_payloads
from harness.spec.examine import examine_body
from harness.spec.findings import ERROR
from harness.spec.parsing import parse_json
from harness.spec.release import Release, load, names
from tests.spec.mutations import mutate
from tests.spec.samples import sample


def _clear(
    release: Release, body: bytes, channel: str, *, depth: int = 64, messages: int = 100
) -> object | None:
    found = clear_payloads(release, body, channel, depth=depth, messages=messages)
    if found is None:
        return None
    for each in found:  # the bytes of a custom block are those of the body
        assert each.custom is None or orjson.loads(each.custom) == each.payload["CustomBlock"]
        assert each.custom is None or each.custom in body
    return [each.payload for each in found]


def _right(channel: str = "IF-031", **more: object) -> dict[str, object]:
    release = load("2.1.0")
    pair = next(pair for pair in release.pairs if pair.interface == channel)
    return {"payload": sample(release, pair, random.Random(1)), **more}


@pytest.mark.parametrize("name", names())
def test_what_is_clear_has_no_error(name: str) -> None:
    """Of every pair's message, whole and damaged, beside a whole one: the same payloads, and no error."""
    release, rng = load(name), random.Random(f"clear {name}")
    pairs = [(pair.interface, pair.event) for pair in release.pairs]
    refused = 0
    for pair in release.pairs:
        whole = sample(release, pair, rng)
        assert _clear(release, orjson.dumps([{"payload": whole}]), pair.interface) == [whole]
        for made in (mutate(whole, rng, pairs)[0] for _ in range(3)):
            body = orjson.dumps([{"payload": whole}, {"payload": made}])
            clear = _clear(release, body, pair.interface)
            if clear is None:
                refused += 1
                continue
            examined = examine_body(release, parse_json(body), channel=pair.interface)
            assert [found for found in examined.findings if found.severity == ERROR] == []
            assert clear == [message.payload for message in examined.messages]
    assert refused


def _spelt_otherwise(body: bytes, rng: random.Random) -> bytes:
    keys = sorted(set(re.findall(rb'"[A-Za-z0-9]*[a-z][A-Za-z0-9]*":', body.partition(b'"CommonBlock"')[2])))
    key = rng.choice(keys)
    return body.replace(key, key.swapcase(), 1)


@pytest.mark.parametrize("name", names())
def test_a_name_in_another_case_is_left_to_a_closer_look(name: str) -> None:
    """Of every pair's message, also where a block admits any field."""
    release, rng = load(name), random.Random(f"case {name}")
    for pair in release.pairs:
        body = orjson.dumps([{"payload": sample(release, pair, rng)}])
        for _ in range(5):
            assert _clear(release, _spelt_otherwise(body, rng), pair.interface) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"{}",
        b"[]",
        b"[1]",
        b"[[]]",
        b'["payload"]',
        b'[{"payload":[]}]',
        b'[{"payload":{"CommonBlock":{"S0":{"interfaceID":[],"eventCode":{}}}}}]',
        b'[{"payload":{"CommonBlock":{"S0":{"interfaceID":"IF-031","eventCode":7}}}}]',
        orjson.dumps([_right(more=1)]),
        orjson.dumps([{"Payload": _right()["payload"]}]),
        orjson.dumps([_right()]).replace(b'{"payload"', b'{"payload":1,"payload"'),
        orjson.dumps([_right()]).replace(b'"S0":{', b'"S0":{"eventCode":"[x]",', 1),
    ],
)
def test_what_is_no_clear_body_is_left_to_a_closer_look(body: bytes) -> None:
    """Whatever is odd about a body, nothing is raised and nothing is admitted."""
    assert _clear(load("2.1.0"), body, "IF-031") is None


def test_a_name_beside_itself_in_another_case_is_left_to_a_closer_look() -> None:
    """Also where a block admits any field: `examine_body` finds the name twice."""
    release = load("2.1.0")
    body = orjson.dumps([_right("IF-008")])
    assert _clear(release, body, "IF-008") is not None
    odd = body.replace(b'"S0":{', b'"S0":{"EVENTCODE":"[x]",', 1)
    assert _clear(release, odd, "IF-008") is None
    assert not examine_body(release, parse_json(odd), channel="IF-008").valid


def test_limits_and_channel_hold_for_a_clear_body() -> None:
    """A right message of another channel, one too many, or one deeper than allowed is not taken at once."""
    release, body = load("2.1.0"), orjson.dumps([_right()] * 3)
    assert _clear(release, body, "IF-031", messages=3) is not None
    assert _clear(release, body, "IF-031", messages=2) is None
    assert _clear(release, body, "IF-032") is None
    assert _clear(release, body, "IF-031", depth=4) is None
