"""What a recipient makes of one publication: a pure function from the payload to response codes.

The schema decides first (exact case, D0 required), then what a recipient knows besides: its own DIP id and
environment, the time, who else is in the network and which references it has had. Basis of the conditions:
the codes' published meanings; the conditions themselves are assumed (`simulators.participants.codes`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from harness.messages.identifiers import is_mpan
from harness.spec.examine import examine
from harness.spec.release import Release
from harness.spec.routing import Routing
from simulators.participants.codes import code_for

_TRANSACTION = re.compile(
    r"T-(?P<interface>(IF|REP)-[0-9]{3}[AB]?)-[0-9A-Za-z]{10}-[A-Z]{3,5}-[0-9]{8}-[0-9A-Za-z]+"
)
_ERROR_CODE = re.compile(r"\s*((REG|ECS|DSCA)[0-9]+|(RCP|MSG)(?!0000\b)[0-9]+)")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One reason against a publication: an RCP code, what was seen, and where (a JSON Pointer)."""

    code: str
    detail: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a recipient knows besides the publication."""

    dip_id: str
    role: str
    environment: str
    now: datetime
    tolerance: timedelta
    """How far a time may lie ahead of ``now``."""
    roles: Mapping[str, str]
    """Role by DIP id, of every party of the network."""
    routing: Routing
    channel: str = ""
    """The interface of the webhook's URL; empty where the URL serves all."""
    references: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Transaction id by (sender DIP id, sender unique reference) of what this party accepted before."""


def judge(release: Release, payload: object, known: Surroundings) -> tuple[Judgement, ...]:
    """Return every reason against ``payload``, at most one per code; empty when it is good.

    ``payload`` is the inner object with CommonBlock and CustomBlock, as parsed from the webhook call.
    """
    examination = examine(release, payload, channel=known.channel or None, direction="egress")
    reasons = [
        Judgement(code_for(finding), finding.message, finding.path)
        for finding in examination.findings
        if finding.severity == "error"
    ]
    blocks = _Blocks(payload, release)
    for check in _CHECKS:
        reasons.extend(check(blocks, known))
    unique: dict[str, Judgement] = {}
    for reason in reasons:
        unique.setdefault(reason.code, reason)
    return tuple(unique.values())


class _Blocks:
    """The parts of a payload that may be anything at all."""

    def __init__(self, payload: object, release: Release) -> None:
        self._common = _object(_object(payload).get("CommonBlock"))
        stated = self.text("S0", "interfaceID") or ""
        self.interface = stated if stated in release.interfaces else ""
        """Empty when the release lacks what is stated."""

    def text(self, block: str, item: str) -> str | None:
        """Return a text, or None when it is absent or no text (the schema has said so already)."""
        value = _object(self._common.get(block)).get(item)
        return value if isinstance(value, str) else None

    def items(self, block: str, item: str) -> list[Any] | None:
        """Return a list, or None when it is absent or no list."""
        value = _object(self._common.get(block)).get(item)
        return value if isinstance(value, list) else None

    @property
    def event(self) -> tuple[str, str]:
        """Return interface and event without brackets."""
        return self.interface, (self.text("S0", "eventCode") or "").strip("[]")


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_Check = Callable[[_Blocks, Surroundings], Iterator[Judgement]]
_CHECKS: list[_Check] = []


def _check(function: _Check) -> _Check:
    _CHECKS.append(function)
    return function


@_check
def _environment(blocks: _Blocks, known: Surroundings) -> Iterator[Judgement]:
    tag = blocks.text("S1", "environmentTag")
    if tag is not None and tag != known.environment:
        yield Judgement(
            "RCP1004", f"environment {tag}, expected {known.environment}", "/CommonBlock/S1/environmentTag"
        )


@_check
def _reference(blocks: _Blocks, known: Surroundings) -> Iterator[Judgement]:
    reference, sender = blocks.text("S1", "senderUniqueReference"), blocks.text("S1", "senderDIPID")
    if reference is None or sender is None:
        return
    earlier = known.references.get((sender, reference))
    if earlier is not None and earlier != blocks.text("D0", "transactionID"):
        detail = f"{reference} came before in transaction {earlier}"
        yield Judgement("RCP1006", detail, "/CommonBlock/S1/senderUniqueReference")


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _time(
    blocks: _Blocks, known: Surroundings, block: str, item: str, codes: tuple[str, str]
) -> Iterator[Judgement]:
    text, pointer = blocks.text(block, item), f"/CommonBlock/{block}/{item}"
    if text is None:
        return
    moment = _moment(text)
    if moment is None:
        yield Judgement(codes[0], f"{text} is no time with an offset", pointer)
    elif moment > known.now + known.tolerance:
        yield Judgement(codes[1], f"{text} lies after {known.now.isoformat(timespec='seconds')}", pointer)


@_check
def _sender_time(blocks: _Blocks, known: Surroundings) -> Iterator[Judgement]:
    yield from _time(blocks, known, "S1", "senderTimestamp", ("RCP1007", "RCP1008"))


@_check
def _transaction_time(blocks: _Blocks, known: Surroundings) -> Iterator[Judgement]:
    yield from _time(blocks, known, "D0", "transactionTimestamp", ("RCP1044", "RCP1045"))


@_check
def _sender(blocks: _Blocks, known: Surroundings) -> Iterator[Judgement]:
    sender, role = blocks.text("S1", "senderDIPID"), blocks.text("S1", "senderRoleID")
    if sender is None or role is None:
        return
    held = known.roles.get(sender)
    if held is None:
        yield Judgement(
            "RCP1009", f"no party of the network has DIP id {sender}", "/CommonBlock/S1/senderDIPID"
        )
    elif held != role:
        yield Judgement("RCP1010", f"{sender} is {held}, not {role}", "/CommonBlock/S1/senderRoleID")
    elif role not in (senders := {row.role for row in known.routing.senders(*blocks.event)}) and senders:
        expected = ", ".join(sorted(senders))
        yield Judgement(
            "RCP1010", f"{role} does not send it, expected {expected}", "/CommonBlock/S1/senderRoleID"
        )


@_check
def _recipient(blocks: _Blocks, known: Surroundings) -> Iterator[Judgement]:
    lists = [blocks.items("A0", name) for name in ("primaryRecipients", "secondaryRecipients", "always")]
    addressed = [dip_id for ids in lists if ids is not None for dip_id in ids]
    receivers = {row.role for row in known.routing.receivers(*blocks.event)}
    if any(ids is not None for ids in lists) and known.dip_id not in addressed:
        yield Judgement("RCP1041", f"{known.dip_id} is in none of the lists of recipients", "/CommonBlock/A0")
    elif receivers and known.role not in receivers:
        yield Judgement("RCP1041", f"{known.role} is no receiver of it", "/CommonBlock/A0")


@_check
def _publication(blocks: _Blocks, _known: Surroundings) -> Iterator[Judgement]:
    publication, interface = blocks.text("D0", "publicationID"), blocks.interface
    allowed = {"PUB-" + interface.partition("-")[2]}
    if interface.startswith("REP-"):
        allowed.add(interface)
    if publication is not None and interface and publication not in allowed:
        expected = " or ".join(sorted(allowed))
        yield Judgement("RCP1042", f"{publication}, expected {expected}", "/CommonBlock/D0/publicationID")


@_check
def _transaction(blocks: _Blocks, _known: Surroundings) -> Iterator[Judgement]:
    transaction, interface = blocks.text("D0", "transactionID"), blocks.interface
    if transaction is None:
        return
    match = _TRANSACTION.fullmatch(transaction)
    if match is None or (interface and match["interface"] != interface):
        detail = f"{transaction} is no transaction id of {interface}"
        yield Judgement("RCP1043", detail, "/CommonBlock/D0/transactionID")


@_check
def _response(blocks: _Blocks, _known: Surroundings) -> Iterator[Judgement]:
    code, messages = blocks.text("R0", "responseCode"), blocks.items("R0", "responseMessages")
    if code is None or messages is None:
        return
    texts = [text for text in messages if isinstance(text, str) and text.strip()]
    if code == "R" and not texts:
        yield Judgement("RCP1052", "R without any response message", "/CommonBlock/R0/responseMessages")
    elif code == "A" and any(_ERROR_CODE.match(text) for text in texts):
        yield Judgement("RCP1052", f"A together with {texts[0]}", "/CommonBlock/R0/responseMessages")


@_check
def _mpan(blocks: _Blocks, _known: Surroundings) -> Iterator[Judgement]:
    for block, item in (("M0", "MPANCore"), ("M1", "principalMPAN")):
        number = blocks.text(block, item)
        if number is not None and not is_mpan(number):
            yield Judgement("RCP1061", f"{number} has a wrong check digit", f"/CommonBlock/{block}/{item}")
