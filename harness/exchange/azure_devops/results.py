"""A run's outcomes to test points, as a test run of theirs; and what stands there.

An outcome that somebody set there since the last exchange is not replaced by another of ours unless it is
asked for: it is listed as a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from harness.exchange.azure_devops.api import AzureDevOps
from harness.exchange.azure_devops.comparing import identity
from harness.exchange.azure_devops.ledger import Ledger, PointEntry, point_key
from harness.exchange.azure_devops.outcomes import WORST_FIRST, Outcome, outcomes, run_comment, run_title
from harness.exchange.azure_devops.pushing import Deed, Save
from harness.reports.run import Run

_OTHER = ("NotApplicable", "Paused", "InProgress", "Aborted", "Timeout", "Warning", "NotImpacted")
_WORDS = {word.lower(): word for word in (*WORST_FIRST, *_OTHER)}
_DONE = "Completed"


@dataclass(frozen=True, slots=True)
class Point:
    """A test point as it stands there; an empty outcome: nobody has tested it."""

    id: int
    suite: int
    outcome: str
    tester: str
    by: str
    when: str


def word(outcome: Any) -> str:
    """Return an outcome as results spell it; empty for ``unspecified`` and ``none``."""
    return _WORDS.get(str(outcome or "").lower(), "")


def read_points(api: AzureDevOps, ledger: Ledger) -> dict[str, Point]:
    """Return the test points of our test cases and parties, by their name in the ledger."""
    key_of = {entry.id: key for key, entry in ledger.cases.items()}
    party_of = {identifier: name for name, identifier in ledger.configurations.items()}
    found: dict[str, Point] = {}
    for suite in sorted(set(ledger.suites.values())):
        for each in api.points(suite):
            case = key_of.get(int(each["testCaseReference"]["id"]))
            party = party_of.get(int(each["configuration"]["id"]))
            if case is None or party is None:
                continue
            results = each.get("results") or {}
            found[point_key(case, party)] = Point(
                id=int(each["id"]),
                suite=suite,
                outcome=word(results.get("outcome")),
                tester=identity(each.get("tester")),
                by=identity((results.get("lastResultDetails") or {}).get("runBy")),
                when=str((results.get("lastResultDetails") or {}).get("dateCompleted") or ""),
            )
    return found


def push_outcomes(
    api: AzureDevOps,
    ledger: Ledger,
    run: Run,
    points: Mapping[str, Point],
    *,
    take: Mapping[str, str],
    left: Collection[str] = (),
    save: Save,
) -> list[Deed]:
    """Write a run's outcomes that are not there yet."""
    title = run_title(run)
    if run.header.run in ledger.runs:
        return []
    deeds: list[Deed] = []
    ready: dict[int, tuple[str, Outcome]] = {}
    for (case, party), outcome in outcomes(run).items():
        name = point_key(case, party)
        point = points.get(name)
        if point is None or case in left:
            if case in ledger.cases and case not in left:
                deeds.append(Deed("no test point", name, "the party is not in the plan"))
            continue
        deed = _against(ledger, run, name, point, outcome, take.get(case, ""))
        if deed is None:
            ready[point.id] = (name, outcome)
        else:
            deeds.append(deed)
    last = _written(api, run, title, ready) if ready else 0
    for identifier, (name, outcome) in ready.items():
        point = points[name]
        ledger.points[name] = PointEntry(
            identifier, point.suite, outcome.outcome, point.tester, run.header.run, run.header.at
        )
    if last and not any(each.conflict for each in deeds):
        ledger.runs[run.header.run] = last
    save()
    if last:
        deeds.append(Deed("outcomes", title, f"{len(ready)} test points, test run #{last}"))
    return deeds


def _against(ledger: Ledger, run: Run, name: str, point: Point, outcome: Outcome, take: str) -> Deed | None:
    """Say what speaks against writing an outcome; None where nothing does."""
    known = ledger.points.get(name)
    if known is not None and known.at > run.header.at:
        return Deed("older", name, f"run {known.run} is later and stands there")
    seen = known.outcome if known is not None else ""
    if point.outcome in {seen, outcome.outcome, ""} or take == "ours":
        return None
    said = f"{point.outcome} was set there{f' by {point.by}' if point.by else ''}, ours is {outcome.outcome}"
    if take == "theirs":
        ledger.points[name] = PointEntry(
            point.id, point.suite, point.outcome, point.tester, run.header.run, run.header.at
        )
        return Deed("theirs taken", name, said)
    return Deed("conflict", name, said, conflict=True)


def _written(api: AzureDevOps, run: Run, title: str, ready: Mapping[int, tuple[str, Outcome]]) -> int:
    """Write outcomes into the run's test run; one that an earlier push began is gone on with."""
    covered: set[int] = set()
    last = 0
    for each in api.runs():
        if each.get("name") != title:
            continue
        last = int(each["id"])
        covered |= _finished(api, last, str(each.get("state", "")), run, ready)
    missing = sorted(set(ready) - covered)
    if missing:
        last = int(api.create_run(title, missing, run_comment(run))["id"])
        _finished(api, last, "", run, ready)
    return last


def _finished(
    api: AzureDevOps, identifier: int, state: str, run: Run, ready: Mapping[int, tuple[str, Outcome]]
) -> set[int]:
    """Fill the open results of a test run and end it; returns the points that it has results of."""
    there = api.results(identifier)
    open_results = [
        {
            "id": int(each["id"]),
            "outcome": ready[point][1].outcome,
            "state": _DONE,
            "comment": ready[point][1].comment,
            "startedDate": run.header.at,
            "completedDate": run.finished,
        }
        for each in there
        if each.get("state") != _DONE and (point := int(each["testPoint"]["id"])) in ready
    ]
    api.update_results(identifier, open_results)
    if state != _DONE:
        api.complete_run(identifier)
    return {int(each["testPoint"]["id"]) for each in there}
