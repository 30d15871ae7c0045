"""How many messages portfolios and processes make: per interface, role, hour, and for whom (pure).

A process makes the messages of a scenario of the catalogue: their order, senders and recipients are read from
its steps, so that the count follows what the scenarios say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.data import folder as data_folder
from harness.errors import ConfigurationError, nearest
from harness.scenarios.catalogue import read_variants
from harness.scenarios.model import Receive, Scenario
from harness.settings import read
from harness.spec.routing import load_routing

SHIPPED = Path(__file__).with_name("volumetrics.yaml")
HOURS = 24
DAYS_OF_YEAR = 365
_BASES = ("published", "third-party", "assumed")
_SEGMENT_ROLES = {"SDS": ("SDS", "ADS", "UMSDS"), "MSS": ("MSS", "MSA", "UMSO")}
"""Roles of the smart, the advanced and the unmetered segment, by that of the smart one."""
_ONE_OF_RATES = ("per_point_day", "per_point_year", "per_day")


@dataclass(frozen=True, slots=True)
class Basis:
    """Who says a figure."""

    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class PartyClass:
    """Parties of one role that are alike: how many, and which share of the market all of them have."""

    name: str
    role: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a process: who sends it and how many parties of which role receive it."""

    interface: str
    event: str
    sender: str
    recipients: tuple[str, ...]
    """Roles, one for each recipient."""


@dataclass(frozen=True, slots=True)
class Process:
    """A business process: its messages, how often it runs on an average and on its busiest day, and when."""

    name: str
    title: str
    scenario: str
    messages: tuple[Said, ...]
    per_day: float
    busiest_day: float
    first_hour: int
    last_hour: int
    bases: tuple[tuple[str, Basis], ...]


@dataclass(frozen=True, slots=True)
class Peak:
    """A public figure of a whole day."""

    name: str
    per_day: float
    process: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Given:
    """What is counted from."""

    points: float
    parties: tuple[PartyClass, ...]
    processes: tuple[Process, ...]
    peaks: tuple[Peak, ...]
    burst: float
    segments: Mapping[str, tuple[tuple[str, float], ...]]
    """A role of the scenarios' smart segment to the roles that do the same, with their segments' shares."""
    bases: tuple[tuple[str, Basis], ...]
    """Figure and who says it, for everything that is no process's own."""
    file: str


@dataclass(frozen=True, slots=True)
class Line:
    """One message of one process on a day."""

    process: str
    interface: str
    event: str
    sender: str
    sent: float
    """Messages of the day."""
    recipients: Mapping[str, float]
    """Publications of the day by role."""
    hours: tuple[float, ...]
    """Messages by hour."""

    @property
    def publications(self) -> float:
        """Publications of the day."""
        return sum(self.recipients.values())


@dataclass(frozen=True, slots=True)
class Day:
    """A day in messages, for the country."""

    name: str
    lines: tuple[Line, ...]
    burst: float

    @property
    def sent(self) -> float:
        """Messages into the DIP."""
        return sum(line.sent for line in self.lines)

    @property
    def publications(self) -> float:
        """Publications out of it."""
        return sum(line.publications for line in self.lines)

    @property
    def hours(self) -> tuple[float, ...]:
        """Messages by hour."""
        return tuple(sum(line.hours[hour] for line in self.lines) for hour in range(HOURS))

    @property
    def peak_per_s(self) -> float:
        """Messages a second in the busiest minute."""
        return max(self.hours) / 3600 * self.burst

    def by_role(self) -> Mapping[str, tuple[float, float]]:
        """Return messages sent and publications received of the day, by role."""
        sent: dict[str, float] = defaultdict(float)
        received: dict[str, float] = defaultdict(float)
        for line in self.lines:
            sent[line.sender] += line.sent
            for role, count in line.recipients.items():
                received[role] += count
        return {role: (sent[role], received[role]) for role in sorted({*sent, *received})}

    def by_interface(self) -> Mapping[str, tuple[float, float]]:
        """Return messages and publications of the day, by interface."""
        found: dict[str, tuple[float, float]] = {}
        for line in self.lines:
            sent, out = found.get(line.interface, (0.0, 0.0))
            found[line.interface] = (sent + line.sent, out + line.publications)
        return dict(sorted(found.items()))

    def of_party(self, party: PartyClass) -> tuple[float, float, float]:
        """Return messages sent, publications received and the busiest minute's messages of one such party."""
        part = party.share / party.count
        sent, received = self.by_role().get(party.role, (0.0, 0.0))
        hours = [
            sum(line.hours[hour] for line in self.lines if line.sender == party.role) for hour in range(HOURS)
        ]
        return sent * part, received * part, max(hours) / 60 * self.burst * part


def average_day(given: Given) -> Day:
    """Return a day on which every process runs as often as on average."""
    return _day("average", given, {each.name: each.per_day for each in given.processes})


def busy_day(given: Given) -> Day:
    """Return a day on which every process has its busiest day at once."""
    return _day("busiest", given, {each.name: each.busiest_day for each in given.processes})


def peak_day(given: Given, name: str) -> Day:
    """Return the day that a public figure speaks of, its process alone; raises ConfigurationError."""
    known = {peak.name: peak for peak in given.peaks}
    if name not in known:
        raise ConfigurationError(f"'{name}' is no peak", where=given.file, mend=nearest(name, known))
    return _day(name, given, {known[name].process: known[name].per_day})


def process_day(given: Given, name: str) -> Day:
    """Return the busiest day of one process alone; raises ConfigurationError for an unknown one."""
    return _day(name, given, {name: _process(given, name).busiest_day})


def day(given: Given, name: str) -> Day:
    """Return a day by name: average, busiest, a peak or a process."""
    if name == "average":
        return average_day(given)
    if name == "busiest":
        return busy_day(given)
    if name in {process.name for process in given.processes}:
        return process_day(given, name)
    if name not in {peak.name for peak in given.peaks}:
        raise ConfigurationError(f"'{name}' is no day", where="--day", mend=nearest(name, days(given)))
    return peak_day(given, name)


def days(given: Given) -> tuple[str, ...]:
    """Return the names of all days."""
    return (
        "average",
        "busiest",
        *(peak.name for peak in given.peaks),
        *(process.name for process in given.processes),
    )


def _process(given: Given, name: str) -> Process:
    return next(process for process in given.processes if process.name == name)


def _day(name: str, given: Given, runs: Mapping[str, float]) -> Day:
    lines = []
    for process_name, times in runs.items():
        process = _process(given, process_name)
        for said in process.messages:
            recipients: dict[str, float] = defaultdict(float)
            for role in said.recipients:
                for held, share in given.segments.get(role, ((role, 1.0),)):
                    recipients[held] += times * share
            for sender, share in _senders(given, said):
                part = {role: count * share for role, count in recipients.items()}
                lines.append(
                    Line(
                        process.name,
                        said.interface,
                        said.event,
                        sender,
                        times * share,
                        part,
                        _spread(times * share, process.first_hour, process.last_hour),
                    )
                )
    return Day(name, tuple(lines), given.burst)


def _senders(given: Given, said: Said) -> list[tuple[str, float]]:
    """Return who sends a message, with shares: the roles of the segments that may send it."""
    able = {row.role for row in load_routing().senders(said.interface, said.event)}
    held = [each for each in given.segments.get(said.sender, ()) if each[0] in able]
    total = sum(share for _, share in held)
    return [(role, share / total) for role, share in held] or [(said.sender, 1.0)]


def _spread(count: float, first: int, last: int) -> tuple[float, ...]:
    """Spread a day's count evenly over hours; ``last`` is the hour in which it has ended."""
    return tuple(count / (last - first) if first <= hour < last else 0.0 for hour in range(HOURS))


def messages_of(scenario: Scenario, only: Sequence[str] = ()) -> tuple[Said, ...]:
    """Return the messages that a scenario's steps speak of, in order; ``only``: of these interfaces.

    Publications of one interface and event that parties receive in steps one after another are one message.
    """
    roles = {alias: spec.partition("#")[0] for alias, spec in scenario.given.parties.items()}
    found: list[tuple[str, str, list[str]]] = []
    for step in scenario.steps:
        if not isinstance(step, Receive) or not step.interface or (only and step.interface not in only):
            continue
        received = [roles[alias] for alias in step.by if alias in roles]
        if found and found[-1][:2] == (step.interface, step.event):
            found[-1][2].extend(received)
        else:
            found.append((step.interface, step.event, received))
    held = set(roles.values())
    return tuple(
        Said(interface, event, _sender(interface, event, held), tuple(received))
        for interface, event, received in found
    )


def _sender(interface: str, event: str, held: Iterable[str]) -> str:
    senders = [row.role for row in load_routing().senders(interface, event)]
    return next((role for role in senders if role in held), senders[0] if senders else "DIP")


@cache
def read_given(path: Path = SHIPPED) -> Given:
    """Read what is counted from; raises ConfigurationError naming the entry."""
    data = read(path)
    where = str(path)
    points = _figure(data, "metering_points", where)
    general = ("metering_points", "smart_share", "advanced_share", "burst")
    bases = [(name, _basis(data.get(name), f"{where}: {name}")) for name in general]
    bases += [("parties", _basis(data.get("parties_basis"), f"{where}: parties_basis"))]
    parties = tuple(
        PartyClass(entry["class"], role, int(entry["count"]), float(entry["share"]))
        for role, entries in data.get("parties", {}).items()
        for entry in entries
    )
    for role in {party.role for party in parties}:
        total = sum(party.share for party in parties if party.role == role)
        if abs(total - 1.0) > 1e-6:
            raise ConfigurationError(
                f"the shares of {role} add up to {total:g}", where=f"{where}: parties", mend="They make 1."
            )
    processes = tuple(_read_process(entry, points, where) for entry in data.get("processes", ()))
    names = [process.name for process in processes]
    peaks = []
    for name, entry in data.get("peaks", {}).items():
        if entry["process"] not in names:
            raise ConfigurationError(
                f"'{entry['process']}' is no process",
                where=f"{where}: peaks/{name}",
                mend=nearest(entry["process"], names),
            )
        basis = _basis(entry, f"{where}: peaks/{name}")
        peaks.append(Peak(name, float(entry["per_day"]), entry["process"], basis))
    smart, advanced = _figure(data, "smart_share", where), _figure(data, "advanced_share", where)
    segments = {
        role: tuple(zip(held, (smart, advanced, 1.0 - smart - advanced), strict=True))
        for role, held in _SEGMENT_ROLES.items()
    }
    return Given(
        points,
        parties,
        processes,
        tuple(peaks),
        _figure(data, "burst", where),
        segments,
        tuple(bases),
        where,
    )


def _read_process(entry: Mapping[str, Any], points: float, file: str) -> Process:
    where = f"{file}: processes/{entry.get('process', '?')}"
    rates = [name for name in _ONE_OF_RATES if name in entry]
    if len(rates) != 1:
        raise ConfigurationError(f"names {len(rates)} rates", where=where, mend=", ".join(_ONE_OF_RATES))
    (kind,) = rates
    value = _figure(entry, kind, where)
    per_day = {
        "per_point_day": value * points,
        "per_point_year": value * points / DAYS_OF_YEAR,
        "per_day": value,
    }[kind]
    factor = _figure(entry, "peak_factor", where) if "peak_factor" in entry else 1.0
    scenario_file = data_folder("test_catalogue") / entry["scenario"]
    if not scenario_file.is_file():
        raise ConfigurationError(f"there is no scenario {entry['scenario']}", where=where)
    messages = messages_of(read_variants(scenario_file)[0], entry.get("messages", ()))
    if entry.get("once"):
        messages = tuple({(each.interface, each.event): each for each in reversed(messages)}.values())[::-1]
    if not messages:
        raise ConfigurationError(f"no message of {entry['scenario']} counts", where=f"{where}: messages")
    hours = entry["hours"]
    if not 0 <= hours["from"] < hours["to"] <= HOURS:
        raise ConfigurationError(f"hours are {hours['from']} to {hours['to']}", where=where)
    figures = [
        (name, _basis(entry[name], f"{where}: {name}")) for name in (kind, "peak_factor") if name in entry
    ]
    figures.append(("hours", _basis(entry.get("hours_basis"), f"{where}: hours_basis")))
    return Process(
        entry["process"],
        entry["title"],
        entry["scenario"],
        messages,
        per_day,
        per_day * factor,
        hours["from"],
        hours["to"],
        tuple(figures),
    )


def _figure(data: Mapping[str, Any], name: str, where: str) -> float:
    entry = data.get(name)
    if not isinstance(entry, Mapping) or not isinstance(entry.get("value"), int | float):
        raise ConfigurationError(
            f"{name} has no value", where=where, mend="{value: ..., basis: ..., source: ...}"
        )
    return float(entry["value"])


def _basis(entry: Any, where: str) -> Basis:
    if not isinstance(entry, Mapping) or not entry.get("source"):
        raise ConfigurationError("has no source", where=where, mend="Each figure says who gives it.")
    if entry.get("basis") not in _BASES:
        raise ConfigurationError(f"basis is '{entry.get('basis')}'", where=where, mend=", ".join(_BASES))
    return Basis(entry["basis"], entry["source"])
