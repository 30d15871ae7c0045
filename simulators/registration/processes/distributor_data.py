"""What distributors and the switching service maintain: told beside the hub, passed on by IF-018.

A change of supplier is told by IF-001 and IF-036, never by IF-018.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from harness.clock import message_time
from simulators.registration.blocks import standing_blocks
from simulators.registration.case import Case, Outcome, told
from simulators.registration.items import Item
from simulators.registration.notices import Blocks, Form, forms, write
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.data_reminders import consent_reminder
from simulators.registration.telling import changed_point, effective_date, told_point

Placed = tuple[MeteringPoint, datetime]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change: the item, the event that tells of it, and the blocks that the event has."""

    item: Item
    event: str
    blocks: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "address-changed": Kind(Item.ADDRESS, "AddressChg", ("B001", "B022")),
    "gsp-group-changed": Kind(Item.GSP_GROUP, "GSPChg", ("B001", "B022")),
    "dcc-service-flag-changed": Kind(Item.DCC, "DCCEnrolment", ("B029",)),
    "domestic-indicator-changed": Kind(Item.DOMESTIC, "DomPremInd", ("B028",)),
    "duos-tariff-changed": Kind(Item.DUOS_TARIFF, "DUOSTariffIDChg", ("B024",)),
    "energy-direction-changed": Kind(Item.ENERGY_DIRECTION, "EnergyDirection", ("B023",)),
    "metered-indicator-changed": Kind(Item.METERED, "MUMIndicator", ("B023",)),
}
"""By the word that is told; the pairing of words and events is ours, the blocks are the messages'."""
_CONCERNS = ("supplier", "data service", "metering service", "distributor", "MDS", "EES")


def _form(kind: Kind) -> Form[Placed]:
    def blocks(placed: Placed) -> Blocks:
        point, effective = placed
        held = standing_blocks(point, effective)
        since = point.since(Item.GSP_GROUP, effective) or point.created
        held["B001"] = {"GSPGroupEffectiveFromDate": message_time(since)}
        return {"B013": None, **{name: held[name] for name in kind.blocks if name in held}}

    return Form("IF-018", kind.event, _CONCERNS, blocks, "third-party", "receivers of IF-018")


FORMS = {word: _form(kind) for word, kind in KINDS.items()}
forms("distributor data", *FORMS.values())


@told(*KINDS)
def change(case: Case) -> Outcome:
    """Record a ``value`` from ``effective`` on (the present where absent) and tell everybody concerned.

    Raises ConfigurationError for a value that the item can't have, and for an MPAN that is not registered.
    """
    before, kind = told_point(case), KINDS[case.told.what]
    point, effective = changed_point(case, kind.item), effective_date(case)
    sent = write(FORMS[case.told.what], case, point, (point, effective))
    return Outcome((point,), (sent, *consent_reminder(case, before, point)))
