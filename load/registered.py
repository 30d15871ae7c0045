"""What simulated registration services hold, so that they answer the load as they would real requests."""

from __future__ import annotations

import json
from pathlib import Path

from harness.errors import ConfigurationError
from harness.transport.admin import Admin
from harness.transport.network import Network
from load.plan import Lane, Plan
from load.profile import Profile


def register(profile: Profile, plan: Plan, network: Network, admin: Admin, folder: Path) -> None:
    """Give each simulated registration service the metering points of the lanes that send to it.

    Raises ConfigurationError where no lane sends to one.
    """
    held: dict[str, list[dict[str, str]]] = {}
    for lane in plan.lanes:
        for place in range(_numbers(plan, lane)):
            recipient = lane.recipients[place % lane.variants] if lane.recipients else ""
            if recipient and network.by_dip_id(recipient).role == "REGS":
                held.setdefault(recipient, []).append(_point(lane, place, network))
    if not held:
        raise ConfigurationError(
            "is 'registered', and no flow sends to a registration service", where=profile.file
        )
    behaviours = {}
    for dip_id, points in held.items():
        points.sort(key=lambda point: point["mpan"])
        file = folder / f"points-{dip_id}.jsonl"
        file.write_text("".join(json.dumps(p, separators=(",", ":")) + "\n" for p in points))
        behaviours[dip_id] = {"name": "registration", "points_file": str(file)}
    admin.set_behaviours(plan.tag, behaviours)


def _numbers(plan: Plan, lane: Lane) -> int:
    """Return how many metering points a lane comes to in the run."""
    return lane.points or sum(1 for _ in plan.due(lane)) * lane.batch


def _point(lane: Lane, number: int, network: Network) -> dict[str, str]:
    others = {role: network.with_role(role)[-1].dip_id for role in ("MSS", "SDS")}
    return {
        "mpan": lane.mpan(number),
        "supplier": lane.dip_id,
        "metering_service": others["MSS"],
        "data_service": others["SDS"],
        "market_segment": "S",
        "connection_type": "W",
        "energisation": "E",
    }
