"""What did not pass in an earlier run, from its events: what `--last-failures` selects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigurationError
from harness.evidence.events import InstanceFinished, InstanceStarted, RunStarted
from harness.evidence.log import FILE, read_events
from harness.evidence.verdicts import Verdict

SETTLED = (Verdict.PASS.value, Verdict.OMITTED.value)
"""Verdicts after which a case isn't run again: it passed, or the target can't run it."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier run: how it was asked for, and the keys of its cases that did not pass."""

    releases: tuple[str, ...]
    seed: int
    cases: tuple[str, ...]
    twins: tuple[str, ...]
    """The perturbations of those cases."""


def failures_of(folder: Path, stage: str, releases: tuple[str, ...]) -> Earlier:
    """Return the cases of the run in ``folder`` whose last verdict is none of `SETTLED`, or that have none.

    Raises ConfigurationError when there are none, or when the run was of another stage or of other releases
    than those asked for (none: all of its own).
    """
    header: RunStarted | None = None
    verdicts: dict[str, str] = {}
    twin_of: dict[str, str] = {}
    for event in read_events(folder / FILE):
        match event:
            case RunStarted():
                header = event
            case InstanceStarted():
                verdicts[event.case], twin_of[event.case] = "", event.twin
            case InstanceFinished():
                verdicts[event.case] = event.verdict
    if header is None:
        raise ConfigurationError("holds no run", where=str(folder))
    if header.stage != stage:
        raise ConfigurationError(
            f"holds a run of stage {header.stage}",
            where=str(folder),
            mend=f"Add --stage {header.stage}, or name a run of {stage}.",
        )
    foreign = [name for name in releases if name not in header.releases]
    if foreign:
        raise ConfigurationError(
            f"the run was on release {', '.join(header.releases)}, not on {', '.join(foreign)}",
            where=str(folder),
            mend="Leave --release out, or name a run on that release.",
        )
    cases = tuple(case for case, verdict in verdicts.items() if verdict not in SETTLED)
    if not cases:
        raise ConfigurationError("every case of the run passed or was left out", where=str(folder))
    twins = dict.fromkeys(twin_of[case] for case in cases if twin_of[case])
    return Earlier(releases or tuple(header.releases), header.seed, cases, tuple(twins))
