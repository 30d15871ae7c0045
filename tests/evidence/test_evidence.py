"""Event log, evidence store, verdicts and evidence class."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigurationError
from harness.evidence.events import KINDS, CheckMade, Event, InstanceFinished, RunFinished, from_dict
from harness.evidence.evidence_class import EvidenceClass, System, evidence_class
from harness.evidence.log import EventLog, merge, read_events
from harness.evidence.store import EvidenceStore
from harness.evidence.verdicts import Blame, BlameClass, ExecutionStatus, Outcome, Verdict, status_of


def _finished(case: str, verdict: str = "pass") -> InstanceFinished:
    return InstanceFinished(case=case, verdict=verdict, status="passed", reason="", blame=None, seconds=0.1)


def test_events_come_back_as_they_were_written(tmp_path: Path) -> None:
    """What was written is read again, numbered within its case and stamped."""
    with EventLog(tmp_path / "e.ndjson") as log:
        log.write(_finished("a@2.1.0"))
        log.write(_finished("b@2.1.0"))
        log.write(_finished("a@2.1.0"))
    read = list(read_events(tmp_path / "e.ndjson"))
    assert [(e.case, e.sequence) for e in read if isinstance(e, InstanceFinished)] == [
        ("a@2.1.0", 1),
        ("b@2.1.0", 1),
        ("a@2.1.0", 2),
    ]
    assert all(event.at.endswith("+00:00") for event in read)


def test_merging_orders_by_case_and_sequence_and_ends_with_the_run(tmp_path: Path) -> None:
    """The parts of several workers become one file in an order that no worker decides."""
    for worker, cases in (("gw1", ["b", "c"]), ("gw0", ["a"])):
        with EventLog(tmp_path / f"{worker}.ndjson") as log:
            for case in cases:
                log.write(_finished(case))
    with EventLog(tmp_path / "controller.ndjson") as log:
        log.write(RunFinished(evidence_class="rehearsal", evidence_class_reason="", seconds=1.0))
    merge([tmp_path / f"{name}.ndjson" for name in ("controller", "gw1", "gw0")], tmp_path / "events.ndjson")
    kinds = [
        event.case if isinstance(event, InstanceFinished) else event.kind
        for event in read_events(tmp_path / "events.ndjson")
    ]
    assert kinds == ["a", "b", "c", "run-finished"]


def test_a_cut_last_line_is_passed_over_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    """An interrupted run can be read; a changed file says which line."""
    path = tmp_path / "e.ndjson"
    with EventLog(path) as log:
        log.write(_finished("a"))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "instance-fin')
    assert len(list(read_events(path))) == 1
    path.write_bytes(whole + b'{"event": "no-such-event"}\n')
    with pytest.raises(ConfigurationError, match=r"line 2.*no-such-event"):
        list(read_events(path))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_event_kind_is_rebuilt_from_its_dictionary(kind: str) -> None:
    """No event kind is written that can't be read."""
    with pytest.raises(ValueError, match=kind):
        from_dict({"event": kind, "no_such_field": 1})


def test_an_unknown_field_is_refused() -> None:
    """A file of a later version does not pass silently."""
    event = CheckMade(
        case="a", title="t", passed=True, severity="error", expected="", actual="", rule=""
    ).as_dict()
    assert isinstance(from_dict(event), Event)
    with pytest.raises(ValueError, match="check-made"):
        from_dict({**event, "surprise": 1})


@given(st.binary(max_size=200))
def test_stored_bytes_come_back_by_their_hash(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """The store gives back the very bytes."""
    store = EvidenceStore(tmp_path_factory.getbasetemp() / "store")
    assert EvidenceStore(tmp_path_factory.getbasetemp() / "store").get(store.put(data)) == data


def test_changed_evidence_is_refused(tmp_path: Path) -> None:
    """Bytes that no longer match their hash are never shown as evidence."""
    store = EvidenceStore(tmp_path)
    digest = store.put(b"a message")
    (tmp_path / digest[:2] / digest).write_bytes(b"another message")
    with pytest.raises(ConfigurationError, match="no longer match"):
        store.get(digest)
    with pytest.raises(ConfigurationError, match="can't be read"):
        store.get("0" * 64)


def test_every_verdict_but_a_pass_says_whose_move_it_is() -> None:
    """A non-pass without blame can't be made."""
    assert Outcome(Verdict.PASS).blame is None
    for verdict in set(Verdict) - {Verdict.PASS}:
        with pytest.raises(ValueError, match="whose move"):
            Outcome(verdict, "because")


def test_a_failed_precondition_is_blocked_never_failed() -> None:
    """Execution status follows the verdict, but a precondition that failed blocks."""
    failed = Outcome(Verdict.FAIL, "because", Blame(BlameClass.ENVIRONMENT))
    assert status_of(failed) is ExecutionStatus.FAILED
    assert status_of(failed, precondition_failed=True) is ExecutionStatus.BLOCKED
    assert {status_of(Outcome(v, "r", Blame(BlameClass.HARNESS))) for v in Verdict} >= {
        ExecutionStatus.PASSED,
        ExecutionStatus.NOT_STARTED,
    }


@pytest.mark.parametrize(
    ("real", "simulated", "expected"),
    [
        ([], ["DIP", "A"], EvidenceClass.REHEARSAL),
        (["A"], ["DIP"], EvidenceClass.SELF_TEST),
        (["A", "B"], ["DIP"], EvidenceClass.PAIRED),
        (["DIP", "A"], [], EvidenceClass.INTEGRATED),
    ],
)
def test_evidence_class_follows_from_who_was_real(
    real: list[str], simulated: list[str], expected: EvidenceClass
) -> None:
    """The class is computed from the systems that took part and names them."""
    systems = [System(name, True) for name in real] + [System(name, False) for name in simulated]
    found, reason = evidence_class(systems)
    assert found is expected
    assert reason
