"""The steps ``tell`` and ``legacy``: what reaches parties beside the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from harness.errors import ConfigurationError, EnvironmentFault, HarnessError
from harness.evidence.events import LegacyExchange, PartyTold
from harness.scenarios.correlation import asked as asked_for
from harness.scenarios.model import Legacy, Tell
from harness.scenarios.play import Play
from harness.scenarios.steps import performs
from harness.scenarios.steps.others import admin_of, asked

_BY_MPID = "mpid:"
_CORRELATION = "S1.senderCorrelationID"


@performs(Tell)
def tell(step: Tell, play: Play) -> None:
    """Let a simulated party know something; of a real one a person says that it was told.

    The MPAN is said with it, unless the scenario says that it is null.
    """
    party, point = play.cast.party(step.party), play.cast.point(step.point)
    content = play.words.value(step.content)
    mpan = content.setdefault("mpan", point.mpan if point is not None else play.cast.mpan)
    answered = asked_for(play.publications, party.dip_id, content.get("interface", ""), str(mpan))
    if mpan is None:
        del content["mpan"]
    if answered:  # told to send an answer, it answers what it had received last
        content["set"] = {_CORRELATION: answered[-1], **content.get("set", {})}
    if party.simulated:
        _let_know(step, play, party.dip_id, content)
    else:
        shown = ", ".join(f"{key} {value}" for key, value in content.items())
        if not asked(play, f"Was {party.name} told '{step.what}' ({shown})?", of=party.name):
            return
    play.event(PartyTold(case=play.cast.case.key, party=party.dip_id, what=step.what, content=content))
    play.settled = None


def _let_know(step: Tell, play: Play, dip_id: str, content: Mapping[str, Any]) -> None:
    try:
        admin_of(play).tell(play.cast.tag, dip_id, step.what, play.release.name, content)
    except (ConfigurationError, EnvironmentFault):
        raise
    except HarnessError as error:
        raise ConfigurationError(
            f"{step.party} can't be told '{step.what}': {error}", where=str(play.cast.case.scenario.file)
        ) from error


@performs(Legacy)
def legacy(step: Legacy, play: Play) -> None:
    """Keep the content of a legacy data flow as evidence; of a real party a person says that it went over.

    A party is an alias, or ``mpid:MOPA`` where it takes no part in the hub.
    """
    sender, recipient = _side(step.sender, play), _side(step.recipient, play)
    point = play.cast.point(step.point)
    content = {
        "flow": step.flow,
        "from": sender.mpid,
        "to": recipient.mpid,
        "mpan": point.mpan if point is not None else play.cast.mpan,
        "content": play.words.value(step.content),
    }
    stored = play.bench.store.put(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    real = next((side for side in (sender, recipient) if side.real), None)
    if real is not None and not asked(
        play, f"Did {sender.name} send {step.flow} to {recipient.name} as in {stored[:12]}?", of=real.name
    ):
        return
    play.event(
        LegacyExchange(
            case=play.cast.case.key,
            flow=step.flow,
            sender=sender.id,
            recipient=recipient.id,
            body=stored,
        )
    )


@dataclass(frozen=True, slots=True)
class _Side:
    id: str
    """DIP id; the MPID of a party that has none."""
    mpid: str
    name: str
    real: bool


def _side(named: str, play: Play) -> _Side:
    if named.startswith(_BY_MPID):
        mpid = named.removeprefix(_BY_MPID)
        return _Side(mpid, mpid, mpid, real=False)
    party = play.cast.party(named)
    return _Side(party.dip_id, party.mpid, party.name, real=not party.simulated)
