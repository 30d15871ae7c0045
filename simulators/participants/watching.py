"""Which seeded faults would have changed something: a party that behaves rightly and keeps a note of them.

The option ``seeded: which`` of any behaviour. A case in which a fault would change nothing can't catch it, so
a matrix of faults against cases need not play it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from simulators.participants.behaviours import Acting, Outgoing, Publication, Reaction
from simulators.participants.seeded import FAULTS, Seeded, Spoilt, name_of, noted

WHICH = "which"
_CODE = re.compile(r"\bREG\d{4}\b")
_RULE_OFF = "rule-off-"


@dataclass(frozen=True, slots=True)
class Watched(Seeded):
    """A behaviour with none of its faults in it."""

    @property
    def repeats(self) -> bool:
        """Return that repeated transactions are not handed on."""
        return False

    def on_publication(self, state: Spoilt, publication: Publication, acting: Acting) -> Reaction:
        """Note what would have been heard otherwise, and act on what was published."""
        for each in self.faults:
            if each.hears(publication, acting) != (publication,):
                state = noted(state, each, acting, f"{publication.interface} [{publication.event}]")
        inner, sent = self.behaviour.on_publication(state.inner, publication, acting)
        return self._sent(Spoilt(inner, applied=state.applied), sent, acting)

    def _within(
        self, state: Spoilt, acting: Acting, act: Callable[..., Reaction], *what: object
    ) -> tuple[Spoilt, tuple[Outgoing, ...]]:
        inner, sent = act(state.inner, *what, acting)
        return Spoilt(inner, applied=state.applied), sent

    def _sent(self, state: Spoilt, messages: tuple[Outgoing, ...], acting: Acting) -> Reaction:
        for each in self.faults:
            if each.sends(messages, acting) != messages or any(each.is_late(one) for one in messages):
                state = noted(state, each, acting, ", ".join(name_of(one) for one in messages))
        for code in sorted({code for one in messages for code in _CODE.findall(str(one))}):
            if (rule := FAULTS.get(_RULE_OFF + code)) in self.faults and rule is not None:
                state = noted(state, rule, acting, ", ".join(name_of(one) for one in messages))
        return state, messages
