"""Bodies of the settlement and use-of-system reports (REP). Totals are set afterwards, from their parts.

Every figure is invented; volumes are MWh per half hour. Assumed: 48 periods in the reported day, a demand
disconnection of four periods from period 35, one invoice per site, VAT at 20 %.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from functools import lru_cache

from harness.calendars.local_time import clock_midnight
from harness.clock import message_time
from harness.messages.addresses import Address, address, pool
from harness.messages.dates import PERIOD_MINUTES
from harness.messages.story import Story
from harness.messages.values.table import Make, Value, fixed

DISCONNECTED_FROM = 35
DISCONNECTED_PERIODS = 4
CHARGES = ("FIXED", "CAPAC", "RED")
VAT_RATE = "20.00"
_UNITS = {"FIXED": (31, 2.5), "CAPAC": (3100, 0.05), "RED": (5000, 0.08)}


def _volume(low: float, high: float) -> Make:
    return lambda story: f"{story.rng.uniform(low, high):.6f}"


_NO_VOLUME = fixed("0.000000")


def _day(offset: int) -> Make:
    return lambda story: (story.settlement_day + timedelta(days=offset)).isoformat()


def _period_start(story: Story, period: int) -> datetime:
    return clock_midnight(story.settlement_day) + timedelta(minutes=PERIOD_MINUTES * (period - 1))


def _disconnection(period: int) -> Make:
    return lambda story: message_time(_period_start(story, period))


@lru_cache(maxsize=64)
def _drawn(whose: str, seed: int, gsp_group: str) -> Address:
    return address(random.Random(f"{whose}/{seed}"), gsp_group)


def _address(story: Story, whose: str) -> Address:
    return _drawn(whose, story.context.seed, story.point.gsp_group)


def _address_line(whose: str, number: int) -> Make:
    return lambda story: _address(story, whose).lines[number - 1]


def _address_block(whose: str, first_item: int) -> dict[str, Value]:
    return {
        f"{whose}AddressLine{n}": Value(f"DI-{first_item + n - 1}", _address_line(whose, n))
        for n in range(1, 10)
    }


def _postcode(whose: str) -> Make:
    return lambda story: _address(story, whose).postcode


def _person(story: Story) -> str:
    return story.rng.choice(pool().people)


def _charge(story: Story) -> str:
    return CHARGES[story.index % len(CHARGES)]


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


VALUES = {
    "settlementDate": Value("DI-305", _day(0)),
    "settlementPeriod": Value("DI-496", lambda s: s.index + 1),
    "SettlementPeriod": Value("DI-496", lambda s: s.index + 1),
    "settlementPeriodID": Value("DI-496", lambda s: s.index + 1),
    "R068.settlementPeriodID": Value("DI-307", lambda s: s.index + 1),
    "R022.SettlementPeriod": Value("DI-496", lambda s: s.index + DISCONNECTED_FROM),
    "R106.settlementPeriodID": Value("DI-496", lambda s: s.index + DISCONNECTED_FROM),
    "settlementPeriodDuration": Value("DI-081", fixed(PERIOD_MINUTES)),
    "settlementPeriodQualityIndicator": Value("DI-083", fixed("A")),
    "periodMeteringSystemMeteredData": Value("DI-432", lambda s: f"{s.rng.uniform(0.1, 0.9):.3f}"),
    "DUoSTariffID": Value("DI-345", lambda s: s.point.tariff),
    "R900-04.DUoSTariffID": Value("DI-612", lambda s: s.point.tariff),
    "DUoSTariffEnergyDirection": Value("DI-485", lambda s: s.point.direction),
    "DUoSTariffDomesticPremiseIndicator": Value("DI-486", lambda s: s.point.domestic),
    "totalNumberEnergisedMPANs": Value("DI-487", lambda s: 12000 + int(s.context.seed) % 1000),
    "totalNumberDeEnergisedMPANs": Value("DI-488", lambda s: 40 + int(s.context.seed) % 50),
    "totalUncorrectedVolume": Value("DI-347", _volume(5, 60)),
    "embeddedTotalUncorrectedVolume": Value("DI-491", _volume(1, 9)),
    "dailyTotalVolumeBasedOnActualData": Value("DI-489", _NO_VOLUME),
    "dailyTotalVolumeBasedOnEstimatedData": Value("DI-490", _NO_VOLUME),
    "BMUnitID": Value("DI-302", lambda s: f"2__{s.point.gsp_group[1:]}{s.context.party('SUP')[1]}000"),
    "defaultBMUnitFlag": Value("DI-357", fixed(True)),
    "CCCID": Value("DI-303", lambda s: 100 + s.index),
    "GSPGroupCorrectionScalingWeight": Value("DI-325", fixed("1.00")),
    "groupCorrectionFactorImport": Value("DI-322", lambda s: f"{s.rng.uniform(0.97, 1.03):.9f}"),
    "groupCorrectionFactorExport": Value("DI-323", lambda s: f"{s.rng.uniform(0.97, 1.03):.9f}"),
    "uncorrectedBMUnitPeriodLevelConsumption": Value("DI-359", _volume(20, 80)),
    "uncorrectedBMUnitPeriodLevelConsumptionLosses": Value("DI-360", _volume(1, 6)),
    "correctedComponentConsumption": Value("DI-362", _volume(20, 80)),
    "correctedComponentLosses": Value("DI-324", _volume(1, 6)),
    "dailyBMUnitPeriodLevelConsumption": Value("DI-363", _NO_VOLUME),
    "dailyBMUnitPeriodLevelConsumptionLosses": Value("DI-364", _NO_VOLUME),
    "dailyCorrectedComponent": Value("DI-365", _NO_VOLUME),
    "dailyCorrectedComponentLosses": Value("DI-366", _NO_VOLUME),
    "dailyUncorrectedPeriodBMUnitTotalAllocatedVolume": Value("DI-367", _NO_VOLUME),
    "dailyPeriodBMUnitTotalAllocatedVolume": Value("DI-368", _NO_VOLUME),
    "dailyBMUnitMSIDCount": Value("DI-492", lambda s: s.rng.randrange(1000, 9000)),
    "MSIDCount": Value("DI-374", lambda s: 1000 + int(s.context.seed) % 1000),
    "dailyUncorrectedBMUnitPeriodLevelConsumption": Value("DI-375", _NO_VOLUME),
    "demandDisconnectionEventID": Value("DI-332", lambda s: f"DDE-{s.settlement_day:%Y%m%d}-1"),
    "DDEStartDate": Value("DI-334", _disconnection(DISCONNECTED_FROM)),
    "DDEEndDate": Value("DI-335", _disconnection(DISCONNECTED_FROM + DISCONNECTED_PERIODS)),
    "BMUnitAllocatedDemandDisconnectionVolume": Value("DI-341", _volume(1, 5)),
    "BMUnitAllocatedDemandDisconnectionVolumeLosses": Value("DI-339", _volume(0.1, 0.5)),
    "dailyBMUnitAllocatedDemandDisconnectionVolume": Value("DI-369", _NO_VOLUME),
    "dailyBMUnitAllocatedDemandDisconnectionVolumeLosses": Value("DI-370", _NO_VOLUME),
    "BMUnitDemandDisconnectionVolume": Value("DI-338", _volume(1, 5)),
    "BMUnitDemandDisconnectionVolumeLosses": Value("DI-339", _volume(0.1, 0.5)),
    "supplierAdvancedDemandDisconnectionVolume": Value("DI-336", _volume(1, 5)),
    "supplierAdvancedDemandDisconnectionVolumeLosses": Value("DI-337", _volume(0.1, 0.5)),
    "dailyAdvancedDemandDisconnectionVolume": Value("DI-376", _NO_VOLUME),
    "dailyAdvancedDemandDisconnectionVolumeLosses": Value("DI-377", _NO_VOLUME),
    "dailyBMUnitDemandDisconnectionVolume": Value("DI-378", _NO_VOLUME),
    "dailyBMUnitDemandDisconnectionVolumeLosses": Value("DI-379", _NO_VOLUME),
    "supplierDeemedTake": Value("DI-327", _volume(20, 90)),
    "dailySupplierDeemedTakeforSettlementDay": Value("DI-373", _NO_VOLUME),
    "detailsOfDefaultDataUsed": Value("DI-380", fixed("Shares of the base BM unit used")),
    "detailsofDefaultLLFDataUsed": Value("DI-494", fixed("Line loss factors of the day before used")),
    **_address_block("distributorRegistered", 522),
    **_address_block("distributorBilling", 535),
    **_address_block("LDSOBillingSupplierBill-To", 552),
    **_address_block("LDSOBillingSite", 569),
    "distributorRegisteredAddressPostcode": Value("DI-531", _postcode("distributorRegistered")),
    "distributorBillingPostcode": Value("DI-544", _postcode("distributorBilling")),
    "LDSOBillingSupplierBill-ToPostcode": Value("DI-561", _postcode("LDSOBillingSupplierBill-To")),
    "LDSOBillingSitePostCode": Value("DI-578", _postcode("LDSOBillingSite")),
    "distributorRegisteredName": Value("DI-520", fixed("Example Distribution plc")),
    "distributorCompanyRegistrationNumber": Value("DI-521", fixed("00000000")),
    "distributorBillingContactName": Value("DI-532", _person),
    "distributorBillingEmail": Value("DI-533", fixed("billing@distribution.example")),
    "distributorBillingTelephoneNumber": Value("DI-534", fixed("01632 960001")),
    "distributorBankSortCode": Value("DI-545", fixed("000000")),
    "distributorBankAccountNumber": Value("DI-546", fixed("00000000")),
    "distributorVATRegistrationNumber": Value("DI-547", fixed("GB000000000")),
    "LDSOBillingSupplierTradingName": Value("DI-548", fixed("Example Supply Ltd")),
    "LDSOBillingSupplierVATRegistrationNumber": Value("DI-549", fixed("GB000000001")),
    "LDSOBillingSupplierVATadditionaltext": Value("DI-550", fixed(None)),
    "LDSOBillingSupplierBill-ToContactName": Value("DI-551", _person),
    "LDSOBillingSiteID": Value("DI-565", lambda s: f"SITE-{s.point.distributor or '10'}-{s.index + 1:06d}"),
    "listOfMPANSonSite": Value("DI-566", lambda s: s.point.linked_export),
    "misalignedMultiMPANSite": Value("DI-567", fixed(False)),
    "LDSOBillingSiteCapacity": Value("DI-568", fixed(100)),
    "siteSpecificDUoSInvoiceType": Value("DI-585", fixed("New")),
    "LDSOBilingInvoiceNumber": Value("DI-584", lambda s: f"INV{s.rng.randrange(10**12):012d}"),
    "LDSOBillingCancelledInvoiceNumber": Value("DI-586", fixed(None)),
    "cancelledInvoiceDate": Value("DI-587", fixed(None)),
    "taxPointDate": Value("DI-581", _day(1)),
    "invoiceDate": Value("DI-582", _day(1)),
    "invoiceDueDate": Value("DI-583", _day(15)),
    "chargePeriodStartDate": Value("DI-588", lambda s: _month_before(s.settlement_day).isoformat()),
    "chargePeriodEndDate": Value(
        "DI-589", lambda s: (s.settlement_day.replace(day=1) - timedelta(days=1)).isoformat()
    ),
    "maximumDemandInTheInvoicePeriod": Value("DI-590", fixed(84)),
    "maximumDemandInTheInvoicePeriodDateTime": Value(
        "DI-591",
        lambda s: message_time(clock_midnight(_month_before(s.settlement_day)) + timedelta(hours=18)),
    ),
    "totalInvoiceAmountExVAT": Value("DI-592", fixed("0.00")),
    "totalInvoiceVAT": Value("DI-593", fixed("0.00")),
    "totalInvoiceAmountIncVAT": Value("DI-594", fixed("0.00")),
    "chargeType": Value("DI-596", _charge),
    "numberOfDaysBilled": Value(
        "DI-597", lambda s: (s.settlement_day.replace(day=1) - timedelta(days=1)).day
    ),
    "quantity": Value("DI-598", lambda s: f"{_UNITS[_charge(s)][0]:.3f}"),
    "price": Value("DI-599", lambda s: f"{_UNITS[_charge(s)][1]:.5f}"),
    "totalChargeForChargeTypeExVAT": Value("DI-600", fixed("0.00")),
    "VATRateCode": Value("DI-601", fixed("S")),
    "VATRate": Value("DI-602", fixed(VAT_RATE)),
    "dailyTariffNumberOfMSIDs": Value("DI-603", lambda s: s.rng.randrange(100, 9000)),
    "dailyTariffMSIDCharge": Value("DI-604", lambda s: f"{s.rng.uniform(10, 900):.2f}"),
    "chargeBand": Value("DI-605", lambda s: ("red", "amber", "green")[s.index % 3]),
    "dailyUncorrectedVolumeForChargeBand": Value("DI-606", _volume(10, 90)),
    "totalVolumeChargeForChargeBand": Value("DI-607", lambda s: f"{s.rng.uniform(10, 900):.2f}"),
    "dailyTotalMSIDCount": Value("DI-608", fixed(0)),
    "dailyTotalMSIDCharge": Value("DI-609", fixed("0.00")),
    "dailyTotalUnitVolume": Value("DI-610", _NO_VOLUME),
    "dailyTotalUnitCharge": Value("DI-611", fixed("0.00")),
}
