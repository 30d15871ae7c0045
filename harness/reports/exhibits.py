"""The steps of a case as a page shows them: messages with bytes, headers, signature, routing, clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.errors import ConfigurationError
from harness.evidence.events import (
    AnswerReceived,
    DeliveryAnswered,
    FaultApplied,
    InstanceWaiting,
    LegacyExchange,
    MessageSent,
    PartyTold,
    PublicationReceived,
    StepStarted,
)
from harness.reports.excerpt import excerpt
from harness.reports.run import Instance, Run
from harness.security.describing import signed_by
from harness.security.signing import CERTIFICATE
from harness.spec.routing import load_routing

LARGEST = 64 * 1024
"""Bytes of a message that a page holds whole."""
MOST = 2 * 1024 * 1024
"""Bytes of all messages that a page holds whole."""
_LONG = 800
"""Characters of a header that is shown."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One step of a case as the page shows it; ``exact`` is the whole text where the page holds it."""

    kind: str
    title: str
    detail: str
    body: str
    size: int
    path: str
    note: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    exact: str = ""
    anchor: str = ""

    @property
    def sha256(self) -> str:
        """The hash of the stored bytes, by which they are found in folder and pack."""
        return self.path.rpartition("/")[2]


class Shelf:
    """Makes the exhibits of one page; what it holds of messages whole is limited."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._left = MOST
        self._cases = 0

    def of(self, instance: Instance, *, publications: int = 4, whole: bool = False) -> tuple[Exhibit, ...]:
        """Return the steps of a case, the first publications; ``whole`` holds bytes while there is room."""
        self._cases += 1
        found = []
        for number, step in enumerate(instance.steps, start=1):
            if isinstance(step, PublicationReceived):
                if publications == 0:
                    continue
                publications -= 1
            made = self._made(step, instance, whole=whole, anchor=f"step-{self._cases}-{number}")
            if made is not None:
                found.append(made)
        return tuple(found)

    def _made(self, step: object, instance: Instance, *, whole: bool, anchor: str) -> Exhibit | None:
        run = self._run
        match step:
            case StepStarted():
                origin = f" ({step.procedure})" if step.procedure else ""
                title = f"Step {step.number}: {step.step}{origin}"
                return Exhibit("step", title, step.text, "", 0, "", anchor=anchor)
            case PartyTold():
                title = f"{run.party_name(step.party)} is told: {step.what}"
                told = ", ".join(f"{name} {value}" for name, value in step.content.items())
                return Exhibit("told", title, told, "", 0, "", anchor=anchor)
            case LegacyExchange():
                parties = f"{run.party_name(step.sender)} to {run.party_name(step.recipient)}"
                title = f"Legacy exchange {step.flow}: {parties}"
                return self._stored(
                    "legacy", title, "kept as evidence, not played", step.body, whole=whole, anchor=anchor
                )
            case MessageSent():
                title = f"Sent by {run.party_name(step.sender)}: {step.interface} [{step.event_code}]"
                return self._stored(
                    "sent", title, f"{step.method} {step.url}", step.body, step.departure,
                    whole=whole, facts=_of_sent(step, instance), anchor=anchor,
                )  # fmt: skip
            case AnswerReceived():
                return self._stored(
                    "answer", answer_title(step), step.error, step.body,
                    whole=whole, facts=(("Clock", step.at), ("Took", f"{step.seconds:.3f} s")), anchor=anchor,
                )  # fmt: skip
            case PublicationReceived():
                title = f"Received by {run.party_name(step.party)}: {step.publication} [{step.event_code}]"
                signature = "signature verified" if step.signature_valid else "signature does not verify"
                answered = f"answered {step.answered or 'nothing'} {' '.join(step.response_codes)}".rstrip()
                return self._stored(
                    "received", title, f"{signature}, {answered}", step.body, "; ".join(step.findings),
                    whole=whole, facts=_of_received(step, instance), anchor=anchor,
                )  # fmt: skip
            case DeliveryAnswered():
                title = f"Delivered to {run.party_name(step.party)}: {step.interface} [{step.event_code}]"
                told = (
                    f"answered {step.answered}, by the DIP's journal: {step.status}; its bytes were not seen"
                )
                return Exhibit("received", title, told, "", 0, "", anchor=anchor)
            case FaultApplied():
                met = f"met {run.party_name(step.party)}" if step.party else ""
                title = f"Fault on request: {step.fault} at {step.point}"
                return Exhibit("fault", title, met, "", 0, "", anchor=anchor)
            case InstanceWaiting():
                title = f"Waits for {run.party_name(step.move)}: {step.awaited}"
                until = f"until {step.until}" if step.until else ""
                return Exhibit("waiting", title, until, "", 0, "", anchor=anchor)
            case _:
                return None

    def _stored(
        self,
        kind: str,
        title: str,
        detail: str,
        digest: str,
        note: str = "",
        *,
        whole: bool,
        facts: Iterable[tuple[str, str]] = (),
        anchor: str = "",
    ) -> Exhibit:
        told = tuple(facts)
        if not digest:
            return Exhibit(kind, title, detail, "", 0, "", note, told, anchor=anchor)
        try:
            data = self._run.evidence.get(digest)
        except ConfigurationError as error:
            missing = f"(evidence missing: {error.what})"
            return Exhibit(kind, title, detail, missing, 0, "", note, told, anchor=anchor)
        path = f"evidence/{digest[:2]}/{digest}" if data else ""
        shown = excerpt(data) if data else ""
        exact = _exact(data) if whole and len(data) <= min(LARGEST, self._left) else ""
        self._left -= len(exact)
        return Exhibit(kind, title, detail, shown, len(data), path, note, told, exact, anchor)


def _exact(data: bytes) -> str:
    """Return bytes as a text from which a browser gets the same bytes; empty where it would not."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if "\r" in text or "\0" in text or text.startswith("\n") else text


def answer_title(step: AnswerReceived) -> str:
    """Return what came back, in words."""
    if step.refused_in_handshake:
        return "Refused in the TLS handshake"
    if step.status is None:
        return "No HTTP answer"
    return f"Answered {step.status} {' '.join(step.codes)}".rstrip()


def _of_sent(step: MessageSent, instance: Instance) -> tuple[tuple[str, str], ...]:
    return (
        ("Clock", step.at),
        ("Release", instance.started.release),
        ("References", ", ".join(step.references)),
        ("Routing", _routing(step.interface, step.event_code)),
        ("Signed with", signed_by(_value(step.headers, CERTIFICATE))),
        *((f"Header {name}", _header(name, value)) for name, value in step.headers.items()),
    )


def _of_received(step: PublicationReceived, instance: Instance) -> tuple[tuple[str, str], ...]:
    return (
        ("Clock", step.at),
        ("Release", instance.started.release),
        ("Chain", f"transaction {step.transaction}, answers reference {step.reference}"),
        ("Routing", _routing(step.interface, step.event_code, step.role)),
        ("Signature", "verified" if step.signature_valid else f"does not verify: {step.signature}"),
        ("Signed with", step.signed_by or "not recorded"),
        *((f"Header {name}", _header(name, value)) for name, value in step.headers.items()),
    )


def _routing(interface: str, event: str, role: str = "") -> str:
    """Say who receives an event, in which tier, on which basis, by the routing data in use."""
    try:
        rows = load_routing().receivers(interface, event)
    except ConfigurationError:
        return "no row of the routing data"
    said = [
        f"{row.role}: {row.tier}{f', {row.condition}' if row.condition else ''} ({row.basis})"
        for row in rows
        if not role or row.role == role
    ]
    return "; ".join(said) or (
        f"{role}: no row of the routing data" if role else "no row of the routing data"
    )


def _header(name: str, value: str) -> str:
    """Return a header's value whole or not at all: redaction finds no part of a signature."""
    if name.lower() == CERTIFICATE.lower():
        return "the certificate named above"
    return value if len(value) <= _LONG else f"({len(value):,} characters, in events.ndjson)"


def _value(headers: Mapping[str, str], wanted: str) -> str:
    return next((text for name, text in headers.items() if name.lower() == wanted.lower()), "")
