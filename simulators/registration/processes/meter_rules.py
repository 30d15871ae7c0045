"""When registration refuses an update of meter details (IF-005).

Rows stand in this order (assumed): the metering point, who sends, what was done when, which meter, the dates
against each other, the values. Values are held against industry standing data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from harness.standing_data.library import standing_data
from simulators.registration.items import MHHS, Item
from simulators.registration.processes.meter_change import (
    EXCHANGE,
    HISTORY_UPDATE,
    INSTALL,
    ON_SITE,
    REMOVAL,
    UPDATE,
    MeterChange,
)
from simulators.registration.rule import Rule, rules
from simulators.registration.services import Service
from simulators.registration.standing import Standing, standing

Test = Callable[[MeterChange], bool]
_GUID = re.compile(r"[0-9A-F]{2}(-[0-9A-F]{2}){7}")


def _on(*events: str) -> Callable[[Test], Test]:
    """Return a predicate that holds for some events alone."""

    def narrow(test: Test) -> Test:
        return lambda change: change.event in events and test(change)

    return narrow


_described = _on(INSTALL, EXCHANGE, UPDATE, HISTORY_UPDATE)
_corrects = _on(UPDATE, HISTORY_UPDATE)


def _stands(change: MeterChange) -> Standing:
    return standing(change.case, Service.METERING)


def _stranger(change: MeterChange) -> bool:
    stands = _stands(change)
    return not stands.spans and not stands.prospective


def _more_than_location(change: MeterChange) -> bool:
    """Say whether a correction by a predecessor touches more than the meter's location."""
    stands, held = _stands(change), change.corrected
    if stands.current or stands.prospective:
        return False
    if held is None or change.display or change.modified_serial:
        return True
    told = change.meter()
    kept = (held.kind, held.make, held.esme, held.digits, held.installed, held.removed, held.asset_providers)
    return kept != (
        told.kind, told.make, told.esme, told.digits, told.installed, told.removed, told.asset_providers,
    )  # fmt: skip


def _in_future(change: MeterChange) -> bool:
    dates = (change.installed_at, change.removed_at, change.display_from)
    return any(date is not None and date > change.case.accepted for date in dates)


def _not_appointed_then(change: MeterChange) -> bool:
    stands = _stands(change)
    return not stands.prospective and not stands.holds(change.date)


def _changes_dates(change: MeterChange) -> bool:
    held = change.corrected
    if change.modified_serial is None or held is None:
        return False
    moved = change.removed_at is not None and change.removed_at != held.removed
    return change.installed_at != held.installed or (change.event == HISTORY_UPDATE and moved)


def _removed_before_installed(change: MeterChange) -> bool:
    if change.event == HISTORY_UPDATE:
        installed = change.installed_at
    else:
        held = change.installed.get(change.removed_serial or "")
        installed = held.installed if held else None
    removed = change.removed_at
    return installed is not None and removed is not None and removed < installed


def _installed_before_removal(change: MeterChange) -> bool:
    installed, removed = change.installed_at, change.removed_at
    return installed is not None and removed is not None and installed < removed


def _after_disconnection(change: MeterChange) -> bool:
    start = change.installed_at
    return start is not None and bool(change.case.known_point.at(Item.MP_STATUS, start) == "X")


def _fitted(change: MeterChange) -> datetime:
    """Return the date on which standing data counts."""
    return change.installed_at or change.case.now


def _group(change: MeterChange) -> str | None:
    return standing_data().meter_group(change.kind, on=_fitted(change))


def _esme_wrong(change: MeterChange) -> bool:
    esme = change.described.get("ESMEGUID")
    if _group(change) != "smart":
        return esme is not None
    return esme is None or _GUID.fullmatch(str(esme)) is None


def _digits_wrong(change: MeterChange) -> bool:
    digits = change.described.get("numberOfDisplayedRegisterDigits")
    entry = standing_data().find("meter_type", change.kind, on=_fitted(change))
    if digits is None or entry is None:
        return False
    least, most = entry.values["least_digits"], entry.values["most_digits"]
    return bool(least and int(digits) < int(least)) or bool(most and int(digits) > int(most))


def _asset_provider_unknown(change: MeterChange) -> bool:
    known = standing_data().valid
    return any(not known("map_id", each.provider, on=each.effective_from) for each in change.asset_providers)


def _asset_provider_before_meter(change: MeterChange) -> bool:
    start = change.installed_at
    return start is not None and any(each.effective_from < start for each in change.asset_providers)


def _asset_providers_out_of_order(change: MeterChange) -> bool:
    starts = [each.effective_from for each in change.asset_providers]
    return any(after <= before for before, after in pairwise(starts))


def _display_before_meter(change: MeterChange) -> bool:
    start, display = change.installed_at, change.display_from
    return start is not None and display is not None and display < start


def _unmetered(item: Item) -> Test:
    return lambda change: change.case.known_point.at(item, change.case.moment) == "U"


RULES = rules(
    "meters",
    Rule("REG0000", lambda change: change.case.point is None, "published", "the MPAN is not in the register"),
    Rule(
        "REG9003",
        lambda change: change.case.known_point.regime_at(change.case.moment) != MHHS,
        "published",
        "the point is not, or no longer, under the new arrangements",
    ),
    Rule(
        "REG1001",
        lambda change: change.case.known_point.at(Item.RMP_STATUS, change.case.moment) == "T",
        "assumed",
        "the registration is terminated; a point that is only disconnected can still lose its meter",
    ),
    Rule(
        "REG0003", _unmetered(Item.CONNECTION_TYPE), "third-party", "no meters where the connection has none"
    ),
    Rule("REG0004", _unmetered(Item.MARKET_SEGMENT), "assumed", "as for the connection type"),
    Rule(
        "REG1012",
        _corrects(_stranger),
        "assumed",
        "a correction by a service that was never appointed; for a predecessor there are REG1003 and REG0008",
    ),
    Rule(
        "REG1027",
        _on(*ON_SITE)(_stranger),
        "third-party",
        "neither appointed, now or before, nor accepted for a change of segment (SEG)",
    ),
    Rule(
        "REG1003",
        lambda change: _stands(change).expired,
        "third-party",
        "10 working days after the end of the sender's appointment",
    ),
    Rule(
        "REG1028",
        _described(lambda c: c.installed_at is None),
        "assumed",
        "a text that is no time; null itself is refused by the message's definition",
    ),
    Rule(
        "REG1088",
        _on(EXCHANGE, REMOVAL)(lambda c: c.removed_at is None),
        "assumed",
        "a removal without its date, which may be null in the message's definition",
    ),
    Rule(
        "REG1020",
        _in_future,
        "published",
        "what is reported has been done",
    ),
    Rule(
        "REG1002",
        _on(*ON_SITE)(_not_appointed_then),
        "third-party",
        "on the date of the installation; of the removal where nothing was installed (assumed)",
    ),
    Rule(
        "REG1016",
        _on(HISTORY_UPDATE)(lambda c: c.removed_serial is not None and c.removed_serial != c.serial),
        "published",
        "both blocks are about one meter",
    ),
    Rule(
        "REG1018",
        _on(HISTORY_UPDATE)(lambda c: c.corrected is None and c.serial in c.installed),
        "published",
        "the history is that of removed meters",
    ),
    Rule(
        "REG1015",
        _on(HISTORY_UPDATE)(lambda c: c.corrected is None),
        "assumed",
        "a meter that was never at the point; for an installed one there is REG1004",
    ),
    Rule(
        "REG1004",
        _on(EXCHANGE, REMOVAL)(lambda c: c.removed_serial not in c.installed),
        "third-party",
        "the meter that is removed",
    ),
    Rule(
        "REG1004",
        _on(UPDATE)(lambda c: c.serial not in c.installed),
        "third-party",
        "the meter that is updated",
    ),
    Rule(
        "REG0008",
        _corrects(_more_than_location),
        "third-party",
        "a predecessor may correct the meter's location alone",
    ),
    Rule("REG1006", _on(INSTALL, EXCHANGE)(lambda c: c.serial in c.installed), "published", "the new meter"),
    Rule(
        "REG1029",
        _described(
            lambda c: (
                c.modified_serial is not None
                and (c.event in (INSTALL, EXCHANGE) or c.modified_serial == c.serial)
            )
        ),
        "assumed",
        "a new meter has no id to modify, and an id is not modified into itself",
    ),
    Rule(
        "REG1013",
        _corrects(lambda c: c.modified_serial in c.installed),
        "published",
        "the modified id is taken",
    ),
    Rule("REG1017", _corrects(_changes_dates), "third-party", "two changes are two messages"),
    Rule(
        "REG1005",
        _on(EXCHANGE, REMOVAL, HISTORY_UPDATE)(_removed_before_installed),
        "third-party",
        "of the same meter; on the same moment is allowed",
    ),
    Rule("REG1008", _on(EXCHANGE)(_installed_before_removal), "third-party", "the same moment is allowed"),
    Rule(
        "REG1011",
        _described(lambda c: c.installed_at is not None and c.installed_at < c.case.known_point.created),
        "third-party",
        "the moment of the point's creation is allowed",
    ),
    Rule(
        "REG1007", _on(INSTALL, EXCHANGE, UPDATE)(_after_disconnection), "third-party", "strictly before it"
    ),
    Rule("REG1010", _described(_asset_provider_before_meter), "third-party", "the same moment is allowed"),
    Rule(
        "REG1014",
        _described(_asset_providers_out_of_order),
        "third-party",
        "the meter's asset providers, in the order of the message",
    ),
    Rule(
        "REG1096",
        _on(INSTALL, EXCHANGE, UPDATE)(_display_before_meter),
        "published",
        "the same moment is allowed",
    ),
    Rule(
        "REG1049",
        _described(lambda c: _group(c) is None),
        "third-party",
        "the meter type, on the installation's date",
    ),
    Rule(
        "REG1046",
        _described(_esme_wrong),
        "third-party",
        "smart meters have one (eight bytes in hex), others none",
    ),
    Rule(
        "REG1047",
        _described(
            lambda c: _group(c) == "smart" and c.described.get("numberOfDisplayedRegisterDigits") is None
        ),
        "third-party",
        "smart meters",
    ),
    Rule(
        "REG1097",
        _described(_digits_wrong),
        "assumed",
        "the range that standing data gives for the meter type",
    ),
    Rule(
        "REG1009",
        _described(_asset_provider_unknown),
        "third-party",
        "in standing data on the provider's date",
    ),
)
