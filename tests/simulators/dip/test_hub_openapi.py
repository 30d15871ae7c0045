"""The hub's own OpenAPI document."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from harness.spec.release import load, names
from simulators.dip.openapi import ASSUMED, document
from tests.simulators.dip.conftest import Bench


@pytest.mark.parametrize("release", names())
def test_it_lists_what_is_built_and_every_status(release: str) -> None:
    """Each operation of the release lists its statuses and the hub's own, and nothing else is there."""
    described = document(load(release), "https://127.0.0.1/x")
    published = {(operation.method, operation.path): operation for operation in load(release).operations}
    for method, path in published:
        responses = described["paths"][path][method.lower()]["responses"]
        declared = {int(status) for status in published[method, path].statuses}
        own = {401, *ASSUMED} | ({204} if "/replay/" in path else set())
        assert {int(status) for status in responses} == declared | own
        assumed = {int(status) for status, entry in responses.items() if entry.get("x-basis") == "assumed"}
        assert assumed == own - declared
    offered = {
        (method.upper(), path)
        for path, operations in described["paths"].items()
        for method in operations
        if not path.startswith(("/validate/", "/openapi.json"))
    }
    assert offered == set(published)
    validations = [path for path in described["paths"] if path.startswith("/validate/")]
    assert len(validations) == len(load(release).validate_paths)


@pytest.mark.parametrize("release", names())
def test_every_reference_in_it_resolves(release: str) -> None:
    """No ``$ref`` points outside the document or at nothing."""
    described = document(load(release), "https://127.0.0.1/x")
    known = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert _references(described) <= known


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return found.union(*(_references(value) for value in node.values())) if node else found
    if isinstance(node, list):
        return set().union(*(_references(value) for value in node)) if node else set()
    return set()


def test_the_hub_serves_it(bench: Bench) -> None:
    """The document of a mount names the release and where it is mounted."""
    answer = bench.client().request(bench.party("SUP"), "GET", "/OpenAPI.json", sign=False, api_key="")
    assert answer.status == 200
    described = orjson.loads(answer.body)
    assert described["info"]["version"] == bench.release
    assert described["servers"] == [{"url": bench.target.url(bench.release)}]
