"""Requirement -> tests of a party (pure): what is planned for its role, and what runs with it showed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.reports.rttm import phase_of
from harness.reports.standing.model import Standing, Test
from harness.reports.submission import staleness
from harness.reports.submission.part import Part, Parts
from harness.reports.submission.planned import Catalogue, Planned
from harness.reports.submission.subject import HUB, Subject
from harness.scenarios.requirements import Register, Requirement

VERIFIES, PARTLY, EXERCISES = "verifies", "partly verifies", "exercises"
_STANDS = frozenset({ExecutionStatus.PASSED, ExecutionStatus.PASSED_WITH_WORK_OFF})
_NOBODY = Part()


@dataclass(frozen=True, slots=True)
class Result:
    """A test's standing in one evidence class, as it counts for a party."""

    test: Test
    evidence: EvidenceClass
    """As it counts for the party: a rehearsal wherever its own system was simulated."""
    stale: tuple[str, ...]

    @property
    def simulated(self) -> bool:
        """Whether the run's evidence is more real than what it says of this party."""
        return self.evidence is not self.test.evidence


@dataclass(frozen=True, slots=True)
class PartyTest:
    """One test (case id without release) of a party: planned, run, or both; ``results`` newest first."""

    id: str
    phase: str
    planned: Planned | None
    results: Mapping[EvidenceClass, tuple[Result, ...]]
    """Those on the release that is submitted first, then the newest."""
    cited: frozenset[str]
    """Requirements that it cites."""
    exempt: str = ""
    """Why its segment leaves the scope; empty where it does not."""

    @property
    def all(self) -> tuple[Result, ...]:
        """Every result that it has."""
        return tuple(each for listed in self.results.values() for each in listed)

    @property
    def positive(self) -> bool:
        """Whether it sends something right and expects it to work."""
        if self.planned:
            return self.planned.case.scenario.polarity == "positive"
        return any(each.test.started.polarity == "positive" for each in self.all)

    @property
    def twin(self) -> str:
        """The perturbation under which it was run again; empty in the calm."""
        return next((each.test.started.twin for each in self.all), "")

    @property
    def segments(self) -> frozenset[str]:
        """Market segments that it is of; none where it is of no one in particular."""
        if self.planned:
            return frozenset(self.planned.case.scenario.segments)
        return frozenset(name for each in self.all for name in each.test.started.segments)


@dataclass(frozen=True, slots=True)
class Link:
    """A requirement and a test: how far the test decides on it, which part, and what is stale about it."""

    requirement: str
    test: PartyTest
    kind: str
    part: str = ""
    stale: Mapping[EvidenceClass, tuple[str, ...]] = field(default_factory=dict)

    @property
    def decides(self) -> bool:
        """Whether the test's result decides on the requirement."""
        return self.kind != EXERCISES

    @property
    def planned_status(self) -> ExecutionStatus:
        """Where it stands before anything was run."""
        return ExecutionStatus.DESCOPED if self.test.exempt else ExecutionStatus.NOT_STARTED

    def tried(self, evidence: EvidenceClass) -> bool:
        """Say whether it has a result in a class."""
        return evidence in self.test.results

    def result(self, evidence: EvidenceClass) -> Result | None:
        """Return the result that counts in a class."""
        return next(iter(self.test.results.get(evidence, ())), None)

    def status(self, evidence: EvidenceClass) -> ExecutionStatus:
        """Return where it stands in a class; a pass that went stale counts as not started."""
        if self.test.exempt:
            return ExecutionStatus.DESCOPED
        result = self.result(evidence)
        if result is None:
            return ExecutionStatus.NOT_STARTED
        status = result.test.status
        return ExecutionStatus.NOT_STARTED if self.stale.get(evidence) and status in _STANDS else status


def tests_of(
    standing: Standing,
    parts: Parts,
    catalogue: Catalogue,
    subject: Subject,
    exempt: Mapping[str, str],
) -> tuple[PartyTest, ...]:
    """Return the tests of a party: planned for its role, or run with it.

    A planned test that was run and in which nobody in the role had a part is no test of the role: routing
    names it under a condition that did not hold. ``exempt`` is segment to reason.
    """
    planned = {key: each for key, each in catalogue.by_id().items() if each.needs(subject.role)}
    results: dict[str, list[Result]] = {}
    others: set[str] = set()
    hubs = frozenset(run.header.run for run in standing.runs if run.hub_real)
    for test in standing.tests:
        part = parts.get((test.last.run, test.case), _NOBODY)
        if _took_part(test, part, subject):
            pairs = part.pairs
            stale = staleness.of_test(test, pairs, release=catalogue.release, digests=catalogue.digests)
            results.setdefault(test.id, []).append(Result(test, _proves(test, subject, hubs), stale))
        elif not test.last.left_out and not _role_took_part(part, standing, subject.role):
            others.add(test.id)
    found = []
    for key in sorted({*planned, *results}):
        if key not in results and key in others:
            continue
        listed = results.get(key, [])
        case = planned.get(key)
        stage = case.case.scenario.stage if case else listed[0].test.started.stage
        cited = {name for each in listed for name in each.test.started.requirements}
        cited |= set(case.case.requirements if case else ())
        mine = PartyTest(key, phase_of(stage), case, _sorted(listed, catalogue.release), frozenset(cited))
        found.append(_exempted(mine, exempt))
    return tuple(found)


def _took_part(test: Test, part: Part, subject: Subject) -> bool:
    if subject.role == HUB:
        return True
    if part.senders or part.recipients:
        return part.took(subject.dip_id)
    if test.started.parties:
        return subject.dip_id in test.started.parties
    return bool(subject.dip_id) and test.started.role == subject.role


def _role_took_part(part: Part, standing: Standing, role: str) -> bool:
    parties = standing.parties
    return any(parties[name].role == role for name in (*part.senders, *part.recipients) if name in parties)


def _proves(test: Test, subject: Subject, hubs: Collection[str]) -> EvidenceClass:
    """Return what a test proves of a party: nothing more than a rehearsal where its system was simulated.

    ``hubs`` are the runs whose DIP was real.
    """
    own = test.last.run in hubs if subject.role == HUB else subject.dip_id in test.last.conditions.real
    return test.evidence if own else EvidenceClass.REHEARSAL


def _sorted(results: Iterable[Result], release: str) -> Mapping[EvidenceClass, tuple[Result, ...]]:
    found: dict[EvidenceClass, list[Result]] = {}
    for each in sorted(results, key=lambda each: each.test.last.at, reverse=True):
        found.setdefault(each.evidence, []).append(each)
    return {
        kind: tuple(sorted(listed, key=lambda each: each.test.release != release))
        for kind, listed in found.items()
    }


def _exempted(test: PartyTest, exempt: Mapping[str, str]) -> PartyTest:
    if not test.segments or not test.segments <= set(exempt):
        return test
    reason = "; ".join(dict.fromkeys(exempt[each] for each in sorted(test.segments)))
    return replace(test, exempt=reason)


def links_of(
    register: Register,
    tests: Sequence[PartyTest],
    parts: Parts,
    subject: Subject,
    asked: Mapping[str, staleness.Asked],
    touched: Callable[[Result, str], tuple[str, ...]],
) -> Mapping[str, tuple[Link, ...]]:
    """Return the links of each requirement by id.

    ``asked`` is what each run's register said, by run; ``touched`` gives the changes of systems that touch a
    result, for a requirement.
    """
    citing: dict[str, list[PartyTest]] = {}
    for test in tests:
        for identifier in test.cited:
            citing.setdefault(identifier, []).append(test)
    found = {}
    for identifier in dict.fromkeys([*register, *sorted(citing)]):
        requirement = register.get(identifier)
        links: dict[str, Link] = {}
        for verifying in register.verified_by(identifier):
            for test in citing.get(verifying, ()):
                if test.id not in links and _in_part(
                    requirement, register.get(verifying), test, parts, subject
                ):
                    kind, clause = _kind(identifier, requirement, verifying, test)
                    links[test.id] = Link(
                        identifier,
                        test,
                        kind,
                        clause,
                        _stale(identifier, requirement, test, subject, asked, touched),
                    )
        found[identifier] = tuple(links.values())
    return found


def _in_part(
    requirement: Requirement | None,
    verifying: Requirement | None,
    test: PartyTest,
    parts: Parts,
    subject: Subject,
) -> bool:
    """Say whether the party has the part in the test that the requirement is met in."""
    part = (requirement.part if requirement else "") or (verifying.part if verifying else "")
    if not part or subject.role == HUB:
        return True
    played = [parts.get((each.test.last.run, each.test.case), _NOBODY) for each in test.all]
    if any(each.senders or each.recipients for each in played):
        return any(each.took(subject.dip_id, part) for each in played)
    if test.planned:
        return test.planned.needs(subject.role, part)
    return part == "sender"


def _kind(
    identifier: str, requirement: Requirement | None, verifying: str, test: PartyTest
) -> tuple[str, str]:
    """Return how far a test decides, and on which part."""
    if test.twin:
        return EXERCISES, f"perturbed: {test.twin}"
    if verifying != identifier:
        several = requirement is not None and len(requirement.covered_by) > 1
        return (PARTLY if several else VERIFIES), f"as {verifying}"
    if requirement is not None and len(requirement.interfaces) > 1:
        interface = test.planned.case.interface if test.planned else test.all[0].test.started.interface
        if interface in requirement.interfaces:
            return PARTLY, interface
    return VERIFIES, ""


def _stale(
    identifier: str,
    requirement: Requirement | None,
    test: PartyTest,
    subject: Subject,
    asked: Mapping[str, staleness.Asked],
    touched: Callable[[Result, str], tuple[str, ...]],
) -> Mapping[EvidenceClass, tuple[str, ...]]:
    found = {}
    for evidence, results in test.results.items():
        counts = results[0]
        run = counts.test.last.run
        own = (
            staleness.of_requirement(requirement, asked.get(run, {}), subject.role, run)
            if requirement
            else ()
        )
        if reasons := (*own, *counts.stale, *touched(counts, identifier)):
            found[evidence] = reasons
    return found
