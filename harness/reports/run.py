"""One run as typed values, folded from its events: what every report reads and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from harness.errors import ConfigurationError
from harness.evidence.events import (
    HUB_REAL,
    AnswerReceived,
    AssumptionUsed,
    CheckMade,
    DeliveryAnswered,
    Event,
    FaultApplied,
    InstanceEvent,
    InstanceFinished,
    InstanceStarted,
    InstanceWaiting,
    LegacyExchange,
    MessageSent,
    PartyTold,
    PublicationReceived,
    RunFinished,
    RunStarted,
    StepStarted,
)
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.log import FILE, event_files, read_events
from harness.evidence.store import EvidenceStore
from harness.evidence.verdicts import Blame, BlameClass, ExecutionStatus, Verdict

Step = (
    StepStarted
    | MessageSent
    | AnswerReceived
    | PublicationReceived
    | DeliveryAnswered
    | PartyTold
    | LegacyExchange
    | FaultApplied
    | InstanceWaiting
    | CheckMade
)

UNFINISHED = "The run ended before this case did."


@dataclass(frozen=True, slots=True)
class Party:
    """Who took part: as the network file names it, and whether its system is real."""

    name: str
    organisation: str
    role: str
    dip_id: str
    mpid: str
    real: bool


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that no public source gives and that ``cases`` verdicts lean on."""

    name: str
    text: str
    basis: str
    cases: int


@dataclass(frozen=True, slots=True)
class Instance:
    """One scenario instance with its steps in order and its verdict.

    ``attempts`` counts how often the run began it. The last attempt stands here, and of the first one its
    ``first_verdict``.
    """

    started: InstanceStarted
    steps: tuple[Step, ...]
    assumptions: tuple[str, ...]
    verdict: Verdict
    status: ExecutionStatus
    reason: str
    blame: Blame | None
    seconds: float
    finished_at: str
    attempts: int
    first_verdict: Verdict

    @property
    def case(self) -> str:
        """The case with its release, unique in the run."""
        return self.started.case

    @property
    def id(self) -> str:
        """The case id without the release."""
        return self.started.case_id

    @property
    def positive(self) -> bool:
        """Whether the scenario sends something right and expects it to work."""
        return self.started.polarity == "positive"

    @property
    def checks(self) -> tuple[CheckMade, ...]:
        """Every condition that was judged."""
        return tuple(step for step in self.steps if isinstance(step, CheckMade))

    @property
    def failures(self) -> tuple[CheckMade, ...]:
        """The conditions of severity error that did not hold."""
        return tuple(check for check in self.checks if not check.passed and check.severity == "error")

    @property
    def warnings(self) -> tuple[CheckMade, ...]:
        """The conditions of lesser severity that did not hold."""
        return tuple(check for check in self.checks if not check.passed and check.severity != "error")

    @property
    def publications(self) -> tuple[PublicationReceived, ...]:
        """What arrived at any webhook."""
        return tuple(step for step in self.steps if isinstance(step, PublicationReceived))

    @property
    def deliveries(self) -> tuple[DeliveryAnswered, ...]:
        """What real parties answered, by the DIP's journal."""
        return tuple(step for step in self.steps if isinstance(step, DeliveryAnswered))

    @property
    def key(self) -> str:
        """Stable text to group equal failures by."""
        first = next(iter(self.failures), None)
        return (first.key or first.title) if first else self.reason


@dataclass(frozen=True)
class Run:
    """A run: its header, its instances in the order of the file, its end."""

    folder: Path
    header: RunStarted
    instances: tuple[Instance, ...]
    assumptions: tuple[Assumption, ...]
    end: RunFinished | None
    truncated: bool
    """The last line of the events was cut off, as an interrupted run can leave it."""
    parties: tuple[Party, ...] = ()

    @property
    def evidence_class(self) -> EvidenceClass:
        """What the run can prove; the least of all where it never ended."""
        return EvidenceClass(self.end.evidence_class) if self.end else EvidenceClass.REHEARSAL

    @property
    def evidence_class_reason(self) -> str:
        """Why it is of that class."""
        return (
            self.end.evidence_class_reason if self.end else "the run did not end, so it proves nothing more"
        )

    @property
    def hub_real(self) -> bool:
        """Whether the DIP was a real one, as far as the run says so; where everything was, it was too."""
        known = self.end.extra.get(HUB_REAL) if self.end else False
        return self.evidence_class is EvidenceClass.INTEGRATED if known is None else bool(known)

    @property
    def interrupted(self) -> bool:
        """Whether the run stopped before all that was selected had a verdict."""
        return self.end is None or self.end.interrupted or self.truncated

    @property
    def finished(self) -> str:
        """When the run ended; the time of its last event where it was cut off."""
        if self.end is not None:
            return self.end.at
        return max((each.finished_at for each in self.instances), default=self.header.at)

    @property
    def not_started(self) -> int:
        """Selected cases that the run never began."""
        return max(0, self.header.selected - len(self.instances))

    @cached_property
    def totals(self) -> dict[Verdict, int]:
        """How many instances have each verdict, in the order of the verdicts."""
        return totals(self.instances)

    @cached_property
    def _by_dip_id(self) -> Mapping[str, Party]:
        return {party.dip_id: party for party in self.parties if party.dip_id}

    @cached_property
    def evidence(self) -> EvidenceStore:
        """Where the exact bytes lie."""
        return EvidenceStore(self.folder / "evidence")

    def party(self, dip_id: str) -> Party | None:
        """Return the party with a DIP id, None where the network has none."""
        return self._by_dip_id.get(dip_id)

    def party_name(self, name_or_id: str) -> str:
        """Return words for a party that an event names by DIP id or by name."""
        party = self.party(name_or_id)
        if party is None:
            return name_or_id
        return f"{party.name.removesuffix(f' ({party.role})')} ({party.role} {party.dip_id})"


def totals(instances: Iterable[Instance]) -> dict[Verdict, int]:
    """Count verdicts, each of the six present."""
    counted = Counter(instance.verdict for instance in instances)
    return {verdict: counted[verdict] for verdict in Verdict}


def read_run(folder: Path, *, lean: bool = False) -> Run:
    """Fold a run's events; ``lean`` leaves out messages and checks that passed, for reports over many runs.

    Raises ConfigurationError naming the line of an event that is unknown or out of place. A last line that
    was cut off is passed over, and `Run.truncated` says so. Of a run that was killed, its parts are read.
    """
    path = folder / FILE
    run = fold(events_of(folder, wanted=_lean if lean else None), folder=folder, where=str(path))
    return replace(run, truncated=True) if not path.exists() or not _whole(path) else run


def events_of(folder: Path, *, wanted: Callable[[bytes], bool] | None = None) -> Iterator[Event]:
    """Yield the events of a run, its first one first; only those whose line is ``wanted``.

    Of a run that was killed, its parts are read. Raises ConfigurationError naming a damaged line.
    """
    for each in event_files(folder):
        yield from read_events(each, wanted=wanted)


_HEAVY = (b'{"event":"message-sent"', b'{"event":"answer-received"', b'{"event":"publication-received"')


def _lean(line: bytes) -> bool:
    """Say whether a line is needed where only verdicts are: no message, no check that passed."""
    return not line.startswith(_HEAVY) and not (
        line.startswith(b'{"event":"check-made"') and b'"passed":true' in line
    )


def _whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"


def fold(events: Iterable[Event], *, folder: Path, where: str) -> Run:
    """Fold events into a run (pure); ``where`` names their file in errors."""
    header: RunStarted | None = None
    end: RunFinished | None = None
    drafts: dict[str, _Draft] = {}
    used: dict[str, dict[str, AssumptionUsed]] = {}
    for number, event in enumerate(events, start=1):
        place = f"{where}, line {number}"
        if isinstance(event, RunStarted):
            if header is not None:
                raise ConfigurationError("the run starts a second time", where=place)
            header = event
        elif header is None:
            raise ConfigurationError(
                f"'{event.kind}' comes before 'run-started'",
                where=place,
                mend="The file has lost its first line.",
            )
        elif isinstance(event, RunFinished):
            end = event
        elif isinstance(event, InstanceStarted):
            drafts.setdefault(event.case, _Draft()).begin(event)
        elif isinstance(event, InstanceEvent):
            draft = drafts.get(event.case)
            if draft is None:
                raise ConfigurationError(
                    f"'{event.kind}' of case {event.case}, which never started", where=place
                )
            try:
                draft.take(event)
            except (KeyError, ValueError) as error:
                raise ConfigurationError(
                    f"'{event.kind}' of case {event.case}: {error}", where=place
                ) from error
            if isinstance(event, AssumptionUsed):
                used.setdefault(event.name, {})[event.case] = event
    if header is None:
        raise ConfigurationError(
            "holds no run", where=where, mend="Give the folder of a run (runs/<run-id>)."
        )
    assumptions = [
        Assumption(name, (last := list(cases.values())[-1]).text, last.basis, len(cases))
        for name, cases in used.items()
    ]
    return Run(
        folder=folder,
        header=header,
        instances=tuple(draft.done() for draft in drafts.values()),
        assumptions=tuple(sorted(assumptions, key=lambda each: (-each.cases, each.name))),
        end=end,
        truncated=False,
        parties=tuple(_party(entry) for entry in header.network),
    )


def _party(entry: Mapping[str, str]) -> Party:
    return Party(
        name=entry.get("name", ""),
        organisation=entry.get("organisation", ""),
        role=entry.get("role", ""),
        dip_id=entry.get("dip_id", ""),
        mpid=entry.get("mpid", ""),
        real=entry.get("real", "no") == "yes",
    )


@dataclass(frozen=True, slots=True)
class _End:
    """How an instance ended."""

    verdict: Verdict
    status: ExecutionStatus
    reason: str
    blame: Blame | None
    seconds: float


_CUT_OFF = _End(
    Verdict.INCONCLUSIVE, ExecutionStatus.IN_PROGRESS, UNFINISHED, Blame(BlameClass.ENVIRONMENT), 0.0
)


class _Draft:
    """An instance while its events come in."""

    def __init__(self) -> None:
        self._attempts = 0
        self._first: Verdict | None = None

    def begin(self, event: InstanceStarted) -> None:
        """Start an attempt; what an earlier one left is replaced, but for its verdict."""
        self._attempts += 1
        self._started = event
        self._steps: list[Step] = []
        self._assumptions: dict[str, None] = {}
        self._end = _CUT_OFF
        self._last_at = event.at

    def take(self, event: InstanceEvent) -> None:
        """Add an event of the present attempt; raises ValueError or KeyError for a value that is none."""
        self._last_at = event.at or self._last_at
        if isinstance(event, InstanceFinished):
            blame = event.blame
            self._end = _End(
                Verdict(event.verdict),
                ExecutionStatus(event.status),
                event.reason,
                Blame(BlameClass(blame["class"]), blame.get("party", "")) if blame else None,
                event.seconds,
            )
            self._first = self._first or self._end.verdict
        elif isinstance(event, AssumptionUsed):
            self._assumptions[event.name] = None
        elif isinstance(event, Step):
            self._steps.append(event)

    def done(self) -> Instance:
        """Return the instance as its last attempt left it."""
        return Instance(
            started=self._started,
            steps=tuple(self._steps),
            assumptions=tuple(self._assumptions),
            verdict=self._end.verdict,
            status=self._end.status,
            reason=self._end.reason,
            blame=self._end.blame,
            seconds=self._end.seconds,
            finished_at=self._last_at,
            attempts=self._attempts,
            first_verdict=self._first or self._end.verdict,
        )
