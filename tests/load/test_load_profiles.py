"""Profiles: what is wrong in one is said with its place, and the packaged ones hold what they claim."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigurationError
from harness.stages.options import options
from harness.stages.players import player
from load.participants import network_for, wanted
from load.playing import Request, play
from load.profile import Profile, read_profile
from load.running import fitted, shipped


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shapes": []}, r"'shapes' is not known here. Did you mean 'shape'"),
        ({"requirements": ["DH-NFR-999"]}, "DH-NFR-999"),
        ({"release": "2.1.1"}, "release.*2.1.1.*2.1.0"),
        (
            {"limits": [{"measure": "lots", "at_most": 0, "basis": "rule", "source": "x"}]},
            "'lots' is not meas",
        ),
        ({"limits": [{"measure": "lost", "basis": "rule", "source": "x"}]}, "exactly one of at_most"),
        ({"flows": [{"flow": "x", "interface": "IF-021", "event": "Power", "sender": "SDS"}]}, "ActivePower"),
        (
            {"flows": [{"flow": "x", "interface": "IF-021", "event": "ActivePower", "sender": "SUP"}]},
            "SUP does",
        ),
        ({"endpoints": ["https://dip.prod.example"]}, "looks like production"),
        ({"settings": {"delivery.ordr": "none"}}, "delivery.order"),
    ],
)
def test_a_mistake_is_said_with_its_place(
    changes: dict[str, Any], said: str, profile_file: Callable[..., Path]
) -> None:
    """File, place, what is wrong and the nearest known value."""
    path = profile_file(**changes)
    with pytest.raises(ConfigurationError, match=said) as raised:
        read_profile(path)
    assert str(path) in str(raised.value)


def test_the_six_public_tests_are_external_ids_of_six_profiles() -> None:
    """SITNFT-T2-020 to T2-070 stand for one profile each of theme 2, and our ids have another form."""
    found = {each.external_ids.get("sit-nft"): each for each in shipped() if each.external_ids}
    assert set(found) == {f"SITNFT-T2-0{number}" for number in (20, 30, 40, 50, 60, 70)}
    assert {each.theme for each in found.values()} == {"NF2"}
    assert all(each.id.startswith("NFT-") for each in shipped())


@pytest.mark.parametrize("profile", shipped(), ids=lambda each: each.id)
def test_each_packaged_profile_says_who_gives_its_figures(profile: Profile) -> None:
    """Volume and limits have a source, loss is never allowed, and order is asked of no hub without a mode."""
    assert profile.volume["source"]
    assert profile.theme
    bounds = {limit.measure: limit.bound for limit in profile.limits}
    assert bounds.get("lost", bounds.get("response_missing")) == 0
    if "300,000 CoA" in profile.volume["source"]:
        assert "not the 591,000" in profile.volume["source"]


def test_the_hour_of_distributors_is_a_target_that_was_relaxed() -> None:
    """The 60 minutes stand in the migration profiles with their source, and don't decide the verdict."""
    targets = [limit for each in shipped() for limit in each.limits if limit.measure == "within_60_min"]
    assert len(targets) >= 2
    assert all("TMAG" in limit.relaxed and limit.basis == "rule" for limit in targets)


def test_pressing_a_profile_keeps_its_rates_and_moves_its_disturbance(
    profile_file: Callable[..., Path],
) -> None:
    """In a tenth of the time a tenth of the messages are sent, and the fault begins at a tenth."""
    fault = [{"at": 1, "for": 1, "faults": [{"fault": "outage"}]}]
    profile = fitted(read_profile(profile_file(faults=fault)), target="embedded", scale=0.5, seconds=0.3)
    assert profile.seconds == pytest.approx(0.3)
    assert profile.shape[0].rate == 30
    assert (profile.faults[0].at, profile.faults[0].seconds) == (pytest.approx(0.1), pytest.approx(0.1))


def test_each_virtual_participant_has_an_identity_of_its_own(
    profile_file: Callable[..., Path], base_network: Path, tmp_path: Path
) -> None:
    """Four data services: four DIP ids, keys, TLS and signing certificates."""
    profile = read_profile(profile_file())
    shutil.copytree(base_network, tmp_path / "network")
    network = network_for(profile, tmp_path / "network")
    services = network.with_role("SDS")[: wanted(profile)["SDS"]]
    assert len(services) == 4
    for of in ("dip_id", "tls", "signing"):
        assert len({getattr(party, of) for party in services}) == 4
    assert len({party.api_key() for party in services}) == 4


def test_a_target_that_the_profile_does_not_name_is_refused(
    profile_file: Callable[..., Path], base_network: Path, tmp_path: Path
) -> None:
    """Nothing is sent to an address that stands in the target profile alone."""
    shutil.copytree(base_network, tmp_path / "network")
    target = tmp_path / "target.toml"
    target.write_text(
        'url = "https://dip.example/{release}"\nca = "network/pki/authority/ca.pem"\n'
        'network = "network/network.toml"\nenvironment = "SIT"\n'
    )
    named = read_profile(profile_file(endpoints=["https://other.example"]))
    with pytest.raises(ConfigurationError, match="which the profile NFT-SMALL does not name"):
        play(Request(named, target=str(target)), tmp_path / "run")


def test_the_command_line_does_not_import_locust() -> None:
    """Locust patches the process on import: `dip load` starts it as a child."""
    code = "import sys, load.command_run, load.stage\nprint({'locust', 'gevent'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_stage_without_a_selected_profile_is_refused() -> None:
    """`dip run` finds who plays the stage, and says that nothing is left."""
    play_stage = player("sit-non-functional")
    assert play_stage is not None
    assert player("cit") is None
    chosen = options(stage="sit-non-functional", scenarios=("NFT-NONE",))
    with pytest.raises(ConfigurationError, match="no profile is selected"):
        play_stage(chosen, None)
