"""A party that is asked which seeded faults would change something, and behaves rightly all the while."""

from __future__ import annotations

from simulators.participants.seeded import Spoilt
from tests.simulators.participants.test_seeded_faults import SCENES, seen


def test_what_would_change_is_noted_and_nothing_changes() -> None:
    """The exchange runs as always; the faults that would spoil it are noted, and no other one is."""
    exchange = SCENES["exchange-lost"]
    right, (player, sent) = seen(*exchange({})), exchange({"seeded": "which"})
    assert isinstance(player.state, Spoilt)
    noted = {each.fault for each in player.state.applied}
    assert seen(player, sent) == right
    touching = {"exchange-lost", "exchange-first", "removal-reading-lost", "device-id-lost"}
    assert touching <= noted
    assert not noted & {"answer-lost", "energisation-inverted", "consumption-lost", "dismissal-missed"}


def test_what_would_not_be_heard_or_sent_in_time_is_noted() -> None:
    """A request to be appointed: its answer could be lost, late, or to somebody else."""
    player, sent = SCENES["answer-lost"]({"seeded": "which"})
    assert len(sent) == 1
    assert isinstance(player.state, Spoilt)
    noted = {each.fault for each in player.state.applied}
    assert {"answer-lost", "answer-late", "nomination-lost"} <= noted
    assert "dismissal-missed" not in noted
    player, _ = SCENES["dismissal-missed"]({"seeded": "which"})
    assert "dismissal-missed" in {each.fault for each in player.state.applied}
