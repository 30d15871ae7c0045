"""Defects of the register as bugs, linked with the test cases that fail by them; their state read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.exchange.azure_devops.api import AzureDevOps, JsonPatch
from harness.exchange.azure_devops.comparing import BUG
from harness.exchange.azure_devops.ledger import CaseEntry, Ledger
from harness.exchange.azure_devops.looking import read_there
from harness.exchange.azure_devops.pushing import Deed, Save, push_cases
from harness.exchange.azure_devops.steps import TestStep, tidy
from harness.exchange.azure_devops.wanted import ID_TAG, TAG, TestCase
from harness.registers.model import Defect, Registers

SCHEME = "azure-devops"
"""The scheme of the bug's id among a defect's external ids."""
_SEVERITY = "Microsoft.VSTS.Common.Severity"
_SEVERITIES = ("1 - Critical", "2 - High", "3 - Medium", "4 - Low")
"""Of the service's own processes; ours are taken by place where there are as many."""
_LONGEST = 255
_TESTED_BY = "Microsoft.VSTS.Common.TestedBy-Forward"


def bug(defect: Defect, registers: Registers) -> TestCase:
    """Return a defect as it is to stand there: its text is one step (pure)."""
    title = " ".join(f"{defect.id}: {defect.title}".split())
    blame = f"{defect.blame.cause} {defect.blame.party}".strip() if defect.blame else ""
    seen = [f"{each.run} ({each.evidence}, {each.day})" for each in defect.seen]
    told = {
        "Blame": blame,
        "Severity": f"{registers.severity_title(defect.severity)} (basis: {registers.severities.basis})",
        "Key": defect.key,
        "Environment": defect.environment,
        "Found in": ", ".join(each for each in (defect.release_found, defect.build_found) if each),
        "Fails": ", ".join(defect.cases),
        "Blocks": ", ".join(defect.blocks),
        "Requirements": ", ".join(defect.requirements),
        "Seen in": ", ".join(seen),
        "Root cause": defect.root_cause,
    }
    text = tidy("\n".join(f"{name}: {value}" for name, value in told.items() if value))
    return TestCase(
        key=defect.id,
        title=title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1].rstrip()}…",
        description="",
        steps=(TestStep(text),),
        stage="",
        area="",
        tags=(TAG, f"{ID_TAG}{defect.id}"),
    )


def push_bugs(
    api: AzureDevOps,
    ledger: Ledger,
    registers: Registers,
    *,
    area_path: str,
    take: Mapping[str, str],
    save: Save,
) -> list[Deed]:
    """Bring defects over: open ones, and those that are there already."""
    defects = {each.id: each for each in registers.defects if each.open or each.id in ledger.bugs}

    def more(case: TestCase) -> JsonPatch:
        return [*_severity(defects[case.key], registers), *_links(api, ledger, defects[case.key])]

    cases = [bug(each, registers) for each in defects.values()]
    return push_cases(api, ledger.bugs, cases, area_path=area_path, take=take, save=save, kind=BUG, more=more)


def pull_bugs(api: AzureDevOps, ledger: Ledger, registers: Registers) -> list[Deed]:
    """Read state and assigned person back, and say where they are others than ours."""
    deeds = []
    found = read_there(api, ledger.bugs, BUG)
    for defect in registers.defects:
        there = found.get(defect.id, [])
        if len(there) != 1:
            continue
        known = ledger.bugs.setdefault(defect.id, CaseEntry(there[0].id))
        for what, field in (("state", "state"), ("assigned", "assigned_to")):
            before, now = getattr(known, field), getattr(there[0], field)
            if before != now:
                ours = f"status here: {defect.status}" if what == "state" else f"owner here: {defect.owner}"
                deeds.append(Deed(what, defect.id, f"{before or 'nothing'} -> {now or 'nothing'}; {ours}"))
                setattr(known, field, now)
    return deeds


def with_ids(registers: Registers, ledger: Ledger) -> Sequence[Defect]:
    """Return the defects whose bug's id is not among their external ids yet, with it (pure)."""
    return [
        replace(each, external_ids={**each.external_ids, SCHEME: str(ledger.bugs[each.id].id)})
        for each in registers.defects
        if each.id in ledger.bugs and each.external_ids.get(SCHEME) != str(ledger.bugs[each.id].id)
    ]


def _severity(defect: Defect, registers: Registers) -> JsonPatch:
    scale = list(registers.severities.values)
    if defect.severity not in scale or len(scale) != len(_SEVERITIES):
        return []
    value = _SEVERITIES[scale.index(defect.severity)]
    return [{"op": "add", "path": f"/fields/{_SEVERITY}", "value": value}]


def _links(api: AzureDevOps, ledger: Ledger, defect: Defect) -> JsonPatch:
    keys = dict.fromkeys(case.partition("/")[0] for case in (*defect.cases, *defect.blocks))
    return [
        {
            "op": "add",
            "path": "/relations/-",
            "value": {"rel": _TESTED_BY, "url": api.work_item_url(ledger.cases[key].id)},
        }
        for key in keys
        if key in ledger.cases
    ]
