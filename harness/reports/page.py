"""`run-report.html`: one file that holds everything, for people who decide what to do next."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.evidence.events import MessageSent
from harness.evidence.verdicts import Verdict
from harness.reports.drawing import drawing
from harness.reports.exhibits import Exhibit, Shelf
from harness.reports.impact import impact
from harness.reports.moves import whose_move
from harness.reports.release_matrix import comparisons
from harness.reports.repeat import command
from harness.reports.run import Assumption, Instance, Run
from harness.reports.tally import (
    BY_PAIR,
    FailureGroup,
    InterfaceResult,
    RequirementResult,
    areas,
    failure_title,
    failures,
    group,
    interfaces,
    not_tested,
    release_scores,
    requirements,
)
from harness.reports.twins import twin_table
from harness.scenarios.requirements import Register
from harness.spec.interfaces import dormant
from harness.spec.scope import cit_scope

SHOWN_PER_GROUP = 3
"""Cases of one failure that are shown with their messages."""
SHOWN_IN_ALL = 60
"""Cases that are shown with their messages, so that the file stays small however much failed."""

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case that is shown with its messages, and drawn; ``anchor`` is what links lead to."""

    instance: Instance
    exhibits: tuple[Exhibit, ...]
    drawing: Markup
    anchor: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """Equal failures: the first few in full, the rest by name."""

    group: FailureGroup
    title: str
    move: str
    shown: tuple[CaseView, ...]
    others: tuple[Instance, ...]


def page(run: Run, register: Register) -> str:
    """Return the report; reads the evidence of the cases that it shows with their messages."""
    by_interface = interfaces(run)
    results = requirements(run, register)
    shelf = Shelf(run)
    groups = _groups(run, shelf)
    script = Markup((TEMPLATES / "report.js").read_text(encoding="utf-8"))
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            verdicts=list(Verdict),
            totals=run.totals,
            case_count=len(run.instances),
            by_pair=run.header.stage == BY_PAIR,
            scores=release_scores(run),
            areas=areas(run),
            scope=cit_scope(),
            dormant=sorted(dormant()),
            groups=groups,
            shown_at={view.instance.case: view.anchor for each in groups for view in each.shown},
            twins=twin_table(run),
            impact=impact(run),
            comparisons=comparisons(run),
            left_out=[(each, whose_move(run, each.blame)) for each in not_tested(run)],
            interfaces=by_interface,
            samples=[(each, _sample(shelf, each)) for each in by_interface if each.instances],
            requirement_groups=_requirement_groups(results),
            untested=[each for each in results if each.requirement and not each.instances],
            tested=sum(1 for each in results if each.instances),
            met=sum(1 for each in results if each.met),
            register=register,
            command=command(run),
            assumption_groups=_assumption_groups(run),
            seconds=_seconds(run),
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            whose_move=lambda blame: whose_move(run, blame),
        )
    )


@cache
def environment() -> Environment:
    """Return what templates of reports are rendered with."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"number": _number, "moment": _moment, "duration": _duration, "plural": _plural}
    return made


def _groups(run: Run, shelf: Shelf) -> list[GroupView]:
    shown = 0
    views = []
    for each in failures(run):
        take = min(SHOWN_PER_GROUP, SHOWN_IN_ALL - shown, len(each.instances))
        shown += take
        views.append(
            GroupView(
                group=each,
                title=failure_title(each),
                move=whose_move(run, each.blame),
                shown=tuple(
                    _view(run, shelf, one, f"case-{number}")
                    for number, one in enumerate(each.instances[:take], start=shown - take + 1)
                ),
                others=each.instances[take:],
            )
        )
    return views


def _assumption_groups(run: Run) -> list[tuple[str, tuple[Assumption, ...]]]:
    """Return settings and other single figures first, then the rows of the routing data."""
    grouped = group(run.assumptions, lambda each: each.name.partition(":")[0] if ":" in each.name else "")
    titles = {"setting": "Settings", "routing": "Rows of the routing data", "": "Others"}
    order = sorted(grouped, key=lambda name: (name != "setting", name))
    return [(titles.get(name, name.capitalize()), grouped[name]) for name in order]


def _view(run: Run, shelf: Shelf, instance: Instance, anchor: str) -> CaseView:
    """Return a case that did not pass: every step, the first publications, bytes while there is room."""
    exhibits = shelf.of(instance, whole=True)
    anchors = {int(each.anchor.rpartition("-")[2]): each.anchor for each in exhibits}
    return CaseView(instance, exhibits, drawing(run, instance, anchors), anchor)


def _sample(shelf: Shelf, result: InterfaceResult) -> CaseView | None:
    """Return one exchange of an interface: the plainest positive case that passed, published if any was."""
    passed = [each for each in result.instances if each.positive and each.verdict is Verdict.PASS]
    chosen = min(passed, key=lambda each: (not each.publications, _messages(each)), default=None)
    return CaseView(chosen, shelf.of(chosen, publications=1), Markup(""), "") if chosen else None


def _messages(instance: Instance) -> int:
    return sum(len(step.references) for step in instance.steps if isinstance(step, MessageSent))


def _requirement_groups(
    results: Sequence[RequirementResult],
) -> list[tuple[str, tuple[RequirementResult, ...]]]:
    grouped = group(results, lambda each: each.requirement.file if each.requirement else "")
    return [
        (name.removesuffix(".yaml").capitalize() if name else "Not in the register", listed)
        for name, listed in grouped.items()
    ]


def _seconds(run: Run) -> float:
    if run.end is not None:
        return run.end.seconds
    started, finished = (datetime.fromisoformat(moment) for moment in (run.header.at, run.finished))
    return (finished - started).total_seconds()


def _number(value: int) -> str:
    return f"{value:,}"


def _moment(value: str) -> str:
    return datetime.fromisoformat(value).strftime("%-d %B %Y, %H:%M:%S UTC") if value else "unknown"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
