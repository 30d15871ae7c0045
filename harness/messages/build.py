"""Builds the payload of any interface-event pair and report of a release: seeded, valid and domain-true.

A message's definition is compiled once into a maker per field: the most particular entry of the value
tables, else its type. The context and the overrides then decide everything; no clock and no shared random
state is read.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias

import orjson

from harness.errors import ConfigurationError, nearest
from harness.messages import consumption
from harness.messages.choices import LEFT_OUT, LENGTHS
from harness.messages.context import Context
from harness.messages.fallback import by_type
from harness.messages.overrides import OMIT, apply, keys_named
from harness.messages.report_totals import TOTALS
from harness.messages.story import Story
from harness.messages.values import VALUES
from harness.messages.values.table import Make, find
from harness.spec.release import Message, Release

__all__ = ["OMIT", "Context", "build", "build_largest_consumption", "encode"]

Payload: TypeAlias = dict[str, Any]

LARGEST_DAYS = 200
_NO_OVERRIDES: Mapping[str, object] = {}
_compiled: dict[tuple[str, str], Callable[[Story], Payload]] = {}


def build(
    release: Release,
    interface: str,
    event: str,
    context: Context,
    *,
    overrides: Mapping[str, object] = _NO_OVERRIDES,
) -> Payload:
    """Return the payload of a pair: ``CommonBlock`` and, where it has one, ``CustomBlock``.

    ``event`` is written without brackets.
    ``overrides`` maps a place to a value: a JSON Pointer (``/CustomBlock/B070/appointmentScenario``) or a
    dotted path that starts at a block (``B070.appointmentScenario``, ``B905List.0.existingMeter.meterID``);
    the value ``OMIT`` removes it. Naming an optional block includes it, and an overridden response code or
    appointment scenario is followed by the fields that depend on it.

    Raises ConfigurationError for a pair that the release lacks and for a path whose parent the message lacks.
    """
    message = release.message_for(interface, event)
    if message is None:
        raise _unknown(release, interface, event)
    story = Story(release.name, interface, event, context, overrides, keys_named(overrides))
    payload = _maker(release, message)(story)
    header = payload["CommonBlock"]["S0"]
    header.update(interfaceID=interface, schemaVersion=message.schema_versions[0], eventCode=f"[{event}]")
    if overrides:
        apply(payload, overrides)
    return payload


def build_largest_consumption(release: Release, context: Context, event: str = "ActivePower") -> Payload:
    """Return an IF-021 of the largest legal size: 200 days of 48 periods, up to yesterday (UTC)."""
    payload = build(release, "IF-021", event, context)
    story = Story(release.name, "IF-021", event, context)
    quantity = payload["CustomBlock"]["B900"]
    shape = consumption.shape_of(story.segment, domestic=story.point.domestic)
    quantity["settlementDayConsumptionPeriods"] = [
        {
            "settlementDay": {"settlementDayDate": story.utc(day), "periodDuration": 30},
            "consumptionPeriods": consumption.consumption_periods(
                story.rng, story.point.annual_kwh, shape, day
            ),
        }
        for day in (story.settlement_day - timedelta(days=back) for back in range(LARGEST_DAYS - 1, -1, -1))
    ]
    return payload


def encode(payloads: list[Payload]) -> bytes:
    """Return the body of a send: ``[{"payload": ...}, ...]`` in UTF-8, without white space."""
    return orjson.dumps([{"payload": payload} for payload in payloads])


def compress_report(body: Payload) -> str:
    """Return a report body as P03 carries it: JSON, zlib (RFC 1950), base64."""
    return base64.b64encode(zlib.compress(orjson.dumps(body), 6)).decode()


def _unknown(release: Release, interface: str, event: str) -> ConfigurationError:
    if interface in release.interfaces:
        what, mend = f"'{event}' is no event of {interface}", nearest(event, release.events(interface))
    else:
        what, mend = f"'{interface}' is no interface", nearest(interface, release.interfaces)
    return ConfigurationError(f"{what} in API release {release.name}", mend=mend)


def _maker(release: Release, message: Message) -> Callable[[Story], Payload]:
    key = release.digest, message.name
    if key not in _compiled:
        _compiled[key] = _Compiler().object("", release.schema(message.name))
    return _compiled[key]


class _Compiler:
    """Turns one message definition into makers."""

    def __init__(self) -> None:
        self._report: Callable[[Story], Payload] | None = None

    def object(self, name: str, schema: Mapping[str, Any]) -> Callable[[Story], Payload]:
        properties: Mapping[str, Any] = schema["properties"]
        block = str(schema.get("x-block", name))
        if "P03" in properties and "schema" in properties:
            self._report = self.object("schema", properties["schema"])
        required = frozenset(schema.get("required", ()))
        parts = [
            (key, self._field(name, block, key, inner), None if key in required else LEFT_OUT.get(key))
            for key, inner in properties.items()
        ]
        total = TOTALS.get(block)

        def make(story: Story) -> Payload:
            built = {
                key: part(story)
                for key, part, left_out in parts
                if left_out is None or key in story.named or not left_out(story)
            }
            if total is not None:
                total(built)
            return built

        return make

    def _field(self, parent: str, block: str, key: str, schema: Mapping[str, Any]) -> Make:
        if key == "compressedReport" and self._report is not None:
            body = self._report
            return lambda story: compress_report(body(story))
        value = find(VALUES, parent, block, key)
        if value is not None:
            return value.make
        if "properties" in schema:
            return self.object(key, schema)
        if schema.get("type") == "array" and "properties" in schema["items"]:
            return self._list(key, schema)
        return by_type(dict(schema))

    def _list(self, key: str, schema: Mapping[str, Any]) -> Make:
        item = self.object(key, schema["items"])
        length = LENGTHS.get(key)

        def make(story: Story) -> object:
            index, outer, nested = story.index, story.outer, story.nested
            items = []
            for number in range(length(story) if length else 1):
                story.index, story.nested = number, True
                if not nested:
                    story.outer = number
                items.append(item(story))
            story.index, story.outer, story.nested = index, outer, nested
            return items

        return make
