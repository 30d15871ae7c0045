"""Registration as a behaviour: a register, and the processes that work on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harness.settings import current
from simulators.participants.behaviours import (
    Acting,
    Publication,
    Reaction,
    Told,
    behaviour,
    unknown_word,
)
from simulators.registration import loading, processes
from simulators.registration.case import WORDS_TOLD
from simulators.registration.point_files import opened
from simulators.registration.register import Register, of
from simulators.registration.showing import shown
from simulators.registration.terms import terms


@behaviour("registration")
class Registration:
    """A registration service: everything that `simulators.registration.processes` handles."""

    roles = frozenset({"REGS"})
    options = frozenset({"points", "points_file", "unqualified"})
    processes = processes.ALL

    def start(self, options: Mapping[str, Any], acting: Acting) -> Register:
        """Return a register of the points of the options ``points`` and ``points_file``."""
        where = f"behaviour of {acting.party.dip_id}"
        points = loading.points(options.get("points", []), acting.network, where=where)
        file = options.get("points_file")
        source = opened(str(file), acting.party.dip_id, acting.network) if file else None
        return of(points, terms(current(), frozenset(options.get("unqualified", ()))), source)

    def on_publication(self, state: Register, publication: Publication, acting: Acting) -> Reaction:
        """Hand a publication to the process that handles it."""
        return state, state.receive(publication, acting)

    def on_told(self, state: Register, told: Told, acting: Acting) -> Reaction:
        """Hand to its process what the switching service, or somebody else beside the hub, tells."""
        if told.what not in WORDS_TOLD:
            raise unknown_word(told, acting, WORDS_TOLD)
        return state, state.tell(told, acting)

    def next_due(self, state: Register) -> datetime | None:
        """Return the earliest date on which something is due at any point."""
        return state.next_due()

    def on_time(self, state: Register, acting: Acting) -> Reaction:
        """Do everything that is due."""
        return state, state.reach(acting)

    def look_up(
        self,
        state: Register,
        mpan: str,
        as_of: datetime | None = None,
        as_known: datetime | None = None,
    ) -> dict[str, Any] | None:
        """Return a metering point as it is on record, or was in force or known at a moment."""
        point = state.find(mpan)
        return shown(point, as_of, as_known) if point is not None else None
