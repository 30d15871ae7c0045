"""Pseudonyms for test data: consistent, keyed, of the same shape, and nothing else changed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigurationError
from harness.evidence.pack.pseudonyms import Pseudonyms
from harness.messages.identifiers import distributor_of, is_mpan, mpan
from harness.test_data.checking import Finding
from harness.test_data.columns import COLUMNS
from harness.test_data.generating import Generated
from harness.test_data.obfuscating import obfuscate
from harness.test_data.reading import read_test_data
from harness.test_data.writing import as_csv, as_json

SALT, OTHER = Pseudonyms(bytes(32)), Pseudonyms(bytes([1]) * 32)
PERSONAL = {column.name for column in COLUMNS if column.personal}


def _rows(path: Path, data: bytes) -> list[dict[str, str]]:
    path.write_bytes(data)
    return [dict(brought.row) for brought in read_test_data(path).rows]


@pytest.fixture(params=["points.csv", "points.json"])
def file(request: pytest.FixtureRequest, tmp_path: Path, generated: Generated) -> Path:
    """Return a file of generated points."""
    path = tmp_path / request.param
    path.write_bytes(as_json(generated) if path.suffix == ".json" else as_csv(generated.rows).encode())
    return path


def test_what_names_somebody_is_replaced_and_nothing_else(file: Path, generated: Generated) -> None:
    """Every MPAN, address, device and reference of every row changes; all other columns stay."""
    done = obfuscate(file, SALT)
    rows = _rows(file.with_name(f"copy{file.suffix}"), done.data)
    assert done.points == len(rows) == len(generated.rows)
    for old, new in zip(generated.rows, rows, strict=True):
        for name in {column.name for column in COLUMNS}:
            before, after = old.get(name, ""), new.get(name, "")
            assert (before != after) is (name in PERSONAL and bool(before)) or len(before) < 5, name
    for row in generated.rows:
        for secret in (row["mpan"], row["postcode"], row["registration_id"]):
            assert secret.encode() not in done.data


def test_the_copy_is_still_consistent(
    file: Path, generated: Generated, find: Callable[[list[dict[str, str]]], tuple[Finding, ...]]
) -> None:
    """Check digits, distributors, shared meters and both sides of relationships are right in the copy."""
    rows = _rows(file.with_name(f"copy{file.suffix}"), obfuscate(file, SALT).data)
    assert find(rows) == ()
    assert all(is_mpan(row["mpan"]) for row in rows)
    old = [distributor_of(row["mpan"]) for row in generated.rows]
    assert [distributor_of(row["mpan"]) for row in rows] == old


def test_the_salt_decides(file: Path) -> None:
    """The same salt gives the same copy, another one another, in CSV and JSON alike."""
    assert obfuscate(file, SALT).data == obfuscate(file, Pseudonyms(bytes(32))).data
    assert obfuscate(file, SALT).data != obfuscate(file, OTHER).data


def test_both_formats_give_the_same_pseudonyms(tmp_path: Path, generated: Generated) -> None:
    """A value has one pseudonym, whichever format it comes in."""
    (tmp_path / "a.csv").write_text(as_csv(generated.rows), encoding="utf-8")
    (tmp_path / "a.json").write_bytes(as_json(generated))
    found = [
        _rows(tmp_path / f"b{end}", obfuscate(tmp_path / f"a{end}", SALT).data) for end in (".csv", ".json")
    ]
    assert [row["mpan"] for row in found[0]] == [row["mpan"] for row in found[1]]
    assert [row["postcode"] for row in found[0]] == [row["postcode"] for row in found[1]]
    counts = [obfuscate(tmp_path / f"a{end}", SALT).counts for end in (".csv", ".json")]
    assert counts[0] == counts[1]
    assert set(counts[0]) == {column.personal for column in COLUMNS if column.personal}


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**10 - 1), min_size=2, max_size=30, unique=True))
def test_no_two_mpans_share_a_pseudonym(numbers: list[int]) -> None:
    """Different MPANs stay different, so that a join over obfuscated files finds the same rows."""
    mpans = [mpan("10", number) for number in numbers]
    assert len({SALT.of("mpan", each) for each in mpans}) == len(mpans)


def test_columns_and_wrong_values_stay(tmp_path: Path) -> None:
    """A file comes back with its own columns; a wrong check digit stays wrong."""
    path = tmp_path / "few.csv"
    path.write_text("cohort,mpan,postcode\n1,1012345678900,AB1 2CD\n1,,\n", encoding="utf-8")
    lines = obfuscate(path, SALT).data.decode().splitlines()
    assert lines[0] == "cohort,mpan,postcode"
    wrong = lines[1].split(",")[1]
    assert wrong.startswith("10")
    assert not is_mpan(wrong)
    assert lines[2] == "1,,"


@pytest.mark.parametrize(
    "change",
    [
        {"customer": "A. Person"},
        {"supplier": {"dip_id": "2300000001", "contact": "A. Person"}},
        {"address": "Person Lane"},
        {"address": {"lines": {"first": "Person Lane"}}},
        {"address": {"lines": [], "Person Lane": None}},
        {"meters": ["Person 1"]},
        {"linked": "1012345678907"},
        {"linked": {"principal": {"mpan": "1012345678907"}}},
    ],
)
def test_a_field_that_nobody_knows_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """Nothing is written where something may name somebody and isn't of the format."""
    path = tmp_path / "odd.json"
    path.write_text(json.dumps([{"mpan": "1012345678907", **change}]), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="may name somebody"):
        obfuscate(path, SALT)


@pytest.mark.parametrize(
    "document",
    [
        {"points": [], "customer": "A. Person"},
        {"points": [{"point": {"mpan": "1"}, "customer": "A. Person"}]},
        {
            "points": [],
            "cohorts": [{"name": "1", "parties": {"SUP": {"mpid": "SUPA", "contact": "A. Person"}}}],
        },
    ],
)
def test_what_stands_around_the_points_is_of_the_format_too(tmp_path: Path, document: object) -> None:
    """A name beside the points is as much a name as one inside."""
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="may name somebody"):
        obfuscate(path, SALT)


WORDS = st.sampled_from(["Person Lane", "1012345678907", "from", None, 4])
SHAPES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["value", "lines", "serial", "meters", "x", "Person Lane"]), inner, max_size=2
        )
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.sampled_from(["address", "meters", "linked", "related", "mpan"]), SHAPES)
def test_no_shape_lets_a_value_through(item: str, value: object) -> None:
    """Whatever the shape: what names somebody is replaced, or nothing is written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.json"
        path.write_text(json.dumps([{"mpan": "1012345678907", item: value}]), encoding="utf-8")
        try:
            data = obfuscate(path, SALT).data
        except ConfigurationError:
            return
    assert b"Person Lane" not in data
    assert b"1012345678907" not in data


def test_versions_are_replaced_too(tmp_path: Path) -> None:
    """Every version of an address is replaced, not only the last."""
    path = tmp_path / "versions.json"
    address = {"lines": ["Secret Lane", None], "postcode": "AB1 2CD"}
    entry = {"mpan": "1012345678907", "address": [{**address, "from": "2020-01-01T00:00:00+00:00"}, address]}
    path.write_text(json.dumps([entry]), encoding="utf-8")
    data = obfuscate(path, SALT).data
    assert b"Secret" not in data
    assert b"AB1 2CD" not in data
    assert b"2020-01-01T00:00:00+00:00" in data
