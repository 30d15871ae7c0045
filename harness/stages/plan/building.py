"""From the checked data of a plan file to the `Plan`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeVar

from harness.calendars.working_days import DEFAULT as DEFAULT_CALENDAR
from harness.evidence.evidence_class import EvidenceClass
from harness.stages.plan.model import (
    Artefact,
    Automatic,
    Criterion,
    Cycle,
    Exemption,
    Forum,
    Kind,
    Manual,
    Milestone,
    MinimumCohort,
    Observed,
    Pairing,
    Party,
    Per,
    Place,
    Plan,
    Point,
    Rag,
    Repeat,
    Scale,
    Stage,
    Track,
    When,
    WorkOff,
)

ANCHOR = "cit-start"
"""The artefact whose date anchors a track of the shipped template."""
GATE_SCALE = "gate"
_WHEN = re.compile(r"(at least |at most )?(\d+) (day|week|working day)s? (before|after) ([a-z0-9-]+)")
OF_RUNS = ("passed-share", "open-failures", "not-run", "open-runs", "requirements-passed")
"""Measures of runs: they need a bound and the least class of evidence that counts."""
_NAMED = ("milestones-reached", "stages-left", "environment-ready")

T = TypeVar("T")
Data = Mapping[str, Any]


def plan(data: Data, where: str) -> Plan:
    """Build a plan from checked data."""
    return Plan(
        name=data["plan"],
        title=data["title"],
        kind=Kind(data["kind"]),
        where=where,
        calendar=data.get("calendar", DEFAULT_CALENDAR),
        notes=tuple(data.get("notes", ())),
        roles=MappingProxyType(dict(data.get("roles", {}))),
        scales=_keyed(data, "scales", _scale),
        gate_scale=data.get("gate_scale", GATE_SCALE),
        forums=_keyed(data, "forums", _forum),
        stages=_keyed(data, "stages", _stage),
        environments={each["environment"]: each["title"] for each in data.get("environments", ())},
        places=tuple(_place(each) for each in data.get("places", ())),
        milestones=_keyed(data, "milestones", _milestone),
        artefacts=_keyed(data, "artefacts", _artefact),
        tracks=_keyed(data, "tracks", _track),
        parties=_keyed(data, "parties", _party),
        pairings=tuple(_pairing(each) for each in data.get("pairings", ())),
        cohort=_cohort(data["cohort"]) if "cohort" in data else None,
        cycles=_keyed(data, "cycles", _cycle),
        criteria=_keyed(data, "criteria", _criterion),
        work_off=tuple(_work_off(each) for each in data.get("work_off", ())),
        exemptions=tuple(_exemption(each) for each in data.get("exemptions", ())),
    )


def when(text: str) -> When:
    """Read a timing rule: ``at least 4 weeks after x``, ``5 working days before x``, ``same day as x``."""
    if text.startswith("same day as "):
        return When("on", 0, "days", False, text.removeprefix("same day as "), text)
    matched = _WHEN.fullmatch(text)
    if matched is None:
        raise ValueError(f"no timing rule: {text}")
    bound, amount, unit, way, of = matched.groups()
    return When((bound or "exactly").strip(), int(amount), f"{unit}s", way == "before", of, text)


def lacking(check: Automatic) -> str:
    """Say what a measure lacks in a plan file; empty when it is complete."""
    if check.measure in OF_RUNS:
        if (check.at_least is None) == (check.at_most is None):
            return "exactly one of 'at_least' and 'at_most'"
        return "" if check.evidence else "'evidence', the least class of evidence that counts"
    return "'of'" if check.measure in _NAMED and not check.of else ""


def measured(plan: Plan, check: Manual | Automatic) -> tuple[Iterable[str], str]:
    """Return what the ``of`` of a measure may name, and what that is called."""
    measure = check.measure if isinstance(check, Automatic) else ""
    known: dict[str, tuple[Iterable[str], str]] = {
        "milestones-reached": (plan.milestones, "milestone"),
        "stages-left": (plan.stages, "stage"),
        "environment-ready": (plan.environments, "environment"),
    }
    return known.get(measure, ((), f"thing that '{measure}' measures"))


def _keyed(data: Data, name: str, build: Callable[[Data], T]) -> Mapping[str, T]:
    key = {"criteria": "criterion", "parties": "party"}.get(name, name.removesuffix("s"))
    return MappingProxyType({each[key]: build(each) for each in data.get(name, ())})


def _date(data: Data, key: str) -> date | None:
    return date.fromisoformat(data[key]) if key in data else None


def _dates(data: Data, key: str) -> Mapping[str, date]:
    return MappingProxyType({name: date.fromisoformat(day) for name, day in data.get(key, {}).items()})


def _rag(data: Data) -> Rag | None:
    return Rag(**data["rag"]) if "rag" in data else None


def _scale(data: Data) -> Scale:
    return Scale(data["scale"], data["title"], tuple(data["values"]), data.get("basis", "ours"))


def _forum(data: Data) -> Forum:
    return Forum(data["forum"], data["title"], data.get("decides", ""))


def _stage(data: Data) -> Stage:
    return Stage(
        id=data["stage"],
        title=data["title"],
        purpose=data.get("purpose", ""),
        per=Per(data["per"]),
        after=tuple(data.get("after", ())),
        environment=data.get("environment", ""),
        start=data.get("start", ""),
        exit=data.get("exit", ""),
        rag=_rag(data),
        note=data.get("note", ""),
    )


def _place(data: Data) -> Place:
    texts = ("build", "design", "release", "certificates", "data_load", "note")
    return Place(
        environment=data["environment"],
        party=data["party"],
        data_loaded=_date(data, "data_loaded"),
        ready=_date(data, "ready"),
        **{name: data.get(name, "") for name in texts},
    )


def _milestone(data: Data) -> Milestone:
    return Milestone(
        id=data["milestone"],
        title=data["title"],
        tier=data.get("tier"),
        forum=data.get("forum", ""),
        baseline=_date(data, "baseline"),
        forecast=_date(data, "forecast"),
        actual=_date(data, "actual"),
        needs=tuple(data.get("needs", ())),
        rag=_rag(data),
        note=data.get("note", ""),
    )


def _artefact(data: Data) -> Artefact:
    return Artefact(
        id=data["artefact"],
        title=data["title"],
        issued_by=data.get("issued_by", ""),
        when=when(data["when"]) if "when" in data else None,
        repeat=_repeat(data["repeat"]) if "repeat" in data else None,
        basis=data["basis"],
        source=data.get("source", ""),
    )


def _repeat(data: Data) -> Repeat:
    amount, unit = data["every"].split()
    return Repeat(
        int(amount),
        f"{unit.removesuffix('s')}s",
        data["until"],
        data.get("weekday", ""),
        data.get("weekly_in_last_weeks", 0),
    )


def _track(data: Data) -> Track:
    return Track(
        data["track"],
        data.get("title", data["track"]),
        data.get("interval", ""),
        _dates(data, "dates"),
        data.get("note", ""),
    )


def _party(data: Data) -> Party:
    return Party(
        data["party"],
        data["organisation"],
        data["role"],
        data.get("interval", ""),
        _dates(data, "reached"),
        _rag(data),
        data.get("dip_id", ""),
    )


def _pairing(data: Data) -> Pairing:
    return Pairing(data["pairing"], data.get("cohort", ""), tuple(data["parties"]))


def _cycle(data: Data) -> Cycle:
    return Cycle(
        id=data["cycle"],
        title=data.get("title", data["cycle"]),
        stage=data["stage"],
        start=_date(data, "start"),
        end=_date(data, "end"),
        themes=tuple(data.get("themes", ())),
        areas=tuple(data.get("areas", ())),
        tests=data.get("tests"),
        planned=tuple((date.fromisoformat(each["date"]), each["passed"]) for each in data.get("planned", ())),
    )


def _cohort(data: Data) -> MinimumCohort:
    return MinimumCohort(MappingProxyType(dict(data["roles"])), data["basis"], data.get("source", ""))


def _criterion(data: Data) -> Criterion:
    check = _manual(data["manual"]) if "manual" in data else _automatic(data["automatic"])
    return Criterion(
        id=data["criterion"],
        stage=data["stage"],
        at=Point(data["at"]),
        text=data["text"],
        check=check,
        may_work_off=data.get("may_work_off", True),
        basis=data["basis"],
        source=data.get("source", ""),
    )


def _manual(data: Data) -> Manual:
    return Manual(
        owner=data["owner"],
        evidence=tuple(data.get("evidence", ())),
        met=data.get("met"),
        met_for=tuple(data.get("met_for", ())),
        assessed=_date(data, "assessed"),
    )


def _automatic(data: Data) -> Automatic:
    return Automatic(
        measure=data["measure"],
        at_least=_share(data.get("at_least")),
        at_most=_share(data.get("at_most")),
        evidence=EvidenceClass(data["evidence"]) if "evidence" in data else None,
        of=tuple(data.get("of", ())),
        phase=data.get("phase", ""),
        owner=data.get("owner", ""),
    )


def _share(text: str | None) -> Fraction | None:
    if text is None:
        return None
    return Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)


def _work_off(data: Data) -> WorkOff:
    return WorkOff(
        id=data["work_off"],
        criterion=data["criterion"],
        item=data["item"],
        owner=data["owner"],
        due=date.fromisoformat(data["due"]),
        approved_by=data.get("approved_by", ""),
        covers=tuple(data.get("covers", ())),
        closed=_date(data, "closed"),
    )


def _exemption(data: Data) -> Exemption:
    observed = tuple(
        Observed(date.fromisoformat(each["date"]), each["metering_points"], each.get("reference", ""))
        for each in data.get("observed", ())
    )
    return Exemption(
        legal_entity=data["legal_entity"],
        segment=data["segment"],
        grantor=data.get("grantor", ""),
        reference=data.get("reference", ""),
        start=_date(data, "from"),
        until=_date(data, "until"),
        cap=data.get("cap", 0),
        observed=observed,
    )
