"""Whatever the event stream, every report of it says the same numbers, and none adds evidence classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree as Xml

import orjson
import pytest
from example_run import ExampleRun
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.calendars.book import calendars
from harness.evidence.events import InstanceFinished, InstanceStarted
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import Verdict
from harness.reports.ctrf import STATUS, ctrf
from harness.reports.junit import junit
from harness.reports.markdown import markdown
from harness.reports.page import page
from harness.reports.progress.model import progress
from harness.reports.results import results
from harness.reports.rttm import trace_matrix
from harness.reports.run import Run, read_run
from harness.reports.standing.merging import standing
from harness.reports.standing.model import totals
from harness.reports.workbook import workbook
from harness.scenarios.requirements import shipped

PAIRS = (("IF-031", "MSApp"), ("IF-002", "GainMPANInfo"), ("IF-021", "ActivePower"), ("IF-051", "EESRefresh"))
BLAME = {"class": "participant", "party": "Supplier A"}


@dataclass(frozen=True)
class Drawn:
    """A case that Hypothesis drew; ``endings`` has one verdict per attempt, None for one that never ended."""

    number: int
    pair: int
    release: str
    positive: bool
    endings: tuple[str | None, ...]


verdicts = st.sampled_from([each.value for each in Verdict])
cases = st.builds(
    Drawn,
    number=st.integers(0, 11),
    pair=st.integers(0, len(PAIRS) - 1),
    release=st.sampled_from(["2.1.0", "2.2.1"]),
    positive=st.booleans(),
    endings=st.lists(verdicts | st.none(), min_size=1, max_size=3).map(tuple),
)
streams = st.lists(cases, max_size=12, unique_by=lambda each: (each.number, each.pair, each.release))
kinds = st.sampled_from([each.value for each in EvidenceClass])
few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def written(folder: Path, stream: list[Drawn], *, kind: str, ended: bool = True, cut: bool = False) -> Run:
    """Write the stream as a run, the last line cut off where asked, and read it back."""
    example = ExampleRun(folder, releases=["2.1.0", "2.2.1"], selected=len(stream) + 1)
    for drawn in stream:
        interface, event = PAIRS[drawn.pair]
        for ending in drawn.endings:
            _attempt(example, drawn, interface, event, ending)
    example.write(evidence_class=kind, ended=ended)
    if cut:
        path = folder / "events.ndjson"
        path.write_bytes(path.read_bytes() + b'{"event": "check-made", "at": "2026')
    return read_run(folder)


def _attempt(example: ExampleRun, drawn: Drawn, interface: str, event: str, ending: str | None) -> None:
    polarity = "positive" if drawn.positive else "negative"
    name = f"DH-{drawn.number}"
    requirements = ("DH-RSP-001", f"DH-{interface}")
    case = example.begin(
        name, f"<b>{name}</b> & more", interface, event, "SUP",
        release=drawn.release, polarity=polarity, requirements=requirements,
    )  # fmt: skip
    example.send(case, interface, event)
    example.publish(case, interface, event, "REGS")
    passed = ending == "pass"
    example.check(case, "It holds", passed, "yes", "yes" if passed else "no", blame=BLAME, key="k")
    if ending is not None:
        example.finish(case, ending, "" if passed else "it does not hold", None if passed else BLAME)


def told_by_each(run: Run) -> Mapping[str, Counter[str]]:
    """Return the number of cases by verdict, as each report has it."""
    matrix = trace_matrix(run, shipped())
    document = ctrf(run)["results"]
    html = page(run, shipped())
    tally = re.search(r'<ul class="tally".*?</ul>', html, re.DOTALL)
    assert tally is not None
    shown = re.findall(r"<span[^>]*>([\d,]+)</span> (\w+)</li>", tally[0])
    told = results(run)
    return {
        "results, totals": Counter(told["totals"]),
        "results, cases": Counter(each["verdict"] for each in told["scenarios"]),
        "ctrf, cases": Counter(each["rawStatus"] for each in document["tests"]),
        "page, tally": Counter({name: int(count.replace(",", "")) for count, name in shown}),
        "page, cases": Counter(re.findall(r'<tr data-v="(\w+)"', html)),
        "rttm, tests": Counter(row["final_result"] for row in matrix.sheet("Tests").rows),
    }


@few
@given(stream=streams, kind=kinds, ended=st.booleans(), cut=st.booleans())
def test_every_report_of_a_run_counts_alike(stream: list[Drawn], kind: str, ended: bool, cut: bool) -> None:
    """Results, CTRF, trace matrix and page have the same number of cases of each verdict, one per case."""
    with TemporaryDirectory() as name:
        run = written(Path(name), stream, kind=kind, ended=ended, cut=cut)
        told = {source: +counted for source, counted in told_by_each(run).items()}
        assert len({frozenset(counted.items()) for counted in told.values()}) == 1, told
        assert sum(told["results, totals"].values()) == len(stream)
        wanted = Counter(_ending(each) for each in stream)
        assert {
            name: count for name, count in told["results, totals"].items() if name in ("pass", "fail")
        } == {name: count for name, count in wanted.items() if name in ("pass", "fail")}


def _ending(drawn: Drawn) -> str:
    """Return the verdict that counts: that of the last attempt, if it ended."""
    return drawn.endings[-1] or "none"


@few
@given(stream=streams, kind=kinds, ended=st.booleans())
def test_what_other_programs_read_adds_up_to_the_same(stream: list[Drawn], kind: str, ended: bool) -> None:
    """JUnit's and CTRF's own words, per suite and in sum, are the verdicts' counts."""
    with TemporaryDirectory() as name:
        run = written(Path(name), stream, kind=kind, ended=ended)
        told = results(run)["totals"]
        root = Xml.fromstring(junit(run))
        words = {
            "tests": sum(told.values()),
            "failures": told["fail"] + told["inconclusive"],
            "errors": told["error"],
            "skipped": told["omitted"] + told["skipped"],
        }
        assert {word: int(root.get(word, "")) for word in words} == words
        for word in words:
            assert sum(int(suite.get(word, "")) for suite in root) == words[word]
        summary: dict[str, Any] = ctrf(run)["results"]["summary"]
        by_word = Counter({STATUS[Verdict(name)]: 0 for name in told})
        for verdict, count in told.items():
            by_word[STATUS[Verdict(verdict)]] += count
        assert {word: summary[word] for word in by_word} == dict(by_word)
        assert summary["tests"] == sum(told.values())


@few
@given(stream=streams, kind=kinds)
def test_the_matrix_and_its_workbook_have_one_summary(stream: list[Drawn], kind: str) -> None:
    """Each figure of the summary is what counting the rows of its sheet gives."""
    with TemporaryDirectory() as name:
        matrix = trace_matrix(written(Path(name), stream, kind=kind), shipped())
        for figure in matrix.figures:
            rows = matrix.sheet(figure.sheet).rows
            fitting = [
                row
                for row in rows
                if all(str(row.get(key, "")) == want for key, want in figure.where.items())
            ]
            assert figure.value == len(fitting), figure
        assert workbook(matrix)[:2] == b"PK"


@few
@given(runs=st.lists(st.tuples(streams, kinds, st.booleans()), min_size=1, max_size=4))
def test_no_total_adds_evidence_classes(runs: list[tuple[list[Drawn], str, bool]]) -> None:
    """Over several runs each class has its own counts; one case in two classes counts once in each."""
    with TemporaryDirectory() as name:
        read = []
        for number, (stream, kind, ended) in enumerate(runs):
            folder = Path(name, str(number))
            folder.mkdir()
            run = written(folder, stream, kind=kind, ended=ended)
            header = replace(run.header, run=f"run-{number}", at=f"2026-11-0{number + 3}T09:30:00.000+00:00")
            read.append(replace(run, header=header))
        found = standing(read)
        wanted: dict[EvidenceClass, set[str]] = {}
        for run in read:
            for instance in run.instances:
                wanted.setdefault(run.evidence_class, set()).add(instance.case)
        assert {kind: counts.tests for kind, counts in found.totals.items() if counts.tests} == {
            kind: len(names) for kind, names in wanted.items()
        }
        for counts in found.totals.values():
            assert sum(counts.verdicts.values()) == sum(counts.statuses.values()) == counts.tests
        if len(wanted) > 1:
            with pytest.raises(ValueError, match="never added"):
                totals(found.tests)
        calendar = calendars().working_days()
        told = progress(read, None, None, calendar=calendar, as_of=date(2026, 11, 20)).as_dict()
        assert {each["evidence_class"]: each["totals"] for each in told["classes"]} == {
            kind.value: counts.as_dict() for kind, counts in found.totals.items()
        }
        assert orjson.loads(orjson.dumps(told)) == told
        text = markdown(found)
        for kind in wanted:
            assert kind.value in text


def test_events_of_the_stream_are_those_that_reports_read(tmp_path: Path) -> None:
    """Cases that never end and cases with several attempts are really read as such."""
    stream = [
        Drawn(1, 0, "2.1.0", True, ("fail", "pass")),
        Drawn(2, 1, "2.1.0", True, (None,)),
    ]
    run = written(tmp_path, stream, kind="self-test")
    kinds_of = Counter(type(step).__name__ for each in run.instances for step in each.steps)
    assert [each.attempts for each in run.instances] == [2, 1]
    assert kinds_of["MessageSent"] >= 2
    assert {InstanceStarted.kind, InstanceFinished.kind} == {"instance-started", "instance-finished"}
