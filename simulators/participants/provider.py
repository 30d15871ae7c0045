"""A metering or data service that answers the requests to be appointed (IF-033 with IF-034)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.spec.codes import codes, text
from simulators.participants.behaviours import (
    Acting,
    Outgoing,
    Publication,
    Reaction,
    Told,
    behaviour,
    unknown_word,
)

_EVENTS = {"MSAppSPRequest": ("MSAppSPResponse", "B070"), "DSAppSPRequest": ("DSAppSPResponse", "B071")}
_ACCEPTED = "SP000"


@behaviour("appoint")
class Appoint:
    """Answers every request with one code; the state is that code."""

    roles = frozenset({"MSS", "MSA", "UMSO", "SDS", "ADS", "UMSDS"})
    options = frozenset({"response"})

    def start(self, options: Mapping[str, Any], acting: Acting) -> str:
        """Return the code of the option ``response``, SP000 (accepted) by default."""
        code = options.get("response", _ACCEPTED)
        known = [name for name in codes() if name.startswith(("SP", "DS"))]
        if code not in known:
            where = f"behaviour of {acting.party.dip_id}"
            raise ConfigurationError(
                f"'{code}' is no SP or DS code", where=where, mend=nearest(str(code), known)
            )
        return str(code)

    def on_publication(self, state: str, publication: Publication, _acting: Acting) -> Reaction:
        """Answer PUB-033; anything else changes nothing."""
        if publication.interface != "IF-033" or publication.event not in _EVENTS:
            return state, ()
        event, proposal = _EVENTS[publication.event]
        response = "A" if state == _ACCEPTED else "R"
        header = publication.common("M0")
        answer = Outgoing(
            release=publication.release,
            interface="IF-034",
            event=event,
            mpan=publication.mpan,
            distributor=str(header["distributorDIPID"]),
            primary=(publication.sender,),
            common={"M0": header},
            custom={
                "B007": {"responseCode": response, "proposedAppointmentResponseCode": text(state)},
                "B012": publication.custom("B012"),
                "B013": publication.custom("B013") or None,
                "B018": None,
                "B070": None,
                "B071": None,
                proposal: publication.custom(proposal),
            },
            correlation=publication.correlation,
        )
        return state, (answer,)

    def on_told(self, _state: str, told: Told, acting: Acting) -> Reaction:
        """Refuse: it only answers."""
        raise unknown_word(told, acting)

    def next_due(self, _state: str) -> datetime | None:
        """Return None: it only answers."""

    def on_time(self, state: str, _acting: Acting) -> Reaction:
        """Change nothing."""
        return state, ()

    def look_up(self, _state: str, _mpan: str) -> dict[str, Any] | None:
        """Return None: it keeps no register."""
