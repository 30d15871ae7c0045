"""``dip evidence`` on a real run: sealed, verified, redacted, with the exit codes that the contract fixes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sealed_run import Signing, repacked, texts

_ROOT = Path(__file__).resolve().parents[3]


def _dip(*words: object, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", *map(str, words)],
        cwd=at, capture_output=True, text=True, encoding="utf-8", check=False,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
    )  # fmt: skip


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run against the embedded DIP, over real TLS."""
    folder = tmp_path_factory.mktemp("real")
    scenario = _ROOT / "test_catalogue" / "cit" / "appointments" / "data-service.yaml"
    done = _dip(
        "run", scenario, "--stage", "cit", "--interface", "IF-031", "--out", folder / "run", at=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "run"


def test_a_real_run_is_sealed_verified_and_redacted(real: Path, tmp_path: Path, signing: Signing) -> None:
    """The whole way: seal and sign, verify with the authority, redact, verify against original and salt."""
    done = _dip(
        "evidence", "seal", real, "--key", signing.key, "--cert", signing.cert, "--out", "p.zip", at=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "class    rehearsal" in done.stdout
    done = _dip("evidence", "verify", "p.zip", "--ca", signing.authority.ca_bundle, "--json", at=tmp_path)
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert told["intact"]
    assert told["entries"] > 10
    done = _dip("evidence", "redact", "p.zip", "--out", "r.zip", at=tmp_path)
    assert done.returncode == 0, done.stderr
    done = _dip("evidence", "verify", "r.zip", "--original", "p.zip", "--salt", "p.zip.salt", at=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "byte for byte" in done.stdout
    bodies = [
        json.loads(text) for path, text in texts(tmp_path / "p.zip").items() if path.startswith("evidence/")
    ]
    mpans = {
        call["payload"]["CommonBlock"]["M0"]["MPANCore"]
        for body in bodies
        if isinstance(body, list)
        for call in body
    }
    after = " ".join(texts(tmp_path / "r.zip").values())
    assert mpans
    assert not [value for value in mpans if value in after]


def test_exit_codes_tell_findings_from_wrong_input(run: Path, pack: Path, tmp_path: Path) -> None:
    """1 and the place for a changed pack; 2 for what is none, or would overwrite, in one line."""
    repacked(pack, tmp_path / "x.zip", **{"junit.xml": b"<testsuites/>"})
    done = _dip("evidence", "verify", "x.zip", at=tmp_path)
    assert done.returncode == 1
    assert "NOT INTACT" in done.stdout
    assert "changed     junit.xml: the bytes are not those that were sealed" in done.stdout
    (tmp_path / "y.zip").write_bytes(b"PK")
    for words in (
        ["seal", run, "--out", "x.zip"],
        ["redact", pack, "--out", "x.zip"],
        ["verify", "y.zip"],
        ["verify", "none.zip"],
        ["seal", "."],
        ["verify", "x.zip", "--salt", "s"],
    ):
        done = _dip("evidence", *words, at=tmp_path)
        assert done.returncode == 2, words
        assert done.stderr.startswith("dip: ")
        assert len(done.stderr.splitlines()) == 1


def test_a_partys_api_key_is_found_through_the_network_file(run: Path, tmp_path: Path) -> None:
    """With --network the keys themselves are searched for; the refusal does not quote them."""
    (tmp_path / "key").write_text("DH-APP-001", encoding="utf-8")
    (tmp_path / "c.pem").touch()
    (tmp_path / "network.toml").write_text(
        '[[organisation]]\nname = "Supplier A"\n[[organisation.party]]\nmpid = "AAAA"\nrole = "SUP"\n'
        'dip_id = "2300000001"\napi_key_file = "key"\ntls = "t"\nsigning = "t"\nwebhook = "simulated"\n'
        '[[certificate]]\nname = "t"\ncert = "c.pem"\nkey = "c.pem"\n',
        encoding="utf-8",
    )
    done = _dip("evidence", "seal", run, "--network", "network.toml", "--out", "p.zip", at=tmp_path)
    assert done.returncode == 2
    assert "events.ndjson, line 2, byte " in done.stderr
    assert "DH-APP-001" not in done.stderr
    assert not (tmp_path / "p.zip").exists()
