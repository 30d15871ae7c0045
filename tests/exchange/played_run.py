"""A run of the small catalogue's scenarios, and their text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.evidence.events import InstanceFinished, InstanceStarted, RunFinished, RunStarted
from harness.evidence.log import FILE, EventLog

SCENARIO = """\
scenario: {key}
title: "{title}"
stage: cit
area: {area}
polarity: positive
why: Finds what it finds.
requirements: [DH-RSP-001]
case: {{interface: IF-031, event: MSApp, role: SUP}}
given:
  parties: {{sender: SUP, other: MSS}}
steps:
  - send: {{}}
  - expect_status: {{http: ["201"], codes: [MSG0000]}}
  - receive: {{by: [other]}}
  - advance: {{hours: 1}}
  - expect_none: {{}}
"""
SUPPLIER, AGENT = ("2300000001", "Supplier A (SUP)"), ("2400000001", "Agent A (MSS)")
BLAME = {"class": "central-system", "party": "DIP"}


def play(folder: Path, verdicts: Mapping[str, str], *, run: str = "r1", day: str = "2026-11-02") -> Path:
    """Write the run of some scenarios with their verdicts; returns its folder."""
    at = f"{day}T09:00:00.000+00:00"
    with EventLog(folder / FILE) as log:
        log.write(
            RunStarted(
                at=at,
                run=run,
                stage="cit",
                releases=["2.1.0"],
                seed=1,
                target="embedded",
                environment="SIT",
                network=[
                    {
                        "organisation": name.split(" (")[0],
                        "name": name,
                        "dip_id": dip_id,
                        "role": "",
                        "real": "no",
                    }
                    for dip_id, name in (SUPPLIER, AGENT)
                ],
                harness_version="0.1.0",
                catalogue="c" * 64,
                options={},
                selected=len(verdicts),
            )
        )
        for key, verdict in verdicts.items():
            case = f"{key}/IF-031/MSApp/SUP"
            log.write(
                InstanceStarted(
                    at=at,
                    case=f"{case}@2.1.0",
                    case_id=case,
                    scenario=key,
                    title="A supplier appoints",
                    release="2.1.0",
                    stage="cit",
                    area="exchange",
                    polarity="positive",
                    interface="IF-031",
                    event_code="MSApp",
                    role="SUP",
                    parties=[SUPPLIER[0], AGENT[0]],
                    requirements=["DH-RSP-001"],
                    external_ids={},
                    seed=1,
                    instance="x",
                )
            )
            log.write(
                InstanceFinished(
                    at=at,
                    case=f"{case}@2.1.0",
                    verdict=verdict,
                    status={"pass": "passed", "fail": "failed"}.get(verdict, "not started"),
                    reason="" if verdict == "pass" else "expected 201, got 400",
                    blame=None if verdict == "pass" else BLAME,
                    seconds=0.1,
                )
            )
        log.write(
            RunFinished(
                at=at, evidence_class="rehearsal", evidence_class_reason="all are simulated", seconds=1.0
            )
        )
    return folder
