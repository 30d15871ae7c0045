"""Ids that tests have in other systems, in the trace matrix."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from submitting import Desk, planned, register


def test_the_ids_of_the_registers_stand_beside_each_test(tmp_path: Path) -> None:
    """A test shows the id of its work item, whether it was run or not; ids of others stand apart."""
    desk = Desk(tmp_path, register(tmp_path / "register", ""))
    desk.tests = (planned("b", "DH-TT-001"),)
    desk.run({"a": ("pass", ["DH-TT-001"])})
    ids = {"a": {"azure-devops": "101", "qt": "QT-7"}, "b": {"azure-devops": "102"}}
    desk.registers = dataclasses.replace(desk.registers, test_ids=ids)
    rows = desk.matrix().sheet("Tests").rows
    assert {(row["ado_id"], row.get("programme_or_qt_id")) for row in rows} == {
        ("101", "qt QT-7"),
        ("102", None),
    }
