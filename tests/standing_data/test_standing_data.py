"""Standing data: what is in force when, what a wrong file is told, and what the shipped sample holds."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data import folder
from harness.errors import ConfigurationError
from harness.spec.release import load as load_release
from harness.spec.release import names
from harness.standing_data.library import VARIABLE, codes, load, standing_data
from harness.standing_data.lists import CODE_LISTS, LISTS
from harness.standing_data.sample import text

TODAY = date(2026, 1, 5)
HEADER = "map_id,name,effective_from,effective_to\n"


def _map_ids(path: Path, lines: str) -> Path:
    (path / "map_id.csv").write_text(lines, encoding="utf-8")
    return path


def test_the_shipped_files_are_the_seeded_sample() -> None:
    """The files that the harness ships are what the seed writes, and each says that it is made up."""
    shipped = folder("test_catalogue") / "standing-data"
    assert {path.name for path in shipped.glob("*.csv")} == {each.file for each in LISTS.values()}
    for listing in LISTS.values():
        assert (shipped / listing.file).read_text(encoding="utf-8") == text(listing)
        assert "made-up" in text(listing).splitlines()[0]
    assert standing_data().samples == set(LISTS)
    assert text(LISTS["duos_tariff"], 2) != text(LISTS["duos_tariff"])


def test_every_list_has_something_in_force() -> None:
    """No list of the sample is empty on a day of the present."""
    assert all(standing_data().entries(kind, on=TODAY) for kind in LISTS)


@pytest.mark.parametrize("name", names())
def test_the_sample_knows_the_codes_of_every_release(name: str) -> None:
    """The sample has each meter type and GSP group that a release's messages may carry, and no other."""
    types = load_release(name).types
    for kind, item in (("meter_type", "DI-059-Meter-Type"), ("gsp_group", "DI-037-GSP-Group-ID")):
        assert set(types[item]["enum"]) == {entry.value for entry in standing_data().entries(kind)}
    assert set(types["DI-090-Meter-Location"]["enum"]) == set(codes("meter_location"))


def test_every_distributor_has_what_its_points_need() -> None:
    """Each distributor has tariffs of both directions and loss classes in force, an owner its GSP group."""
    found = standing_data()
    for each in found.entries("distributor", on=TODAY):
        scope = {"distributor_id": each.value}
        assert found.entries("duos_tariff", on=TODAY, energy_direction="I", **scope)
        assert found.entries("duos_tariff", on=TODAY, energy_direction="E", **scope)
        assert found.entries("llf_class", on=TODAY, **scope)
        group = each.values["gsp_group"]
        assert found.valid("gsp_group", group, on=TODAY) is (each.values["distributor_type"] == "DNO")


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(0, 4000), st.integers(-3, 4003))
def test_a_value_is_in_force_from_its_first_to_its_last_day(first: date, length: int, offset: int) -> None:
    """Both days are included, no other is, and a moment stands for its local date."""
    last, day = first + timedelta(days=length), first + timedelta(days=offset)
    with tempfile.TemporaryDirectory() as where:
        _map_ids(Path(where), f"{HEADER}MAPA,,{first},{last}\n")
        found = load.__wrapped__(where)
    assert found.valid("map_id", "MAPA", on=day) is (0 <= offset <= length)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert found.valid("map_id", "MAPA", on=noon) is (0 <= offset <= length)


def test_a_moment_counts_as_its_local_date(tmp_path: Path) -> None:
    """23:00 in UTC on 30 June is 1 July in Great Britain."""
    found = load(str(_map_ids(tmp_path, HEADER + "MAPA,,2026-07-01,\n")))
    assert found.valid("map_id", "MAPA", on=datetime(2026, 6, 30, 23, 0, tzinfo=UTC))
    assert not found.valid("map_id", "MAPA", on=datetime(2026, 6, 30, 22, 59, tzinfo=UTC))


def test_scope_narrows() -> None:
    """An MPID is valid in its roles only, a tariff for its distributor only."""
    found = standing_data()
    assert found.valid("mpid", "MDRA", on=TODAY, role="MDR")
    assert not found.valid("mpid", "MDRA", on=TODAY, role="SUP")
    tariff = found.entries("duos_tariff", on=TODAY, distributor_id="10")[0].value
    assert found.valid("duos_tariff", tariff, on=TODAY, distributor_id="10")
    with pytest.raises(ConfigurationError, match="Did you mean 'role'"):
        found.valid("mpid", "MDRA", on=TODAY, roel="MDR")
    with pytest.raises(ConfigurationError, match="Did you mean 'map_id'"):
        found.valid("map_ids", "MAPA", on=TODAY)


def test_ended_future_and_unqualified_entries_are_told_apart() -> None:
    """The sample holds a provider that ended, one yet to begin, and a supplier that isn't qualified."""
    found = standing_data()
    assert found.known("map_id", "MAPY")
    assert not found.valid("map_id", "MAPY", on=TODAY)
    assert found.valid("map_id", "MAPY", on=date(2024, 12, 31))
    assert not found.valid("map_id", "MAPZ", on=TODAY)
    assert not found.known("map_id", "NONE")
    assert not found.valid("map_id", None, on=TODAY)
    assert found.qualified("SUPA", "SUP", on=TODAY)
    assert not found.qualified("SUPL", "SUP", on=TODAY)
    assert not found.qualified("SUPY", "SUP", on=TODAY)


@pytest.mark.parametrize("kind", CODE_LISTS)
def test_code_lists_come_from_the_release_facts(kind: str) -> None:
    """A code list has codes, and the mark of a hidden value is none of them."""
    assert codes(kind)
    assert not standing_data().valid(kind, "x", on=TODAY)
    assert all(
        standing_data().valid(kind, code, on=TODAY) and standing_data().known(kind, code)
        for code in codes(kind)
    )


def test_meter_groups() -> None:
    """A meter type tells its group; an unknown one has none."""
    found = standing_data()
    groups = {each: found.meter_group(each, on=TODAY) for each in ("S2A", "N", "H", "CHECK", "QQ")}
    assert groups == {"S2A": "smart", "N": "traditional", "H": "advanced", "CHECK": "check", "QQ": None}


def test_a_users_list_stands_for_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DIP_STANDING_DATA replaces the lists that its folder has; the rest stays sample, and is known to be."""
    _map_ids(tmp_path, "\ufeff" + HEADER + 'REAL,"A, with comma",2020-01-01,\n# remark\n\n')
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    found = standing_data()
    assert found.valid("map_id", "REAL", on=TODAY)
    assert not found.valid("map_id", "MAPA", on=TODAY)
    assert found.entries("map_id")[0].values["name"] == "A, with comma"
    assert found.samples == set(LISTS) - {"map_id"}


@pytest.mark.parametrize(
    ("lines", "where", "said"),
    [
        ("", "map_id.csv", "has no header"),
        ("map_id,effective_form\n", "map_id.csv:1", "Did you mean 'effective_from'"),
        ("map_id,map_id,effective_from\n", "map_id.csv:1", "stands twice"),
        ("# x\nmap_id,name\n", "map_id.csv:2", "lacks the column effective_from"),
        (HEADER + "MAPA,,2026-01-01,\nMAP,,2026-01-01,\n", "csv:3: column map_id", "'MAP' is not four"),
        (HEADER + "MAPA,,2026-02-30,\n", "map_id.csv:2: column effective_from", "no date"),
        (HEADER + "MAPA,,,\n", "map_id.csv:2: column effective_from", "is empty"),
        (HEADER + "MAPA,,2026-01-02,2026-01-01\n", "map_id.csv:2: column effective_to", "is before"),
        (HEADER + "MAPA,,2026-01-01\n", "map_id.csv:2", "has 3 fields, the header 4"),
        (HEADER + "MAPA,,2026-01-01,\nMAPA,,2026-06-01,\n", "csv:3: column map_id", "by line 2 already"),
        (HEADER + "MAPA,,2026-01-01,2026-06-01\nMAPA,,2026-06-01,\n", "csv:3: column map_id", "by line 2"),
        (HEADER + "MAPA,\"open,2026-01-01,\n", "map_id.csv:2", "is no CSV"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_by_line_and_column(tmp_path: Path, lines: str, where: str, said: str) -> None:
    """Whatever is wrong with a list is one sentence with file, line and column."""
    with pytest.raises(ConfigurationError) as refused:
        load(str(_map_ids(tmp_path, lines)))
    assert where in str(refused.value)
    assert said in str(refused.value)


def test_a_value_may_return_after_it_ended(tmp_path: Path) -> None:
    """Two times of one value that don't overlap are two entries."""
    found = load(str(_map_ids(tmp_path, HEADER + "MAPA,,2026-06-01,\nMAPA,,2020-01-01,2020-12-31\n")))
    assert [found.valid("map_id", "MAPA", on=date(year, 7, 1)) for year in (2020, 2021, 2026)] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("name", ["map_ids.csv", "notes.txt"])
def test_a_folder_with_other_files_is_refused(tmp_path: Path, name: str) -> None:
    """A mistyped file name is an error, and so is a folder without any list or none at all."""
    (tmp_path / name).write_text("x", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"map_id\.csv|holds no CSV file"):
        load(str(tmp_path))
    with pytest.raises(ConfigurationError, match="is no folder"):
        load(str(tmp_path / "absent"))


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """Bytes of another encoding are named with their place."""
    (tmp_path / "map_id.csv").write_bytes(HEADER.encode() + b"MAPA,caf\xe9,2026-01-01,\n")
    with pytest.raises(ConfigurationError, match="is not UTF-8: byte"):
        load(str(tmp_path))
