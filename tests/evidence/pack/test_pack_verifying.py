"""Verifying finds any change and says exactly what differs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sealed_run import Signing, build, derive, repacked

from harness.errors import ConfigurationError
from harness.evidence.pack import manifest
from harness.evidence.pack.container import Limits
from harness.evidence.pack.sealing import seal
from harness.evidence.pack.verifying import Verified, verify
from harness.security.authority import Authority
from harness.security.signing import Signer
from harness.security.trust import Trust


def _codes(found: Verified) -> set[tuple[str, str]]:
    return {(difference.code, difference.path) for difference in found.differences}


def test_an_untouched_pack_is_intact(pack: Path, signing: Signing) -> None:
    """Nothing differs; signer and time are told."""
    found = verify(pack, derive=derive, trust=Trust.load(signing.authority.ca_bundle))
    assert found.intact
    assert "CN=integrator" in found.signer
    assert found.signed_at.endswith("Z")
    assert not found.notes


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_flipped_byte_is_found(pack: Path, tmp_path: Path, place: float, flip: int) -> None:
    """Whichever byte of the file is changed, and however: differences, or no readable pack."""
    data = bytearray(pack.read_bytes())
    data[int(place * len(data))] ^= flip
    spoiled = tmp_path / "spoiled.zip"
    spoiled.write_bytes(data)
    with contextlib.suppress(ConfigurationError):
        assert not verify(spoiled, derive=derive).intact


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0, 10**6), place=st.integers(0, 10**6))
def test_a_changed_byte_is_named_also_when_the_zip_is_made_anew(
    pack: Path, tmp_path: Path, which: int, place: int
) -> None:
    """With checksums made right by another program, the entry that was changed is named."""
    with zipfile.ZipFile(pack) as archive:
        name = sorted(set(archive.namelist()) - manifest.OWN)[which % (len(archive.namelist()) - 4)]
        data = bytearray(archive.read(name))
    data[place % len(data)] ^= 1
    spoiled = repacked(pack, tmp_path / "spoiled.zip", **{name: bytes(data)})
    assert ("changed", name) in _codes(verify(spoiled, derive=derive))


def test_what_was_added_or_taken_out_is_named(pack: Path, tmp_path: Path) -> None:
    """One more file and one less are told by their paths."""
    spoiled = repacked(pack, tmp_path / "x.zip", **{"extra.json": b"{}", "junit.xml": None})
    assert {("added", "extra.json"), ("missing", "junit.xml")} <= _codes(verify(spoiled, derive=derive))


@pytest.mark.parametrize("name", sorted(manifest.OWN - {manifest.ORIGINAL_SEAL, manifest.ORIGINAL_SIGNATURE}))
def test_a_pack_without_one_of_its_own_files_is_not_intact(pack: Path, tmp_path: Path, name: str) -> None:
    """Seal, signature, manifest and hashes: none can be left out unnoticed."""
    spoiled = repacked(pack, tmp_path / "x.zip", **{name: None})
    assert ("missing", name) in _codes(verify(spoiled, derive=derive))


def _forged(pack: Path, out: Path, name: str, data: bytes, *, reseal: bool = True) -> Path:
    """Change an entry and set manifest, hashes and root right again, as a forger without the key would.

    Without ``reseal`` the seal stays as it was, and its signature with it.
    """
    with zipfile.ZipFile(pack) as archive:
        listed = manifest.decode_manifest(archive.read(manifest.MANIFEST))
        sealed = manifest.decode_seal(archive.read(manifest.SEAL))
    entries = dict(listed.entries)
    entries[name] = manifest.entry(listed.blind, name, len(data), hashlib.sha256(data).hexdigest())
    root = manifest.root(sealed.run, [each.commitment for each in entries.values()])
    size = sum(each.size for each in entries.values())
    resealed = manifest.Seal(sealed.kind, sealed.run, len(entries), size, root, sealed.signer)
    seal_bytes = (resealed if reseal else sealed).encode()
    own = {manifest.MANIFEST: manifest.Manifest(entries, listed.blind).encode(), manifest.SEAL: seal_bytes}
    return repacked(pack, out, **own, **{name: data, manifest.SUMS: manifest.sums(entries, own)})


def test_a_forger_without_the_key_is_found_by_the_signature(pack: Path, tmp_path: Path) -> None:
    """Every hash and the root were made right again; the signature is not over this seal."""
    forged = _forged(pack, tmp_path / "x.zip", "junit.xml", b"<testsuites/>")
    assert _codes(verify(forged, derive=derive)) == {("signature", "seal.json"), ("container", "x.zip")}


def test_a_forger_who_keeps_the_seal_is_found_by_the_root(pack: Path, tmp_path: Path) -> None:
    """Entry, manifest and hashes agree, seal and signature are genuine: the root is of other files."""
    data = zipfile.ZipFile(pack).read("junit.xml").replace(b'failures="1"', b'failures="0"')
    forged = _forged(pack, tmp_path / "x.zip", "junit.xml", data, reseal=False)
    assert _codes(verify(forged, derive=derive)) == {("root", "seal.json"), ("container", "x.zip")}


def test_another_signer_of_the_same_authority_is_found(pack: Path, tmp_path: Path, signing: Signing) -> None:
    """The seal names its certificate: nobody else can put a signature under it."""
    issued = signing.authority.issue("stranger", "signing")
    with zipfile.ZipFile(pack) as archive:
        data = archive.read(manifest.SEAL)
    url = manifest.seal_url(json.loads(data)["root"])
    stranger = Signer.load(issued.cert, issued.key)
    headers = stranger.sign(manifest.METHOD, url, data, date="2026-03-01T00:00:00.000Z")
    spoiled = repacked(pack, tmp_path / "x.zip", **{manifest.SIGNATURE: json.dumps(headers).encode()})
    found = verify(spoiled, derive=derive, trust=Trust.load(signing.authority.ca_bundle))
    assert ("signature", "seal.json") in _codes(found)


def test_a_commitment_that_does_not_open_is_named(pack: Path, tmp_path: Path) -> None:
    """A commitment to other bytes would let a redacted copy be bound to what was never there."""
    listed = json.loads(zipfile.ZipFile(pack).read(manifest.MANIFEST))
    (entry,) = [each for each in listed["entries"] if each["path"] == "junit.xml"]
    entry["commitment"] = "0" * 64
    spoiled = repacked(pack, tmp_path / "x.zip", **{manifest.MANIFEST: manifest.canonical(listed)})
    assert {("commitment", "junit.xml"), ("root", "seal.json")} <= _codes(verify(spoiled, derive=derive))


def test_a_stored_message_must_be_what_its_name_says(pack: Path, tmp_path: Path) -> None:
    """Events cite a message by its hash: other bytes under that name are found, whatever else agrees."""
    with zipfile.ZipFile(pack) as archive:
        name = next(path for path in archive.namelist() if path.startswith("evidence/"))
    forged = _forged(pack, tmp_path / "x.zip", name, b"other bytes")
    assert ("misnamed", name) in _codes(verify(forged, derive=derive))


def test_hashes_for_other_programs_must_be_the_manifests(pack: Path, tmp_path: Path) -> None:
    """SHA256SUMS can't say anything else than the manifest."""
    spoiled = repacked(pack, tmp_path / "x.zip", **{manifest.SUMS: b"0" * 64 + b"  events.ndjson\n"})
    assert ("sums", manifest.SUMS) in _codes(verify(spoiled, derive=derive))


def test_results_must_follow_from_the_events(pack: Path, tmp_path: Path) -> None:
    """A verdict that was made better in results.json is found, with its place, whatever the hashes say."""
    told = json.loads(zipfile.ZipFile(pack).read("results.json"))
    told["scenarios"][0]["verdict"] = "pass"
    found = verify(
        _forged(pack, tmp_path / "x.zip", "results.json", json.dumps(told).encode()), derive=derive
    )
    (difference,) = [each for each in found.differences if each.code == "results"]
    assert difference.what.startswith("/scenarios/0/verdict ")
    assert (difference.expected, difference.actual) == ("fail", "pass")


def test_the_seal_must_say_what_the_events_say(pack: Path, tmp_path: Path) -> None:
    """A run that calls itself integrated while its events say rehearsal is found."""
    events = zipfile.ZipFile(pack).read("events.ndjson").replace(b'"rehearsal"', b'"integrated"')
    found = verify(_forged(pack, tmp_path / "x.zip", "events.ndjson", events), derive=derive)
    assert ("run", "events.ndjson") in _codes(found)
    assert ("results", "results.json") in _codes(found)


def test_a_cited_digest_must_be_there(pack: Path, tmp_path: Path) -> None:
    """An event that cites bytes which the pack lacks is named with its line."""
    events = zipfile.ZipFile(pack).read("events.ndjson")
    body = json.loads(events.splitlines()[2])["body"]
    forged = _forged(pack, tmp_path / "x.zip", "events.ndjson", events.replace(body.encode(), b"0" * 64))
    (difference,) = [each for each in verify(forged, derive=derive).differences if each.code == "absent"]
    assert difference.what.startswith("line 3 cites")
    assert difference.expected == "0" * 64


def test_damaged_events_are_named_by_line(pack: Path, tmp_path: Path) -> None:
    """An event of an unknown kind is told by its line."""
    events = zipfile.ZipFile(pack).read("events.ndjson").replace(b"check-made", b"check-mode")
    found = verify(_forged(pack, tmp_path / "x.zip", "events.ndjson", events), derive=derive)
    assert any("events.ndjson, line 10: is no event" in each.what for each in found.differences)


@pytest.mark.parametrize(("flaw", "words"), [("expired", "expired"), ("foreign", "no trusted authority")])
def test_a_certificate_that_is_not_trusted_is_named(
    run: Path, tmp_path: Path, flaw: str, words: str, signing: Signing
) -> None:
    """The signature holds; the certificate is out of date or of another authority."""
    issued = signing.authority.issue(f"flawed-{flaw}", "signing", flaw=flaw)  # type: ignore[arg-type]
    seal(run, tmp_path / "x.zip", derive=derive, signer=Signer.load(issued.cert, issued.key))
    assert verify(tmp_path / "x.zip", derive=derive).intact
    found = verify(tmp_path / "x.zip", derive=derive, trust=Trust.load(signing.authority.ca_bundle))
    assert [(each.code, words in each.what) for each in found.differences] == [("certificate", True)]


def test_a_revoked_certificate_is_named(run: Path, tmp_path: Path) -> None:
    """With the authority's revocation list, a seal by a revoked certificate does not stand."""
    authority = Authority.create(tmp_path / "pki", name="x")
    issued = authority.issue("gone", "signing")
    seal(run, tmp_path / "x.zip", derive=derive, signer=Signer.load(issued.cert, issued.key))
    authority.revoke(issued.cert)
    found = verify(tmp_path / "x.zip", derive=derive, trust=Trust.load(authority.ca_bundle, [authority.crl]))
    assert ["revoked" in each.what for each in found.differences] == [True]


def test_an_expired_certificate_can_be_accepted_for_a_seal_made_in_its_time(
    run: Path, tmp_path: Path, signing: Signing
) -> None:
    """Evidence outlives certificates: asked to, verifying goes by the seal's date, and says whose it is."""
    issued = signing.authority.issue("old", "signing", flaw="expired")
    signer = Signer.load(issued.cert, issued.key)
    trust = Trust.load(signing.authority.ca_bundle)
    within = signer.certificate.not_valid_before_utc
    seal(run, tmp_path / "then.zip", derive=derive, signer=signer, at=within)
    seal(run, tmp_path / "now.zip", derive=derive, signer=signer)
    found = verify(tmp_path / "then.zip", derive=derive, trust=trust, accept_expired=True)
    assert found.intact
    assert "which only the signer vouches for" in found.notes[0]
    assert not verify(tmp_path / "now.zip", derive=derive, trust=trust, accept_expired=True).intact


def test_an_unsigned_pack_does_not_pass_for_a_signed_one(
    run: Path, pack: Path, tmp_path: Path, signing: Signing
) -> None:
    """Asked for an authority, an unsigned seal is refused; a signature that nobody announced is named."""
    seal(run, tmp_path / "u.zip", derive=derive)
    trust = Trust.load(signing.authority.ca_bundle)
    assert verify(tmp_path / "u.zip", derive=derive).intact
    assert _codes(verify(tmp_path / "u.zip", derive=derive, trust=trust)) == {("unsigned", "seal.json")}
    signature = zipfile.ZipFile(pack).read("signature.json")
    spoiled = repacked(tmp_path / "u.zip", tmp_path / "x.zip", **{"signature.json": signature})
    assert ("added", "signature.json") in _codes(verify(spoiled, derive=derive))


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 100])
def test_what_is_no_pack_is_a_wrong_input(tmp_path: Path, content: bytes) -> None:
    """Not a finding: there is nothing to verify."""
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(ConfigurationError, match="no evidence pack"):
        verify(tmp_path / "x.zip", derive=derive)


def test_a_zip_of_something_else_is_a_wrong_input(tmp_path: Path) -> None:
    """A zip file without seal and manifest is no pack, and neither is a cut one."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(ConfigurationError, match="neither seal nor manifest"):
        verify(tmp_path / "x.zip", derive=derive)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(total_bytes=1000), "unpacks to [0-9,]+ bytes, 1,000 are read"),
        (Limits(entry_bytes=100), "entry '.*' unpacks to"),
        (Limits(entries=3), "holds [0-9]+ entries, 3 are read"),
    ],
)
def test_a_pack_beyond_the_limits_is_not_unpacked(pack: Path, limits: Limits, words: str) -> None:
    """Sizes are looked at before anything is unpacked, so that a zip bomb does no harm."""
    with pytest.raises(ConfigurationError, match=words):
        verify(pack, derive=derive, limits=limits)


def test_a_bomb_that_lies_about_its_size_is_not_read_further(pack: Path, tmp_path: Path) -> None:
    """An entry that unpacks to more than the archive says is damage; no more than it says is read."""
    bomb = repacked(pack, tmp_path / "x.zip", **{"junit.xml": b"0" * 50_000_000})
    data = bomb.read_bytes().replace((50_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    bomb.write_bytes(data)
    assert {("damaged", "junit.xml"), ("changed", "junit.xml")} & _codes(verify(bomb, derive=derive))


def test_a_path_that_leads_outside_is_named(pack: Path, tmp_path: Path) -> None:
    """Nothing is unpacked here, but who unpacks it by hand is warned."""
    spoiled = repacked(pack, tmp_path / "x.zip", **{"../outside.json": b"{}"})
    assert ("path", "../outside.json") in _codes(verify(spoiled, derive=derive))


def test_a_file_that_stands_twice_is_named(pack: Path, tmp_path: Path) -> None:
    """Two entries of one name could show different bytes to different programs."""
    spoiled = repacked(pack, tmp_path / "x.zip")
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(spoiled, "a") as archive:
        archive.writestr("junit.xml", b"x")
    assert ("twice", "junit.xml") in _codes(verify(spoiled, derive=derive))


def test_a_run_cut_off_half_way_verifies(tmp_path: Path) -> None:
    """A sealed pack without results and with a cut last event is intact, and says what it lacks."""
    folder = build(tmp_path / "run", reports=False)
    with (folder / "events.ndjson").open("ab") as file:
        file.write(b'{"event": "run-fin')
    seal(folder, tmp_path / "x.zip", derive=derive)
    found = verify(tmp_path / "x.zip", derive=derive)
    assert found.intact
    assert any("no results.json" in note for note in found.notes)
