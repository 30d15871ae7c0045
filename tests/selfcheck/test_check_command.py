"""`dip check` as a person and a program use it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.commands.check import check
from harness.commands.evidence import evidence
from harness.errors import ConfigurationError
from harness.reports.self_check.readiness import as_json, read
from harness.security.certificates import first_certificate
from harness.selfcheck.check import checks


def _dip(*words: str, text: str = "") -> Result:
    return CliRunner().invoke(check, list(words), input=text, catch_exceptions=False)


def test_init_writes_what_run_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new profile with test certificates can be checked at once; to write it again is refused."""
    monkeypatch.chdir(tmp_path)
    words = [
        "init",
        "--name",
        "Supplier X",
        "--role",
        "SUP",
        "--mpid",
        "SUPX",
        "--no-ask",
        "--test-certificates",
    ]
    assert _dip(*words).exit_code == 0
    done = _dip("run", "--offline", "--no-ask", "--json")
    assert done.exit_code == 1, "without a webhook the role can't receive"
    told = json.loads(done.stdout)
    assert {each["id"] for each in told["checks"] if each["verdict"] == "fail"} == {
        "config.webhooks-complete"
    }
    with pytest.raises(ConfigurationError, match="there already"):
        _dip(*words)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--role", "SUPP", "Did you mean 'SUP'"),
        ("--mpid", "supx", "four capital letters"),
        ("--dip-id", "23", "ten hexa"),
    ],
)
def test_init_refuses_what_can_not_be(tmp_path: Path, option: str, value: str, said: str) -> None:
    """A wrong answer is refused before anything is written."""
    given = {"--name": "X", "--role": "SUP", "--mpid": "SUPX", "--dip-id": "2300000077"} | {option: value}
    words = [word for pair in given.items() for word in pair]
    path = tmp_path / "participant.toml"
    with pytest.raises(ConfigurationError, match=said):
        _dip("init", *words, "--no-ask", "--test-certificates", "--profile", str(path))
    assert not any(tmp_path.iterdir())


def test_explain_names_every_check_with_its_rule() -> None:
    """Each check stands there with why it is made and its rule; a part can be asked for alone."""
    told = json.loads(_dip("explain", "--json").stdout)
    assert [each["id"] for each in told] == [each.id for each in checks()]
    assert all(each["why"] and each["rule"] for each in told)
    shown = _dip("explain", "signing").stdout
    assert "signing.string-to-sign" in shown
    assert "config.in-force" not in shown


def test_a_check_leaves_a_report_and_a_sealed_file(participant: Path, tmp_path: Path) -> None:
    """The folder has its reports, the sealed file verifies, and nothing real took part."""
    out = tmp_path / "checks" / "one"
    done = _dip("run", "--offline", "--no-ask", "--profile", str(participant), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "is not known to be ready: nothing fails" in " ".join(done.stdout.split())
    told = json.loads((out / "check.json").read_text(encoding="utf-8"))
    assert told["evidence_class"] == "rehearsal"
    assert "nothing real took part" in told["evidence_class_reason"]
    page = (out / "check-report.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=[\"']https?:", page), "the page needs something from elsewhere"
    sealed = out.with_name("one.evidence.zip")
    assert CliRunner().invoke(evidence, ["verify", str(sealed)], catch_exceptions=False).exit_code == 0
    with pytest.raises(ConfigurationError, match="--resume"):
        _dip("run", "--offline", "--no-ask", "--profile", str(participant), "--out", str(out))


def test_a_failure_is_told_first_with_what_waits_for_it(participant: Path, tmp_path: Path) -> None:
    """What blocks most stands first, whatever the order of the checks; mended, it is made again."""
    key = participant.with_name("certificates") / "tls.key"
    content = key.read_bytes()
    key.unlink()
    out = tmp_path / "one"
    words = ["run", "--offline", "--no-ask", "--profile", str(participant)]
    done = _dip(*words, "--out", str(out))
    assert done.exit_code == 1
    first = as_json(read(out))["first"][0]
    assert (first["check"], first["blocks"] > 3) == ("config.files-readable", True)
    assert "To mend" in done.stdout
    key.write_bytes(content)
    done = _dip(*words, "--resume", str(out), "--only", "configuration")
    assert done.exit_code == 0, done.output
    assert not as_json(read(out))["first"]


def test_an_interrupted_check_goes_on(
    participant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an interruption what was finished is kept, and --resume makes the rest."""
    from harness.selfcheck import running

    real, made = running.judge, []

    def judge(each: object, context: object) -> object:
        if len(made) == 4:
            raise KeyboardInterrupt
        made.append(each)
        return real(each, context)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "judge", judge)
    out = tmp_path / "one"
    words = ["run", "--offline", "--no-ask", "--profile", str(participant)]
    done = _dip(*words, "--out", str(out))
    assert done.exit_code == 3
    assert f"--resume {out}" in " ".join(done.stdout.split())
    monkeypatch.setattr(running, "judge", real)
    assert _dip(*words, "--resume", str(out)).exit_code == 0
    assert len(read(out).results) == len(checks())


def test_renewals_go_into_a_calendar(participant: Path, tmp_path: Path) -> None:
    """Each certificate has two whole-day events, on days that follow from its last one, in folded lines."""
    out = tmp_path / "one"
    _dip("run", "--offline", "--no-ask", "--profile", str(participant), "--out", str(out))
    data = (out / "renewals.ics").read_bytes()
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    text = data.decode().replace("\r\n ", "")
    days = re.findall(r"DTSTART;VALUE=DATE:(\d{8})", text)
    certificate, _ = first_certificate(participant.with_name("certificates") / "tls.pem")
    assert len(days) == 4
    assert f"{certificate.not_valid_after_utc:%Y%m%d}" in days
    assert "SUMMARY:Supplier X: begin to renew [tls] tls.pem" in text


def test_a_killed_check_goes_on(participant: Path, tmp_path: Path) -> None:
    """A line that a killed process left half written does not spoil what follows it."""
    out = tmp_path / "one"
    words = ["run", "--offline", "--no-ask", "--profile", str(participant)]
    _dip(*words, "--out", str(out))
    events = out / "events.ndjson"
    lines = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join(lines[:12]) + lines[12][:40])
    before = set(read(out).results)
    assert _dip(*words, "--resume", str(out)).exit_code == 0
    found = read(out).results
    assert len(found) == len(checks()) > len(before)
    assert all(each["passed"] <= each["judged"] for each in as_json(read(out))["parts"])


def test_a_sealed_file_can_show_who_sealed_it(
    participant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --sign the file carries the participant's signature, also where the key is in a variable."""
    home = participant.parent / "certificates"
    monkeypatch.setenv("SIGNING_KEY", (home / "signing.key").read_text(encoding="ascii"))
    text = participant.read_text(encoding="utf-8")
    participant.write_text(
        text.replace('key = "certificates/signing.key"', 'key_env = "SIGNING_KEY"'), "utf-8"
    )
    out = tmp_path / "one"
    done = _dip("run", "--offline", "--no-ask", "--sign", "--profile", str(participant), "--out", str(out))
    assert done.exit_code == 0, done.output
    words = ["verify", str(out.with_name("one.evidence.zip")), "--ca", str(home / "dip-ca.pem")]
    shown = CliRunner().invoke(evidence, words, catch_exceptions=False)
    assert shown.exit_code == 0
    assert "2300000077" in shown.stdout


def test_somebody_elses_check_is_not_gone_on_with(participant: Path, tmp_path: Path) -> None:
    """A folder of another participant, or of no self-check, is refused and stays as it is."""
    out = tmp_path / "one"
    words = ["run", "--offline", "--no-ask", "--profile", str(participant)]
    _dip(*words, "--out", str(out))
    before = (out / "events.ndjson").read_bytes()
    text = participant.read_text(encoding="utf-8")
    participant.write_text(text.replace('name = "Supplier X"', 'name = "Supplier Y"'), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is a self-check of Supplier X, not of Supplier Y"):
        _dip(*words, "--resume", str(out))
    assert (out / "events.ndjson").read_bytes() == before
    with pytest.raises(ConfigurationError, match=r"holds no events\.ndjson"):
        _dip(*words, "--resume", str(tmp_path))
