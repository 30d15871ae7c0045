"""Official codes that registration never gives, because the hub refuses such a message before (L1)."""

from __future__ import annotations

from simulators.registration.rule import UNREACHABLE

UNREACHABLE |= {
    "REG0001": "no release lets an IF-005 [MeterInstall] have block B039",
    "REG0002": "no release lets an IF-005 [MeterRemoval] have block B906",
    "REG1048": "every release lists the meter locations, and a message can have no other",
}
