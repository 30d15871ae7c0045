"""Meters, readings, displays, communication hubs.

Assumed: the digits and identifiers of devices, which site visit code a visit carries, and that a reading's
register stands at the consumption since installation.
"""

from __future__ import annotations

from datetime import date

from harness.messages import identifiers
from harness.messages.metering_point import FIRST_GENERATION, Meter
from harness.messages.story import Story
from harness.messages.values.table import Value, fixed

SITE_VISIT = "20"
_READING_METHOD = {"DSEstimate": "E", "SupplierAgreedCOS": "S", "ReadingOverride": "C"}


def _advance(story: Story, since: date) -> str:
    days = max((story.today - since).days, 0)
    return f"{story.point.annual_kwh * days / 365 % 99999:.3f}"


def _reading(story: Story) -> str:
    return "0.000" if story.event == "ReadingInstl" else _advance(story, story.meter.installed)


def _configurable_reading(story: Story) -> str:
    share = 0.7 if story.index == 0 else 0.3
    return f"{float(_advance(story, story.meter.installed)) * share:.3f}"


def _read_at(story: Story) -> str:
    return story.visited_at() if story.visit else story.at(story.today)


def _modified(story: Story) -> str | None:
    if story.event != "MeterUpdate":
        return None
    return identifiers.meter_id(story.rng, smart=story.point.smart)


def _removed_serial(story: Story) -> str:
    return (story.point.meters[0] if story.event == "MeterRemoval" else story.point.previous_meter).serial


def _removed_on(story: Story) -> str:
    return story.at(
        story.point.meters[0].installed if story.event == "MeterHistoryUpdate" else story.yesterday
    )


def _operator(story: Story) -> str | None:
    return story.point.smso if story.point.meters[0].kind == FIRST_GENERATION else None


def _listed(story: Story) -> Meter:
    return story.listed_meter


VALUES = {
    "meterID": Value("DI-056", lambda s: s.meter.serial),
    "meterType": Value("DI-059", lambda s: s.meter.kind),
    "manufacturersMakeAndType": Value("DI-048", lambda s: s.meter.make),
    "ESMEGUID": Value("DI-085", lambda s: s.meter.guid),
    "meterLocation": Value("DI-090", lambda s: s.meter.location),
    "numberOfDisplayedRegisterDigits": Value("DI-091", lambda s: s.meter.digits),
    "meterInstallationDate": Value("DI-057", lambda s: s.at(s.installed)),
    "meterAssetProviderID": Value("DI-055", lambda s: s.meter.provider),
    "meterAssetProviderEffectiveFromDate": Value("DI-054", lambda s: s.at(s.installed)),
    "modifiedMeterID": Value("DI-060", _modified),
    "meterIDRemoved": Value("DI-053", _removed_serial),
    "meterRemovalDate": Value("DI-058", _removed_on),
    "B086.meterRemovalDate": Value("DI-058", fixed(None)),
    **{
        f"{place}.{key}": value
        for place in ("B074", "B086")
        for key, value in {
            "meterID": Value("DI-056", lambda s: _listed(s).serial),
            "meterType": Value("DI-059", lambda s: _listed(s).kind),
            "manufacturersMakeAndType": Value("DI-048", lambda s: _listed(s).make),
            "ESMEGUID": Value("DI-085", lambda s: _listed(s).guid),
            "meterLocation": Value("DI-090", lambda s: _listed(s).location),
            "numberOfDisplayedRegisterDigits": Value("DI-091", lambda s: _listed(s).digits),
            "meterInstallationDate": Value("DI-057", lambda s: s.at(_listed(s).installed)),
        }.items()
    },
    **{
        f"{place}.{key}": value
        for place in ("existingMAP", "recentMAP")
        for key, value in {
            "meterAssetProviderID": Value("DI-055", lambda s: _listed(s).provider),
            "meterAssetProviderEffectiveFromDate": Value("DI-054", lambda s: s.at(_listed(s).installed)),
        }.items()
    },
    "cumulativeRegisterReading": Value("DI-088", _reading),
    "cumulativeRegisterReadingDateTime": Value("DI-089", _read_at),
    "configurableRegisterID": Value("DI-103", lambda s: f"{s.index + 1:02d}"),
    "configurableRegisterReading": Value("DI-104", _configurable_reading),
    "configurableRegisterReadingDate": Value("DI-099", lambda s: s.at(s.today)),
    "readingMethod": Value("DI-094", lambda s: _READING_METHOD.get(s.event, "A")),
    "siteVisitCheckCode": Value(
        "DI-096", lambda s: SITE_VISIT if s.visit or s.interface == "IF-007" else None
    ),
    "MDRReferenceDateTime": Value("DI-196", lambda s: s.at(s.yesterday)),
    "DCCServiceFlag": Value("DI-025", lambda s: "A" if s.point.smart else "N"),
    "DCCEffectiveFromDate": Value("DI-026", lambda s: s.at(s.point.meters[0].installed)),
    "IHDInstallStatus": Value("DI-137", lambda s: "I" if s.point.domestic else "D"),
    "IHDEffectiveFromDate": Value("DI-136", lambda s: s.at(s.installed)),
    "SMSOID": Value("DI-134", _operator),
    "SMSOEffectiveFromDate": Value("DI-135", lambda s: s.at(s.point.meters[0].installed)),
    "commsHubSerialNumber": Value("DI-190", lambda s: f"CH{s.rng.randrange(10**10):010d}"),
    "commsHubGUID": Value("DI-191", lambda s: identifiers.device_guid(s.rng)),
    "GPFGasGUID": Value("DI-192", lambda s: identifiers.device_guid(s.rng)),
    "commsHubInstallationDate": Value("DI-193", lambda s: s.at(s.yesterday)),
    "commsHubFWVersion": Value("DI-194", lambda s: f"{s.rng.randrange(1, 4)}.{s.rng.randrange(60)}"),
    "commsHubActivity": Value("DI-195", fixed("1")),
    "failureEnergiseDeEnergiseReasonCode": Value("DI-097", lambda s: s.rng.choice(("01", "02", "09"))),
    "natureofMaintenanceEnergisationStatus": Value(
        "DI-092", fixed("De-energisation attempted at the cut-out")
    ),
    "additionalInformationSiteVisit": Value("DI-093", fixed("No access to the cut-out on arrival")),
}
