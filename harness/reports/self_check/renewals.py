"""`renewals.ics`: when certificates must be renewed, for a calendar program (RFC 5545)."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

from harness.reports.self_check.readiness import Readiness
from harness.settings import current

CHECK = "config.renewal-calendar"
_FOLDED = 74
"""Bytes of a line, after which it goes on in the next one behind a space."""


def renewals(readiness: Readiness) -> str:
    """Return a calendar with two whole-day events a certificate: begin its renewal, and its last day."""
    days = current().integer("selfcheck.renewal_days")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//DIP harness//self-check//EN"]
    stamp = readiness.at.strftime("%Y%m%dT%H%M%SZ")
    findings = [each for result in readiness.results if result.check.id == CHECK for each in result.findings]
    for each in findings:
        ends = date.fromisoformat(each.key)
        for day, what in ((ends - timedelta(days=days), "begin to renew"), (ends, "last day of")):
            title = f"{readiness.name}: {what} {each.title}"
            uid = hashlib.sha256(f"{title} {day}".encode()).hexdigest()[:24]
            lines += [
                "BEGIN:VEVENT",
                f"UID:{uid}@dip-harness",
                f"DTSTAMP:{stamp}",
                f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
                f"SUMMARY:{_escaped(title)}",
                "END:VEVENT",
            ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _parts(line))


def _escaped(text: str) -> str:
    for char in ("\\", ";", ","):
        text = text.replace(char, f"\\{char}")
    return text


def _parts(line: str) -> list[str]:
    """Fold a line as the format wants it, between characters."""
    parts, here = [], ""
    for char in line:
        if len((here + char).encode()) > _FOLDED:
            parts.append(here)
            here = " "
        here += char
    return [*parts, here]
