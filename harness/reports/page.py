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

from harness.errors import ConfigurationError
from harness.evidence.events import (
    AnswerReceived,
    FaultApplied,
    InstanceWaiting,
    LegacyExchange,
    MessageSent,
    PartyTold,
    PublicationReceived,
    StepStarted,
)
from harness.evidence.verdicts import Verdict
from harness.reports.excerpt import excerpt
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
SHOWN_IN_ALL = 120
"""Cases that are shown with their messages, so that the file stays small however much failed."""

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One step of a case as the page shows it."""

    kind: str
    title: str
    detail: str
    body: str
    size: int
    path: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case that is shown with its messages."""

    instance: Instance
    exhibits: tuple[Exhibit, ...]


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
            groups=_groups(run),
            twins=twin_table(run),
            impact=impact(run),
            comparisons=comparisons(run),
            left_out=[(each, whose_move(run, each.blame)) for each in not_tested(run)],
            interfaces=by_interface,
            samples=[(each, _sample(run, each)) for each in by_interface if each.instances],
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


def _groups(run: Run) -> list[GroupView]:
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
                shown=tuple(CaseView(one, _exhibits(run, one)) for one in each.instances[:take]),
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


def _sample(run: Run, result: InterfaceResult) -> CaseView | None:
    """Return one exchange of an interface: the plainest positive case that passed, published if any was."""
    passed = [each for each in result.instances if each.positive and each.verdict is Verdict.PASS]
    chosen = min(passed, key=lambda each: (not each.publications, _messages(each)), default=None)
    return CaseView(chosen, _exhibits(run, chosen, publications=1)) if chosen else None


def _messages(instance: Instance) -> int:
    return sum(len(step.references) for step in instance.steps if isinstance(step, MessageSent))


def _exhibits(run: Run, instance: Instance, *, publications: int = 4) -> tuple[Exhibit, ...]:
    found = []
    for step in instance.steps:
        match step:
            case StepStarted():
                origin = f" ({step.procedure})" if step.procedure else ""
                title = f"Step {step.number}: {step.step}{origin}"
                found.append(Exhibit("step", title, step.text, "", 0, ""))
            case PartyTold():
                title = f"{run.party_name(step.party)} is told: {step.what}"
                told = ", ".join(f"{name} {value}" for name, value in step.content.items())
                found.append(Exhibit("told", title, told, "", 0, ""))
            case LegacyExchange():
                parties = f"{run.party_name(step.sender)} to {run.party_name(step.recipient)}"
                title = f"Legacy exchange {step.flow}: {parties}"
                found.append(_exhibit(run, "legacy", title, "kept as evidence, not played", step.body))
            case MessageSent():
                detail = f"{step.method} {step.url}"
                title = f"Sent by {run.party_name(step.sender)}: {step.interface} [{step.event_code}]"
                found.append(_exhibit(run, "sent", title, detail, step.body, step.departure))
            case AnswerReceived():
                found.append(_exhibit(run, "answer", _answer_title(step), step.error, step.body))
            case PublicationReceived() if publications:
                publications -= 1
                title = f"Received by {run.party_name(step.party)}: {step.publication} [{step.event_code}]"
                signature = "signature verified" if step.signature_valid else "signature does not verify"
                answered = f"answered {step.answered or 'nothing'} {' '.join(step.response_codes)}".rstrip()
                note = "; ".join(step.findings)
                found.append(_exhibit(run, "received", title, f"{signature}, {answered}", step.body, note))
            case FaultApplied():
                title = f"Fault on request: {step.fault} at {step.point}"
                met = f"met {run.party_name(step.party)}" if step.party else ""
                found.append(Exhibit("fault", title, met, "", 0, "", ""))
            case InstanceWaiting():
                title = f"Waits for {run.party_name(step.move)}: {step.awaited}"
                found.append(
                    Exhibit("waiting", title, f"until {step.until}" if step.until else "", "", 0, "", "")
                )
            case _:
                pass
    return tuple(found)


def _answer_title(step: AnswerReceived) -> str:
    if step.refused_in_handshake:
        return "Refused in the TLS handshake"
    if step.status is None:
        return "No HTTP answer"
    return f"Answered {step.status} {' '.join(step.codes)}".rstrip()


def _exhibit(run: Run, kind: str, title: str, detail: str, digest: str, note: str = "") -> Exhibit:
    if not digest:
        return Exhibit(kind, title, detail, "", 0, "", note)
    try:
        data = run.evidence.get(digest)
    except ConfigurationError as error:
        return Exhibit(kind, title, detail, f"(evidence missing: {error.what})", 0, "", note)
    path = f"evidence/{digest[:2]}/{digest}" if data else ""
    return Exhibit(kind, title, detail, excerpt(data) if data else "", len(data), path, note)


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
