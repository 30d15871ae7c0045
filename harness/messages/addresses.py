"""Site addresses, names and postcodes that look right and belong to nobody.

Streets, towns and names come from Faker (en_GB) in pools that are made once per process; a postcode gets
its area from the GSP group, the rest is drawn. A metering point's address has nine lines; which part stands
on which line is assumed: 2 sub-building, 3 building name, 4 building number, 5 street, 7 locality, 8 post
town.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

LINES = 9
LINE_LENGTH = 40
_POOL = 200

_POSTCODE_AREAS = {
    "_A": "IP CB NR CO PE CM", "_B": "NG DE LE LN NN", "_C": "E N SE SW W NW", "_D": "L CH LL WA",
    "_E": "B WV WS DY ST", "_F": "NE SR DH TS DL", "_G": "M BL OL PR LA CA", "_H": "SO PO RG SN BH",
    "_J": "BN ME TN CT RH", "_K": "CF SA NP", "_L": "BS EX PL TQ TR TA", "_M": "LS HU YO HD S BD",
    "_N": "EH G KA DG FK", "_P": "AB IV DD PH KW",
}  # fmt: skip
_INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True)
class Pool:
    """Names to draw from."""

    streets: tuple[str, ...]
    towns: tuple[str, ...]
    counties: tuple[str, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """Nine lines, absent ones None, and a postcode."""

    lines: tuple[str | None, ...]
    postcode: str


@cache
def pool() -> Pool:
    """Return the names, the same in every process."""
    # Imported here: it takes longer than building a thousand messages, and a message may need no address.
    from faker import Faker

    fake = Faker("en_GB")
    fake.seed_instance(20260101)

    def fitting(make: str) -> tuple[str, ...]:
        drawn = (str(getattr(fake, make)()) for _ in range(_POOL))
        return tuple(name for name in drawn if len(name) <= LINE_LENGTH)

    return Pool(fitting("street_name"), fitting("city"), fitting("county"), fitting("name"))


def postcode(rng: random.Random, gsp_group: str) -> str:
    """Draw a postcode whose area lies in the GSP group."""
    area = rng.choice(_POSTCODE_AREAS.get(gsp_group, "ZE").split())
    inward = f"{rng.randrange(1, 10)}{rng.choice(_INWARD_LETTERS)}{rng.choice(_INWARD_LETTERS)}"
    return f"{area}{rng.randrange(1, 20)} {inward}"


def address(rng: random.Random, gsp_group: str) -> Address:
    """Draw a site address in the GSP group."""
    names = pool()
    lines: list[str | None] = [None] * LINES
    if rng.random() < 0.2:
        lines[1] = f"Flat {rng.randrange(1, 40)}"
    if rng.random() < 0.1:
        lines[2] = f"{rng.choice(names.streets).split()[0]} House"
    lines[3] = str(rng.randrange(1, 200))
    lines[4] = rng.choice(names.streets)
    lines[7] = rng.choice(names.towns)
    lines[8] = rng.choice(names.counties) if names.counties and rng.random() < 0.5 else None
    return Address(tuple(lines), postcode(rng, gsp_group))
