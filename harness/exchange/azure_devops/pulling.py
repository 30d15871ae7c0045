"""Theirs to ours: ids, assignments, states and outcomes into the ledger, and what differs from ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.exchange.azure_devops.api import AzureDevOps
from harness.exchange.azure_devops.comparing import Standing
from harness.exchange.azure_devops.ledger import CaseEntry, Ledger, PointEntry
from harness.exchange.azure_devops.looking import Compared, compared, read_there
from harness.exchange.azure_devops.pushing import Deed, Save
from harness.exchange.azure_devops.results import read_points
from harness.exchange.azure_devops.wanted import TestCase


def pull(api: AzureDevOps, ledger: Ledger, cases: Sequence[TestCase], *, save: Save) -> list[Deed]:
    """Read what stands there. Nothing is written to the service, and no content of ours is replaced."""
    deeds: list[Deed] = []
    found = read_there(api, ledger.cases)
    for each in compared(cases, found, ledger.cases):
        if each.standing in {Standing.DOUBLED, Standing.GONE, Standing.CONFLICT}:
            deeds.append(Deed("conflict", each.case.key, each.said, conflict=True))
        elif each.standing is Standing.THEIRS:
            deeds.append(Deed("changed there", each.case.key, f"#{each.found[0].id}"))
        elif each.standing in {Standing.NEW, Standing.OURS}:
            deeds.append(Deed("to be pushed", each.case.key, each.said))
        if len(each.found) == 1:
            deeds += _read_case(ledger, each.case, each)
    configurations = {str(each["name"]): int(each["id"]) for each in api.configurations()}
    for name in ledger.configurations:
        ledger.configurations[name] = configurations.get(name, ledger.configurations[name])
    deeds += _read_points(api, ledger)
    unknown = sorted(set(found) - {each.key for each in cases} - set(ledger.cases))
    deeds += [Deed("not ours", key, f"#{found[key][0].id}: no scenario has this id") for key in unknown]
    save()
    return deeds


def _read_case(ledger: Ledger, case: TestCase, each: Compared) -> list[Deed]:
    other = each.found[0]
    known = ledger.cases.get(case.key)
    if known is None:
        if each.standing is not Standing.IN_STEP:
            return []
        known = ledger.cases[case.key] = CaseEntry(other.id)
    known.id = other.id
    if each.standing is Standing.IN_STEP:
        known.ours, known.theirs = case.digest, other.digest
    deeds = []
    for what, field in (("state", "state"), ("assigned", "assigned_to")):
        before, now = getattr(known, field), getattr(other, field)
        if before != now:
            deeds.append(Deed(what, case.key, f"{before or 'nothing'} -> {now or 'nothing'}"))
            setattr(known, field, now)
    return deeds


def _read_points(api: AzureDevOps, ledger: Ledger) -> list[Deed]:
    deeds = []
    points = read_points(api, ledger)
    for name, point in points.items():
        known = ledger.points.get(name)
        before = known or PointEntry(point.id, point.suite)
        deeds += told(name, before, point.outcome, point.tester, by=point.by)
        ledger.points[name] = replace(
            before, id=point.id, suite=point.suite, outcome=point.outcome, tester=point.tester
        )
    for name in sorted(set(ledger.points) - set(points)):
        deeds.append(Deed("gone", name, "the test point is no longer in the plan"))
        del ledger.points[name]
    return deeds


def told(name: str, before: PointEntry, outcome: str, tester: str, *, by: str, place: str = "") -> list[Deed]:
    """Say what of a test point is other than it was last seen (pure); ``place`` names its row in a file.

    A file that names no tester says nothing of one.
    """
    deeds = []
    row = f" ({place})" if place else ""
    if outcome != before.outcome:
        who = f" by {by or tester}" if by or (place and tester) else ""
        ours = f", ours was {before.pushed} (run {before.run})" if before.run else ""
        deeds.append(Deed("outcome", name, f"{outcome or 'reset'}{who}{ours}{row}"))
    if tester != before.tester and (tester or not place):
        deeds.append(Deed("tester", name, f"{before.tester or 'nobody'} -> {tester or 'nobody'}{row}"))
    return deeds
