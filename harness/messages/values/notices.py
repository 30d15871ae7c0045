"""Free text, supplier notifications, and publications of industry standing data.

All of it is invented; no source prescribes the wording, the variants or the address of a publication.
"""

from __future__ import annotations

from datetime import timedelta

from harness.messages.story import Story
from harness.messages.values.table import Value, fixed

_NOTES = {
    "MPANDisconnection": "Supply removed at the customer's request",
    "SN-Vacant": "Site reported vacant",
    "SN-NoComms": "No communications with the meter",
    "InvalidMarketSegment": "Metering and market segment disagree",
    "NoMSAppointed": "No metering service is appointed",
    "NoDSAppointed": "No data service is appointed",
    "ISD": "Monthly publication",
}


def _off_peak_date(story: Story) -> str:
    return story.at(story.today + timedelta(days=1 + story.index))


VALUES = {
    "additionalInformation": Value("DI-120", lambda s: _NOTES.get(s.event, "For information")),
    "supplierNotificationEffectiveFromDate": Value("DI-100", lambda s: s.at(s.today)),
    "supplierNotificationExpiryDate": Value("DI-098", lambda s: s.at(s.today + timedelta(days=28))),
    "offPeakDeclarationDate": Value("DI-510", _off_peak_date),
    "offPeakDeclarationProportion": Value("DI-511", lambda s: s.rng.randrange(0, 101, 5)),
    "publicationDescription": Value("DI-960", fixed("Industry standing data")),
    "publicationVersionID": Value("DI-961", lambda s: f"1.{s.today.month}.0"),
    "publicationDate": Value("DI-962", lambda s: s.at(s.today)),
    "distributionVariantID": Value("DI-963", lambda s: str(s.index + 1)),
    "distributionVariantName": Value("DI-964", lambda s: ("ISD complete", "ISD for suppliers")[s.index % 2]),
    "distributionVariantDescription": Value(
        "DI-965", lambda s: ("All entities", "The entities that suppliers use")[s.index % 2]
    ),
    "distributionVariantVersionID": Value("DI-966", lambda s: f"1.{s.today.month}.0"),
    "distributionVariantPublicationDate": Value("DI-967", lambda s: s.at(s.today)),
    "distributionVariantFormat": Value("DI-968", fixed("JSON")),
    "distributionDeliveryFormat": Value("DI-969", fixed("ZIP")),
    "distributionDeliveryURI": Value(
        "DI-970", lambda s: f"https://isd.example/{s.today:%Y%m%d}/variant-{s.index + 1}.zip"
    ),
}
