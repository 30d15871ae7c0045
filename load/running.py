"""A run of load profiles: each played in turn, its result in a folder of its own, all in one run folder."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from harness.data import folder as data_folder
from harness.errors import ConfigurationError, nearest
from harness.evidence.store import EvidenceStore
from harness.reports.write import write_reports
from harness.stages.finish import begin, end
from harness.stages.options import RunOptions
from harness.stages.session import Shared
from harness.writing import write_whole
from load.figures import Result, result, write
from load.playing import EMBEDDED, Progress, Request, play
from load.profile import Profile, profile_files, read_profile
from load.recording import as_taking_part, record
from load.report import page
from simulators.network import default_network

STAGE = "sit-non-functional"
REPORT = "load-report.html"
CATALOGUE = "sit_non_functional"
_PASSING = ("target", "start")
"""Files that serve the processes of a run alone."""

View = Callable[[Profile, Progress], None]


def shipped() -> tuple[Profile, ...]:
    """Return the profiles of the packaged catalogue."""
    return tuple(map(read_profile, profile_files(data_folder("test_catalogue") / CATALOGUE)))


def named(name: str) -> Profile:
    """Return a profile by its file or, of the packaged ones, by its id; raises ConfigurationError."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return read_profile(path)
    known = {profile.id: profile for profile in shipped()}
    if name.upper() not in known:
        raise ConfigurationError(
            f"'{name}' is no profile",
            where="--profile",
            mend=f"{nearest(name.upper(), known)} Or name a file (.yaml).",
        )
    return known[name.upper()]


def run(
    requests: Sequence[Request], options: RunOptions, view: View = lambda _profile, _progress: None
) -> list[Result]:
    """Play profiles one after another, and write the run folder and its reports.

    What was played before an error or an interruption stays and is reported; the rest counts as not started.
    """
    began = time.monotonic()
    store = EvidenceStore(options.out / "evidence")
    with contextlib.ExitStack() as stack:
        if len(requests) > 1 and all(request.target == EMBEDDED for request in requests):
            base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dip-load-"))) / "network"
            default_network(base)
            requests = [replace(request, network=request.network or base) for request in requests]
        return _played(requests, options, store, began, view)


def _played(
    requests: Sequence[Request], options: RunOptions, store: EvidenceStore, began: float, view: View
) -> list[Result]:
    results: list[Result] = []
    log = None
    shared: Shared | None = None
    try:
        for request in requests:
            profile = request.profile
            place = options.out / "load" / profile.id
            if len(options.releases) > 1:
                place = place / profile.release
            first = time.monotonic()
            played = play(request, place, lambda progress, on=profile: view(on, progress))  # type: ignore[misc]
            view(profile, Progress("measuring"))
            found = result(profile, played)
            content = write(found, place)
            write_whole(place / REPORT, page(content).encode())
            _tidy(place)
            for file in (Path(profile.file), place / "load.json"):
                store.put(file.read_bytes())
            if log is None or shared is None:
                network = as_taking_part(played.network, played.receives)
                ca = None if played.simulated else played.ca
                shared = Shared(network, played.environment, None, ca)
                log = begin(options, shared, len(requests))
            record(log, found, seed=request.seed, seconds=time.monotonic() - first)
            results.append(found)
    finally:
        if log is not None and shared is not None:
            interrupted = len(results) < len(requests)
            end(options, log, shared, seconds=time.monotonic() - began, interrupted=interrupted)
            write_reports(options.out)
    return results


def fitted(profile: Profile, *, target: str, scale: float | None, seconds: float | None) -> Profile:
    """Return a profile as it is to be played: the embedded target gets what `rehearsal` says."""
    if target == EMBEDDED:
        scale = profile.rehearsal_scale if scale is None else scale
        seconds = profile.rehearsal_seconds if seconds is None else seconds
    found = profile.fitted(scale=1.0 if scale is None else scale, seconds=seconds)
    if found.scale == 1.0:
        return found
    rates = {"offered_per_s", "accepted_per_s", "delivered_per_s"}
    limits = tuple(
        replace(limit, bound=limit.bound * found.scale) if limit.measure in rates else limit
        for limit in found.limits
    )
    return replace(found, limits=limits)


def _tidy(place: Path) -> None:
    """Remove what only served the processes; what was noted stays."""
    for name in _PASSING:
        (place / name).unlink(missing_ok=True)
    for spool in place.glob("spool-*"):
        shutil.rmtree(spool, ignore_errors=True)
