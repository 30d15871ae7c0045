r"""Compiled validators: the dereferenced schema read as JSON Schema draft 4, compiled on first use and kept.

The published files are OpenAPI 3.0, whose schemas are draft 4 with ``nullable``. Read as follows:
``nullable`` adds null to the type (and to the enum, a setting); ``\d`` means ``[0-9]``; ``$`` is the end of
the text; ``format`` is an annotation. What has named fields is an object, also where the file forgets to say
so (assumed): else a number would be a legal ``CommonBlock``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from harness.settings import current
from harness.spec.release import Release, Schema

_LINEAR = jsonschema_rs.RegexOptions()
"""The engine for patterns that neither look around nor back; it takes two thirds of the other's time."""
_DROPPED = {"nullable", "example", "format", "x-item", "x-block"}


@cache
def null_in_enums() -> bool:
    """Return whether ``nullable`` admits null where the enum omits it."""
    return current().flag("spec.nullable_enum_admits_null")


def to_json_schema(schema: Mapping[str, Any], *, admit_null: bool, closed: bool = False) -> Schema:
    """Translate a dereferenced OpenAPI 3.0 schema into JSON Schema draft 4.

    ``closed`` admits no other field than the named ones, also where the schema does.
    """
    translated: Schema = {}
    for key, value in schema.items():
        if key in _DROPPED:
            continue
        if key == "properties":
            translated[key] = {
                name: to_json_schema(inner, admit_null=admit_null, closed=closed)
                for name, inner in value.items()
            }
        elif key == "items":
            translated[key] = to_json_schema(value, admit_null=admit_null, closed=closed)
        elif key == "oneOf":
            translated[key] = [to_json_schema(inner, admit_null=admit_null, closed=closed) for inner in value]
        elif key == "pattern":
            translated[key] = ascii_digits(value)
        else:
            translated[key] = value
    if "properties" in translated:
        translated.setdefault("type", "object")
    if schema.get("nullable") and "type" in translated:
        translated["type"] = [translated["type"], "null"]
        if admit_null and "enum" in translated and None not in translated["enum"]:
            translated["enum"] = [*translated["enum"], None]
    if closed and "properties" in translated:
        translated["additionalProperties"] = False
    return translated


def ascii_digits(pattern: str) -> str:
    r"""Read ``\d`` as ``[0-9]``: digits of other scripts are not digits of an MPAN."""
    return re.sub(r"(\\\\)|\\d", lambda match: match[1] or "[0-9]", pattern)


class Validators:
    """The compiled validators of one release."""

    def __init__(self, release: Release, *, admit_null: bool) -> None:
        self._release = release
        self._admit_null = admit_null
        self._compiled: dict[str, jsonschema_rs.Draft4Validator] = {}

    def message(self, name: str) -> jsonschema_rs.Draft4Validator:
        """Return the validator of a message's payload."""
        if name not in self._compiled:
            self._compiled[name] = self._compile(self._release.schema(name))
        return self._compiled[name]

    def closed(self, name: str) -> jsonschema_rs.Draft4Validator:
        """Return a validator that refuses any field that a message doesn't name, so also a wrong case.

        What it admits, `message` admits as well.
        """
        key = f"closed/{name}"
        if key not in self._compiled:
            self._compiled[key] = self._compile(self._release.schema(name), closed=True)
        return self._compiled[key]

    def shape(self, name: str) -> jsonschema_rs.Draft4Validator:
        """Return the validator of an API shape such as ``StandardResponse``."""
        key = f"api/{name}"
        if key not in self._compiled:
            self._compiled[key] = self._compile(self._release.api_schema(name))
        return self._compiled[key]

    def _compile(self, schema: Schema, *, closed: bool = False) -> jsonschema_rs.Draft4Validator:
        translated = to_json_schema(schema, admit_null=self._admit_null, closed=closed)
        try:
            return jsonschema_rs.Draft4Validator(translated, validate_formats=False, pattern_options=_LINEAR)
        except jsonschema_rs.ValidationError:  # a pattern that looks around, or back
            return jsonschema_rs.Draft4Validator(translated, validate_formats=False)


_KEPT: dict[tuple[int, bool], Validators] = {}


def validators(release: Release) -> Validators:
    """Return the validators of a release under the process's settings."""
    key = (id(release), null_in_enums())
    if key not in _KEPT:
        _KEPT[key] = Validators(release, admit_null=key[1])
    return _KEPT[key]
