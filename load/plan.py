"""A run on paper: which lanes send what, from whom to whom, when. Written as JSON for every process of a run.

A lane is one participant's part of one flow. The plan holds no secret: keys and certificates are found by
DIP id in the network of the target.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.messages.identifiers import MPAN_LENGTH
from harness.messages.identifiers import mpan as mpan_of
from harness.transport.network import Network
from load.arrivals import due_times
from load.participants import primary_role
from load.profile import Phase, Profile

SERIAL_DIGITS = 8
_LANE_DIGITS = 3
_POINT_DIGITS = 7
_MOST_LANES = 10**_LANE_DIGITS - 1
_GOLDEN = 0.6180339887
"""Part of a gap by which lanes follow one another, so that no two send in step."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One participant's part of one flow."""

    number: int
    flow: str
    interface: str
    event: str
    role: str
    dip_id: str
    requests_share: float
    """Requests a second per message a second of the shape."""
    offset: float
    batch: int
    points: int
    recipients: tuple[str, ...]
    """DIP ids of the primary recipients, taken in turn."""
    prefixes: tuple[str, ...]
    """Distributor ids of the metering points, one for each recipient."""
    suppliers: tuple[str, ...]
    """Who supplies the points, in turn; empty where the hub is told nothing beforehand."""
    largest: bool
    content: dict[str, Any]
    response: tuple[str, str]
    """Interface and event of the business response; empty texts where there is none."""

    @property
    def variants(self) -> int:
        """How many kinds of messages the lane sends in turn."""
        return max(1, len(self.recipients))

    def mpan(self, number: int) -> str:
        """Return the metering point of a message."""
        place = number % self.points if self.points else number
        unique = (self.number + 1) * 10**_POINT_DIGITS + place
        return mpan_of(self.prefixes[number % self.variants], unique)

    def serial(self, run: str, number: int) -> str:
        """Return what ends a message's reference: run, lane and number."""
        return f"{run}{self.number:0{_LANE_DIGITS}d}n{number:0{SERIAL_DIGITS}d}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the processes of a run share; ``run`` has six letters and digits."""

    run: str
    profile: str
    release: str
    base_url: str
    environment: str
    seconds: float
    phases: tuple[Phase, ...]
    seed: str | None
    """Of random arrivals; None: even ones."""
    lanes: tuple[Lane, ...]
    connections: int
    """Of each lane."""

    @property
    def tag(self) -> str:
        """Return the text in S1.subText."""
        return f"load {self.run}"

    def due(self, lane: Lane) -> Iterator[float]:
        """Yield when a lane's requests are due, in seconds from the start."""
        seed = f"{self.seed}/{lane.number}" if self.seed is not None else None
        return due_times(self.phases, lane.requests_share, offset=lane.offset, seed=seed)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read_plan(path: Path) -> Plan:
    """Read what `Plan.write` wrote."""
    return plan_of(json.loads(path.read_text(encoding="utf-8")))


def plan_of(data: dict[str, Any]) -> Plan:
    """Rebuild a plan from its JSON."""
    lanes = tuple(map(_lane, data["lanes"]))
    phases = tuple(Phase(**each) for each in data["phases"])
    return Plan(**{**data, "lanes": lanes, "phases": phases})


def _lane(data: dict[str, Any]) -> Lane:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
    }
    return Lane(**values)


def make_plan(
    profile: Profile,
    network: Network,
    *,
    run: str,
    base_url: str,
    environment: str,
    seed: int,
    connections: int,
) -> Plan:
    """Spread a profile over the parties of a network; raises ConfigurationError for more lanes than fit."""
    total = sum(flow.share for flow in profile.flows)
    distributors = [party.distributor_id for party in network.with_role("LDSO") if party.distributor_id]
    lanes: list[Lane] = []
    for flow in profile.flows:
        role = primary_role(flow, network)
        shares = flow.shares or (1.0,) * flow.participants
        for place, (party, share) in enumerate(
            zip(network.with_role(flow.sender)[: flow.participants], shares, strict=True)
        ):
            others = [each for each in network.with_role(role) if each.dip_id != party.dip_id] if role else []
            chosen = others[: flow.recipients]
            lanes.append(
                Lane(
                    number=len(lanes),
                    flow=flow.name,
                    interface=flow.interface,
                    event=flow.event,
                    role=flow.sender,
                    dip_id=party.dip_id,
                    requests_share=flow.share / total * share / sum(shares) / flow.batch,
                    offset=(place / flow.participants + len(lanes) * _GOLDEN) % 1.0,
                    batch=flow.batch,
                    points=flow.points,
                    recipients=tuple(each.dip_id for each in chosen),
                    prefixes=tuple(
                        party.distributor_id or each.distributor_id or distributors[0] for each in chosen
                    )
                    or (party.distributor_id or distributors[0],),
                    suppliers=tuple(p.dip_id for p in network.with_role("SUP")[: flow.recipients])
                    if flow.known
                    else (),
                    largest=flow.largest,
                    content=dict(flow.content),
                    response=(flow.response.interface, flow.response.event) if flow.response else ("", ""),
                )
            )
    if len(lanes) > _MOST_LANES:
        raise ConfigurationError(
            f"has {len(lanes)} participants in all its flows, at most {_MOST_LANES} can be told apart",
            where=profile.file,
        )
    return Plan(
        run=run,
        profile=profile.id,
        release=profile.release,
        base_url=base_url,
        environment=environment,
        seconds=profile.seconds,
        phases=profile.shape,
        seed=str(seed) if profile.random_arrivals else None,
        lanes=tuple(lanes),
        connections=connections,
    )


def place_of_mpan(mpan: str) -> tuple[int, int] | None:
    """Return lane and place of a metering point that `Lane.mpan` made; None for another."""
    if len(mpan) != MPAN_LENGTH or not mpan.isdigit():
        return None
    lane, place = divmod(int(mpan[2:12]), 10**_POINT_DIGITS)
    return (lane - 1, place) if lane else None


def place_of_serial(reference: str, run: str) -> tuple[int, int] | None:
    """Return lane and number of a sender's reference of this run; None for another."""
    tail = reference.rpartition("-")[2]
    size = len(run) + _LANE_DIGITS + 1 + SERIAL_DIGITS
    if len(tail) != size or not tail.startswith(run):
        return None
    lane, _, number = tail[len(run) :].partition("n")
    return (int(lane), int(number)) if lane.isdigit() and number.isdigit() else None
