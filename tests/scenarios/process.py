"""A process over several messages and days, as data that each test changes: a change of metering service."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from harness.scenarios.catalogue import read_variants
from harness.scenarios.expand import cases_of
from harness.scenarios.model import Case
from harness.spec.release import load
from harness.spec.routing import load_routing

RELEASE = "2.1.0"
SEND: dict[str, Any] = {
    "send": {
        "to": ["registration"],
        "set": {
            "B070.appointmentScenario": "CSP",
            "B070.proposedMeteringServiceDIPID": "{incoming.dip_id}",
            "B070.proposedMeteringServiceMPID": "{incoming.mpid}",
            "B070.proposedMeteringServiceDIPEffectiveFromDate": "{effective}",
        },
    }
}
ASKED: list[dict[str, Any]] = [
    SEND,
    {"expect_status": {"http": ["201"], "codes": ["MSG0000"]}},
    {"receive": {"by": ["registration"]}},
    {"receive": {"by": ["sender"], "interface": "IF-032", "event": "MSAppInitialResp"}},
    {"receive": {"by": ["incoming"], "interface": "IF-033", "event": "MSAppSPRequest"}},
    {"receive": {"by": ["registration"], "interface": "IF-034", "event": "MSAppSPResponse"}},
    {"receive": {"by": ["sender", "incoming"], "interface": "IF-035", "event": "MSAppAccepted"}},
    {"receive": {"by": ["incumbent"], "interface": "IF-035", "event": "IMS-SendMTD"}},
    {"expect_none": {}},
]
ACTIVE: list[dict[str, Any]] = [
    {"advance": {"to": "effective"}},
    {"receive": {"by": ["incoming"], "interface": "IF-036", "event": "MSAppActive"}},
    {"receive": {"by": ["incumbent"], "interface": "IF-037", "event": "MSDeApp"}},
]
PROCESS: dict[str, Any] = {
    "scenario": "DHF-TEST",
    "title": "A change of metering service",
    "stage": "sit-functional",
    "area": "metering-service-appointment",
    "polarity": "positive",
    "requirements": ["DH-APP-001"],
    "segments": ["smart"],
    "case": {"interface": "IF-031", "event": "MSApp", "role": "SUP"},
    "given": {
        "parties": {
            "sender": "SUP",
            "registration": "REGS",
            "incumbent": "MSS",
            "incoming": "MSS#2",
            "data": "SDS",
        },
        "points": {
            "point": {
                "register": "registration",
                "segment": "smart",
                "regime": "mhhs",
                "supplier": "sender",
                "metering_service": "incumbent",
                "data_service": "data",
            }
        },
        "behaviours": {"incoming": {"name": "appoint", "response": "SP000"}},
    },
    "steps": [*ASKED, *ACTIVE],
}


def process(*steps: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Return the process with other steps, and with more that is given."""
    content = copy.deepcopy(PROCESS)
    content["given"] |= given
    if steps:
        content["steps"] = list(steps)
    return content


def case_of(content: dict[str, Any], tmp: Path, *, seed: int = 1) -> Case:
    """Write a scenario to a file and return its first case."""
    path = tmp / "scenario.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    scenario = read_variants(path)[0]
    return cases_of(scenario, load(RELEASE), load_routing(), {}, seed)[0]
