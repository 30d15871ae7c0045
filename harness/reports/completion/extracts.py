"""The extracts of a completion report: tests, requirements, defects, one row each; with names and without."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from harness.reports.completion.model import Completion, PartyLine
from harness.reports.completion.sections.defects import age

Value = str | int
WITHHELD = "withheld"
_SHORTEST_NAME = 4
"""Characters of an id that is replaced wherever it stands."""


@dataclass(frozen=True, slots=True)
class Extract:
    """One extract: columns as key and title, rows in the order of the columns."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Value, ...], ...]
    people: tuple[str, ...] = ()
    """Columns that name a person or hold free text of one; withheld in the anonymised variant."""

    def as_dicts(self) -> list[dict[str, Value]]:
        """Return the rows by key."""
        return [dict(zip((key for key, _ in self.columns), row, strict=True)) for row in self.rows]


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for title in text.split("|"):
        name = title.strip()
        found.append(("_".join(re.sub(r"[^a-z0-9]+", " ", name.lower()).split()), name))
    return tuple(found)


TESTS = _columns(
    "Evidence class|Test|Release|External ids|Title|Stage|Theme|Process area|Interface|Event|Role|"
    "Parties|Type|Status|Last verdict|First verdict|Times run|Flaky|Run|Ended|Blame class|Blame party|Reason|"
    "Override|Work-off|Defects|Requirements"
)
REQUIREMENTS = _columns(
    "Evidence class|Requirement|External id|Text|Type|MoSCoW|Source|Role|Status|Tests|Reason|Owner"
)
DEFECTS = _columns(
    "Defect|External ids|Title|Severity|Status|Owner|Raised by|Raised|Closed|Age in days|Environment|"
    "Interface|Found in|Fixed in|Root cause|Evidence class|Tests|Blocks|Requirements|Deferral"
)


def extracts(report: Completion) -> tuple[Extract, Extract, Extract]:
    """Return tests, requirements and defects with every name."""
    return (
        Extract("Tests", TESTS, tuple(_tests(report)), ("reason",)),
        Extract("Requirements", REQUIREMENTS, tuple(_requirements(report)), ("reason", "owner")),
        Extract("Defects", DEFECTS, tuple(_defects(report)), ("owner", "title", "root_cause", "deferral")),
    )


def _ids(external: Mapping[str, str]) -> str:
    return "; ".join(f"{scheme} {value}" for scheme, value in external.items())


def _tests(report: Completion) -> Iterable[tuple[Value, ...]]:
    name = report.standing.party_name
    for test in report.standing.tests:
        started, last = test.started, test.last
        yield (
            test.evidence.value,
            test.id,
            test.release,
            _ids(started.external_ids),
            started.title,
            started.stage,
            started.theme,
            started.area,
            started.interface,
            started.event_code,
            started.role,
            "; ".join(map(name, started.parties)),
            f"perturbed ({started.twin})" if started.twin else started.polarity,
            test.status.value,
            test.verdict.value,
            test.first.verdict.value,
            test.retests + 1 if not last.left_out else 0,
            "yes" if test.flaky else "no",
            last.run,
            last.at,
            last.blame.cause.value if last.blame else "",
            name(last.blame.party) if last.blame else "",
            last.reason,
            test.override.id if test.override else "",
            ", ".join(test.work_off),
            ", ".join(each.id for each in test.defects),
            ", ".join(started.requirements),
        )


def _requirements(report: Completion) -> Iterable[tuple[Value, ...]]:
    for line in report.requirements:
        yield (
            line.evidence.value if line.evidence else "not tested",
            line.id,
            line.external,
            line.title,
            line.type,
            line.moscow,
            line.source,
            line.role,
            line.status.value,
            ", ".join(line.tests),
            line.reason,
            line.owner,
        )


def _defects(report: Completion) -> Iterable[tuple[Value, ...]]:
    for each in report.registers.defects:
        days = age(each, report.as_of)
        yield (
            each.id,
            _ids(each.external_ids),
            each.title,
            report.registers.severity_title(each.severity),
            each.status.value,
            each.owner,
            each.raised_by,
            str(each.raised or ""),
            str(each.closed or ""),
            "" if days is None else days,
            each.environment,
            each.interface,
            " ".join(filter(None, (each.release_found, each.build_found))),
            " ".join(filter(None, (each.release_fixed, each.build_fixed))),
            each.root_cause,
            ", ".join(sorted(kind.value for kind in each.evidence)),
            ", ".join(each.cases),
            ", ".join(each.blocks),
            ", ".join(each.requirements),
            f"{each.deferral.by}, {each.deferral.day}, {each.deferral.reference}" if each.deferral else "",
        )


def anonymised(
    found: Iterable[Extract], parties: Iterable[PartyLine], others: Iterable[str] = ()
) -> tuple[Extract, ...]:
    """Return extracts without names: parties are numbered by role, people and their words withheld.

    ``others`` are further names of organisations, such as those that raised a defect.
    """
    nameless = _nameless(parties, others)
    return tuple(
        replace(each, rows=tuple(_anonymous(each, row, nameless) for row in each.rows)) for each in found
    )


def _anonymous(extract: Extract, row: tuple[Value, ...], nameless: Callable[[str], str]) -> tuple[Value, ...]:
    hidden = {index for index, (key, _) in enumerate(extract.columns) if key in extract.people}
    return tuple(
        (WITHHELD if value else "")
        if index in hidden
        else nameless(value)
        if isinstance(value, str)
        else value
        for index, value in enumerate(row)
    )


def _nameless(parties: Iterable[PartyLine], others: Iterable[str]) -> Callable[[str], str]:
    """Return what replaces every name and id of a party, longest first."""
    labels: dict[str, str] = {}
    organisations: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for party in parties:
        if not party.dip_id or party.dip_id in labels:
            continue
        numbers[party.role] = numbers.get(party.role, 0) + 1
        label = f"{party.role} {numbers[party.role]}"
        organisation = organisations.setdefault(party.organisation, f"Organisation {len(organisations) + 1}")
        for name in (party.shown, party.name, party.dip_id, party.mpid):
            if len(name) >= _SHORTEST_NAME:
                labels.setdefault(name, label)
        if party.organisation:
            labels.setdefault(party.organisation, organisation)
    for name in others:
        if name:
            labels.setdefault(name, f"Organisation {len(organisations) + 1}")
            organisations.setdefault(name, labels[name])
    if not labels:
        return str
    pattern = re.compile("|".join(sorted(map(re.escape, labels), key=len, reverse=True)))
    return lambda text: pattern.sub(lambda match: labels[match.group()], text)
