"""Reading a folder of registers: each file held to its JSON Schema, then to what it says of itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, cast

from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import Blame, BlameClass, ExecutionStatus
from harness.registers import lifecycle
from harness.registers.model import (
    Approval,
    Defect,
    DefectStatus,
    DesignQuery,
    Evidence,
    Link,
    Move,
    Override,
    QueryStatus,
    Registers,
    Reliance,
    Retest,
    Seen,
    Severity,
    SeverityScale,
)
from harness.scenarios.sourced import Sourced, checked, distinct, explain, read, read_checked, uncollected

DEFAULT_FOLDER = "registers"
"""Beside plan.yaml."""
DEFECTS, OVERRIDES, RELIANCE, TESTS = "defects.yaml", "overrides.yaml", "reliance.yaml", "tests.yaml"
_FILES: Mapping[str, Mapping[str, str]] = {
    DEFECTS: {"defects": "defect", "design_queries": "query"},
    OVERRIDES: {"overrides": "override"},
    RELIANCE: {"reliance": "reliance"},
    TESTS: {"tests": "test"},
}
"""The files of a folder: their lists, and the field that holds an entry's id."""
_HERE = Path(__file__).parent
_SEVERITIES = _HERE / "severities.yaml"
Data = Mapping[str, Any]


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a register: defects, overrides, reliance, tests or severities."""
    return cast("dict[str, Any]", json.loads((_HERE / f"{name}.schema.json").read_text(encoding="utf-8")))


@cache
def shipped_severities() -> SeverityScale:
    """Return the severity scale that holds where a register brings none."""
    return _scale(read_checked(_SEVERITIES, schema("severities")).data)


@uncollected()
def read_registers(folder: Path | None) -> Registers:
    """Read the registers of a folder; an absent file, or no folder, is an empty register.

    Raises ConfigurationError with file, line, what is wrong and the nearest value that is right; also where
    ``folder`` is given and is not there.
    """
    if folder is None:
        return Registers(folder=None, severities=shipped_severities())
    if not folder.is_dir():
        raise ConfigurationError(
            "there is no such folder", where=str(folder), mend="Name a folder of registers, or make it."
        )
    sources = {name: read(folder / name) for name in _FILES if (folder / name).exists()}
    return _registers(folder, sources)


def check(source: Sourced) -> None:
    """Hold one file's content to all that is asked of it when it is read; raises as `read_registers`."""
    _registers(None, {source.path.name: source})


def _registers(folder: Path | None, sources: Mapping[str, Sourced]) -> Registers:
    held = {name: _held(sources.get(name), name) for name in _FILES}
    defects, overrides, reliance, tests = (held[name] for name in _FILES)
    data = defects.data
    read_all = Registers(
        folder=folder,
        severities=_scale(data["severity_scale"]) if "severity_scale" in data else shipped_severities(),
        defects=tuple(_defect(each) for each in data.get("defects", [])),
        design_queries=tuple(_query(each) for each in data.get("design_queries", [])),
        overrides=tuple(_override(each) for each in overrides.data.get("overrides", [])),
        reliance=tuple(_reliance(each) for each in reliance.data.get("reliance", [])),
        test_ids={each["test"]: dict(each["external_ids"]) for each in tests.data.get("tests", [])},
    )
    _check_defects(defects, read_all)
    _check_overrides(overrides)
    _check_reliance(reliance)
    return read_all


def found_folder(plan: Path | None) -> Path | None:
    """Return the folder of registers beside a plan file, or in the working directory; None without one."""
    beside = (plan.parent if plan else Path()) / DEFAULT_FOLDER
    return beside if beside.is_dir() else None


def _held(source: Sourced | None, name: str) -> Sourced:
    if source is None:
        return Sourced(Path(name), {}, {})
    held = checked(source, schema(name.removesuffix(".yaml")), _explain)
    distinct(held, _FILES[name])
    return held


def _explain(problem: Any) -> str:
    field = str(problem.absolute_path[-1]) if problem.absolute_path else ""
    if problem.validator == "pattern" and field == "root":
        return f"'{problem.instance}' is no root hash: 64 hexadecimal digits, as 'dip evidence seal' prints"
    if problem.validator in {"pattern", "minLength"} and not str(problem.instance).strip():
        return "is empty"
    return explain(problem)


def _scale(data: Data) -> SeverityScale:
    values = [Severity(each["severity"], each["title"], each["definition"]) for each in data["severities"]]
    return SeverityScale(data["basis"], data["source"], {each.id: each for each in values})


def _common(data: Data) -> dict[str, Any]:
    texts = ("title", "key", "owner", "raised_by", "environment", "interface", "note")
    return {
        **{name: data.get(name, "") for name in texts},
        **{name: tuple(data.get(name, [])) for name in ("cases", "blocks", "requirements")},
        "raised": _day(data.get("raised")),
        "closed": _day(data.get("closed")),
        "links": tuple(Link(each["kind"], each["ref"]) for each in data.get("links", [])),
        "seen": tuple(
            Seen(
                each["run"],
                EvidenceClass(each["evidence"]),
                each.get("release", ""),
                date.fromisoformat(each["day"]),
            )
            for each in data.get("seen", [])
        ),
        "history": tuple(
            Move(
                date.fromisoformat(each["day"]),
                each["by"],
                each.get("from", ""),
                each["to"],
                each.get("note", ""),
                each.get("run", ""),
            )
            for each in data.get("history", [])
        ),
        "external_ids": dict(data.get("external_ids", {})),
    }


def _defect(data: Data) -> Defect:
    blame, deferral, retest = data.get("blame"), data.get("deferral"), data.get("retest")
    texts = ("severity", "release_found", "release_fixed", "build_found", "build_fixed", "root_cause")
    return Defect(
        id=data["defect"],
        status=DefectStatus(data["status"]),
        blame=Blame(BlameClass(blame["class"]), blame.get("party", "")) if blame else None,
        deferral=Approval(deferral["by"], date.fromisoformat(deferral["day"]), deferral["reference"])
        if deferral
        else None,
        retest=Retest(
            retest["run"],
            retest["verdict"],
            EvidenceClass(retest["evidence"]),
            date.fromisoformat(retest["day"]),
        )
        if retest
        else None,
        **{name: data.get(name, "") for name in texts},
        **_common(data),
    )


def _query(data: Data) -> DesignQuery:
    return DesignQuery(
        id=data["query"],
        status=QueryStatus(data["status"]),
        specification=data.get("specification", ""),
        answer=data.get("answer", ""),
        **_common(data),
    )


def _override(data: Data) -> Override:
    return Override(
        id=data["override"],
        cases=data["cases"],
        status=ExecutionStatus(data["status"]),
        reason=data["reason"],
        by=data["by"],
        second=data["second"],
        day=date.fromisoformat(data["day"]),
        approval=data["approval"],
        release=data.get("release", ""),
        run=data.get("run", ""),
        evidence=EvidenceClass(data["evidence"]) if "evidence" in data else None,
        withdrawn=_day(data.get("withdrawn")),
        external_ids=dict(data.get("external_ids", {})),
    )


def _reliance(data: Data) -> Reliance:
    evidence = data["evidence"]
    lists = ("requirements", "interfaces", "roles", "residual_tests")
    return Reliance(
        id=data["reliance"],
        relying=data["relying"],
        relied_on=data["relied_on"],
        system=data["system"],
        build=data["build"],
        evidence=Evidence(
            evidence["run"],
            evidence.get("pack", ""),
            evidence.get("root", ""),
            EvidenceClass(evidence["class"]),
        ),
        start=date.fromisoformat(data["from"]),
        until=date.fromisoformat(data["until"]),
        external_ids=dict(data.get("external_ids", {})),
        agreed_by=data.get("agreed_by", ""),
        reference=data.get("reference", ""),
        note=data.get("note", ""),
        **{name: tuple(data.get(name, [])) for name in lists},
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _check_defects(source: Sourced, read: Registers) -> None:
    entries: Iterable[tuple[str, int, Defect | DesignQuery]] = (
        *(("defects", number, each) for number, each in enumerate(read.defects)),
        *(("design_queries", number, each) for number, each in enumerate(read.design_queries)),
    )
    ids = Counter(each.id for each in read.entries)
    statuses: Mapping[str, type[StrEnum]] = {"defects": DefectStatus, "design_queries": QueryStatus}
    for name, number, entry in entries:
        place = (name, number)
        if ids[entry.id] > 1:
            raise source.fail(place, f"'{entry.id}' is both a defect and a design query")
        kinds = statuses[name]
        for step, move in enumerate(entry.history):
            for field, value in (("to", move.after), *([("from", move.before)] if move.before else [])):
                if value not in list(kinds):
                    raise source.fail(
                        (*place, "history", step, field),
                        f"'{value}' is no status here",
                        nearest(value, list(kinds)),
                    )
            if move.before and kinds(move.after) not in lifecycle.allowed(kinds(move.before)):
                raise source.fail(
                    (*place, "history", step),
                    f"'{move.before}' can't become '{move.after}'",
                    nearest(move.after, lifecycle.allowed(kinds(move.before))),
                )
        if entry.history and entry.history[-1].after != entry.status:
            raise source.fail(
                (*place, "status"),
                f"is '{entry.status}', and the last step of its history leads to '{entry.history[-1].after}'",
                "Use 'dip defect move', or add the step to the history.",
            )
        for which, link in enumerate(entry.links):
            if link.kind in {"defect", "design-query"} and link.ref not in ids:
                raise source.fail(
                    (*place, "links", which, "ref"), f"'{link.ref}' is not in here", nearest(link.ref, ids)
                )
        if isinstance(entry, Defect):
            _check_defect(source, place, entry, read.severities)


def _check_defect(source: Sourced, place: tuple[str, int], defect: Defect, scale: SeverityScale) -> None:
    if defect.severity and defect.severity not in scale.values:
        raise source.fail(
            (*place, "severity"),
            f"'{defect.severity}' is no severity of the scale",
            nearest(defect.severity, scale.values),
        )
    if defect.status is DefectStatus.DEFERRED and defect.deferral is None:
        raise source.fail(
            place, "is deferred, and nobody approved that", "Add 'deferral': by, day, reference."
        )
    if defect.raised and defect.closed and defect.closed < defect.raised:
        raise source.fail((*place, "closed"), f"is {defect.closed}, before it was raised on {defect.raised}")


def _check_overrides(source: Sourced) -> None:
    for number, each in enumerate(source.data.get("overrides", [])):
        place = ("overrides", number)
        if "run" not in each and "evidence" not in each:
            raise source.fail(
                place,
                "names neither a run nor an evidence class",
                "Add 'run' or 'evidence', so that it is bound.",
            )
        if same_person(each["by"], each["second"]):
            raise source.fail(
                (*place, "second"),
                f"'{each['second']}' is the first person too",
                "Another person has to agree.",
            )


def same_person(one: str, other: str) -> bool:
    """Say whether two names are one, whatever their case and blanks."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _check_reliance(source: Sourced) -> None:
    for number, each in enumerate(source.data.get("reliance", [])):
        place = ("reliance", number)
        if each["until"] < each["from"]:
            raise source.fail((*place, "until"), f"is {each['until']}, before it begins on {each['from']}")
        if each["relying"] == each["relied_on"]:
            raise source.fail((*place, "relied_on"), f"'{each['relied_on']}' can't rely on itself")
        if "pack" in each["evidence"] and "root" not in each["evidence"]:
            raise source.fail(
                (*place, "evidence"), "names a pack and not its root hash", "'dip evidence verify' prints it."
            )
