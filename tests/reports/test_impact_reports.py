"""Why a case was selected by what changed, on the page and in the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_run import ExampleRun

from harness.evidence.events import InstanceStarted, RunStarted
from harness.reports.impact import impact
from harness.reports.page import page
from harness.reports.repeat import command
from harness.reports.run import Run, read_run
from harness.reports.terminal import summary
from harness.scenarios.requirements import shipped

WIDE, NARROW, ELSEWHERE, SHAPE = (
    "Every header changed.",
    "Block B070 changed.",
    "IF-051 is new.",
    "A shape came.",
)


@pytest.fixture
def selected(example: ExampleRun) -> Run:
    """A run of two cases that were selected by what changed since 2.0.1."""
    for event, reasons in (("MSApp", [WIDE, NARROW]), ("DSApp", [WIDE])):
        case = example.begin("CIT-X", "A send", "IF-031", event, "SUP")
        started = example.events[-1]
        assert isinstance(started, InstanceStarted)
        example.events[-1] = replace(started, touched_by=reasons)
        example.finish(case, "pass", "", None)
    run = read_run(example.write())
    told = [
        {
            "since": "2.0.1", "release": "2.1.0", "interfaces": interfaces, "tied": bool(interfaces),
            "summary": summary,
        }
        for summary, interfaces in (
            (WIDE, ["IF-031", "IF-036"]), (NARROW, ["IF-031"]), (ELSEWHERE, ["IF-051"]), (SHAPE, []),
        )
    ]  # fmt: skip
    header = replace(run.header, changes=told, options={**run.header.options, "changed_since": "2.0.1"})
    return replace(run, header=header)


def test_each_change_says_how_many_cases_it_touches(selected: Run) -> None:
    """Changes are tested, of interfaces that nothing here uses, or tied to no interface."""
    found = impact(selected)
    assert [(row.summary, row.cases) for row in found.tested] == [(NARROW, 1), (WIDE, 2)]
    assert [row.summary for row in found.without_case] == [ELSEWHERE]
    assert [row.summary for row in found.untied] == [SHAPE]
    assert [row.number for row in found.reasons(selected.instances[0])] == [2, 1]


def test_the_page_has_the_changes_and_the_reason_beside_each_case(selected: Run) -> None:
    """The narrowest reason stands in words beside the case, the others lead to the table."""
    text = " ".join(page(selected, shipped()).split())
    assert "Selected by what changed since 2.0.1" in text
    assert 'Selected because: Block B070 changed. Also change <a href="#change-1">1</a>' in text
    assert "Selected because: Every header changed.</span>" in text.replace(" </span>", "</span>")
    assert "Not tied to a scenario" in text
    assert 'id="change-4"' in text


def test_the_terminal_counts_cases_and_changes(selected: Run) -> None:
    """It names the changes that no scenario can touch, and the command repeats the selection."""
    lines = [str(part) for part in summary(selected).renderables]  # type: ignore[union-attr]
    assert "2 cases by 2 of 4 changes since 2.0.1; 1 touch what no case here uses" in lines
    assert lines[lines.index("1 are not tied to a scenario:") + 1] == f"  {SHAPE}"
    assert "--changed-since 2.0.1" in command(selected)


def test_a_run_that_was_not_selected_so_is_as_before(example: ExampleRun) -> None:
    """Events of earlier versions, without the new fields, are read; no report mentions changes."""
    case = example.begin("CIT-X", "A send", "IF-031", "MSApp", "SUP")
    example.finish(case, "pass", "", None)
    folder = example.write()
    events = folder / "events.ndjson"
    events.write_text(events.read_text().replace(',"touched_by":[]', "").replace(',"changes":[]', ""))
    assert "touched_by" not in events.read_text()
    run = read_run(folder)
    assert isinstance(run.header, RunStarted)
    assert impact(run).rows == ()
    assert "Selected b" not in page(run, shipped())
    assert not any("changes since" in str(part) for part in summary(run).renderables)  # type: ignore[union-attr]
