"""What was last in step with a test plan: our ids and theirs, kept in one file, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.exchange.azure_devops.profile import Profile
from harness.writing import write_whole

FORMAT = 1


@dataclass(slots=True)
class CaseEntry:
    """A test case: its work item, and the content of each side when both were last in step (SHA-256)."""

    id: int
    ours: str = ""
    theirs: str = ""
    state: str = ""
    assigned_to: str = ""


@dataclass(slots=True)
class PointEntry:
    """A test point: its outcome as it was last seen or written, and who is to test it."""

    id: int
    """0 while it is known from a file alone, which gives no ids of points."""
    suite: int
    outcome: str = ""
    tester: str = ""
    run: str = ""
    """Our run whose outcome was written last."""
    pushed: str = ""
    """That outcome; ``outcome`` may be another, where somebody set it there since."""
    at: str = ""
    """When that run began."""
    their_run: str = ""
    """The test run that a file names with the outcome that stands there."""
    build: str = ""
    """The build that a file names with it."""


@dataclass(slots=True)
class Ledger:
    """The file's content. Points are by test case and party, ``key | party``."""

    url: str
    project: str
    plan: int
    cases: dict[str, CaseEntry] = field(default_factory=dict)
    bugs: dict[str, CaseEntry] = field(default_factory=dict)
    """Defects of the register."""
    queries: dict[str, CaseEntry] = field(default_factory=dict)
    """Design queries of the register."""
    suites: dict[str, int] = field(default_factory=dict)
    configurations: dict[str, int] = field(default_factory=dict)
    points: dict[str, PointEntry] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    """Our runs whose outcomes were written whole, and the test run of each."""


def point_key(case: str, party: str) -> str:
    """Return the name of a point in a ledger."""
    return f"{case} | {party}"


def read_ledger(profile: Profile) -> Ledger:
    """Read the ledger beside a profile; a new one where there is none.

    Raises ConfigurationError for a broken one, or one that belongs to another test plan.
    """
    path = profile.ledger
    if not path.exists():
        return Ledger(profile.url, profile.project, profile.plan)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise ValueError(f"format {FORMAT} is read here")
        data["cases"] = {key: CaseEntry(**each) for key, each in data["cases"].items()}
        data["bugs"] = {key: CaseEntry(**each) for key, each in data.get("bugs", {}).items()}
        data["queries"] = {key: CaseEntry(**each) for key, each in data.get("queries", {}).items()}
        data["points"] = {key: PointEntry(**each) for key, each in data["points"].items()}
        ledger = Ledger(**data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(
            f"is no ledger: {error}",
            where=str(path),
            mend="Take it from a copy, or delete it: the next push finds its test cases by their tags.",
        ) from error
    if (ledger.url, ledger.project, ledger.plan) != (profile.url, profile.project, profile.plan):
        raise ConfigurationError(
            f"belongs to plan {ledger.plan} of {ledger.url}, {ledger.project}",
            where=str(path),
            mend="Give the other plan a profile of its own.",
        )
    return ledger


def write_ledger(profile: Profile, ledger: Ledger) -> None:
    """Write the ledger beside its profile; raises EnvironmentFault when the disk refuses it."""
    data: dict[str, Any] = {"format": FORMAT, **asdict(ledger)}
    write_whole(profile.ledger, (json.dumps(data, indent=1, sort_keys=True) + "\n").encode(), parents=True)


def known_ids(path: Path) -> dict[str, int]:
    """Return the work item of each test case of ours from a ledger's file, none where there is no file."""
    if not path.exists():
        return {}
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        return {key: int(each["id"]) for key, each in cases.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(f"is no ledger: {error}", where=str(path)) from error
