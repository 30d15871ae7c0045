"""Checks of the parties: known, in the right role, of the right segment, and those of the cohort."""

from __future__ import annotations

from collections.abc import Mapping

from harness.messages.context import DATA_ROLE, METERING_ROLE
from harness.messages.identifiers import distributor_of
from harness.test_data.checks.rule import Check, Ground, Told
from harness.test_data.participants import RETRIEVER, SUPPLIER
from harness.test_data.point_rows import LEGACY_AGENT
from harness.test_data.reading import Brought

ITEMS = ("supplier", "metering_service", "data_service", "mdr")


def wanted_roles(item: str, segment: str) -> tuple[str, ...]:
    """Return the roles that may stand in an item of a metering point of a segment."""
    by_segment = {"metering_service": METERING_ROLE, "data_service": DATA_ROLE}.get(item)
    if by_segment is None:
        return (SUPPLIER,) if item == "supplier" else (RETRIEVER,)
    return (by_segment[segment],) if segment in by_segment else tuple(by_segment.values())


def _known(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    for item in ITEMS:
        dip_id, mpid = row.get(item, ""), row.get(f"{item}_mpid", "")
        if not dip_id:
            continue
        parties = ground.by_dip_id.get(dip_id, ())
        if not parties:
            yield item, f"{dip_id} is nobody's DIP id among the parties"
        elif mpid and mpid not in {each.mpid for each in parties}:
            yield f"{item}_mpid", f"{mpid} does not match the DIP id {dip_id}, which is {parties[0].mpid}"


def _role(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    segment = row.get("market_segment", "")
    for item in ITEMS:
        parties = ground.by_dip_id.get(row.get(item, ""), ())
        wanted = wanted_roles(item, segment)
        if parties and not any(each.role in wanted for each in parties):
            roles = ", ".join(sorted({each.role for each in parties}))
            where = f" in segment {segment}" if len(wanted) == 1 and item.endswith("service") else ""
            yield item, f"{row[item]} is {roles}, expected {' or '.join(wanted)}{where}"


def _unmetered_operator(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    number = distributor_of(row["mpan"])
    for party in ground.by_dip_id.get(row.get("metering_service", ""), ()):
        if party.role == "UMSO" and party.distributor_id and party.distributor_id != number:
            yield (
                "metering_service",
                f"{party.dip_id} is the UMSO of distributor {party.distributor_id}, the MPAN's is {number}",
            )


def _regime(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    regime = row.get("regime", "")
    for item in ("metering_service", "data_service"):
        dip_id, mpid = row.get(item, ""), row.get(f"{item}_mpid", "")
        if regime == "mhhs" and mpid and not dip_id:
            yield item, f"{mpid} has no DIP id, but the point is settled half-hourly (regime mhhs)"
        if regime in ("legacy", "reverse-migrated"):
            role = LEGACY_AGENT[item]
            if dip_id:
                yield (
                    item,
                    f"{dip_id} has a DIP id, but the regime is {regime}: expected a {role}'s MPID alone",
                )
            elif mpid and (mpid, role) not in ground.legacy:
                yield f"{item}_mpid", f"{mpid} is no {role} of the legacy arrangements in standing data"
    if regime == "reverse-migrated" and row.get("supplier"):
        yield (
            "supplier",
            "has a DIP id, but a point returns to the legacy arrangements with a legacy supplier",
        )
    if regime in ("legacy", "reverse-migrated") and row.get("mdr"):
        yield "mdr", f"is given, but the regime is {regime}"


def _there(_ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    if row.get("mp_status") == "N":
        return
    for item in ("supplier", "metering_service", "data_service"):
        if item in row and not row[item] and not row.get(f"{item}_mpid"):
            yield item, "is empty: a metering point that is not new has one"


def _cohort(ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    for item, role, party in paired_parties(row):
        held = ground.paired.get((row["cohort"], role))
        if held is not None and held[0] != party and held[1] is not brought:
            yield item, f"cohort {row['cohort']} has {held[0]} there ({held[1].place}), this point {party}"


def paired_parties(row: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return item, place in the cohort and DIP id of the parties that a cohort locks."""
    if not row.get("cohort"):
        return []
    segment, distributor = row.get("market_segment", ""), distributor_of(row["mpan"])
    places = {item: f"{item} {segment}" for item in ITEMS} | {"supplier": "supplier", "mdr": "mdr"}
    if segment == "U":
        places["metering_service"] += f" {distributor}"
    places["distributor"] = f"distributor {distributor}"
    return [(item, place, row[item]) for item, place in places.items() if row.get(item)]


CHECKS = (
    Check("party", (), _known, "published", "REG1090 to REG1093: MPID and DIP id are one party's"),
    Check("role", (), _role, "published", "REG1031: a provider suits the market segment"),
    Check("umso", ("metering_service",), _unmetered_operator, "third-party",
          "REG1030: the UMSO of an unmetered site is that of its LDSO"),
    Check("regime", ("regime",), _regime, "assumed", "legacy agents hold no DIP id"),
    Check("party-given", (), _there, "assumed", "a metering point that is not new is supplied and served"),
    Check("cohort", ("cohort",), _cohort, "assumed", "a cohort is a locked pairing"),
)  # fmt: skip
