"""Which messages answer which, and the correlation id that an answer carries (pure).

That S1.senderCorrelationID of an answer is D0.initialCorrelationID of what it answers is assumed: which
interfaces create, copy or leave out a correlation id stands in the interface catalogue, which is not public.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.scenarios.publications import Publication

ANSWERED: Mapping[str, str] = {
    "IF-006": "IF-005",
    "IF-008": "IF-007",
    "IF-020": "IF-019",
    "IF-026": "IF-025",
    "IF-028": "IF-027",
    "IF-032": "IF-031",
    "IF-034": "IF-033",
    "IF-039": "IF-038",
    "IF-062": "IF-061",
}
"""Interface of an answer to the interface that it answers."""
BY_HUB: Mapping[str, str] = {"IF-015": "IF-016"}
"""Interface of a request that the DIP itself answers, to the interface of its answers."""


def asked(publications: Iterable[Publication], sender: str, interface: str, mpan: str) -> list[str]:
    """Return the correlation ids of what a party (DIP id) had received that such an answer can answer."""
    request = ANSWERED.get(interface)
    return [
        publication.correlation
        for publication in publications
        if (publication.party, publication.interface, publication.mpan) == (sender, request, mpan)
        and publication.correlation
    ]
