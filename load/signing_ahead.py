"""Signing ahead of the timed path: a process that writes signatures to a spool, in slices of the schedule.

``python -m load.signing_ahead PLAN TARGET SPOOL WORKER WORKERS SIGNER SIGNERS``. A worker of a run has every
``workers``-th request of each lane, and signer ``k`` of a worker has every ``signers``-th slice. Before the
start it signs what is due in the first `HEAD_SECONDS`; afterwards it stays ahead by at most half of
``signing.skew_seconds``. The file ``start`` in the spool tells when the run began.
"""

from __future__ import annotations

import heapq
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from harness.clock import SystemClock, header_time
from harness.security.signing import CONTENT_HASH, DATE, SIGNATURE, Signer
from harness.settings import current
from harness.transport.target import TargetProfile
from load.plan import Lane, Plan, read_plan
from load.wording import Speaker

SLICE_SECONDS = 1.0
HEAD_SECONDS = 40.0
START = "start"
_KEPT_BACK = 0.5
"""Share of signing.skew_seconds by which a request may be signed ahead."""
_LOOK_SECONDS = 0.05

Entry = tuple[float, int, int]
"""Due (seconds from the start), lane, request number."""


def ahead_seconds() -> float:
    """Return by how long a request may be signed before it is sent, at most."""
    return current().number("signing.skew_seconds") * _KEPT_BACK


def slices(plan: Plan, worker: int, workers: int) -> Iterator[tuple[int, list[Entry]]]:
    """Yield each slice of a worker's schedule with its requests in order; empty slices too."""
    merged = heapq.merge(*(_lane(plan, lane, worker, workers) for lane in plan.lanes))
    number = 0
    found: list[Entry] = []
    for entry in merged:
        while entry[0] >= (number + 1) * SLICE_SECONDS:
            yield number, found
            number, found = number + 1, []
        found.append(entry)
    yield number, found
    last = int(plan.seconds / SLICE_SECONDS)
    for rest in range(number + 1, last + 1):
        yield rest, []


def _lane(plan: Plan, lane: Lane, worker: int, workers: int) -> Iterator[Entry]:
    for number, due in enumerate(plan.due(lane)):
        if (number + lane.number) % workers == worker:
            yield due, lane.number, number


def slice_file(spool: Path, number: int) -> Path:
    """Return where a slice's signatures are."""
    return spool / f"slice-{number:06d}"


def started(spool: Path) -> float | None:
    """Return when the run began (seconds since the epoch); None before it."""
    try:
        return float((spool / START).read_text())
    except (OSError, ValueError):
        return None


def main(
    plan_file: Path, target_file: Path, spool: Path, worker: int, workers: int, me: int, of: int
) -> None:
    """Sign this signer's slices until the plan ends or the spool is gone."""
    plan, target = read_plan(plan_file), TargetProfile.load(target_file)
    speakers = [Speaker(plan, lane, target.network) for lane in plan.lanes]
    signers: dict[str, Signer] = {}
    for lane in plan.lanes:
        own = target.network.certificate(target.network.by_dip_id(lane.dip_id).signing)
        signers.setdefault(lane.dip_id, Signer.load(own.cert, own.key, own.sign_command or None))
    urls = [f"{plan.base_url}/dip-channel/{lane.interface}" for lane in plan.lanes]
    clock, ahead, signed, cpu = SystemClock(), ahead_seconds() * 0.9, 0, time.process_time()
    parent, began = os.getppid(), time.monotonic()
    told = False
    for number, entries in slices(plan, worker, workers):
        if number % of != me:
            continue
        while not _may_sign(spool, number, ahead):
            if not told:
                _tell(spool, me, signed, cpu, began)
                told = True
            if os.getppid() != parent or not spool.is_dir():
                return
            time.sleep(_LOOK_SECONDS)
        lines = []
        for due, place, request in entries:
            date = header_time(clock.now())
            headers = signers[plan.lanes[place].dip_id].sign(
                "POST", urls[place], speakers[place].body(request, date), date=date
            )
            lines.append(
                f"{due!r} {place} {request} {headers[DATE]} {headers[CONTENT_HASH]} {headers[SIGNATURE]}\n"
            )
        signed += len(entries)
        part = spool / f"part-{me}"
        part.write_text("".join(lines), encoding="ascii")
        part.replace(slice_file(spool, number))
        if told:
            _tell(spool, me, signed, cpu, began)
    _tell(spool, me, signed, cpu, began)


def _may_sign(spool: Path, number: int, ahead: float) -> bool:
    begins = number * SLICE_SECONDS
    start = started(spool)
    if start is None:
        return begins < HEAD_SECONDS
    return begins - (time.time() - start) < ahead - SLICE_SECONDS


def _tell(spool: Path, me: int, signed: int, cpu: float, began: float) -> None:
    """Say how far it is and what it cost: the head is done, or more of it."""
    told = {
        "signed": signed,
        "cpu_seconds": time.process_time() - cpu,
        "seconds": time.monotonic() - began,
    }
    part = spool / f"signer-{me}.part"
    part.write_text(json.dumps(told))
    part.replace(spool / f"signer-{me}.json")


if __name__ == "__main__":
    if os.name == "posix":
        os.nice(5)  # behind the generator and the system under test where they share a machine
    first, second, third, *numbers = sys.argv[1:]
    main(Path(first), Path(second), Path(third), *map(int, numbers))
