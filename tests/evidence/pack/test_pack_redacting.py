"""A redacted copy: names nobody, verifies by itself, is bound to the original and to nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed_run import (
    EMAIL,
    LINKED,
    METER,
    MPAN,
    PERSONAL,
    POSTCODE,
    STREET,
    Signing,
    build,
    derive,
    message,
    repacked,
    signature,
    texts,
)

from harness.errors import ConfigurationError
from harness.evidence.pack import manifest
from harness.evidence.pack.pseudonyms import Pseudonyms
from harness.evidence.pack.redacting import Redacted, compare, redact
from harness.evidence.pack.replacing import WITHHELD, Replacer
from harness.evidence.pack.sealing import seal
from harness.evidence.pack.verifying import verify
from harness.messages.identifiers import mpan
from harness.security.trust import Trust

NAMES = Pseudonyms(b"s" * 32)


def _redact(source: Path, out: Path, **options: object) -> Redacted:
    return redact(source, out, lambda: NAMES, derive=derive, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def copy(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run's redacted copy, unsigned."""
    out = tmp_path_factory.mktemp("copy") / "redacted.zip"
    _redact(pack, out)
    return out


def test_nothing_personal_is_left_anywhere(pack: Path, copy: Path) -> None:
    """Messages, events, reports, workbook: no value in any writing or case, where the original has all."""
    before, after = " ".join(texts(pack).values()).lower(), " ".join(texts(copy).values()).lower()
    for value in PERSONAL:
        assert value.lower() in before
        for form in (value, html.escape(value), value.replace("'", "&#39;")):
            assert form.lower() not in after, value


def test_the_same_value_has_the_same_pseudonym_throughout(copy: Path) -> None:
    """Message, answer, check and results.json name one metering point, by one pseudonym."""
    found, name = texts(copy), NAMES.of("mpan", MPAN)
    events = found["events.ndjson"]
    assert name in events
    assert name in found["results.json"]
    assert name in found["run-report.html"]
    stored = [text for path, text in found.items() if path.startswith("evidence/") and name in text]
    assert len(stored) == 2
    assert NAMES.of("mpan", LINKED) in "".join(stored)
    assert NAMES.of("postcode", POSTCODE) in events
    assert NAMES.of("meter", METER) in events
    assert NAMES.of("address", STREET) in events


def test_a_redacted_copy_verifies_by_itself(copy: Path, pack: Path) -> None:
    """Hashes, results and citations hold; the original's signature verifies from the copy alone."""
    found = verify(copy, derive=derive)
    assert found.intact
    assert found.seal is not None
    assert found.seal.kind == "redacted"
    original = verify(pack, derive=derive)
    assert original.seal is not None
    assert found.seal.original_root == original.seal.root
    assert any("can't be verified here" in note for note in found.notes)


def test_a_redacted_copy_can_be_signed(pack: Path, tmp_path: Path, signing: Signing) -> None:
    """Signed, it is trusted like any pack."""
    _redact(pack, tmp_path / "r.zip", signer=signing.signer)
    found = verify(tmp_path / "r.zip", derive=derive, trust=Trust.load(signing.authority.ca_bundle))
    assert found.intact
    assert "CN=integrator" in found.signer


def test_the_original_is_left_as_it_was(pack: Path, tmp_path: Path, signing: Signing) -> None:
    """Redacting changes nothing of the original, whose seal still verifies."""
    before = pack.read_bytes()
    _redact(pack, tmp_path / "r.zip")
    assert pack.read_bytes() == before
    assert verify(pack, derive=derive, trust=Trust.load(signing.authority.ca_bundle)).intact


def test_who_holds_both_can_prove_where_the_copy_comes_from(
    pack: Path, copy: Path, run: Path, tmp_path: Path
) -> None:
    """Commitments match with the original alone, bytes with the salt; another seal of the run does not."""
    found = verify(copy, derive=derive)
    compare(copy, pack, pseudonyms=NAMES, found=found, derive=derive)
    assert found.intact
    assert "byte for byte" in found.notes[-1]
    seal(run, tmp_path / "other.zip", derive=derive)
    compare(copy, tmp_path / "other.zip", pseudonyms=None, found=found, derive=derive)
    assert [each.code for each in found.differences] == ["original"]


def test_another_salt_does_not_give_this_copy(pack: Path, copy: Path) -> None:
    """A copy whose content is not the redaction of the original is found byte by byte."""
    found = verify(copy, derive=derive)
    compare(copy, pack, pseudonyms=Pseudonyms(b"t" * 32), found=found, derive=derive)
    assert any(each.path == "events.ndjson" for each in found.differences)


def test_a_copy_can_not_claim_another_origin(copy: Path, run: Path, tmp_path: Path) -> None:
    """With the seal of another pack put in, the commitments no longer give its root."""
    seal(run, tmp_path / "other.zip", derive=derive)
    alien = zipfile.ZipFile(tmp_path / "other.zip").read("seal.json")
    spoiled = repacked(copy, tmp_path / "x.zip", **{manifest.ORIGINAL_SEAL: alien})
    assert "original" in {each.code for each in verify(spoiled, derive=derive).differences}


def test_an_entry_that_claims_to_be_unchanged_must_be(copy: Path, tmp_path: Path) -> None:
    """An entry opened as the original's own is checked against the original's commitment."""
    with zipfile.ZipFile(copy) as archive:
        listed = json.loads(archive.read(manifest.MANIFEST))
    opened = [entry for entry in listed["entries"] if "opening" in entry.get("original", {})]
    assert any(entry["path"].startswith("evidence/") for entry in opened)
    opened[0]["sha256"] = "0" * 64
    spoiled = repacked(copy, tmp_path / "x.zip", **{manifest.MANIFEST: manifest.canonical(listed)})
    found = verify(spoiled, derive=derive)
    assert any("said to be as in the original" in each.what for each in found.differences)


def test_nothing_in_the_copy_lets_a_guess_be_tried(pack: Path, copy: Path) -> None:
    """No hash, short hash or signature of replaced bytes is left: by one an MPAN is found."""
    after = texts(copy)
    with zipfile.ZipFile(pack) as archive:
        listed = manifest.decode_manifest(archive.read(manifest.MANIFEST))
        kept = set(zipfile.ZipFile(copy).namelist())
        changed = [path for path in listed.entries if path.startswith("evidence/") and path not in kept]
        assert len(changed) == 3
        for path in changed:
            digest = hashlib.sha256(archive.read(path)).digest()
            for text in after.values():
                assert digest.hex()[:12] not in text
                assert base64.b64encode(digest).decode() not in text
    events = [json.loads(line) for line in after["events.ndjson"].splitlines()]
    for kind in ("message-sent", "publication-received"):
        kept_signatures = {each["headers"]["x-dip-signature"] for each in events if each["event"] == kind}
        assert kept_signatures == {WITHHELD, signature(b'{"nothing": "personal"}')}
    assert listed.blind not in "".join(after.values())
    order = [path for path in zipfile.ZipFile(copy).namelist() if path.startswith("evidence/")]
    assert order == sorted(order)


def test_an_answer_about_a_hash_does_not_give_it_away(tmp_path: Path) -> None:
    """A message that quotes the hash of another one gets a mark in its place."""
    body = message()
    digest = hashlib.sha256(body).digest()
    quoting = (
        b'{"text": "Content hash should be '
        + base64.b64encode(digest)
        + b" or "
        + digest.hex().encode()
        + b'"}'
    )
    folder = build(
        tmp_path / "run", bodies=[body, quoting], said=f"expected {base64.b64encode(digest).decode()}"
    )
    seal(folder, tmp_path / "p.zip", derive=derive)
    _redact(tmp_path / "p.zip", tmp_path / "r.zip")
    after = " ".join(texts(tmp_path / "r.zip").values())
    assert digest.hex() not in after
    assert base64.b64encode(digest).decode() not in after


def test_a_broken_message_is_redacted_and_stays_broken(tmp_path: Path) -> None:
    """Messages that are no JSON, of wrong types, cases or escapes are what negative tests send."""
    bodies = [
        f'[{{"payload": {{"M0": {{"mpancore": {MPAN}, "MPANCore": "{MPAN[:-1]}", "x'.encode(),
        '{"ADDRESSLINE1": "Caf\\u00e9 \\"Zoë\\" Row", "note": "Café \\"Zoë\\" Row"}'.encode(),
        ("".join(f"\\u00{ord(char):02x}" for char in MPAN)).join(('{"MPANCore": "', '"}')).encode(),
        f'{{"listOfMPANSonSite": "{MPAN},{LINKED}", "addressLine1": ["{STREET}", "1 Other Lane"]}}'.encode(),
        f'{{"text": "{{\\"meterID\\": \\"QQ77ZZ\\"}} 00{MPAN}00"}}'.encode(),
    ]
    folder = build(tmp_path / "run", bodies=bodies)
    seal(folder, tmp_path / "p.zip", derive=derive)
    _redact(tmp_path / "p.zip", tmp_path / "r.zip")
    after = texts(tmp_path / "r.zip")
    joined = " ".join(after.values())
    for value in (MPAN, MPAN[:-1], LINKED, "Zoë", "Caf\\u00e9", "Other Lane", "QQ77ZZ", "\\u0031\\u0030"):
        assert value not in joined, value
    assert any(text.endswith(', "x') for text in after.values())
    assert f"00{NAMES.of('mpan', MPAN)}00" in joined
    assert f"{NAMES.of('mpan', MPAN)},{NAMES.of('mpan', LINKED)}" in joined


def test_bytes_that_are_no_text_are_withheld(tmp_path: Path) -> None:
    """What can't be read can't be redacted: it does not travel, and the copy says so."""
    hidden = f'{{"MPANCore": "{MPAN}"}}'.encode("utf-16")
    folder = build(tmp_path / "run", bodies=[hidden, hidden + b"\xff\xff"])
    seal(folder, tmp_path / "p.zip", derive=derive)
    done = _redact(tmp_path / "p.zip", tmp_path / "r.zip")
    assert len(done.withheld) == 2
    notes = [text for text in texts(tmp_path / "r.zip").values() if text.startswith("(withheld: ")]
    assert len(set(notes)) == 2
    assert verify(tmp_path / "r.zip", derive=derive).intact


def test_only_intact_originals_are_redacted(copy: Path, pack: Path, tmp_path: Path) -> None:
    """A copy of a copy would be bound to nothing; of a damaged pack it would hide the damage."""
    with pytest.raises(ConfigurationError, match="is a redacted copy"):
        _redact(copy, tmp_path / "r.zip")
    spoiled = repacked(pack, tmp_path / "x.zip", **{"junit.xml": b"<testsuites/>"})
    with pytest.raises(ConfigurationError, match=r"is not intact: junit\.xml"):
        _redact(spoiled, tmp_path / "r.zip")
    assert not list(tmp_path.glob("r.zip*"))


def test_the_copy_says_what_was_replaced_and_on_which_basis(copy: Path) -> None:
    """Categories with data items, reason and basis, how many values, and what can't be verified any more."""
    notice = json.loads(texts(copy)["redaction.json"])
    assert notice["different_values"]["mpan"] >= 2, "another number may pass for an MPAN by its check digit"
    assert notice["different_values"]["e-mail"] == 1
    assert "can't be verified on this copy" in notice["signatures"]
    rows = {row["category"]: row for row in notice["replaced"]}
    assert "DI-063" in rows["mpan"]["data_items"]
    assert {row["basis"] for row in notice["replaced"]} == {"assumed"}
    assert EMAIL not in json.dumps(notice)


@given(
    mpans=st.sets(st.builds(mpan, st.integers(10, 30), st.integers(0, 10**10 - 1)), min_size=1, max_size=20),
    between=st.lists(st.sampled_from([" ", ",", '"', "</td>", "-", "\n", "x"]), min_size=20, max_size=20),
)
def test_no_mpan_survives_in_any_surroundings(mpans: set[str], between: list[str]) -> None:
    """Each is replaced by its pseudonym wherever it stands; the text around it stays."""
    replacer = Replacer(NAMES)
    replacer.collect(json.dumps([{"MPANCore": value} for value in mpans]))
    pairs = list(zip(sorted(mpans), between, strict=False))
    text = "".join(f"{value}{sign}" for value, sign in pairs)
    assert replacer.replace(text) == "".join(f"{NAMES.of('mpan', value)}{sign}" for value, sign in pairs)
