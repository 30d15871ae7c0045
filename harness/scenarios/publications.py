"""Publications as recipients got them, judged by the harness itself (pure but for the evidence store)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from harness.security.trust import Trust
from harness.security.verifying import verify
from harness.spec.examine import examine
from harness.spec.release import Release

_CODE = re.compile(rb"\bRCP[0-9]{4}\b")


@dataclass(frozen=True, slots=True)
class Publication:
    """One message of one webhook call."""

    party: str
    role: str
    payload: dict[str, Any]
    body: bytes
    url: str
    headers: Mapping[str, str]
    answered: int | None
    answer: bytes

    @property
    def common(self) -> dict[str, Any]:
        """The common block."""
        return _block(self.payload, "CommonBlock")

    @property
    def transaction(self) -> str:
        """D0.transactionID."""
        return str(_block(self.common, "D0").get("transactionID", ""))

    @property
    def reference(self) -> str:
        """S1.senderUniqueReference."""
        return str(_block(self.common, "S1").get("senderUniqueReference", ""))

    @property
    def interface(self) -> str:
        """S0.interfaceID."""
        return str(_block(self.common, "S0").get("interfaceID", ""))

    @property
    def event_code(self) -> str:
        """S0.eventCode without brackets."""
        return str(_block(self.common, "S0").get("eventCode", "")).strip("[]")

    @property
    def sender(self) -> str:
        """S1.senderDIPID."""
        return str(_block(self.common, "S1").get("senderDIPID", ""))

    @property
    def correlation(self) -> str:
        """D0.initialCorrelationID, empty where there is none."""
        return str(_block(self.common, "D0").get("initialCorrelationID") or "")

    @property
    def mpan(self) -> str:
        """The metering point that the common block names: M0, or the principal one of M1; else empty."""
        header = _block(self.common, "M0").get("MPANCore") or _block(self.common, "M1").get("principalMPAN")
        return str(header or "")

    @property
    def codes(self) -> list[str]:
        """Response codes that the recipient's answer names."""
        return list(dict.fromkeys(code.decode() for code in _CODE.findall(self.answer)))

    @property
    def publication_id(self) -> str:
        """D0.publicationID."""
        return str(_block(self.common, "D0").get("publicationID", ""))


def _block(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def of_receipts(receipts: Iterable[Mapping[str, Any]], tag: str) -> Iterator[Publication]:
    """Yield each message of each webhook call whose S1.subText is ``tag``; what is no JSON yields nothing."""
    for receipt in receipts:
        body = base64.b64decode(receipt["body_base64"])
        try:
            calls = orjson.loads(body)
        except orjson.JSONDecodeError:
            continue
        for item in calls if isinstance(calls, list) else []:
            payload = item.get("payload") if isinstance(item, dict) else None
            if not isinstance(payload, dict):
                continue
            publication = Publication(
                party=receipt["party"],
                role=receipt["role"],
                payload=payload,
                body=body,
                url=receipt["url"],
                headers=receipt["headers"],
                answered=receipt.get("answer_status"),
                answer=base64.b64decode(receipt.get("answer_base64", "")),
            )
            if _block(publication.common, "S1").get("subText") == tag:
                yield publication


def signature_of(publication: Publication, trust: Trust, now: datetime) -> tuple[bool, str]:
    """Verify the DIP's signature over the very bytes that arrived; returns validity and the reason."""
    found = verify("POST", publication.url, publication.body, publication.headers, trust=trust, now=now)
    return found.valid, found.reason


def findings_of(publication: Publication, release: Release) -> list[str]:
    """Return what is wrong with a publication under a release, as texts; exact case and D0 are required."""
    examination = examine(release, publication.payload, channel=publication.interface, direction="egress")
    return [
        f"{finding.path}: {finding.message}"
        for finding in examination.findings
        if finding.severity == "error"
    ]


def differences(sent: Mapping[str, Any], publication: Publication, release: Release) -> list[str]:
    """Return where a publication's content departs from what was sent; D0 and A0 are the DIP's."""
    right_case = examine(release, sent, channel=publication.interface).payload
    return list(_compare(_without_hub_parts(right_case), _without_hub_parts(publication.payload), ""))


def _without_hub_parts(payload: Mapping[str, Any]) -> dict[str, Any]:
    common = {key: value for key, value in _block(payload, "CommonBlock").items() if key not in ("D0", "A0")}
    return {**payload, "CommonBlock": common}


def _compare(left: Any, right: Any, path: str) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in left.keys() | right.keys():
            if key not in right:
                yield f"{path}/{key} is gone"
            elif key not in left:
                yield f"{path}/{key} was added"
            else:
                yield from _compare(left[key], right[key], f"{path}/{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _compare(one, other, f"{path}/{index}")
    elif left != right:
        yield f"{path} was {left!r}, is {right!r}"


def value_at(payload: Mapping[str, Any], path: str) -> Any:
    """Return the value at ``block.field...`` of the common or custom block; None when it is not there."""
    for outer in ("CustomBlock", "CommonBlock"):
        value = within(payload.get(outer), path)
        if value is not None:
            return value
    return None


def within(value: Any, path: str) -> Any:
    """Return what ``a.b.0.c`` leads to, or None; a list is counted from 0, and from its end with -1.

    ``*`` stands for every item of a list and leads to the list of what each leads to.
    """
    head, star, rest = path.partition("*")
    if star:
        listed = within(value, head.rstrip(".")) if head else value
        if not isinstance(listed, list):
            return None
        return [within(item, rest.lstrip(".")) for item in listed] if rest else listed
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
