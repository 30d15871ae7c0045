"""Results of a submission go stale by what changed in what they rest on, and by no build alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from submitting import Desk, plan_with, register, row_of

from harness.errors import ConfigurationError
from harness.reports.submission.impacts import check_parties, read_changes

ONE, TWO, THREE = "DH-TT-001", "DH-TT-002", "DH-TT-003"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with three requirements of suppliers."""
    return Desk(tmp_path, register(tmp_path / "register", "", "", ""))


def test_a_changed_requirement_makes_its_passes_stale(desk: Desk, tmp_path: Path) -> None:
    """Text, version, roles or interfaces that changed since the run make its pass count no more, with why."""
    before = desk.register
    desk.register = register(tmp_path / "now", "text=Another text of number 1.", "interfaces=[IF-031]", "")
    desk.run({"a": ("pass", [ONE]), "b": ("pass", [TWO]), "c": ("pass", [THREE])}, asked=before)
    matrix = desk.matrix()
    first, second, third = (row_of(matrix, name) for name in (ONE, TWO, THREE))
    assert first["stale_reason"] == f"the text of {ONE} changed since run run-1"
    assert "the interfaces of DH-TT-002 changed: all, now IF-031" in second["stale_reason"]
    assert [each["overall_status"] for each in (first, second, third)] == [
        "not started", "not started", "passed",
    ]  # fmt: skip
    assert "stale_reason" not in third
    assert matrix.value("Gaps: stale evidence") == 2


def test_a_changed_scenario_makes_a_pass_stale_and_no_failure(desk: Desk) -> None:
    """A pass of a scenario that does something else now counts no more; a failure stays one."""
    desk.run({"a": ("pass", [ONE]), "b": ("fail", [TWO])})
    desk.digests = {("a", ""): "b" * 64, ("b", ""): "b" * 64}
    matrix = desk.matrix()
    assert row_of(matrix, ONE)["overall_status"] == "not started"
    assert "scenario a changed since run run-1" in row_of(matrix, ONE)["stale_reason"]
    assert row_of(matrix, TWO)["overall_status"] == "failed"
    desk.digests = {("b", ""): "a" * 64}
    assert "no longer in the catalogue" in row_of(desk.matrix(), ONE)["stale_reason"]


def test_a_build_alone_makes_nothing_stale(desk: Desk) -> None:
    """Another build of the party leaves a result as it is, and is told in Control."""
    desk.run({"a": ("pass", [ONE])}, build="4.0")
    desk.plan = plan_with(
        environments=[{"environment": "SIT A", "title": "A"}],
        places=[{"environment": "SIT A", "party": "Supplier A", "build": "4.1"}],
    )
    matrix = desk.matrix()
    row = row_of(matrix, ONE)
    assert row["overall_status"] == "passed"
    assert "stale_reason" not in row
    assert row["builds"].endswith("4.0")
    assert {name: value for name, value, _ in matrix.control}["Builds in use"] == "Supplier A: 4.1"


def test_a_release_makes_stale_what_it_touches(desk: Desk) -> None:
    """A result on another release stands where nothing that the case uses changed, and falls where it did."""
    desk.run({"a": ("pass", [ONE])}, release="1.8.3")
    desk.release = "2.0.1"
    row = row_of(desk.matrix(), ONE)
    assert (row["overall_status"], row["release"]) == ("passed", "1.8.3")
    desk.release = "2.2.1"
    row = row_of(desk.matrix(), ONE)
    assert row["overall_status"] == "not started"
    assert row["stale_reason"].startswith("run on release 1.8.3; 2.2.1 changes ")
    desk.run({"a": ("pass", [ONE])}, release="2.2.1", day=4)
    row = row_of(desk.matrix(), ONE)
    assert (row["overall_status"], row["release"]) == ("passed", "2.2.1")


IMPACT = """
changes:
  - change: Build 4.2
    from: "2026-11-04"
    party: {party}
    {what}
"""


@pytest.mark.parametrize(
    ("party", "what", "stale"),
    [
        ("Supplier A", "interfaces: [IF-031]", True),
        ("SUPA", "roles: [REGS]", True),
        ("Supplier A", "interfaces: [IF-031]\n    requirements: [DH-TT-001]", True),
        ("Supplier A", "interfaces: [IF-021]", False),
        ("Supplier A", "roles: [MDS]", False),
        ("Supplier A", "requirements: [DH-TT-002]", False),
        ("Supplier B", "interfaces: [IF-031]", False),
    ],
)
def test_a_change_of_a_system_makes_stale_what_it_touches(
    desk: Desk, party: str, what: str, stale: bool
) -> None:
    """A change that names interfaces, roles or requirements touches earlier results that used them alone."""
    path = desk.folder / "impact.yaml"
    path.write_text(IMPACT.format(party=party, what=what), encoding="utf-8")
    desk.run({"a": ("pass", [ONE])}, day=3)
    row = row_of(desk.matrix(changes=read_changes(path, desk.register)), ONE)
    assert row["overall_status"] == ("not started" if stale else "passed")
    assert row.get("stale_reason", "") == ("Build 4.2, in from 2026-11-04" if stale else "")


def test_a_change_that_touches_nothing_is_refused(desk: Desk) -> None:
    """A build alone is no reason; neither is an interface that there is not."""
    path = desk.folder / "impact.yaml"
    for what, words in (
        ("{}", "a change alone makes nothing stale"),
        ("interfaces: [IF-310]", "'IF-310' is not"),
    ):
        path.write_text(
            IMPACT.format(party="Supplier A", what=what if what != "{}" else ""), encoding="utf-8"
        )
        with pytest.raises(ConfigurationError, match=f"{path}, line .*{words}"):
            read_changes(path, desk.register)
    path.write_text(IMPACT.format(party="Nobody", what="roles: [SUP]"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"'Nobody' of change 'Build 4\.2' is no party"):
        check_parties(read_changes(path, desk.register), ["Supplier A"], str(path))
