"""The whole submission as one value: the workbook and the JSON file are two writings of it (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.reports.rttm import FORMAT, Figure, Row, Sheet
from harness.reports.rttm_layout import OURS
from harness.reports.submission.changes import carried, changes
from harness.reports.submission.gap_rows import gap_rows, kinds
from harness.reports.submission.given import Given
from harness.reports.submission.layout import LISTS, ROLL_UP_RULES, SHEETS
from harness.reports.submission.previous import KIND, Previous, json_key
from harness.reports.submission.register_rows import (
    defect_rows,
    exemption_rows,
    reliance_rows,
    work_off_rows,
)
from harness.reports.submission.requirement_rows import requirement_rows
from harness.reports.submission.statuses import MET
from harness.reports.submission.traced_tests import test_rows, trace_rows
from harness.stages.plan.measures import RANK

_ASSURERS: Mapping[str, str] = {"LDSO": "the Programme"}
_BY_CODE_BODIES = "the Code Bodies"
_CODE_BODY_ROLES = frozenset({"SUP", "MSS", "MSA", "UMSO", "SDS", "ADS", "UMSDS"})


@dataclass(frozen=True, slots=True)
class Submission:
    """The matrix of a party, a role and a submission point."""

    name: str
    """``RTTM_<MPID>_<role>_<stage>_<submission>_v<n>``: the files' name without ending."""
    title: str
    stamp: str
    control: tuple[tuple[str, str, bool], ...]
    """Name, value, and whether the harness fills it."""
    sheets: tuple[Sheet, ...]
    figures: tuple[Figure, ...]

    @property
    def lists(self) -> Mapping[str, Mapping[str, str]]:
        """Allowed values and what they mean."""
        return LISTS

    @property
    def rules(self) -> tuple[str, ...]:
        """The roll-up rules."""
        return ROLL_UP_RULES

    def sheet(self, name: str) -> Sheet:
        """Return a sheet by name."""
        return next(sheet for sheet in self.sheets if sheet.name == name)

    def value(self, title: str) -> int:
        """Return a figure of the summary by its title; raises KeyError for one that is not there."""
        for figure in self.figures:
            if figure.title == title:
                return figure.value
        raise KeyError(title)

    def as_dict(self) -> dict[str, Any]:
        """Return the content of `rttm.json`."""
        return {
            "format": FORMAT,
            "kind": KIND,
            "layout": OURS,
            "name": self.name,
            "control": {name: value for name, value, _ in self.control},
            "columns": {
                sheet.name: [
                    {
                        "key": column.key,
                        "title": column.title,
                        "group": column.group,
                        "filled_by": column.filled_by,
                    }
                    for column in sheet.columns
                ]
                for sheet in self.sheets
            },
            **{json_key(sheet.name): [dict(each) for each in sheet.rows] for sheet in self.sheets},
            "summary": [
                {
                    "title": figure.title,
                    "sheet": figure.sheet,
                    "where": dict(figure.where),
                    "value": figure.value,
                }
                for figure in self.figures
            ],
            "lists": {
                name: {str(key): text for key, text in values.items()} for name, values in LISTS.items()
            },
            "roll_up_rules": list(ROLL_UP_RULES),
        }


def submission_matrix(given: Given, previous: Previous | None = None) -> Submission:
    """Trace the register to the tests of one party in one role; ``previous`` gives the changes."""
    requirements = requirement_rows(given)
    made: dict[str, tuple[Row, ...]] = {
        "Requirements": requirements,
        "Tests": test_rows(given),
        "Trace": trace_rows(given),
        "Gaps": gap_rows(given, requirements),
        "Defects": defect_rows(given),
        "Work-off": work_off_rows(given),
        "Exemptions": exemption_rows(given),
        "Reliance": reliance_rows(given),
    }
    found = changes(made, previous)
    made, lapsed = carried(made, previous, found)
    made["Changes"] = (*found, *lapsed)
    sheets = tuple(Sheet(name, columns, made[name]) for name, columns in SHEETS.items())
    by_name = {sheet.name: sheet for sheet in sheets}
    point, subject = given.point, given.subject
    return Submission(
        name=f"RTTM_{subject.file_name}_{subject.role}_{point.stage}_{point.submission}_v{point.version}",
        title=f"Trace matrix of {subject}: {point.stage}, {point.submission}, version {point.version}",
        stamp=f"{subject} · {point.stage} {point.submission} v{point.version} · {_classes(given)}",
        control=_control(given, by_name, previous),
        sheets=sheets,
        figures=tuple(_figures(by_name)),
    )


def _classes(given: Given) -> str:
    found = {result.evidence for test in given.tests for result in test.all}
    return ", ".join(each for each in reversed(RANK) if each in found) or "no evidence yet"


def _control(
    given: Given, sheets: Mapping[str, Sheet], previous: Previous | None
) -> tuple[tuple[str, str, bool], ...]:
    subject, point, standing = given.subject, given.point, given.standing
    runs = standing.runs
    changed = len(sheets["Changes"].rows)
    items: list[tuple[str, str, bool]] = [
        ("Party", subject.organisation, True),
        ("Legal entity", subject.organisation, True),
        ("MPID", subject.mpid, True),
        ("DIP id", subject.dip_id, True),
        ("Role", subject.role, True),
        ("Connection or managed service provider", "", False),
        ("Route", _route(given, sheets["Requirements"].rows), True),
        ("Submission point", point.submission, True),
        ("Stage", point.stage, True),
        ("Phases that it is for", ", ".join(given.phases), True),
        ("Version", str(point.version), True),
        ("Date", point.as_of.isoformat(), True),
        ("Author", "", False),
        ("Reviewer", "", False),
        ("Approver", "", False),
        ("Requirement baseline", _baseline(given), True),
        ("Requirement baseline hash", f"SHA-256 {given.baseline.digest}", True),
        ("Code or design baseline", _designs(given), bool(_designs(given))),
        ("API release", given.catalogue.release, True),
        (
            "Catalogue version and hash",
            "; ".join(
                dict.fromkeys(f"{r.header.harness_version}, SHA-256 {r.header.catalogue}" for r in runs)
            ),
            True,
        ),
        ("Environments", "; ".join(dict.fromkeys(r.header.environment for r in runs)), True),
        ("Builds in use", "; ".join(_builds(given)), True),
        ("Runs", "; ".join(_run(r) for r in runs) or "none", True),
        ("Evidence cut-off", max((r.finished for r in runs), default=""), True),
        ("Evidence that counts", f"{point.least} or more real ({point.least_because})", True),
        *((f"Tests, {kind}", text, True) for kind, text in _per_class(given)),
        (
            "Changes of systems that are known",
            "; ".join(f"{each.words}, from {each.start}" for each in given.changes),
            True,
        ),
        ("Results that do not say what they rest on", str(_unjudged(given)), True),
        ("Assuring body", _assurer(given), bool(_assurer(given))),
        ("Previous submission", previous.where if previous else "none was given", True),
        ("Changes since last submission", str(changed) if previous else "", True),
        ("Layout", OURS, True),
    ]
    return tuple(items)


def _run(run: Any) -> str:
    cut = ", cut off" if run.interrupted else ""
    return f"{run.header.run} ({run.header.stage}, {run.evidence_class}{cut})"


def _route(given: Given, rows: Iterable[Row]) -> str:
    """Return the route: SIT, or qualification with as much reliance as there is."""
    if given.point.stage.startswith("sit") or given.point.stage == "cit":
        return "SIT"
    applying = [each for each in rows if each.get("applies_to_this_party") == "Y"]
    relied = [each for each in applying if each.get("basis_of_reliance") in {"relied", "split"}]
    if not relied:
        return "QT, no reliance"
    whole = all(each.get("basis_of_reliance") == "relied" for each in applying)
    return "QT, full reliance" if whole else "QT, partial reliance"


def _baseline(given: Given) -> str:
    versions = sorted({f"{each.source} {each.version}" for each in given.baseline.values() if each.version})
    files = sorted({each.file for each in given.baseline.values()})
    return f"{len(given.baseline)} requirements of {', '.join(files)}" + (
        f"; {', '.join(versions)}" if versions else ""
    )


def _designs(given: Given) -> str:
    if given.plan is None:
        return ""
    own = [
        place
        for place in given.plan.places
        if place.party in {given.subject.plan_id, given.subject.mpid} and place.design
    ]
    return "; ".join(dict.fromkeys(f"{place.environment}: {place.design}" for place in own))


def _builds(given: Given) -> Iterator[str]:
    for name in given.subject.names:
        for build in given.builds_now.get(name, ()):
            yield f"{name}: {build}"


def _per_class(given: Given) -> Iterator[tuple[EvidenceClass, str]]:
    for kind in reversed(RANK):
        own = [listed[0].test for test in given.tests if (listed := test.results.get(kind))]
        if own:
            passed = sum(each.status in MET for each in own)
            yield kind, f"{passed} of {len(own)} passed"


def _unjudged(given: Given) -> int:
    return sum(not result.test.started.scenario_hash for test in given.tests for result in test.all)


def _assurer(given: Given) -> str:
    """Return who assures a qualification matrix (published: Code Bodies; for distributors the Programme)."""
    if given.point.stage not in {"qualification", "qt"}:
        return ""
    role = given.subject.role
    return _ASSURERS.get(role, _BY_CODE_BODIES if role in _CODE_BODY_ROLES else "")


def _figures(sheets: Mapping[str, Sheet]) -> Iterator[Figure]:
    def figure(title: str, sheet: str, **where: str) -> Figure:
        rows = sheets[sheet].rows
        count = sum(all(str(each.get(key, "")) == value for key, value in where.items()) for each in rows)
        return Figure(title, sheet, where, count)

    own = {"level": "requirement", "applies_to_this_party": "Y"}
    yield figure("Requirements in the baseline", "Requirements", level="requirement")
    yield figure("Parent requirements, counted apart", "Requirements", level="parent")
    for value, words in (("Y", "that apply"), ("N", "that do not apply"), ("Exempt", "exempt")):
        yield figure(
            f"Requirements {words}", "Requirements", level="requirement", applies_to_this_party=value
        )
    for value in ("full", "partial", "none"):
        yield figure(f"Requirements that apply: coverage {value}", "Requirements", **own, coverage=value)
    for value in ("relied", "split", "not covered"):
        yield figure(
            f"Requirements that apply: reliance {value}", "Requirements", **own, basis_of_reliance=value
        )
    for status in ExecutionStatus:
        yield figure(
            f"Requirements that apply, overall: {status}", "Requirements", **own, overall_status=status.value
        )
    for kind in reversed(RANK):
        for status in (ExecutionStatus.PASSED, ExecutionStatus.PASSED_WITH_WORK_OFF, ExecutionStatus.FAILED):
            yield figure(
                f"Requirements that apply, overall, {kind}: {status}",
                "Requirements",
                **own,
                evidence_class=kind.value,
                overall_status=status.value,
            )
    yield figure("Tests without a run of this party", "Tests", evidence_class="")
    for kind in reversed(RANK):
        yield figure(f"Tests, {kind}", "Tests", evidence_class=kind.value)
        for status in ExecutionStatus:
            yield figure(
                f"Tests, {kind}: {status}", "Tests", evidence_class=kind.value, execution_status=status.value
            )
        yield figure(
            f"Tests, {kind}: passed the first time",
            "Tests",
            evidence_class=kind.value,
            first_run_result="pass",
        )
    for kind in reversed(RANK):
        yield figure(f"Trace links, {kind}", "Trace", evidence_class=kind.value)
    yield figure("Gaps", "Gaps")
    for name in kinds(sheets["Gaps"].rows):
        yield figure(f"Gaps: {name}", "Gaps", gap=name)
    yield figure("Defects and design queries", "Defects")
    yield figure("Design queries open", "Defects", kind="design query", open="yes")
    yield figure("Defects open", "Defects", kind="defect", open="yes")
    severities = dict.fromkeys(str(each.get("severity", "")) for each in sheets["Defects"].rows)
    for severity in filter(None, severities):
        yield figure(f"Defects open: {severity}", "Defects", kind="defect", open="yes", severity=severity)
    for sheet, key, words in (
        ("Work-off", "state", "Work-off items"),
        ("Exemptions", "state", "Exemptions"),
        ("Reliance", "state", "Reliance rows"),
    ):
        yield figure(words, sheet)
        for state in dict.fromkeys(str(each.get(key, "")) for each in sheets[sheet].rows):
            yield figure(f"{words}: {state}", sheet, **{key: state})
    yield figure("Changes since the last submission", "Changes")
