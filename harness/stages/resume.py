"""Going on with a run whose instances wait: what was asked is read from the run itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.evidence.events import InstanceEvent, RunStarted
from harness.evidence.log import FILE, read_events
from harness.scenarios.instance import path_of
from harness.scenarios.model import Case
from harness.stages.options import RunOptions, read_answers
from harness.stages.selection import Selection


def resumed(folder: Path, *, answers: Path | None, catalogue: Path) -> RunOptions:
    """Return the options of the run in ``folder``, to go on with what waits in it.

    Raises ConfigurationError when nothing waits there, or when its target ended with it.
    """
    folder = folder.resolve()
    first = next(iter(read_events(folder / FILE)), None)
    if not isinstance(first, RunStarted):
        raise ConfigurationError("holds no run", where=str(folder))
    if not any((folder / "instances").glob("*.json")):
        raise ConfigurationError("no case of the run waits for anything", where=str(folder))
    if first.target == "embedded":
        raise ConfigurationError(
            "the run's simulators ended with it",
            where=str(folder),
            mend="Only runs against a target profile resume.",
        )
    if answers is not None:
        read_answers(answers)
    kept: dict[str, Any] = {
        field.name: tuple(value) if isinstance(value, list) else value
        for field in fields(Selection)
        if (value := first.options.get(field.name)) is not None
    }
    return RunOptions(
        stage=first.stage,
        releases=tuple(first.releases),
        target=first.target,
        environment=str(first.options.get("environment", "")),
        seed=first.seed,
        out=folder,
        run=first.run,
        catalogue=catalogue,
        selection=Selection(**kept),
        answers=answers,
        resumed=True,
    )


def waits(options: RunOptions, case: Case) -> bool:
    """Say whether a case of a resumed run waits; every case of another run is played."""
    return not options.resumed or path_of(options.out, case.key).exists()


def sequences(options: RunOptions) -> Mapping[str, int]:
    """Return how many events each case has already; none for a run that is not resumed."""
    if not options.resumed:
        return {}
    return Counter(
        event.case for event in read_events(options.out / FILE) if isinstance(event, InstanceEvent)
    )
