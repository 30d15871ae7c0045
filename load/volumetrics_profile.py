"""A load profile out of a day: its busiest hour, with every message at its share of the rate (pure)."""

from __future__ import annotations

import yaml

from harness.spec.release import DEFAULT
from harness.spec.release import load as load_release
from load.volumetrics import Day, Given, Line
from load.volumetrics_tables import bases

_HOUR = 3600
_MOST_FLOWS = 40
_PARTICIPANTS = {"SUP": 8, "REGS": 8, "SDS": 8, "ADS": 4, "MSS": 6, "MSA": 3}
_KNOWN = 2000


def profile_of(given: Given, day: Day) -> str:
    """Return a profile as YAML: the busiest hour at its average rate, its busiest minute in the middle."""
    hours = day.hours
    busiest = max(range(len(hours)), key=hours.__getitem__)
    rate = hours[busiest] / _HOUR
    release = load_release(DEFAULT)
    together: dict[tuple[str, str, str], list[Line]] = {}
    for line in day.lines:
        if line.hours[busiest] and release.message_for(line.interface, line.event) is not None:
            together.setdefault((line.sender, line.interface, line.event), []).append(line)
    flows = []
    for (sender, interface, event), lines in together.items():
        flow: dict[str, object] = {
            "flow": f"{sender}-{interface[3:]}-{event}".lower()[:40].rstrip("-"),
            "interface": interface,
            "event": event,
            "sender": sender,
            "participants": _PARTICIPANTS.get(sender, 1),
            "share": round(sum(line.hours[busiest] for line in lines), 3),
        }
        if len({role for line in lines for role in line.recipients}) > 1:
            flow |= {"points": _KNOWN, "known": True}
        flows.append(flow)
    flows.sort(key=lambda each: -float(str(each["share"])))
    content = {
        "profile": f"NFT-{day.name.upper()}-HOUR",
        "title": f"The busiest hour of the day '{day.name}', from volumetrics",
        "stage": "sit-non-functional",
        "area": "dip-helix-volume-testing",
        "why": "Generated from volumetrics; say here what defect it is meant to find.",
        "requirements": ["DH-NFR-010"],
        "volume": {
            "basis": "assumed",
            "source": f"dip volumetrics --day {day.name}; its figures: "
            + "; ".join(f"{name} ({basis.basis})" for name, basis in bases(given, day)),
        },
        "rehearsal": {"scale": round(min(1.0, 100 / max(rate * day.burst, 1e-9)), 6), "seconds": 20},
        "shape": [
            {"name": "the hour's average", "seconds": 1770, "rate": round(rate, 3)},
            {"name": "its busiest minute", "seconds": 60, "rate": round(rate * day.burst, 3)},
            {"name": "the hour's average", "seconds": 1770, "rate": round(rate, 3)},
        ],
        "flows": flows[:_MOST_FLOWS],
        "limits": [
            {"measure": "error_rate", "at_most": 0.0, "basis": "assumed", "source": "No message is refused."},
            {"measure": "lost", "at_most": 0, "basis": "assumed", "source": "What was accepted arrives."},
            {
                "measure": "answer_p99_ms",
                "at_most": 2000,
                "basis": "assumed",
                "source": "The programme's limit is not public; put the agreed one here.",
            },
        ],
    }
    head = "# Written by dip volumetrics; edit it as you like.\n"
    return head + yaml.safe_dump(content, sort_keys=False, width=110)
