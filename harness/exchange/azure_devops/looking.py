"""What stands in the service for our test cases, and how each side stands to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from harness.exchange.azure_devops.api import AzureDevOps
from harness.exchange.azure_devops.comparing import (
    TEST_CASE,
    Kind,
    Standing,
    There,
    by_key,
    standing,
    there,
)
from harness.exchange.azure_devops.ledger import CaseEntry
from harness.exchange.azure_devops.wanted import TAG, TestCase


@dataclass(frozen=True, slots=True)
class Compared:
    """One test case of ours: what stands there, and who changed it."""

    case: TestCase
    standing: Standing
    found: tuple[There, ...]

    @property
    def said(self) -> str:
        """Say it with the ids of the work items."""
        ids = ", ".join(f"#{each.id}" for each in self.found)
        return f"{self.standing.value}{f' ({ids})' if ids else ''}"


def read_there(
    api: AzureDevOps, entries: Mapping[str, CaseEntry], kind: Kind = TEST_CASE
) -> dict[str, list[There]]:
    """Return the test cases, or bugs, that stand there, by our id.

    They are found by their tag and, where somebody took it away, by the id in the ledger.
    """
    key_of = {entry.id: key for key, entry in entries.items()}
    ids = sorted({*api.find_tagged(TAG, kind.name), *key_of})
    items = [there(each, kind) for each in api.work_items(ids, kind.fields)]
    return by_key(each if each.key else replace(each, key=key_of.get(each.id, "")) for each in items)


def compared(
    cases: Iterable[TestCase], found: Mapping[str, list[There]], entries: Mapping[str, CaseEntry]
) -> tuple[Compared, ...]:
    """Say of each test case of ours how it stands to theirs (pure)."""
    return tuple(
        Compared(
            case,
            standing(case, found.get(case.key, []), entries.get(case.key)),
            tuple(found.get(case.key, [])),
        )
        for case in cases
    )
