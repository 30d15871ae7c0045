"""What happened in a case as a drawing (SVG) within a page: who sent whom what, and what came back.

It is drawn from the events, in their order. The DIP stands between the parties, and a condition that did not
hold stands where it was judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from harness.evidence.events import (
    AnswerReceived,
    CheckMade,
    DeliveryAnswered,
    FaultApplied,
    LegacyExchange,
    MessageSent,
    PartyTold,
    PublicationReceived,
    StepStarted,
)
from harness.reports.exhibits import answer_title
from harness.reports.run import Instance, Run, Step
from harness.reports.sequence import order

HUB = "DIP"
MOST = 60
"""Arrows and notes of one drawing; a longer case says how many more there are."""
_COLUMN, _ROW, _HEAD, _EDGE = 210, 30, 46, 12
_CHARACTERS, _LETTER = 60, 7
"""Characters of a text that are shown, and the width of one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One arrow, or a note where it starts and ends with the same party; ``tone`` is good, bad or empty."""

    start: str
    end: str
    text: str
    tone: str = ""
    dashed: bool = False
    step: int = 0
    """Number of the step that it shows."""


def marks(instance: Instance) -> Iterator[Mark]:
    """Give what a case's drawing shows, in order."""
    sender = ""
    for number, step in _in_order(instance):
        match step:
            case MessageSent():
                sender = step.sender
                yield Mark(sender, HUB, f"{step.interface} [{step.event_code}]", step=number)
            case AnswerReceived():
                refused = step.status is None or step.status >= 400
                yield Mark(HUB, sender or HUB, answer_title(step), "bad" if refused else "good", True, number)
            case PublicationReceived():
                tone = "" if step.signature_valid and not step.findings else "bad"
                yield Mark(HUB, step.party, f"{step.publication} [{step.event_code}]", tone, step=number)
            case DeliveryAnswered():
                text = f"{step.interface} [{step.event_code}], answered {step.answered}"
                yield Mark(HUB, step.party, text, "good" if step.answered < 400 else "bad", step=number)
            case LegacyExchange():
                text = f"legacy flow {step.flow}"
                yield Mark(step.sender, step.recipient, text, dashed=True, step=number)
            case PartyTold():
                yield Mark(step.party, step.party, f"is told {step.what}", step=number)
            case FaultApplied():
                yield Mark(HUB, HUB, f"fault: {step.fault}", "bad", step=number)
            case StepStarted() if step.step == "advance":
                yield Mark(HUB, HUB, f"the clock goes on ({step.text})", step=number)
            case CheckMade() if not step.passed and step.severity == "error":
                text = f"{step.title}: expected {step.expected}, got {step.actual}"
                yield Mark(HUB, HUB, text, "bad", step=number)
            case _:
                pass


def _in_order(instance: Instance) -> Iterator[tuple[int, Step]]:
    """Give the numbered steps; publications that were noted together in the order of the DIP."""
    waiting: list[tuple[int, PublicationReceived]] = []
    for number, step in enumerate(instance.steps, start=1):
        if isinstance(step, PublicationReceived):
            waiting.append((number, step))
            continue
        yield from sorted(waiting, key=lambda each: order(each[1]))
        waiting = []
        yield number, step
    yield from sorted(waiting, key=lambda each: order(each[1]))


def drawing(run: Run, instance: Instance, anchors: Mapping[int, str]) -> Markup:
    """Return the drawing of a case, empty where nothing was exchanged.

    ``anchors`` gives the id of the exhibit of a step, by its number; an arrow of such a step leads to it.
    """
    found = tuple(marks(instance))
    if not any(mark.start != mark.end for mark in found):
        return Markup("")
    shown = found[:MOST]
    columns = _columns(shown)
    noted = [
        columns[each.start] + 20 + _LETTER * len(_cut(each.text, _CHARACTERS))
        for each in shown
        if each.start == each.end
    ]
    width = max(2 * _EDGE + _COLUMN * len(columns), *noted, 0)
    height = _HEAD + _ROW * len(shown) + 2 * _EDGE + (_ROW if len(found) > MOST else 0)
    parts = [
        f'<svg class="sequence" role="group" viewBox="0 0 {width} {height}" style="max-width:{width}px" '
        f'aria-label="{escape(_said(run, instance, shown))}">'
    ]
    for name, x in columns.items():
        parts.append(
            f'<text class="head" x="{x}" y="18" text-anchor="middle">'
            f"{escape(_cut(_name(run, name), 30))}</text>"
            f'<path class="life" d="M{x} 28V{height - _EDGE}"/>'
        )
    for index, mark in enumerate(shown):
        parts.append(_drawn(mark, _HEAD + _ROW * index + 14, columns, anchors.get(mark.step, "")))
    if len(found) > MOST:
        parts.append(f'<text class="note" x="{_EDGE}" y="{height - 14}">and {len(found) - MOST} more</text>')
    return Markup("".join(parts) + "</svg>")


def _columns(shown: tuple[Mark, ...]) -> dict[str, int]:
    """Return where each party's line stands: in order of appearance, the hub after the first."""
    names = [
        name for name in dict.fromkeys(n for mark in shown for n in (mark.start, mark.end)) if name != HUB
    ]
    ordered = [*names[:1], HUB, *names[1:]]
    return {name: _EDGE + _COLUMN // 2 + _COLUMN * place for place, name in enumerate(ordered)}


def _drawn(mark: Mark, y: int, columns: Mapping[str, int], anchor: str) -> str:
    start, end = columns[mark.start], columns[mark.end]
    tone = f" {mark.tone}" if mark.tone else ""
    text = escape(_cut(mark.text, _CHARACTERS if start == end else _COLUMN // _LETTER + 2))
    whole = f"<title>{escape(mark.text)}</title>"
    if start == end:
        made = (
            f'<circle class="dot{tone}" cx="{start}" cy="{y}" r="4"/>'
            f'<text class="note{tone}" x="{start + 9}" y="{y + 4}">{text}</text>'
        )
    else:
        back = -1 if end > start else 1
        dash = " dashed" if mark.dashed else ""
        made = (
            f'<path class="arrow{tone}{dash}" d="M{start} {y}H{end}"/>'
            f'<path class="tip{tone}" d="M{end} {y}l{7 * back} -4v8z"/>'
            f'<text class="said{tone}" x="{(start + end) // 2}" y="{y - 5}" text-anchor="middle">'
            f"{text}</text>"
        )
    return f'<a href="#{anchor}">{whole}{made}</a>' if anchor else f"<g>{whole}{made}</g>"


def _said(run: Run, instance: Instance, shown: tuple[Mark, ...]) -> str:
    """Return the drawing in words."""
    lines = [
        f"{_name(run, mark.start)}: {mark.text}"
        if mark.start == mark.end
        else f"{_name(run, mark.start)} to {_name(run, mark.end)}: {mark.text}"
        for mark in shown
    ]
    return f"Sequence of {instance.started.title}. " + ". ".join(lines)


def _name(run: Run, party: str) -> str:
    known = run.party(party)
    return f"{known.organisation} ({known.role})" if known else party


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
