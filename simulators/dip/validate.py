"""L1 of a whole batch: envelope, definition, business rules. All of it is accepted or all of it is refused.

Pure. Field names are matched without regard to case and come out in the release's case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from harness.spec.clear import clear_payloads
from harness.spec.examine import Finding, examine, examine_body
from harness.spec.findings import ERROR
from harness.spec.parsing import MalformedJsonError, parse_json
from harness.spec.release import Release
from simulators.dip.business import Business, judge
from simulators.dip.model import Caller, Draft, Fault
from simulators.dip.rules import Rules

_INTERFACE = "interface"

Used = Callable[[tuple[str, str]], bool]
"""(sender, reference) -> whether that sender has used it before."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What L1 made of a request body: its readable messages, and what is wrong with any of them."""

    drafts: tuple[Draft, ...]
    faults: tuple[Fault, ...]


def validate(body: bytes, channel: str, caller: Caller, business: Business, used: Used) -> Batch:
    """Judge a request body sent to a channel."""
    rules = business.rules
    clear = clear_payloads(
        business.release, body, channel, depth=rules.json_depth, messages=rules.batch_messages
    )
    if clear is not None:
        return _judged(((each.payload, (), each.custom) for each in clear), (), caller, business, used)
    try:
        batch = parse_json(body, depth=rules.json_depth)
    except MalformedJsonError as error:
        return Batch((), (Fault(rules.schema, "", f"The body {error.what}."),))
    if isinstance(batch, list) and len(batch) > rules.batch_messages:
        text = f"{len(batch)} messages, at most {rules.batch_messages} are taken in one request."
        return Batch((), (Fault(rules.schema, "", text),))
    examination = examine_body(business.release, batch, channel=channel)
    faults = [_fault(finding, rules, None) for finding in _errors(examination.envelope)]
    examined = ((message.payload, _errors(message.findings), None) for message in examination.messages)
    return _judged(examined, faults, caller, business, used)


def _judged(
    examined: Iterable[tuple[Any, Sequence[Finding], bytes | None]],
    envelope: Iterable[Fault],
    caller: Caller,
    business: Business,
    used: Used,
) -> Batch:
    """Hold messages that fit their definition to the business rules; the others' errors are faults.

    ``examined`` are payloads, their errors, and the bytes of their custom blocks where they are known.
    """
    rules = business.rules
    faults = [*envelope]
    drafts: list[Draft] = []
    seen: set[tuple[str, str]] = set()
    for index, (payload, errors, custom) in enumerate(examined):
        if errors:
            reference = _reference(payload)
            faults += [_fault(finding, rules, reference) for finding in errors]
            continue
        draft = draft_of(payload, custom)
        pointer = f"/{index}/payload"
        found = judge(draft, caller, business, pointer)
        name = (draft.sender, draft.reference)
        if (name in seen or used(name)) and all(fault.code != rules.sender for fault in found):
            place = f"{pointer}/CommonBlock/S1/senderUniqueReference"
            text = f"{draft.sender} has used the reference {draft.reference} before."
            found.append(Fault(rules.duplicate, place, text, draft.reference))
        seen.add(name)
        faults += found
        drafts.append(draft)
    return Batch(tuple(drafts), tuple(faults))


def describe(release: Release, rules: Rules, body: bytes, interface: str, event: str) -> list[str]:
    """Judge one payload as ``POST /validate/<interface>/<event>`` does; returns one line per error."""
    try:
        payload = parse_json(body, depth=rules.json_depth)
    except MalformedJsonError as error:
        return [f"The body {error.what}."]
    examination = examine(release, payload, channel=interface)
    lines = [f"{finding.path or '/'}: {finding.message}" for finding in _errors(examination.findings)]
    if not lines and (got := _event(examination.payload)) != event:
        lines = [f"/CommonBlock/S0/eventCode: The event is [{got}], the path asks for [{event}]."]
    return lines


def draft_of(payload: dict[str, Any], custom: bytes | None = None) -> Draft:
    """Take out of a valid payload what the later stages need.

    ``custom`` is its custom block in bytes; None: it is written here, where it has one.
    """
    common = payload["CommonBlock"]
    sender = common["S1"]
    supply = common.get("M0") or common.get("M1") or {}
    recipients = (common.get("A0") or {}).get("primaryRecipients") or ()
    if None in recipients:
        recipients = [dip_id for dip_id in recipients if dip_id is not None]
    answer = common.get("R0") or (payload.get("CustomBlock") or {}).get("B099") or {}
    if custom is None and "CustomBlock" in payload:
        custom = orjson.dumps(payload["CustomBlock"])
    return Draft(
        common,
        common["S0"]["interfaceID"],
        _event(payload),
        sender["senderUniqueReference"],
        sender["senderDIPID"],
        sender["senderRoleID"],
        sender["DIPConnectionProviderID"],
        sender["senderCorrelationID"],
        sender["subText"],
        supply.get("MPANCore") or supply.get("principalMPAN"),
        tuple(recipients),
        answer.get("responseCode"),
        custom,
    )


def _event(payload: dict[str, Any]) -> str:
    code: str = payload["CommonBlock"]["S0"]["eventCode"]
    return code.strip("[]")


def _errors(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == ERROR]


def _fault(finding: Finding, rules: Rules, reference: str | None) -> Fault:
    code = rules.interface if finding.code == _INTERFACE else rules.schema
    text = finding.message if not finding.hint else f"{finding.message} {finding.hint}"
    return Fault(code, finding.path, text, reference)


def _reference(payload: Any) -> str | None:
    try:
        value = payload["CommonBlock"]["S1"]["senderUniqueReference"]
    except (KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None
