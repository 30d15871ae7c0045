"""What a run is asked to do, checked before anything starts."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.clock import SystemClock
from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.scenarios.requirements import register_of
from harness.scenarios.themes import themes_of
from harness.scenarios.twins import TWINS
from harness.scenarios.yaml_text import load_text_yaml
from harness.spec.release import load, names
from harness.spec.routing import load_routing
from harness.stages.earlier import failures_of
from harness.stages.plan.model import Plan
from harness.stages.plan.reading import find, read_plan
from harness.stages.selection import Selection
from harness.stages.shards import read_shard
from harness.stages.taking_part import builds as builds_of
from harness.stages.taking_part import cycle_of, members

STAGES = {
    "cit": "Component Integration Testing: interface conformance in its style",
    "sit-functional": "SIT Functional: business processes end to end",
    "sit-migration": "SIT Migration: metering points move to the new arrangements and back",
    "sit-non-functional": "SIT Non-Functional: volume, performance, resilience",
    "sit-operational": "SIT Operational: service management and daily running",
}
TWINNED = ("sit-functional", "sit-migration")
"""Stages whose cases can be run again as perturbed twins."""
DEFAULT_RELEASE = "2.1.0"
DEFAULT_SEED = 1
DEFAULT_ENVIRONMENT = "SIT"
ENVIRONMENTS = ("SIT", "SITB", "UIT", "DEV")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of one run; `check` has passed when it comes from `options`."""

    stage: str
    releases: tuple[str, ...]
    target: str
    environment: str
    seed: int
    out: Path
    run: str
    catalogue: Path
    selection: Selection
    answers: Path | None
    resumed: bool = False
    """Whether the run goes on with instances that an earlier process stored in ``out``."""
    builds: Mapping[str, str] = field(default_factory=dict)
    """Which build each party runs, by ``organisation (role)``, a party's name or its DIP id."""

    def as_dict(self) -> dict[str, Any]:
        """Return what the run's first event keeps."""
        kept = {key: value for key, value in asdict(self.selection).items() if value and key != "cases"}
        return {
            "stage": self.stage,
            "release": list(self.releases),
            "target": self.target,
            "environment": self.environment,
            "seed": self.seed,
            **({"path": str(self.catalogue)} if self.catalogue != folder("test_catalogue") else {}),
            **({"answers": str(self.answers)} if self.answers else {}),
            **{key: list(value) if isinstance(value, tuple) else value for key, value in kept.items()},
        }


def options(
    *,
    stage: str,
    releases: tuple[str, ...] = (),
    target: str = "embedded",
    environment: str = "",
    seed: int | None = None,
    out: Path | None = None,
    run: str = "",
    catalogue: Path | None = None,
    interfaces: tuple[str, ...] = (),
    events: tuple[str, ...] = (),
    roles: tuple[str, ...] = (),
    requirements: tuple[str, ...] = (),
    scenarios: tuple[str, ...] = (),
    segments: tuple[str, ...] = (),
    areas: tuple[str, ...] = (),
    themes: tuple[str, ...] = (),
    twins: tuple[str, ...] = (),
    changed_since: str = "",
    last_failures: Path | None = None,
    tags: tuple[str, ...] = (),
    cycle: str = "",
    cohorts: tuple[str, ...] = (),
    intervals: tuple[str, ...] = (),
    plan: str = "",
    builds: tuple[str, ...] = (),
    shard: str = "",
    answers: Path | None = None,
) -> RunOptions:
    """Check what was asked and fill in the defaults; raises ConfigurationError with the nearest name."""
    _known("stage", (stage.lower(),), tuple(STAGES))
    earlier = failures_of(last_failures, stage.lower(), releases) if last_failures is not None else None
    chosen = releases or (earlier.releases if earlier is not None else (DEFAULT_RELEASE,))
    _known("release", chosen, names())
    _earlier_release(changed_since, chosen)
    loaded = [load(name) for name in chosen]
    upper = tuple(name.upper() for name in interfaces)
    _known("interface", upper, sorted({name for release in loaded for name in release.interfaces}))
    bare = tuple(event.strip("[]") for event in events)
    _known("event", bare, sorted({pair.event for release in loaded for pair in release.pairs}))
    routing = load_routing()
    sending = {
        row.role
        for release in loaded
        for pair in release.pairs
        for row in routing.senders(pair.interface, pair.event)
    }
    _known("role", tuple(role.upper() for role in roles), sorted(sending))
    _known("segment", segments, ("smart", "advanced", "unmetered"))
    if environment:
        _known("environment", (environment.upper(),), ENVIRONMENTS)
    if answers is not None:
        read_answers(answers)
    if shard:
        read_shard(shard)
    planned = _plan(plan, cohorts, intervals)
    held = cycle_of(planned, cycle, stage.lower()) if planned is not None and cycle else None
    parties = members(planned, cohorts, intervals) if planned is not None else ()
    name = run or new_run_id()
    if earlier is not None:
        twins = twins or earlier.twins
        seed = earlier.seed if seed is None else seed
    return RunOptions(
        stage=stage.lower(),
        releases=tuple(dict.fromkeys(chosen)),
        target=target,
        environment=environment.upper(),
        seed=DEFAULT_SEED if seed is None else seed,
        out=_writable(out or Path("runs") / name),
        run=name,
        catalogue=catalogue or folder("test_catalogue"),
        selection=Selection(
            stage.lower(),
            upper,
            bare,
            tuple(role.upper() for role in roles),
            _requirements(requirements, catalogue or folder("test_catalogue")),
            scenarios,
            segments,
            areas,
            _themes(themes, stage.lower(), catalogue or folder("test_catalogue")),
            _twins(twins, stage.lower()),
            changed_since,
            str(last_failures.resolve()) if last_failures is not None else "",
            earlier.cases if earlier is not None else (),
            tags,
            cycle,
            _themes(
                held.themes,
                stage.lower(),
                catalogue or folder("test_catalogue"),
                f"cycle {cycle} of the plan",
            )
            if held is not None
            else (),
            held.areas if held is not None else (),
            cohorts,
            intervals,
            tuple(party.id for party in parties),
            tuple(dict.fromkeys(party.role for party in parties)),
            str(Path(planned.where).resolve()) if planned is not None else "",
            shard,
        ),
        answers=answers,
        builds=_builds(planned, stage.lower(), builds),
    )


def _plan(asked: str, cohorts: tuple[str, ...], intervals: tuple[str, ...]) -> Plan | None:
    """Read the plan; cohorts and intervals can't be told without one."""
    if not asked and (cohorts or intervals):
        raise ConfigurationError(
            "a plan says who they are, and none is given",
            where="--cohort" if cohorts else "--interval",
            mend="Add --plan plan.yaml.",
        )
    return read_plan(find(asked)) if asked else None


def _builds(plan: Plan | None, stage: str, given: tuple[str, ...]) -> Mapping[str, str]:
    """Return the builds of a plan's places, then those that are given as PARTY=BUILD."""
    found = dict(builds_of(plan, stage, SystemClock().now().date())) if plan is not None else {}
    for text in given:
        party, equals, build = text.partition("=")
        if not (party.strip() and equals and build.strip()):
            raise ConfigurationError(
                f"'{text}' is no PARTY=BUILD", where="--build", mend='Write --build "Supplier A (SUP)=4.2".'
            )
        found[party.strip()] = build.strip()
    return found


def folder_of(catalogue: Path, stage: str) -> Path:
    """Return where a catalogue keeps the scenarios of a stage."""
    return catalogue / stage.replace("-", "_")


def new_run_id() -> str:
    """Return a run id that sorts by time: ``20261122-081530-3fa9c1``."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def read_answers(path: Path) -> dict[str, str]:
    """Read a person's answers (YAML: question to answer); raises ConfigurationError."""
    data = load_text_yaml(path)
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise ConfigurationError(
            "is no mapping of question to answer", where=str(path), mend='Write lines like  "Question?": yes'
        )
    return dict(data)


def _themes(asked: tuple[str, ...], stage: str, catalogue: Path, where: str = "") -> tuple[str, ...]:
    """Return our ids of themes that are asked for by id or by the number that they have outside."""
    of_stage = [theme for theme in themes_of(catalogue) if theme.stage == stage]
    by_name = {theme.number: theme.id for theme in of_stage} | {theme.id: theme.id for theme in of_stage}
    upper = tuple(name.upper() for name in asked)
    _known("theme", upper, sorted(by_name), option=where)
    return tuple(by_name[name] for name in upper)


def _requirements(asked: tuple[str, ...], catalogue: Path) -> tuple[str, ...]:
    """Return our ids of requirements asked for by ours or by theirs, with the ids whose tests cover them."""
    if not asked:
        return ()
    register = register_of(catalogue)
    theirs: dict[str, list[str]] = {}
    for each in register.values():
        for external in each.external_ids.values():
            theirs.setdefault(external, []).append(each.id)
    _known("requirement", asked, [*register, *theirs])
    ours = [name for each in asked for name in theirs.get(each, [each])]
    return tuple(dict.fromkeys(name for each in ours for name in register.verified_by(each)))


def _twins(asked: tuple[str, ...], stage: str) -> tuple[str, ...]:
    """Return the names of twins, which may stand in one text with commas; ``all`` is all of them."""
    names = [name.strip() for text in asked for name in text.split(",") if name.strip()]
    if names and stage not in TWINNED:
        raise ConfigurationError(
            f"the cases of stage {stage} have no twins",
            where="--twins",
            mend=f"Stages: {', '.join(TWINNED)}.",
        )
    if "all" in names:
        return tuple(TWINS)
    _known("twin", tuple(names), ["all", *TWINS])
    return tuple(dict.fromkeys(names))


def _earlier_release(since: str, chosen: tuple[str, ...]) -> None:
    """Check that cases can be selected by what changed since a release."""
    if not since:
        return
    _known("release", (since,), names(), option="--changed-since")
    late = [name for name in chosen if names().index(name) <= names().index(since)]
    if late:
        raise ConfigurationError(
            f"release {late[0]}, which the run is on, is not later than {since}",
            where="--changed-since",
            mend="Name an earlier release, or run on a later one with --release.",
        )


def _known(
    what: str, values: tuple[str, ...], known: tuple[str, ...] | list[str], *, option: str = ""
) -> None:
    for value in values:
        if value not in known:
            raise ConfigurationError(
                f"'{value}' is no {what} here", where=option or f"--{what}", mend=nearest(value, known)
            )


def _writable(out: Path) -> Path:
    out = out.resolve()
    if (out / "events.ndjson").exists():
        raise ConfigurationError(
            "holds a run already", where=str(out), mend="Choose another --out; results are never overwritten."
        )
    standing = out
    while not standing.exists():
        standing = standing.parent
    if not standing.is_dir() or not os.access(standing, os.W_OK):
        raise ConfigurationError(
            "can't be written", where=str(standing), mend="Choose another folder with --out."
        )
    return out
