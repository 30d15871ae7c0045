"""Which changes between two releases a run's cases were selected for (pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from harness.reports.run import Instance, Run


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change since an earlier release, and how many cases of the run it touches; ``number`` from 1."""

    number: int
    release: str
    summary: str
    interfaces: tuple[str, ...]
    tied: bool
    """Whether a scenario can use what changed: an interface, or an operation that a step asks for."""
    cases: int


@dataclass(frozen=True)
class Impact:
    """All changes since a release; without ``since`` the run was not selected by one."""

    since: str
    rows: tuple[ChangeRow, ...]

    @cached_property
    def tested(self) -> tuple[ChangeRow, ...]:
        """The changes that touch a case of the run, those of the fewest cases first."""
        return tuple(sorted((row for row in self.rows if row.cases), key=lambda row: row.cases))

    @property
    def without_case(self) -> tuple[ChangeRow, ...]:
        """The changes of what a scenario can use and no case of the run does."""
        return tuple(row for row in self.rows if row.tied and not row.cases)

    @property
    def untied(self) -> tuple[ChangeRow, ...]:
        """The others: operations that no step asks for, and the shapes of envelopes and answers."""
        return tuple(row for row in self.rows if not row.tied)

    def reasons(self, instance: Instance) -> tuple[ChangeRow, ...]:
        """Return the changes for which a case was selected, those of the fewest cases first."""
        named = set(instance.started.touched_by)
        return tuple(
            row for row in self.tested if row.release == instance.started.release and row.summary in named
        )


def impact(run: Run) -> Impact:
    """Return the changes as the run's first event has them, with the cases that name them as their reason."""
    counted = Counter(
        (one.started.release, summary) for one in run.instances for summary in one.started.touched_by
    )
    return Impact(
        str(run.header.options.get("changed_since", "")),
        tuple(
            ChangeRow(
                number,
                each["release"],
                each["summary"],
                tuple(each["interfaces"]),
                each["tied"],
                counted[each["release"], each["summary"]],
            )
            for number, each in enumerate(run.header.changes, start=1)
        ),
    )
