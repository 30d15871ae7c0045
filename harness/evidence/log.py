"""Writing `events.ndjson`: one part per process while a run goes on, merged into one order at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import orjson

from harness.errors import ConfigurationError, EnvironmentFault
from harness.evidence.events import Event, InstanceEvent, RunFinished, RunStarted, from_dict

FILE = "events.ndjson"
PARTS = "parts"
"""Folder of what each process writes while a run goes on."""
CONTROLLER = "controller"
"""Name of the process that writes a run's first and last event."""


def stamp() -> str:
    """Return the present in UTC with milliseconds, as events carry it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class EventLog:
    """Appends events to one file; numbers instance events within their case.

    ``after`` gives the last number of cases that an earlier process began.
    """

    def __init__(self, path: Path, *, after: Mapping[str, int] | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file: BinaryIO = path.open("ab")
        except OSError as error:
            raise EnvironmentFault(f"can't be written: {error}", where=str(path)) from error
        self._sequence = dict(after or {})

    def write(self, event: Event) -> Event:
        """Append ``event`` with time and, for instance events, the next sequence number of its case."""
        event = replace(event, at=event.at or stamp())
        if isinstance(event, InstanceEvent):
            number = self._sequence.get(event.case, 0) + 1
            self._sequence[event.case] = number
            event = replace(event, sequence=number)
        self._file.write(orjson.dumps(event.as_dict(), option=orjson.OPT_APPEND_NEWLINE))
        self._file.flush()
        return event

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def event_files(folder: Path) -> list[Path]:
    """Return the files of a run's events, its first event first; of a run that was killed, its parts.

    The path of the one file where neither is there.
    """
    path = folder / FILE
    parts = [] if path.exists() else sorted((folder / PARTS).glob("events-*.ndjson"))
    return sorted(parts, key=lambda part: not part.stem.endswith(CONTROLLER)) or [path]


def read_events(path: Path, *, wanted: Callable[[bytes], bool] | None = None) -> Iterator[Event]:
    """Read events in file order, line by line; raises ConfigurationError naming the line that is damaged.

    A last line without its newline, which an interrupted run can leave, is passed over, and so is each line
    (its bytes) that is not ``wanted``, unread.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n") and (wanted is None or wanted(line)):
                    yield _event(line, path, number)
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error}", where=str(path)) from error


def _event(line: bytes, path: Path, number: int) -> Event:
    try:
        return from_dict(orjson.loads(line))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"is no event: {error}",
            where=f"{path}, line {number}",
            mend="The file was changed or damaged; take it from the run's own copy.",
        ) from error


def merge(parts: Iterable[Path], into: Path) -> None:
    """Write the events of ``parts`` to ``into``: start, instances by case and sequence, end.

    ``into`` appears whole or not at all.
    """
    first: list[Event] = []
    last: list[Event] = []
    middle: list[InstanceEvent] = []
    for part in parts:
        for event in read_events(part):
            if isinstance(event, InstanceEvent):
                middle.append(event)
            elif isinstance(event, RunStarted):
                first.append(event)
            elif isinstance(event, RunFinished):
                last.append(event)
    middle.sort(key=lambda event: (event.case, event.sequence))
    temporary = into.with_name(into.name + ".part")
    with temporary.open("wb") as file:
        for whole in (*first, *middle, *last):
            file.write(orjson.dumps(whole.as_dict(), option=orjson.OPT_APPEND_NEWLINE))
    temporary.replace(into)
