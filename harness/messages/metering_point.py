"""One metering point, consistent in itself: segment, connection, meters, address and history agree.

Assumed, where a reader could take it for a rule: the mix of meter types, advanced sites on current
transformers, consent and read frequencies, the annual consumption, and the group of a distributor that
serves all of Great Britain (ids from 24 up), which is drawn. The group of ids 10 to 23 is the industry's
own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from harness.messages import identifiers
from harness.messages.addresses import Address, address

GSP_GROUP_OF_DISTRIBUTOR = {
    "10": "_A", "11": "_B", "12": "_C", "13": "_D", "14": "_E", "15": "_F", "16": "_G",
    "17": "_P", "18": "_N", "19": "_J", "20": "_H", "21": "_K", "22": "_L", "23": "_M",
}  # fmt: skip
GSP_GROUPS = tuple(sorted(GSP_GROUP_OF_DISTRIBUTOR.values()))

SMART_TYPES = ("S1", "S2A", "S2AD", "S2ADE", "S2B", "S2BDE", "S2C", "S2CDE")
TRADITIONAL_TYPES = ("N", "K", "T")
ADVANCED_TYPES = ("H", "RCAMR", "RCAMY", "NCAMR")
CHECK_METER = "CHECK"
_MAKES = {
    "smart": ("LANDIS+GYR E470 2.0", "AISIDE SM2000 A", "NORDVALE NX30"),
    "traditional": ("FERRANTE FM21", "SANGWELL S200", "LANDMARK 5235"),
    "advanced": ("ELSTERN A1140", "ISKRAY MT174", "PRI-CALMONT 300"),
}
_SMART_LOCATIONS = "AGHIKSUX"
_INDUSTRIAL_LOCATIONS = "DEMJN"

# A fixed day, so that a metering point stays the same while the clock of a test moves on.
HISTORY_ENDS = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class Meter:
    """A physical meter. ``guid`` is None for a meter that the DCC does not reach."""

    serial: str
    kind: str
    make: str
    guid: str | None
    location: str
    digits: int
    installed: date
    provider: str


@dataclass(frozen=True, slots=True)
class MeteringPoint:
    """What registration would hold about an MPAN. Consumption in kWh a year."""

    mpan: str
    distributor: str
    gsp_group: str
    segment: str
    connection: str
    direction: str
    metered: bool
    domestic: bool
    smart: bool
    consent: str
    fallback_frequency: str
    annual_kwh: float
    meters: tuple[Meter, ...]
    previous_meter: Meter
    address: Address
    created: date
    agents_since: date
    supplied_since: date
    profile_class: str
    ssc: str
    tariff: str
    registration: str
    linked_export: str
    related: str
    links_export: bool
    has_related: bool


@lru_cache(maxsize=4096)
def metering_point(mpan: str, segment: str, before: date = HISTORY_ENDS) -> MeteringPoint:
    """Return the metering point of an MPAN; in one segment it is always the same one.

    All of its history lies before ``before``.
    """
    rng = random.Random(f"metering point/{mpan}/{segment}")
    distributor = identifiers.distributor_of(mpan)
    group = GSP_GROUP_OF_DISTRIBUTOR.get(distributor) or rng.choice(GSP_GROUPS)
    domestic = segment == "S" and rng.random() < 0.85
    smart = segment == "S" and rng.random() < 0.8
    created = before - timedelta(days=rng.randrange(3000, 9000))
    supplied = before - timedelta(days=rng.randrange(400, 1200))
    agents = supplied + timedelta(days=rng.randrange(0, 60))
    kind = "smart" if smart else "advanced" if segment == "A" else "traditional"
    installed = before - timedelta(days=rng.randrange(200, 390))
    connection = {"S": "W", "U": "U"}.get(segment) or rng.choice("LLLHE")
    return MeteringPoint(
        mpan=mpan,
        distributor=distributor,
        gsp_group=group,
        segment=segment,
        connection=connection,
        direction="I",
        metered=segment != "U",
        domestic=domestic,
        smart=smart,
        consent=rng.choice("HHHDM") if smart and domestic else "H" if segment != "U" else "N",
        fallback_frequency=rng.choice("MQ"),
        annual_kwh=_annual_kwh(rng, segment, domestic),
        meters=tuple(_meters(rng, kind, installed)),
        previous_meter=_meter(rng, "traditional" if kind == "smart" else kind, created),
        address=address(rng, group),
        created=created,
        agents_since=agents,
        supplied_since=supplied,
        profile_class="00" if segment == "A" else "01" if domestic else "03",
        ssc=rng.choice(("0393", "0151", "0428")),
        tariff=f"{rng.randrange(1, 1000):03d}",
        registration=identifiers.registration_id(rng),
        linked_export=_neighbour(rng, distributor),
        related=_neighbour(rng, distributor),
        links_export=segment == "S" and rng.random() < 0.15,
        has_related=domestic and rng.random() < 0.1,
    )


def _annual_kwh(rng: random.Random, segment: str, domestic: bool) -> float:
    low, high = {"A": (50_000, 2_000_000), "U": (5_000, 200_000)}.get(segment, (1_200, 6_000))
    if segment == "S" and not domestic:
        low, high = 3_000, 40_000
    return round(rng.uniform(low, high), 3)


def _meters(rng: random.Random, kind: str, installed: date) -> list[Meter]:
    meters = [_meter(rng, kind, installed)]
    if kind == "advanced" and rng.random() < 0.3:
        meters.append(replace(_meter(rng, kind, installed), kind=CHECK_METER))
    return meters


def _meter(rng: random.Random, kind: str, installed: date) -> Meter:
    types = {"smart": SMART_TYPES, "advanced": ADVANCED_TYPES}.get(kind, TRADITIONAL_TYPES)
    locations = _INDUSTRIAL_LOCATIONS if kind == "advanced" else _SMART_LOCATIONS
    return Meter(
        serial=identifiers.meter_id(rng, smart=kind == "smart"),
        kind=rng.choice(types),
        make=rng.choice(_MAKES[kind]),
        guid=identifiers.device_guid(rng) if kind == "smart" else None,
        location=rng.choice(locations),
        digits=7 if kind == "advanced" else 5,
        installed=installed,
        provider=rng.choice(("MAPA", "MAPB", "MAPC", "MAPD")),
    )


def _neighbour(rng: random.Random, distributor: str) -> str:
    return identifiers.mpan(
        distributor if distributor.isdigit() else "10", rng.randrange(10**identifiers.UNIQUE_DIGITS)
    )
