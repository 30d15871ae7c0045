"""`load-report.html`: one self-contained file about one load, and the comparison of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.reports.page import TEMPLATES
from load import chart
from load.comparing import Row, compare
from load.judging import bound, shown
from load.measures import MEASURES
from load.profile import Limit
from load.recovering import recoveries, sentences

_OWN = Path(__file__).with_name("templates")


def page(content: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> str:
    """Return the report of a `load.json`, compared with another where one is given."""
    rows: Sequence[Row] = compare(other, content) if other is not None else ()
    return (
        _environment()
        .get_template("load-report.html.j2")
        .render(
            load=content,
            other=other,
            rows=rows,
            limits=[(each, *_limit_words(each)) for each in content["limits"]],
            measures=[
                (MEASURES[name], shown(name, value))
                for name, value in content["measures"].items()
                if value is not None
            ],
            recoveries=recoveries(content),
            recovered=sentences(content),
            charts=[Markup(each) for each in _charts(content) if each],
            peak=max((each["due"] for each in content["course"]), default=0) / content["slot_seconds"],
            style=Markup(
                (TEMPLATES / "report.css").read_text(encoding="utf-8")
                + (_OWN / "load-report.css").read_text(encoding="utf-8")
            ),
            shown=shown,
            span=lambda seconds: str(timedelta(seconds=round(seconds))),
        )
    )


def _limit_words(entry: Mapping[str, Any]) -> tuple[str, str]:
    limit = Limit(entry["measure"], entry["bound"], entry["upper"], "", "", "")
    return bound(limit), shown(entry["measure"], entry["value"])


def _charts(content: Mapping[str, Any]) -> list[str]:
    course, width = content["course"], content["slot_seconds"]
    whole = course[:-1] if len(course) > 2 else course
    shaded = content["disturbed"]

    def line(name: str, kind: str, key: str, factor: float = 1.0) -> chart.Line:
        return chart.Line(
            name,
            kind,
            [
                (place * width, each[key] * factor if each[key] is not None else None)
                for place, each in enumerate(whole)
            ],
        )

    def times(name: str, kind: str, key: str) -> chart.Line:
        return chart.Line(
            name, kind, [(place * width, each[key] or None) for place, each in enumerate(whole)]
        )

    def percentiles(name: str, kind: str, key: str) -> chart.Line:
        return chart.Line(name, kind, [(share * 100, seconds * 1000) for share, seconds in content[key]])

    return [
        chart.lines(
            "Messages due, accepted, and publications delivered",
            "per second",
            [
                line("due", "a", "due", 1 / width),
                line("accepted", "b", "accepted", 1 / width),
                line("delivered", "c", "delivered", 1 / width),
            ],
            shaded=shaded,
        ),
        chart.lines(
            "Publications of accepted messages that wait for their delivery",
            "publications",
            [line("waiting", "a", "waiting")],
            shaded=shaded,
        ),
        chart.lines(
            "Time to the answer, by when the message was due",
            "ms",
            [times("half within", "b", "answer_p50"), times("99 % within", "d", "answer_p99")],
            shaded=shaded,
            level=_level(content, "answer_p99_ms"),
        ),
        chart.lines(
            "Time to the recipient's webhook (99 %), by when the message was due",
            "ms",
            [times("99 % within", "c", "delivery_p99")],
            shaded=shaded,
            level=_level(content, "delivery_p99_ms"),
        ),
        chart.lines(
            "Share of answers and deliveries within a time",
            "ms",
            [percentiles("answer", "b", "answers"), percentiles("delivery", "c", "deliveries")],
            x_title="percent",
        ),
        chart.lines("Memory of the hub's process", "MB", [times("memory", "a", "resident")], shaded=shaded),
    ]


def _level(content: Mapping[str, Any], measure: str) -> tuple[str, float] | None:
    for each in content["limits"]:
        if each["measure"] == measure and each["upper"]:
            return f"limit {shown(measure, each['bound'])}", each["bound"]
    return None


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_OWN),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
