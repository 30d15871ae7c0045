"""Reading a plan file: checked against its JSON Schema, then every name against what the file defines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, cast

from harness.calendars.book import calendars
from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.scenarios.sourced import Place, Sourced, distinct, explain, read_checked
from harness.spec.release import names as releases
from harness.stages.plan import building
from harness.stages.plan.model import Automatic, Kind, Milestone, Plan, Track
from harness.transport.parties import ROLES

SHIPPED = ("example", "template")
_SCHEMA = Path(__file__).with_name("plan.schema.json")
_KEYED = {
    "scales": "scale",
    "forums": "forum",
    "stages": "stage",
    "environments": "environment",
    "milestones": "milestone",
    "artefacts": "artefact",
    "tracks": "track",
    "parties": "party",
    "pairings": "pairing",
    "cycles": "cycle",
    "criteria": "criterion",
    "work_off": "work_off",
}
"""Lists whose entries have an id, and the field that holds it."""


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of plan files."""
    return cast("dict[str, Any]", json.loads(_SCHEMA.read_text(encoding="utf-8")))


def shipped(name: str) -> Path:
    """Return the file of a shipped plan: the worked example or the template."""
    return folder("test_catalogue") / "plan" / f"{name}.yaml"


def find(asked: str) -> Path:
    """Return the plan file that is meant: a file, or one of the shipped plans by name."""
    if asked in SHIPPED:
        return shipped(asked)
    if not Path(asked).is_file():
        raise ConfigurationError(
            f"there is no plan file '{asked}'",
            where="--plan",
            mend=f"Give a file, or a shipped plan: {', '.join(SHIPPED)}.",
        )
    return Path(asked)


def read_plan(path: Path, anchors: Mapping[str, date] | None = None) -> Plan:
    """Read a plan file; raises ConfigurationError naming file, line, what is wrong and the nearest name.

    ``anchors`` gives tracks the date of their anchor, ``cit-start``, in place of what the file says.
    """
    base = _checked(shipped("artefacts"))
    source = _checked(path)
    data = dict(source.data)
    for name in ("scales", "artefacts", "forums"):
        data[name] = _over(base.data.get(name, []), data.get(name, []), _KEYED[name])
    plan = building.plan(data, str(path))
    _check_names(plan, source)
    return _anchored(plan, anchors or {})


def _checked(path: Path) -> Sourced:
    """Read a file and hold it to the schema."""
    checked = read_checked(path, schema(), _explain)
    distinct(checked, _KEYED)
    return checked


def _over(shipped_entries: Iterable[Any], own: Iterable[Any], key: str) -> list[Any]:
    """Lay a plan's own entries over the shipped ones: same id replaces, another is added."""
    merged = {entry[key]: entry for entry in shipped_entries}
    return list((merged | {entry[key]: entry for entry in own}).values())


def _explain(problem: Any) -> str:
    if problem.validator == "oneOf":
        return "give exactly one of 'manual' and 'automatic'"
    if problem.validator == "pattern" and "when" in problem.absolute_path:
        return (
            f"'{problem.instance}' is no timing rule; write 'at least 12 weeks before final-report', "
            "'10 working days after approach' or 'same day as rttm'"
        )
    return explain(problem)


def _check_names(plan: Plan, source: Sourced) -> None:
    """Refuse a name that nothing defines, and whatever turns in a circle."""
    if plan.calendar not in calendars().by_name:
        raise source.fail(
            ("calendar",), f"'{plan.calendar}' is no calendar", nearest(plan.calendar, calendars().by_name)
        )
    for place, value, known, what in _references(plan, source.data):
        if value not in known:
            raise source.fail(place, f"'{value}' is no {what} of this plan", nearest(value, known))
    for place, after in (
        (("stages",), {key: stage.after for key, stage in plan.stages.items()}),
        (("milestones",), {key: milestone.needs for key, milestone in plan.milestones.items()}),
        (("artefacts",), {key: (each.when.of,) if each.when else () for key, each in plan.artefacts.items()}),
    ):
        if circle := _circle(after):
            raise source.fail(place, f"turns in a circle: {' -> '.join(circle)}")
    for number, entry in enumerate(source.data.get("criteria", [])):
        check = plan.criteria[entry["criterion"]].check
        if isinstance(check, Automatic) and (lacks := building.lacking(check)):
            raise source.fail(("criteria", number, "automatic"), f"'{check.measure}' needs {lacks}")


def _references(plan: Plan, data: Mapping[str, Any]) -> Iterable[tuple[Place, str, Iterable[str], str]]:
    roles = [*ROLES, *plan.roles]
    lists: tuple[tuple[str, str, Iterable[str], str], ...] = (
        ("stages", "after", plan.stages, "stage"),
        ("stages", "start", plan.milestones, "milestone"),
        ("stages", "exit", plan.milestones, "milestone"),
        ("stages", "environment", plan.environments, "environment"),
        ("places", "environment", plan.environments, "environment"),
        ("places", "party", plan.parties, "party"),
        ("places", "release", releases(), "API release"),
        ("milestones", "forum", plan.forums, "forum"),
        ("milestones", "needs", plan.milestones, "milestone"),
        ("tracks", "dates", plan.artefacts, "artefact"),
        ("parties", "role", roles, "role"),
        ("parties", "reached", plan.stages, "stage"),
        ("pairings", "parties", plan.parties, "party"),
        ("cycles", "stage", plan.stages, "stage"),
        ("criteria", "stage", plan.stages, "stage"),
        ("work_off", "criterion", plan.criteria, "criterion"),
    )
    for name, field, known, what in lists:
        for number, entry in enumerate(data.get(name, [])):
            value = entry.get(field, [])
            for each in [value] if isinstance(value, str) and value else value or []:
                yield (name, number, field), each, known, what
    for number, entry in enumerate(data.get("artefacts", [])):
        artefact = plan.artefacts[entry["artefact"]]
        named = [artefact.when.of] if artefact.when else []
        named += [artefact.repeat.until] if artefact.repeat else []
        yield from ((("artefacts", number), each, plan.artefacts, "artefact") for each in named)
    for role in plan.cohort.roles if plan.cohort else ():
        yield ("cohort", "roles", role), role, roles, "role"
    yield ("gate_scale",), plan.gate_scale, plan.scales, "scale"
    for number, entry in enumerate(data.get("criteria", [])):
        known, what = building.measured(plan, plan.criteria[entry["criterion"]].check)
        for each in entry.get("manual", {}).get("met_for", []):
            yield ("criteria", number, "manual", "met_for"), each, plan.parties, "party"
        for each in entry.get("automatic", {}).get("of", []):
            yield ("criteria", number, "automatic", "of"), each, known, what
    for name in ("stages", "milestones", "parties"):
        for number, entry in enumerate(data.get(name, [])):
            if "rag" not in entry:
                continue
            scale, place = entry["rag"]["scale"], (name, number, "rag")
            yield (*place, "scale"), scale, plan.scales, "scale"
            values = plan.scales[scale].values if scale in plan.scales else ()
            yield (*place, "value"), entry["rag"]["value"], values, f"value of scale '{scale}'"


def _circle(after: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the first circle of a graph as its nodes in order, or nothing."""
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for other in after.get(node, ()):
            if found := walk(other, [*path, node]):
                return found
        done.add(node)
        return []

    return next((found for node in after if (found := walk(node, []))), [])


def _anchored(plan: Plan, anchors: Mapping[str, date]) -> Plan:
    """Give tracks their anchor date."""
    tracks: dict[str, Track] = dict(plan.tracks)
    for name, day in anchors.items():
        if name not in tracks:
            raise ConfigurationError(
                f"'{name}' is no track of this plan", where="--start", mend=nearest(name, tracks)
            )
        tracks[name] = replace(tracks[name], dates={**tracks[name].dates, building.ANCHOR: day})
    return replace(plan, tracks=tracks)


__all__ = ["SHIPPED", "Kind", "Milestone", "find", "read_plan", "schema", "shipped"]
