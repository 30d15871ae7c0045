"""Which cores there are, who runs on which, and what they and the processes on them have used.

Core pinning and `/proc` are Linux's; elsewhere nothing is pinned and the figures are None, and a benchmark
says so.
"""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Cores:
    """The core of the server under test and the core of its client; None when nothing can be pinned."""

    server: int | None
    client: int | None
    why: str = ""
    """Why nothing is pinned."""

    @property
    def pinned(self) -> bool:
        """Say whether server and client have a core each."""
        return self.server is not None


def choose() -> Cores:
    """Take the last two cores that this process may use (the first serves most interrupts)."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None, f"{platform.system()} offers no pinning to cores")
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return Cores(None, None, "there is one core only")
    return Cores(server=allowed[-1], client=allowed[-2])


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Run this process, and children that it starts meanwhile, on one core; None changes nothing."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True, slots=True)
class CoreTime:
    """What a core has done since the start, in clock ticks."""

    busy: int
    total: int

    def busy_since(self, before: CoreTime) -> float:
        """Return the busy share of the time between two readings, 0 to 1."""
        total = self.total - before.total
        return (self.busy - before.busy) / total if total else 0.0


def core_time(core: int | None) -> CoreTime | None:
    """Read a core's time from `/proc/stat`; waiting for a disk is no work."""
    return _time(f"cpu{core}")


def all_cores() -> CoreTime | None:
    """Read the time of all cores together."""
    return _time("cpu")


def _time(wanted: str) -> CoreTime | None:
    try:
        lines = (_PROC / "stat").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, *numbers = line.split()
        if name == wanted:
            ticks = [int(number) for number in numbers[:8]]
            return CoreTime(sum(ticks) - ticks[3] - ticks[4], sum(ticks))
    return None


def process_seconds(pid: int) -> float | None:
    """Return the processor time that a process has used, user and system."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int | None:
    """Return how much memory a process has in use."""
    try:
        pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def machine() -> str:
    """Describe the machine in one line: processor, number of cores, system, Python."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {system}"


def _processor() -> str:
    try:
        lines = (_PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or "unknown processor"
