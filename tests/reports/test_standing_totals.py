"""Whatever the runs were: every figure of a cycle agrees with every other, and none adds evidence classes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.calendars.book import calendars
from harness.evidence.events import Event, InstanceFinished, InstanceStarted, RunFinished, RunStarted
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import Blame, BlameClass, ExecutionStatus, Outcome, Verdict, status_of
from harness.reports.completion.document import Table
from harness.reports.progress.files import sheet_of_tests
from harness.reports.progress.model import progress
from harness.reports.progress.wording import document
from harness.reports.run import Run, fold
from harness.reports.standing.merging import standing
from harness.reports.standing.model import LEFT_OUT, Facet

CALENDAR = calendars().working_days()
BLAME = Blame(BlameClass.PARTICIPANT, "2300000001")
CASES = ("A", "B", "C", "D")

a_run = st.tuples(
    st.sampled_from(EvidenceClass),
    st.booleans(),
    st.dictionaries(st.sampled_from(CASES), st.sampled_from(Verdict), max_size=len(CASES)),
)


def events(number: int, kind: EvidenceClass, verdicts: dict[str, Verdict], *, ended: bool) -> Iterator[Event]:
    """Yield the events of a run on a day of its own."""
    day = f"2026-11-{number + 1:02}T10:00:00.000+00:00"
    yield RunStarted(
        at=day, run=f"run-{number}", stage="cit", releases=["2.1.0"], seed=1, target="t", environment="SIT",
        network=[], harness_version="0", catalogue="c", options={}, selected=len(CASES),
    )  # fmt: skip
    for case, verdict in verdicts.items():
        yield InstanceStarted(
            at=day, case=f"{case}@2.1.0", case_id=case, scenario=case, title=case, release="2.1.0",
            stage="cit", area=f"area of {case}", polarity="positive", interface=f"IF-{ord(case)}",
            event_code="E", role="SUP", parties=["2300000001"], requirements=[], external_ids={},
            seed=1, instance="i",
        )  # fmt: skip
        passed = verdict is Verdict.PASS
        outcome = Outcome(verdict, "" if passed else "why", None if passed else BLAME)
        yield InstanceFinished(
            at=day, case=f"{case}@2.1.0", verdict=verdict.value, status=status_of(outcome).value,
            reason=outcome.reason, seconds=0.1,
            blame=None if passed else {"class": BLAME.cause.value, "party": BLAME.party},
        )  # fmt: skip
    if ended:
        yield RunFinished(at=day, evidence_class=kind.value, evidence_class_reason="so", seconds=1.0)


def runs_of(drawn: list[tuple[EvidenceClass, bool, dict[str, Verdict]]]) -> list[Run]:
    """Fold the runs that were drawn."""
    return [
        fold(events(number, kind, verdicts, ended=ended), folder=Path(f"run-{number}"), where="here")
        for number, (kind, ended, verdicts) in enumerate(drawn)
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(a_run, max_size=5))
def test_every_figure_agrees_and_no_class_is_added(
    drawn: list[tuple[EvidenceClass, bool, dict[str, Verdict]]],
) -> None:
    """The last results, counted by hand, are those of totals, groups, JSON, page, sheet and burn-up."""
    runs = runs_of(drawn)
    last: dict[tuple[EvidenceClass, str], Verdict] = {}
    for kind, ended, verdicts in drawn:
        for case, verdict in verdicts.items():
            place = (kind if ended else EvidenceClass.REHEARSAL, case)
            if verdict not in LEFT_OUT or last.get(place, verdict) in LEFT_OUT:
                last[place] = verdict
    found = standing(reversed(runs))
    assert {(test.evidence, test.id): test.verdict for test in found.tests} == last

    whole = progress(runs, None, None, calendar=CALENDAR, as_of=date(2026, 11, 30))
    data = json.loads(json.dumps(whole.as_dict()))
    assert [each["evidence_class"] for each in data["classes"]] == [kind.value for kind in found.classes]
    for each, told in zip(whole.classes, data["classes"], strict=True):
        of_class = [verdict for (kind, _), verdict in last.items() if kind is each.evidence]
        counts = found.totals[each.evidence]
        assert counts.tests == len(of_class) == sum(counts.statuses.values())
        for verdict in Verdict:
            assert counts.verdicts[verdict] == told["totals"]["verdicts"][verdict.value]
            assert counts.verdicts[verdict] == of_class.count(verdict)
        for facet in (Facet.AREA, Facet.INTERFACE, Facet.ROLE):
            assert sum(group.tests for group in found.by(facet, each.evidence).values()) == counts.tests
        assert (each.now.passed, each.now.run) == (of_class.count(Verdict.PASS), counts.played)
        assert each.counts is (each.evidence is not EvidenceClass.REHEARSAL)
        assert each.rag is None
    shown = {
        str(row[0]): row[3]
        for block in document(whole).sections[0].blocks
        if isinstance(block, Table)
        for row in block.rows
    }
    passed = {
        kind.value: counts.statuses[ExecutionStatus.PASSED]
        for kind, counts in found.totals.items()
        if kind is not EvidenceClass.REHEARSAL
    }
    assert shown == passed
    assert len(sheet_of_tests(found).rows) == len(last)
