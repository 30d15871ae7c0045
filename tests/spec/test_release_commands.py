"""dip release and dip validate: what they print, and how they end."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.commands.release import release
from harness.commands.validate import validate
from harness.errors import ConfigurationError
from harness.spec.release import load, names
from tests.spec.samples import sample


def _run(command: Any, *arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(command, arguments, **options)


def _payload() -> dict[str, Any]:
    found = load("2.1.0")
    pair = next(pair for pair in found.pairs if pair.message == "IF-031-MSApp")
    payload = sample(found, pair, random.Random(5))
    payload["CommonBlock"].pop("D0", None)
    return payload


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of a message file, not yet written."""
    return tmp_path / "message.json"


def _wrapped(payload: dict[str, Any], wrapping: str) -> tuple[Any, str]:
    return {
        "payload": (payload, ""),
        "envelope": ({"payload": payload}, "/payload"),
        "array": ([{"payload": payload}], "/0/payload"),
    }[wrapping]


@pytest.mark.parametrize("wrapping", ["payload", "envelope", "array"])
def test_a_valid_message_ends_with_0(file: Path, wrapping: str) -> None:
    """One payload, one envelope and an array are all accepted."""
    file.write_text(json.dumps(_wrapped(_payload(), wrapping)[0]), encoding="utf-8")
    result = _run(validate, str(file), "--json")
    assert (result.exit_code, json.loads(result.output)) == (
        0,
        {"valid": True, "release": "2.1.0", "findings": []},
    )


@pytest.mark.parametrize("wrapping", ["payload", "envelope", "array"])
def test_paths_start_at_the_files_root(file: Path, wrapping: str) -> None:
    """A finding's pointer resolves in the file, whatever wraps the message; the exit code is 1."""
    payload = _payload()
    payload["CommonBlock"]["M0"]["MPANCore"] = "12"
    value, prefix = _wrapped(payload, wrapping)
    file.write_text(json.dumps(value), encoding="utf-8")
    result = _run(validate, str(file), "--json")
    shown = json.loads(result.output)
    assert (result.exit_code, shown["valid"]) == (1, False)
    [finding] = shown["findings"]
    assert finding["path"] == f"{prefix}/CommonBlock/M0/MPANCore"
    assert {"code", "path", "rule", "data_item", "severity", "message", "hint"} <= finding.keys()


def test_people_read_what_is_wrong_where_and_what_to_do(file: Path) -> None:
    """Without --json the findings are sentences, and brackets in values survive."""
    payload = _payload()
    payload["CommonBlock"]["S0"]["eventCode"] = "[MSAp]"
    file.write_text(json.dumps(payload), encoding="utf-8")
    result = _run(validate, str(file))
    assert result.exit_code == 1
    assert 'error: "[MSAp]" is no event of IF-031 in API release 2.1.0.' in result.output
    assert "at    /CommonBlock/S0/eventCode" in result.output
    assert "hint  Did you mean '[MSApp]'?" in result.output
    assert "invalid: IF-031-MSApp against API release 2.1.0, 1 error, 0 warnings" in result.output


def test_warnings_alone_leave_a_message_valid(file: Path) -> None:
    """Wrong case is told, and the exit code stays 0."""
    payload = _payload()
    payload["commonblock"] = payload.pop("CommonBlock")
    file.write_text(json.dumps(payload), encoding="utf-8")
    result = _run(validate, str(file), "--json")
    assert result.exit_code == 0
    shown = json.loads(result.output)
    assert shown["valid"]
    assert [finding["severity"] for finding in shown["findings"]] == ["warning"]


def test_a_publication_has_to_be_complete_and_well_spelt(file: Path) -> None:
    """--publication asks for D0."""
    file.write_text(json.dumps(_payload()), encoding="utf-8")
    result = _run(validate, str(file), "--publication", "--json")
    assert result.exit_code == 1
    assert [finding["path"] for finding in json.loads(result.output)["findings"]] == ["/CommonBlock/D0"]


def test_standard_input_is_read_for_a_dash() -> None:
    """A message can be piped in."""
    result = _run(validate, "-", "--json", input=json.dumps(_payload()))
    assert json.loads(result.output)["valid"]


def test_the_release_decides(file: Path) -> None:
    """A reference without the pattern of 2.1.0 is valid in 2.0.1."""
    payload = _payload()
    payload["CommonBlock"]["S1"]["senderUniqueReference"] = "anything"
    file.write_text(json.dumps(payload), encoding="utf-8")
    assert _run(validate, str(file), "--release", "2.0.1").exit_code == 0
    assert _run(validate, str(file), "--release", "2.1.0").exit_code == 1


@pytest.mark.parametrize("data", [b"{", b"", b"\xff\xfe{\x00}\x00", b"[" * 5000 + b"]" * 5000])
def test_what_is_no_json_is_a_configuration_error(file: Path, data: bytes) -> None:
    """Broken or absurdly deep files name the file."""
    file.write_bytes(data)
    result = _run(validate, str(file))
    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.exit_code == 2
    assert str(file) in str(result.exception)
    assert result.output == ""


@pytest.mark.parametrize("data", [b"3", b"null", b'"text"', b"[]", b"[3]", b"{}", b'{"payload": null}'])
def test_json_that_is_no_message_is_a_finding(file: Path, data: bytes) -> None:
    """It is JSON, so it is judged: invalid, exit code 1."""
    file.write_bytes(data)
    result = _run(validate, str(file), "--json")
    assert (result.exit_code, json.loads(result.output)["valid"]) == (1, False)


def test_a_file_that_is_not_there_and_an_unknown_release_are_named(file: Path) -> None:
    """The sentence names the file, or the nearest release."""
    assert "No such file" in str(_run(validate, str(file)).exception)
    file.write_text("{}", encoding="utf-8")
    assert "Known: 1.8.3" in str(_run(validate, str(file), "--release", "9").exception)


def test_on_the_command_line_the_exit_codes_hold(file: Path) -> None:
    """As a process: 1 for a finding, 2 and one sentence on standard error for no JSON."""
    file.write_text("{}", encoding="utf-8")
    command = [sys.executable, "-m", "harness", "validate", str(file)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    file.write_text("{", encoding="utf-8")
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.count("\n") == 1
    assert "is not JSON" in process.stderr


def test_list_tells_size_and_alignment() -> None:
    """Every release with its counts, the default marked, and no stage that isn't given."""
    shown = json.loads(_run(release, "list", "--json").output)
    assert [entry["name"] for entry in shown] == list(names())
    assert [entry["name"] for entry in shown if entry["default"]] == ["2.1.0"]
    assert shown[0]["pairs"] == 132
    assert shown[0]["interim_releases"] == ["IR8.3", "IR8.5", "IR8.7", "IR8.8"]
    text = _run(release, "list").output
    assert "2.1.0 (default)" in text
    assert "late SIT (IR8.3, IR8.5, IR8.7, IR8.8)" in text


def test_show_tells_what_a_release_holds() -> None:
    """Interfaces with events and roles, the operations, and the content's hash."""
    shown = json.loads(_run(release, "show", "2.2.1", "--json").output)
    assert shown["digest"] == load("2.2.1").digest
    assert len(shown["interface_list"]) == 58
    assert len(shown["operations"]) == 13
    text = _run(release, "show", "2.2.1").output
    assert "46 interfaces with 133 events" in text
    assert "IF-031    Appointment request" in text


def test_show_interface_lists_fields_and_routes() -> None:
    """The fields of each message with data item and need, and who sends and receives, with the basis."""
    result = _run(release, "show", "2.1.0", "--interface", "if-036", "--json")
    shown = json.loads(result.output)
    fields = {field["field"]: field for field in shown["messages"]["IF-036-MSAppActive"]}
    assert fields["CommonBlock/M0/MPANCore"] == {
        "field": "CommonBlock/M0/MPANCore",
        "data_item": "DI-063",
        "needed": "required",
        "form": "string ^\\d{13}?$",
    }
    assert fields["CommonBlock/D0/transactionID"]["needed"] == "with its block"
    assert fields["CustomBlock/B905List[]/existingMeter/meterID"]["data_item"] == "DI-056"
    assert {"role": "MDS", "tier": "always"}.items() <= shown["routing"]["MSAppActive"][-2].items()
    text = _run(release, "show", "2.1.0", "--interface", "IF-036").output
    assert "[MSAppActive]" in text
    assert "assumed" in text


def test_show_refuses_an_unknown_interface() -> None:
    """With the nearest known one."""
    result = _run(release, "show", "2.1.0", "--interface", "IF-3")
    assert "is no interface of API release 2.1.0" in str(result.exception)


def test_diff_prints_the_agreed_shape() -> None:
    """From, to and changes; each change has its eight fields; the exit code is 0."""
    result = _run(release, "diff", "1.8.3", "2.0.1", "--json")
    shown = json.loads(result.output)
    assert result.exit_code == 0
    assert (shown["from"], shown["to"]) == ("1.8.3", "2.0.1")
    wanted = {"kind", "interface", "message", "block", "field", "before", "after", "summary"}
    assert all(wanted <= change.keys() for change in shown["changes"])
    named = {
        change["interface"] if "interface-" in change["kind"] else change["block"]
        for change in shown["changes"]
    }
    assert {"IF-051", "B081", "B082", "B085", "B086", "B914"} <= named


def test_diff_reads_well() -> None:
    """Changes stand under their kind; a shared one lists its interfaces."""
    text = _run(release, "diff", "2.1.0", "2.2.1").output
    assert "API release 2.1.0 to 2.2.1:" in text
    assert text.count("\nfield changed\n") == 1
    assert "no longer admits [RelatedAdd], [RelatedRemove]" in text


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(validate, ()), (release, ("list",)), (release, ("show",)), (release, ("diff",))],
)
def test_help_has_an_example(command: Any, arguments: tuple[str, ...]) -> None:
    """Every command shows how it is used."""
    assert "Example:" in _run(command, *arguments, "--help").output
