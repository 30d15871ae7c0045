"""Checks of relationships: import and export, primary and secondary."""

from __future__ import annotations

from collections.abc import Mapping

from harness.test_data.checks.rule import Check, Ground, Told
from harness.test_data.reading import Brought

_KINDS = (("linked_principal", "linked_subsidiaries"), ("related_primary", "related_secondaries"))
_SERVICES = ("metering_service", "data_service")


def _complete(_ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    for head, others in _KINDS:
        principal, members = row.get(head, ""), row.get(others, "").split()
        if bool(principal) != bool(members):
            yield head, f"{head} and {others} are given together or not at all"
        elif principal and row["mpan"] not in (principal, *members):
            yield head, f"{row['mpan']} is no member of its own relationship"
        if principal in members or len(set(members)) != len(members):
            yield others, "an MPAN is named twice in one relationship"


def _both_sides(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    for head, others in _KINDS:
        principal, members = row.get(head, ""), row.get(others, "").split()
        for mpan in (principal, *members):
            if not principal or mpan == row["mpan"]:
                continue
            other = ground.by_mpan.get(mpan)
            if other is None:
                yield head, f"{mpan} is not in the data"
            elif (other.row.get(head), set(other.row.get(others, "").split())) != (principal, set(members)):
                yield head, f"one-sided: {mpan} ({other.place}) does not name the same relationship"


def _alignment(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    for head, _ in _KINDS:
        principal = ground.by_mpan.get(row.get(head, ""))
        if principal is None or principal.row["mpan"] == row["mpan"]:
            continue
        for service in _SERVICES:
            if row.get(service, "") != principal.row.get(service, ""):
                yield service, f"differs from that of {principal.row['mpan']} ({principal.place})"


def _mixed(_ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    linked, related = row.get("linked_principal", ""), row.get("related_primary", "")
    if not linked or not related:
        return
    if linked != row["mpan"]:
        yield "related_primary", "a linked export is in no related relationship"
    elif related != row["mpan"]:
        yield "related_primary", "a linked import is no secondary"


CHECKS = (
    Check("relation", (), _complete, "published", "REG1059: no MPAN twice; a relationship names its members"),
    Check("both-sides", (), _both_sides, "assumed", "every member of a relationship holds it"),
    Check("alignment", (), _alignment, "assumed",
          "exports and secondaries take no appointments of their own (REG1038, REG1039), so they follow"),
    Check("mixed", ("linked_principal", "related_primary"), _mixed, "published", "REG1066 and REG1068"),
)  # fmt: skip
