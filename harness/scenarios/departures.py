"""What a ``send`` step makes wrong on purpose (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from harness.messages.mutate import MUTATIONS
from harness.scenarios.model import Send

_USUAL = Send()
_ACCEPTED = {
    "content": ("message", "largest-consumption"),
    "through": ("own", "provider"),
    "reference": ("fresh", "again"),
    "channel": ("own", "trial"),
    "path": ("exact", "upper-case"),
}
"""Values that are unusual and right all the same."""
_FIELDS = (
    "content",
    "request",
    "certificate",
    "signing",
    "claim",
    "through",
    "recipient",
    "distributor",
    "mpan",
    "reference",
    "channel",
    "path",
)


def departs(step: Send, *, valid: bool = False) -> bool:
    """Say whether the hub should refuse the request.

    ``valid``: the messages are right under the release as they are, so that what is left out of them may be.
    """
    if step.mutate and not MUTATIONS[step.mutate].accepted:
        return True
    if step.omit and not valid:
        return True
    return any(value not in _ACCEPTED.get(name, (usual,)) for name, value, usual in _unusual(step))


def in_words(step: Send, mutations: list[str], *, valid: bool = False) -> str:
    """Say what is unusual about the step; empty for a plain one. ``mutations``: what was changed."""
    words = [f"{name}: {value}" for name, value, _ in _unusual(step)]
    if step.omit and not valid:
        words.append(f"left out: {', '.join(step.omit)}")
    if step.mutate and mutations:
        words.append(f"{step.mutate}: {mutations[-1]}")
    return "; ".join(words)


def _unusual(step: Send) -> Iterator[tuple[str, str, str]]:
    for name in _FIELDS:
        value, usual = getattr(step, name), getattr(_USUAL, name)
        if value != usual:
            yield name, value, usual
