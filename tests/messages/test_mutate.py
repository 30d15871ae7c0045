"""Mutations: each breaks the rule it names, at the place it names, and nothing else."""

from __future__ import annotations

import random

import pytest
from contexts import context

from harness.errors import ConfigurationError
from harness.messages.build import build, encode
from harness.messages.mutate import MUTATIONS, mutate
from harness.spec.examine import examine
from harness.spec.release import Release, load, names

ALWAYS_APPLICABLE = set(MUTATIONS) - {"bad-pattern", "out-of-range", "too-many-items", "no-items"}
IN_CUSTOM_BLOCK = (
    "missing-required",
    "wrong-type",
    "bad-enum",
    "unknown-field",
    "null-not-allowed",
    "too-long",
)


def request(release: Release) -> dict[str, object]:
    """Return a message with many kinds of fields."""
    return build(release, "IF-033", "DSAppSPRequest", context(3, segment="S"))


@pytest.mark.parametrize("release_name", names())
@pytest.mark.parametrize("kind", MUTATIONS)
def test_each_kind_is_found_where_it_says(kind: str, release_name: str) -> None:
    """Examination finds just the mutation's code at its pointer: an error, unless the kind is accepted."""
    release, mutation, done = load(release_name), MUTATIONS[kind], 0
    pairs = release.pairs if release_name == "2.1.0" else release.pairs[len(kind) % 4 :: 4]
    for pair in pairs:
        payload = build(release, pair.interface, pair.event, context(3))
        mutated = mutate(kind, release, payload, random.Random(f"{kind}/{pair}"))
        assert mutated is not None or kind not in ALWAYS_APPLICABLE
        if mutated is None:
            continue
        done += 1
        examination = examine(release, mutated.payload)
        found = [(finding.code, finding.path) for finding in examination.findings]
        assert found == [(mutation.code, mutated.pointer)], (pair, mutated.what)
        assert examination.valid is mutation.accepted
        assert mutated.what
    assert done


@pytest.mark.parametrize("kind", MUTATIONS)
def test_the_given_message_stays_as_it_is(kind: str) -> None:
    """A mutation works on a copy."""
    release = load("2.1.0")
    payload = build(release, "IF-021", "ActivePower", context())
    before = encode([payload])
    mutated = mutate(kind, release, payload, random.Random(1))
    assert encode([payload]) == before
    assert mutated is None or encode([mutated.payload]) != before


@pytest.mark.parametrize("kind", IN_CUSTOM_BLOCK)
def test_places_are_drawn_from_the_custom_block(kind: str) -> None:
    """Many seeds reach many places, all in the custom block; the same seed reaches the same one."""
    release = load("2.1.0")
    payload = request(release)
    drawn = [mutate(kind, release, payload, random.Random(seed)) for seed in range(60)]
    pointers = {mutated.pointer for mutated in drawn if mutated}
    assert len(pointers) >= 6
    assert all(pointer.startswith("/CustomBlock") for pointer in pointers)
    again = mutate(kind, release, payload, random.Random(0))
    assert again == drawn[0]


def test_what_identifies_sender_and_test_is_left_alone() -> None:
    """A message without a custom block is mutated elsewhere than in its reference, sub-text and sender."""
    release = load("2.1.0")
    payload = build(release, "IF-038", "DirectContractMSRemove", context())
    kept = {"senderUniqueReference", "subText", "senderDIPID", "senderRoleID", "DIPConnectionProviderID"}
    for kind in MUTATIONS:
        for seed in range(20):
            mutated = mutate(kind, release, payload, random.Random(seed))
            if mutated is not None:
                last = mutated.pointer.rsplit("/", 1)[1]
                assert last.casefold() not in {key.casefold() for key in kept}


def test_a_kind_without_a_place_is_not_applicable() -> None:
    """A message without the kind of field that a mutation needs gives None."""
    release = load("2.1.0")
    payload = build(release, "IF-007", "EnergisationStatusChange", context())
    assert mutate("too-many-items", release, payload, random.Random(1)) is None


def test_unknown_kinds_and_messages_are_refused() -> None:
    """An unknown kind is refused with the nearest, an unknown message by its header."""
    release = load("2.1.0")
    payload = request(release)
    with pytest.raises(ConfigurationError, match="Did you mean 'too-long'"):
        mutate("to-long", release, payload, random.Random(1))
    other = mutate("unknown-interface", release, payload, random.Random(1))
    assert other is not None
    with pytest.raises(ConfigurationError, match="IF-999"):
        mutate("too-long", release, other.payload, random.Random(1))
