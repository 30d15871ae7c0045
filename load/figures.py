"""Reading what a run noted, and its result as JSON (`load.json`) for reports, comparisons and programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.settings import current
from harness.writing import write_whole
from load.arrived import read_arrivals
from load.crowding import others_share
from load.judging import Judgement, health, judge
from load.measures import MEASURES
from load.measuring import Measured, Tables, measure, slot_seconds
from load.playing import Played
from load.profile import Profile
from load.receiving import ARRIVALS, TABLES
from load.records import read_records

FILE = "load.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Result:
    """A run of a profile: what was measured and how it is judged."""

    profile: Profile
    played: Played
    measured: Measured
    judgement: Judgement
    told: tuple[dict[str, Any], ...]
    """What the generator's processes say of themselves."""


def result(profile: Profile, played: Played) -> Result:
    """Read a run's notes, measure and judge."""
    folder = played.folder
    sent = [one for path in sorted(folder.glob("records-*.bin")) for one in read_records(path)]
    arrivals = folder / ARRIVALS
    tables = Tables.of(json.loads((folder / TABLES).read_text())) if (folder / TABLES).exists() else Tables()
    measured = measure(
        played.plan,
        sent,
        read_arrivals(arrivals) if arrivals.exists() else (),
        tables,
        start=played.start,
        receives=played.receives,
        order=promised(profile, simulated=played.simulated),
        disturbed=played.disturbed,
        drained=played.drained,
        resident=[(sample.at, sample.resident) for sample in played.samples],
    )
    told = tuple(json.loads(path.read_text()) for path in sorted(folder.glob("generator-*.json")))
    others = others_share(played.samples, told, tables.cpu_seconds) if played.simulated else None
    fitness = health(measured, told, current(), others=others)
    judgement = judge(profile, measured, fitness, rehearsal=played.simulated)
    return Result(profile, played, measured, judgement, told)


def promised(profile: Profile, *, simulated: bool) -> str:
    """Return the order of delivery that the target promises: none, per-mpan or per-recipient."""
    if not simulated:
        return profile.order
    return str(profile.settings.get("delivery.order", current().text("delivery.order")))


def as_dict(found: Result) -> dict[str, Any]:
    """Return the content of `load.json`."""
    profile, plan, measured, judgement = found.profile, found.played.plan, found.measured, found.judgement
    return {
        "format": FORMAT,
        "run": plan.run,
        "profile": profile.id,
        "title": profile.title,
        "file": Path(profile.file).name,
        "sha256": profile.digest,
        "release": plan.release,
        "scale": profile.scale,
        "seconds": plan.seconds,
        "time_factor": profile.time_factor,
        "rehearsal": found.played.simulated,
        "volume": dict(profile.volume),
        "order": promised(profile, simulated=found.played.simulated),
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "limits": [
            {
                "measure": check.limit.measure,
                "title": check.limit.title,
                "bound": check.limit.bound,
                "upper": check.limit.upper,
                "value": check.value,
                "passed": check.passed,
                "decides": check.decides,
                "relaxed": check.limit.relaxed,
                "basis": check.limit.basis,
                "source": check.limit.source,
            }
            for check in judgement.checks
        ],
        "generator": asdict(judgement.health),
        "measures": {name: measured.values.get(name) for name in MEASURES},
        "flows": [asdict(flow) for flow in measured.flows],
        "statuses": dict(measured.statuses),
        "first_refusal": next((each["first_refusal"] for each in found.told if each["first_refusal"]), ""),
        "disturbed": [[a - found.played.start, b - found.played.start] for a, b in found.played.disturbed],
        "slot_seconds": slot_seconds(plan),
        "course": [asdict(each) for each in measured.seconds],
        "answers": measured.answers,
        "deliveries": measured.deliveries,
    }


def write(found: Result, folder: Path) -> dict[str, Any]:
    """Write `load.json`; returns its content."""
    content = as_dict(found)
    write_whole(folder / FILE, json.dumps(content).encode())
    return content


def read(path: Path) -> dict[str, Any]:
    """Read a `load.json`, or the one in a folder; raises ConfigurationError where it is none."""
    file = path / FILE if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"can't be read as a load's result: {error}", where=str(file)) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or "measures" not in content:
        raise ConfigurationError(
            "is no result of a load", where=str(file), mend=f"Give a folder with {FILE}."
        )
    return content
