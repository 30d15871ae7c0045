"""One run over several API releases, compared: what breaks from each release to the next, and why (pure).

Two cases are the same when their case id is. Why a case ends otherwise is told by the changes between the
two releases that reach what the case sent or received; a case can also differ for a reason that lies outside
the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.errors import ConfigurationError
from harness.evidence.events import MessageSent
from harness.evidence.verdicts import Verdict
from harness.reports.run import Instance, Run
from harness.spec.items import item_of
from harness.spec.notes import Note, reasons
from harness.spec.release import load
from harness.spec.shelf import ordered
from harness.stages.impact import Reach, reaches

_OUT = (Verdict.OMITTED, Verdict.SKIPPED)


@dataclass(frozen=True, slots=True)
class Cause:
    """A change between the two releases, the data item that it is about, and the published reasons."""

    number: int
    summary: str
    interfaces: tuple[str, ...]
    data_item: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A case that ended otherwise in the later release; None stands for a release that lacks the case."""

    before: Instance | None
    after: Instance | None
    causes: tuple[Cause, ...]

    @property
    def case(self) -> Instance:
        """The case in the release that has it; the later one where both do."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """From one release to the next: cases that break, are mended, came, went; how many ended alike."""

    old: str
    new: str
    breaks: tuple[Moved, ...]
    mended: tuple[Moved, ...]
    gone: tuple[Moved, ...]
    new_cases: tuple[Moved, ...]
    alike: int
    causes: tuple[Cause, ...]
    """Every change between the two releases."""
    touched: Mapping[int, int]
    """By the number of a change: how many cases of the run in the later release it reaches."""

    def by_interface(self) -> Mapping[str, int]:
        """Return how many cases break, by the interface that they are about."""
        return _counted(moved.case.started.interface for moved in self.breaks)

    def by_requirement(self) -> Mapping[str, int]:
        """Return how many cases break, by the requirement that they verify."""
        return _counted(each for moved in self.breaks for each in moved.case.started.requirements)

    def by_item(self) -> Mapping[str, int]:
        """Return how many cases break, by the data item of a change that reaches them."""
        return _counted(
            item for moved in self.breaks for item in {cause.data_item for cause in moved.causes} - {""}
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as `results.json` has it."""
        return {
            "from": self.old,
            "to": self.new,
            "alike": self.alike,
            "breaks": [_moved(each) for each in self.breaks],
            "mended": [_moved(each) for each in self.mended],
            "gone": [each.case.id for each in self.gone],
            "new": [each.case.id for each in self.new_cases],
            "by_interface": dict(self.by_interface()),
            "by_requirement": dict(self.by_requirement()),
            "by_data_item": dict(self.by_item()),
            "changes": [
                {
                    "number": cause.number,
                    "summary": cause.summary,
                    "interfaces": list(cause.interfaces),
                    "data_item": cause.data_item,
                    "reasons": [{"reference": note.reference, "text": note.text} for note in cause.notes],
                    "cases": self.touched.get(cause.number, 0),
                }
                for cause in self.causes
            ],
        }


def comparisons(run: Run) -> tuple[Comparison, ...]:
    """Compare each release of a run with the next one; nothing for a run over one release."""
    names = ordered(set(run.header.releases))
    return tuple(_comparison(run, old, new) for old, new in pairwise(names))


def _comparison(run: Run, old: str, new: str) -> Comparison:
    changed = _reaches(old, new)
    causes = [_cause(number, reach, old, new) for number, reach in enumerate(changed, start=1)]
    cases = {
        name: {each.id: each for each in run.instances if each.started.release == name} for name in (old, new)
    }
    touched: dict[int, int] = {}
    moved: dict[str, list[Moved]] = {"breaks": [], "mended": [], "gone": [], "new": []}
    alike = 0
    for case in dict.fromkeys([*cases[old], *cases[new]]):
        before, after = cases[old].get(case), cases[new].get(case)
        reached = _reaching(before, after, changed, causes)
        if after is not None:
            for cause in reached:
                touched[cause.number] = touched.get(cause.number, 0) + 1
        kind = _kind(before, after)
        if kind:
            moved[kind].append(Moved(before, after, reached))
        else:
            alike += 1
    return Comparison(
        old,
        new,
        tuple(moved["breaks"]),
        tuple(moved["mended"]),
        tuple(moved["gone"]),
        tuple(moved["new"]),
        alike,
        tuple(causes),
        touched,
    )


def _kind(before: Instance | None, after: Instance | None) -> str:
    """Say how a case moved, empty where it ended alike; what was left out counts as absent."""
    passed = [each is not None and each.verdict is Verdict.PASS for each in (before, after)]
    absent = [each is None or each.verdict in _OUT for each in (before, after)]
    if absent[0] or absent[1]:
        return "" if absent[0] and absent[1] else ("new" if absent[0] else "gone")
    if passed[0] == passed[1]:
        return ""
    return "breaks" if passed[0] else "mended"


def _reaches(old: str, new: str) -> tuple[Reach, ...]:
    """Return the changes; none where one of the releases is no longer installed."""
    try:
        return reaches(load(old), load(new))
    except ConfigurationError:
        return ()


def _cause(number: int, reach: Reach, old: str, new: str) -> Cause:
    change = reach.change
    return Cause(
        number,
        change.summary,
        change.interfaces,
        item_of(change.block, change.field) if change.field else "",
        reasons(change, old, new),
    )


def _reaching(
    before: Instance | None, after: Instance | None, changed: Iterable[Reach], causes: Iterable[Cause]
) -> tuple[Cause, ...]:
    pairs = {pair for each in (before, after) if each is not None for pair in _pairs(each)}
    return tuple(
        cause
        for reach, cause in zip(changed, causes, strict=True)
        if any(reach.touches(pair) for pair in pairs)
    )


def _pairs(instance: Instance) -> set[tuple[str, str]]:
    """Return what a case is about, and what it sent and received."""
    started = instance.started
    requests = (step for step in instance.steps if isinstance(step, MessageSent))
    sent = {(each.interface, each.event_code.strip("[]")) for each in requests}
    received = {(each.interface, each.event_code.strip("[]")) for each in instance.publications}
    return {(started.interface, started.event_code), *sent, *received}


def _counted(names: Iterable[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _moved(moved: Moved) -> dict[str, Any]:
    case = moved.case
    return {
        "id": case.id,
        "title": case.started.title,
        "before": moved.before.verdict.value if moved.before else None,
        "after": moved.after.verdict.value if moved.after else None,
        "reason": case.reason,
        "blame": case.blame.as_dict() if case.blame else None,
        "requirements": list(case.started.requirements),
        "changes": [cause.number for cause in moved.causes],
    }
