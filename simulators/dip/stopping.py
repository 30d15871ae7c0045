"""When a process of the simulators is to end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading


def stopping(*, watch_stdin: bool) -> asyncio.Event:
    """Return an event that is set by SIGINT, SIGTERM and, if asked, the end of standard input."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(stop.set)

    if watch_stdin:
        threading.Thread(target=watch, name="stdin", daemon=True).start()
    return stop
