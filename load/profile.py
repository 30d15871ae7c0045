"""Load profiles: YAML files that say who sends what, how often and how long, and which limits decide.

A profile is checked against `profile.schema.json` and against what the harness knows: releases, events,
roles, requirements, measures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import jsonschema_rs
from jsonschema import Draft202012Validator

from harness.errors import ConfigurationError, nearest
from harness.scenarios.requirements import shipped
from harness.scenarios.themes import theme_of, themes_of
from harness.settings import current, read
from harness.spec.release import DEFAULT, Release, names
from harness.spec.release import load as load_release
from harness.spec.routing import load_routing
from harness.transport.target import refuse_production
from load.measures import MEASURES

_SCHEMA = Path(__file__).with_name("profile.schema.json")
BASES = ("rule", "agreed", "assumed")


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the shape: messages a second at its beginning and its end, in a straight line."""

    seconds: float
    rate: float
    to: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """The business response that a flow waits for; an empty event means any."""

    interface: str
    event: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Messages of one kind from the participants of one market role."""

    name: str
    interface: str
    event: str
    sender: str
    participants: int = 1
    shares: tuple[float, ...] = ()
    to: str = ""
    recipients: int = 1
    share: float = 1.0
    batch: int = 1
    points: int = 0
    """Metering points of each participant; 0: each message has its own."""
    known: bool = False
    largest: bool = False
    content: Mapping[str, Any] = field(default_factory=dict)
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Faults that are switched on ``at`` seconds after the start for so many seconds."""

    at: float
    seconds: float
    faults: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold: what is measured, the bound, and who says so."""

    measure: str
    bound: float
    upper: bool
    """True: at most; false: at least."""
    title: str
    basis: str
    """rule, agreed or assumed"""
    source: str
    relaxed: str = ""
    """Why a miss does not decide; empty where it does."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A load profile, checked."""

    id: str
    title: str
    stage: str
    area: str
    theme: str
    why: str
    requirements: tuple[str, ...]
    external_ids: Mapping[str, str]
    release: str
    endpoints: tuple[str, ...]
    volume: Mapping[str, str]
    rehearsal_scale: float
    rehearsal_seconds: float | None
    random_arrivals: bool
    shape: tuple[Phase, ...]
    time_factor: float
    flows: tuple[Flow, ...]
    simulated: tuple[str, ...]
    registered: bool
    settings: Mapping[str, Any]
    faults: tuple[Disturbance, ...]
    drain_seconds: float
    limits: tuple[Limit, ...]
    file: str
    digest: str
    """SHA-256 of the file."""
    scale: float = 1.0
    """Share of the rates that is offered."""
    order: str = "none"
    """The order of delivery that a real target promises; the embedded hub's is its setting."""

    @property
    def seconds(self) -> float:
        """How long messages are sent."""
        return sum(phase.seconds for phase in self.shape)

    def fitted(self, *, scale: float, seconds: float | None) -> Profile:
        """Return the profile at a share of its rates and, with ``seconds``, pressed into another time.

        Rates stay when the time changes, so fewer messages are sent; what happens meanwhile moves along.
        """
        stretch = 1.0 if seconds is None else seconds / self.seconds
        shape = tuple(
            replace(p, seconds=p.seconds * stretch, rate=p.rate * scale, to=p.to * scale) for p in self.shape
        )
        faults = tuple(
            replace(each, at=each.at * stretch, seconds=each.seconds * stretch) for each in self.faults
        )
        return replace(self, shape=shape, faults=faults, scale=self.scale * scale)

    def allows(self, url: str) -> bool:
        """Say whether the profile names the address that a target profile leads to."""
        asked = urlsplit(url)
        for endpoint in self.endpoints:
            named = urlsplit(endpoint)
            if named.hostname == asked.hostname and named.port in (None, asked.port):
                return True
        return False


def read_profile(path: Path) -> Profile:
    """Read and check a profile; raises ConfigurationError naming file, place and the nearest known value."""
    data = read(path)
    if not _quick().is_valid(data):
        problems = Draft202012Validator(_schema()).iter_errors(data)
        problem = min(problems, key=lambda each: (-len(each.path), list(map(str, each.path))))
        place = "/".join(map(str, problem.absolute_path)) or "top level"
        raise ConfigurationError(f"at {place}: {_explained(problem)}", where=str(path))
    name = data.get("release", DEFAULT)
    if name not in names():
        raise ConfigurationError(
            f"'{name}' is no API release", where=f"{path}: release", mend=nearest(name, names())
        )
    release = load_release(name)
    shipped().check(data["requirements"], where=f"{path}: requirements")
    for endpoint in data.get("endpoints", ()):
        refuse_production(endpoint, where=f"{path}: endpoints")
    current().with_values(data.get("settings", {}), where=f"{path}: settings")
    flows = tuple(_flow(entry, release, f"{path}: flows/{n}") for n, entry in enumerate(data["flows"]))
    if len({flow.name for flow in flows}) < len(flows):
        raise ConfigurationError("two flows have one name", where=f"{path}: flows")
    rehearsal = data.get("rehearsal", {})
    return Profile(
        id=data["profile"],
        title=data["title"],
        stage=data["stage"],
        area=data["area"],
        theme=theme_of(themes_of(path), data["stage"], data["area"]),
        why=data["why"],
        requirements=tuple(data["requirements"]),
        external_ids=dict(data.get("external_ids", {})),
        release=release.name,
        endpoints=tuple(data.get("endpoints", ())),
        volume=dict(data["volume"]),
        rehearsal_scale=float(rehearsal.get("scale", 1.0)),
        rehearsal_seconds=rehearsal.get("seconds"),
        random_arrivals=data.get("arrivals", "even") == "random",
        shape=_shape(data["shape"], float(data.get("time_factor", 1.0))),
        time_factor=float(data.get("time_factor", 1.0)),
        flows=flows,
        simulated=tuple(data.get("simulated", ())),
        registered=data.get("registered", False),
        settings=dict(data.get("settings", {})),
        faults=tuple(
            Disturbance(
                each["at"] / data.get("time_factor", 1.0),
                each["for"] / data.get("time_factor", 1.0),
                tuple(each["faults"]),
            )
            for each in data.get("faults", ())
        ),
        drain_seconds=float(data.get("drain_seconds", 30.0)),
        limits=tuple(_limit(entry, f"{path}: limits/{n}") for n, entry in enumerate(data["limits"])),
        file=str(path),
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        order=data.get("order", "none"),
    )


def profile_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder that hold profiles: those whose first key is ``profile``."""
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        lines = (line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
        if next((line for line in lines if not line.startswith("#")), "").startswith("profile:"):
            found.append(path)
    return tuple(found)


@cache
def _schema() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(_SCHEMA.read_text(encoding="utf-8")))


@cache
def _quick() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_schema())


def _explained(problem: Any) -> str:
    """Word a schema error, an unknown key or value with the nearest known one."""
    if problem.validator == "additionalProperties":
        known = problem.schema["properties"]
        unknown = sorted(set(problem.instance) - set(known))[0]
        return f"'{unknown}' is not known here. {nearest(unknown, known)}"
    if problem.validator == "enum":
        allowed = map(str, problem.validator_value)
        return f"'{problem.instance}' is not allowed. {nearest(str(problem.instance), allowed)}"
    if problem.validator == "oneOf":
        return "needs exactly one of at_most and at_least"
    return str(problem.message)


def _shape(phases: Sequence[Mapping[str, Any]], factor: float) -> tuple[Phase, ...]:
    """Read phases; with a time factor they are so many times shorter, and the rates stay."""
    return tuple(
        Phase(
            each["seconds"] / factor,
            float(each["rate"]),
            float(each.get("to", each["rate"])),
            each.get("name", ""),
        )
        for each in phases
    )


def _flow(entry: Mapping[str, Any], release: Release, where: str) -> Flow:
    values = dict(entry)
    response = values.pop("response", None)
    values["name"] = values.pop("flow")
    values["shares"] = tuple(values.get("shares", ()))
    flow = Flow(**values, response=Response(**response) if response else None)
    if flow.interface not in release.interfaces:
        raise ConfigurationError(
            f"'{flow.interface}' is no interface of {release.name}",
            where=where,
            mend=nearest(flow.interface, release.interfaces),
        )
    if release.message_for(flow.interface, flow.event) is None:
        events = release.events(flow.interface)
        raise ConfigurationError(
            f"'{flow.event}' is no event of {flow.interface}", where=where, mend=nearest(flow.event, events)
        )
    senders = [row.role for row in load_routing().senders(flow.interface, flow.event)]
    if flow.sender not in senders:
        raise ConfigurationError(
            f"{flow.sender} does not send {flow.interface} [{flow.event}]",
            where=where,
            mend=nearest(flow.sender, senders),
        )
    if flow.shares and len(flow.shares) != flow.participants:
        raise ConfigurationError(
            f"{len(flow.shares)} shares for {flow.participants} participants", where=f"{where}/shares"
        )
    if flow.response is not None and flow.points:
        raise ConfigurationError(
            "a response is told by its metering point, so each message needs its own",
            where=f"{where}/points",
            mend="Leave points out.",
        )
    return flow


def _limit(entry: Mapping[str, Any], where: str) -> Limit:
    measure = entry["measure"]
    if measure not in MEASURES:
        raise ConfigurationError(f"'{measure}' is not measured", where=where, mend=nearest(measure, MEASURES))
    upper = "at_most" in entry
    return Limit(
        measure,
        float(entry["at_most"] if upper else entry["at_least"]),
        upper,
        entry.get("title") or MEASURES[measure].title,
        entry["basis"],
        entry["source"],
        entry.get("relaxed", ""),
    )
