"""A run over several releases says what breaks from one to the next, by whom it concerns and why."""

from __future__ import annotations

from dataclasses import replace

from example_run import ExampleRun
from rich.console import Console

from harness.evidence.events import InstanceStarted
from harness.reports.page import page
from harness.reports.release_matrix import comparisons
from harness.reports.results import results
from harness.reports.run import Run, read_run
from harness.reports.terminal import summary
from harness.scenarios.requirements import shipped
from harness.spec.diff import diff
from harness.spec.notes import notes, reasons
from harness.spec.release import load

BLAME = {"class": "participant", "party": "Supplier A"}
REFUSED = "answered 400 with MSG1001"


def over(example: ExampleRun, endings: dict[str, dict[str, str]]) -> Run:
    """Write a run in which each case (scenario, interface, event) ends per release as given."""
    example.releases = ["2.2.1", "2.1.0"]
    for case, verdicts in endings.items():
        scenario, interface, event = case.split("/")
        for release, verdict in verdicts.items():
            example.begin(scenario, f"What {scenario} does", interface, event, "SUP")
            started = example.events.pop()
            assert isinstance(started, InstanceStarted)
            key = f"{started.case_id}@{release}"
            example.events.append(replace(started, case=key, release=release))
            passed = verdict == "pass"
            example.finish(key, verdict, "" if passed else REFUSED, None if passed else BLAME)
    return read_run(example.write())


ENDINGS = {
    "DH-REF/IF-031/MSApp": {"2.1.0": "pass", "2.2.1": "fail"},
    "DH-SAME/IF-031/DSApp": {"2.1.0": "pass", "2.2.1": "pass"},
    "DH-BAD/IF-031/DSApp": {"2.1.0": "fail", "2.2.1": "fail"},
    "DH-MENDED/IF-002/GainMPANInfo": {"2.1.0": "fail", "2.2.1": "pass"},
    "DH-GONE/IF-020/RelatedAdd": {"2.1.0": "pass"},
    "DH-NEW/IF-051/EESRefresh": {"2.1.0": "omitted", "2.2.1": "pass"},
}


def test_what_breaks_is_told_from_what_is_mended_went_and_came(example: ExampleRun) -> None:
    """Releases are compared in their own order; a case that fails in both has not moved."""
    (found,) = comparisons(over(example, ENDINGS))
    assert (found.old, found.new) == ("2.1.0", "2.2.1")
    named = {
        kind: [moved.case.started.scenario for moved in listed]
        for kind, listed in (
            ("breaks", found.breaks),
            ("mended", found.mended),
            ("gone", found.gone),
            ("new", found.new_cases),
        )
    }
    assert named == {"breaks": ["DH-REF"], "mended": ["DH-MENDED"], "gone": ["DH-GONE"], "new": ["DH-NEW"]}
    assert found.alike == 2
    assert found.alike + sum(map(len, named.values())) == len(ENDINGS)


def test_the_changes_that_reach_a_case_stand_beside_it(example: ExampleRun) -> None:
    """IF-031 is reached by the new pattern of the reference, and not by what changed in IF-020 alone."""
    (found,) = comparisons(over(example, ENDINGS))
    summaries = [cause.summary for cause in found.breaks[0].causes]
    assert any("senderUniqueReference (DI-995) in block S1" in each for each in summaries)
    assert not any("IF-020-RelatedCreate" in each for each in summaries)
    assert "DI-995" in found.by_item()
    assert found.by_interface() == {"IF-031": 1}


def test_programs_people_and_the_page_hear_the_same(example: ExampleRun) -> None:
    """results.json, the terminal and the page name the case that breaks, its reason and whose move it is."""
    run = over(example, ENDINGS)
    (told,) = results(run)["comparisons"]
    assert [each["id"] for each in told["breaks"]] == ["DH-REF/IF-031/MSApp/SUP"]
    assert (told["breaks"][0]["reason"], told["breaks"][0]["blame"]) == (REFUSED, BLAME)
    console = Console(width=200, force_terminal=False)
    with console.capture() as shown:
        console.print(summary(run))
    assert "2.1.0 to 2.2.1: breaks 1" in shown.get()
    html = page(run, shipped())
    assert 'id="releases"' in html
    assert html.count("DH-REF/IF-031/MSApp/SUP") >= 2


def test_a_run_over_one_release_compares_nothing(example: ExampleRun) -> None:
    """Nothing of a comparison stands where there is one release."""
    example.begin("DH-ONE", "One", "IF-031", "MSApp", "SUP")
    run = read_run(example.write())
    assert comparisons(run) == ()
    assert "comparisons" not in results(run)


def test_a_published_reason_stands_with_the_change_that_it_explains() -> None:
    """The pattern of the reference came with 2.1.0 for a named reason; its change in 2.2.1 has none."""
    changes = diff(load("2.0.1"), load("2.1.0"))
    to_first = {change.field: reasons(change, "2.0.1", "2.1.0") for change in changes}
    assert [note.reference for note in to_first["senderUniqueReference"]] == ["001/73818"]
    to_next = [reasons(change, "2.1.0", "2.2.1") for change in diff(load("2.1.0"), load("2.2.1"))]
    assert not any(to_next)
    everything = [reasons(change, "1.8.3", "2.2.1") for change in diff(load("1.8.3"), load("2.2.1"))]
    assert {note.reference for found in everything for note in found} == {note.reference for note in notes()}
