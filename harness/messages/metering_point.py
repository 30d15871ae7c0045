"""One metering point, consistent in itself: segment, connection, meters, address and history agree.

Meter types, asset providers, tariffs, SSCs and GSP groups are drawn from standing data that is in force.
Assumed, where a reader could take it for a rule: the mix of meter groups, advanced sites on current
transformers, consent and read frequencies, the annual consumption, and the group of a distributor that
serves all of Great Britain (ids from 24 up), which is drawn.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from harness.errors import ConfigurationError
from harness.messages import identifiers
from harness.messages.addresses import Address, address
from harness.standing_data.library import StandingData, standing_data

FIRST_GENERATION = "S1"
"""The meter type of SMETS1 meters, which alone have an operator (SMSO); assumed."""
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
    smso: str
    """Who operates the meter where it is one of the first generation (S1)."""


@lru_cache(maxsize=4096)
def metering_point(mpan: str, segment: str, before: date = HISTORY_ENDS) -> MeteringPoint:
    """Return the metering point of an MPAN; in one segment it is always the same one.

    All of its history lies before ``before``.
    """
    rng = random.Random(f"metering point/{mpan}/{segment}")
    distributor = identifiers.distributor_of(mpan)
    group = _gsp_group(rng, distributor, before)
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
        previous_meter=meter(rng, "traditional" if kind == "smart" else kind, created),
        address=address(rng, group),
        created=created,
        agents_since=agents,
        supplied_since=supplied,
        profile_class="00" if segment == "A" else "01" if domestic else "03",
        ssc=in_force(rng, "ssc", before),
        tariff=in_force(rng, "duos_tariff", before, distributor_id=distributor, energy_direction="I"),
        registration=identifiers.registration_id(rng),
        linked_export=_neighbour(rng, distributor),
        related=_neighbour(rng, distributor),
        links_export=segment == "S" and rng.random() < 0.15,
        has_related=domestic and rng.random() < 0.1,
        smso=in_force(rng, "smso_id", before),
    )


def _annual_kwh(rng: random.Random, segment: str, domestic: bool) -> float:
    low, high = {"A": (50_000, 2_000_000), "U": (5_000, 200_000)}.get(segment, (1_200, 6_000))
    if segment == "S" and not domestic:
        low, high = 3_000, 40_000
    return round(rng.uniform(low, high), 3)


def _meters(rng: random.Random, kind: str, installed: date) -> list[Meter]:
    meters = [meter(rng, kind, installed)]
    if kind == "advanced" and rng.random() < 0.3:
        check = in_force(rng, "meter_type", installed, meter_group="check")
        meters.append(replace(meter(rng, kind, installed), kind=check))
    return meters


def in_force(rng: random.Random, kind: str, day: date, **scope: str) -> str:
    """Draw a value of a list of standing data that is in force from a day until further notice.

    A user's own lists need not reach as far back as a made-up site, nor know the distributor of an MPAN that
    is wrong on purpose: where nothing fits, the day is left out of account, then the scope. Raises
    ConfigurationError for a list that is empty.
    """
    lists = standing_data()
    found = _fitting(lists, kind, _unchanged_since(lists, kind, day), tuple(scope.items()))
    if not found:
        raise ConfigurationError(f"the list {kind} of standing data is empty")
    return rng.choice(found)


def _unchanged_since(lists: StandingData, kind: str, day: date) -> date:
    """Return the day of the last change of a list before ``day``; the same values are in force on both."""
    changes = _changes(lists, kind)
    before = bisect_right(changes, day)
    return changes[before - 1] if before else date.min


@lru_cache(maxsize=64)
def _changes(lists: StandingData, kind: str) -> tuple[date, ...]:
    entries = lists.entries(kind)
    ended = {entry.until + timedelta(days=1) for entry in entries if entry.until}
    return tuple(sorted(ended | {entry.since for entry in entries}))


@lru_cache(maxsize=4096)
def _fitting(
    lists: StandingData, kind: str, day: date, scope: tuple[tuple[str, str], ...]
) -> tuple[str, ...]:
    narrow = dict(scope)
    found = (
        lists.entries(kind, on=day, **narrow)
        or lists.entries(kind, on=None, **narrow)
        or lists.entries(kind, on=day)
        or lists.entries(kind)
    )
    lasting = [entry for entry in found if entry.until is None]
    return tuple(entry.value for entry in lasting or found)


def _gsp_group(rng: random.Random, distributor: str, day: date) -> str:
    owner = standing_data().find("distributor", distributor, on=day)
    return (owner.values["gsp_group"] if owner else "") or in_force(rng, "gsp_group", day)


def meter(rng: random.Random, kind: str, installed: date) -> Meter:
    """Draw a meter of a group (``smart``, ``traditional``, ``advanced``)."""
    locations = _INDUSTRIAL_LOCATIONS if kind == "advanced" else _SMART_LOCATIONS
    return Meter(
        serial=identifiers.meter_id(rng, smart=kind == "smart"),
        kind=in_force(rng, "meter_type", installed, meter_group=kind),
        make=rng.choice(_MAKES[kind]),
        guid=identifiers.device_guid(rng) if kind == "smart" else None,
        location=rng.choice(locations),
        digits=7 if kind == "advanced" else 5,
        installed=installed,
        provider=in_force(rng, "map_id", installed),
    )


def _neighbour(rng: random.Random, distributor: str) -> str:
    return identifiers.mpan(
        distributor if distributor.isdigit() else "10", rng.randrange(10**identifiers.UNIQUE_DIGITS)
    )
