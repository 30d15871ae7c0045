"""Defects of the register as bugs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure_project import Project
from played_run import play

from harness.registers.reading import read_registers

DEFECTS = """\
# kept
defects:
- defect: DH-DEF-0001
  title: The hub answers 400
  status: open
  severity: "2"
  blame: {class: central-system, party: DIP}
  cases: [CIT-ONE/IF-031/MSApp/SUP, CIT-ELSE/IF-031/MSApp/SUP]
  seen:
  - {run: r1, evidence: rehearsal, day: 2026-11-02}
- defect: DH-DEF-0002
  title: Closed before it ever went over
  status: closed
"""


QUERIES = """\
design_queries:
- query: DH-DQ-0001
  title: Which code answers a second request?
  status: raised
  specification: DIP API 2.1.0, POST /dip-channel/{id}
  cases: [CIT-ONE/IF-031/MSApp/SUP]
  links: [{kind: defect, ref: DH-DEF-0001}]
  seen:
  - {run: r1, evidence: rehearsal, day: 2026-11-02}
- query: DH-DQ-0002
  title: Answered before it ever went over
  status: clarified
"""


def _project(project: Project) -> Project:
    folder = project.folder / "registers"
    folder.mkdir()
    (folder / "defects.yaml").write_text(DEFECTS)
    project.ado("push", play(project.folder / "run", {"CIT-ONE": "fail"}), "--registers", folder)
    return project


def _defects(project: Project, *words: object) -> tuple[int, dict[str, Any]]:
    done = project.ado("defects", "--registers", project.folder / "registers", "--json", *words)
    assert done.exit_code in {0, 1}, done.exception
    return done.exit_code, json.loads(done.stdout)


def _bugs(project: Project, kind: str = "Bug") -> list[dict[str, Any]]:
    items = project.stub.items.values()
    return [each for each in items if each["fields"]["System.WorkItemType"] == kind]


def test_an_open_defect_is_a_bug_linked_with_its_test_case(project: Project) -> None:
    """Title, text, severity and link go over; its id comes into the register and changes nothing else."""
    code, _ = _defects(_project(project))
    assert code == 0
    (bug,) = _bugs(project)
    assert bug["fields"]["System.Title"] == "DH-DEF-0001: The hub answers 400"
    assert bug["fields"]["Microsoft.VSTS.Common.Severity"] == "2 - High"
    assert "rehearsal" in bug["fields"]["Microsoft.VSTS.TCM.ReproSteps"]
    (link,) = bug["relations"]
    assert link["rel"] == "Microsoft.VSTS.Common.TestedBy-Forward"
    linked = project.stub.items[int(link["url"].rpartition("/")[2])]
    assert linked["fields"]["System.Title"].startswith("CIT-ONE:")
    path = project.folder / "registers" / "defects.yaml"
    assert path.read_text().startswith("# kept\n")
    assert read_registers(path.parent).defects[0].external_ids == {"azure-devops": str(bug["id"])}


def test_three_rounds_make_one_bug(project: Project) -> None:
    """Nothing is doubled, with the ledger or without it."""
    _defects(_project(project))
    text = (project.folder / "registers" / "defects.yaml").read_bytes()
    assert _defects(project)[1]["done"] == []
    project.profile.with_suffix(".json").unlink()
    assert _defects(project)[0] == 0
    assert len(_bugs(project)) == 1
    assert (project.folder / "registers" / "defects.yaml").read_bytes() == text


def test_a_state_set_there_is_told_and_moves_nothing_here(project: Project) -> None:
    """State and assigned person come back beside ours; moving the defect is a person's."""
    _defects(_project(project))
    _bugs(project)[0]["fields"].update({"System.State": "Resolved", "System.AssignedTo": "dev@example.org"})
    code, found = _defects(project, "--pull-only")
    assert code == 0
    said = {each["what"]: each["said"] for each in found["done"]}
    assert said["state"].endswith("-> Resolved; status here: open")
    assert found["bugs"]["DH-DEF-0001"]["assigned_to"] == "dev@example.org"
    assert read_registers(project.folder / "registers").defects[0].status == "open"


def test_a_change_on_both_sides_is_a_conflict(project: Project) -> None:
    """Ours goes over alone; when both changed, a person says whose side holds."""
    _defects(_project(project))
    path = project.folder / "registers" / "defects.yaml"
    path.write_text(path.read_text().replace("The hub answers 400", "The hub answers 400 in place of 201"))
    assert _defects(project)[0] == 0
    bug = _bugs(project)[0]
    assert bug["fields"]["System.Title"].endswith("in place of 201")
    path.write_text(path.read_text().replace("in place of 201", "to right requests"))
    bug["fields"]["System.Title"] = "Their words"
    assert _defects(project)[0] == 1
    assert bug["fields"]["System.Title"] == "Their words"
    assert _defects(project, "--take", "DH-DEF-0001=ours")[0] == 0
    assert bug["fields"]["System.Title"].endswith("to right requests")


def test_a_design_query_is_a_work_item_and_three_rounds_make_one(project: Project) -> None:
    """Test case and bug are linked, id and state come back, none is doubled, without the ledger too."""
    registers = _project(project).folder / "registers"
    (registers / "defects.yaml").write_text(DEFECTS + QUERIES)
    assert _defects(project)[0] == 0
    (query,) = _bugs(project, "Issue")
    assert query["fields"]["System.Title"] == "DH-DQ-0001: Which code answers a second request?"
    assert "DIP API 2.1.0, POST /dip-channel/{id}" in query["fields"]["System.Description"]
    assert {each["rel"] for each in query["relations"]} == {
        "Microsoft.VSTS.Common.TestedBy-Forward",
        "System.LinkTypes.Related",
    }
    assert read_registers(registers).design_queries[0].external_ids == {"azure-devops": str(query["id"])}
    assert _defects(project)[1]["done"] == []
    project.profile.with_suffix(".json").unlink()
    assert _defects(project)[0] == 0
    assert len(_bugs(project, "Issue")) == 1
    query["fields"]["System.State"] = "Closed"
    found = _defects(project, "--pull-only")[1]
    assert found["design_queries"]["DH-DQ-0001"]["state"] == "Closed"
    assert found["done"][0]["said"].endswith("-> Closed; status here: raised")
    assert read_registers(registers).design_queries[0].status == "raised"


def test_another_type_of_work_item_is_a_setting(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has a type of its own for questions gets it."""
    own = project.folder / "settings.yaml"
    own.write_text("exchange.design_query_type: Question\n")
    monkeypatch.setenv("DIP_SETTINGS", str(own))
    (_project(project).folder / "registers" / "defects.yaml").write_text(DEFECTS + QUERIES)
    assert _defects(project)[0] == 0
    assert len(_bugs(project, "Question")) == 1
