"""`dip data` from the command line: files, exit codes, and what is said."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from harness.cli import main
from harness.test_data import reading
from harness.test_data.columns import COLUMNS
from simulators.network import default_network
from simulators.registration.loading import points

SCHEMA = json.loads((Path(reading.__file__).parent / "test-data.schema.json").read_text(encoding="utf-8"))


def dip(*words: object, cwd: Path, code: int = 0) -> str:
    """Run ``dip data``; return what it says on standard output, or on standard error where it fails."""
    out, err, ended = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["dip", "data", *map(str, words)])
        try:
            main()
        except SystemExit as stopped:
            ended = int(stopped.code or 0)
    assert ended == code, out.getvalue() + err.getvalue()
    return err.getvalue() if code > 1 else out.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the same points as CSV and JSON."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("points.csv", "points.json"):
        dip("generate", "--count", 120, "--seed", 3, "--out", name, "--as-of", "2026-01-05", cwd=folder)
    return folder


def test_generated_json_obeys_its_schema(made: Path) -> None:
    """The JSON file is valid, marked as made up, and has what was asked for."""
    found = json.loads((made / "points.json").read_bytes())
    assert list(Draft202012Validator(SCHEMA).iter_errors(found)) == []
    assert (found["made_up"], found["seed"], found["as_of"]) == (True, 3, "2026-01-05")
    assert len(found["points"]) == 120
    assert (made / "points.csv").read_text(encoding="utf-8").startswith("# MADE UP")


def test_the_schema_knows_every_column() -> None:
    """Each column has its place in the schema of JSON."""
    for column in COLUMNS:
        schema: Any = SCHEMA["$defs"]["point"]
        for step in column.path if column.path[0] else ():
            while "$ref" in schema:
                schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
            schema = schema["items"] if isinstance(step, int) else schema["properties"][step]


def test_the_registration_services_take_the_points(made: Path, tmp_path: Path) -> None:
    """What is generated for the default network is what its registration services can start from."""
    network = default_network(tmp_path / "network")
    found = json.loads((made / "points.json").read_bytes())["points"]
    assert len(points([each["point"] for each in found], network, where="points.json")) == 120
    registers = {party.dip_id: party.distributor_id for party in network.with_role("REGS")}
    assert all(registers[each["register"]] == each["point"]["mpan"][:2] for each in found)
    file = tmp_path / "network" / "network.toml"
    assert dip("check", made / "points.json", "--network", file, cwd=made)
    dip(
        "generate",
        "--count",
        120,
        "--seed",
        3,
        "--network",
        file,
        "--out",
        "again.csv",
        "--as-of",
        "2026-01-05",
        cwd=tmp_path,
    )
    assert (tmp_path / "again.csv").read_bytes() == (made / "points.csv").read_bytes()


@pytest.mark.parametrize("name", ["points.csv", "points.json"])
def test_check_finds_nothing_in_what_was_generated(made: Path, name: str) -> None:
    """Exit code 0, no findings, and the made-up standing data is named."""
    told = json.loads(dip("check", name, "--as-of", "2026-01-05", "--json", cwd=made))
    assert (told["consistent"], told["rows"], told["findings"], told["not_checked"]) == (True, 120, [], [])
    assert "mpid" in told["made_up_lists"]
    assert "120 rows, 0 findings" in dip("check", name, "--as-of", "2026-01-05", cwd=made)


def test_check_exits_1_and_says_row_and_reason(made: Path, tmp_path: Path) -> None:
    """A wrong check digit is exit code 1, with line, column and what was expected, and the same in JSON."""
    lines = (made / "points.csv").read_text(encoding="utf-8").splitlines()
    wrong = lines[5][:12] + str((int(lines[5][12]) + 1) % 10) + lines[5][13:]
    (tmp_path / "wrong.csv").write_text("\n".join([*lines[:5], wrong, *lines[6:]]), encoding="utf-8")
    said = dip("check", "wrong.csv", "--as-of", "2026-01-05", cwd=tmp_path, code=1)
    assert f"line 6, {wrong[:13]}, mpan: " in said
    assert f"expected {lines[5][12]}" in said
    told = json.loads(dip("check", "wrong.csv", "--as-of", "2026-01-05", "--json", cwd=tmp_path, code=1))
    assert told["consistent"] is False
    assert {"place": "line 6", "mpan": wrong[:13], "column": "mpan"}.items() <= told["findings"][0].items()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can't be read"),
        (b"", "has no header"),
        (b"mpan,postcod\n1,2\n", "Did you mean 'postcode'"),
        (b"postcode\nX\n", "lacks the column mpan"),
        (b"mpan,postcode\n1\n", "points:2: has 1 fields, the header 2"),
        (b"mpan\n\xff\n", "is not UTF-8"),
        (b"{", "is no JSON"),
        (b"{}", "holds no list of points"),
        (b"[1]", "points/0: is no metering point with an mpan"),
        (b'{"points": [], "cohorts": [1]}', "cohorts of another form"),
    ],
)
def test_check_exits_2_for_what_can_not_be_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    """A file that is no test data at all is wrong usage: exit code 2 and one sentence."""
    if content is not None:
        (tmp_path / "points").write_bytes(content)
    error = dip("check", "points", cwd=tmp_path, code=2)
    assert said in error
    assert error.startswith("dip: ")
    assert len(error.splitlines()) == 1


def test_made_up_parties_come_with_their_list(tmp_path: Path) -> None:
    """Points of made-up parties are consistent with the list beside them, and not without it."""
    told = json.loads(
        dip("generate", "--made-up-parties", 4, "--cohorts", 3, "--out", "p.csv", "--json", cwd=tmp_path)
    )
    assert (told["cohorts"], told["pairs_covered"]) == (3, told["pairs_allowed"])
    assert "0 findings" in dip("check", "p.csv", "--parties", "p.mpid.csv", cwd=tmp_path)
    assert "nobody's DIP id" in dip("check", "p.csv", cwd=tmp_path, code=1)
    twice = ("--made-up-parties", 4, "--parties", "p.mpid.csv")
    refused = dip("generate", *twice, "--out", "q.csv", cwd=tmp_path, code=2)
    assert "--made-up-parties" in refused


def test_too_few_points_say_which_pairs_are_missing(tmp_path: Path) -> None:
    """Coverage is reported, not promised: ten points name what they don't cover."""
    said = dip("generate", "--count", 10, "--out", "few.json", cwd=tmp_path)
    assert "missing  " in said
    assert "that may stand together" in said
    dip("generate", "--count", 10, "--out", "absent/few.json", cwd=tmp_path, code=3)


def test_obfuscate_keeps_the_salt_and_overwrites_nothing(made: Path, tmp_path: Path) -> None:
    """The copy is consistent, the salt is drawn once and used again, and a file that is there stays."""
    first = dip("obfuscate", made / "points.csv", "--out", "a.csv", "--salt", "s", cwd=tmp_path)
    assert "keep it, and never send it along" in first
    told = json.loads(
        dip("obfuscate", made / "points.csv", "--out", "b.csv", "--salt", "s", "--json", cwd=tmp_path)
    )
    assert told["replaced"]["mpan"] == 120
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert "0 findings" in dip("check", "a.csv", "--as-of", "2026-01-05", cwd=tmp_path)
    error = dip("obfuscate", made / "points.csv", "--out", "a.csv", "--salt", "s", cwd=tmp_path, code=2)
    assert "is there already" in error
    assert "is no file" in dip("obfuscate", "none.csv", "--out", "c.csv", cwd=tmp_path, code=2)
    assert not (tmp_path / "none.csv.salt").exists()
