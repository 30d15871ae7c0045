"""Scenario files as typed values.

`steps` keep the order of the file. Text in braces (``{interface}``, ``{supplier.dip_id}``) is filled in when
the case is prepared (`harness.scenarios.given`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Send:
    """A party sends; everything but the defaults is a deliberate departure from a right request."""

    by: str = "sender"
    interface: str = ""
    event: str = ""
    to: tuple[str, ...] = ()
    set: Mapping[str, Any] = field(default_factory=dict)
    mutate: str = ""
    content: str = "message"
    request: str = "intact"
    certificate: str = "own"
    claim: str = "own"
    recipient: str = "addressed"
    distributor: str = "right"
    mpan: str = "right"
    point: str = ""
    """Alias of the metering point that the message is about; empty: the scenario's only or first one."""
    batch: int = 1
    spoil: str = "all"
    """Which messages of a batch a mutation changes: ``all``, or ``one``."""
    reference: str = "fresh"
    """``fresh``, ``same`` throughout the batch, or ``again`` (that of a refused message)."""
    omit: tuple[str, ...] = ()
    """Places that are left out of the message."""
    signing: str = "own"
    through: str = "own"
    """``own``, the nominated connection ``provider``, or one that was not nominated (``stranger``)."""
    channel: str = "own"
    """``own``, ``another`` interface's, one that does not exist (``unknown``), or ``trial`` (/validate)."""
    path: str = "exact"


@dataclass(frozen=True, slots=True)
class ExpectStatus:
    """What the last request is answered with; ``setting:NAME`` reads a figure that no public source gives."""

    http: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    handshake: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Receive:
    """Parties receive a publication; ``addressed`` stands for everyone to whom the last message must go."""

    by: tuple[str, ...]
    interface: str = ""
    event: str = ""
    point: str = ""
    """Alias of the metering point that it names; empty: any."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Place to condition (`harness.scenarios.matching`)."""
    times: int = 1
    """How often the same publication arrives."""
    count: int = 1
    """How many different publications fit."""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class ReceiveStatus:
    """A status message about the last message sent reaches a party, with one of these codes."""

    by: str
    codes: tuple[str, ...]
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """The target is asked to misbehave towards this scenario's messages alone; it ends with the scenario."""

    options: Mapping[str, Any]
    """As the target's fault list has them, without party and tag."""
    of: str = ""


@dataclass(frozen=True, slots=True)
class ExpectNone:
    """No publication of this scenario that an earlier step has not explained is anywhere, or is of this kind.

    Named parties, interface, event and metering point narrow it; empty: any.
    """

    by: tuple[str, ...] = ()
    interface: str = ""
    event: str = ""
    point: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class InOrder:
    """The hub took these messages of the scenario in this order, whatever order they were delivered in."""

    messages: tuple[Mapping[str, str], ...]
    """``interface`` and ``event`` of each."""
    point: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Reconcile:
    """The reports of a kind that were received add up; with ``day`` they hold what ``by`` was sent for it."""

    report: str
    """Such as REP-002."""
    by: str
    """The alias of the party that made it."""
    day: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A party sets or removes its webhook for a channel; ``set-for-another``: for a DIP id not its own."""

    of: str
    action: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Advance:
    """The simulated clock moves forward: by a span, or to a moment such as ``{today+2wd}``."""

    seconds: int = 0
    hours: int = 0
    days: int = 0
    """Calendar days of Great Britain: the time of day stays."""
    working_days: int = 0
    to: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A party's register holds these values for a metering point, as of a moment and as known at one."""

    register: str
    has: Mapping[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    """Places that hold nothing."""
    unknown: bool = False
    """The register does not hold the metering point at all."""
    point: str = ""
    as_of: str = ""
    as_known: str = ""
    precondition: bool = False
    """Where it does not hold, the scenario is blocked for want of test data, and not failed."""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Tell:
    """A party learns something beside the hub; a real party is told by a person."""

    party: str
    what: str
    point: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Legacy:
    """A legacy data flow is exchanged: its content is kept as evidence, the flow itself is not played."""

    sender: str
    recipient: str
    flow: str
    content: Mapping[str, Any] = field(default_factory=dict)
    point: str = ""


@dataclass(frozen=True, slots=True)
class Requeue:
    """A recipient has what it missed of an interface, or else all it had, pushed to its webhook again."""

    by: str
    interface: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A recipient asks for what it had of an interface; a simulated one takes it in once more."""

    by: str
    interface: str


@dataclass(frozen=True, slots=True)
class EndFaults:
    """Every fault that the scenario asked for ends; what was held back goes out."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A person is asked; without a terminal the answers file is read, else the verdict is inconclusive."""

    question: str
    of: str = "tester"


Step = (
    Send
    | ExpectStatus
    | Receive
    | ReceiveStatus
    | ExpectNone
    | InOrder
    | Reconcile
    | Webhook
    | Advance
    | Check
    | Tell
    | Legacy
    | Requeue
    | Replay
    | Ask
    | Fault
    | EndFaults
)

STEPS: dict[str, type[Step]] = {
    "send": Send,
    "expect_status": ExpectStatus,
    "receive": Receive,
    "receive_status": ReceiveStatus,
    "expect_none": ExpectNone,
    "in_order": InOrder,
    "reconcile": Reconcile,
    "webhook": Webhook,
    "advance": Advance,
    "check": Check,
    "tell": Tell,
    "legacy": Legacy,
    "requeue": Requeue,
    "replay": Replay,
    "ask": Ask,
    "fault": Fault,
    "end_faults": EndFaults,
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """Which interface-event pairs and which sender roles a scenario runs for."""

    pairs: str
    senders: str = "first"
    interfaces: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OneCase:
    """The single case of a scenario that is no matrix."""

    interface: str
    event: str
    role: str


@dataclass(frozen=True, slots=True)
class Given:
    """What holds before the first step: parties by alias (``SUP#2``: the second supplier), dates."""

    parties: Mapping[str, str] = field(default_factory=dict)
    effective_in_days: int = 14
    effective: str = ""
    """A local date that the effective date is fixed to; empty: so many days after the start."""
    clock: str = ""
    """When the scenario starts; empty: as the stage has it."""
    points: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Metering points by alias, as `harness.scenarios.points` reads them."""
    metering_point: tuple[str, ...] = ()
    """Aliases of the parties that the hub knows for the MPAN; empty: the secondary recipients of a send."""
    behaviours: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario file."""

    id: str
    title: str
    stage: str
    area: str
    polarity: str
    why: str
    requirements: tuple[str, ...]
    external_ids: Mapping[str, str]
    releases: tuple[str, ...]
    segments: tuple[str, ...]
    matrix: Matrix | None
    case: OneCase | None
    given: Given
    steps: tuple[Step, ...]
    last_steps: tuple[Step, ...]
    file: Path
    origins: tuple[str, ...] = ()
    """Where each step comes from: the procedure and its step, empty for a step of the file itself."""
    variant: str = ""
    theme: str = ""
    """Our id of the theme that the area belongs to; empty where none does."""
    digest: str = ""
    """SHA-256 of what it does (`given`, `steps`, `finally`): titles, ids and links may change without it."""
    cycles: tuple[str, ...] = ()
    """Cycles that it belongs to; none where it belongs to each."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario for one interface, event, sender role and release: what one test item runs."""

    scenario: Scenario
    release: str
    interface: str
    event: str
    role: str
    seed: int
    twin: str = ""
    """The perturbation under which the scenario is run again; empty: in the calm."""
    touched_by: tuple[str, ...] = ()
    """Changes between two releases for which the case was selected, in words."""
    chosen_by: tuple[str, ...] = ()
    """Cycle, cohort, interval or tag for which the case was selected, in words."""

    @property
    def id(self) -> str:
        """The id that reports show."""
        variant = f".{self.scenario.variant}" if self.scenario.variant else ""
        twin = f"~{self.twin}" if self.twin else ""
        return f"{self.scenario.id}{variant}/{self.interface}/{self.event}/{self.role}{twin}"

    @property
    def key(self) -> str:
        """The id with its release: unique in a run."""
        return f"{self.id}@{self.release}"

    @property
    def title(self) -> str:
        """The scenario's title for this case."""
        return fill(self.scenario.title, self)

    @property
    def requirements(self) -> tuple[str, ...]:
        """The ids of the requirements that this case verifies."""
        return tuple(fill(text, self) for text in self.scenario.requirements)


def fill(text: str, case: Case) -> str:
    """Replace ``{interface}``, ``{event}`` and ``{role}``."""
    for name in ("interface", "event", "role"):
        text = text.replace(f"{{{name}}}", str(getattr(case, name)))
    return text
