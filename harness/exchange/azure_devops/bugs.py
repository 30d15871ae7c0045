"""Defects of the register as bugs, design queries as work items of a type that a setting names.

Both are linked with the test cases that show them, and their state is read back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.exchange.azure_devops.api import AzureDevOps, JsonPatch
from harness.exchange.azure_devops.comparing import BUG, DESCRIPTION, Kind
from harness.exchange.azure_devops.ledger import CaseEntry, Ledger
from harness.exchange.azure_devops.looking import read_there
from harness.exchange.azure_devops.pushing import Deed, Save, push_cases
from harness.exchange.azure_devops.steps import TestStep, tidy
from harness.exchange.azure_devops.wanted import ID_TAG, TAG, TestCase
from harness.registers.model import Defect, DesignQuery, Registers
from harness.settings import current

SCHEME = "azure-devops"
"""The scheme of the work item's id among an entry's external ids."""
_SEVERITY = "Microsoft.VSTS.Common.Severity"
_SEVERITIES = ("1 - Critical", "2 - High", "3 - Medium", "4 - Low")
"""Of the service's own processes; ours are taken by place where there are as many."""
_LONGEST = 255
_TESTED_BY = "Microsoft.VSTS.Common.TestedBy-Forward"
_RELATED = "System.LinkTypes.Related"
Entry = TypeVar("Entry", Defect, DesignQuery)


def query_kind() -> Kind:
    """Return what a design query is there: the setting ``exchange.design_query_type``, its text described."""
    return replace(BUG, name=current().text("exchange.design_query_type"), field=DESCRIPTION)


def bug(defect: Defect, registers: Registers) -> TestCase:
    """Return a defect as it is to stand there: its text is one step (pure)."""
    blame = f"{defect.blame.cause} {defect.blame.party}".strip() if defect.blame else ""
    return _item(
        defect,
        {
            "Blame": blame,
            "Severity": f"{registers.severity_title(defect.severity)} (basis: {registers.severities.basis})",
            "Key": defect.key,
            "Environment": defect.environment,
            "Found in": ", ".join(each for each in (defect.release_found, defect.build_found) if each),
            "Fails": ", ".join(defect.cases),
            "Blocks": ", ".join(defect.blocks),
            "Requirements": ", ".join(defect.requirements),
            "Seen in": _seen(defect),
            "Root cause": defect.root_cause,
        },
    )


def query_item(query: DesignQuery) -> TestCase:
    """Return a design query as it is to stand there: its text is one step (pure)."""
    return _item(
        query,
        {
            "Question": "a verdict contradicts the specification; its owner is asked which of them holds",
            "Specification": query.specification,
            "Interface": query.interface,
            "Key": query.key,
            "Environment": query.environment,
            "Contradicted by": ", ".join((*query.cases, *query.blocks)),
            "Requirements": ", ".join(query.requirements),
            "Seen in": _seen(query),
            "Answer": query.answer,
            "Links": ", ".join(f"{each.kind} {each.ref}" for each in query.links),
        },
    )


def _item(entry: Defect | DesignQuery, told: Mapping[str, str]) -> TestCase:
    title = " ".join(f"{entry.id}: {entry.title}".split())
    text = tidy("\n".join(f"{name}: {value}" for name, value in told.items() if value))
    return TestCase(
        key=entry.id,
        title=title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1].rstrip()}…",
        description="",
        steps=(TestStep(text),),
        stage="",
        area="",
        tags=(TAG, f"{ID_TAG}{entry.id}"),
    )


def _seen(entry: Defect | DesignQuery) -> str:
    return ", ".join(f"{each.run} ({each.evidence}, {each.day})" for each in entry.seen)


def push_bugs(
    api: AzureDevOps,
    ledger: Ledger,
    registers: Registers,
    *,
    area_path: str,
    take: Mapping[str, str],
    save: Save,
) -> list[Deed]:
    """Bring defects and design queries over: open ones, and those that are there already."""

    def pushed(
        listed: Iterable[Entry],
        entries: dict[str, CaseEntry],
        kind: Kind,
        item: Callable[[Entry], TestCase],
        more: Callable[[Entry], JsonPatch],
    ) -> list[Deed]:
        wanted = {each.id: each for each in listed if each.open or each.id in entries}
        return push_cases(
            api,
            entries,
            [item(each) for each in wanted.values()],
            area_path=area_path,
            take=take,
            save=save,
            kind=kind,
            more=lambda case: more(wanted[case.key]),
        )

    return [
        *pushed(
            registers.defects,
            ledger.bugs,
            BUG,
            lambda each: bug(each, registers),
            lambda each: [*_severity(each, registers), *_tested_by(api, ledger, each)],
        ),
        *pushed(
            registers.design_queries,
            ledger.queries,
            query_kind(),
            query_item,
            lambda each: [*_tested_by(api, ledger, each), *_related(api, ledger, each)],
        ),
    ]


def pull_bugs(api: AzureDevOps, ledger: Ledger, registers: Registers) -> list[Deed]:
    """Read states and assigned persons back, and say where they are others than ours."""
    return [
        *_pulled(api, ledger.bugs, BUG, registers.defects),
        *_pulled(api, ledger.queries, query_kind(), registers.design_queries),
    ]


def _pulled(
    api: AzureDevOps, entries: dict[str, CaseEntry], kind: Kind, listed: Sequence[Defect | DesignQuery]
) -> list[Deed]:
    if not listed:
        return []
    deeds = []
    found = read_there(api, entries, kind)
    for entry in listed:
        there = found.get(entry.id, [])
        if len(there) != 1:
            continue
        known = entries.setdefault(entry.id, CaseEntry(there[0].id))
        for what, field in (("state", "state"), ("assigned", "assigned_to")):
            before, now = getattr(known, field), getattr(there[0], field)
            if before != now:
                ours = f"status here: {entry.status}" if what == "state" else f"owner here: {entry.owner}"
                deeds.append(Deed(what, entry.id, f"{before or 'nothing'} -> {now or 'nothing'}; {ours}"))
                setattr(known, field, now)
    return deeds


def with_ids(registers: Registers, ledger: Ledger) -> Sequence[Defect | DesignQuery]:
    """Return the entries whose work item's id is not among their external ids yet, with it (pure)."""
    ids = {key: str(each.id) for key, each in (*ledger.bugs.items(), *ledger.queries.items())}
    return [
        replace(each, external_ids={**each.external_ids, SCHEME: ids[each.id]})
        for each in registers.entries
        if each.id in ids and each.external_ids.get(SCHEME) != ids[each.id]
    ]


def _severity(defect: Defect, registers: Registers) -> JsonPatch:
    scale = list(registers.severities.values)
    if defect.severity not in scale or len(scale) != len(_SEVERITIES):
        return []
    value = _SEVERITIES[scale.index(defect.severity)]
    return [{"op": "add", "path": f"/fields/{_SEVERITY}", "value": value}]


def _tested_by(api: AzureDevOps, ledger: Ledger, entry: Defect | DesignQuery) -> JsonPatch:
    """Link the test cases of an entry that stand there."""
    keys = dict.fromkeys(case.partition("/")[0] for case in (*entry.cases, *entry.blocks))
    return [_link(api, _TESTED_BY, ledger.cases[key].id) for key in keys if key in ledger.cases]


def _related(api: AzureDevOps, ledger: Ledger, query: DesignQuery) -> JsonPatch:
    """Link the bugs of the defects that a design query names."""
    names = dict.fromkeys(each.ref for each in query.links if each.kind == "defect")
    return [_link(api, _RELATED, ledger.bugs[name].id) for name in names if name in ledger.bugs]


def _link(api: AzureDevOps, kind: str, identifier: int) -> dict[str, object]:
    return {
        "op": "add",
        "path": "/relations/-",
        "value": {"rel": kind, "url": api.work_item_url(identifier)},
    }
