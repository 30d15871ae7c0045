"""What a run's instances add up to: per pair, per interface, per requirement, per failure (pure)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from harness.errors import ConfigurationError
from harness.evidence.events import MessageSent
from harness.evidence.verdicts import Blame, Verdict
from harness.reports.run import Instance, Run, totals
from harness.scenarios.requirements import Register, Requirement
from harness.spec.interfaces import dormant
from harness.spec.release import load
from harness.spec.scope import cit_scope

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


BY_PAIR = "cit"
"""The stage whose cases are exchanges of one interface-event pair each."""


@dataclass(frozen=True, slots=True)
class PairResult:
    """An interface-event pair of a release: passed when every positive case of it passed and there is one."""

    release: str
    interface: str
    event: str
    report: bool
    passed: bool
    tried: bool
    in_cit_scope: bool
    dormant: bool


@dataclass(frozen=True, slots=True)
class Score:
    """``passed`` of ``total`` pairs or scenarios; ``tried`` have a positive case at all."""

    passed: int
    tried: int
    total: int


@dataclass(frozen=True, slots=True)
class ReleaseScores:
    """What passed as pairs in one release; ``dormant`` are pairs that no total counts."""

    release: str
    interfaces: Score
    reports: Score
    cit_scope: Score
    dormant: Score


@dataclass(frozen=True, slots=True)
class InterfaceResult:
    """One interface of one release."""

    release: str
    interface: str
    pairs: tuple[PairResult, ...]
    instances: tuple[Instance, ...]
    senders: tuple[str, ...]
    receivers: tuple[str, ...]

    @property
    def score(self) -> Score:
        """How many of its pairs passed."""
        return score(self.pairs)

    @property
    def totals(self) -> Mapping[Verdict, int]:
        """Its cases by verdict."""
        return totals(self.instances)


@dataclass(frozen=True, slots=True)
class AreaScore:
    """The scenarios of one process area in one release."""

    release: str
    area: str
    scenarios: Score
    cases: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """What the run says of one requirement; ``requirement`` is None for an id that the register lacks."""

    id: str
    requirement: Requirement | None
    instances: tuple[Instance, ...]

    @property
    def totals(self) -> Mapping[Verdict, int]:
        """The cases that cite it, by verdict."""
        return totals(self.instances)

    @property
    def met(self) -> bool:
        """Whether every case that cites it passed, and there is one."""
        return bool(self.instances) and all(each.verdict is Verdict.PASS for each in self.instances)


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Cases that failed in the same way, by the same party's doing."""

    key: str
    verdict: Verdict
    blame: Blame | None
    instances: tuple[Instance, ...]


def pairs(run: Run) -> tuple[PairResult, ...]:
    """Return every pair of the run's releases; of a release that isn't installed, those that the run has."""
    scope = cit_scope().interfaces
    positive = group(
        (each for each in run.instances if each.positive),
        lambda each: (each.started.release, each.started.interface, each.started.event_code),
    )
    found = []
    for release in run.header.releases:
        for interface, event, report in _known_pairs(run, release):
            cases = positive.get((release, interface, event), ())
            tried = [case for case in cases if case.verdict not in {Verdict.OMITTED, Verdict.SKIPPED}]
            found.append(
                PairResult(
                    release,
                    interface,
                    event,
                    report,
                    passed=bool(tried) and all(case.verdict is Verdict.PASS for case in tried),
                    tried=bool(tried),
                    in_cit_scope=interface in scope,
                    dormant=interface in dormant(),
                )
            )
    return tuple(found)


def score(results: Iterable[PairResult]) -> Score:
    """Count pairs."""
    listed = list(results)
    return Score(sum(pair.passed for pair in listed), sum(pair.tried for pair in listed), len(listed))


def release_scores(run: Run) -> tuple[ReleaseScores, ...]:
    """Return per release how many pairs passed: of interfaces, of reports, and of CIT's interfaces."""
    by_release = group(pairs(run), lambda pair: pair.release)
    return tuple(
        ReleaseScores(
            release,
            interfaces=score(pair for pair in listed if not pair.report and not pair.dormant),
            reports=score(pair for pair in listed if pair.report),
            cit_scope=score(pair for pair in listed if pair.in_cit_scope),
            dormant=score(pair for pair in listed if pair.dormant),
        )
        for release, listed in by_release.items()
    )


def areas(run: Run) -> tuple[AreaScore, ...]:
    """Return per release and process area how many scenarios have only passing cases; twins apart."""
    calm = (each for each in run.instances if not each.started.twin)
    return tuple(
        AreaScore(release, area, _scenarios_passed(listed), totals(listed))
        for (release, area), listed in group(
            calm, lambda each: (each.started.release, each.started.area)
        ).items()
    )


def _scenarios_passed(instances: Iterable[Instance]) -> Score:
    by_scenario = group(instances, lambda each: each.started.scenario)
    passed = sum(all(each.verdict is Verdict.PASS for each in listed) for listed in by_scenario.values())
    return Score(passed, len(by_scenario), len(by_scenario))


def interfaces(run: Run) -> tuple[InterfaceResult, ...]:
    """Return the interfaces of the run's releases with their cases, sender roles and receiver roles seen."""
    cases = group(run.instances, lambda each: (each.started.release, each.started.interface))
    by_interface = group(pairs(run), lambda pair: (pair.release, pair.interface))
    senders, receivers = _traffic(run)
    return tuple(
        InterfaceResult(
            *place,
            pairs=by_interface.get(place, ()),
            instances=cases.get(place, ()),
            senders=tuple(sorted(senders.get(place, ()))),
            receivers=tuple(sorted(receivers.get(place, ()))),
        )
        for place in dict.fromkeys([*by_interface, *cases])
    )


def requirements(run: Run, register: Register) -> tuple[RequirementResult, ...]:
    """Return every registered requirement, then the ids that cases cite and the register lacks.

    The cases of a requirement that others cover are theirs too.
    """
    citing: dict[str, dict[str, Instance]] = {}
    for instance in run.instances:
        for identifier in instance.started.requirements:
            citing.setdefault(identifier, {})[instance.case] = instance
    return tuple(
        RequirementResult(
            identifier, register.get(identifier), tuple(_covering(citing, register, identifier))
        )
        for identifier in dict.fromkeys([*register, *sorted(citing)])
    )


def _covering(
    citing: Mapping[str, Mapping[str, Instance]], register: Register, identifier: str
) -> Iterable[Instance]:
    found: dict[str, Instance] = {}
    for verifying in register.verified_by(identifier):
        found |= citing.get(verifying, {})
    return found.values()


def failures(run: Run) -> tuple[FailureGroup, ...]:
    """Return what needs somebody's move, most serious verdict and largest group first."""
    order = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
    grouped = group(
        (each for each in run.instances if each.verdict in order),
        lambda each: (each.verdict, each.key, each.blame),
    )
    found = [FailureGroup(key, verdict, blame, cases) for (verdict, key, blame), cases in grouped.items()]
    return tuple(sorted(found, key=lambda each: (order.index(each.verdict), -len(each.instances), each.key)))


def failure_title(failed: FailureGroup) -> str:
    """Say what did not hold, with expected and actual where all of its cases agree on them."""
    firsts = [next(iter(instance.failures), None) for instance in failed.instances]
    check = firsts[0]
    if check is None:
        return failed.instances[0].reason or failed.instances[0].started.title
    same = {(each.expected, each.actual) for each in firsts if each} == {(check.expected, check.actual)}
    short = len(check.expected) + len(check.actual) <= 90
    return f"{check.title}: expected {check.expected}, got {check.actual}" if same and short else check.title


def not_tested(run: Run) -> tuple[FailureGroup, ...]:
    """Return what was selected and left out, by reason, largest group first."""
    left_out = (each for each in run.instances if each.verdict in {Verdict.OMITTED, Verdict.SKIPPED})
    grouped = group(left_out, lambda each: (each.verdict, each.reason, each.blame))
    found = [
        FailureGroup(reason, verdict, blame, cases) for (verdict, reason, blame), cases in grouped.items()
    ]
    return tuple(sorted(found, key=lambda each: (-len(each.instances), each.key)))


def group(values: Iterable[V], key: Callable[[V], K]) -> dict[K, tuple[V, ...]]:
    """Group values by a key, both in order of first appearance."""
    found: dict[K, list[V]] = {}
    for value in values:
        found.setdefault(key(value), []).append(value)
    return {name: tuple(listed) for name, listed in found.items()}


def _known_pairs(run: Run, release: str) -> list[tuple[str, str, bool]]:
    try:
        return [(pair.interface, pair.event, pair.report) for pair in load(release).pairs]
    except ConfigurationError:
        seen = {
            (each.started.interface, each.started.event_code)
            for each in run.instances
            if each.started.release == release
        }
        return [(interface, event, interface.startswith("REP-")) for interface, event in sorted(seen)]


def _traffic(run: Run) -> tuple[dict[tuple[str, str], set[str]], dict[tuple[str, str], set[str]]]:
    """Return which roles sent and which received each interface, by release and interface."""
    senders: dict[tuple[str, str], set[str]] = {}
    receivers: dict[tuple[str, str], set[str]] = {}
    for instance in run.instances:
        release = instance.started.release
        for step in instance.steps:
            if isinstance(step, MessageSent):
                party = run.party(step.sender)
                senders.setdefault((release, step.interface), set()).add(
                    party.role if party else instance.started.role
                )
        for publication in instance.publications:
            receivers.setdefault((release, publication.interface), set()).add(publication.role)
    return senders, receivers
