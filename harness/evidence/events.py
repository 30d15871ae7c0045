"""Typed run events: everything that a report may say stands in one of them.

A run is `events.ndjson`, one event a line: ``{"event": <kind>, ...fields}``. Instance events carry the
case id and a sequence number within the case, so that what several workers wrote merges into one order.
Bytes are stored beside it under `evidence/` by their SHA-256 (`harness.evidence.store`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

KINDS: dict[str, type[Event]] = {}
HUB_REAL = "hub_real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Anything that happened; ``at`` is UTC with milliseconds."""

    kind: ClassVar[str] = ""
    at: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Event, cls).__init_subclass__(**kwargs)
        if cls.kind:
            KINDS[cls.kind] = cls

    def as_dict(self) -> dict[str, Any]:
        """Return the event as it stands in the file."""
        return {"event": self.kind, **{each.name: getattr(self, each.name) for each in fields(self)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run began: what was selected, against what, from which seed."""

    kind: ClassVar[str] = "run-started"
    run: str
    stage: str
    releases: list[str]
    seed: int
    target: str
    environment: str
    network: list[dict[str, str]]
    """The parties: organisation, name, mpid, role, dip_id, real ("yes" or "no")."""
    harness_version: str
    catalogue: str
    """SHA-256 over the catalogue files that were read."""
    options: dict[str, Any]
    selected: int
    changes: list[dict[str, Any]] = field(default_factory=list)
    """What changed since the release that cases were selected by.

    since, release, interfaces, summary; tied: whether a scenario can use it
    """
    cycle: str = ""
    """The cycle of the plan that the run belongs to."""
    cohorts: list[str] = field(default_factory=list)
    intervals: list[str] = field(default_factory=list)
    builds: dict[str, str] = field(default_factory=dict)
    """Which build each party ran, by its name or DIP id, as far as somebody said so."""
    register: dict[str, dict[str, str]] = field(default_factory=dict)
    """What each requirement asked when the run began: text (a digest), version, roles, interfaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceEvent(Event):
    """Something that happened within one scenario instance."""

    case: str
    """Unique in the run: the case id, ``@`` and the release."""
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStarted(InstanceEvent):
    """A scenario instance began: what it is and what it verifies."""

    kind: ClassVar[str] = "instance-started"
    case_id: str
    """``<scenario>/<interface>/<event>/<role>``: the id that reports show."""
    scenario: str
    title: str
    release: str
    stage: str
    area: str
    polarity: str
    """positive or negative"""
    interface: str
    event_code: str
    """Without brackets."""
    role: str
    parties: list[str]
    requirements: list[str]
    external_ids: dict[str, str]
    seed: int
    instance: str
    """The text carried in S1.subText."""
    variant: str = ""
    twin: str = ""
    """The perturbation under which the scenario was run again; empty: in the calm."""
    theme: str = ""
    """Our id of the theme that the area belongs to."""
    touched_by: list[str] = field(default_factory=list)
    """Changes between two releases for which the case was selected, in words."""
    chosen_by: list[str] = field(default_factory=list)
    """Cycle, cohort, interval or tag for which the case was selected, in words."""
    scenario_hash: str = ""
    """SHA-256 of what the scenario does: what is given and its steps, procedures and setups put in."""
    segments: list[str] = field(default_factory=list)
    """Market segments that the scenario is of; none where it is of no one in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(InstanceEvent):
    """A request left the harness; the bytes are in the evidence store."""

    kind: ClassVar[str] = "message-sent"
    sender: str
    """DIP id"""
    method: str
    url: str
    interface: str
    event_code: str
    references: list[str]
    body: str
    """SHA-256 of the stored bytes."""
    headers: dict[str, str]
    """As sent, without the API key."""
    departure: str = ""
    """What the scenario deliberately made wrong, in words; empty for a right request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReceived(InstanceEvent):
    """The answer to a request, or that the handshake or connection refused it."""

    kind: ClassVar[str] = "answer-received"
    status: int | None
    """None when no HTTP answer came."""
    refused_in_handshake: bool
    codes: list[str]
    """Response codes named in the body, e.g. MSG0000."""
    body: str
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationReceived(InstanceEvent):
    """A publication reached a party's webhook."""

    kind: ClassVar[str] = "publication-received"
    party: str
    """DIP id of the recipient"""
    role: str
    publication: str
    interface: str
    event_code: str
    transaction: str
    reference: str
    body: str
    signature_valid: bool
    findings: list[str]
    answered: int | None
    """HTTP status that the recipient answered with."""
    response_codes: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    """Those of the signature as they arrived, but for the certificate."""
    signature: str = ""
    """Why the signature does not verify; empty where it does."""
    signed_by: str = ""
    """The certificate in words: subject, issuer, serial number, end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAnswered(InstanceEvent):
    """A real party answered a publication, as the DIP's journal has it; its bytes were not seen."""

    kind: ClassVar[str] = "delivery-answered"
    party: str
    """DIP id of the recipient"""
    role: str
    interface: str
    event_code: str
    reference: str
    answered: int
    """HTTP status that the recipient answered with."""
    status: str
    """Of the delivery, in the journal's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMade(InstanceEvent):
    """One condition was judged."""

    kind: ClassVar[str] = "check-made"
    title: str
    passed: bool
    severity: str
    """error or warning"""
    expected: str
    actual: str
    rule: str
    """Where the expectation comes from: a clause, a release, a setting."""
    blame: dict[str, str] | None = None
    """{"class", "party"} when it did not pass."""
    key: str = ""
    """Stable text to group equal failures by."""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceWaiting(InstanceEvent):
    """The instance can't go on yet: what is awaited, until when, and whose move it is."""

    kind: ClassVar[str] = "instance-waiting"
    step: int
    awaited: str
    until: str
    """UTC; empty where there is no deadline."""
    move: str
    """Whose move it is: a party's name, or ``tester``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(InstanceEvent):
    """A step of the scenario began."""

    kind: ClassVar[str] = "step-started"
    number: int
    """From 1"""
    step: str
    """Its word in scenario files: send, receive, ..."""
    text: str
    """What it does, in words."""
    procedure: str = ""
    """The procedure and its step, where it does not stand in the scenario itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyTold(InstanceEvent):
    """A party learnt something beside the hub."""

    kind: ClassVar[str] = "party-told"
    party: str
    """DIP id"""
    what: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyExchange(InstanceEvent):
    """A data flow of the legacy arrangements was exchanged; its content is in the evidence store."""

    kind: ClassVar[str] = "legacy-exchange"
    flow: str
    """Its id, such as D0150."""
    sender: str
    recipient: str
    body: str
    """SHA-256 of the stored content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultApplied(InstanceEvent):
    """The target misbehaved as the scenario had asked."""

    kind: ClassVar[str] = "fault-applied"
    fault: str
    point: str
    """ingress, delivery or webhook"""
    party: str
    """DIP id"""
    applied_at: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionUsed(InstanceEvent):
    """The verdict leans on something that no public source gives."""

    kind: ClassVar[str] = "assumption-used"
    name: str
    """A setting's name, or ``routing:<interface>/<event>/<role>``."""
    text: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFinished(InstanceEvent):
    """The instance's verdict."""

    kind: ClassVar[str] = "instance-finished"
    verdict: str
    status: str
    reason: str
    blame: dict[str, str] | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """A run ended."""

    kind: ClassVar[str] = "run-finished"
    evidence_class: str
    evidence_class_reason: str
    seconds: float
    interrupted: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    """What else is known of the run, such as `HUB_REAL`: whether the DIP was a real one."""


def from_dict(data: dict[str, Any]) -> Event:
    """Rebuild an event; raises ValueError for a kind or field that is not known."""
    fields = dict(data)
    kind = fields.pop("event", None)
    if kind not in KINDS:
        raise ValueError(f"no event is called {kind!r}")
    try:
        return KINDS[kind](**fields)
    except TypeError as error:
        raise ValueError(f"event {kind}: {error}") from error
