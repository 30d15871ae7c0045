"""Makes submissions from runs that are written for the purpose, for tests of the trace matrix."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from example_run import PARTIES, REGISTRATION, SUPPLIER, ExampleRun

from harness.evidence.evidence_class import EvidenceClass
from harness.registers.model import Registers
from harness.registers.reading import shipped_severities
from harness.reports.run import Run, read_run
from harness.reports.standing.merging import standing
from harness.reports.submission.given import Given, Point
from harness.reports.submission.matrix import Submission, submission_matrix
from harness.reports.submission.part import parts_of
from harness.reports.submission.planned import Catalogue, Planned
from harness.reports.submission.previous import Previous
from harness.reports.submission.subject import Subject
from harness.scenarios.model import Case, OneCase, Scenario
from harness.scenarios.model import Given as ScenarioGiven
from harness.scenarios.requirements import Register, read_register
from harness.stages.plan.building import plan as build_plan
from harness.stages.plan.model import Plan

DAY = date(2026, 12, 1)
SUPPLIER_A = Subject("Supplier A", "SUP", "SUPA", SUPPLIER, "")
HASH = "a" * 64
SOURCES = "sources:\n  api: {title: The API, publisher: P, address: '', note: N}\n"


def register(folder: Path, *entries: str) -> Register:
    """Return a register of requirements ``DH-T-...``; each entry adds to or changes the usual fields."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [SOURCES, "requirements:"]
    for number, entry in enumerate(entries, start=1):
        usual: dict[str, str] = {
            "id": f"DH-TT-{number:03}",
            "title": "A requirement",
            "text": f"The text of number {number}.",
            "type": "F",
            "source": "api",
            "clause": "c",
            "roles": "[SUP]",
            "basis": "published",
        }
        for part in filter(None, entry.split("|")):
            name, _, value = part.partition("=")
            usual[name.strip()] = value.strip()
        lines.append("  - " + "\n    ".join(f"{name}: {value}" for name, value in usual.items()))
    path = folder / "register.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_register(path)


def planned(scenario: str, *requirements: str, digest: str = HASH, segments: tuple[str, ...] = ()) -> Planned:
    """Return a planned test in which SUP sends IF-031 [MSApp] and REGS receives it."""
    made = Scenario(
        id=scenario,
        title=scenario,
        stage="cit",
        area="exchange",
        polarity="positive",
        why="",
        requirements=requirements,
        external_ids={},
        releases=(),
        segments=segments,
        matrix=None,
        case=OneCase("IF-031", "MSApp", "SUP"),
        given=ScenarioGiven(),
        steps=(),
        last_steps=(),
        file=Path("x.yaml"),
        digest=digest,
    )
    return Planned(Case(made, "2.1.0", "IF-031", "MSApp", "SUP", 1), frozenset({"SUP"}), frozenset({"REGS"}))


@dataclass
class Desk:
    """A supplier's submission in the making: runs, and what they are held against."""

    folder: Path
    register: Register
    tests: tuple[Planned, ...] = ()
    runs: list[Run] = field(default_factory=list)
    registers: Registers = field(
        default_factory=lambda: Registers(folder=None, severities=shipped_severities())
    )
    plan: Plan | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    subject: Subject = SUPPLIER_A
    least: EvidenceClass = EvidenceClass.SELF_TEST
    release: str = "2.1.0"
    stage: str = "cit"
    digests: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def run(
        self,
        results: Mapping[str, tuple[str, Sequence[str]]],
        *,
        evidence: str = "self-test",
        real: bool = True,
        day: int = 3,
        asked: Register | None = None,
        build: str = "",
        release: str = "2.1.0",
        scenario_hash: str = HASH,
        polarity: str = "positive",
        segments: Sequence[str] = (),
    ) -> str:
        """Add a run: scenario to verdict and requirements that it cites; returns its id."""
        name = f"run-{len(self.runs) + 1}"
        parties = [
            {**party, "real": "yes" if real and party["dip_id"] == SUPPLIER else "no"} for party in PARTIES
        ]
        writing = ExampleRun(self.folder / name, parties=parties, releases=[release])
        for scenario, (verdict, requirements) in results.items():
            case = writing.begin(
                scenario, scenario, "IF-031", "MSApp", "SUP", requirements=tuple(requirements),
                release=release, polarity=polarity,
            )  # fmt: skip
            writing.events[-1] = dataclasses.replace(
                writing.events[-1],
                scenario_hash=scenario_hash,
                segments=list(segments),  # type: ignore[call-arg]
            )
            writing.send(case, "IF-031", "MSApp")
            writing.publish(case, "IF-031", "MSApp", "REGS", party=REGISTRATION)
            blame = {"class": "participant", "party": SUPPLIER} if verdict != "pass" else None
            status = {"skipped": "blocked"}.get(verdict, "")
            writing.finish(
                case, verdict, "" if verdict == "pass" else "it does not hold", blame, status=status
            )
        read = read_run(writing.write(evidence_class=evidence))
        at = f"2026-11-{day:02}T09:30:00.000+00:00"
        header = dataclasses.replace(
            read.header, run=name, at=at, register=(asked or self.register).asked(),
            builds={"Supplier A SUP": build} if build else {},
        )  # fmt: skip
        self.runs.append(dataclasses.replace(read, header=header))
        return name

    def given(self, **changed: Any) -> Given:
        """Return what the submission is made from."""
        point = Point(self.stage, "sit-exit", changed.pop("version", 1), DAY, self.least, "the test says so")
        made = Given(
            subject=self.subject,
            point=point,
            standing=standing(self.runs, self.registers, self.plan, as_of=DAY),
            register=self.register,
            baseline=self.register,
            catalogue=Catalogue(self.release, self.tests, self.digests),
            parts=parts_of(self.runs),
            plan=self.plan,
            registers=self.registers,
            facts=self.facts,
            packs={},
        )
        return dataclasses.replace(made, **changed)

    def matrix(self, previous: Previous | None = None, **changed: Any) -> Submission:
        """Return the submission."""
        return submission_matrix(self.given(**changed), previous)


def row_of(matrix: Submission, requirement: str) -> Mapping[str, Any]:
    """Return the row of a requirement."""
    return next(each for each in matrix.sheet("Requirements").rows if each["our_id"] == requirement)


def plan_with(**parts: object) -> Plan:
    """Return a plan with a CIT exit criterion and what else is given."""
    criterion = {
        "criterion": "passed", "stage": "cit", "at": "exit", "text": "All passed", "basis": "ours",
        "automatic": {"measure": "open-failures", "at_most": "0", "evidence": "self-test"},
    }  # fmt: skip
    data = {
        "plan": "p", "title": "P", "kind": "plan", "criteria": [criterion], **parts,
        "stages": [{"stage": "cit", "title": "CIT", "per": "party"}],
    }  # fmt: skip
    return build_plan(data, "plan.yaml")
