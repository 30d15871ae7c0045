"""The network that is there when nobody brings one."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.security.authority import identity_of
from harness.security.certificates import first_certificate
from harness.security.trust import Trust
from harness.standing_data.library import standing_data
from simulators.embedded import NETWORK_VARIABLE, EmbeddedTarget
from simulators.network import FLAWED, default_network, network_ca, revocation_list

TWICE = ("SUP", "REGS", "LDSO", "MSA", "UMSO", "ADS", "UMSDS", "MDR")
THREE_TIMES = ("MSS", "SDS")
DAY = date(2026, 1, 5)
ONCE = ("MDS", "LSS", "ISD", "EES", "DCC", "VAS", "DIP", "DCP")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds the default network."""
    path = tmp_path_factory.mktemp("network") / "net"
    default_network(path)
    return path


def test_every_competitive_role_is_held_more_than_once(folder: Path) -> None:
    """Roles with competition are held twice or three times, the others once, and nothing else is there."""
    counts = Counter(party.role for party in default_network(folder).parties)
    assert counts == {**dict.fromkeys(TWICE, 2), **dict.fromkeys(THREE_TIMES, 3), **dict.fromkeys(ONCE, 1)}


def test_a_folder_is_reused(folder: Path) -> None:
    """A second call returns an equal network and changes no file."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    first = default_network(folder)
    assert default_network(folder) == first
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_reuse_is_quick(folder: Path) -> None:
    """Reading a network that is there makes no keys: it takes well under 0.2 s."""
    started = time.perf_counter()
    default_network(folder)
    assert time.perf_counter() - started < 0.2


def test_targets_begin_with_a_copy_of_the_network_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named in the environment, a network is made once; each target has the same keys in files of its own."""
    kept = tmp_path / "kept"
    monkeypatch.setenv(NETWORK_VARIABLE, str(kept))
    first = EmbeddedTarget.prepare(tmp_path / "one")
    second = EmbeddedTarget.prepare(tmp_path / "two")
    for network, name in ((first, "one"), (second, "two")):
        files = [each.key for each in network.certificates] + [p.api_key_file for p in network.parties]
        assert all(path is None or path.is_relative_to(tmp_path / name) for path in files)
        assert stat.S_IMODE((tmp_path / name / "network" / "keys").stat().st_mode) == 0o700
    ca = network_ca(kept).read_bytes()
    assert [network_ca(tmp_path / name / "network").read_bytes() for name in ("one", "two")] == [ca, ca]


def test_a_network_that_is_kept_gives_way_to_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where settings name another distributor, a target gets a network of its own and the kept one stays."""
    kept = tmp_path / "kept"
    was = default_network(kept)
    settings = tmp_path / "settings.yaml"
    settings.write_text("network.dno_distributor_id: '23'\n")
    monkeypatch.setenv("DIP_SETTINGS", str(settings))
    monkeypatch.setenv(NETWORK_VARIABLE, str(kept))
    network = EmbeddedTarget.prepare(tmp_path / "one")
    assert "23" in {party.distributor_id for party in network.parties}
    assert default_network(kept) == was
    assert network_ca(tmp_path / "one" / "network").read_bytes() != network_ca(kept).read_bytes()


def test_certificates_name_their_organisation_and_dip_ids(folder: Path) -> None:
    """Each party's TLS and signing certificates are trusted and name its organisation and DIP id."""
    network = default_network(folder)
    trust = Trust.load(network_ca(folder), [revocation_list(folder)])
    for party in network.parties:
        for name, usage in ((party.tls, "tls-client"), (party.signing, "signing")):
            certificate = first_certificate(network.certificate(name).cert)[0]
            assert trust.standing(certificate, usage).trusted  # type: ignore[arg-type]
            identity = identity_of(certificate)
            assert identity.organisation == party.organisation
            assert party.dip_id in identity.dip_ids


def test_flawed_sets_are_there_and_not_trusted(folder: Path) -> None:
    """Every flawed client set exists; all but the one of a wrong party are refused by the trust."""
    network = default_network(folder)
    trust = Trust.load(network_ca(folder), [revocation_list(folder)])
    for flaw in FLAWED:
        certificate = first_certificate(network.certificate(f"flaw-{flaw}").cert)[0]
        assert trust.standing(certificate, "tls-client").trusted == (flaw == "wrong-party")


def test_api_keys_differ_and_are_private(folder: Path) -> None:
    """Each party has its own API key, in a file that only its owner can read."""
    parties = default_network(folder).parties
    assert len({party.api_key() for party in parties}) == len(parties)
    if sys.platform != "win32":
        for party in parties:
            assert party.api_key_file is not None
            assert stat.S_IMODE(party.api_key_file.stat().st_mode) == 0o600


def test_distributors_pair_with_their_registration_service(folder: Path) -> None:
    """An LDSO and a registration service share each distributor id, and the two ids differ."""
    network = default_network(folder)
    ldso = [party.distributor_id for party in network.with_role("LDSO")]
    assert ldso == [party.distributor_id for party in network.with_role("REGS")]
    assert len(set(ldso)) == 2
    assert None not in ldso


def test_one_supplier_nominates_the_connection_provider(folder: Path) -> None:
    """Exactly one party is served, by the one connection provider that the network has."""
    network = default_network(folder)
    (provider,) = network.with_role("DCP")
    served = [party for party in network.parties if party.connection_provider]
    assert [(party.role, party.connection_provider) for party in served] == [("SUP", provider.dip_id)]


def test_nothing_is_written_into_a_folder_of_other_things(tmp_path: Path) -> None:
    """A folder with something else in it is refused and left as it was."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"not empty"):
        default_network(tmp_path)
    assert os.listdir(tmp_path) == ["notes.txt"]  # noqa: PTH208


def test_the_samples_participants_are_those_of_the_default_network(folder: Path) -> None:
    """Who takes part when nobody brings a network is a market participant of the sample, DIP id included."""
    found = standing_data()
    network = default_network(folder)
    named = {(p.mpid, p.role, p.dip_id) for p in network.parties if p.mpid}
    listed = {(e.value, e.values["role"], e.values["dip_id"]) for e in found.entries("mpid", on=DAY)}
    assert named == {each for each in listed if each[2]}
    for party in network.parties:
        if party.distributor_id:
            entry = found.find("mpid", party.mpid, on=DAY, role=party.role)
            assert entry is not None
            assert entry.values["distributor_id"] == party.distributor_id
