"""What a message is built for: who sends it, when, about which metering point, and the parties around it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from harness.spec.roles import roles

SEGMENT_OF_ROLE = {
    "MSS": "S",
    "SDS": "S",
    "MDR": "S",
    "DCC": "S",
    "MSA": "A",
    "ADS": "A",
    "UMSO": "U",
    "UMSDS": "U",
}
METERING_ROLE = {"S": "MSS", "A": "MSA", "U": "UMSO"}
DATA_ROLE = {"S": "SDS", "A": "ADS", "U": "UMSDS"}
_UNLISTED = "30"
"""How the DIP id of a made-up legacy agent (MOP, DC) begins; assumed, for these hold none."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything around one message: with the same context, release and pair it has the same bytes.

    ``parties`` maps a role to the (DIP id, MPID) that fills its fields. A second party of the role is named
    with its place: ``SUP:outgoing``, ``MSS:incumbent``, ``SDS:incumbent``, ``MSS:incoming``,
    ``SDS:incoming``. A party that a message needs and the mapping lacks is made up, the same one each time.

    ``segment`` (S, A or U) says what kind of metering point ``mpan`` is; without it the roles of the sender
    and the primary recipients decide, then S. An MPAN stands for the same metering point in every
    message, whatever the seed, so that the messages of a case agree.

    ``reference`` is needed where one case sends the same event twice: without it both get the same one.
    """

    seed: int
    now: datetime
    environment: str
    sender_dip_id: str
    sender_role: str
    connection_provider: str | None
    sub_text: str | None
    mpan: str
    distributor_dip_id: str
    primary_recipients: tuple[str, ...]
    parties: Mapping[str, tuple[str, str]]
    reference: str | None = None
    correlation: str | None = None
    segment: str | None = None

    def market_segment(self) -> str:
        """Return the market segment of the metering point: as told, else by the roles at work, else S."""
        if self.segment:
            return self.segment
        told = SEGMENT_OF_ROLE.get(self.sender_role)
        if told:
            return told
        for role, (dip_id, _) in self.parties.items():
            if dip_id in self.primary_recipients and role.partition(":")[0] in SEGMENT_OF_ROLE:
                return SEGMENT_OF_ROLE[role.partition(":")[0]]
        return "S"

    def party(self, role: str, *places: str) -> tuple[str, str]:
        """Return the (DIP id, MPID) of ``role`` in the first of ``places`` (``outgoing``...) that is known.

        Without places it is the sender where the sender has the role, else the role's own party; with
        places and none known, a made-up other one.
        """
        if not places and role == self.sender_role:
            return self.sender_dip_id, self._mpid_of(self.sender_dip_id, role)
        for name in [f"{role}:{place}" for place in places] if places else [role]:
            if name in self.parties:
                return self.parties[name]
        return _made_up(role, *places)

    def _mpid_of(self, dip_id: str, role: str) -> str:
        known = (mpid for party_id, mpid in self.parties.values() if party_id == dip_id)
        return next(known, _made_up(role)[1])

    def has(self, role: str, place: str) -> bool:
        """Tell whether ``parties`` names a party of the role in that place."""
        return f"{role}:{place}" in self.parties


def _made_up(role: str, *places: str) -> tuple[str, str]:
    rng = random.Random(f"party/{role}/{'/'.join(places)}")
    prefix = roles()[role].prefix if role in roles() else _UNLISTED
    dip_id = f"{prefix}{rng.randrange(9 * 10**7, 10**8):08d}"
    return dip_id, "Z" + "".join(rng.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(3))
