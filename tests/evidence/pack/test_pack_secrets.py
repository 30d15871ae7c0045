"""Keys never get into a pack: they are found by form or value, and told by place only."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from sealed_run import build, derive

from harness.errors import ConfigurationError
from harness.evidence.pack import sealing
from harness.evidence.pack.secrets import known_keys, scan
from harness.security.authority import Authority

API_KEY = b"2f6c1b7e9a0d4c5f8e3b"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("form", ["pem", "escaped", "traditional", "base64", "der"])
def test_a_private_key_is_found_in_every_form(kind: str, form: str) -> None:
    """PKCS#8 and traditional PEM, PEM within JSON, base64 of PEM, and DER."""
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    wanted = PrivateFormat.TraditionalOpenSSL if form == "traditional" else PrivateFormat.PKCS8
    encoding = Encoding.DER if form == "der" else Encoding.PEM
    data = key.private_bytes(encoding, wanted, NoEncryption())
    if form == "escaped":
        data = b'{"key": "' + data.replace(b"\n", b"\\n") + b'"}'
    if form == "base64":
        data = b'{"header": "' + base64.b64encode(data) + b'"}'
    assert [secret.what.split(" in ")[0] for secret in scan("x", b"first line\n" + data)] == ["a private key"]


@given(before=st.binary(max_size=5))
def test_a_key_in_base64_is_found_wherever_it_begins(before: bytes) -> None:
    """Base64 of a PEM key looks different at each of three places, and is found at all of them."""
    text = base64.b64encode(before + b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n")
    assert list(scan("x", text))


@pytest.mark.parametrize(
    "text",
    [
        b"X-API-Key: " + API_KEY,
        b'{"x-api-key": "' + API_KEY + b'"}',
        b'{"text": "{\\"x-api-key\\": \\"' + API_KEY + b'\\"}"}',
        b"<td>&#34;X-Api-Key&#34;: &#34;" + API_KEY + b"&#34;</td>",
        b"Ocp-Apim-Subscription-Key: " + API_KEY,
        b'"Authorization": "Bearer ' + API_KEY + b'"',
    ],
)
def test_an_api_key_header_is_found(text: bytes) -> None:
    """The header with a value, in every writing that a run's files have; the value is not quoted."""
    (secret,) = scan("events.ndjson", b"\n\n" + text)
    assert str(secret).startswith("events.ndjson, line 3, byte ")
    assert API_KEY.decode() not in str(secret)


def test_what_only_speaks_of_keys_is_no_secret() -> None:
    """Public keys, certificates, and texts about API keys may stand in a pack."""
    assert not list(
        scan(
            "x",
            b"-----BEGIN PUBLIC KEY----- the API key is unknown; X-API-Key: (removed) -----BEGIN CERTIFICATE",
        )
    )


def test_an_api_key_is_found_by_its_value_also_within_a_workbook() -> None:
    """A key that stands without its header's name is found when it is known."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"<v>" + API_KEY + b"</v>")
    (secret,) = scan("rttm.xlsx", out.getvalue(), known=known_keys([API_KEY.decode(), "short"]))
    assert secret.path == "rttm.xlsx!xl/worksheets/sheet1.xml"


def test_a_run_that_holds_a_key_is_refused_with_the_place(tmp_path: Path) -> None:
    """Sealing refuses, names the file and line, quotes nothing and leaves no file behind."""
    issued = Authority.create(tmp_path / "pki", name="x").issue("a", "tls-client")
    folder = build(tmp_path / "run", bodies=[b"a\n" + issued.key.read_bytes()])
    with pytest.raises(
        ConfigurationError, match=r"evidence/../[0-9a-f]{64}, line 2, byte 2: a private key in PEM"
    ) as refusal:
        sealing.seal(folder, tmp_path / "out.zip", derive=derive)
    assert "MI" not in str(refusal.value)
    assert not list(tmp_path.glob("out.zip*"))


def test_a_key_on_the_seam_of_two_pieces_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file is searched piece by piece with an overlap."""
    monkeypatch.setattr(sealing, "CHUNK", 8192)
    monkeypatch.setattr(sealing, "WHOLE", 10_000)
    folder = build(tmp_path / "run", reports=False)
    (folder / "notes.txt").write_bytes(b"\n" * 8180 + b"X-API-Key: " + API_KEY + b"\n" * 9000)
    with pytest.raises(
        ConfigurationError,
        match=r"does\. notes.txt, line 8181, byte 8180: an API key header\. Revoke",
    ):
        sealing.seal(folder, tmp_path / "out.zip", derive=derive)
