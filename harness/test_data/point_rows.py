"""The rows of a site: what its profile says, with the parties of a cohort.

Whatever the profile leaves open is that of `harness.messages.metering_point`, so that messages built about
the MPAN tell of the same address, tariff and registration. Assumed: linked and related points share site,
supplier, agents and regime; an import and its export share the meter.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from harness.messages.context import DATA_ROLE, METERING_ROLE
from harness.messages.identifiers import UNIQUE_DIGITS, mpan
from harness.messages.metering_point import FIRST_GENERATION, MeteringPoint, in_force, meter, metering_point
from harness.test_data.participants import RETRIEVER, SUPPLIER, Cohort, Distribution, Participant
from harness.test_data.profiles import Profile

Row = dict[str, str]
LEGACY_AGENT = {"metering_service": "MOP", "data_service": "DC"}


class Maker:
    """Makes rows; no two have the same MPAN."""

    def __init__(self, rng: random.Random, legacy: Mapping[str, Participant], before: date) -> None:
        self._rng = rng
        self._legacy = legacy
        self._before = before
        self._taken: set[str] = set()

    def points(self, group: Sequence[Profile], cohort: Cohort) -> list[Row]:
        """Return the rows of one site: a point alone, or two that belong together."""
        wanted = group[0]["distributor_type"]
        place = next(each for each in cohort.distributions if each.distributor_type == wanted)
        mpans = [self._mpan(place.distributor_id) for _ in group]
        first = self._point(mpans[0], group[0])
        rows = [self._row(mpans[0], group[0], first, cohort, place)]
        for number, profile in zip(mpans[1:], group[1:], strict=True):
            own = self._point(number, profile)
            shared = replace(
                own,
                meters=first.meters if first.direction != own.direction else own.meters,
                address=first.address,
                gsp_group=first.gsp_group,
                created=first.created,
                supplied_since=first.supplied_since,
                agents_since=first.agents_since,
            )
            rows.append(self._row(number, profile, shared, cohort, place))
        _relate(rows, [profile["relation"] for profile in group])
        return rows

    def _mpan(self, distributor: str) -> str:
        while True:
            made = mpan(distributor, self._rng.randrange(10**UNIQUE_DIGITS))
            if made not in self._taken:
                self._taken.add(made)
                return made

    def _point(self, number: str, profile: Profile) -> MeteringPoint:
        """Return the metering point of an MPAN with what the profile says of it."""
        point = metering_point(number, profile["segment"], self._before)
        rng = random.Random(f"profile/{number}")
        meters = point.meters[:1]
        group = profile["meter_group"]
        if group == "none":
            meters = ()
        elif (group == "smart") != point.smart and profile["segment"] == "S":
            meters = (meter(rng, group, point.meters[0].installed),)
        tariff = point.tariff
        if profile["direction"] == "E":
            scope = {"distributor_id": point.distributor, "energy_direction": "E"}
            tariff = in_force(rng, "duos_tariff", self._before, **scope)
        domestic = profile["domestic"] == "domestic"
        return replace(
            point,
            meters=meters,
            smart=group == "smart",
            connection=profile["connection"],
            direction=profile["direction"],
            domestic=domestic,
            consent=profile["consent"],
            profile_class="00" if profile["segment"] == "A" else "01" if domestic else "03",
            tariff=tariff,
        )

    def _row(
        self, number: str, profile: Profile, point: MeteringPoint, cohort: Cohort, place: Distribution
    ) -> Row:
        settled = profile["segment"] != "U" and profile["meter_group"] != "smart"
        new = profile["energisation"] == "U"
        row = {
            "mpan": number,
            "distributor": place.parties["LDSO"].dip_id,
            "created": point.created.isoformat(),
            "mp_status": "R" if new else "T",
            "rmp_status": "O",
            "gsp_group": point.gsp_group,
            "market_segment": profile["segment"],
            "connection_type": profile["connection"],
            "energy_direction": profile["direction"],
            "metered": "true" if point.metered else "false",
            "energisation": profile["energisation"],
            "domestic": "true" if point.domestic else "false",
            "regime": profile["regime"],
            "consent": profile["consent"],
            "dcc": profile["dcc"],
            "profile_class": point.profile_class if settled else "",
            "ssc": point.ssc if profile["meter_group"] == "traditional" else "",
            "duos_tariff": point.tariff,
            "annual_kwh": f"{point.annual_kwh:.3f}",
            "annual_quality": "A",
            "cohort": cohort.name,
            **self._parties(number, profile, point, cohort, place),
            **_address(point),
        }
        return {**row, **_meter(point, profile)} if point.meters else row

    def _parties(
        self, number: str, profile: Profile, point: MeteringPoint, cohort: Cohort, place: Distribution
    ) -> Row:
        segment, regime = profile["segment"], profile["regime"]
        held = {**cohort.parties, **place.parties}
        supplier = self._legacy[SUPPLIER] if regime == "reverse-migrated" else held[SUPPLIER]
        row = _held("supplier", supplier, point.supplied_since)
        row["registration_id"] = point.registration
        for item, role in (("metering_service", METERING_ROLE), ("data_service", DATA_ROLE)):
            agent = held[role[segment]] if regime == "mhhs" else self._legacy[LEGACY_AGENT[item]]
            row |= _held(item, agent, point.agents_since)
            row[f"{item}_contract"] = f"{item[0].upper()}S-{segment}-{number[-6:]}"
        if regime == "mhhs" and segment == "S":
            row["fallback_frequency"] = point.fallback_frequency
        if regime == "mhhs" and profile["dcc"] == "A":
            row |= _held("mdr", held[RETRIEVER], point.agents_since)
        return row


def _held(item: str, who: Participant, since: date) -> Row:
    return {item: who.dip_id, f"{item}_mpid": who.mpid, f"{item}_from": since.isoformat()}


def _address(point: MeteringPoint) -> Row:
    lines = enumerate(point.address.lines, 1)
    return {**{f"address_line_{n}": line for n, line in lines if line}, "postcode": point.address.postcode}


def _meter(point: MeteringPoint, profile: Profile) -> Row:
    held = point.meters[0]
    installed = max(held.installed, point.created + timedelta(days=1)).isoformat()
    row = {
        "meter_id": held.serial,
        "meter_type": held.kind,
        "esme_id": held.guid or "",
        "meter_make": held.make,
        "meter_location": held.location,
        "meter_digits": str(held.digits),
        "meter_installed": installed,
        "map_id": held.provider,
        "map_from": installed,
    }
    if held.kind == FIRST_GENERATION:
        row["smso"] = point.smso
    if profile["meter_group"] == "smart" and point.domestic:
        row["ihd"] = "I"
    return row


def _relate(rows: Sequence[Row], relations: Sequence[str]) -> None:
    """Write the relationship of two points into the rows of both."""
    if relations[0] == "none":
        return
    by_relation = dict(zip(relations, (row["mpan"] for row in rows), strict=True))
    for row in rows:
        if "import" in by_relation:
            row |= {
                "linked_principal": by_relation["import"],
                "linked_subsidiaries": by_relation["export"],
            }
        else:
            row |= {
                "related_primary": by_relation["primary"],
                "related_secondaries": by_relation["secondary"],
            }
