"""Which optional parts a message gets, and how many items its lists have.

An optional part is included unless this table leaves it out; an override that names it brings it back. The
reasons are in the metering point (no meters on an unmetered one) or in the event. Assumed: everything else
that a release marks as optional is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.messages.dates import PERIODS_PER_DAY
from harness.messages.story import Story
from harness.messages.values.reports import CHARGES, DISCONNECTED_PERIODS

_WHOLE_DAYS = (
    "REP002-R011", "REP002A-R012", "REP002B-R011", "REP003-R018", "REP003A-R018", "REP003-R024",
    "REP003A-R024", "REP004-R026", "REP006-R033", "REP009-R068",
)  # fmt: skip
_APPOINTING = frozenset({"IF-031", "IF-032", "IF-033", "IF-034", "IF-035", "IF-036", "IF-037"})


def _never(_: Story) -> bool:
    return True


LEFT_OUT: Mapping[str, Callable[[Story], bool]] = {
    # The DIP adds D0 on publication; a report's uncompressed body and its partition are not sent.
    "D0": _never,
    "schema": _never,
    "P0": _never,
    "B020": _never,
    "B021": _never,
    "B080": _never,
    "B013": lambda s: s.interface in _APPOINTING and not s.switching,
    "B002": lambda s: not s.switching,
    "B016": lambda s: not s.switching,
    "B017": lambda s: not s.switching,
    "B018": lambda s: not s.point.smart or s.outcome != "A",
    "B019": lambda s: not s.point.smart or s.event == "IMS-SendMTD",
    "B070": lambda s: s.event == "DSAppSPResponse",
    "B071": lambda s: s.event == "IMS-SendMTD",
    "B029": lambda s: s.segment != "S",
    "B030": lambda s: not s.point.smart,
    "B031": lambda s: not s.point.smart,
    "B032": lambda s: not s.point.metered,
    "B035List": lambda s: not s.point.links_export,
    "B907List": lambda s: not (s.point.links_export or s.event.startswith("LinkedImportExport")),
    "B037List": lambda s: not s.point.has_related,
    "B908List": lambda s: not s.point.has_related,
    "B905List": lambda s: not (s.point.metered and s.meters),
    "B914List": lambda s: not s.point.metered,
    "B074List": lambda s: not s.point.metered,
    "B039": lambda s: s.event == "MeterUpdate",
    "B065List": lambda s: not s.point.smart,
    "R901-04": lambda s: s.event == "DUoSEmbeddedLDSOAggInvData",
    "R901-05": lambda s: s.event == "DUoSSupplierAggInvData",
}


def _exactly(length: int) -> Callable[[Story], int]:
    def count(_: Story) -> int:
        return length

    return count


def _meters(story: Story) -> int:
    return max(len(story.meters), 1)


LENGTHS: Mapping[str, Callable[[Story], int]] = {
    "B905List": _meters,
    "B914List": _meters,
    "B074List": _meters,
    "B065List": _exactly(2),
    "B097List": _exactly(3),
    "P02List": _exactly(2),
    "LSGSettlementPeriods": _exactly(3),
    "LSGTotals": _exactly(3),
    "R900-05": _exactly(len(CHARGES)),
    "R901-08": _exactly(3),
    **dict.fromkeys(("REP003-R022", "REP006-R106"), _exactly(DISCONNECTED_PERIODS)),
    **dict.fromkeys(_WHOLE_DAYS, _exactly(PERIODS_PER_DAY)),
}
