"""``dip sign`` and ``dip verify`` from the shell, in the shapes that other programs read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.security.authority import Authority, Issued
from harness.security.signing import HEADERS
from tests.security.conftest import Dip, Sender, hash_of

URL = "https://DIP.example/dip-channel/IF-031"
DATE = "2026-03-29T01:02:03.004Z"
BODY = b'[{"payload": {}}]\r\n'


@pytest.fixture
def body(tmp_path: Path) -> Path:
    """Return a file with a body."""
    path = tmp_path / "body.json"
    path.write_bytes(BODY)
    return path


@pytest.fixture
def headers(dip: Dip, tmp_path: Path, body: Path, issued: Issued) -> Path:
    """Return a file with the headers that ``dip sign`` prints for the body."""
    done = dip(
        "sign", "--url", URL, "--body", body, "--date", DATE, "--cert", issued.cert, "--key", issued.key
    )
    assert (done.code, done.stderr) == (0, b"")
    path = tmp_path / "headers.json"
    path.write_bytes(done.stdout)
    return path


def _verify(dip: Dip, *arguments: object, stdin: bytes = b"") -> tuple[int, dict[str, Any]]:
    done = dip("verify", "--url", URL, *arguments, "--json", stdin=stdin)
    assert done.stdout, done.stderr
    return done.code, json.loads(done.stdout)


def test_what_sign_prints_verify_accepts(dip: Dip, authority: Authority, body: Path, headers: Path) -> None:
    """The printed headers verify with the authority and its list; the JSON has the six agreed fields."""
    assert list(json.loads(headers.read_text())) == list(HEADERS)
    code, result = _verify(
        dip, "--body", body, "--headers", headers, "--ca", authority.ca_bundle, "--crl", authority.crl
    )
    assert (code, result["valid"]) == (0, True)
    assert list(result) == [
        "valid", "reason", "expected_string_to_sign", "actual_string_to_sign", "first_difference", "hint",
    ]  # fmt: skip
    text = f"POST;{URL.lower()};{DATE};{hash_of(BODY)}"
    assert result["expected_string_to_sign"] == result["actual_string_to_sign"] == text
    assert result["first_difference"] is None


def test_standard_input_carries_the_exact_bytes(dip: Dip, body: Path, headers: Path, issued: Issued) -> None:
    """Body and headers may each come on standard input, byte for byte, line ends included."""
    assert _verify(dip, "--body", "-", "--headers", headers, stdin=BODY)[0] == 0
    assert _verify(dip, "--body", "-", "--headers", headers, stdin=BODY.replace(b"\r", b""))[0] == 1
    assert _verify(dip, "--body", body, "--headers", "-", stdin=headers.read_bytes())[0] == 0
    piped = dip(
        "sign",
        "--url",
        URL,
        "--body",
        "-",
        "--date",
        DATE,
        "--cert",
        issued.cert,
        "--key",
        issued.key,
        stdin=BODY,
    )
    assert json.loads(piped.stdout) == json.loads(headers.read_text())


def test_the_difference_is_shown_to_a_person(dip: Dip, body: Path, tmp_path: Path, sender: Sender) -> None:
    """A path-only URL shows both strings, a caret under the first difference, and the cause; exit code 1."""
    text = f"POST;/dip-channel/if-031;{DATE};{hash_of(BODY)}"
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(sender.headers(text, DATE, hash_of(BODY))))
    done = dip("verify", "--url", URL, "--body", body, "--headers", wrong)
    assert done.code == 1
    lines = done.stdout.decode().splitlines()
    expected = next(line for line in lines if line.startswith("expected"))
    signed = next(line for line in lines if line.startswith("signed"))
    caret = next(line for line in lines if "^ first difference" in line).index("^")
    assert expected[:caret] + "h" == expected[: caret + 1]
    assert signed[:caret] + "/" == signed[: caret + 1]
    assert "Only the path was signed" in done.stdout.decode()
    assert _verify(dip, "--body", body, "--headers", wrong)[1]["first_difference"] == len("POST;")


def test_a_date_that_was_meant_can_be_given(dip: Dip, body: Path, headers: Path) -> None:
    """With --date the signature is held against another date than the header's."""
    assert _verify(dip, "--body", body, "--headers", headers, "--date", DATE)[0] == 0
    code, result = _verify(dip, "--body", body, "--headers", headers, "--date", "2026-03-29T01:02:03Z")
    assert code == 1
    assert result["actual_string_to_sign"].split(";")[2] == DATE


def test_the_date_is_judged_only_when_asked(dip: Dip, body: Path, headers: Path) -> None:
    """An old request verifies, unless the receiver's time is given."""
    assert _verify(dip, "--body", body, "--headers", headers)[0] == 0
    assert _verify(dip, "--body", body, "--headers", headers, "--at", "2026-03-29T01:05:00Z")[0] == 0
    code, result = _verify(dip, "--body", body, "--headers", headers, "--at", "now")
    assert code == 1
    assert "the receiver's time" in result["reason"]


def test_a_foreign_authority_is_refused(dip: Dip, body: Path, headers: Path, tmp_path: Path) -> None:
    """The authority of another folder does not vouch for the certificate."""
    other = Authority.create(tmp_path / "other")
    code, result = _verify(dip, "--body", body, "--headers", headers, "--ca", other.ca_bundle)
    assert (code, result["valid"]) == (1, False)
    assert "no trusted authority" in result["reason"]


def test_a_certificate_vouches_for_itself(dip: Dip, body: Path, headers: Path, issued: Issued) -> None:
    """The sender's own certificate may be given in place of an authority."""
    assert _verify(dip, "--body", body, "--headers", headers, "--ca", issued.cert)[0] == 0


def test_the_console_command_is_the_same(headers: Path, issued: Issued) -> None:
    """As a process of its own, sign prints the same headers and verify ends with the exit code."""
    harness = [sys.executable, "-m", "harness"]
    common = ["--url", URL, "--body", "-"]
    sign = [*harness, "sign", *common, "--date", DATE, "--cert", str(issued.cert), "--key", str(issued.key)]
    signed = subprocess.run(sign, input=BODY, capture_output=True, check=True)
    assert json.loads(signed.stdout) == json.loads(headers.read_text())
    verify = [*harness, "verify", *common, "--headers", str(headers)]
    codes = [subprocess.run(verify, input=text, capture_output=True).returncode for text in (BODY, BODY[:-1])]
    assert codes == [0, 1]


def test_sign_command_in_place_of_a_key(dip: Dip, body: Path, headers: Path, issued: Issued) -> None:
    """A command signs what the key would have signed."""
    command = f"openssl dgst -sha256 -sign '{issued.key}'"
    done = dip(
        "sign", "--url", URL, "--body", body, "--date", DATE, "--cert", issued.cert, "--sign-command", command
    )
    assert json.loads(done.stdout) == json.loads(headers.read_text())


def test_oddities_are_told_and_signed(dip: Dip, body: Path, issued: Issued) -> None:
    """A path-only URL and an unusual date are signed with a warning that keeps standard output clean."""
    common = ["--body", body, "--cert", issued.cert, "--key", issued.key]
    done = dip("sign", "--url", "/x", "--date", "2026-03-29T01:02:03+00:00", *common)
    assert done.code == 0
    assert b"no scheme and host" in done.stderr
    assert b"not in the usual form" in done.stderr
    assert json.loads(done.stdout)["X-DIP-Signature-Date"] == "2026-03-29T01:02:03+00:00"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("nonsense", "not JSON"),
        ("[]", "no JSON object"),
        ('{"X-DIP-Signature": 1}', "X-DIP-Signature is int"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_unusable_headers_exit_2(dip: Dip, body: Path, tmp_path: Path, content: str, said: str) -> None:
    """Headers that are no object of texts end with exit code 2, the file's name and the form wanted."""
    broken = tmp_path / "broken.json"
    broken.write_text(content)
    done = dip("verify", "--url", URL, "--body", body, "--headers", broken)
    assert (done.code, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert str(broken) in done.stderr.decode()


def test_unusable_options_exit_2(dip: Dip, body: Path, headers: Path, issued: Issued, tmp_path: Path) -> None:
    """Each unusable option is named on standard error, nothing is printed, and the key is never quoted."""
    sign = ["sign", "--body", body]
    sound = ["--cert", issued.cert, "--key", issued.key]
    verify = ["verify", "--url", URL, "--headers", headers]
    for arguments, said in (
        ([*sign, *sound], "--url"),
        ([*sign, *sound, "--url", "https://a b"], "--url"),
        ([*sign, *sound, "--url", URL, "--date", "soon"], "--date"),
        ([*sign, *sound, "--url", URL, "--date", "0001-01-01T00:00:00+14:00"], "--date"),
        ([*sign, *sound, "--url", URL, "--method", "P OST"], "--method"),
        ([*sign, "--cert", issued.cert, "--url", URL], "sign command"),
        ([*sign, "--cert", issued.key, "--key", issued.key, "--url", URL], "no certificate in PEM"),
        ([*sign, "--cert", issued.cert, "--key", issued.cert, "--url", URL], "no private key"),
        ([*sign, "--cert", issued.cert, "--sign-command", "'", "--url", URL], "--sign-command"),
        (["sign", "--body", tmp_path / "absent", *sound, "--url", URL], "absent"),
        ([*verify, "--body", tmp_path], str(tmp_path)),
        ([*verify, "--body", body, "--ca", body], "no certificate in PEM"),
        ([*verify, "--body", body, "--crl", body], "--ca"),
        ([*verify, "--body", body, "--at", "soon"], "--at"),
        (["verify", "--url", URL, "--headers", "-", "--body", "-"], "standard input"),
    ):
        done = dip(*arguments)
        assert (done.code, done.stdout) == (2, b""), arguments
        assert said in done.stderr.decode(), arguments
        assert b"Traceback" not in done.stderr
        assert b"PRIVATE" not in done.stderr


@pytest.mark.parametrize("command", ["sign", "verify"])
def test_help_has_an_example(dip: Dip, command: str) -> None:
    """Help ends well and shows an example."""
    done = dip(command, "--help")
    assert done.code == 0
    assert b"Example:" in done.stdout
