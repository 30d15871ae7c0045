"""Failed verdicts and the register of defects."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_run import HUB, PASS, Ended, failed, write_run

from harness.cli import dip
from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.registers.model import Defect, DefectStatus, QueryStatus
from harness.registers.raising import Change, raise_from
from harness.registers.reading import read_registers
from harness.reports.run import read_run
from harness.reports.seen import seen

FIRST, TODAY = date(2026, 11, 2), date(2026, 11, 22)


def _dip(*words: object) -> Result:
    return CliRunner().invoke(dip, [str(word) for word in words], catch_exceptions=True)


def _raise(folder: Path, *runs: Path, day: date = TODAY, **options: object) -> list[Change]:
    """Work runs into the register by the command; returns what it says."""
    words = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is True]
    done = _dip("defect", "raise", *runs, "--registers", folder, "--as-of", day, "--json", *words)
    assert done.exit_code == 0, done.output
    return [Change(each["change"]) for each in json.loads(done.stdout)["news"]]


def _move(folder: Path, identifier: str, status: str, *more: str) -> Result:
    return _dip(
        "defect",
        "move",
        identifier,
        status,
        "--by",
        "A. Tester",
        "--registers",
        folder,
        "--as-of",
        "2026-11-05",
        *more,
    )


def _only(folder: Path) -> Defect:
    (defect,) = read_registers(folder).defects
    return defect


def test_a_failed_verdict_raises_one_defect_and_finds_it_again(tmp_path: Path) -> None:
    """Two cases of one failure are one defect; the same run again changes nothing, not one byte."""
    run = write_run(tmp_path / "run", {"a": failed(), "b": failed(), "c": PASS})
    registers = tmp_path / "registers"
    assert _raise(registers, run) == [Change.RAISED]
    defect = _only(registers)
    assert defect.status is DefectStatus.NEW
    assert defect.cases == ("a/IF-031/MSApp/SUP", "b/IF-031/MSApp/SUP")
    assert defect.key == "central-system DIP IF-031: status 201, got 400"
    assert defect.evidence == {EvidenceClass.SELF_TEST}
    assert defect.severity == ""
    before = (registers / "defects.yaml").read_bytes()
    assert _raise(registers, run) == []
    assert (registers / "defects.yaml").read_bytes() == before


def test_a_later_run_is_added_to_the_defect_that_it_matches(tmp_path: Path) -> None:
    """A known key of another run and case adds to the entry, and raises no second one."""
    registers = tmp_path / "registers"
    _raise(registers, write_run(tmp_path / "1", {"a": failed()}, run="r1"))
    assert _raise(registers, write_run(tmp_path / "2", {"b": failed()}, run="r2")) == [Change.MATCHED]
    defect = _only(registers)
    assert [each.run for each in defect.seen] == ["r1", "r2"]
    assert len(defect.cases) == 2


def test_one_cause_around_the_interfaces_is_one_defect_and_one_in_them_is_many(tmp_path: Path) -> None:
    """An expired certificate on two interfaces is one defect; a hub that is wrong on two is two."""
    certificate = {"class": "configuration", "party": "Supplier A"}
    run = write_run(
        tmp_path / "run",
        {
            "a": failed("handshake", certificate, interface="IF-031"),
            "b": failed("handshake", certificate, interface="IF-021"),
            "c": failed("status", HUB, interface="IF-031"),
            "d": failed("status", HUB, interface="IF-021"),
            "e": failed("status", {"class": "participant", "party": "Supplier A"}, interface="IF-021"),
        },
    )
    assert _raise(tmp_path / "registers", run) == [Change.RAISED] * 4
    cases = sorted(len(each.cases) for each in read_registers(tmp_path / "registers").defects)
    assert cases == [1, 1, 1, 2]


def test_a_blocked_case_is_blocked_by_the_defect_and_an_open_question_is_none(tmp_path: Path) -> None:
    """What a precondition stopped stands under blocks; an inconclusive case raises nothing."""
    data = {"class": "test-data", "party": "Supplier A"}
    run = write_run(
        tmp_path / "run",
        {
            "a": Ended("skipped", "no metering point", data),
            "b": Ended("inconclusive", "nobody answered", data),
        },
    )
    assert _raise(tmp_path / "registers", run) == [Change.RAISED]
    defect = _only(tmp_path / "registers")
    assert defect.cases == ()
    assert defect.blocks == ("a/IF-031/MSApp/SUP",)


def test_a_verdict_against_the_specification_raises_a_design_query(tmp_path: Path) -> None:
    """Blame class specification makes a query with its own status and the rule, and no defect."""
    run = write_run(tmp_path / "run", {"a": failed("two answers", {"class": "specification", "party": ""})})
    assert _raise(tmp_path / "registers", run) == [Change.RAISED]
    read = read_registers(tmp_path / "registers")
    assert read.defects == ()
    (query,) = read.design_queries
    assert query.status is QueryStatus.RAISED
    assert query.specification == "DIP API 2.1.0"


def test_a_fixed_defect_is_closed_by_a_passing_run_only_when_asked(tmp_path: Path) -> None:
    """A passing retest is noted; only --close-retested or a person closes."""
    registers = tmp_path / "registers"
    _raise(registers, write_run(tmp_path / "1", {"a": failed(), "b": failed()}, run="r1"), day=FIRST)
    assert _move(registers, "DH-DEF-0001", "open").exit_code == 0
    assert _move(registers, "DH-DEF-0001", "fixed").exit_code == 0
    half = write_run(tmp_path / "2", {"a": PASS}, run="r2", day="2026-11-06")
    whole = write_run(tmp_path / "3", {"a": PASS, "b": PASS}, run="r3", day="2026-11-07")
    assert _raise(registers, half, close_retested=True) == [Change.NOT_COMPARABLE]
    assert _raise(registers, whole) == [Change.RETEST_PASSED]
    defect = _only(registers)
    assert defect.status is DefectStatus.FIXED
    assert defect.retest is not None
    assert defect.retest.verdict == "pass"
    assert _raise(registers, whole, close_retested=True) == [Change.CLOSED]
    defect = _only(registers)
    assert defect.status is DefectStatus.CLOSED
    assert defect.closed == TODAY
    assert [each.after for each in defect.history] == ["new", "open", "fixed", "closed"]


def test_a_rehearsal_closes_nothing_that_a_real_system_showed(tmp_path: Path) -> None:
    """A retest needs evidence of the class that the defect was found with."""
    registers = tmp_path / "registers"
    _raise(registers, write_run(tmp_path / "1", {"a": failed()}, run="r1", evidence="paired"), day=FIRST)
    _move(registers, "DH-DEF-0001", "open")
    _move(registers, "DH-DEF-0001", "fixed")
    lesser = write_run(tmp_path / "2", {"a": PASS}, run="r2", day="2026-11-06", evidence="rehearsal")
    assert _raise(registers, lesser, close_retested=True) == [Change.NOT_COMPARABLE]
    assert _only(registers).retest is None


def test_a_closed_defect_that_fails_again_is_reopened_with_its_history(tmp_path: Path) -> None:
    """A later failure reopens; a run from before the closing does not."""
    registers = tmp_path / "registers"
    _raise(registers, write_run(tmp_path / "1", {"a": failed()}, run="r1"), day=FIRST)
    _move(registers, "DH-DEF-0001", "open")
    _move(registers, "DH-DEF-0001", "fixed")
    _move(registers, "DH-DEF-0001", "closed", "--note", "seen in the hub's log")
    earlier = write_run(tmp_path / "2", {"a": failed()}, run="r2", day="2026-11-03")
    assert _raise(registers, earlier) == [Change.MATCHED]
    assert _only(registers).status is DefectStatus.CLOSED
    later = write_run(tmp_path / "3", {"a": failed()}, run="r3", day="2026-11-09")
    assert _raise(registers, later) == [Change.REOPENED]
    defect = _only(registers)
    assert defect.status is DefectStatus.OPEN
    assert defect.closed is None
    assert defect.history[-1].before == "closed"
    assert defect.history[-1].run == "r3"


def test_a_defect_that_fails_its_retest_is_open_again(tmp_path: Path) -> None:
    """Fixed and failing again: back to open, with the failed retest."""
    registers = tmp_path / "registers"
    _raise(registers, write_run(tmp_path / "1", {"a": failed()}, run="r1"), day=FIRST)
    _move(registers, "DH-DEF-0001", "open")
    _move(registers, "DH-DEF-0001", "fixed", "--release-fixed", "2.2.1")
    old = write_run(tmp_path / "2", {"a": failed()}, run="r2", day="2026-11-09")
    assert _raise(registers, old) == [Change.MATCHED]
    new = write_run(tmp_path / "3", {"a": failed()}, run="r3", day="2026-11-09", release="2.2.1")
    assert _raise(registers, new) == [Change.RETEST_FAILED]
    defect = _only(registers)
    assert defect.status is DefectStatus.OPEN
    assert defect.retest is not None
    assert defect.retest.verdict == "fail"


def test_a_run_on_the_build_that_lacks_the_fix_is_no_retest(tmp_path: Path) -> None:
    """While the party still runs the build that the defect was found in, neither pass nor failure counts."""
    registers, old = tmp_path / "registers", {"DIP": "4.1"}
    _raise(registers, write_run(tmp_path / "1", {"a": failed()}, run="r1", builds=old), day=FIRST)
    assert _only(registers).build_found == "4.1"
    _move(registers, "DH-DEF-0001", "open")
    _move(registers, "DH-DEF-0001", "fixed", "--build-fixed", "4.2")
    late = {"day": "2026-11-09", "builds": old}
    assert _raise(registers, write_run(tmp_path / "2", {"a": PASS}, run="r2", **late)) == [
        Change.NOT_COMPARABLE
    ]
    assert _raise(registers, write_run(tmp_path / "3", {"a": failed()}, run="r3", **late)) == [Change.MATCHED]
    new = write_run(tmp_path / "4", {"a": PASS}, run="r4", day="2026-11-09", builds={"DIP": "4.2"})
    assert _raise(registers, new, close_retested=True) == [Change.CLOSED]


@pytest.mark.parametrize(
    ("status", "more", "said"),
    [
        ("fixed", (), "'new' can't become 'fixed'"),
        ("opend", (), "Did you mean 'open'?"),
        ("deferred", (), "a deferral needs an approval"),
        ("rejected", (), "a rejection needs a reason"),
        ("duplicate", (), "a duplicate names the defect"),
        ("duplicate", ("--link", "defect=DH-DEF-0009"), "'DH-DEF-0009' is no defect"),
        ("open", ("--severity", "11"), "'11' is no severity"),
        ("open", ("--as-of", "2026-11-01"), "is before its last step"),
        ("open", ("--answer", "yes"), "has no 'answer'"),
    ],
)
def test_a_move_that_the_table_lacks_is_refused(
    tmp_path: Path, status: str, more: tuple[str, ...], said: str
) -> None:
    """A wrong move names what is allowed, and the register stays as it was."""
    registers = tmp_path / "registers"
    _raise(registers, write_run(tmp_path / "1", {"a": failed()}), day=FIRST)
    before = (registers / "defects.yaml").read_bytes()
    done = _move(registers, "DH-DEF-0001", status, *more)
    assert isinstance(done.exception, ConfigurationError)
    assert said in str(done.exception)
    assert (registers / "defects.yaml").read_bytes() == before


def test_runs_are_worked_through_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    """Whatever the order of the arguments, an older run does not undo what a newer one says."""
    old = seen(read_run(write_run(tmp_path / "1", {"a": failed()}, run="r1", day="2026-11-02")))
    new = seen(read_run(write_run(tmp_path / "2", {"b": failed()}, run="r2", day="2026-11-03")))
    done = raise_from(read_registers(None), [new, old], today=TODAY)
    assert [each.run for each in done.news] == ["r1", "r2"]


def test_defects_are_listed_shown_and_explained(tmp_path: Path) -> None:
    """List, show and scale say what stands in the register, and whose the severities are."""
    registers = tmp_path / "registers"
    _raise(registers, write_run(tmp_path / "1", {"a": failed()}), day=FIRST)
    _move(registers, "DH-DEF-0001", "open", "--severity", "2", "--owner", "Hub team")
    listed = json.loads(_dip("defect", "list", "--open", "--registers", registers, "--json").stdout)
    assert [each["defect"] for each in listed["defects"]] == ["DH-DEF-0001"]
    assert listed["severity_scale"]["basis"] == "assumed"
    assert _dip("defect", "list", "--status", "closed", "--registers", registers).stdout.startswith(
        "0 defects"
    )
    assert "2 high" in _dip("defect", "show", "DH-DEF-0001", "--registers", registers).stdout
    assert "basis: assumed" in _dip("defect", "scale", "--registers", registers).stdout
