"""Bodies of the published shapes that are no messages: read, spelt as the release does, and judged.

Field names are matched without regard to case, as in messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.spec.parsing import MalformedJsonError, RepeatedKeys, parse_json
from harness.spec.release import Release
from harness.spec.validators import validators
from simulators.dip.model import Fault
from simulators.dip.respond import FAULTS_NAMED
from simulators.dip.rules import Rules


@dataclass(frozen=True, slots=True)
class Shaped:
    """A body in the release's spelling, or what is wrong with it."""

    value: Any
    faults: tuple[Fault, ...] = ()


def read(body: bytes, shape: str, release: Release, rules: Rules) -> Shaped:
    """Read a body that must have a shape of the release's API (``MessageRequest``)."""
    try:
        value = parse_json(body, depth=rules.json_depth)
    except MalformedJsonError as error:
        return Shaped(None, (Fault(rules.schema, "", f"The body {error.what}."),))
    if isinstance(value, list) and len(value) > rules.batch_messages:
        text = f"{len(value)} entries, at most {rules.batch_messages} are taken in one request."
        return Shaped(None, (Fault(rules.schema, "", text),))
    faults: list[Fault] = []
    value = _spelt(value, release.api_schema(shape), "", rules, faults)
    for wrong in validators(release).shape(shape).iter_errors(value):
        place = "".join(f"/{part}" for part in wrong.instance_path)
        faults.append(Fault(rules.schema, place, wrong.message[:300]))
        if len(faults) >= FAULTS_NAMED:
            break
    return Shaped(value, tuple(faults))


def _spelt(value: Any, schema: Mapping[str, Any], place: str, rules: Rules, faults: list[Fault]) -> Any:
    """Spell the names of an object, or of the objects of an array; a name that is there twice is a fault."""
    if isinstance(value, list) and "items" in schema:
        return [
            _spelt(each, schema["items"], f"{place}/{at}", rules, faults) for at, each in enumerate(value)
        ]
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    names: dict[str, str] = {name.casefold(): name for name in schema["properties"]}
    spelt: dict[str, Any] = {}
    repeated = [str(key) for key in value.repeated] if isinstance(value, RepeatedKeys) else []
    for key, inner in value.items():
        name = names.get(key.casefold()) or key
        if name in spelt:
            repeated.append(key)
        spelt[name] = inner
    faults += [
        Fault(rules.schema, f"{place}/{key}", f"The field '{key}' is there twice.") for key in repeated
    ]
    return spelt
