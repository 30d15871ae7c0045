"""Which consents to use a customer's data go with which metering point: the one table that every rule asks.

Published are the values (H half-hourly, D daily, M monthly, N no consent; x hides one from a recipient) and
that REG1035 refuses a consent that does not suit the segment; not which do. The table is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping

CONSENTS: Mapping[str, frozenset[str]] = {
    "S": frozenset("HDMN"),
    "A": frozenset("H"),
    "U": frozenset("N"),
}
"""By market segment: at smart and traditional points customers have the choice, and may give none."""
BY_SEGMENT = "smart: H, D, M or N (none); advanced: H; unmetered: N"
"""The table in words, for the basis of rules."""


def consent_fits_segment(consent: object, segment: object) -> bool:
    """Say whether a consent can stand at a point of a market segment (smart where none is held)."""
    return consent in CONSENTS.get(str(segment or "S"), frozenset())


def consent_fits(consent: object, segment: object, direction: object) -> bool:
    """Say whether a consent can stand at a point (smart and import where nothing is held)."""
    return consent_fits_segment(consent, segment) and (direction != "E" or consent == "H")
