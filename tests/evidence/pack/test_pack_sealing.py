"""What gets into a pack, what is refused, and that standard programs read it."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from sealed_run import build, derive

from harness.errors import ConfigurationError
from harness.evidence.pack.sealing import seal
from harness.evidence.store import EvidenceStore


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    """Order, times and attributes are fixed: only the blind, drawn at random, tells two seals apart."""
    for name in ("a.zip", "b.zip"):
        seal(run, tmp_path / name, derive=derive, blind="5" * 64)
    drawn = seal(run, tmp_path / "c.zip", derive=derive)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert drawn.seal.root != json.loads(zipfile.ZipFile(tmp_path / "a.zip").read("seal.json"))["root"]


def test_a_pack_holds_the_run_and_says_what_it_is(run: Path, pack: Path) -> None:
    """Events, results, reports and every stored byte are there as they were; the seal tells the run."""
    with zipfile.ZipFile(pack) as archive:
        for path in run.rglob("*"):
            if path.is_file():
                assert archive.read(path.relative_to(run).as_posix()) == path.read_bytes()
        told = json.loads(archive.read("seal.json"))
    assert told["run"]["run"] == "20260301-101500-ab12cd"
    assert told["run"]["evidence_class"] == "rehearsal"
    assert told["run"]["releases"] == ["2.1.0"]
    assert told["run"]["catalogue"] == "c" * 64
    assert told["run"]["harness_version"] == "0.1.0"


def test_an_unsigned_seal_says_that_it_shows_no_origin(run: Path, tmp_path: Path) -> None:
    """Integrity only, in the file's own words."""
    seal(run, tmp_path / "out.zip", derive=derive)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert json.loads(archive.read("seal.json"))["says"].startswith("Integrity only.")
        assert "signature.json" not in archive.namelist()


@pytest.mark.skipif(
    not (shutil.which("unzip") and shutil.which("sha256sum")), reason="needs unzip, sha256sum"
)
def test_unzip_and_sha256sum_agree(pack: Path, tmp_path: Path) -> None:
    """Who has no harness can check a pack with two programs that every Unix has."""
    subprocess.run(["unzip", "-tq", pack], check=True, capture_output=True)
    subprocess.run(["unzip", "-q", pack, "-d", tmp_path], check=True, capture_output=True)
    done = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "events.ndjson: OK" in done.stdout
    (tmp_path / "results.json").write_text("{}")
    done = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert "results.json: FAILED" in done.stdout


def test_what_is_no_part_of_a_run_is_left_out_and_named(tmp_path: Path) -> None:
    """Programs, links and hidden files don't travel; the pack itself, when it lies there, neither."""
    folder = build(tmp_path / "run", reports=False)
    (folder / "tool.sh").write_text("x")
    (folder / "evidence" / "stray.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path)
    done = seal(folder, folder / "out.zip", derive=derive)
    assert done.left_out == ("evidence/stray.json", "link.json", "tool.sh")
    assert done.without_results


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("byte", "no longer match their hash"),
        ("missing", "line 3: cites [0-9a-f]{64}, which is not among the stored bytes"),
        ("results", "does not follow from events.ndjson: /totals/fail is 0, the events give 1"),
        ("events", "events.ndjson, line 2: is no event"),
        ("nothing", "holds no events.ndjson"),
    ],
)
def test_a_run_that_contradicts_itself_is_refused(tmp_path: Path, spoil: str, words: str) -> None:
    """A seal would only preserve the damage; the place is named and no file appears."""
    folder = build(tmp_path / "run")
    events = (folder / "events.ndjson").read_bytes()
    first = json.loads(events.splitlines()[2])["body"]
    stored = folder / "evidence" / first[:2] / first
    match spoil:
        case "byte":
            stored.write_bytes(b"x" + stored.read_bytes()[1:])
        case "missing":
            stored.unlink()
        case "results":
            path = folder / "results.json"
            path.write_bytes(path.read_bytes().replace(b'"fail": 1', b'"fail": 0'))
        case "events":
            (folder / "events.ndjson").write_bytes(
                events.replace(b"instance-started", b"instance-xtarted", 1)
            )
        case "nothing":
            (folder / "events.ndjson").unlink()
    with pytest.raises(ConfigurationError, match=words):
        seal(folder, tmp_path / "out.zip", derive=derive)
    assert not list(tmp_path.glob("out.zip*"))


def test_a_run_that_was_cut_off_can_be_sealed(tmp_path: Path) -> None:
    """What an interrupted run left is evidence too, and its seal says that it was interrupted."""
    folder = build(tmp_path / "run", reports=False)
    events = folder / "events.ndjson"
    events.write_bytes(b"".join(events.read_bytes().splitlines(keepends=True)[:-1]) + b'{"event": "run-fi')
    done = seal(folder, tmp_path / "out.zip", derive=derive)
    assert done.seal.run["interrupted"]
    assert done.seal.run["evidence_class"] == "rehearsal"


def test_bytes_that_no_event_cites_travel_too(tmp_path: Path) -> None:
    """Every stored byte is in the pack, whoever put it there."""
    folder = build(tmp_path / "run", reports=False)
    digest = EvidenceStore(folder / "evidence").put(b"uncited")
    seal(folder, tmp_path / "out.zip", derive=derive)
    assert zipfile.ZipFile(tmp_path / "out.zip").read(f"evidence/{digest[:2]}/{digest}") == b"uncited"
