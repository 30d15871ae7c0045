"""The target's clock as the harness sees it: one reading, then real time runs on from there."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from harness.transport.admin import Admin


class TargetClock:
    """A clock that follows the target's simulated one; `read` after the target's was moved."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self.read()

    def read(self) -> None:
        """Take a new reading from the target."""
        self.take(self._admin.now())

    def take(self, moment: datetime) -> None:
        """Go on from a reading that the target has just given."""
        self._at, self._moment = time.monotonic(), moment

    def now(self) -> datetime:
        """Return the target's present in UTC."""
        return self._moment + timedelta(seconds=time.monotonic() - self._at)
