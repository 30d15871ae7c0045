"""The step ``check``: what a party's register holds."""

from __future__ import annotations

from typing import Any

from harness.clock import message_time
from harness.scenarios.blame import of_party
from harness.scenarios.matching import holds, in_words, shown
from harness.scenarios.model import Check
from harness.scenarios.play import Blocked, Play
from harness.scenarios.publications import within
from harness.scenarios.settling import settle
from harness.scenarios.steps import performs
from harness.scenarios.steps.others import admin_of, asked
from harness.transport.network import Party

_ABSENT = {"absent": "true"}


@performs(Check)
def check(step: Check, play: Play) -> None:
    """Compare a register with what the scenario says, once everything has come to rest.

    What a real party's register holds a person says.
    """
    settle(play)
    party = play.cast.party(step.register)
    point = play.cast.point(step.point)
    mpan = point.mpan if point is not None else play.cast.mpan
    if not party.simulated:
        _ask(step, play, party, mpan)
        return
    words = play.words
    held = admin_of(play).register(
        party.dip_id,
        mpan,
        as_of=message_time(words.moment(step.as_of)) if step.as_of else "",
        as_known=message_time(words.moment(step.as_known)) if step.as_known else "",
    )
    if step.unknown or held is None:
        _judge(
            step, play, party, "the metering point", held, {"absent" if step.unknown else "present": "true"}
        )
        return
    for path, wanted in step.has.items():
        _judge(step, play, party, words.text(path), within(held, words.text(path)), words.value(wanted))
    for path in step.absent:
        _judge(step, play, party, path, within(held, path), _ABSENT)


def _ask(step: Check, play: Play, party: Party, mpan: str) -> None:
    words = play.words
    held = [f"{words.text(path)} {in_words(words.value(wanted))}" for path, wanted in step.has.items()]
    held += [f"{path} absent" for path in step.absent]
    what = "not the metering point" if step.unknown else "; ".join(held) or "the metering point"
    question = f"Does the register of {party.name} hold of {mpan}{_moments(step)}: {what}?"
    if step.precondition and play.answer(question) not in ("", "yes"):
        raise Blocked(f"a precondition does not hold: {question}")
    asked(play, question, of=party.name)


def _moments(step: Check) -> str:
    pairs = (("of", step.as_of), ("known", step.as_known))
    return "".join(f", as {name} {text}" for name, text in pairs if text)


def _judge(step: Check, play: Play, party: Party, path: str, value: Any, wanted: Any) -> None:
    right = holds(value, wanted)
    moments = _moments(step)
    if step.precondition and not right:
        raise Blocked(
            f"the register of {party.name} must hold {path}{moments}: "
            f"expected {in_words(wanted)}, got {shown(value)}"
        )
    play.check(
        f"The register of {party.name} holds {path}{moments}",
        right,
        expected=in_words(wanted),
        actual=shown(value),
        rule=step.rule or "registration after the exchange",
        blame=of_party(party),
        key=f"register {path}",
    )
