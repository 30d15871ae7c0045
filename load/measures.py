"""What a run of a profile measures, by name: the words of limits, reports and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: its name, what it is, its unit, and whether more of it is better."""

    name: str
    title: str
    unit: str
    more_is_better: bool = False


_ALL = (
    Measure("offered_per_s", "Messages that were due, per second", "messages/s", more_is_better=True),
    Measure("accepted_per_s", "Messages accepted per second", "messages/s", more_is_better=True),
    Measure("accepted_share", "Accepted of the messages that were due", "share", more_is_better=True),
    Measure("error_rate", "Messages that were not accepted", "share"),
    Measure("answer_p50_ms", "Half of the answers came within", "ms"),
    Measure("answer_p95_ms", "95 % of the answers came within", "ms"),
    Measure("answer_p99_ms", "99 % of the answers came within", "ms"),
    Measure("answer_max_ms", "The slowest answer took", "ms"),
    Measure("delivery_p50_ms", "Half of the publications reached their webhook within", "ms"),
    Measure("delivery_p95_ms", "95 % of the publications reached their webhook within", "ms"),
    Measure("delivery_p99_ms", "99 % of the publications reached their webhook within", "ms"),
    Measure("delivery_max_ms", "The slowest publication reached its webhook within", "ms"),
    Measure("response_p50_ms", "Half of the business responses came within", "ms"),
    Measure("response_p99_ms", "99 % of the business responses came within", "ms"),
    Measure("response_missing", "Messages without their business response", "messages"),
    Measure("delivered_per_s", "Publications delivered per second", "publications/s", more_is_better=True),
    Measure("lost", "Publications of accepted messages that did not arrive", "publications"),
    Measure("astray", "Publications that reached a party they were not addressed to", "publications"),
    Measure("repeated", "Publications that arrived again", "publications"),
    Measure("repeated_share", "Publications that arrived again, of all that arrived", "share"),
    Measure("unverified", "Webhook calls whose signature did not verify", "calls"),
    Measure("out_of_order", "Publications that overtook one that the order puts first", "publications"),
    Measure("drain_seconds", "From the last message due to the last publication", "s"),
    Measure("recovery_seconds", "From the end of the disturbance until the backlog was gone", "s"),
    Measure("latency_growth", "Answer time of the last fifth over the second (medians)", "ratio"),
    Measure("memory_growth", "Memory of the hub at the end over that after the first fifth", "ratio"),
    Measure("within_60_min", "Publications that arrived within 60 minutes of being due", "share",
            more_is_better=True),
)  # fmt: skip

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}
