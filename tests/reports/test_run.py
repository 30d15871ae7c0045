"""The fold from events to a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_run import ExampleRun

from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import BlameClass, ExecutionStatus, Verdict
from harness.reports.run import UNFINISHED, Run, read_run


def test_every_verdict_is_counted(mixed: Run) -> None:
    """Totals hold all six verdicts, each with its cases."""
    assert mixed.totals == {
        Verdict.PASS: 3,
        Verdict.FAIL: 2,
        Verdict.INCONCLUSIVE: 1,
        Verdict.OMITTED: 1,
        Verdict.SKIPPED: 1,
        Verdict.ERROR: 1,
    }


def test_a_case_keeps_its_steps_in_order(example: ExampleRun) -> None:
    """A case holds what was sent, answered, judged and received in the order of the file."""
    example.exchange()
    instance = read_run(example.write()).instances[0]
    kinds = [step.kind for step in instance.steps]
    assert kinds[:4] == ["message-sent", "answer-received", "check-made", "publication-received"]
    assert instance.id == "cit-exchange/IF-031/MSApp/SUP"
    assert instance.case == f"{instance.id}@2.1.0"


def test_interleaved_cases_are_kept_apart(example: ExampleRun) -> None:
    """Events of two workers that lie mixed in the file end up in their own cases."""
    first = example.begin("a", "A", "IF-031", "MSApp", "SUP")
    second = example.begin("b", "B", "IF-031", "MSApp", "SUP")
    example.check(first, "one", True, "x", "x")
    example.check(second, "two", False, "x", "y")
    example.finish(second, "fail", "two", {"class": "participant", "party": "X"})
    example.finish(first, "pass")
    run = read_run(example.write())
    assert [(each.id[0], each.verdict, each.checks[0].title) for each in run.instances] == [
        ("a", Verdict.PASS, "one"),
        ("b", Verdict.FAIL, "two"),
    ]


def test_assumptions_are_counted_by_case(example: ExampleRun) -> None:
    """An assumption that two cases lean on, one of them twice, counts two."""
    case = example.begin("a", "A", "IF-031", "MSApp", "SUP")
    example.assume(case, ("limits.body_bytes", "10 MB", "assumed"))
    example.assume(case, ("limits.body_bytes", "10 MB", "assumed"))
    example.finish(case, "pass")
    other = example.begin("b", "B", "IF-031", "MSApp", "SUP")
    example.assume(other, ("limits.body_bytes", "10 MB", "assumed"))
    example.finish(other, "pass")
    run = read_run(example.write())
    assert [(each.name, each.cases) for each in run.assumptions] == [("limits.body_bytes", 2)]
    assert run.instances[0].assumptions == ("limits.body_bytes",)


def test_a_second_attempt_replaces_the_first(example: ExampleRun) -> None:
    """The last attempt's steps and verdict stand, and the first verdict stays visible."""
    for verdict in ("fail", "pass"):
        case = example.begin("a", "A", "IF-031", "MSApp", "SUP")
        example.check(case, "held", verdict == "pass", "x", "y")
        example.finish(case, verdict, "", {"class": "harness", "party": ""} if verdict == "fail" else None)
    (instance,) = read_run(example.write()).instances
    assert (instance.verdict, instance.first_verdict, instance.attempts) == (Verdict.PASS, Verdict.FAIL, 2)
    assert len(instance.checks) == 1


def test_a_case_without_end_is_inconclusive(example: ExampleRun) -> None:
    """What an interrupted run left open is in progress, and says so."""
    example.begin("a", "A", "IF-031", "MSApp", "SUP")
    run = read_run(example.write(ended=False))
    (instance,) = run.instances
    assert (instance.verdict, instance.status) == (Verdict.INCONCLUSIVE, ExecutionStatus.IN_PROGRESS)
    assert instance.reason == UNFINISHED
    assert instance.blame is not None
    assert instance.blame.cause is BlameClass.ENVIRONMENT
    assert run.interrupted


def test_a_run_without_end_claims_the_least(example: ExampleRun) -> None:
    """Without its end a run is a rehearsal, whatever it was going to be."""
    example.exchange()
    assert read_run(example.write(evidence_class="integrated")).evidence_class is EvidenceClass.INTEGRATED
    run = read_run(example.write(evidence_class="integrated", ended=False))
    assert run.evidence_class is EvidenceClass.REHEARSAL


def test_cases_that_never_began_are_counted(example: ExampleRun) -> None:
    """Selected less begun is what never started."""
    example.exchange()
    example.selected = 5
    assert read_run(example.write()).not_started == 4


def test_a_cut_last_line_is_passed_over_and_said(example: ExampleRun) -> None:
    """A run whose last line was cut off can be read, and knows that it was."""
    example.exchange()
    path = example.write() / "events.ndjson"
    assert not read_run(path.parent).truncated
    path.write_bytes(path.read_bytes()[:-25])
    run = read_run(path.parent)
    assert run.truncated
    assert run.interrupted
    assert len(run.instances) == 1


@pytest.mark.parametrize(
    "line",
    [b"not json", b'{"event": "no-such-kind"}', b'{"event": "instance-finished", "colour": 1}', b"[]"],
)
def test_a_damaged_line_is_named(example: ExampleRun, line: bytes) -> None:
    """An unknown or malformed event is a configuration error that names its line."""
    example.exchange()
    path = example.write() / "events.ndjson"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], line, *lines[1:]]) + b"\n")
    with pytest.raises(ConfigurationError, match="line 2"):
        read_run(path.parent)


def test_a_value_that_is_no_verdict_is_named(example: ExampleRun) -> None:
    """A verdict, status or blame class of another vocabulary is refused with its line."""
    case = example.begin("a", "A", "IF-031", "MSApp", "SUP")
    example.finish(case, "splendid")
    with pytest.raises(ConfigurationError, match=r"line 3.*splendid"):
        read_run(example.write())


def test_events_without_a_start_are_refused(example: ExampleRun) -> None:
    """A file that lost its first line is refused."""
    example.exchange()
    path = example.write() / "events.ndjson"
    path.write_bytes(b"\n".join(path.read_bytes().splitlines()[1:]) + b"\n")
    with pytest.raises(ConfigurationError, match="run-started"):
        read_run(path.parent)


def test_a_step_of_a_case_that_never_started_is_refused(example: ExampleRun) -> None:
    """A check of an unknown case is refused with the case's name."""
    example.check("ghost", "held", True, "x", "x")
    with pytest.raises(ConfigurationError, match="ghost"):
        read_run(example.write())


@pytest.mark.parametrize("content", [None, b"", b'{"event": "run-st'])
def test_a_folder_without_a_run_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A folder with no events, an empty file or a cut first line holds no run."""
    if content is not None:
        (tmp_path / "events.ndjson").write_bytes(content)
    with pytest.raises(ConfigurationError):
        read_run(tmp_path)


def test_a_party_is_named_by_its_dip_id(mixed: Run) -> None:
    """Blame that names a DIP id is shown with the party's name and role."""
    assert mixed.party_name("2300000001") == "Supplier A SUP (SUP 2300000001)"
    assert mixed.party_name("somebody") == "somebody"


def test_a_party_named_after_its_role_is_not_named_twice(example: ExampleRun) -> None:
    """A name that ends with the role keeps it once."""
    example.parties[0]["name"] = "Supplier A (SUP)"
    assert read_run(example.write()).party_name("2300000001") == "Supplier A (SUP 2300000001)"
