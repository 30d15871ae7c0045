"""How the hours of an outage pass in a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.selfcheck.conduct import passing
from harness.selfcheck.context import Context
from harness.selfcheck.profile import load


class _Hub:
    """A DIP whose clock is on record."""

    def __init__(self) -> None:
        self.times: list[datetime] = []
        self.admin = self

    def set_clock(self, moment: datetime) -> None:
        self.times.append(moment)


@pytest.fixture
def hub() -> _Hub:
    """Return a DIP that is none."""
    return _Hub()


def _context(participant: Path, folder: Path, hub: _Hub, hook: str) -> Context:
    text = participant.read_text(encoding="utf-8")
    participant.write_text(text.replace("[hooks]", f"[hooks]\n{hook}"), encoding="utf-8")
    context = Context(load(participant), folder)
    context.hub = lambda: hub  # type: ignore[assignment, method-assign, return-value]
    return context


@pytest.fixture
def simulated(participant: Path, tmp_path: Path, hub: _Hub) -> Iterator[Context]:
    """A participant whose clock hook writes down what it is told."""
    hook = f'clock = ["sh", "-c", "echo $0 >> {tmp_path}/told; test ! -e {tmp_path}/broken", "{{now}}"]'
    with _context(participant, tmp_path / "check", hub, hook) as found:
        yield found


def _away(moment: datetime) -> float:
    return round((moment - datetime.now(UTC)).total_seconds() / 3600, 1)


def test_all_clocks_go_through_the_hours(simulated: Context, hub: _Hub, tmp_path: Path) -> None:
    """DIP, check and participant begin 72 hours ago, go on a day at a time, and end at the present."""
    seen = []
    with passing.outage(simulated, 72) as onward:
        seen.append(_away(simulated.clock.now()))
        for step in range(1, passing.STEPS + 1):
            onward(step)
            seen.append(_away(simulated.clock.now()))

    told = [datetime.fromisoformat(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert seen == [-72.0, -48.0, -24.0, 0.0]
    assert [_away(each) for each in hub.times] == [*seen, 0.0]
    assert told == hub.times
    assert passing.said(simulated, 72) == "moved through 72 hours"


def test_clocks_come_back_when_something_goes_wrong(simulated: Context, hub: _Hub) -> None:
    """A rehearsal that ends early leaves nobody in the past."""
    with pytest.raises(ZeroDivisionError), passing.outage(simulated, 72):
        raise ZeroDivisionError

    assert _away(simulated.clock.now()) == _away(hub.times[-1]) == 0.0


def test_a_clock_hook_that_fails_is_a_wrong_configuration(simulated: Context, tmp_path: Path) -> None:
    """The error names the hook, and the clocks of DIP and check are back."""
    (tmp_path / "broken").touch()
    with pytest.raises(ConfigurationError) as caught, passing.outage(simulated, 72):
        pass

    assert caught.value.where == "hooks.clock"
    assert abs(simulated.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_real_clock_is_left_alone(participant: Path, tmp_path: Path, hub: _Hub) -> None:
    """Without a clock hook nobody's clock moves, and the report says so."""
    with _context(participant, tmp_path / "check", hub, "") as context:
        with passing.outage(context, 72) as onward:
            onward(1)
            assert _away(context.clock.now()) == 0.0

        assert hub.times == []
        assert passing.said(context, 72) == "real time: backlog only"
