"""Runs, plan, packs and title block for the tests of the completion report."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result
from example_run import PARTIES, ExampleRun

from harness.cli import dip
from harness.commands.evidence import derived
from harness.errors import HarnessError
from harness.evidence.log import FILE
from harness.evidence.pack.sealing import seal
from harness.reports.write import write_reports

PLAN = """\
plan: one
title: A plan
kind: plan
stages:
  - {stage: cit, title: Component integration testing, per: cohort, environment: CIT}
environments: [{environment: CIT, title: CIT}]
criteria:
  - {criterion: in, stage: cit, at: entry, text: Data is loaded, basis: assumed,
     manual: {owner: SI, met: true, evidence: [LOAD-1]}}
  - {criterion: passed, stage: cit, at: exit, text: Every case passed, basis: assumed,
     automatic: {measure: passed-share, at_least: 100%, evidence: self-test, owner: SI}}
  - {criterion: report, stage: cit, at: exit, text: The draft was approved, basis: assumed,
     manual: {owner: SI, met: true, evidence: [MIN-7]}}
"""
TITLE_BLOCK = """\
title_block: 1
owners: {lessons: Jo Bloggs}
document: {id: CR-1, version: "1.0", date: 2026-11-20}
decision: {asked_for: Stage exit, forum: SITAG, date: 2026-12-01}
authors: [{name: A. Writer, organisation: Supplier A}]
outages: []
simulated_parties:
  - {party: Registration A, why: it joins later}
  - {party: DIP, why: its test environment was not open}
"""
OPTIONS = ("--plan", "plan.yaml", "--stage", "cit", "--as-of", "2026-11-20")


def run_folder(
    folder: Path, *, passes: bool = True, kind: str = "self-test", name: str = "", ended: bool = True
) -> Path:
    """Write a run in which Supplier A's system was real: two exchanges, one refusal; returns its folder."""
    folder.mkdir(parents=True)
    example = ExampleRun(folder, parties=[dict(party) for party in PARTIES])
    if kind != "rehearsal":
        example.parties[0]["real"] = "yes"
    if kind == "paired":
        example.parties[2]["real"] = "yes"
    example.exchange()
    example.exchange("IF-032", "MSAppInitialResp", sender="REGS", receiver="SUP")
    example.refusal(passes=passes)
    example.write(evidence_class=kind, ended=ended)
    _named(folder, name or folder.name, kind)
    write_reports(folder)
    return folder


def _named(folder: Path, name: str, kind: str) -> None:
    """Give a run its own name, and the reason that its class really has."""
    reasons = {
        "self-test": "one real system: Supplier A",
        "paired": "2 real systems: Registration A, Supplier A; 2 simulated",
    }
    text = (folder / FILE).read_text(encoding="utf-8").replace("2026-11-03-0930-cit", name)
    if kind in reasons:
        text = text.replace("all 14 systems are simulated, the DIP included", reasons[kind])
    (folder / FILE).write_text(text, encoding="utf-8")


def sealed(folder: Path) -> Path:
    """Seal a run; returns the pack."""
    pack = folder.with_name(f"{folder.name}.evidence.zip")
    seal(folder, pack, derive=derived)
    return pack


def invoke(*arguments: object) -> Result:
    """Call ``dip report`` in this process; errors end as they do on the command line."""
    result = CliRunner().invoke(dip, ["report", *map(str, arguments)])
    if isinstance(result.exception, HarnessError):
        result.exit_code = result.exception.exit_code
    return result


def said(result: Result) -> str:
    """Return what the user reads."""
    return result.output + (str(result.exception) if isinstance(result.exception, HarnessError) else "")
