"""A scenario instance as stored data: what was sent, what is awaited, until when and whose move it is.

An instance that can't go on is written to ``instances/`` in the run's folder; a later process reads it and
goes on at the step where it stopped. Nothing else is kept between two steps.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from harness.errors import ConfigurationError
from harness.writing import write_whole


@dataclass(slots=True)
class Sent:
    """One message that a step sent."""

    interface: str
    event: str
    sender: str
    reference: str
    payload: dict[str, Any]
    expected: dict[str, str]
    """Recipient DIP id to tier."""
    body: str
    """SHA-256 of the request's bytes in the evidence store."""


@dataclass(slots=True)
class Instance:
    """The state between two steps."""

    case: str
    tag: str
    seed: int
    effective: str
    """The scenario's effective date, as UTC."""
    next_step: int = 0
    sent: list[Sent] = field(default_factory=list)
    serial: int = 0
    """How many references were used."""
    explained: list[tuple[str, str]] = field(default_factory=list)
    """Receipts that a step has asked for: (transaction id, recipient DIP id)."""
    awaited: str = ""
    until: str = ""
    move: str = ""
    webhooks: dict[str, str] = field(default_factory=dict)
    """Webhooks that a step removed: ``<dip id>/<channel>`` to URL."""
    start: str = ""
    """When the case began, UTC."""
    mutations: list[str] = field(default_factory=list)
    """What was deliberately changed in a message, and where."""


def path_of(folder: Path, case: str) -> Path:
    """Return where an instance of a run is stored."""
    return folder / "instances" / f"{hashlib.sha256(case.encode()).hexdigest()[:16]}.json"


def save(instance: Instance, folder: Path) -> Path:
    """Write an instance whole; returns its path. Raises EnvironmentFault when the disk refuses it."""
    data = orjson.dumps(dataclasses.asdict(instance), option=orjson.OPT_INDENT_2)
    return write_whole(path_of(folder, instance.case), data, parents=True)


def discard(folder: Path, case: str) -> None:
    """Remove a stored instance that has come to its end."""
    path_of(folder, case).unlink(missing_ok=True)


def load(folder: Path, case: str) -> Instance | None:
    """Read a stored instance; None when there is none. Raises ConfigurationError for a damaged file."""
    path = path_of(folder, case)
    if not path.exists():
        return None
    try:
        data = orjson.loads(path.read_bytes())
        data["sent"] = [Sent(**sent) for sent in data["sent"]]
        data["explained"] = [(transaction, party) for transaction, party in data["explained"]]
        return Instance(**data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(
            f"is no stored instance: {error}",
            where=str(path),
            mend="Remove it to run the case from its start.",
        ) from error
