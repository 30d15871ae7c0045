"""Writes `docs/registration-sequences.md`: registration's processes as diagrams, drawn from runs.

``python -m harness.reports.process_sequences RUN [RUN ...] > docs/registration-sequences.md``, with runs of
`sit-functional` and `sit-migration` that hold the scenarios of `PROCESSES`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import ConfigurationError
from harness.evidence.verdicts import Verdict
from harness.reports.run import Run, read_run
from harness.reports.sequence import diagrams

PROCESSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("First registration", ("DHF-REG-001",)),
    ("Change of supplier", ("DHF-REG-002", "DHF-REG-008")),
    ("Appointment of a metering service", ("DHF-MSA-001", "DHF-MSA-002")),
    ("Appointment of a data service", ("DHF-DSA-001",)),
    ("Supersession, queue and lapse", ("DHF-MSA-006", "DHF-MSA-013", "DHF-MSA-007")),
    ("Retriever", ("DHF-DSA-006", "DHF-DSA-007")),
    ("Direct contract", ("DHF-MSA-011",)),
    ("Meter details", ("DHF-MTR-002",)),
    ("Energisation", ("DHF-MTR-011",)),
    ("Disconnection, reconnection, de-registration", ("DHF-MTR-014", "DHF-MTR-016")),
    ("Supplier's and distributor's data", ("DHF-STD-001", "DHF-STD-009")),
    ("Enquiry service", ("DHF-STD-014",)),
    ("Market segment and connection type", ("DHF-SEG-001", "DHF-SEG-002", "DHF-SEG-004")),
    ("Relationships and alignment", ("DHF-SEG-006", "DHF-SEG-008", "DHF-SEG-011")),
    ("Forward migration", ("DHM-FWD-001", "DHM-MIX-001")),
    ("Reverse migration", ("DHM-REV-001", "DHM-REV-008")),
)
"""A process and the scenarios that show it."""

_OPENING = """\
# Registration services: the processes as they run

Each diagram is drawn from a run of the scenario under it, on the embedded network, by
`python -m harness.reports.process_sequences RUN ...`; none is drawn by hand. The DIP stands between all
parties and is left out. What a registration service does at each step and why is in
[Registration services](registration.md).
"""


def document(runs: Sequence[Run]) -> Iterator[str]:
    """Give the document's parts; raises ConfigurationError for a scenario that no run has."""
    yield _OPENING
    for title, scenarios in PROCESSES:
        yield f"## {title}\n"
        for scenario in scenarios:
            run = next((run for run in runs if _holds(run, scenario)), None)
            if run is None:
                raise ConfigurationError(
                    f"no run has the scenario {scenario} passed", mend="Run its stage first."
                )
            yield next(diagrams(run, (scenario,)))


def _holds(run: Run, scenario: str) -> bool:
    found = [instance for instance in run.instances if instance.started.scenario == scenario]
    return bool(found) and all(instance.verdict is Verdict.PASS for instance in found)


def main(folders: list[str]) -> None:
    """Print the document of the runs in these folders."""
    print("\n".join(document([read_run(Path(folder)) for folder in folders])), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
