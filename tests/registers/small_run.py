"""Writes a small run whose cases pass, fail or are blocked, for tests of the registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.evidence.events import CheckMade, InstanceFinished, InstanceStarted, RunFinished, RunStarted
from harness.evidence.log import FILE, EventLog
from harness.reports.write import write_reports

HUB = {"class": "central-system", "party": "DIP"}


@dataclass(frozen=True)
class Ended:
    """How a case ended; ``key`` is empty for a pass."""

    verdict: str = "pass"
    key: str = ""
    blame: Mapping[str, str] | None = None
    interface: str = "IF-031"
    requirements: tuple[str, ...] = ("DH-RSP-001",)


PASS = Ended()


def failed(key: str = "status 201, got 400", blame: Mapping[str, str] = HUB, **more: object) -> Ended:
    """Return a failure."""
    return Ended("fail", key, blame, **more)  # type: ignore[arg-type]


def write_run(
    folder: Path,
    cases: Mapping[str, Ended],
    *,
    run: str = "20261102-090000-aaaaaa",
    day: str = "2026-11-02",
    evidence: str = "self-test",
    release: str = "2.1.0",
    reports: bool = False,
    builds: Mapping[str, str] | None = None,
) -> Path:
    """Write ``events.ndjson``, and reports where asked; returns the folder."""
    at = f"{day}T09:00:00.000+00:00"
    with EventLog(folder / FILE) as log:
        log.write(
            RunStarted(
                at=at,
                run=run,
                stage="cit",
                releases=[release],
                seed=1,
                target="embedded",
                environment="SIT",
                network=[],
                harness_version="0.1.0",
                catalogue="c" * 64,
                options={},
                selected=len(cases),
                builds=dict(builds or {}),
            )
        )
        for name, ended in cases.items():
            _case(log, f"{name}/{ended.interface}/MSApp/SUP", ended, at, release)
        log.write(
            RunFinished(
                at=at, evidence_class=evidence, evidence_class_reason="as the test has it", seconds=1.0
            )
        )
    if reports:
        write_reports(folder)
    return folder


def _case(log: EventLog, case_id: str, ended: Ended, at: str, release: str) -> None:
    case = f"{case_id}@{release}"
    blame = dict(ended.blame) if ended.blame else None
    log.write(
        InstanceStarted(
            at=at,
            case=case,
            case_id=case_id,
            scenario=case_id.split("/")[0],
            title="A supplier appoints a metering service",
            release=release,
            stage="cit",
            area="appointment",
            polarity="positive",
            interface=ended.interface,
            event_code="MSApp",
            role="SUP",
            parties=["2300000001"],
            requirements=list(ended.requirements),
            external_ids={},
            seed=7,
            instance="x",
        )
    )
    log.write(
        CheckMade(
            at=at,
            case=case,
            title="The send is accepted",
            passed=ended.verdict == "pass",
            severity="error",
            expected="201 MSG0000",
            actual="201 MSG0000" if ended.verdict == "pass" else "400 MSG1001",
            rule="DIP API 2.1.0",
            blame=blame,
            key=ended.key,
        )
    )
    status = {"pass": "passed", "fail": "failed", "skipped": "blocked", "inconclusive": "in progress"}
    log.write(
        InstanceFinished(
            at=at,
            case=case,
            verdict=ended.verdict,
            status=status[ended.verdict],
            reason="" if ended.verdict == "pass" else f"{ended.key} happened",
            blame=blame,
            seconds=0.1,
        )
    )
