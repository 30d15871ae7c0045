"""Values by field: one table per subject, joined here. Read them beside the data item list."""

from __future__ import annotations

from harness.messages.values import (
    appointments,
    headers,
    metering,
    notices,
    parties,
    reports,
    settlement,
    site,
)
from harness.messages.values.table import merged

VALUES = merged(
    headers.VALUES,
    parties.VALUES,
    site.VALUES,
    appointments.VALUES,
    metering.VALUES,
    settlement.VALUES,
    notices.VALUES,
    reports.VALUES,
)
