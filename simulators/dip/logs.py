"""Structured logs: one JSON object a line on stderr. Callers pass no header, key or message body."""

from __future__ import annotations

import sys
from typing import TextIO

import orjson

from harness.clock import SystemClock, header_time


class Log:
    """Writes log lines; real time, since it is for whoever runs the process."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._clock = SystemClock()

    def write(self, level: str, event: str, **fields: object) -> None:
        """Write one line; a closed stream is no reason to stop serving."""
        line = {"at": header_time(self._clock.now()), "level": level, "event": event, **fields}
        try:
            self._stream.write(
                orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode() + "\n"
            )
            self._stream.flush()
        except (OSError, ValueError):
            return
