"""Parties that keep what they hear and send nothing by themselves: enquiry service, DCC, any other role."""

from __future__ import annotations

from simulators.participants.behaviours import add
from simulators.participants.playing import Plays

EVERYBODY = frozenset(
    {
        "SUP",
        "MSS",
        "MSA",
        "UMSO",
        "SDS",
        "ADS",
        "UMSDS",
        "LDSO",
        "MDS",
        "LSS",
        "VAS",
        "ISD",
        "EES",
        "MDR",
        "DCC",
    }
)
add("enquiry", Plays(frozenset({"EES"}), ()))
add("communications", Plays(frozenset({"DCC"}), ()))
add("listen", Plays(EVERYBODY, ()))
