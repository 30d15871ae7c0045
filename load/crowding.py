"""Whether other programs used a rehearsal's machine: then times say nothing of the hub (pure)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from load.playing import Sample

_UNITS = ("ms", "s", "messages/s", "publications/s", "ratio")


def is_of_time(unit: str) -> bool:
    """Say whether a measure of that unit moves when the machine has other things to do."""
    return unit in _UNITS


def others_share(
    samples: Sequence[Sample], told: Sequence[Mapping[str, Any]], receiver_seconds: float
) -> float | None:
    """Return the share of all processors that neither hub, generator nor receiver used; None: not told.

    ``told`` is what the generator's processes say of themselves; they and the receiver are on this machine.
    """
    known = [sample for sample in samples if sample.cores is not None and sample.cpu_seconds is not None]
    if len(known) < 2:
        return None
    first, last = known[0], known[-1]
    assert first.cores is not None
    assert last.cores is not None
    seconds = (last.at - first.at) * (os.cpu_count() or 1)
    hub = (last.cpu_seconds or 0.0) - (first.cpu_seconds or 0.0)
    generator = sum(each["cpu_seconds"] + each["signing_cpu_seconds"] for each in told)
    own = hub + generator + receiver_seconds + last.own_seconds - first.own_seconds
    return max(0.0, last.cores.busy_since(first.cores) - own / seconds) if seconds else None
