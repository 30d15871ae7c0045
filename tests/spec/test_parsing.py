"""JSON is read strictly, to a depth, and a repeated key is never lost unseen."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigurationError
from harness.spec.parsing import MalformedJsonError, RepeatedKeys, parse_json

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(_JSON, st.sampled_from([None, 1]))
def test_what_json_writes_is_read_back_plain(value: object, indent: int | None) -> None:
    """Any JSON value comes back equal, with no key taken for a repeated one."""
    read = parse_json(json.dumps(value, indent=indent).encode())
    assert read == value
    assert not isinstance(read, RepeatedKeys)


@given(st.text(), st.text(min_size=1))
def test_a_repeated_key_is_marked_wherever_it_is(key: str, value: str) -> None:
    """The last value counts and the object names the key, also where texts look like keys."""
    written = json.dumps(key)
    body = f'[{{"outer": {{{written}: 1, "quote": "\\": {{", {written} : {json.dumps(value)}}}}}]'
    read = parse_json(body.encode())[0]["outer"]
    assert isinstance(read, RepeatedKeys)
    assert read.repeated == (key,) or key == "quote"
    assert read[key] == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1,]",
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b'"\xff"',
        b'"\\ud800"',
        b"{'a': 1}",
        b"{} {}",
        b"nul",
    ],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    """Loose JSON, NaN, bad UTF-8 and leftovers are refused as the user's matter."""
    with pytest.raises(MalformedJsonError, match="is not JSON") as refused:
        parse_json(data, where="message.json")
    assert isinstance(refused.value, ConfigurationError)
    assert refused.value.where == "message.json"


def test_a_byte_order_mark_is_named() -> None:
    """The commonest cause of unreadable files from Windows is said."""
    with pytest.raises(MalformedJsonError, match="byte order mark"):
        parse_json(b"\xef\xbb\xbf{}")


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth_is_limited(opening: str) -> None:
    """As deep as the limit is read; one deeper, and very deep, is refused and nothing overflows."""
    closing = {"[": "]", '{"a":': "}"}[opening]

    def nested(depth: int) -> bytes:
        return (opening * depth + "1" + closing * depth).encode()

    assert parse_json(nested(8), depth=8)
    with pytest.raises(MalformedJsonError, match="nested deeper"):
        parse_json(nested(9), depth=8)
    with pytest.raises(MalformedJsonError):
        parse_json(nested(100_000), depth=8)


@pytest.mark.parametrize("levels", [64, 65, 254, 255, 300])
def test_depth_is_limited_in_a_batch_of_many(levels: int) -> None:
    """Many shallow messages count as shallow, and one deep one among them is found."""
    shallow = b'{"a":[{"b":"}{]["}]}'
    deep = b"[" * (levels - 1) + b"]" * (levels - 1)
    body = b"[" + b",".join([shallow] * 100 + [deep]) + b"]"
    assert len(parse_json(body, depth=levels)) == 101
    with pytest.raises(MalformedJsonError, match="nested deeper"):
        parse_json(body, depth=levels - 1)


def test_an_object_above_a_repeated_key_is_marked_too() -> None:
    """A plain dict has no repeated key below it, through lists and objects."""
    read = parse_json(b'[{"a":{"b":[[{"c":1,"c":2}]]}},{"a":{"b":[]}}]')
    assert isinstance(read[0], RepeatedKeys)
    assert isinstance(read[0]["a"], RepeatedKeys)
    assert read[0].repeated == read[0]["a"].repeated == ()
    assert read[0]["a"]["b"][0][0].repeated == ("c",)
    assert type(read[1]) is dict
