"""``dip pki`` from the shell: init, issue, revoke, show, and what wrong input gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.security.authority import Authority
from tests.security.conftest import Dip


def _json(dip: Dip, *arguments: object) -> dict[str, Any]:
    done = dip(*arguments, "--json")
    assert done.code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_init_issue_revoke_show(dip: Dip, tmp_path: Path) -> None:
    """An authority is made, a certificate issued and revoked, and both are shown, without a key's content."""
    folder = tmp_path / "pki"
    made = _json(dip, "pki", "init", folder)
    assert Path(made["ca"]).is_file()
    assert _json(dip, "pki", "init", folder) == made
    issued = _json(
        dip, "pki", "issue", folder, "Supplier A", "--profile", "signing", "--organisation", "Supplier A",
        "--dip-id", "2300000001",
    )  # fmt: skip
    assert (Path(issued["cert"]).name, issued["dip_ids"]) == ("supplier-a.signing.pem", ["2300000001"])
    shown = _json(dip, "pki", "show", issued["cert"])
    assert (shown["key"], shown["serial"], shown["organisation"]) == (
        "RSA-2048",
        issued["serial"],
        "Supplier A",
    )
    assert shown["usages"] == ["digital signature", "content commitment"]
    server = _json(dip, "pki", "issue", folder, "hub", "--profile", "tls-server", "--host", "hub.test")
    shown = _json(dip, "pki", "show", server["cert"])
    assert shown["usages"] == ["digital signature", "TLS server"]
    assert shown["names"] == ["localhost", "127.0.0.1", "::1", "hub.test"]
    assert [each["revoked"] for each in _json(dip, "pki", "show", folder)["certificates"]] == [False, False]
    assert _json(dip, "pki", "revoke", folder, issued["cert"])["serial"] == issued["serial"]
    human = dip("pki", "show", folder)
    assert "revoked" in human.stdout.decode()
    assert "PRIVATE" not in human.stdout.decode()
    assert issued["serial"] in Authority.open(folder).revoked()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["issue", "pki", "x", "--profile", "sining"], "Did you mean 'signing'"),
        (["issue", "pki", "x", "--profile", "signing", "--flaw", "revokd"], "Did you mean 'revoked'"),
        (["issue", "pki", "x"], "--profile"),
        (["issue", "absent", "x", "--profile", "signing"], "dip pki init"),
        (["revoke", "pki", "nobody"], "no certificate of this authority"),
        (["show", "absent.pem"], "absent.pem"),
        (["init", "pki", "--name", "Another"], "holds the authority"),
    ],
)
def test_wrong_input_exits_2_with_one_sentence(
    dip: Dip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    """Each wrong use ends with exit code 2, says what to do, and leaves the folder as it was."""
    monkeypatch.chdir(tmp_path)
    authority = Authority.create(tmp_path / "pki")
    done = dip("pki", *arguments)
    assert done.code == 2
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert not done.stdout
    assert authority.issued() == ()


@pytest.mark.parametrize("arguments", [[], ["init"], ["issue"], ["revoke"], ["show"]])
def test_help_has_an_example(dip: Dip, arguments: list[str]) -> None:
    """Every command's help ends well; those that do something show an example."""
    done = dip("pki", *arguments, "--help")
    assert done.code == 0
    assert not arguments or "Example:" in done.stdout.decode()
