"""`check-report.html`: one self-contained file for whoever mends what a self-check found."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from harness.reports.page import TEMPLATES, environment
from harness.reports.self_check.readiness import Readiness
from harness.reports.self_check.renewals import CHECK
from harness.reports.self_check.screen import whose
from harness.selfcheck.check import Finding, Result

_URGENCY = ("error", "fail", "inconclusive", "advisory")
TEMPLATE = "self-check.html.j2"


def page(readiness: Readiness) -> str:
    """Return the report; it needs nothing beside it."""
    calendar = next((each.findings for each in readiness.results if each.check.id == CHECK), ())
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            readiness=readiness,
            started=readiness.started,
            ended=readiness.ended,
            calendar=calendar,
            whose=whose,
            by_urgency=by_urgency,
            alike=alike,
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        )
    )


def by_urgency(results: Sequence[Result]) -> list[Result]:
    """Return what needs a move first, then what is worth a thought, then what passed."""
    return sorted(
        results, key=lambda each: _URGENCY.index(each.shown) if each.shown in _URGENCY else len(_URGENCY)
    )


def alike(findings: Sequence[Finding]) -> list[tuple[Finding, tuple[Finding, ...]]]:
    """Return the conditions that do not hold, those that say the same under the first of them."""
    found: dict[tuple[str, str, str], list[Finding]] = {}
    for each in findings:
        if not each.passed:
            found.setdefault((each.expected, each.actual, each.hint), []).append(each)
    return [(same[0], tuple(same[1:])) for same in found.values()]
