"""The overarching exit report: completion reports of parties side by side, with one extract of all (pure).

Nothing is added over parties or evidence classes: each participant keeps its own line in each class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from harness.errors import ConfigurationError
from harness.reports.completion.document import (
    BAD,
    GOOD,
    OPEN,
    Cell,
    Document,
    Section,
    Table,
    Value,
    as_dict,
    facts,
    table,
)
from harness.reports.completion.extracts import DEFECTS, REQUIREMENTS, TESTS, Extract
from harness.reports.completion.given import Given
from harness.reports.completion.model import Lack, PartyLine
from harness.reports.completion.rendering_json import FORMAT, KIND
from harness.reports.completion.roll_up import Roll
from harness.reports.completion.sections.annexes import rolled
from harness.reports.completion.sections.words import code, listed
from harness.stages.plan.model import Plan

_EXTRACTS = (
    ("tests", "Tests", TESTS),
    ("requirements", "Requirements", REQUIREMENTS),
    ("defects", "Defects", DEFECTS),
)
_PEOPLE = {"tests": ("reason",), "requirements": ("reason", "owner")}
_DEFECT_PEOPLE = ("owner", "title", "root_cause", "deferral")
PARTICIPANT = ("participant", "Participant")


@dataclass(frozen=True)
class One:
    """The completion report of one participant, as its JSON file says it; ``where`` is the file."""

    where: str
    data: Mapping[str, Any]
    roll: tuple[Roll, ...]
    parties: tuple[PartyLine, ...]

    @property
    def party(self) -> str:
        """The participant; all parties where the report is of none alone."""
        return str(self.data["party"]) or "all parties"

    @property
    def draft(self) -> bool:
        """Whether it is a draft."""
        return bool(self.data["draft"])


@dataclass(frozen=True)
class ExitReport:
    """What the overarching report is made of."""

    stage: str
    stage_title: str
    reports: tuple[One, ...]
    given: Given
    absent: tuple[str, ...]
    """Organisations of the plan of which no report was given."""
    draft: bool
    lacks: tuple[Lack, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The evidence classes of all reports."""
        return tuple(dict.fromkeys(kind for each in self.reports for kind in each.data["evidence_classes"]))


def read_one(data: Any, where: str) -> One:
    """Read a completion report's JSON; raises ConfigurationError for what is none."""
    if not isinstance(data, dict) or data.get("kind") != KIND or data.get("format") != FORMAT:
        raise ConfigurationError(
            "is no completion report of this harness", where=where, mend="Give completion-report.json files."
        )
    try:
        names = {each.name for each in fields(PartyLine)}
        parties = tuple(
            PartyLine(**{key: value for key, value in each.items() if key in names} | {"builds": ()})
            for each in data["parties"]
        )
        made = One(where, data, tuple(Roll(**each) for each in data["roll_up"]), parties)
        for key, _, _ in _EXTRACTS:
            list(data["extracts"][key])
    except (KeyError, TypeError) as error:
        raise ConfigurationError(
            f"is a broken completion report: {error!r}",
            where=where,
            mend="Write it again: dip report completion.",
        ) from error
    return made


def exit_report(
    reports: Sequence[One], plan: Plan | None, given: Given, *, final: bool = False
) -> ExitReport:
    """Put the reports side by side; raises ConfigurationError for two stages, or one participant twice."""
    stages = dict.fromkeys(str(each.data["stage"]) for each in reports)
    if len(stages) != 1:
        raise ConfigurationError(
            f"are of {len(stages)} stages: {', '.join(stages)}",
            where=", ".join(each.where for each in reports),
            mend="Give the completion reports of one stage.",
        )
    seen: dict[str, str] = {}
    for each in reports:
        if each.party in seen:
            raise ConfigurationError(
                f"is a second report of {each.party}, after {seen[each.party]}",
                where=each.where,
                mend="Give the last version of each.",
            )
        seen[each.party] = each.where
    stage = next(iter(stages))
    title = plan.stages[stage].title if plan and stage in plan.stages else stage
    absent = _absent(reports, plan)
    against = tuple(_lacks(reports, absent))
    return ExitReport(stage, title, tuple(reports), given, absent, bool(against) or not final, against)


def _absent(reports: Sequence[One], plan: Plan | None) -> tuple[str, ...]:
    """Return the organisations of the plan that no report is of."""
    if plan is None or any(not each.data["party"] for each in reports):
        return ()
    told = {each.party for each in reports}
    told |= {party.organisation for each in reports for party in each.parties if each.party == party.shown}
    missing = {
        party.organisation for party in plan.parties.values() if not told & {party.id, party.organisation}
    }
    return tuple(sorted(missing))


def _lacks(reports: Sequence[One], absent: Iterable[str]) -> Iterable[Lack]:
    for each in reports:
        if each.draft:
            yield Lack("draft", f"the completion report of {each.party} is a draft ({each.where})")
    for name in absent:
        yield Lack("participant without report", f"no completion report of {name} was given")


def extract_of(report: ExitReport) -> tuple[Extract, ...]:
    """Return tests, requirements and defects of all participants, each row with its participant."""
    return tuple(
        Extract(
            title,
            (PARTICIPANT, *columns),
            tuple(
                (each.party, *(row.get(name, "") for name, _ in columns))
                for each in report.reports
                for row in each.data["extracts"][key]
            ),
            _PEOPLE.get(key, _DEFECT_PEOPLE),
        )
        for key, title, columns in _EXTRACTS
    )


def parties_of(report: ExitReport) -> tuple[PartyLine, ...]:
    """Return everybody who took part in any of the reports."""
    return tuple(party for each in report.reports for party in each.parties)


def document_of(report: ExitReport) -> Document:
    """Return the report as it is read."""
    given = report.given
    rolls = [roll for each in report.reports for roll in each.roll]
    stamp = f"{'DRAFT' if report.draft else 'FINAL'} · {', '.join(report.classes)}"
    gates = Counter(str(each.data["verdict"] or "no exit criteria") for each in report.reports)
    verdict = "; ".join(
        f"{name}: {count} of {len(report.reports)} participants" for name, count in gates.items()
    )
    tone = GOOD if set(gates) == {"go"} else BAD if "no-go" in gates else OPEN
    title = given.value("document", "title")
    return Document(
        title=title if isinstance(title, str) else f"Overarching exit report: {report.stage_title}",
        subtitle=f"{len(report.reports)} completion reports",
        stamp=stamp,
        band="The working group recommends, the advisory group approves. Evidence classes are never added.",
        verdict=Cell(f"Exit gates: {verdict}.", tone),
        draft=report.draft,
        sections=(
            _status(report),
            Section(
                "1",
                "Document control",
                (
                    given.listed("authors", "Authors", {"name": "Name", "organisation": "Organisation"}),
                    given.listed(
                        "reviewers",
                        "Industry review",
                        {
                            "name": "Name",
                            "organisation": "Organisation",
                            "date": "Date",
                            "comments": "Comments",
                        },
                    ),
                    facts(
                        ("Comments log", given.value("comments_log")),
                        ("Distribution", given.value("distribution")),
                        ("Classification", given.value("classification")),
                    ),
                ),
            ),
            Section(
                "2",
                "Purpose and decision sought",
                (
                    facts(
                        ("Purpose", given.value("purpose")),
                        ("Decision sought", given.value("decision", "asked_for")),
                        ("Forum", given.value("decision", "forum")),
                        ("Date of the forum", given.value("decision", "date")),
                    ),
                ),
            ),
            Section("3", "Roll-up over participants", (rolled(rolls),)),
            Section("4", "Test status by participant", (_statuses(report, "tests", "status"),)),
            Section("5", "Requirement status by participant", (_statuses(report, "requirements", "status"),)),
            Section("6", "Defect status by participant", (_defects(report),)),
            Section("7", "Exit criteria by participant", (_criteria(report),)),
            Section("8", "Work-off", (_work_off(report),)),
            Section("9", "Limits", (_limits(report),)),
            Section("10", "Evidence index", (_packs(report),)),
            Section("11", "Recommendation and approval", (_decisions(given),)),
        ),
    )


def _status(report: ExitReport) -> Section:
    given = report.given
    return Section(
        "0",
        "Status page",
        (
            facts(
                ("Status", Cell("Draft", OPEN) if report.draft else Cell("Final", GOOD)),
                ("Document", given.value("document", "id")),
                ("Version", given.value("document", "version")),
                ("Stage", f"{report.stage_title} ({report.stage})"),
                ("Participants", listed((each.party for each in report.reports), most=40)),
                ("Evidence classes", ", ".join(report.classes)),
            ),
            table(
                "Completion reports",
                ("Participant", "Status", "As of", "Evidence classes", "Exit gate", "File"),
                [
                    (
                        each.party,
                        Cell("draft", OPEN) if each.draft else Cell("final", GOOD),
                        str(each.data["as_of"]),
                        ", ".join(each.data["evidence_classes"]),
                        str(each.data["verdict"] or "no exit criteria"),
                        each.where,
                    )
                    for each in report.reports
                ],
            ),
            table(
                "Why it can't be final yet",
                ("Kind", "What"),
                [(Cell(each.kind, BAD), each.what) for each in report.lacks],
                empty="Nothing stands against it.",
            ),
        ),
    )


def _statuses(report: ExitReport, key: str, column: str) -> Table:
    """Count statuses of an extract by participant and evidence class."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for each in report.reports:
        for row in each.data["extracts"][key]:
            place = (each.party, row["evidence_class"])
            counted.setdefault(place, Counter())[row[column]] += 1
    statuses = sorted({name for counts in counted.values() for name in counts})
    rows: list[tuple[Value, ...]] = [
        (*place, *(counts[name] for name in statuses)) for place, counts in counted.items()
    ]
    return table(
        "",
        ("Participant", "Evidence class", *(name.capitalize() for name in statuses)),
        rows,
        note="Each participant keeps its own line in each evidence class; nothing is added.",
    )


def _defects(report: ExitReport) -> Table:
    counted: Counter[tuple[str, str, str]] = Counter(
        (each.party, row["severity"], row["status"])
        for each in report.reports
        for row in each.data["extracts"]["defects"]
    )
    return table(
        "",
        ("Participant", "Severity", "Status", "Defects"),
        [(*place, count) for place, count in sorted(counted.items())],
        note="A defect that concerns two participants stands with both, under one id.",
    )


def _criteria(report: ExitReport) -> Table:
    tones = {"met": GOOD, "met with work-off": OPEN}
    return table(
        "",
        ("Participant", "Criterion", "Text", "Actual", "State"),
        [
            (
                each.party,
                code(row["criterion"]),
                row["text"],
                row["said"],
                Cell(row["state"], tones.get(row["state"], BAD)),
            )
            for each in report.reports
            for row in (each.data["exit"] or {}).get("criteria", ())
        ],
    )


def _work_off(report: ExitReport) -> Table:
    return table(
        "",
        ("Participant", "Item", "What", "Owner", "Due", "Approved by"),
        [
            (each.party, code(row["id"]), row["item"], row["owner"], row["due"], row["approved_by"])
            for each in report.reports
            for row in (each.data["exit"] or {}).get("work_off", ())
        ],
    )


def _limits(report: ExitReport) -> Table:
    return table(
        "Systems that were simulated",
        ("Participant", "Simulated"),
        [
            (each.party, listed((party.shown for party in each.parties if not party.real), most=40))
            for each in report.reports
        ],
        note="Nothing here says anything about systems that were simulated.",
    )


def _packs(report: ExitReport) -> Table:
    return table(
        "",
        ("Participant", "Pack", "Run", "Root (SHA-256)", "Seal"),
        [
            (
                each.party,
                pack["name"],
                code(pack["run"]),
                code(pack["root"]),
                Cell("verifies", GOOD) if pack["intact"] else Cell("does not verify", BAD),
            )
            for each in report.reports
            for pack in each.data["packs"]
        ],
        empty="No report names a sealed pack.",
    )


def _decisions(given: Given) -> Table:
    signed = given.rows("sign_off")
    asked = (("SITWG recommends", "SI assurance"), ("SITAG approves", "forum"))
    rows: list[tuple[Value, ...]] = []
    for title, role in asked:
        row = next((each for each in signed if each["as"] == role), {})
        rows.append(
            (
                title,
                row.get("name") or given.missing("sign_off"),
                row.get("date", ""),
                row.get("decision", ""),
                row.get("conditions", ""),
            )
        )
    return table(
        "",
        ("Step", "Name", "Date", "Decision", "Conditions"),
        rows,
        note="The SIT working group recommends, the SIT advisory group approves: a tier 2 milestone.",
    )


def as_json(report: ExitReport, document: Document, found: Iterable[Extract]) -> dict[str, Any]:
    """Return the content of ``exit-report.json``."""
    return {
        "format": FORMAT,
        "kind": "exit-report",
        "draft": report.draft,
        "stage": report.stage,
        "evidence_classes": list(report.classes),
        "lacks": [asdict(each) for each in report.lacks],
        "participants": [each.party for each in report.reports],
        "absent": list(report.absent),
        "roll_up": [roll.as_dict() for each in report.reports for roll in each.roll],
        "given": dict(report.given.parts),
        "extracts": {each.name.lower(): each.as_dicts() for each in found},
        "document": as_dict(document),
    }
