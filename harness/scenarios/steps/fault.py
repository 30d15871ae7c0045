"""The step ``fault``: the target misbehaves on request, towards this scenario's messages alone."""

from __future__ import annotations

import orjson

from harness.errors import EnvironmentFault
from harness.evidence.events import FaultApplied
from harness.scenarios.model import EndFaults, Fault
from harness.scenarios.play import Play
from harness.scenarios.steps import performs


@performs(Fault)
def fault(step: Fault, play: Play) -> None:
    """Add a fault to those that the target has for this instance."""
    admin = play.bench.target.admin
    if admin is None:
        raise EnvironmentFault("the target has no admin API", mend="Give it the capability 'admin'.")
    wanted = dict(step.options)
    if step.of:
        wanted["party"] = play.cast.party(step.of).dip_id
    play.faults.append(wanted)
    play.perturbed = True
    admin.set_faults(play.faults, tag=play.cast.tag)


@performs(EndFaults)
def end(_step: EndFaults, play: Play) -> None:
    """Switch the case's faults off while it goes on."""
    end_faults(play)
    play.settled = None


def end_faults(play: Play) -> None:
    """Write which faults were applied, seeded ones of simulated parties too, and switch them off."""
    admin = play.bench.target.admin
    behaviours = play.cast.case.scenario.given.behaviours
    if admin is None or not (play.faults or play.perturbed or behaviours):
        return
    found = {orjson.dumps(applied): applied for applied in admin.applied_faults(tag=play.cast.tag)}
    fresh = [applied for written, applied in found.items() if written not in play.applied]
    play.applied |= set(found)
    for applied in sorted(fresh, key=lambda each: (each["fault"], each["point"], each.get("party", ""))):
        rest = {key: value for key, value in applied.items() if key not in ("at", "fault", "point", "party")}
        play.event(
            FaultApplied(
                case=play.cast.case.key,
                fault=str(applied["fault"]),
                point=str(applied["point"]),
                party=str(applied.get("party", "")),
                applied_at=str(applied["at"]),
                details=rest,
            )
        )
    if play.faults:
        admin.clear_faults(tag=play.cast.tag)
    play.faults = []
