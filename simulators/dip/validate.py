"""L1 of a whole batch: envelope, definition, business rules. All of it is accepted or all of it is refused.

Pure. Field names are matched without regard to case and come out in the release's case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.spec.examine import Finding, examine
from harness.spec.parsing import MalformedJson, parse_json
from harness.spec.release import Release
from simulators.dip.business import Business, judge
from simulators.dip.model import Caller, Draft, Fault
from simulators.dip.rules import Rules

_INTERFACE = "interface"


@dataclass(frozen=True, slots=True)
class Batch:
    """What L1 made of a request body: the messages, or what is wrong with them."""

    drafts: tuple[Draft, ...]
    faults: tuple[Fault, ...]


def validate(
    body: bytes,
    channel: str,
    caller: Caller,
    business: Business,
    used: Callable[[str, str], bool],
) -> Batch:
    """Judge a request body sent to a channel; ``used`` says whether a sender has used a reference before."""
    rules, release = business.rules, business.release
    payloads = _envelope(body, rules)
    if isinstance(payloads, Fault):
        return Batch((), (payloads,))
    drafts: list[Draft] = []
    faults: list[Fault] = []
    seen: set[tuple[str, str]] = set()
    for index, payload in enumerate(payloads):
        pointer = f"/{index}/payload"
        examination = examine(release, payload, channel=channel, pointer=pointer)
        if not examination.valid:
            reference = _reference(examination.payload)
            errors = [finding for finding in examination.findings if finding.severity == "error"]
            faults += [_fault(finding, rules, reference) for finding in errors]
            continue
        draft = draft_of(examination.payload)
        found = judge(draft, caller, business, pointer)
        used_before = (draft.sender, draft.reference) in seen or used(draft.sender, draft.reference)
        if used_before and not any(fault.code == rules.sender for fault in found):
            found.append(
                Fault(
                    rules.duplicate,
                    f"{pointer}/CommonBlock/S1/senderUniqueReference",
                    f"the reference {draft.reference} was used before by {draft.sender}",
                    draft.reference,
                )
            )
        seen.add((draft.sender, draft.reference))
        faults += found
        drafts.append(draft)
    return Batch((), tuple(faults)) if faults else Batch(tuple(drafts), ())


def describe(release: Release, rules: Rules, body: bytes, interface: str, event: str) -> list[str]:
    """Judge one payload as ``POST /validate/<interface>/<event>`` does; returns one line per error."""
    payload = _parsed(body, rules)
    if isinstance(payload, Fault):
        return [payload.text]
    if not isinstance(payload, dict):
        return ["/: the body is not a JSON object with a CommonBlock"]
    examination = examine(release, payload, channel=interface)
    lines = [_line(finding) for finding in examination.findings if finding.severity == "error"]
    if not lines and draft_of(examination.payload).event != event:
        got = draft_of(examination.payload).event
        lines = [f"/CommonBlock/S0/eventCode: the event is [{got}], the path asks for [{event}]"]
    return lines


def draft_of(payload: dict[str, Any]) -> Draft:
    """Take out of a valid payload what the later stages need."""
    common = payload["CommonBlock"]
    sender = common["S1"]
    supply = common.get("M0") or common.get("M1") or {}
    recipients = (common.get("A0") or {}).get("primaryRecipients") or ()
    return Draft(
        payload=payload,
        interface=common["S0"]["interfaceID"],
        event=common["S0"]["eventCode"].strip("[]"),
        reference=sender["senderUniqueReference"],
        sender=sender["senderDIPID"],
        role=sender["senderRoleID"],
        provider=sender["DIPConnectionProviderID"],
        correlation=sender["senderCorrelationID"],
        tag=sender["subText"],
        mpan=supply.get("MPANCore") or supply.get("principalMPAN"),
        primary=tuple(dip_id for dip_id in recipients if dip_id is not None),
    )


def _parsed(body: bytes, rules: Rules) -> Any:
    try:
        return parse_json(body, depth=rules.json_depth)
    except MalformedJson as error:
        return Fault(rules.schema, "", f"the body {error.what}")


def _envelope(body: bytes, rules: Rules) -> list[dict[str, Any]] | Fault:
    """Take the payloads out of the published array of ``{"payload": ...}``."""
    batch = _parsed(body, rules)
    if isinstance(batch, Fault):
        return batch
    if not isinstance(batch, list):
        return Fault(rules.schema, "", 'the body is not an array of {"payload": ...}')
    if not batch:
        return Fault(rules.schema, "", "the array is empty; at least one message is needed")
    if len(batch) > rules.batch_messages:
        return Fault(rules.schema, "", f"{len(batch)} messages, at most {rules.batch_messages} are taken in one request")
    payloads = []
    for index, item in enumerate(batch):
        if not isinstance(item, dict):
            return Fault(rules.schema, f"/{index}", 'is not an object {"payload": ...}')
        named = [value for name, value in item.items() if name.lower() == "payload"]
        if len(named) != 1 or not isinstance(named[0], dict):
            return Fault(rules.schema, f"/{index}", 'needs one object "payload" with CommonBlock and CustomBlock')
        payloads.append(named[0])
    return payloads


def _fault(finding: Finding, rules: Rules, reference: str | None) -> Fault:
    code = rules.interface if finding.code == _INTERFACE else rules.schema
    text = finding.message if not finding.hint else f"{finding.message} {finding.hint}"
    return Fault(code, finding.path, text, reference)


def _line(finding: Finding) -> str:
    return f"{finding.path or '/'}: {finding.message}"


def _reference(payload: Any) -> str | None:
    try:
        value = payload["CommonBlock"]["S1"]["senderUniqueReference"]
    except (KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None
