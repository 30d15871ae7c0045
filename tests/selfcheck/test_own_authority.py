"""A participant whose certificates come from an authority of its own meets the embedded DIP."""

from __future__ import annotations

import json
from pathlib import Path

from harness.evidence.verdicts import Verdict
from harness.security.authority import Authority
from harness.selfcheck.context import Context
from harness.selfcheck.journal import Journal
from harness.selfcheck.profile import Profile, load
from harness.selfcheck.running import run, selected

WAYS = ["connectivity.to-dip", "signing.own-key"]


def _profile(folder: Path, hub: Path, *, trust: bool) -> Profile:
    authority = Authority.create(folder / "pki", name="Own authority")
    lines = [
        'name = "Supplier Z"',
        'environment = "SIT"',
        'releases = ["2.1.0"]',
        f"trust = [{json.dumps(str(authority.ca_bundle)) if trust else ''}]",
        '[[party]]\nrole = "SUP"\nmpid = "SUPZ"\ndip_id = "2300000088"',
        f"[dip]\nfolder = {json.dumps(str(hub))}",
    ]
    for label, kind in (("tls", "tls-client"), ("signing", "signing")):
        issued = authority.issue("own", kind, organisation="Supplier Z", dip_ids=["2300000088"])  # type: ignore[arg-type]
        lines.append(f"[{label}]\ncert = {json.dumps(str(issued.cert))}\nkey = {json.dumps(str(issued.key))}")
    path = folder / "participant.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load(path)


def test_the_embedded_dip_believes_whom_the_profile_trusts(begun: Path, tmp_path: Path) -> None:
    """With its authority in `trust` the participant is let in, by TLS and by signature."""
    profile = _profile(tmp_path, begun / "test-dip", trust=True)
    chosen = selected(WAYS)
    with Context(profile, tmp_path / "check") as context:
        journal = Journal(tmp_path / "check", profile, chosen)
        found = run(context, chosen, journal)
        journal.close()
    assert {name: found[name].verdict for name in WAYS} == dict.fromkeys(WAYS, Verdict.PASS)


def test_an_unknown_authority_is_found_before_anything_is_sent(begun: Path, tmp_path: Path) -> None:
    """Without its authority in `trust` the chain is incomplete, and the ways to the DIP wait for that."""
    profile = _profile(tmp_path, begun / "test-dip", trust=False)
    chosen = selected(WAYS)
    with Context(profile, tmp_path / "check") as context:
        journal = Journal(tmp_path / "check", profile, chosen)
        found = run(context, chosen, journal)
        journal.close()
    assert found["config.chain-complete"].verdict is Verdict.FAIL
    assert {found[name].blocked_by for name in WAYS} == {"config.chain-complete"}
