"""Reminders to the supplier that what is held about a metering point does not go together (IF-045).

What makes registration send one is assumed: it looks when a change makes the values disagree, once.
"""

from __future__ import annotations

from simulators.participants.behaviours import Outgoing
from simulators.registration.case import Case
from simulators.registration.consents import consent_fits
from simulators.registration.items import Item
from simulators.registration.notices import Form, forms, write
from simulators.registration.point import MeteringPoint

SEGMENT_UNSUITED: Form[str] = Form(
    "IF-045", "InvalidMarketSegment", ("supplier", "metering service", "data service"),
    lambda text: {"B060": {"additionalInformation": text}}, "third-party",
    "the supplier has to appoint services that suit the meters or the connection",
)  # fmt: skip
CONSENT_UNSUITED: Form[str] = Form(
    "IF-045", "ConsentGranularityInvalid", ("supplier", "metering service", "data service"),
    lambda text: {"B060": {"additionalInformation": text}}, "third-party",
    "the supplier has to give a consent that suits the metering point",
)  # fmt: skip
forms("reminders of data", SEGMENT_UNSUITED, CONSENT_UNSUITED)


def remind(form: Form[str], case: Case, point: MeteringPoint, text: str) -> tuple[Outgoing, ...]:
    """Return a reminder with ``text`` as its additional information; none where nobody supplies the point."""
    supplier = point.supplier_at(case.moment)
    return (write(form, case, point, text),) if supplier and supplier.dip_id else ()


def consent_reminder(case: Case, before: MeteringPoint, after: MeteringPoint) -> tuple[Outgoing, ...]:
    """Return a reminder where a change of segment or direction leaves a consent that does not fit.

    What is still to come counts: the last values on record are compared.
    """
    consent = _last(after, Item.CONSENT)
    if consent is None or _fits(after) or not _fits(before):
        return ()
    text = f"Consent {consent} does not suit the metering point"
    return remind(CONSENT_UNSUITED, case, after, text)


def _fits(point: MeteringPoint) -> bool:
    values = (_last(point, item) for item in (Item.CONSENT, Item.MARKET_SEGMENT, Item.ENERGY_DIRECTION))
    return consent_fits(*values)


def _last(point: MeteringPoint, item: Item) -> object:
    spans = point.history(item).spans()
    return spans[-1].value if spans else None
