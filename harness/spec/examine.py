"""Examine a payload against a release: the branch is picked first, so a wrong field gives one finding.

The message is found by interface id and event code before anything is validated. Never ``oneOf``: where
several messages admit an event (IF-020 before 2.2.1), the one named after the event is taken.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Literal

from harness.spec.cases import align, lookup, shape_of
from harness.spec.explain import explain
from harness.spec.findings import ERROR, WARNING, Finding, finding, shown
from harness.spec.parsing import parse_json
from harness.spec.release import Message, Release
from harness.spec.validators import validators

__all__ = ["BodyExamination", "Examination", "Finding", "examine", "examine_body", "parse_json"]

Direction = Literal["ingress", "egress"]

_INTERFACE = "/CommonBlock/S0/interfaceID"
_EVENT = "/CommonBlock/S0/eventCode"


@dataclass(frozen=True, slots=True)
class Examination:
    """A payload in the release's spelling, the message it was held to, and what was found."""

    payload: Any
    message: Message | None
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Return whether no finding is an error."""
        return all(found.severity != ERROR for found in self.findings)


@dataclass(frozen=True, slots=True)
class BodyExamination:
    """The body of a send: what is wrong with the array itself, and each message's examination."""

    envelope: tuple[Finding, ...]
    messages: tuple[Examination, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return every finding, the envelope's first."""
        return self.envelope + tuple(found for message in self.messages for found in message.findings)

    @property
    def valid(self) -> bool:
        """Return whether no finding is an error."""
        return all(found.severity != ERROR for found in self.findings)


@dataclass(frozen=True, slots=True)
class _Branch:
    """The message that a header names, what is wrong with the header, and the places already reported."""

    message: Message | None
    findings: tuple[Finding, ...] = ()
    reported: tuple[str, ...] = ()


def examine(
    release: Release,
    payload: Any,
    *,
    channel: str | None = None,
    direction: Direction = "ingress",
    pointer: str = "",
) -> Examination:
    """Examine one payload (the object with ``CommonBlock`` and ``CustomBlock``).

    ``channel`` is the interface id of the URL it came in by. On ``ingress`` a wrong case of field names is a
    warning; on ``egress`` it is an error, and D0 is required. ``pointer`` is put before each finding's path.
    """
    if not isinstance(payload, dict):
        return Examination(payload, None, (_not_an_object("payload", payload, pointer),))
    message = _named(release, payload, channel)
    if message is not None and validators(release).closed(message.name).is_valid(payload):
        # Right in every name and value: nothing to rename, nothing to explain.
        delivery = _delivery_block(payload, direction, f"{pointer}/CommonBlock/D0")
        return Examination(payload, message, tuple(delivery))
    branch = _branch(release, payload, channel, pointer)
    if branch.message is None:
        return Examination(payload, None, branch.findings)
    name = branch.message.name
    aligned = align(payload, shape_of(release, name), exact=direction == "egress", pointer=pointer)
    found = [*branch.findings, *aligned.findings]
    validator = validators(release).message(name)
    if not validator.is_valid(aligned.payload):
        errors = explain(release, name, aligned.payload, validator, aligned.pointer, pointer)
        found += [error for error in errors if error.path.removeprefix(pointer) not in branch.reported]
    found += _delivery_block(aligned.payload, direction, pointer + aligned.pointer(("CommonBlock", "D0")))
    return Examination(aligned.payload, branch.message, tuple(found))


def examine_body(
    release: Release,
    body: Any,
    *,
    channel: str | None = None,
    direction: Direction = "ingress",
) -> BodyExamination:
    """Examine the body of a send or of a webhook call: an array of ``{"payload": ...}``, one at least."""
    if not isinstance(body, list):
        what = "The body is no array."
        hint = 'A body is an array of {"payload": ...}, also for one message.'
        return BodyExamination((_envelope("wrong-type", "", what, hint, "array", body),), ())
    if not body:
        what = "The body is an empty array."
        return BodyExamination(
            (_envelope("too-few", "", what, "Send one message at least.", "1..", body),), ()
        )
    envelope: list[Finding] = []
    messages: list[Examination] = []
    for at, entry in enumerate(body):
        place = f"/{at}"
        if not isinstance(entry, dict):
            envelope.append(_not_an_object(f"entry {at}", entry, place))
            continue
        key = next((name for name in entry if name.casefold() == "payload"), None)
        if key is None:
            what = f"Entry {at} has no 'payload'."
            hint = (
                'Wrap the message: {"payload": {"CommonBlock": ...}}.' if lookup(entry, "CommonBlock") else ""
            )
            envelope.append(_envelope("missing", f"{place}/payload", what, hint, "payload", sorted(entry)))
            continue
        if key != "payload":
            envelope.append(_payload_case(key, f"{place}/{key}", direction))
        messages.append(
            examine(release, entry[key], channel=channel, direction=direction, pointer=f"{place}/{key}")
        )
    return BodyExamination(tuple(envelope), tuple(messages))


def _named(release: Release, payload: dict[str, Any], channel: str | None) -> Message | None:
    """Return the message that a header names exactly; None where anything about it needs a closer look."""
    if type(payload) is not dict:  # an object with repeated keys
        return None
    try:
        header = payload["CommonBlock"]["S0"]
        interface, event = header["interfaceID"], header["eventCode"]
    except (KeyError, TypeError):
        return None
    if not isinstance(interface, str) or not isinstance(event, str) or channel not in (None, interface):
        return None
    return release.message_for(interface, event[1:-1]) if f"[{event[1:-1]}]" == event else None


def _branch(release: Release, payload: dict[str, Any], channel: str | None, pointer: str) -> _Branch:
    header = lookup(lookup(payload, "CommonBlock"), "S0")
    interface, event = lookup(header, "interfaceID"), lookup(header, "eventCode")
    own_channel = _known_interface(release, channel)
    if isinstance(interface, str) and interface in release.interfaces:
        branch = _by_event(release, interface, event, pointer)
        if own_channel is None or own_channel == interface:
            return branch
        return _Branch(
            branch.message,
            (_other_channel(interface, own_channel, pointer), *branch.findings),
            branch.reported,
        )
    if interface is not None:
        unknown = _unknown_interface(release, interface, own_channel, pointer)
        if own_channel is None:
            return _Branch(None, (unknown,))
        branch = _by_event(release, own_channel, event, pointer)
        return _Branch(branch.message, (unknown, *branch.findings), (_INTERFACE, *branch.reported))
    if own_channel is not None:
        return _by_event(release, own_channel, event, pointer)
    return _Branch(None, (_no_header("interfaceID", "DI-000", _INTERFACE, payload, pointer),))


def _by_event(release: Release, interface: str, event: Any, pointer: str) -> _Branch:
    events = release.events(interface)
    bare = event[1:-1] if isinstance(event, str) and event[:1] == "[" and event[-1:] == "]" else None
    if bare is not None and (message := release.message_for(interface, bare)):
        return _Branch(message)
    meant = [event] if event in events else []
    if not meant and isinstance(event, str):
        meant = difflib.get_close_matches(event.strip("[] "), events, n=1, cutoff=0.8)
    carriers = {release.message_for(interface, known) for known in (meant or events)}
    only = carriers.pop() if len(carriers) == 1 else None
    if event is None and only is not None:
        return _Branch(only)
    if event is None:
        place = pointer + _EVENT
        return _Branch(
            None, (_missing_header("eventCode", "DI-999", place, ", ".join(f"[{e}]" for e in events)),)
        )
    hint = "Event codes are written in square brackets." if event in events else ""
    if not hint and meant:
        hint = f"Did you mean '[{meant[0]}]'?"
    found = finding(
        "event",
        pointer + _EVENT,
        f"{shown(event)} is no event of {interface} in API release {release.name}.",
        rule=f"event codes of {interface}",
        data_item="DI-999",
        hint=hint,
        expected=", ".join(f"[{known}]" for known in events),
        got=shown(event),
    )
    return _Branch(only, (found,), (_EVENT,))


def _known_interface(release: Release, channel: str | None) -> str | None:
    lowered = (channel or "").casefold()
    return next((name for name in release.interfaces if name.casefold() == lowered), None)


def _other_channel(interface: str, channel: str, pointer: str) -> Finding:
    return finding(
        "interface",
        pointer + _INTERFACE,
        f"The message says {interface} but came in by the channel of {channel}.",
        rule="the interface id is that of the message channel",
        data_item="DI-000",
        hint=f"Send it to the channel of {interface}.",
        expected=channel,
        got=interface,
    )


def _unknown_interface(release: Release, interface: object, channel: str | None, pointer: str) -> Finding:
    meant = difflib.get_close_matches(str(interface).upper(), release.interfaces, n=1, cutoff=0.75)
    return finding(
        "interface",
        pointer + _INTERFACE,
        f"{shown(interface)} is no interface of API release {release.name}.",
        rule="interface ids of the release",
        data_item="DI-000",
        hint=f"Did you mean '{channel or meant[0]}'?" if channel or meant else "",
        expected=channel or "IF-nnn or REP-nnn",
        got=shown(interface),
    )


def _no_header(name: str, item: str, path: str, payload: dict[str, Any], pointer: str) -> Finding:
    """Say that the header is missing, at the highest place that is absent."""
    common = lookup(payload, "CommonBlock")
    if common is None:
        return _missing_header("CommonBlock", "", f"{pointer}/CommonBlock", "the common block")
    if lookup(common, "S0") is None:
        return _missing_header("S0", "", f"{pointer}/CommonBlock/S0", "the header block")
    return _missing_header(name, item, pointer + path, "an interface id")


def _missing_header(name: str, item: str, place: str, expected: str) -> Finding:
    return finding(
        "missing",
        place,
        f"'{name}' is missing, so the message that is meant can't be told.",
        rule="S0 is required in every message",
        data_item=item,
        expected=expected,
        got="nothing",
    )


def _delivery_block(payload: Any, direction: Direction, place: str) -> list[Finding]:
    common = payload.get("CommonBlock")
    if not isinstance(common, dict) or (direction == "egress") == ("D0" in common):
        return []
    if direction == "ingress":
        return [
            finding(
                "filled-by-dip",
                place,
                "D0 is there, but the DIP fills it when it publishes.",
                rule="D0 is added by the DIP",
                severity=WARNING,
                hint="Leave D0 out of what you send.",
                expected="no D0",
                got="D0",
            )
        ]
    return [
        finding(
            "missing",
            place,
            "D0 is missing from a publication.",
            rule="the DIP adds D0 to every publication",
            expected="D0",
            got="nothing",
        )
    ]


def _not_an_object(what: str, value: object, place: str) -> Finding:
    return _envelope("wrong-type", place, f"The {what} is no object.", "", "object", value)


def _envelope(code: str, place: str, what: str, hint: str, expected: str, got: object) -> Finding:
    return finding(
        code, place, what, rule="an array of envelopes", hint=hint, expected=expected, got=shown(got, 40)
    )


def _payload_case(key: str, place: str, direction: Direction) -> Finding:
    severity = ERROR if direction == "egress" else WARNING
    what = f"The field '{key}' is spelt 'payload'."
    return finding(
        "wrong-case",
        place,
        what,
        severity=severity,
        rule="field names keep their case",
        expected="payload",
        got=key,
    )
