"""Generated calls against the hub's own OpenAPI document of each release.

Every operation gets some calls that keep to the document and some that break it. Whatever comes back has a
status that the document lists for the operation, below 500, and a body of the shape that it gives.
``DIP_CONFORMANCE_EXAMPLES`` says how many calls of each kind an operation gets. By default there are a few,
and of the many ``/validate`` operations of a release each gets one call, right or wrong in turns.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from harness.spec.release import load, names
from tests.simulators.conformance.described import Described
from tests.simulators.dip.conftest import Bench

_ASKED = os.environ.get("DIP_CONFORMANCE_EXAMPLES")
_SEED = int(os.environ.get("DIP_FUZZ_SEED", "1"))
_EXAMPLES = int(_ASKED or 6)
_MESSAGES = int(_ASKED or 2)
"""Calls that carry whole messages take longest to make."""
_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def _bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def _operations() -> Iterator[tuple[str, str, str]]:
    for name in names():
        for operation in load(name).operations:
            yield name, operation.method, operation.path


@pytest.fixture(scope="module")
def hubs(bench: Bench) -> Iterator[dict[str, Described]]:
    """Return each release as its document describes it, called by the first supplier."""
    described = {name: Described(bench, name, bench.party("SUP")) for name in names()}
    yield described
    for each in described.values():
        each.close()


def _calls(hub: Described, method: str, path: str, mode: GenerationMode) -> st.SearchStrategy[Any]:
    """Return calls of an operation; as often as not for the caller itself, so that they get past the door."""
    own = {"recipient-id": hub.party.dip_id}

    def ours(case: Any, mine: bool) -> Any:
        if mine:
            case.path_parameters.update(
                {name: value for name, value in own.items() if name in case.path_parameters}
            )
        return case

    cases = hub.schema[path][method].as_strategy(generation_mode=mode)
    return st.builds(ours, cases, st.booleans())


@pytest.mark.parametrize(("release", "method", "path"), list(_operations()))
def test_an_operation_answers_as_its_document_says(
    hubs: dict[str, Described], release: str, method: str, path: str
) -> None:
    """Any call of an operation, right or wrong, signed or not, gets an answer that the document gives."""
    hub = hubs[release]
    examples = _MESSAGES if path == "/dip-channel/{id}" else _EXAMPLES
    for mode in _MODES:

        @seed(_SEED)
        @_bounded(examples)
        @given(case=_calls(hub, method, path, mode), signed=st.sampled_from((True, True, True, False)))
        def call(case: Any, signed: bool) -> None:
            hub.call(case, signed=signed)

        call()


@pytest.mark.parametrize("release", names())
def test_validate_paths_answer_as_their_document_says(hubs: dict[str, Described], release: str) -> None:
    """Any payload on a ``/validate`` path gets an answer that the document gives."""
    hub = hubs[release]
    paths = [path for path in hub.document["paths"] if path.startswith("/validate/")]
    assert len(paths) == len(load(release).validate_paths)
    for place, path in enumerate(paths, start=list(names()).index(release)):
        for mode in _MODES if _ASKED else _MODES[place % 2 : place % 2 + 1]:

            @seed(_SEED)
            @_bounded(_MESSAGES if _ASKED else 1)
            @given(case=hub.schema[path]["POST"].as_strategy(generation_mode=mode))
            def call(case: Any) -> None:
                hub.call(case, signed=False)

            call()
