"""Time that passes in a rehearsal: the clocks of harness, embedded DIP and participant move, or none does.

A participant's clock is simulated where its profile has a ``clock`` hook. A real one lives in real time: the
dates of its signatures, and of the DIP's, would be refused if only one side moved.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from harness.clock import SystemClock
from harness.errors import ConfigurationError
from harness.selfcheck.context import Context

STEPS = 3
"""Moves of the clock in one outage: a day each in 72 hours."""
_SECONDS = 60.0
Onward = Callable[[int], None]
"""Moves the clocks on to a step: 0 is where the outage begins, `STEPS` the present."""


def moves(context: Context) -> bool:
    """Say whether time can pass for the participant: its profile has a clock hook."""
    return bool(context.profile.hooks.clock)


def said(context: Context, hours: float) -> str:
    """Return for a report how the hours of an outage pass."""
    return f"moved through {hours:g} hours" if moves(context) else "real time: backlog only"


@contextmanager
def outage(context: Context, hours: float) -> Iterator[Onward]:
    """Begin so many hours ago, and end at the present whatever happens; without a clock hook nothing moves.

    Raises ConfigurationError where the hook fails.
    """
    if not moves(context):
        yield lambda _: None
        return

    def onward(step: int) -> None:
        _set(context, timedelta(hours=hours) * (step / STEPS - 1))

    try:
        onward(0)
        yield onward
    finally:
        _set(context, timedelta())


def _set(context: Context, offset: timedelta) -> None:
    admin = context.hub().admin
    moment = SystemClock().now() + offset
    if admin is not None:
        admin.set_clock(moment)
    context.clock.set(moment)
    command = [part.replace("{now}", moment.isoformat()) for part in context.profile.hooks.clock]
    try:
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, cwd=context.profile.base)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"the command failed: {error}", where="hooks.clock") from error
