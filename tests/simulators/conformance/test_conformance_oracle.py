"""The simulated hub, asked over mutual TLS, judges messages as `jsonschema` does."""

from __future__ import annotations

import random
from collections.abc import Iterator

import orjson
import pytest

from harness.spec.examine import examine
from harness.spec.release import Pair, load, names
from harness.transport.client import DipClient
from simulators.embedded import EmbeddedTarget
from tests.spec.mutations import mutate
from tests.spec.oracle import oracle
from tests.spec.samples import sample

MUTATIONS = 500
"""Per release: 2,000 in all."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTarget]:
    """A hub with every release."""
    with EmbeddedTarget(names(), tmp_path_factory.mktemp("oracle")) as target:
        yield target


@pytest.mark.parametrize("name", names())
def test_the_hub_and_jsonschema_judge_alike(hub: EmbeddedTarget, name: str) -> None:
    """Every message with a trial path is taken; of 500 damaged ones the hub takes what jsonschema takes."""
    release, second, rng = load(name), oracle(name), random.Random(f"hub of {name}")
    paths = [(interface, event) for interface, event, _ in release.validate_paths]
    pairs = [pair for pair in release.pairs if (pair.interface, pair.event) in paths]
    assert len(pairs) == len(paths)
    party = hub.network.with_role("SUP")[0]
    answered: dict[int | None, int] = {}
    with DipClient(hub.url(name), hub.network, hub.ca) as client:

        def judged(pair: Pair, payload: object) -> int | None:
            path = f"/validate/{pair.interface}/{pair.event}"
            return client.request(party, "POST", path, orjson.dumps(payload), sign=False).status

        for pair in pairs:
            assert judged(pair, sample(release, pair, rng)) == 201, pair
        for number in range(MUTATIONS):
            pair = pairs[number % len(pairs)]
            whole = sample(release, pair, rng)
            payload, what = mutate(whole, rng, paths)
            found = examine(release, payload)
            spelt_right = found.payload if found.message else payload
            header = spelt_right.get("CommonBlock", {}) if isinstance(spelt_right, dict) else {}
            same = isinstance(header, dict) and header.get("S0") == whole["CommonBlock"]["S0"]
            status = judged(pair, payload)
            answered[status] = answered.get(status, 0) + 1
            expected = 201 if same and second.is_valid(spelt_right) else 400
            if same:
                assert status == expected, (pair, what)
            else:
                assert status in (201, 400), (pair, what)
    assert answered[201] > 20
    assert answered[400] > 250
