"""Volumetrics as tables and as JSON (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from load.volumetrics import HOURS, Basis, Day, Given, Line


def as_dict(given: Given, day: Day) -> dict[str, Any]:
    """Return a day for programs; figures are messages or publications of the day unless named otherwise."""
    return {
        "day": day.name,
        "metering_points": given.points,
        "country": {
            "messages": day.sent,
            "publications": day.publications,
            "fan_out": day.publications / day.sent if day.sent else None,
            "busiest_minute_per_s": day.peak_per_s,
            "hours": list(day.hours),
        },
        "interfaces": [
            {
                "process": line.process,
                "interface": line.interface,
                "event": line.event,
                "sender": line.sender,
                "messages": line.sent,
                "recipients": dict(line.recipients),
                "hours": list(line.hours),
            }
            for line in day.lines
        ],
        "roles": {role: {"sent": sent, "received": got} for role, (sent, got) in day.by_role().items()},
        "parties": [
            {
                "class": party.name,
                "role": party.role,
                "count": party.count,
                "sent": sent,
                "received": received,
                "busiest_minute": minute,
            }
            for party in given.parties
            for sent, received, minute in [day.of_party(party)]
        ],
        "bases": [
            {"figure": name, "basis": basis.basis, "source": basis.source}
            for name, basis in bases(given, day)
        ],
    }


def bases(given: Given, day: Day) -> Iterator[tuple[str, Basis]]:
    """Yield the figures that a day stands on, with who gives each."""
    yield from given.bases
    peak = next((each for each in given.peaks if each.name == day.name), None)
    if peak is not None:
        yield f"{peak.name}/per_day", peak.basis
    running = {line.process for line in day.lines}
    for process in given.processes:
        if process.name in running:
            for name, basis in process.bases:
                if name == "hours" or peak is None:
                    yield f"{process.name}/{name}", basis


def tables(given: Given, day: Day, *, by_hour: bool) -> Iterator[RenderableType]:
    """Yield a day's tables for a terminal."""
    fan_out = day.publications / day.sent if day.sent else 0.0
    yield Text.assemble(
        (f"{day.name} day", "bold"),
        f": {_n(day.sent)} messages into the DIP, {_n(day.publications)} publications out of it "
        f"(fan-out {fan_out:.2f}), {day.peak_per_s:,.0f} messages/s in the busiest minute",
    )
    table = _table("process", "message", "senders", "messages", "publications", "fan-out")
    together: dict[tuple[str, str], list[Line]] = {}
    for line in day.lines:
        together.setdefault((line.process, f"{line.interface} {line.event}"), []).append(line)
    for (process, message), lines in together.items():
        sent, out = sum(line.sent for line in lines), sum(line.publications for line in lines)
        senders = " ".join(dict.fromkeys(line.sender for line in lines))
        table.add_row(process, message, senders, _n(sent), _n(out), f"{out / sent:.0f}" if sent else "")
    yield table
    table = _table("role", "sends", "receives")
    for role, (sent, received) in day.by_role().items():
        table.add_row(role, _n(sent), _n(received))
    yield table
    table = _table("one of", "role", "parties", "sends", "receives", "busiest minute")
    for party in given.parties:
        sent, received, minute = day.of_party(party)
        if sent or received:
            table.add_row(party.name, party.role, str(party.count), _n(sent), _n(received), _n(minute))
    yield table
    if by_hour:
        yield _hours(day)
    table = _table("figure", "basis", "source", last="fold")
    for name, basis in bases(given, day):
        table.add_row(name, basis.basis, basis.source)
    yield table


def _hours(day: Day) -> Table:
    table = _table("hour (UTC)", *day.by_interface())
    for hour in range(HOURS):
        row = [
            _short(sum(line.hours[hour] for line in day.lines if line.interface == interface))
            for interface in day.by_interface()
        ]
        table.add_row(f"{hour:02d}", *row)
    return table


def _table(*titles: str, last: str = "") -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    left = {"process", "message", "senders", "role", "one of", "figure", "basis", "source"}
    for title in titles:
        if title in left:
            table.add_column(title, header_style="dim", overflow="fold" if last else "ellipsis")
        else:
            table.add_column(title, header_style="dim", justify="right", no_wrap=True)
    return table


def _short(value: float) -> str:
    """Return a count in few characters: 3.9M, 131k, 12."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.2g}{letter}" if value < 100 * size else f"{value / size:.0f}{letter}"
    return f"{value:.0f}"


def _n(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:,.2f}"
