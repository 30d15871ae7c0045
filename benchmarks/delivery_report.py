"""What a run of deliveries found: figures, the limits that they are held to, and a JSON shape."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from benchmarks.shape import rounded, shape

MEMORY_RATIO = 1.2
"""Most that the hub's memory at the end may be over that at a tenth: this project's own requirement."""
MEMORY_JUDGED = 200_000
"""Fewer messages don't judge memory: a tenth of them would not have filled the hub's caches."""
RATE_RATIO = 0.8
"""Least rate of the last tenth over that of the first: the same requirement."""
LOOKUP_MS = 20.0
"""Within which 99 % of deliveryStatus and of replays by time are answered: the same requirement."""
CLIENT_BUSY = 0.90
"""A client whose core is busier than this may itself be what was measured: the run is invalid."""
OTHERS_BUSY = 0.10
"""The same holds of a run in which others take more than this of the hub's core."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; None where the machine doesn't tell. The first and the last are tenths."""

    messages: int
    deliveries: int
    deliveries_per_s: float
    status_messages_per_s: float
    deliveries_per_call: float
    cpu_us_per_delivery: float | None
    first_deliveries_per_s: float
    last_deliveries_per_s: float
    rate_ratio: float
    first_cpu_us_per_delivery: float | None
    last_cpu_us_per_delivery: float | None
    first_resident_bytes: int | None
    last_resident_bytes: int | None
    memory_ratio: float | None
    delivery_status_p50_ms: float
    delivery_status_p99_ms: float
    replay_p50_ms: float
    replay_p99_ms: float
    replay_by_mpan_p99_ms: float
    lost: int
    repeated: int
    wrong: int
    store_bytes: int
    message_bytes: int
    client_core_busy: float | None
    hub_core_others: float | None
    """Share of the hub's core that others took."""


@dataclass(frozen=True, slots=True)
class Part:
    """One tenth of a run."""

    deliveries_per_s: float
    cpu_us_per_delivery: float | None
    resident_bytes: int | None
    """At its end."""


@dataclass(frozen=True, slots=True)
class Report:
    """A run: its figures, how it was made, and what speaks against it."""

    figures: Figures
    parts: tuple[Part, ...]
    pinned: bool
    unpinned_because: str
    invalid: tuple[str, ...]
    """Why the figures say nothing; empty when they do."""
    missed: tuple[str, ...]
    """The limits that were not kept."""
    machine: str
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """Return the JSON shape."""
        return shape(
            "delivery",
            self,
            rounded(asdict(self.figures)),
            {
                "memory_ratio": MEMORY_RATIO,
                "rate_ratio": RATE_RATIO,
                "delivery_status_p99_ms": LOOKUP_MS,
                "replay_p99_ms": LOOKUP_MS,
            },
            invalid=self.invalid,
            parts=[asdict(part) for part in self.parts],
            pinned=self.pinned,
            unpinned_because=self.unpinned_because,
        )


def judge(figures: Figures) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return why the figures say nothing, and which limits were missed."""
    invalid, missed = [], []
    for busy, most, whose in (
        (figures.client_core_busy, CLIENT_BUSY, "the client's core was {:.0%} busy"),
        (figures.hub_core_others, OTHERS_BUSY, "others took {:.0%} of the hub's core"),
    ):
        if busy is not None and busy > most:
            invalid.append(f"{whose.format(busy)}, at most {most:.0%} counts")
    judged = figures.memory_ratio if figures.messages >= MEMORY_JUDGED else None
    if judged is not None and judged > MEMORY_RATIO:
        missed.append(f"memory_ratio is {judged:.2f}, at most {MEMORY_RATIO:.1f} is wanted")
    if figures.rate_ratio < RATE_RATIO:
        missed.append(f"rate_ratio is {figures.rate_ratio:.2f}, at least {RATE_RATIO:.1f} is wanted")
    for name in ("delivery_status_p99_ms", "replay_p99_ms"):
        value = getattr(figures, name)
        if value > LOOKUP_MS:
            missed.append(f"{name} is {value:.1f}, at most {LOOKUP_MS:.0f} is wanted")
    for name in ("lost", "wrong"):
        if getattr(figures, name):
            missed.append(f"{name} is {getattr(figures, name)}, none may be")
    return tuple(invalid), tuple(missed)
