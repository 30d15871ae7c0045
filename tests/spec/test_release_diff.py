"""Differences are those of what messages admit, told once and in words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.data import folder
from harness.spec.change import Change
from harness.spec.diff import diff
from harness.spec.release import Release, load, names

_MIRROR = {"added": "removed", "removed": "added", "changed": "changed"}


def _diff(old: str, new: str) -> tuple[Change, ...]:
    return diff(load(old), load(new))


def test_the_first_release_after_go_live_adds_one_interface_and_five_blocks() -> None:
    """1.8.3 to 2.0.1: IF-051, B081, B082, B085, B086 and B914, and no field changed."""
    changes = _diff("1.8.3", "2.0.1")
    assert [change.interfaces for change in changes if change.kind == "interface-added"] == [("IF-051",)]
    blocks = [change.block for change in changes if change.kind == "block-added"]
    assert blocks == ["B081", "B082", "B085", "B086", "B914"]
    assert not [change for change in changes if change.kind.startswith("field") or "removed" in change.kind]


def test_2_1_0_adds_the_reference_pattern_once_for_all_interfaces() -> None:
    """The block S1 is in every message: one change, with every interface."""
    [change] = [each for each in _diff("2.0.1", "2.1.0") if each.block == "S1"]
    assert (change.field, change.kind) == ("senderUniqueReference", "field-changed")
    assert change.before == "no pattern"
    assert len(change.interfaces) == 58
    assert "DI-995" in change.summary
    assert "must" in change.summary or "pattern" in change.summary


def test_2_1_0_makes_di_566_not_nullable() -> None:
    """A change deep in a report's body is found, and named by its data item."""
    [change] = [each for each in _diff("2.0.1", "2.1.0") if each.field == "listOfMPANSonSite"]
    assert (change.block, change.interfaces) == ("R900-04", ("REP-900",))
    assert "DI-566" in change.summary
    assert "no longer be null" in change.summary


def test_2_2_1_shows_the_dereferenced_changes_and_no_renaming_of_types() -> None:
    """Hundreds of type references were renamed; what changed is a dozen fields."""
    changes = [change for change in _diff("2.1.0", "2.2.1") if change.interfaces]
    fields = {(change.block, change.field) for change in changes if change.kind == "field-changed"}
    assert fields == {
        ("B015", "traditionalFallBackReadFrequency"),
        ("B030", "IHDInstallStatus"),
        ("B040", "siteVisitCheckCode"),
        ("B047", "arc"),
        ("B047", "e"),
        ("B051", "loadShapeGSPGroupID"),
        ("B064", "siteVisitCheckCode"),
        ("B071", "traditionalFallBackReadFrequency"),
        ("B073", "arc"),
        ("S1", "senderUniqueReference"),
        ("S0", "eventCode"),
        ("S0", "schemaVersion"),
    }
    assert {(change.kind, change.block) for change in changes if change.kind != "field-changed"} == {
        ("block-added", "P0"),
        ("field-added", "CommonBlock"),
        ("block-changed", "B085"),
    }


def test_the_event_that_moved_is_told_in_words() -> None:
    """IF-020 RelatedCreate loses the two events that have messages of their own."""
    [change] = [each for each in _diff("2.1.0", "2.2.1") if each.field == "eventCode"]
    assert change.message == "IF-020-RelatedCreate"
    assert change.as_dict()["interface"] == "IF-020"
    assert change.before == "[RelatedCreate], [RelatedAdd], [RelatedRemove]"
    assert change.after == "[RelatedCreate]"
    assert "no longer admits [RelatedAdd], [RelatedRemove]" in change.summary


def test_a_change_that_reports_share_is_told_once() -> None:
    """The optional block P0 comes to all twelve reports in one line."""
    [change] = [each for each in _diff("2.1.0", "2.2.1") if each.kind == "field-added" and each.field == "P0"]
    assert len(change.interfaces) == 12
    assert change.message == ""
    assert "12 interfaces" in change.summary


def test_operations_are_compared() -> None:
    """2.2.1 adds five operations and changes what requeue answers."""
    changes = _diff("2.1.0", "2.2.1")
    added = {change.field for change in changes if change.kind == "operation-added"}
    assert len(added) == 5
    assert "GET /dip-channel/{id}/deliveryStatus/{recipient-id}/{message-id}" in added
    [requeue] = [
        each
        for each in changes
        if "requeue/{recipient-id}" in each.field and each.kind == "operation-changed"
    ]
    assert "the answer 202 (RequeueId) is new" in requeue.summary
    assert "the answer 200 is gone" in requeue.summary


@pytest.mark.parametrize("name", names())
def test_a_release_does_not_differ_from_itself(name: str) -> None:
    """No change from a release to itself."""
    assert _diff(name, name) == ()


@pytest.mark.parametrize(("old", "new"), [*pairwise(names()), ("1.8.3", "2.2.1")])
def test_the_way_back_mirrors_the_way_there(old: str, new: str) -> None:
    """B to A tells the same places, with before and after swapped."""
    there = {
        (f"{kind}-{_MIRROR[end]}", change.interfaces, change.block, change.field, change.after, change.before)
        for change in _diff(old, new)
        for kind, _, end in [change.kind.rpartition("-")]
    }
    back = {
        (change.kind, change.interfaces, change.block, change.field, change.before, change.after)
        for change in _diff(new, old)
    }
    assert there == back


def _leaves(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    shown = {
        key: schema[key]
        for key in sorted(schema)
        if key not in ("properties", "items", "example", "x-item", "x-block")
    }
    shown["required"] = sorted(shown.get("required", []))
    yield path, str(shown)
    for name, inner in schema.get("properties", {}).items():
        yield from _leaves(inner, f"{path}/{name}")
    if "items" in schema:
        yield from _leaves(schema["items"], f"{path}/[]")


def _touched(old: Release, new: Release) -> set[str]:
    found = set()
    for name in old.messages.keys() & new.messages.keys():
        before, after = (sorted(_leaves(side.schema(name))) for side in (old, new))
        if before != after:
            found.add(new.messages[name].interface)
    return found


@pytest.mark.parametrize(("old", "new"), [*pairwise(names()), ("1.8.3", "2.2.1")])
def test_no_changed_message_goes_untold(old: str, new: str) -> None:
    """An interface has a changed message exactly when some change names it."""
    named = {
        interface
        for change in _diff(old, new)
        if not change.kind.startswith(("operation", "interface"))
        for interface in change.interfaces
        if interface in load(old).interfaces
    }
    assert named == _touched(load(old), load(new))


def _changed(tmp_path: Path, file: str, *edits: tuple[str, str]) -> tuple[Change, ...]:
    """Return the changes from 2.1.0 to a copy in which texts of one file are replaced."""
    source = Path(shutil.copytree(folder("swagger") / "2.1.0", tmp_path / "9.9.9"))
    path = source / f"{file}.json"
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return diff(load("2.1.0"), Release("9.9.9", source))


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (
            "blocks",
            '"B901[1..200]"',
            '"B901[1..100]"',
            "the greatest number of entries is now 100; it was 200",
        ),
        ("blocks", '"B901[1..200]"', '"B901[..200]"', "no longer has the least number of entries 1"),
        ("blocks", '"B901[1..200]"', '"B901[1..200]?"', "is now optional; it was required"),
        ("blocks", '"B901[1..200]"', '"B901"', "is now block B901; it was array of block B901"),
        ("blocks", '"B901[1..200]"', '"B922[1..200]"', "is now block B922; it was block B901"),
        ("types", '"minLength": 13, "maxLength": 13', '"minLength": 13, "maxLength": 14', "greatest length"),
        ("types", '"pattern": "^[A-Z]{4}$"', '"example": "A"', "no longer has the pattern ^[A-Z]{4}$"),
        ("types", '"enum": ["W", "L"', '"enum": ["W", "N"', "no longer admits L and now admits N"),
        ("types", '"enum": ["W", "L", "H", "E", "U"], ', "", "is no longer limited to a list of values"),
        ("messages", '"open": ["S0"],', "", "no longer admits other fields"),
        ("messages", '"events": ["MSApp"]', '"events": ["MSApp", "MSAppX"]', "IF-031 gains the event MSAppX"),
        ("messages", '"events": ["MSApp"]', '"events": ["MSAppX"]', "IF-031 loses the event MSApp"),
        ("api", '"callbackURL"', '"callbackUrl"', "gains callbackUrl"),
        ("operations", '"201": "StandardResponse"', '"201": null', "the answer 201 is new"),
        ("operations", '"body": "WebhookConfig"', '"body": null', "the body none is new"),
    ],
)
def test_a_change_of_each_kind_is_told(tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
    """Whatever a later release changes, the summary says it."""
    assert any(words in change.summary for change in _changed(tmp_path, file, (old, new)))


def test_the_order_of_values_is_no_change(tmp_path: Path) -> None:
    """An enum listed in another order admits the same."""
    assert _changed(tmp_path, "types", ('"enum": ["W", "L"', '"enum": ["L", "W"')) == ()
