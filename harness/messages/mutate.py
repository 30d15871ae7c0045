"""Single, named defects for negative tests: each breaks one rule of a message at one place.

Every kind is a pure function of the message and the random state; the payload that is given stays as it is.
Where several places can carry the defect, one is drawn, in the custom block where possible. The header (S0)
and what identifies the sender and the test (reference, sub-text, sender) are only touched by the kinds that
name them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from harness.errors import ConfigurationError, nearest
from harness.messages.overrides import pointer
from harness.messages.places import Path, Place, places
from harness.spec.release import Message, Release

Payload: TypeAlias = dict[str, Any]

_KEPT = frozenset(
    {"senderUniqueReference", "subText", "senderDIPID", "senderRoleID", "DIPConnectionProviderID"}
)
_WRONG_TYPES: Mapping[str, object] = {
    "string": 12345,
    "integer": "30",
    "number": "30",
    "boolean": "true",
    "array": {},
    "object": [],
}
_DATE_TIME_LENGTH = 25
_UNKNOWN_KEY = "unexpectedField"
_UNKNOWN_EVENT = "NoSuchEvent"
_UNKNOWN_VERSION = "999"
_UNKNOWN_INTERFACE = "IF-999"


@dataclass(frozen=True, slots=True)
class Mutated:
    """A copy of a payload with one defect, the JSON Pointer of its place, and what was done, in words."""

    payload: Payload
    pointer: str
    what: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The copy that a mutation changes, and what it needs to know of the message."""

    release: Release
    message: Message
    payload: Payload
    rng: random.Random

    def draw(self, fits: Callable[[Place], bool]) -> Place | None:
        """Draw a place that fits, from the custom block where one does; None where none does."""
        schema = self.release.schema(self.message.name)
        found = [place for place in places(schema, self.payload) if _touchable(place) and fits(place)]
        custom = [place for place in found if place.in_custom_block]
        candidates = custom or found
        return self.rng.choice(candidates) if candidates else None


Change: TypeAlias = Callable[[Subject], "tuple[Path, str] | None"]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A kind of defect: the rule it breaks and the code of the finding it earns.

    ``accepted``: the DIP takes the message all the same, with a warning.
    """

    kind: str
    breaks: str
    code: str
    change: Change
    accepted: bool = False


def mutate(kind: str, release: Release, payload: Payload, rng: random.Random) -> Mutated | None:
    """Return a copy of a valid payload with one defect, or None where the message has no place for it.

    Raises ConfigurationError for an unknown kind and for a payload whose header the release does not know.
    """
    mutation = MUTATIONS.get(kind)
    if mutation is None:
        raise ConfigurationError(f"'{kind}' is no mutation", mend=nearest(kind, MUTATIONS))
    header = payload["CommonBlock"]["S0"]
    message = release.message_for(header["interfaceID"], header["eventCode"].strip("[]"))
    if message is None:
        raise ConfigurationError(
            f"{header['interfaceID']} {header['eventCode']} is no message of API release {release.name}"
        )
    copy = orjson.loads(orjson.dumps(payload))
    changed = mutation.change(Subject(release, message, copy, rng))
    if changed is None:
        return None
    path, what = changed
    return Mutated(copy, pointer(path), what)


def _touchable(place: Place) -> bool:
    if place.path == ("CommonBlock",) or place.path[:2] == ("CommonBlock", "S0"):
        return False
    return place.path != ("CommonBlock", "S1") and place.key not in _KEPT


def _missing(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: p.required)
    if place is None:
        return None
    place.remove()
    return place.path, f"{place.key} left out"


def _wrong_type(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: p.schema.get("type") in _WRONG_TYPES and p.value is not None)
    if place is None:
        return None
    wrong = _WRONG_TYPES[place.schema["type"]]
    place.replace(wrong)
    return place.path, f"{place.key} sent as {wrong!r}"


def _text_with(*keywords: str) -> Callable[[Place], bool]:
    return lambda p: (
        isinstance(p.value, str) and "enum" not in p.schema and all(k in p.schema for k in keywords)
    )


def _too_long(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(_text_with("maxLength"))
    if place is None:
        return None
    length = place.schema["maxLength"] + 1
    place.replace(place.value.ljust(length, place.value[-1:] or "0"))
    return place.path, f"{place.key} of {length} characters"


def _too_short(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: _text_with("minLength")(p) and p.schema["minLength"] > 0)
    if place is None:
        return None
    length = place.schema["minLength"] - 1
    place.replace(place.value[:length])
    return place.path, f"{place.key} of {length} characters"


def _zulu_time(subject: Subject) -> tuple[Path, str] | None:
    def is_date_time(p: Place) -> bool:
        return (
            _text_with("minLength")(p)
            and p.schema["minLength"] == p.schema.get("maxLength") == _DATE_TIME_LENGTH
        )

    place = subject.draw(is_date_time)
    if place is None:
        return None
    place.replace(place.value.removesuffix("+00:00") + "Z")
    return place.path, f"{place.key} with Z in place of +00:00"


def _bad_pattern(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: _text_with("pattern")(p) and p.value != "")
    if place is None:
        return None
    place.replace(place.value[:-1] + "!")
    return place.path, f"{place.key} sent as {place.value[:-1]}!"


def _bad_enum(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: "enum" in p.schema and isinstance(p.value, str))
    if place is None:
        return None
    wrong = "?" * max(len(place.value), 1)
    place.replace(wrong)
    return place.path, f"{place.key} sent as {wrong}"


def _wrong_case_value(subject: Subject) -> tuple[Path, str] | None:
    def has_case(p: Place) -> bool:
        return isinstance(p.value, str) and "enum" in p.schema and p.value.swapcase() not in p.schema["enum"]

    place = subject.draw(has_case)
    if place is None:
        return None
    place.replace(place.value.swapcase())
    return place.path, f"{place.key} sent as {place.value.swapcase()}"


def _out_of_range(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: "maximum" in p.schema and isinstance(p.value, int | float))
    if place is None:
        return None
    wrong = place.schema["maximum"] + 1
    place.replace(wrong)
    return place.path, f"{place.key} sent as {wrong}"


def _null(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(
        lambda p: "type" in p.schema and not p.schema.get("nullable") and p.value is not None
    )
    if place is None:
        return None
    place.replace(None)
    return place.path, f"{place.key} sent as null"


def _unknown_field(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(
        lambda p: isinstance(p.value, dict) and p.schema.get("additionalProperties") is False
    )
    if place is None:
        return None
    place.value[_UNKNOWN_KEY] = "x"
    return (*place.path, _UNKNOWN_KEY), f"{_UNKNOWN_KEY} added to {place.key}"


def _other_case(key: str) -> str:
    return key[0].swapcase() + key[1:]


def _wrong_case_field(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: isinstance(p.key, str) and len(p.path) > 1)
    if place is None:
        return None
    key = _other_case(str(place.key))
    place.remove()
    place.holder[key] = place.value
    return (*place.path[:-1], key), f"{place.key} spelt {key}"


def _duplicate_field(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: isinstance(p.key, str) and len(p.path) > 1)
    if place is None:
        return None
    key = _other_case(str(place.key))
    place.holder[key] = place.value
    return (*place.path[:-1], key), f"{key} sent beside {place.key}"


def _too_many(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: isinstance(p.value, list) and bool(p.value) and "maxItems" in p.schema)
    if place is None:
        return None
    count = place.schema["maxItems"] + 1
    place.value.extend([place.value[-1]] * (count - len(place.value)))
    return place.path, f"{place.key} with {count} items"


def _no_items(subject: Subject) -> tuple[Path, str] | None:
    place = subject.draw(lambda p: isinstance(p.value, list) and p.schema.get("minItems", 0) > 0)
    if place is None:
        return None
    place.replace([])
    return place.path, f"{place.key} without items"


def _header(key: str, wrong: Callable[[str], str]) -> Change:
    def change(subject: Subject) -> tuple[Path, str]:
        header = subject.payload["CommonBlock"]["S0"]
        header[key] = wrong(header[key])
        return ("CommonBlock", "S0", key), f"{key} sent as {header[key]}"

    return change


def _foreign_event(subject: Subject) -> tuple[Path, str]:
    own = set(subject.release.events(subject.message.interface))
    others: Sequence[str] = sorted({pair.event for pair in subject.release.pairs} - own)
    event = subject.rng.choice(others) if others else _UNKNOWN_EVENT
    subject.payload["CommonBlock"]["S0"]["eventCode"] = f"[{event}]"
    return ("CommonBlock", "S0", "eventCode"), f"eventCode sent as [{event}], of another interface"


MUTATIONS: Mapping[str, Mutation] = {
    mutation.kind: mutation
    for mutation in (
        Mutation("missing-required", "a required field is there", "missing", _missing),
        Mutation("wrong-type", "a value has its JSON type", "wrong-type", _wrong_type),
        Mutation("too-long", "a text has at most its length", "too-long", _too_long),
        Mutation("too-short", "a text has at least its length", "too-short", _too_short),
        Mutation("zulu-time", "a date-time has 25 characters with a numeric offset", "too-short", _zulu_time),
        Mutation("bad-pattern", "a text has its form", "pattern", _bad_pattern),
        Mutation("bad-enum", "a value is one of its list", "enum", _bad_enum),
        Mutation("wrong-case-value", "values keep their case", "enum", _wrong_case_value),
        Mutation("out-of-range", "a number lies in its range", "out-of-range", _out_of_range),
        Mutation("null-not-allowed", "only a nullable field is null", "null-not-allowed", _null),
        Mutation("unknown-field", "a closed block has no other field", "unknown-field", _unknown_field),
        Mutation(
            "duplicate-field",
            "a field name occurs once, whatever its case",
            "duplicate-key",
            _duplicate_field,
        ),
        Mutation("too-many-items", "a list has at most its number of items", "too-many", _too_many),
        Mutation("no-items", "a list has at least one item", "too-few", _no_items),
        Mutation("wrong-event-code", "the event belongs to the interface", "event", _foreign_event),
        Mutation(
            "event-without-brackets",
            "event codes stand in square brackets",
            "event",
            _header("eventCode", lambda event: event.strip("[]")),
        ),
        Mutation(
            "wrong-schema-version",
            "the schema version is the message's",
            "schema-version",
            _header("schemaVersion", lambda _: _UNKNOWN_VERSION),
        ),
        Mutation(
            "unknown-interface",
            "the interface belongs to the release",
            "interface",
            _header("interfaceID", lambda _: _UNKNOWN_INTERFACE),
        ),
        Mutation(
            "wrong-case-field", "field names keep their case", "wrong-case", _wrong_case_field, accepted=True
        ),
    )
}
