"""Consumption, settlement runs, load shapes, amendments and annual figures.

Assumed: consumption is of yesterday (UTC), an amendment covers the 30 days before, a defaulted day belongs
to run SF, and the classes of consumption.
"""

from __future__ import annotations

from datetime import timedelta

from harness.messages import consumption
from harness.messages.consumption import shape_of
from harness.messages.dates import PERIOD_MINUTES
from harness.messages.story import Story
from harness.messages.values.table import Value, fixed

REACTIVE_SHARE = 0.3
AMENDED_DAYS = 30
AMENDMENT_REASON = "E"
_LOAD_SHAPES = (("S", "W", "T", "AI"), ("S", "W", "F", "AI"), ("A", "L", None, "AI"))


def _annual(story: Story) -> float:
    return story.point.annual_kwh * (REACTIVE_SHARE if story.event == "ReactivePower" else 1)


def _shape(story: Story) -> str:
    return shape_of(story.segment, domestic=story.point.domestic)


def _estimated(story: Story) -> float:
    return 0.0 if story.event == "ReactivePower" else 0.04


def _quantity(story: Story) -> str:
    return "RI" if story.event == "ReactivePower" else "AI"


def _load_shape(part: int) -> Value:
    items = ("DI-050", "DI-015", "DI-031", "DI-052")
    return Value(items[part], lambda s: _LOAD_SHAPES[s.index % len(_LOAD_SHAPES)][part])


def _load_shape_profile(story: Story) -> str:
    segment, _, domestic, _ = _LOAD_SHAPES[story.index % len(_LOAD_SHAPES)]
    return shape_of(segment or "S", domestic=domestic == "T")


def _last_week(story: Story) -> list[object]:
    days = [story.settlement_day - timedelta(days=back) for back in range(6, -1, -1)]
    return list(
        consumption.load_shape_totals(story.rng, story.point.annual_kwh, _load_shape_profile(story), days)
    )


def _gross(story: Story) -> str:
    return f"{story.point.annual_kwh * AMENDED_DAYS / 365:.3f}"


VALUES = {
    "measurementQuantityID": Value("DI-052", _quantity),
    "settlementDayDate": Value("DI-101", lambda s: s.utc(s.settlement_day)),
    "periodDuration": Value("DI-081", fixed(PERIOD_MINUTES)),
    "consumptionPeriods": Value(
        "",
        lambda s: consumption.consumption_periods(
            s.rng, _annual(s), _shape(s), s.settlement_day, estimated=_estimated(s)
        ),
    ),
    "MDRConsumptionPeriods": Value(
        "", lambda s: consumption.retrieved_periods(s.rng, _annual(s), _shape(s), s.settlement_day)
    ),
    "defaultedConsumptionPeriods": Value(
        "", lambda s: consumption.defaulted_periods(s.rng, _annual(s), _shape(s), s.settlement_day)
    ),
    "LSGroupSettlementPeriods": Value(
        "",
        lambda s: consumption.load_shape_periods(
            s.rng, s.point.annual_kwh, _load_shape_profile(s), s.settlement_day
        ),
    ),
    "LSTTotals": Value("", _last_week),
    "B051.marketSegmentIndicator": _load_shape(0),
    "B051.connectionTypeIndicator": _load_shape(1),
    "loadShapeDomesticPremiseIndicator": _load_shape(2),
    "B051.measurementQuantityID": _load_shape(3),
    "loadShapeGSPGroupID": Value("DI-039", lambda s: s.point.gsp_group),
    "annualLoadShapeTotal": Value("DI-040", lambda s: f"{s.point.annual_kwh:.3f}"),
    "consumptionComponentClassID": Value("DI-300", lambda s: 100 + s.rng.randrange(60)),
    "consumptionComponentIndicator": Value("DI-080", fixed("C")),
    "settlementCode": Value("DI-160", fixed("SF")),
    "runNumber": Value("DI-161", lambda s: s.rng.randrange(1, 10**7)),
    "settlementRunExecutionDate": Value("DI-159", lambda s: s.utc(s.today)),
    "annualConsumption": Value("DI-148", lambda s: f"{s.point.annual_kwh:.3f}"),
    "annualConsumptionEffectiveFromDate": Value("DI-149", lambda s: s.at(s.today.replace(day=1))),
    "annualConsumptionQualityIndicator": Value("DI-150", fixed("1")),
    "supplierNominatedAnnualConsumption": Value("DI-152", lambda s: f"{s.point.annual_kwh * 1.1:.3f}"),
    "consumptionAmendmentPeriodStartDate": Value(
        "DI-163", lambda s: s.utc(s.settlement_day - timedelta(days=AMENDED_DAYS - 1))
    ),
    "consumptionAmendmentPeriodEndDate": Value("DI-164", lambda s: s.utc(s.settlement_day)),
    "consumptionAmendmentSupplierReference": Value("DI-162", lambda s: f"CA-{s.rng.randrange(10**8):08d}"),
    "arc": Value("DI-166", fixed(AMENDMENT_REASON)),
    "grossRevisedConsumption": Value("DI-165", _gross),
}
