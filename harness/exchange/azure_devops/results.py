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
from harness.registers.model import Registers
from harness.reports.run import Run

OTHER = ("Paused", "InProgress", "Aborted", "Timeout", "Warning", "NotImpacted")
"""Outcomes of the service that no verdict of ours becomes."""
_WORDS = {word.lower(): word for word in (*WORST_FIRST, *OTHER)}
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
    registers: Registers | None = None,
    take: Mapping[str, str],
    left: Collection[str] = (),
    save: Save,
) -> list[Deed]:
    """Write a run's outcomes that were not written yet, overrides of ``registers`` counted in."""
    deeds: list[Deed] = []
    ready: dict[int, tuple[str, Outcome]] = {}
    for (case, party), outcome in outcomes(run, registers).items():
        name = point_key(case, party)
        point, known = points.get(name), ledger.points.get(name)
        if case in left or case not in ledger.cases:
            continue
        if point is None:
            deeds.append(Deed("no test point", name, "the party is not in the plan"))
        elif known is not None and (known.run, known.pushed) == (run.header.run, outcome.outcome):
            continue
        elif (deed := _against(ledger, run, name, point, outcome, take.get(case, ""))) is not None:
            deeds.append(deed)
        else:
            ready[point.id] = (name, outcome)
    if ready:
        last, written = _written(api, run, ready)
        for name, outcome in ready.values():
            ledger.points[name] = _entry(run, points[name], outcome.outcome, outcome.outcome)
        ledger.runs[run.header.run] = last
        if written:
            deeds.append(Deed("outcomes", run_title(run), f"{written} test points, test run #{last}"))
    save()
    return deeds


def _entry(run: Run, point: Point, outcome: str, pushed: str) -> PointEntry:
    return PointEntry(
        point.id, point.suite, outcome, point.tester, run=run.header.run, pushed=pushed, at=run.header.at
    )


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
        ledger.points[name] = _entry(run, point, point.outcome, outcome.outcome)
        return Deed("theirs taken", name, said)
    return Deed("conflict", name, said, conflict=True)


def _written(api: AzureDevOps, run: Run, ready: Mapping[int, tuple[str, Outcome]]) -> tuple[int, int]:
    """Write outcomes into test runs with our run's name; one that an earlier push began is gone on with.

    Returns the last test run and how many outcomes were written.
    """
    latest: dict[int, str] = {}
    last, written = 0, 0
    for each in sorted(api.runs(), key=lambda each: int(each["id"])):
        if each.get("name") == run_title(run):
            last = int(each["id"])
            filled, done = _finished(api, last, str(each.get("state", "")), run, ready)
            latest |= done
            written += filled
    missing = sorted(point for point, (_, outcome) in ready.items() if latest.get(point) != outcome.outcome)
    if missing:
        last = int(api.create_run(run_title(run), missing, run_comment(run))["id"])
        written += _finished(api, last, "", run, ready)[0]
    return last, written


def _finished(
    api: AzureDevOps, identifier: int, state: str, run: Run, ready: Mapping[int, tuple[str, Outcome]]
) -> tuple[int, dict[int, str]]:
    """Fill the open results of a test run and end it.

    Returns how many were filled, and the outcome that each point now has in it.
    """
    latest: dict[int, str] = {}
    open_results = []
    for each in api.results(identifier):
        point = int(each["testPoint"]["id"])
        if point not in ready:
            continue
        outcome = ready[point][1]
        if each.get("state") != _DONE:
            open_results.append(
                {
                    "id": int(each["id"]),
                    "outcome": outcome.outcome,
                    "state": _DONE,
                    "comment": outcome.comment,
                    "startedDate": run.header.at,
                    "completedDate": run.finished,
                }
            )
            latest[point] = outcome.outcome
        else:
            latest[point] = word(each.get("outcome"))
    api.update_results(identifier, open_results)
    if state != _DONE:
        api.complete_run(identifier)
    return len(open_results), latest
