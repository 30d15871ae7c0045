"""Who changed a test case since both sides were in step (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.exchange.azure_devops.ledger import CaseEntry
from harness.exchange.azure_devops.steps import TestStep, from_xml, html, plain, to_xml
from harness.exchange.azure_devops.wanted import ID_TAG, TestCase, content_digest

TITLE, STEPS, TAGS, STATE = (
    "System.Title",
    "Microsoft.VSTS.TCM.Steps",
    "System.Tags",
    "System.State",
)
ASSIGNED, REVISION, AREA, DESCRIPTION = (
    "System.AssignedTo",
    "System.Rev",
    "System.AreaPath",
    "System.Description",
)
REPRO = "Microsoft.VSTS.TCM.ReproSteps"


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of work item that is held in step: its name, the field of its text, and that text both ways."""

    name: str
    field: str
    write: Callable[[Iterable[TestStep]], str]
    read: Callable[[str], tuple[TestStep, ...]]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are read."""
        return ("System.Id", REVISION, TITLE, self.field, TAGS, STATE, ASSIGNED)


TEST_CASE = Kind("Test Case", STEPS, to_xml, from_xml)
BUG = Kind(
    "Bug",
    REPRO,
    lambda steps: "".join(html(each.action) for each in steps),
    lambda text: (TestStep(plain(text)),),
)
"""A bug's text stands as one step."""


class Standing(StrEnum):
    """How a test case of ours stands to theirs."""

    NEW = "new"
    IN_STEP = "in step"
    OURS = "changed here"
    THEIRS = "changed there"
    CONFLICT = "changed on both sides"
    DOUBLED = "there more than once"
    GONE = "deleted there"


@dataclass(frozen=True, slots=True)
class There:
    """A test case as it stands in the service."""

    id: int
    revision: int
    key: str
    """Our id, out of its tag; empty where it has none."""
    title: str
    steps: tuple[TestStep, ...]
    tags: tuple[str, ...]
    state: str
    assigned_to: str

    @property
    def digest(self) -> str:
        """SHA-256 of what is held in step."""
        return content_digest(self.title, self.steps)


def there(item: Mapping[str, Any], kind: Kind) -> There:
    """Read a work item as the service answers it."""
    fields = item["fields"]
    tags = tuple(tag.strip() for tag in str(fields.get(TAGS, "")).split(";") if tag.strip())
    key = next((tag.removeprefix(ID_TAG) for tag in tags if tag.startswith(ID_TAG)), "")
    return There(
        id=int(item["id"]),
        revision=int(item.get("rev") or fields.get(REVISION, 0)),
        key=key,
        title=str(fields.get(TITLE, "")),
        steps=kind.read(str(fields.get(kind.field) or "")),
        tags=tags,
        state=str(fields.get(STATE, "")),
        assigned_to=identity(fields.get(ASSIGNED)),
    )


def identity(value: Any) -> str:
    """Return a person's name: the unique one where the service gives an identity, else the text."""
    if isinstance(value, Mapping):
        return str(value.get("uniqueName") or value.get("displayName") or "")
    return str(value or "")


def by_key(items: Iterable[There]) -> dict[str, list[There]]:
    """Group test cases by our id; those without one are left out."""
    found: dict[str, list[There]] = {}
    for each in items:
        if each.key:
            found.setdefault(each.key, []).append(each)
    return found


def standing(case: TestCase, found: list[There], known: CaseEntry | None) -> Standing:
    """Say who changed a test case, from what both sides were when they were last in step."""
    if len(found) > 1:
        return Standing.DOUBLED
    if not found:
        return Standing.GONE if known is not None else Standing.NEW
    other = found[0]
    if other.digest == case.digest:
        return Standing.IN_STEP
    if known is None or not known.ours:
        return Standing.CONFLICT
    ours, theirs = case.digest != known.ours, other.digest != known.theirs
    if ours and theirs:
        return Standing.CONFLICT
    if theirs:
        return Standing.THEIRS
    return Standing.OURS if ours else Standing.IN_STEP
