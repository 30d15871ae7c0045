"""`check-report.html`: one self-contained file for whoever mends what a self-check found."""

from __future__ import annotations

from markupsafe import Markup

from harness.reports.page import TEMPLATES, environment
from harness.reports.self_check.readiness import Readiness
from harness.reports.self_check.screen import whose

TEMPLATE = "self-check.html.j2"


def page(readiness: Readiness) -> str:
    """Return the report; it needs nothing beside it."""
    calendar = next(
        (each.findings for each in readiness.results if each.check.id == "config.renewal-calendar"), ()
    )
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            readiness=readiness,
            started=readiness.started,
            ended=readiness.ended,
            calendar=calendar,
            whose=whose,
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        )
    )
