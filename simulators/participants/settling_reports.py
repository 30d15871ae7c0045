"""Reports for distribution charges, added up from what a settlement run made (REP-002, REP-002B).

Volumes are MWh with six decimals, so that every watt hour of the run is in them (assumed: no public source
gives the unit). A defaulted period counts as estimated (assumed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from harness.errors import ConfigurationError
from harness.messages.build import compress_report
from harness.messages.consumption import utc_day_ends
from harness.messages.dates import PERIOD_MINUTES, utc_midnight_text
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing
from simulators.participants.consuming import de_energised
from simulators.participants.content import Content
from simulators.participants.playing import State
from simulators.participants.record import Point
from simulators.participants.settling import Result

SUPPLIERS, DISTRIBUTORS = "REP-002", "REP-002B"
_EVENTS = {SUPPLIERS: "DUOSSupplierAggData", DISTRIBUTORS: "DUoSLDSOAggData"}


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """What volumes are added up over."""

    supplier: str
    """DIP id"""
    distributor: str
    """DIP id"""
    gsp_group: str
    tariff: str
    domestic: bool
    direction: str


@dataclass(slots=True)
class Volumes:
    """Wh and numbers of metering points of a group, by settlement period."""

    watt_hours: list[int]
    actual: list[int]
    energised: list[int]
    de_energised: list[int]


def volumes(state: State, day: date, run: str, acting: Acting) -> dict[Group, Volumes]:
    """Add a run up; raises ConfigurationError where it has not taken place."""
    found: dict[Group, Volumes] = {}
    ends = utc_day_ends(day)
    for mpan in sorted(state.own.accounts):
        result: Result | None = state.own.accounts[mpan].runs.get((day, run))
        if result is None:
            continue
        point = state.record.point(mpan)
        for number, end in enumerate(ends):
            value = result.values.get(end)
            if value is None:
                continue
            group = _group(point, value.supplier, acting)
            sums = found.setdefault(group, Volumes(*([0] * len(ends) for _ in range(4))))
            sums.watt_hours[number] += value.watt_hours
            sums.actual[number] += value.watt_hours if value.actual else 0
            dead = de_energised(point, end)
            (sums.de_energised if dead else sums.energised)[number] += 1
    if not found:
        raise ConfigurationError(f"run {run} for {day} has not taken place", where=acting.party.dip_id)
    return found


def _group(point: Point, supplier: str, acting: Acting) -> Group:
    described = sending.described(point, acting)
    return Group(
        supplier=supplier,
        distributor=sending.distributor(acting, point.mpan),
        gsp_group=str(point.header.get("GSPGroupID") or described.gsp_group),
        tariff=str(point.facts.get("tariff") or point.facts.get("duos_tariff") or described.tariff),
        domestic=bool(point.facts.get("domestic", described.domestic)),
        direction=str(point.facts.get("energy_direction") or described.direction),
    )


def messages(state: State, content: Content, acting: Acting) -> tuple[Outgoing, ...]:
    """Return one report for each supplier, or for each distributor and GSP group, of the run told."""
    report, run, day = content.text("report"), content.text("run"), content.day("day")
    found = volumes(state, day, run, acting)
    header = {
        "R002": {
            "settlementDate": day.isoformat(),
            "settlementCode": run,
            "runNumber": state.own.defaults,
        },
        "R007": {"settlementRunExecutionDate": utc_midnight_text(acting.now.astimezone(UTC).date())},
    }
    write = _for_suppliers if report == SUPPLIERS else _for_distributors
    return tuple(
        sending.told_message(
            state.record,
            content,
            acting,
            report,
            _EVENTS[report],
            content.names("to") or to,
            {"P03.compressedReport": compress_report({**header, **body})},
        )
        for to, body in write(found, acting)
    )


Bodies = Iterator[tuple[tuple[str, ...], dict[str, Any]]]


def _for_suppliers(found: Mapping[Group, Volumes], acting: Acting) -> Bodies:
    for supplier, groups in _split(found, lambda group: group.supplier):
        listed = [
            {
                "R027": {"distributorID": _mpid(acting, distributor)},
                "REP002-R013": [
                    {
                        "R013": {"GSPGroupID": gsp},
                        "REP002-R010": [_tariff("REP002", g, tariffs[g]) for g in tariffs],
                    }
                    for gsp, tariffs in _split(inner, lambda group: group.gsp_group)
                ],
            }
            for distributor, inner in _split(groups, lambda group: group.distributor)
        ]
        yield (supplier,), {"R009": {"supplierMPID": _mpid(acting, supplier)}, "REP002-R027": listed}


def _for_distributors(found: Mapping[Group, Volumes], acting: Acting) -> Bodies:
    for distributor, groups in _split(found, lambda group: group.distributor):
        for gsp_group, inner in _split(groups, lambda group: group.gsp_group):
            listed = [
                {
                    "R009": {"supplierMPID": _mpid(acting, supplier)},
                    "REP002B-R010": [_tariff("REP002B", group, tariffs[group]) for group in tariffs],
                }
                for supplier, tariffs in _split(inner, lambda group: group.supplier)
            ]
            yield (
                (distributor,),
                {
                    "R013": {"GSPGroupID": gsp_group},
                    "R027": {"distributorID": _mpid(acting, distributor)},
                    "REP002B-R009": listed,
                },
            )


def _split(
    found: Mapping[Group, Volumes], by: Callable[[Group], str]
) -> list[tuple[str, dict[Group, Volumes]]]:
    parts: dict[str, dict[Group, Volumes]] = {}
    for group in sorted(found):
        parts.setdefault(by(group), {})[group] = found[group]
    return list(parts.items())


def _tariff(report: str, group: Group, sums: Volumes) -> dict[str, Any]:
    periods = [
        {
            "settlementPeriod": number + 1,
            "settlementPeriodDuration": PERIOD_MINUTES,
            "totalNumberEnergisedMPANs": sums.energised[number],
            "totalNumberDeEnergisedMPANs": sums.de_energised[number],
            "totalUncorrectedVolume": mwh(watt_hours),
        }
        for number, watt_hours in enumerate(sums.watt_hours)
    ]
    actual = sum(sums.actual)
    return {
        "R010": {
            "DUoSTariffID": group.tariff,
            "DUoSTariffDomesticPremiseIndicator": group.domestic,
            "DUoSTariffEnergyDirection": group.direction,
        },
        "R0105": {
            "dailyTotalVolumeBasedOnActualData": mwh(actual),
            "dailyTotalVolumeBasedOnEstimatedData": mwh(sum(sums.watt_hours) - actual),
        },
        f"{report}-R011": periods,
    }


def mwh(watt_hours: int) -> str:
    """Write watt hours as MWh with six decimals."""
    return f"{watt_hours // 1_000_000}.{watt_hours % 1_000_000:06d}"


def _mpid(acting: Acting, dip_id: str) -> str:
    found = sending.party(acting, dip_id)
    return found.mpid if found else ""
