"""A distributor (LDSO): it keeps what it hears and sends invoices when it is told to."""

from __future__ import annotations

from simulators.participants.behaviours import add
from simulators.participants.playing import Plays
from simulators.participants.reporting import report_word

add(
    "distributor",
    Plays(frozenset({"LDSO"}), (), (report_word(("REP-900", "REP-901"), "the distributor's invoices"),)),
)
