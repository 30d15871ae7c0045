"""The sheets Defects, Work-off, Exemptions and Reliance, from the registers and the plan (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from harness.registers.model import Defect, DesignQuery
from harness.reports.rttm import Row
from harness.reports.submission.given import Given, row
from harness.reports.submission.layout import DEFECTS, EXEMPTIONS, RELIANCE, WORK_OFF
from harness.stages.plan.model import WorkOff


def defect_rows(given: Given) -> tuple[Row, ...]:
    """Return defects that concern the party's tests or requirements, then design queries that do."""
    cases = {test.id for test in given.tests}
    named = {name for name, listed in given.linked.items() if listed}
    queries = [
        each
        for each in given.registers.design_queries
        if cases & {*each.cases, *each.blocks} or (not each.cases and named & set(each.requirements))
    ]
    return (
        *(_entry(given, each) for each in given.defects),
        *(_entry(given, each) for each in queries),
    )


def _entry(given: Given, each: Defect | DesignQuery) -> Row:
    own = isinstance(each, Defect)
    defect = each if isinstance(each, Defect) else None
    deferral, retest = (defect.deferral, defect.retest) if defect else (None, None)
    return row(
        DEFECTS,
        defect_id=each.id,
        external_id="; ".join(f"{scheme} {value}" for scheme, value in each.external_ids.items()),
        kind="defect" if own else "design query",
        title=each.title,
        severity=given.registers.severity_title(defect.severity) if defect else "",
        status=each.status.value,
        open="yes" if each.open else "no",
        owner=each.owner,
        raised_by=each.raised_by,
        raised=each.raised.isoformat() if each.raised else "",
        closed=each.closed.isoformat() if each.closed else "",
        environment=each.environment,
        evidence_classes=", ".join(sorted(each.evidence)),
        release_found=defect.release_found if defect else "",
        release_fixed=defect.release_fixed if defect else "",
        build_found=defect.build_found if defect else "",
        build_fixed=defect.build_fixed if defect else "",
        blame_class=defect.blame.cause.value if defect and defect.blame else "",
        blame_party=given.name_of(defect.blame.party) if defect and defect.blame else "",
        root_cause=defect.root_cause if defect else "",
        tests_that_fail=", ".join(each.cases),
        tests_blocked=", ".join(each.blocks),
        requirements=", ".join(each.requirements),
        links="; ".join(f"{link.kind} {link.ref}" for link in each.links),
        deferral_approval=f"{deferral.by}, {deferral.day}, {deferral.reference}" if deferral else "",
        retest=f"{retest.verdict} in run {retest.run}, {retest.day}" if retest else "",
    )


def work_off_rows(given: Given) -> tuple[Row, ...]:
    """Return the work-off items that carry something of this party."""
    return tuple(_item(given, each) for each in given.work_off)


def _item(given: Given, item: WorkOff) -> Row:
    covered = [
        test.id
        for test in given.tests
        if any(fnmatchcase(each.test.case, pattern) for each in test.all for pattern in item.covers)
    ]
    requirements = [
        name
        for name, links in given.linked.items()
        if any(link.test.id in covered and link.decides for link in links)
    ]
    return row(
        WORK_OFF,
        work_off_ref=item.id,
        criterion=item.criterion,
        item=item.item,
        owner=item.owner,
        due=item.due.isoformat(),
        approved_by=item.approved_by,
        state=work_off_state(given, item),
        closed=item.closed.isoformat() if item.closed else "",
        covers=", ".join(item.covers),
        tests_covered=", ".join(covered),
        requirements=", ".join(requirements),
    )


def work_off_state(given: Given, item: WorkOff) -> str:
    """Say whether an item carries what it covers."""
    day = given.point.as_of
    if item.closed is not None and item.closed <= day:
        return "closed"
    if not item.approved_by:
        return "not approved"
    return "overdue" if item.due < day else "holds"


def exemption_rows(given: Given) -> tuple[Row, ...]:
    """Return the party's exemptions as they stand on the day."""
    found = []
    for each in given.exemptions:
        said = each.as_dict()
        found.append(
            row(
                EXEMPTIONS,
                legal_entity=said["legal_entity"],
                segment=said["segment"],
                state=said["state"],
                grantor=said["grantor"],
                reference=said["reference"],
                until=said["until"],
                cap=said["cap"],
                metering_points_seen=said["metering_points"],
                what_follows=said["note"],
                what_is_wrong="; ".join(each.problems),
                **{"from": said["from"]},
            )
        )
    return tuple(found)


def reliance_rows(given: Given) -> tuple[Row, ...]:
    """Return a row per statement and requirement that it is asked for, with what is against it."""
    return tuple(_reliance(given))


def _reliance(given: Given) -> Iterator[Row]:
    for checked in given.reliance:
        statement = checked.statement
        rows = checked.rows or (None,)
        for each in rows:
            reasons = ((checked.refused,) if checked.refused else ()) + (each.reasons if each else ())
            state = "refused" if checked.refused else "holds" if each and each.covered else "not covered"
            yield row(
                RELIANCE,
                reliance_ref=statement.id,
                relied_on_party=statement.relied_on,
                requirement=each.row.requirement if each else "",
                state=state,
                reason="; ".join(dict.fromkeys(reasons))
                or ("" if each else "names no requirement that applies to this party"),
                system=statement.system,
                build=statement.build,
                evidence_class=statement.evidence.declared.value,
                run=statement.evidence.run,
                until=statement.until.isoformat(),
                part_kept=", ".join(statement.residual_tests),
                agreed_by=statement.agreed_by,
                reference=statement.reference,
                notes="; ".join(filter(None, (*checked.notes, statement.note))),
                **{"from": statement.start.isoformat()},
            )
