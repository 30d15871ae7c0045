"""How an OpenAPI 3.0 schema is read as JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest

from harness.spec.release import load
from harness.spec.validators import Validators, ascii_digits, to_json_schema


@pytest.mark.parametrize(
    ("pattern", "read"),
    [(r"^\d{13}?$", "^[0-9]{13}?$"), (r"^-?\d{1,9}\.\d{3}$", r"^-?[0-9]{1,9}\.[0-9]{3}$"), (r"\\d", r"\\d")],
)
def test_digits_are_ascii_whatever_the_engine(pattern: str, read: str) -> None:
    """The class is written out, and an escaped backslash before a d is left alone."""
    assert ascii_digits(pattern) == read
    assert to_json_schema({"pattern": pattern}, admit_null=True) == {"pattern": read}


def test_annotations_are_dropped_but_a_field_may_be_called_so() -> None:
    """`nullable`, `example` and `format` refuse nothing; fields of these names stay."""
    source: dict[str, Any] = {
        "x-block": "B1",
        "properties": {"format": {"type": "string", "format": "email", "example": "a"}, "nullable": {}},
    }
    assert to_json_schema(source, admit_null=True) == {
        "type": "object",
        "properties": {"format": {"type": "string"}, "nullable": {}},
    }


@pytest.mark.parametrize(("admit_null", "enum"), [(True, ["A", None]), (False, ["A"])])
def test_whether_nullable_adds_null_to_an_enum_is_a_setting(admit_null: bool, enum: list[str | None]) -> None:
    """The type admits null either way; the enum only where the setting says so."""
    source = {"type": "string", "enum": ["A"], "nullable": True}
    assert to_json_schema(source, admit_null=admit_null) == {"type": ["string", "null"], "enum": enum}


def test_the_strict_reading_refuses_null_where_the_enum_omits_it() -> None:
    """The same message passes or fails with the setting, from 2.2.1 on; before, null stands in the enum."""
    for name, strict in (("2.1.0", True), ("2.2.1", False)):
        release = load(name)
        field = release.block_schema("B030")["properties"]["IHDInstallStatus"]
        assert (None in field["enum"]) is strict
        for admit_null in (True, False):
            read = to_json_schema(field, admit_null=admit_null)
            assert (None in read["enum"]) is (strict or admit_null)


def test_validators_are_kept() -> None:
    """A message or shape is compiled once."""
    validators = Validators(load("2.1.0"), admit_null=True)
    assert validators.message("IF-031-MSApp") is validators.message("IF-031-MSApp")
    shape = validators.shape("StandardResponse")
    assert shape is validators.shape("StandardResponse")
    assert shape.is_valid({"timestamp": "2026-01-01T00:00:00+00:00"})
    assert not shape.is_valid({"timestamp": "today"})
