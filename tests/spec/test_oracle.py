"""The harness and `jsonschema` agree on valid and damaged messages of every release."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from harness.messages.build import build
from harness.messages.context import Context
from harness.messages.identifiers import mpan
from harness.messages.mutate import MUTATIONS
from harness.messages.mutate import mutate as damage_by_name
from harness.spec.examine import examine
from harness.spec.release import Pair, Release, load, names
from harness.spec.routing import load_routing
from tests.spec.mutations import mutate
from tests.spec.oracle import oracle
from tests.spec.samples import sample

MUTATIONS_PER_RELEASE = 500
_NOT_IN_THE_SCHEMA = {"duplicate-field"}
"""A rule of the DIP about names that no schema can state."""


def _built(release: Release, pair: Pair, seed: int) -> dict[str, object]:
    context = Context(
        seed=seed,
        now=datetime(2026, 3, 29, 12, tzinfo=UTC),
        environment="SIT",
        sender_dip_id="2300000001",
        sender_role=load_routing().senders(pair.interface, pair.event)[0].role,
        connection_provider=None,
        sub_text="run/scenario/1",
        mpan=mpan("10", seed),
        distributor_dip_id="2500000001",
        primary_recipients=("2200000001",),
        parties={},
    )
    return build(release, pair.interface, pair.event, context)


@pytest.mark.parametrize("name", names())
def test_a_valid_sample_of_every_pair_is_valid_to_both(name: str) -> None:
    """Bare, full and domain-true messages of each pair pass here and there."""
    release, second = load(name), oracle(name)
    rng = random.Random(name)
    for pair in release.pairs:
        for optional in (0.0, 0.6, 1.0):
            payload = sample(release, pair, rng, optional=optional)
            assert second.is_valid(payload), pair
            assert examine(release, payload).valid, pair
        payload = _built(release, pair, rng.randrange(10**9))
        assert second.is_valid(payload), pair
        assert examine(release, payload).valid, pair


@pytest.mark.parametrize("name", names())
def test_both_judge_damaged_messages_alike(name: str) -> None:
    """500 seeded mutations per release, over every pair: the same verdict, and each refusal is explained."""
    release, second = load(name), oracle(name)
    rng = random.Random(f"mutations of {name}")
    pairs = [(pair.interface, pair.event) for pair in release.pairs]
    seen: dict[bool, int] = {True: 0, False: 0}
    for number in range(MUTATIONS_PER_RELEASE):
        pair = release.pairs[number % len(release.pairs)]
        if number % 3:
            payload, what = mutate(sample(release, pair, rng, optional=rng.choice((0, 0.5, 1))), rng, pairs)
        else:
            payload, what = _named_damage(release, pair, rng)
        found = examine(release, payload)
        spelt_right = found.payload if found.message else payload
        assert found.valid == second.is_valid(spelt_right), (pair, what, found.findings)
        for each in found.findings:
            assert each.code
            assert each.message
        seen[found.valid] += 1
    assert seen[True] > 50
    assert seen[False] > 250


def _named_damage(release: Release, pair: Pair, rng: random.Random) -> tuple[dict[str, object], str]:
    payload = _built(release, pair, rng.randrange(10**9))
    while True:
        kind = rng.choice([kind for kind in MUTATIONS if kind not in _NOT_IN_THE_SCHEMA])
        damaged = damage_by_name(kind, release, payload, rng)
        if damaged is not None:
            return damaged.payload, damaged.what
