"""`results.json`: the run for programs, in the shape that the command-line contract fixes."""

from __future__ import annotations

from typing import Any

from harness.evidence.verdicts import Blame
from harness.reports.release_matrix import comparisons
from harness.reports.run import Run
from harness.reports.twins import as_dict, twin_table

FORMAT = 1


def results(run: Run) -> dict[str, Any]:
    """Return the content of `results.json`; ``twins`` is there where cases were run again, perturbed.

    ``comparisons`` is there where the run went over several releases.
    """
    table = twin_table(run)
    compared = comparisons(run)
    return {
        "format": FORMAT,
        "run": run.header.run,
        "stage": run.header.stage,
        "releases": list(run.header.releases),
        "seed": run.header.seed,
        "evidence_class": run.evidence_class.value,
        "started": run.header.at,
        "finished": run.finished,
        "totals": {verdict.value: count for verdict, count in run.totals.items()},
        "scenarios": [
            {
                "id": instance.id,
                "title": instance.started.title,
                "release": instance.started.release,
                "verdict": instance.verdict.value,
                "status": instance.status.value,
                "blame": blame(instance.blame),
                "requirements": list(instance.started.requirements),
                "assumptions": list(instance.assumptions),
                "seconds": instance.seconds,
                "reason": instance.reason,
            }
            for instance in run.instances
        ],
        **({"twins": as_dict(table)} if table.rows else {}),
        **({"comparisons": [each.as_dict() for each in compared]} if compared else {}),
    }


def blame(value: Blame | None) -> dict[str, str] | None:
    """Return blame as programs read it."""
    return value.as_dict() if value else None
