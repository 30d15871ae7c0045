"""The value tables: complete, and numbered like the data items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from contexts import context

from harness.errors import HarnessError
from harness.messages.choices import LEFT_OUT, LENGTHS
from harness.messages.fallback import by_type
from harness.messages.report_totals import TOTALS
from harness.messages.story import Story
from harness.messages.values import VALUES
from harness.messages.values.table import Value, find, fixed, merged
from harness.spec.items import item_of
from harness.spec.release import load, names

FILLED_BY_THE_DIP = "D0"
HEADER = "S0"
# Settlement periods and load shapes: a list's maker gives the blocks in it.
MADE_WHOLE = ("B047", "B048", "B052", "B053", "B084")
BY_TYPE = {("R900-04", "LDSOBillingInvoiceType"), ("P03", "compressedReport")}


def fields(schema: dict[str, Any], parent: str = "") -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield parent key, block, key and definition of every field under a definition."""
    if "items" in schema:
        yield from fields(schema["items"], parent)
    for key, inner in schema.get("properties", {}).items():
        yield parent, schema.get("x-block", parent), key, inner
        yield from fields(inner, key)


def every_field() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield every field of every message of every release."""
    for name in names():
        release = load(name)
        for message in release.messages:
            yield from fields(release.schema(message))


def test_every_field_has_a_value() -> None:
    """Each scalar is in a table, save the header, what the DIP fills, and two that have one value."""
    missing = set()
    for parent, block, key, schema in every_field():
        scalar = "properties" not in schema and "properties" not in schema.get("items", {})
        elsewhere = block in (FILLED_BY_THE_DIP, HEADER) or block in MADE_WHOLE
        if scalar and not elsewhere and find(VALUES, parent, block, key) is None:
            missing.add((block, key))
    assert missing == BY_TYPE


def test_items_are_those_of_the_catalogue() -> None:
    """The data item beside a value is the one that the item list gives to the block's key."""
    wrong = []
    for parent, block, key, _ in every_field():
        value, item = find(VALUES, parent, block, key), item_of(block, key)
        if value is not None and item and value.item != item:
            wrong.append((block, key, value.item, item))
    assert not wrong


def test_no_table_entry_is_idle() -> None:
    """Every place in the tables of values, choices, lengths and totals is in some release."""
    places: set[str] = set()
    blocks: set[str] = set()
    for parent, block, key, _ in every_field():
        places |= {key, f"{block}.{key}", f"{parent}.{key}"}
        blocks.add(block)
    assert set(VALUES) <= places
    assert set(LEFT_OUT) <= places
    assert set(LENGTHS) <= places
    assert set(TOTALS) <= blocks


def test_two_tables_may_not_claim_one_place() -> None:
    """A place in two tables is a fault of the harness, named."""
    with pytest.raises(HarnessError, match="meterID"):
        merged({"meterID": Value("DI-056", fixed(1))}, {"meterID": Value("DI-056", fixed(2))})


@pytest.mark.parametrize(
    ("schema", "fits"),
    [
        ({"type": "string", "nullable": True}, lambda v: v is None),
        ({"type": "string", "enum": ["x", None, "A"]}, lambda v: v == "A"),
        ({"type": "boolean"}, lambda v: isinstance(v, bool)),
        ({"type": "integer", "minimum": 7, "maximum": 9}, lambda v: 7 <= v <= 9),
        ({"type": "string", "pattern": r"^-?\d{1,9}\.\d{3}$"}, lambda v: len(v.partition(".")[2]) == 3),
        ({"type": "string", "minLength": 25, "maxLength": 25}, lambda v: v == "2026-07-14T09:30:00+00:00"),
        ({"type": "string", "example": "EMEB"}, lambda v: v == "EMEB"),
        ({"type": "string", "minLength": 2, "maxLength": 4}, lambda v: 2 <= len(v) <= 4),
        ({"type": "array", "items": {"type": "string"}}, lambda v: v == []),
    ],
)
def test_unknown_fields_get_a_value_by_type(schema: dict[str, Any], fits: Any) -> None:
    """A field that an imported release brings gets a value that its definition admits."""
    story = Story("2.1.0", "IF-031", "MSApp", context())
    for _ in range(20):
        assert fits(by_type(schema)(story))
