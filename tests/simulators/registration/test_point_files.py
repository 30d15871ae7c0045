"""Points that many registers share: files of sorted lines, and lists."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigurationError
from harness.messages.identifiers import mpan
from simulators.registration.point_files import SortedPoints, opened
from tests.simulators.participants.publications import (
    METERING,
    OTHER_METERING,
    REGISTRATION,
    SUPPLIER,
    network,
)
from tests.simulators.registration.exchange import Exchange, midnight


def lines(path: Path, numbers: list[int]) -> Path:
    """Write a point on each line, sorted by MPAN."""
    entries = sorted(mpan("10", number) for number in numbers)
    rows = [
        orjson.dumps({"mpan": one, "supplier": SUPPLIER, "metering_service": METERING}) for one in entries
    ]
    path.write_bytes(b"\n".join(rows) + b"\n")
    return path


@settings(deadline=None)
@given(numbers=st.sets(st.integers(0, 10**10 - 1), min_size=1, max_size=40), other=st.integers(0, 10**10 - 1))
def test_every_point_of_a_sorted_file_is_found_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, numbers: set[int], other: int
) -> None:
    """Each MPAN of the file leads to its own point; any other to none."""
    path = lines(tmp_path_factory.mktemp("points") / "points.jsonl", sorted(numbers))
    source = SortedPoints(path, network())
    for number in numbers:
        found = source.find(mpan("10", number))
        assert found is not None
        assert found.mpan == mpan("10", number)
    found = source.find(mpan("10", other))
    assert (found is not None) == (other in numbers)


@pytest.mark.parametrize("form", ["jsonl", "json", "list"])
def test_a_service_starts_from_a_file_and_leaves_it_alone(tmp_path: Path, form: str) -> None:
    """An appointment on a point of the file is on record for one test instance alone."""
    point = {"mpan": mpan("10", 123), "supplier": SUPPLIER, "metering_service": METERING}
    path = tmp_path / f"points.{'json' if form == 'list' else form}"
    others = {"register": "2200000002", "point": {**point, "mpan": mpan("10", 5)}}
    listed = {"points": [{"register": REGISTRATION, "point": point}, others]}
    text = {"jsonl": orjson.dumps(point).decode(), "json": json.dumps(listed), "list": json.dumps([point])}
    path.write_text(text[form], encoding="utf-8")
    service, another = Exchange(points_file=str(path)), Exchange(points_file=str(path))
    service.ask(provider=OTHER_METERING)
    service.reply(provider=OTHER_METERING)
    service.reach(midnight(3))
    assert [dip_id for dip_id, _ in service.tenures("metering_service")] == [METERING, OTHER_METERING]
    assert [dip_id for dip_id, _ in another.tenures("metering_service")] == [METERING]
    assert another.register.find(mpan("10", 5)) is None


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("points.jsonl", "", "can't be read"),
        ("points.jsonl", '{"supplier": 1}', "does not begin with an MPAN"),
        ("points.json", "{", "can't be read"),
        ("points.json", '{"points": 1}', "no list of points"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    """The error names the file."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        opened(str(path), REGISTRATION, network())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ConfigurationError, match=r"none\.jsonl"):
        opened(str(tmp_path / "none.jsonl"), REGISTRATION, network())
