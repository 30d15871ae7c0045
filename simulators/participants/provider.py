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
from simulators.participants.policy import REJECT, Policy

EVENTS = {"MSAppSPRequest": ("MSAppSPResponse", "B070"), "DSAppSPRequest": ("DSAppSPResponse", "B071")}
"""Event and block of the answer, by the event of the request."""
ACCEPTED = "SP000"
OTHER = "SP099"
CODES = frozenset(name for name in codes() if name.startswith(("SP", "DS")))
"""Published codes of a provider's answer."""


def code_of(policy: Policy) -> str:
    """Return the code of an answer: SP000 for a plain acceptance, SP099 (other) for a plain refusal."""
    if policy.response in CODES:
        return policy.response
    return OTHER if policy.response == REJECT else ACCEPTED


def answer(publication: Publication, code: str, nominated: Mapping[str, Any] | None = None) -> Outgoing:
    """Return IF-034 on PUB-033 with a code; ``nominated`` is block B018, for an acceptance."""
    event, proposal = EVENTS[publication.event]
    accepted = code == ACCEPTED
    header = publication.common("M0")
    return Outgoing(
        release=publication.release,
        interface="IF-034",
        event=event,
        mpan=publication.mpan,
        distributor=str(header["distributorDIPID"]),
        primary=(publication.sender,),
        common={"M0": header},
        custom={
            "B007": {
                "responseCode": "A" if accepted else "R",
                "proposedAppointmentResponseCode": text(code),
            },
            "B012": publication.custom("B012"),
            "B013": publication.custom("B013") or None,
            "B018": nominated if accepted else None,
            "B070": None,
            "B071": None,
            proposal: publication.custom(proposal),
        },
        correlation=publication.correlation,
    )


@behaviour("appoint")
class Appoint:
    """Answers every request with one code; the state is that code."""

    roles = frozenset({"MSS", "MSA", "UMSO", "SDS", "ADS", "UMSDS"})
    options = frozenset({"response"})

    def start(self, options: Mapping[str, Any], acting: Acting) -> str:
        """Return the code of the option ``response``, SP000 (accepted) by default."""
        code = options.get("response", ACCEPTED)
        if code not in CODES:
            where = f"behaviour of {acting.party.dip_id}"
            raise ConfigurationError(
                f"'{code}' is no SP or DS code", where=where, mend=nearest(str(code), CODES)
            )
        return str(code)

    def on_publication(self, state: str, publication: Publication, _acting: Acting) -> Reaction:
        """Answer PUB-033; anything else changes nothing."""
        if publication.interface != "IF-033" or publication.event not in EVENTS:
            return state, ()
        return state, (answer(publication, state),)

    def on_told(self, _state: str, told: Told, acting: Acting) -> Reaction:
        """Refuse: it only answers."""
        raise unknown_word(told, acting)

    def next_due(self, _state: str) -> datetime | None:
        """Return None: it only answers."""

    def on_time(self, state: str, _acting: Acting) -> Reaction:
        """Change nothing."""
        return state, ()

    def look_up(
        self, _state: str, _mpan: str, _as_of: datetime | None = None, _as_known: datetime | None = None
    ) -> dict[str, Any] | None:
        """Return None: it keeps no register."""
