"""Ours to theirs: test cases, suites, test points and outcomes.

Everything is looked for before it is made: test cases by the tag with our id, suites by name and place,
configurations and test runs by name. So a push that was cut off is made again without doubling anything, and
what somebody changed there meanwhile is listed and left as it is. The ledger is written after each step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.exchange.azure_devops.api import AzureDevOps, ChangedThere, JsonPatch
from harness.exchange.azure_devops.comparing import (
    AREA,
    DESCRIPTION,
    TAGS,
    TEST_CASE,
    TITLE,
    Kind,
    Standing,
    There,
)
from harness.exchange.azure_devops.ledger import CaseEntry, Ledger
from harness.exchange.azure_devops.looking import Compared, compared, read_there
from harness.exchange.azure_devops.steps import html
from harness.exchange.azure_devops.wanted import TestCase, Wanted

Save = Callable[[], None]
CONFIGURATION = "A party of the network file of the DIP harness."


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done or, where ``conflict``, left to a person."""

    what: str
    name: str
    said: str = ""
    conflict: bool = False


def push_cases(
    api: AzureDevOps,
    entries: dict[str, CaseEntry],
    cases: Sequence[TestCase],
    *,
    area_path: str,
    take: Mapping[str, str],
    save: Save,
    kind: Kind = TEST_CASE,
    more: Callable[[TestCase], JsonPatch] = lambda _: [],
) -> list[Deed]:
    """Create and change test cases, or bugs; ``entries`` is what the ledger knows of them.

    ``take`` says per conflicting one whose side holds: ours or theirs. ``more`` gives what a new one gets
    besides its content.
    """
    deeds = []
    for each in compared(cases, read_there(api, entries, kind), entries):
        created = [{"op": "add", "path": f"/fields/{AREA}", "value": area_path}, *more(each.case)]
        deed = _push_case(api, entries, each, kind, created, take.get(each.case.key, ""))
        if deed is not None:
            deeds.append(deed)
            save()
    save()
    return deeds


def _push_case(
    api: AzureDevOps,
    entries: dict[str, CaseEntry],
    each: Compared,
    kind: Kind,
    created: JsonPatch,
    take: str,
) -> Deed | None:
    case = each.case
    if each.standing is Standing.NEW or (each.standing is Standing.GONE and take == "ours"):
        tags: JsonPatch = [{"op": "add", "path": f"/fields/{TAGS}", "value": "; ".join(case.tags)}]
        item = api.create_work_item(kind.name, [*_content(case, kind), *tags, *created])
        entries[case.key] = CaseEntry(int(item["id"]), case.digest, case.digest)
        return Deed("created", case.key, f"#{item['id']}")
    if each.standing in {Standing.DOUBLED, Standing.GONE}:
        if each.standing is Standing.GONE and take == "theirs":
            return Deed("left out", case.key, "deleted there")
        return Deed("conflict", case.key, each.said, conflict=True)
    other = each.found[0]
    known = entries.setdefault(case.key, CaseEntry(other.id))
    known.id, known.state, known.assigned_to = other.id, other.state, other.assigned_to
    if each.standing is Standing.IN_STEP or take == "theirs":
        known.ours, known.theirs = case.digest, other.digest
        if (patch := _tags(case, other)) and _patched(api, other, patch) is None:
            return Deed("tagged", case.key, f"#{other.id}: the tags by which it is found")
        return Deed("theirs taken", case.key, f"#{other.id}") if take == "theirs" else None
    if each.standing is Standing.OURS or take == "ours":
        refused = _patched(api, other, [*_content(case, kind), *_tags(case, other)])
        if refused is not None:
            return refused
        known.ours = known.theirs = case.digest
        return Deed("updated", case.key, f"#{other.id}")
    if each.standing is Standing.THEIRS:
        return Deed("changed there", case.key, each.said)
    return Deed("conflict", case.key, each.said, conflict=True)


def _patched(api: AzureDevOps, other: There, patch: JsonPatch) -> Deed | None:
    """Change a work item if nobody else did meanwhile; None where it was changed."""
    try:
        api.update_work_item(other.id, [{"op": "test", "path": "/rev", "value": other.revision}, *patch])
    except ChangedThere as error:
        return Deed("conflict", other.key, f"#{other.id} was changed just now: {error}", conflict=True)
    return None


def _content(case: TestCase, kind: Kind) -> JsonPatch:
    patch: JsonPatch = [
        {"op": "add", "path": f"/fields/{TITLE}", "value": case.title},
        {"op": "add", "path": f"/fields/{kind.field}", "value": kind.write(case.steps)},
    ]
    if case.description:
        patch.append({"op": "add", "path": f"/fields/{DESCRIPTION}", "value": html(case.description)})
    return patch


def _tags(case: TestCase, other: There) -> JsonPatch:
    """Put our tags back where somebody took them away; theirs stay."""
    missing = [tag for tag in case.tags if tag.casefold() not in {each.casefold() for each in other.tags}]
    if not missing:
        return []
    return [{"op": "add", "path": f"/fields/{TAGS}", "value": "; ".join([*other.tags, *missing])}]


def push_configurations(api: AzureDevOps, ledger: Ledger, names: Iterable[str], *, save: Save) -> list[Deed]:
    """Create a test configuration for each party that has none."""
    deeds = []
    standing = {str(each["name"]): int(each["id"]) for each in api.configurations()}
    for name in names:
        if name not in standing:
            standing[name] = int(api.create_configuration(name, CONFIGURATION)["id"])
            deeds.append(Deed("configuration", name, f"#{standing[name]}"))
        ledger.configurations[name] = standing[name]
        save()
    return deeds


def push_suites(
    api: AzureDevOps, ledger: Ledger, paths: Iterable[tuple[str, ...]], *, save: Save
) -> list[Deed]:
    """Create a suite per stage, and one per area in it; one that was renamed or moved there is kept."""
    deeds = []
    root = int(api.plan()["rootSuite"]["id"])
    standing = api.suites()
    ids = {int(each["id"]) for each in standing}
    by_place = {
        (int(each["parentSuite"]["id"]), str(each["name"])): int(each["id"])
        for each in standing
        if each.get("parentSuite")
    }
    for path in dict.fromkeys(whole[: depth + 1] for whole in paths for depth in range(len(whole))):
        name = "/".join(path)
        parent = ledger.suites["/".join(path[:-1])] if len(path) > 1 else root
        found = ledger.suites.get(name)
        if found not in ids:
            found = by_place.get((parent, path[-1]))
        if found is None:
            found = int(api.create_suite(path[-1], parent)["id"])
            ids.add(found)
            deeds.append(Deed("suite", name, f"#{found}"))
        ledger.suites[name] = found
        save()
    return deeds


def push_points(
    api: AzureDevOps, ledger: Ledger, wanted: Wanted, *, left: Collection[str] = ()
) -> list[Deed]:
    """Put test cases into their suites, with a test point for each party; what else is there stays.

    ``left`` are test cases that a conflict holds back.
    """
    deeds = []
    by_suite: dict[int, list[TestCase]] = {}
    for case in wanted.cases:
        if case.key in ledger.cases and case.key not in left:
            by_suite.setdefault(ledger.suites["/".join(case.suite)], []).append(case)
    for suite, cases in by_suite.items():
        standing = {
            int(each["workItem"]["id"]): {
                int(point["configurationId"]) for point in each.get("pointAssignments", [])
            }
            for each in api.suite_cases(suite)
        }
        new: dict[int, list[int]] = {}
        more: dict[int, list[int]] = {}
        for case in cases:
            identifier = ledger.cases[case.key].id
            asked = {ledger.configurations[name] for name in wanted.parties.get(case.key, ())}
            if identifier not in standing:
                new[identifier] = sorted(asked)
            elif asked - standing[identifier]:
                more[identifier] = sorted(asked | standing[identifier])
            else:
                continue
            points = f", {len(asked)} test points" if asked else ""
            deeds.append(Deed("in suite", case.key, f"{'/'.join(case.suite)}{points}"))
        api.put_in_suite(suite, new, there=False)
        api.put_in_suite(suite, more, there=True)
    return deeds


def held_back(deeds: Iterable[Deed]) -> set[str]:
    """Name the test cases that a conflict holds back."""
    return {each.name for each in deeds if each.conflict}
