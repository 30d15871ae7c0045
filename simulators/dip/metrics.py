"""Counts of a running hub, in the text format that Prometheus reads (version 0.0.4).

No label holds a party, an MPAN or a reference, so that their number stays bounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram of webhook calls, in seconds."""
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]
Counts = Counter[tuple[str, ...]]


class Metrics:
    """What the stages of a process count. Used from the event loop's thread."""

    def __init__(self) -> None:
        self._answered: Counts = Counter()
        self._accepted: Counts = Counter()
        self._refused: Counts = Counter()
        self._delivered: Counts = Counter()
        self._calls: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def answered(self, release: str, status: int) -> None:
        """Count one HTTP answer of the hub; ``release`` is empty for a path outside of all."""
        self._answered[release, str(status)] += 1

    def accepted(self, release: str, interface: str, messages: int) -> None:
        """Count accepted messages."""
        self._accepted[release, interface] += messages

    def refused(self, release: str, codes: Iterable[str]) -> None:
        """Count the faults that a batch was refused for."""
        for code in codes:
            self._refused[release, code] += 1

    def delivered(self, release: str, interface: str, status: str) -> None:
        """Count what became of one attempt to deliver one message, in the journal's words."""
        self._delivered[release, interface, status] += 1

    def called(self, release: str, seconds: float) -> None:
        """Count one webhook call."""
        counts = self._calls.setdefault(release, [0] * (len(BUCKETS) + 1))
        counts[bisect_left(BUCKETS, seconds)] += 1
        self._seconds[release] = self._seconds.get(release, 0.0) + seconds

    def text(
        self, queues: Mapping[tuple[str, ...], int], replayed: Mapping[tuple[str, ...], int] | None = None
    ) -> str:
        """Write everything; ``queues`` are the open deliveries by (release, status).

        ``replayed``: messages replayed by time, by (release, where they came from), where there is a broker.
        """
        lines = [
            *_family("dip_http_answers_total", "counter", "HTTP answers of the hub.",
                     _labelled(self._answered, "release", "status")),
            *_family("dip_messages_accepted_total", "counter", "Messages answered 201.",
                     _labelled(self._accepted, "release", "interface")),
            *_family("dip_messages_refused_total", "counter", "Faults that messages were refused for.",
                     _labelled(self._refused, "release", "code")),
            *_family("dip_deliveries_total", "counter", "Attempts to deliver, by their outcome.",
                     _labelled(self._delivered, "release", "interface", "status")),
            *_family("dip_deliveries_open", "gauge", "Deliveries that wait, by their status.",
                     _labelled(queues, "release", "status")),
            *(_family("dip_replayed_by_time_total", "counter", "Messages replayed by time, by their source.",
                      _labelled(replayed, "release", "source")) if replayed else ()),
            *self._histogram(),
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def _histogram(self) -> Iterator[str]:
        name = "dip_webhook_call_seconds"
        yield f"# HELP {name} How long recipients take to answer a call."
        yield f"# TYPE {name} histogram"
        for release, counts in sorted(self._calls.items()):
            total = 0
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
                total += count
                yield f"{name}_bucket{_braces((('release', release), ('le', bound)))} {total}"
            yield f"{name}_sum{_braces((('release', release),))} {self._seconds[release]:.6f}"
            yield f"{name}_count{_braces((('release', release),))} {total}"


def _labelled(counts: Mapping[tuple[str, ...], int], *names: str) -> Iterator[tuple[Labels, int]]:
    for values, count in sorted(counts.items()):
        yield tuple(zip(names, values, strict=True)), count


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[Labels, int]]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield f"{name}{_braces(labels)} {value}"


def _braces(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
