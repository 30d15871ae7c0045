"""Which data items name people, places, meters and metering points, and so are replaced in a redacted copy.

The items and their names are published; that they are the ones to be replaced is our own reading, since the
programme's rule for redaction is not public. What stays: party names, MPIDs and DIP ids, dates, references
and transaction ids, readings and consumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from harness.spec.items import items

MPAN = "mpan"


@dataclass(frozen=True, slots=True)
class Rule:
    """Data items of one category, whose equal values get equal pseudonyms wherever they stand."""

    category: str
    numbers: tuple[tuple[int, int], ...]
    """First and last number of each run of data items."""
    reason: str
    hexadecimal: bool = False
    """Letters A to F stay letters A to F."""
    basis: str = "assumed"

    def items(self) -> tuple[str, ...]:
        """Return the ids of the data items that exist."""
        wanted = (f"DI-{n:03d}" for first, last in self.numbers for n in range(first, last + 1))
        return tuple(item for item in wanted if item in items())


RULES = (
    Rule(MPAN, ((38, 38), (63, 63), (73, 75), (79, 79), (566, 566)), "an MPAN names a premises"),
    Rule("address", ((1, 9), (522, 530), (535, 543), (552, 560), (569, 577)), "a line of an address"),
    Rule("postcode", ((10, 10), (531, 531), (544, 544), (561, 561), (578, 578)), "a postcode"),
    Rule("name", ((520, 520), (532, 532), (548, 548), (551, 551)), "the name of a person or a firm"),
    Rule("e-mail", ((533, 533),), "an e-mail address"),
    Rule("telephone", ((534, 534),), "a telephone number"),
    Rule("meter", ((53, 53), (56, 56), (60, 60), (190, 190)), "the serial number of a device at a premises"),
    Rule("device", ((85, 85), (191, 192)), "the network address of a device at a premises", True),
    Rule("registration", ((849, 849),), "a registration names a premises in the switching service", True),
    Rule("contract", ((19, 20),), "a customer's contract; references often hold part of the MPAN"),
    Rule("site", ((565, 565),), "a billing site names a premises"),
    Rule("account", ((521, 521), (545, 547), (549, 550)), "bank account, VAT and company numbers"),
    Rule("text", ((93, 93), (120, 120)), "free text, in which anything may stand"),
)


@cache
def fields() -> Mapping[str, str]:
    """Return the category of each field name, in small letters, over all blocks."""
    found: dict[str, str] = {}
    for rule in RULES:
        for item in rule.items():
            entry = items()[item]
            for key in (*entry.keys.values(), entry.catalogue_key):
                if key:
                    found[key.lower()] = rule.category
    return found


@cache
def hexadecimal() -> frozenset[str]:
    """Return the categories whose letters are hexadecimal digits."""
    return frozenset(rule.category for rule in RULES if rule.hexadecimal)
