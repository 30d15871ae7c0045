"""Releases load fast, know their pairs and give dereferenced schemas."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.data import folder
from harness.errors import ConfigurationError, SpecError
from harness.spec.notation import parse_field
from harness.spec.release import Release, load, names


@pytest.mark.parametrize(
    ("release", "pairs"), [("1.8.3", 132), ("2.0.1", 133), ("2.1.0", 133), ("2.2.1", 133)]
)
def test_pairs_are_the_interface_events_and_the_report_variants(release: str, pairs: int) -> None:
    """Every interface-event pair is there once, and 13 report variants."""
    found = load(release).pairs
    assert sum(not pair.report for pair in found) == pairs
    assert sum(pair.report for pair in found) == 13
    assert len({(pair.interface, pair.event) for pair in found}) == len(found)


def test_interfaces_without_a_validate_path_are_pairs_too() -> None:
    """IF-016 and IF-047 have no /validate path, but are exchanged."""
    release = load("2.1.0")
    assert {"IF-016", "IF-047"} <= {pair.interface for pair in release.pairs}
    assert not {"IF-016", "IF-047"} & {interface for interface, _, _ in release.validate_paths}


@pytest.mark.parametrize("release", names())
def test_every_validate_path_names_the_message_of_its_pair(release: str) -> None:
    """The published /validate paths agree with the message that is picked by interface and event."""
    found = load(release)
    for interface, event, message in found.validate_paths:
        picked = found.message_for(interface, event)
        assert picked is not None
        assert picked.name == message, (interface, event)


@pytest.mark.parametrize("release", names())
@pytest.mark.parametrize("event", ["RelatedCreate", "RelatedAdd", "RelatedRemove"])
def test_the_message_named_after_the_event_wins(release: str, event: str) -> None:
    """Before 2.2.1 RelatedCreate admits three events; each still goes to its own message."""
    message = load(release).message_for("IF-020", event)
    assert message is not None
    assert message.name == f"IF-020-{event}"


def test_a_release_loads_in_under_50_ms() -> None:
    """The first load in a fresh process, pairs included, takes under 50 ms (best of three)."""
    script = (
        "import time; from harness.spec.release import load\n"
        "start = time.perf_counter(); load('2.1.0').pairs; print(time.perf_counter() - start)"
    )
    taken = [
        float(
            subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        )
        for _ in range(3)
    ]
    assert min(taken) < 0.05


def _nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from _nodes(inner)
    if "items" in schema:
        yield from _nodes(schema["items"])


@pytest.mark.parametrize("release", names())
def test_schemas_are_dereferenced_and_say_where_they_come_from(release: str) -> None:
    """No reference is left; each scalar names its type and each object its block."""
    found = load(release)
    for message in found.messages.values():
        for node in _nodes(found.schema(message.name)):
            assert "$ref" not in node
            if "properties" not in node and "items" not in node:
                assert "x-item" in node or "type" in node
        common = found.schema(message.name)["properties"]["CommonBlock"]
        assert common["x-block"] == "CommonBlock"
        assert common["properties"]["S0"]["properties"]["eventCode"]["x-item"] == "DI-999"
    assert (
        found.schema("IF-043-Payload")["properties"]["CustomBlock"]["properties"]["B023"]["x-block"] == "B023"
    )


def test_types_of_the_source_are_named_on_their_fields() -> None:
    """A field derived from a named type carries that name, also through an alias."""
    release = load("2.1.0")
    fields = release.block_schema("B023")["properties"]
    assert fields["connectionTypeIndicator"]["x-item"] == "DI-015-Connection-Type-Indicator"
    assert fields["connectionTypeIndicator"]["enum"] == ["W", "L", "H", "E", "U"]
    assert fields["connectionTypeEffectiveFromDate"]["minLength"] == 25


def test_api_shapes_are_dereferenced() -> None:
    """StandardResponse, the envelopes and the journal can be asked for."""
    release = load("2.2.1")
    assert release.api_schema("StandardResponse")["properties"]["messageArray"]["minItems"] == 1
    payloads = release.api_schema("DIPMessageArray")["items"]["properties"]["payload"]["oneOf"]
    assert len(payloads) == 58
    always = release.api_schema("JournalEntry")["properties"]["RecipientMap"]["properties"]["Always"]
    assert set(always["items"]["properties"]) == {"role", "dipId"}


def test_operations_state_their_answers() -> None:
    """Statuses map to the shape of their body, or None; callbacks are told apart."""
    operations = {(each.method, each.path): each for each in load("2.2.1").operations}
    send = operations["POST", "/dip-channel/{id}"]
    assert send.statuses["201"] == "StandardResponse"
    assert send.statuses["413"] is None
    replay = operations["POST", "/dip-channel/{id}/replay/{recipient-id}"]
    assert replay.statuses["206"] == "DIPMessageEgressArray"
    configure = operations["POST", "/dip-channel/{id}/pubconfig/{recipient-id}"]
    assert configure.callback_body == "DIPMessageEgressArray"
    assert len(set(operations)) == 13


def test_unknown_names_are_answered_with_the_nearest() -> None:
    """A release, message, shape or block that isn't there: what is meant, and what is known."""
    with pytest.raises(ConfigurationError, match=r"'2\.1' is no API release. Did you mean .2\."):
        load("2.1")
    release = load("2.1.0")
    with pytest.raises(ConfigurationError, match="Did you mean 'IF-031-MSApp'"):
        release.schema("IF-031-MSAp")
    with pytest.raises(ConfigurationError, match="Did you mean 'StandardResponse'"):
        release.api_schema("StandardRespons")
    with pytest.raises(ConfigurationError, match="is no block"):
        release.block_schema("B9999")
    with pytest.raises(ConfigurationError, match="is no report"):
        release.report_schema("REP-1")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a release's folder to break."""
    return Path(shutil.copytree(folder("swagger") / "2.1.0", tmp_path / "9.9.9"))


def test_a_malformed_file_is_named(copy: Path) -> None:
    """A release with a broken or missing file is refused with the file's path."""
    (copy / "blocks.json").write_text("{", encoding="utf-8")
    with pytest.raises(SpecError, match=r"9\.9\.9/blocks\.json: can't be read as JSON"):
        Release("9.9.9", copy)
    (copy / "blocks.json").unlink()
    with pytest.raises(SpecError, match=r"blocks\.json"):
        Release("9.9.9", copy)


def test_a_reference_to_nothing_is_named(copy: Path) -> None:
    """A block that refers to an unknown type is found when it is needed."""
    blocks = json.loads((copy / "blocks.json").read_text(encoding="utf-8"))
    blocks["B023"]["fields"]["energyDirection"] = "DI-998-Nothing"
    (copy / "blocks.json").write_text(json.dumps(blocks), encoding="utf-8")
    with pytest.raises(SpecError, match="refers to 'DI-998-Nothing'"):
        Release("9.9.9", copy).schema("IF-043-Payload")


def test_the_digest_pins_the_content(copy: Path) -> None:
    """One changed byte is another release."""
    before = Release("9.9.9", copy).digest
    assert before == load("2.1.0").digest
    path = copy / "types.json"
    path.write_bytes(path.read_bytes().replace(b'"maxLength": 10', b'"maxLength": 11', 1))
    assert Release("9.9.9", copy).digest != before


def test_field_notation() -> None:
    """Optional, array bounds and inline keywords are read; anything else is refused."""
    assert parse_field("a", "B023?").required is False
    array = parse_field("a", "B901[1..200]")
    assert (array.refers_to, array.is_array, array.least, array.most) == ("B901", True, 1, 200)
    assert parse_field("a", "B035[]?").is_array
    inline = parse_field("a", {"type": "string", "optional": True})
    assert (inline.required, inline.inline) == (False, {"type": "string"})
    with pytest.raises(SpecError, match="the notation"):
        parse_field("a", "B901[1..")
