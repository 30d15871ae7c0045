"""Reading and writing the files of a register."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.model import DefectStatus, Link
from harness.registers.moving import moved
from harness.registers.reading import read_registers, shipped_severities
from harness.registers.writing import write_entries, write_overrides

DEFECTS = """\
# kept by the test team
defects:
- defect: DH-DEF-0001   # the first
  title: The hub takes a wrong signature
  status: open
  severity: "2"
  blame: {class: central-system, party: DIP}
  raised: 2026-11-02
  cases: [a/IF-031/MSApp/SUP]
  history:
  - {day: 2026-11-02, by: dip, to: new}
  - {day: 2026-11-03, by: A. Tester, from: new, to: open}
  # a remark between two
- defect: LOCAL-2
  title: >
    folded
    text
  status: new

design_queries:
- query: DH-DQ-0001
  title: Which code is it?
  status: raised
  links: [{kind: defect, ref: LOCAL-2}]
# the end
"""
OVERRIDE = """\
overrides:
- override: DH-OVR-0001
  cases: cit-retry/*
  run: r1
  status: passed
  reason: The hub was restarted.
  by: A. Tester
  second: B. Manager
  day: 2026-11-05
  approval: MIN-14
"""
RELIANCE = """\
reliance:
- reliance: DH-REL-0001
  relying: supplier-a
  relied_on: agent-a
  requirements: [DH-IF-031]
  system: Agent platform
  build: "4.1"
  evidence: {run: r1, class: paired}
  from: 2026-11-01
  until: 2027-05-01
"""


def _folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_without_a_folder_or_files_every_register_is_empty(tmp_path: Path) -> None:
    """Nothing there is nothing, with the shipped severities, marked as assumed."""
    for read in (read_registers(None), read_registers(tmp_path)):
        assert (read.defects, read.design_queries, read.overrides, read.reliance) == ((), (), (), ())
        assert read.severities.basis == "assumed"


def test_the_registers_are_read_as_they_stand(tmp_path: Path) -> None:
    """Every field of the files is in the values."""
    read = read_registers(_folder(tmp_path, defects=DEFECTS, overrides=OVERRIDE, reliance=RELIANCE))
    assert [each.id for each in read.entries] == ["DH-DEF-0001", "LOCAL-2", "DH-DQ-0001"]
    assert read.defects[0].status is DefectStatus.OPEN
    assert read.severity_title(read.defects[0].severity) == "2 high"
    assert read.severity_title("") == "not assessed"
    assert read.design_queries[0].links == (Link("defect", "LOCAL-2"),)
    assert read.overrides[0].status is ExecutionStatus.PASSED
    assert read.reliance[0].until == date(2027, 5, 1)
    assert read.defects_of("a/IF-031/MSApp/SUP") == (read.defects[0],)


@pytest.mark.parametrize(
    ("name", "text", "old", "new", "said"),
    [
        ("defects", DEFECTS, "status: open", "status: opened", ("line 5", "Did you mean 'open'?")),
        ("defects", DEFECTS, 'severity: "2"', 'severity: "22"', ("line 6", "Did you mean '2'?")),
        ("defects", DEFECTS, "  raised:", "  rised:", ("line 8", "Did you mean 'raised'?")),
        ("defects", DEFECTS, "2026-11-02\n", "soon\n", ("line 8", "'soon' is no date")),
        ("defects", DEFECTS, "class: central-system", "class: central", ("line 7", "central-system")),
        ("defects", DEFECTS, "from: new, to: open", "from: new, to: fixed", ("line 12", "can't become")),
        ("defects", DEFECTS, "status: open", "status: fixed", ("line 5", "its history leads to 'open'")),
        ("defects", DEFECTS, "status: new", "status: deferred", ("line 14", "nobody approved that")),
        ("defects", DEFECTS, "defect: LOCAL-2", "defect: DH-DEF-0001", ("line 14", "stands twice")),
        ("defects", DEFECTS, "ref: LOCAL-2", "ref: LOCAL-3", ("line 24", "Did you mean 'LOCAL-2'?")),
        ("overrides", OVERRIDE, "  reason: The hub was restarted.\n", "", ("line 2", "'reason'")),
        ("overrides", OVERRIDE, "The hub was restarted.", '" "', ("line 6", "is empty")),
        ("overrides", OVERRIDE, "  second: B. Manager\n", "", ("line 2", "'second'")),
        ("overrides", OVERRIDE, "B. Manager", "a.  tester", ("line 8", "the first person too")),
        ("overrides", OVERRIDE, "  run: r1\n", "", ("line 2", "neither a run nor an evidence class")),
        ("overrides", OVERRIDE, "status: passed", "status: pass", ("line 5", "Did you mean 'passed'")),
        ("reliance", RELIANCE, "2027-05-01", "2026-05-01", ("line 10", "before it begins")),
        (
            "reliance",
            RELIANCE,
            "class: paired",
            "class: paired, pack: x.zip",
            ("line 8", "not its root hash"),
        ),
        ("reliance", RELIANCE, "relied_on: agent-a", "relied_on: supplier-a", ("line 4", "rely on itself")),
        ("reliance", RELIANCE, "reliance:\n-", "reliance:\n- [", ("line", "is no YAML")),
    ],
)
def test_a_broken_register_says_where_and_what(
    tmp_path: Path, name: str, text: str, old: str, new: str, said: tuple[str, str]
) -> None:
    """The error names file and line, what is wrong, and the nearest value where there is one."""
    assert old in text
    _folder(tmp_path, **{name: text.replace(old, new, 1)})
    with pytest.raises(ConfigurationError) as caught:
        read_registers(tmp_path)
    assert f"{name}.yaml" in str(caught.value)
    for each in said:
        assert each in str(caught.value)


def test_an_entry_is_changed_in_place_and_all_else_stays(tmp_path: Path) -> None:
    """Comments, other entries and their style are as before; what is read back is what was written."""
    folder = _folder(tmp_path, defects=DEFECTS)
    before = read_registers(folder)
    fixed = moved(before.defects[0], "fixed", by="B. Dev", day=date(2026, 11, 9))
    write_entries(folder, [fixed])
    after = read_registers(folder)
    assert after.defects == (fixed, before.defects[1])
    assert after.design_queries == before.design_queries
    text = (folder / "defects.yaml").read_text()
    for kept in ("# kept by the test team", "# a remark between two", "  title: >\n    folded", "# the end"):
        assert kept in text


@pytest.mark.parametrize(
    "text", ["", "defects: []\n", "overrides:\n", OVERRIDE, OVERRIDE.replace("\n", "\r\n")]
)
def test_an_entry_is_added_to_whatever_is_there(tmp_path: Path, text: str) -> None:
    """An absent, empty or filled list takes a new entry, with the file's own line ends."""
    (tmp_path / "overrides.yaml").write_bytes(text.replace("defects", "overrides").encode())
    known = read_registers(tmp_path).overrides
    other = tmp_path / "other"
    other.mkdir()
    new = replace(
        read_registers(_folder(other, overrides=OVERRIDE)).overrides[0],
        id="DH-OVR-0002",
        evidence=EvidenceClass.PAIRED,
        reason="Reason: with a colon, # a hash and\na second line",
    )
    write_overrides(tmp_path, [new])
    assert read_registers(tmp_path).overrides == (*known, new)
    data = (tmp_path / "overrides.yaml").read_bytes()
    assert (b"\r\n" in data) == ("\r\n" in text)
    assert data.count(b"\r\n") in {0, data.count(b"\n")}


def test_a_list_in_brackets_is_refused_and_left(tmp_path: Path) -> None:
    """What can't be changed in place is not rewritten."""
    text = "defects: [{defect: A, title: t, status: new}]\n"
    folder = _folder(tmp_path, defects=text)
    entry = moved(read_registers(folder).defects[0], "open", by="A. Tester", day=date(2026, 11, 9))
    with pytest.raises(ConfigurationError, match="written in brackets"):
        write_entries(folder, [entry])
    assert (folder / "defects.yaml").read_text() == text


def test_a_register_brings_its_own_severities(tmp_path: Path) -> None:
    """A scale at the head of the file replaces ours, and says whose it is."""
    scale = (
        "severity_scale:\n  basis: agreed\n  source: the test plan\n  severities:\n"
        "  - {severity: S1, title: Stop, definition: Nobody can go on.}\n"
    )
    read = read_registers(_folder(tmp_path, defects=scale + DEFECTS.replace('severity: "2"', "severity: S1")))
    assert read.severities.basis == "agreed"
    assert read.severity_title("S1") == "Stop"
    assert shipped_severities().basis == "assumed"


def test_an_override_holds_only_where_it_is_bound(tmp_path: Path) -> None:
    """Case pattern, run, release and evidence class narrow it; the latest of many wins; withdrawn, none."""
    read = read_registers(_folder(tmp_path, overrides=OVERRIDE))
    case = {"release": "2.1.0", "run": "r1", "evidence": EvidenceClass.PAIRED}
    found = read.override_of("cit-retry/IF-031/MSApp/SUP", **case)
    assert found is not None
    assert found.id == "DH-OVR-0001"
    assert read.override_of("cit-other/IF-031/MSApp/SUP", **case) is None
    assert read.override_of("cit-retry/IF-031/MSApp/SUP", **{**case, "run": "r2"}) is None
    gone = read_registers(_folder(tmp_path, overrides=OVERRIDE + "  withdrawn: 2026-11-06\n"))
    assert gone.override_of("cit-retry/IF-031/MSApp/SUP", **case) is None
