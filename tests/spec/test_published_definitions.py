"""The shipped releases define what was published, nothing less and nothing more."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from harness.data import folder
from harness.spec.release import names
from tests.spec.source_notation import definitions, digest

_PUBLISHED = json.loads(Path(__file__).with_name("published-digests.json").read_text(encoding="utf-8"))

RELEASES = ("1.8.3", "2.0.1", "2.1.0", "2.2.1")


def _published(release: str) -> dict[tuple[str, str], str]:
    return {
        (kind, name): value
        for kind, entries in _PUBLISHED.items()
        for name, digests in entries.items()
        for value, holders in digests.items()
        if release in holders.split()
    }


def test_the_four_releases_are_shipped() -> None:
    """The folder holds the releases that the digests cover."""
    assert names() == RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_every_published_definition_is_shipped_unchanged_and_no_other(release: str) -> None:
    """Types, blocks, messages, unions, API shapes, operations and validate paths agree both ways."""
    shipped = [(kind, name, digest(value)) for kind, name, value in definitions(folder("swagger") / release)]
    ours = {(kind, name): value for kind, name, value in shipped}
    assert len(ours) == len(shipped)
    published = _published(release)
    assert sorted(ours.keys() - published.keys()) == []
    assert sorted(published.keys() - ours.keys()) == []
    assert {key for key in ours if ours[key] != published[key]} == set()


def test_the_digests_cover_every_kind_of_definition() -> None:
    """The record counts what a release of that size has to have."""
    counts = {release: Counter(kind for kind, _ in _published(release)) for release in RELEASES}
    assert {release: count["message"] for release, count in counts.items()} == {
        "1.8.3": 137,
        "2.0.1": 138,
        "2.1.0": 138,
        "2.2.1": 138,
    }
    assert [counts[release]["validate"] for release in RELEASES] == [126, 127, 127, 127]
    assert [counts[release]["operation"] for release in RELEASES] == [8, 8, 8, 13]
    assert all(count["union"] == 23 and count["type"] and count["block"] for count in counts.values())


def test_a_changed_field_changes_the_digest() -> None:
    """The comparison is not blind: a field made optional is another definition."""
    block = {"fields": {"a": "T!"}, "closed": True, "typed": True}
    assert digest(block) != digest({**block, "fields": {"a": "T?"}})
    assert digest({"required": ["b", "a"]}) == digest({"required": ["a", "b"]})
