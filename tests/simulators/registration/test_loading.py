"""Metering points from mappings: every item, its history, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from harness.errors import ConfigurationError
from simulators.registration import loading
from simulators.registration.document import document
from simulators.registration.items import Item
from simulators.registration.loading import LONG_AGO
from tests.simulators.participants.publications import DATA, METERING, MPAN, OTHER_DATA, SUPPLIER, network

POINT: dict[str, Any] = {"mpan": MPAN, "supplier": SUPPLIER}


def test_the_example_of_the_document_is_read() -> None:
    """What `docs/registration.md` shows as an entry loads, with the dates that it promises."""
    text = document().partition("```yaml\n")[2].partition("```")[0]
    (found,) = loading.points(yaml.load(text, yaml.BaseLoader), network(), where="document")
    assert found.since(Item.SUPPLIER, datetime(2026, 1, 1, tzinfo=UTC)) == datetime(
        2024, 3, 31, 23, tzinfo=UTC
    )
    spans = found.history(Item.DATA_SERVICE).spans()
    assert [span.value.dip_id for span in spans] == [OTHER_DATA, DATA]
    assert found.since(Item.MARKET_SEGMENT, LONG_AGO) == LONG_AGO
    assert found.history(Item.CONNECTION_TYPE).versions
    assert found.at(Item.CONNECTION_TYPE, LONG_AGO) is None
    (meter,) = found.meters_at(datetime(2026, 1, 1, tzinfo=UTC))
    assert meter.installed == datetime(2025, 5, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "item", "value"),
    [
        ({"segment": "advanced"}, Item.MARKET_SEGMENT, "A"),
        ({"domestic": "true"}, Item.DOMESTIC, True),
        ({"metered": False}, Item.METERED, False),
        ({"consent": {"value": "D"}}, Item.CONSENT, "D"),
        ({"mdr": "none"}, Item.MDR, None),
        ({"profile_class": {"value": None}}, Item.PROFILE_CLASS, None),
    ],
)
def test_an_item_is_read_in_each_of_its_forms(given: dict[str, Any], item: Item, value: object) -> None:
    """Plain, in words, as a mapping, or as none."""
    (found,) = loading.points([{**POINT, **given}], network(), where="test")
    assert found.at(item, LONG_AGO) == value
    assert found.history(item).versions


def test_a_party_of_the_legacy_arrangements_has_no_dip_id() -> None:
    """An MPID alone is enough for it."""
    (found,) = loading.points([{**POINT, "metering_service": {"mpid": "MOPA"}}], network(), where="test")
    held = found.at(Item.METERING_SERVICE, LONG_AGO)
    assert (held.dip_id, held.mpid) == ("", "MOPA")


def test_a_party_with_both_ids_has_its_dip_id() -> None:
    """The MPID beside it is the network's own."""
    entry = {**POINT, "metering_service": {"dip_id": METERING, "mpid": "MSSA"}}
    (found,) = loading.points([entry], network(), where="test")
    held = found.at(Item.METERING_SERVICE, LONG_AGO)
    assert (held.dip_id, held.mpid) == (METERING, "MSSA")


def test_a_point_without_a_supplier_has_a_status() -> None:
    """A metering point that was never supplied says so by its status."""
    (found,) = loading.points([{"mpan": MPAN, "mp_status": "N"}], network(), where="test")
    assert found.supplier_at(LONG_AGO) is None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown item": ({"consnet": "H"}, "Did you mean 'consent'"),
    "unknown part": ({"supplier": {"dip_id": SUPPLIER, "fro": "2026-01-01"}}, "'fro'"),
    "not among the choices": ({"consent": "Q"}, "expected one of H, D, M, N"),
    "no such party": ({"data_service": METERING}, "no DIP id of role ADS, SDS, UMSDS"),
    "a missing part": ({"meters": [{"serial": "M1"}]}, "has no kind"),
    "no number": (
        {"meters": [{"serial": "M1", "kind": "N", "installed": "2026-01-01", "digits": "five"}]},
        "no number",
    ),
    "no form of a tariff": ({"duos_tariff": "1234"}, "has not the form"),
    "no list": ({"linked": {"principal": MPAN, "subsidiaries": "none"}}, "no list"),
    "no mapping": ({"address": "here"}, "no mapping"),
    "no offset": ({"consent": {"value": "H", "from": "2026-01-01T00:00:00"}}, "no offset"),
    "no time": ({"consent": {"value": "H", "from": "soon"}}, "no time"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_mistake_is_named_with_its_place(case: str) -> None:
    """The error names the entry, the item and what would be right."""
    given, words = WRONG[case]
    with pytest.raises(ConfigurationError) as caught:
        loading.points([{**POINT, **given}], network(), where="test")
    assert words in str(caught.value)
    assert "points[0]" in str(caught.value)
