"""Whatever stands in an entry, it is read back as it was written, and its neighbours are left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ConfigurationError, EnvironmentFault
from harness.registers.model import Defect, DefectStatus, Link
from harness.registers.reading import read_registers
from harness.registers.writing import write_entries

_HEAD = "# mine\ndefects:\n- defect: A-1\n  title: 'one'\n  status: new\n"
_TAIL = "# between\n- defect: A-2\n  title: two\n  status: new # why\n"
_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)


def _plain(text: str) -> str:
    """Leave out what YAML has no place for."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t").strip()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=_TEXT, note=_TEXT, case=_TEXT, newline=st.sampled_from(["\n", "\r\n"]))
def test_any_text_is_read_back_and_the_neighbours_stay(
    tmp_path: Path, title: str, note: str, case: str, newline: str
) -> None:
    """An entry replaced in the middle and one added at the end, with whatever characters."""
    path = tmp_path / "defects.yaml"
    path.write_bytes((_HEAD + _TAIL).replace("\n", newline).encode())
    texts = {"title": _plain(title) or "x", "note": _plain(note), "cases": (_plain(case) or "x",)}
    changed = Defect(id="A-1", status=DefectStatus.NEW, raised=date(2026, 11, 2), **texts)  # type: ignore[arg-type]
    added = Defect(id="A-3", status=DefectStatus.NEW, links=(Link("x", texts["title"]),), **texts)  # type: ignore[arg-type]
    write_entries(tmp_path, [changed, added])
    read = read_registers(tmp_path).defects
    assert read[0] == changed
    assert read[1].title == "two"
    assert read[2] == added
    kept = path.read_bytes().decode()
    for each in ("# mine", "# between", "status: new # why"):
        assert each in kept


def test_what_would_not_be_readable_is_not_written(tmp_path: Path) -> None:
    """An entry that the register's own rules refuse leaves the file as it was."""
    path = tmp_path / "defects.yaml"
    path.write_text(_HEAD)
    with pytest.raises(ConfigurationError, match="would not be readable"):
        write_entries(tmp_path, [Defect(id="A-1", title="t", status=DefectStatus.DEFERRED)])
    assert path.read_text() == _HEAD
    assert [each.name for each in tmp_path.iterdir()] == ["defects.yaml"]


def test_a_disk_that_refuses_the_file_is_an_environment_fault(tmp_path: Path) -> None:
    """Where the folder can't be made, the error says so, and nothing is half-written."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentFault):
        write_entries(tmp_path / "file" / "registers", [Defect(id="A-1", title="t", status=DefectStatus.NEW)])


def test_one_entry_of_a_long_register_is_changed_with_two_parses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A register is parsed as it was and as it will be, not over and over: that is what takes long."""
    entries = [Defect(id=f"A-{number}", title="t", status=DefectStatus.NEW) for number in range(50)]
    write_entries(tmp_path, entries)
    parsed: list[int] = []
    compose = yaml.compose

    def counted(text: str, Loader: type[yaml.SafeLoader]) -> yaml.Node | None:  # noqa: N803
        parsed.append(len(text))
        return compose(text, Loader=Loader)

    monkeypatch.setattr(yaml, "compose", counted)
    monkeypatch.delattr(yaml, "load")
    monkeypatch.delattr(yaml, "safe_load")
    write_entries(tmp_path, [replace(entries[25], owner="B")])
    assert len(parsed) == 2
