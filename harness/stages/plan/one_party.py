"""What a run showed of one party (pure): its cases, and real evidence only where its own system was real."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.evidence.evidence_class import EvidenceClass
from harness.stages.plan.model import Party
from harness.stages.plan.runs import Requirement, Result, RunFacts

_WORST = ("failed", "blocked", "in progress", "not started", "passed with work-off", "passed")
_OUTSIDE = ("not applicable", "descoped")


def of_party(run: RunFacts, party: Party) -> RunFacts | None:
    """Return a run as far as a party took part in its cases; None where it took part in none.

    One that is open counts as soon as the party is in its network: its cases may still come.

    Where the party's own system was simulated, the run is a rehearsal for it, whoever else was real. A
    requirement of its role has the worst status of the cases of the party that cite it.
    """
    own = [each for each in run.network if is_party(each, party)]
    ids = {each.get("dip_id", "") for each in own}
    results = tuple(result for result in run.results if ids & set(result.parties))
    if not results and not (own and run.open):
        return None
    real = all(each.get("real") == "yes" for each in own)
    requirements = tuple(
        replace(row, status=_worst(row, results)) for row in run.requirements if row.role == party.role
    )
    return replace(
        run,
        evidence=run.evidence if real else EvidenceClass.REHEARSAL,
        results=results,
        requirements=requirements,
    )


def is_party(entry: object, party: Party) -> bool:
    """Say whether an entry of a run's network is a party: by DIP id, else by organisation and role."""
    if not isinstance(entry, dict):
        return False
    if party.dip_id:
        return entry.get("dip_id") == party.dip_id
    return entry.get("organisation") == party.organisation and entry.get("role") == party.role


def _worst(row: Requirement, results: Iterable[Result]) -> str:
    found = [each.status for each in results if row.id in each.requirements and each.status not in _OUTSIDE]
    return min(found, key=_WORST.index) if found else "not started"
