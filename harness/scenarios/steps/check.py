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
from harness.scenarios.steps.others import admin_of
from harness.transport.network import Party

_ABSENT = {"absent": "true"}


@performs(Check)
def check(step: Check, play: Play) -> None:
    """Compare a register with what the scenario says, once everything has come to rest."""
    settle(play)
    party = play.cast.party(step.register)
    point = play.cast.point(step.point)
    words = play.words
    held = admin_of(play).register(
        party.dip_id,
        point.mpan if point is not None else play.cast.mpan,
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


def _judge(step: Check, play: Play, party: Party, path: str, value: Any, wanted: Any) -> None:
    right = holds(value, wanted)
    moments = "".join(
        f", as {name} {text}" for name, text in (("of", step.as_of), ("known", step.as_known)) if text
    )
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
