"""What an environment still lacks: builds, certificates, data loads, readiness."""

from __future__ import annotations

from datetime import date

from harness.stages.plan.model import Plan


def unready(plan: Plan, environment: str, as_of: date, party: str = "") -> list[str]:
    """List which parties (or whether one party) an environment lacks, and what they lack there.

    Of several lines for a party, one that is complete will do.
    """
    places = [each for each in plan.places if each.environment == environment]
    if party and not any(each.party == party for each in places):
        return [f"{environment}: no line for {party}"] if places else []
    lacking: dict[str, list[str]] = {}
    for place in places:
        if party and place.party != party:
            continue
        lacks = [name for name in ("build", "certificates") if not getattr(place, name)]
        if place.data_load and (place.data_loaded is None or place.data_loaded > as_of):
            lacks.append(f"data load {place.data_load}")
        if place.ready is None or place.ready > as_of:
            lacks.append("readiness" + (f" (from {place.ready})" if place.ready else ""))
        if place.party not in lacking or lacking[place.party]:
            lacking[place.party] = lacks
    return [f"{environment}: {name} lacks {', '.join(lacks)}" for name, lacks in lacking.items() if lacks]
