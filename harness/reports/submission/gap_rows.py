"""The sheet Gaps: what the submission leaves unproved for the party (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.reports.rttm import Row
from harness.reports.submission.given import Given, row
from harness.reports.submission.layout import GAPS
from harness.reports.submission.part import Pair
from harness.reports.submission.requirement_rows import parts_without_test
from harness.reports.submission.subject import HUB
from harness.spec.codes import codes
from harness.spec.release import load
from harness.spec.routing import load_routing

_SENDER_CODES, _RECIPIENT_CODES = "MSG", "RCP"


def gap_rows(given: Given, requirements: Iterable[Row]) -> tuple[Row, ...]:
    """Return every gap, requirements first."""
    return (
        *_requirements(given, requirements),
        *_tests(given),
        *_pairs(given),
        *_codes(given),
    )


def _gap(given: Given, kind: str, subject: str, text: str, *, release: str = "") -> Row:
    return row(
        GAPS, gap=kind, subject=subject, role=given.subject.role, release=release, what_is_missing=text
    )


def _requirements(given: Given, rows: Iterable[Row]) -> Iterator[Row]:
    for each in rows:
        identifier = str(each["our_id"])
        requirement = given.baseline.get(identifier)
        if requirement is None:
            yield _gap(given, "requirement not registered", identifier, str(each.get("coverage_note", "")))
            continue
        if each.get("applies_to_this_party") != "Y" or each.get("level") == "parent":
            continue
        title = requirement.title
        links = [link for link in given.links.get(identifier, ()) if link.decides]
        if not links:
            relied = each.get("basis_of_reliance") == "relied"
            if not relied:
                yield _gap(given, "requirement without test", identifier, title)
            continue
        if lacking := [
            phase
            for phase in requirement.phases
            if phase in given.phases and not any(link.test.phase == phase for link in links)
        ]:
            yield _gap(given, "phase without test", identifier, f"no test in {', '.join(lacking)}: {title}")
        if missing := parts_without_test(requirement, links):
            yield _gap(given, "part without test", identifier, f"no test for {', '.join(missing)}: {title}")
        if not requirement.refusal and not any(link.test.positive for link in links):
            yield _gap(given, "only negative evidence", identifier, title)
        classes = {result.evidence for link in links for result in link.test.all}
        if classes == {EvidenceClass.REHEARSAL}:
            yield _gap(given, "only rehearsal evidence", identifier, title)
        if each.get("stale_reason"):
            yield _gap(given, "stale evidence", identifier, str(each["stale_reason"]))


def _tests(given: Given) -> Iterator[Row]:
    cited = {name for each in given.baseline for name in given.register.verified_by(each)}
    for test in given.tests:
        if not test.cited & cited:
            yield _gap(given, "test without requirement", test.id, "it cites none of this baseline")


def _pairs(given: Given) -> Iterator[Row]:
    """Yield the pairs that routing gives the role and that the party never sent or received."""
    if given.subject.role == HUB:
        return
    routing, release = load_routing(), given.catalogue.release
    try:
        pairs = load(release).pairs
    except ConfigurationError:
        return
    real, any_class = _exercised(given, rehearsals=False), _exercised(given, rehearsals=True)
    for pair in pairs:
        key = (pair.interface, pair.event)
        for verb, rows in (
            ("sent", routing.senders(pair.interface, pair.event)),
            ("received", routing.receivers(pair.interface, pair.event)),
        ):
            if given.subject.role not in {each.role for each in rows} or (verb, key) in real:
                continue
            text = "only in a rehearsal" if (verb, key) in any_class else "in no run with this party"
            yield _gap(given, f"never {verb}", f"{pair.interface} [{pair.event}]", text, release=release)


def _exercised(given: Given, *, rehearsals: bool) -> set[tuple[str, Pair]]:
    """Return what the party sent and received in any run, with or without rehearsals."""
    found: set[tuple[str, Pair]] = set()
    for test in given.tests:
        for result in test.all:
            part = given.parts.get((result.test.last.run, result.test.case))
            if part and (rehearsals or result.evidence is not EvidenceClass.REHEARSAL):
                found |= part.by_party.get(given.subject.dip_id, set())
    return found


def _codes(given: Given) -> Iterator[Row]:
    seen = {
        code
        for test in given.tests
        for result in test.all
        if (part := given.parts.get((result.test.last.run, result.test.case)))
        for code in part.codes
    }
    for code in codes().values():
        if code.code.startswith((_SENDER_CODES, _RECIPIENT_CODES)) and code.code not in seen:
            yield _gap(given, "code never provoked", code.code, code.meaning)


def kinds(rows: Iterable[Row]) -> tuple[Any, ...]:
    """Return the kinds of gaps that there are, each once."""
    return tuple(dict.fromkeys(each["gap"] for each in rows))
