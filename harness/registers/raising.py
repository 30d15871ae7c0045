"""Failed verdicts become defects: a new one, one that is known, or one that was closed and is back (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import Blame, BlameClass
from harness.registers.model import (
    Defect,
    DefectStatus,
    DesignQuery,
    Entry,
    Move,
    QueryStatus,
    Registers,
    Retest,
    Seen,
)

BY = "dip"
"""Who made a step of a history that no person made."""
DEFECT_PREFIX, QUERY_PREFIX = "DH-DEF-", "DH-DQ-"
_AROUND = frozenset(
    {
        BlameClass.CONFIGURATION,
        BlameClass.ENVIRONMENT,
        BlameClass.TEST_DATA,
        BlameClass.CONNECTION_PROVIDER,
        BlameClass.HARNESS,
    }
)
"""Causes that lie around the interfaces: one of them, met on many interfaces, is one defect."""
_ORDER = tuple(EvidenceClass)


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that failed in a run, or that could not be run (``blocked``), and why."""

    case: str
    key: str
    """As `CheckMade.key`, of the first condition that did not hold."""
    title: str
    blame: Blame
    release: str
    interface: str
    requirements: tuple[str, ...] = ()
    rule: str = ""
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class RunSeen:
    """What a run says to the registers: its failures, and the cases that passed, by id."""

    run: str
    evidence: EvidenceClass
    environment: str
    day: date
    """When it began."""
    failures: tuple[Failure, ...]
    passed: frozenset[str]
    builds: Mapping[str, str] = field(default_factory=dict)
    """The parties' builds, as far as the run records them."""


class Change(StrEnum):
    """What became of an entry."""

    RAISED = "raised"
    MATCHED = "matched"
    REOPENED = "reopened"
    RETEST_FAILED = "retest failed"
    RETEST_PASSED = "retest passed"
    CLOSED = "closed"
    NOT_COMPARABLE = "not retested"


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a run changed, or did not, with the reason."""

    change: Change
    entry: str
    run: str
    said: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The entries that are new or changed, and what happened, in order."""

    entries: tuple[Defect | DesignQuery, ...]
    news: tuple[News, ...]


def key_of(failure: Failure) -> str:
    """Return the stable key by which a failure finds its defect.

    It is made of blame class, party and what did not hold, and of the interface unless the cause lies around
    the interfaces (a certificate, an outage, test data): then one cause is one defect on however many.
    """
    blame = failure.blame
    party = f" {blame.party}" if blame.party else ""
    interface = "" if blame.cause in _AROUND or not failure.interface else f" {failure.interface}"
    return f"{blame.cause.value}{party}{interface}: {failure.key}"


def raise_from(
    registers: Registers,
    runs: Iterable[RunSeen],
    *,
    today: date,
    by: str = BY,
    raised_by: str = "",
    owner: str = "",
    close_retested: bool = False,
) -> Raised:
    """Work through runs, oldest first, and return what becomes of the registers.

    A failure with a known key is added to that entry. One that was closed before the run began is reopened,
    one that waits for its retest goes back to open. A fixed defect of which every case passed is marked so;
    it is closed only where ``close_retested`` says so, and never by lesser evidence than it was found with.
    The same run, given again, changes nothing.
    """
    book = _Book(registers, today=today, by=by, raised_by=raised_by, owner=owner)
    for run in sorted(runs, key=lambda each: (each.day, each.run)):
        groups: dict[str, list[Failure]] = {}
        for failure in run.failures:
            groups.setdefault(key_of(failure), []).append(failure)
        for key, failures in groups.items():
            book.failed(run, key, failures)
        book.passed(run, groups, close=close_retested)
    return Raised(tuple(book.changed.values()), tuple(book.news))


class _Book:
    """The entries while runs are worked through."""

    def __init__(self, registers: Registers, *, today: date, by: str, raised_by: str, owner: str) -> None:
        self.entries: dict[str, Defect | DesignQuery] = {each.id: each for each in registers.entries}
        self._by_key: dict[str, list[str]] = {}
        for each in self.entries.values():
            self._by_key.setdefault(each.key, []).append(each.id)
        self._last = {prefix: _last(self.entries, prefix) for prefix in (DEFECT_PREFIX, QUERY_PREFIX)}
        self.changed: dict[str, Defect | DesignQuery] = {}
        self.news: list[News] = []
        self._today, self._by, self._raised_by, self._owner = today, by, raised_by, owner

    def _keep(self, entry: Defect | DesignQuery) -> None:
        self.entries[entry.id] = self.changed[entry.id] = entry

    def failed(self, run: RunSeen, key: str, failures: Sequence[Failure]) -> None:
        """Add failures of one key to their entry, or raise it."""
        known = [self.entries[each] for each in self._by_key.get(key, ())]
        if not known:
            self._raise(run, key, failures)
            return
        entry = next((each for each in known if each.open), known[-1])
        again = any(each.run == run.run for each in entry.seen)
        grown = _grown(entry, run, failures)
        change, said = Change.MATCHED, f"{len(failures)} cases of it failed or were blocked"
        if isinstance(grown, Defect) and not again:
            back = _back(grown, run)
            if back is not None:
                change, said = back
                move = Move(self._today, self._by, grown.status.value, DefectStatus.OPEN.value, said, run.run)
                retest = Retest(run.run, "fail", run.evidence, run.day)
                grown = replace(
                    grown,
                    status=DefectStatus.OPEN,
                    closed=None,
                    history=(*grown.history, move),
                    retest=retest if change is Change.RETEST_FAILED else grown.retest,
                )
        if grown != entry:
            self._keep(grown)
            self.news.append(News(change, entry.id, run.run, said))

    def _raise(self, run: RunSeen, key: str, failures: Sequence[Failure]) -> None:
        first = failures[0]
        query = first.blame.cause is BlameClass.SPECIFICATION
        status = QueryStatus.RAISED.value if query else DefectStatus.NEW.value
        prefix = QUERY_PREFIX if query else DEFECT_PREFIX
        self._last[prefix] += 1
        identifier = f"{prefix}{self._last[prefix]:04d}"
        self._by_key.setdefault(key, []).append(identifier)
        common = {
            "id": identifier,
            "title": first.title,
            "key": key,
            "owner": self._owner,
            "raised_by": self._raised_by,
            "raised": self._today,
            "environment": run.environment,
            "interface": "" if first.blame.cause in _AROUND else first.interface,
            "history": (Move(self._today, self._by, "", status, "", run.run),),
        }
        entry: Defect | DesignQuery
        if query:
            entry = DesignQuery(status=QueryStatus.RAISED, specification=first.rule, **common)  # type: ignore[arg-type]
        else:
            entry = Defect(
                status=DefectStatus.NEW,
                blame=first.blame,
                release_found=first.release,
                build_found=run.builds.get(first.blame.party, ""),
                **common,  # type: ignore[arg-type]
            )
        self._keep(_grown(entry, run, failures))
        self.news.append(News(Change.RAISED, identifier, run.run, f"{len(failures)} cases"))

    def passed(self, run: RunSeen, failed: Mapping[str, object], *, close: bool) -> None:
        """Take what passed as the retest of defects that are fixed."""
        for entry in list(self.entries.values()):
            if (
                not isinstance(entry, Defect)
                or entry.status not in {DefectStatus.FIXED, DefectStatus.RETEST}
                or entry.key in failed
                or not set(_tests(entry)) & run.passed
                or any(each.run == run.run for each in entry.seen)
                or (entry.history and run.day < entry.history[-1].day)
            ):
                continue
            said = _unfit(entry, run)
            if said:
                self.news.append(News(Change.NOT_COMPARABLE, entry.id, run.run, said))
                continue
            retested = replace(entry, retest=Retest(run.run, "pass", run.evidence, run.day))
            change, said = Change.RETEST_PASSED, f"all {len(_tests(entry))} cases of it passed"
            if close:
                change = Change.CLOSED
                move = Move(
                    self._today, self._by, entry.status.value, DefectStatus.CLOSED.value, said, run.run
                )
                retested = replace(
                    retested,
                    status=DefectStatus.CLOSED,
                    closed=self._today,
                    history=(*entry.history, move),
                )
            if retested != entry:
                self._keep(retested)
                self.news.append(News(change, entry.id, run.run, said))


def _back(defect: Defect, run: RunSeen) -> tuple[Change, str] | None:
    """Return what a new failure of a defect means, None where it changes nothing of its status."""
    if defect.status is DefectStatus.CLOSED:
        if defect.closed and run.day < defect.closed:
            return None
        return Change.REOPENED, f"failed again in run {run.run}"
    if defect.status in {DefectStatus.FIXED, DefectStatus.RETEST}:
        since = defect.history[-1].day if defect.history else run.day
        if run.day < since or (defect.release_fixed and defect.release_fixed not in _releases(defect, run)):
            return None
        if _old_build(defect, run):
            return None
        return Change.RETEST_FAILED, f"failed its retest in run {run.run}"
    return None


def _releases(defect: Defect, run: RunSeen) -> set[str]:
    return {each.release for each in run.failures if each.case in defect.cases}


def _old_build(defect: Defect, run: RunSeen) -> str:
    """Return the build of a run where it is the one that lacks the fix; empty where nobody knows."""
    build = run.builds.get(defect.blame.party, "") if defect.blame else ""
    fixed_later = defect.build_fixed not in {"", defect.build_found}
    return build if fixed_later and build == defect.build_found else ""


def _unfit(defect: Defect, run: RunSeen) -> str:
    """Say why a run is no retest of a defect; empty where it is one."""
    tests = _tests(defect)
    missing = [each for each in tests if each not in run.passed]
    if missing:
        return f"{len(missing)} of its {len(tests)} cases did not pass: {missing[0]}"
    if old := _old_build(defect, run):
        return f"{old} is the build that it was found in"
    found = max((_ORDER.index(each) for each in defect.evidence), default=0)
    if _ORDER.index(run.evidence) < found:
        return f"found with {_ORDER[found]} evidence, a run of {run.evidence} evidence can't close it"
    return ""


def _tests(defect: Defect) -> tuple[str, ...]:
    """Return the cases that show whether a defect is gone."""
    return defect.cases or defect.blocks


def _grown(entry: Defect | DesignQuery, run: RunSeen, failures: Sequence[Failure]) -> Defect | DesignQuery:
    """Add what a run saw to an entry."""
    failing = [each.case for each in failures if not each.blocked]
    blocked = [each.case for each in failures if each.blocked and each.case not in failing]
    first = failures[0]
    known = any(each.run == run.run for each in entry.seen)
    return replace(
        entry,
        cases=_union(entry.cases, failing),
        blocks=_union((each for each in entry.blocks if each not in failing), blocked),
        requirements=_union(entry.requirements, (name for each in failures for name in each.requirements)),
        seen=entry.seen if known else (*entry.seen, Seen(run.run, run.evidence, first.release, run.day)),
    )


def _union(there: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*there, *more]))


def _last(entries: Mapping[str, Entry], prefix: str) -> int:
    """Return the highest number of an id with a prefix."""
    numbers = [
        int(each.removeprefix(prefix))
        for each in entries
        if each.startswith(prefix) and each.removeprefix(prefix).isdecimal()
    ]
    return max(numbers, default=0)
