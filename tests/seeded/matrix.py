"""The matrix of seeded faults against cases: which case catches which, and which faults the calm hides.

``python -m tests.seeded.matrix FILE [--first] [FAULT ...]`` writes a line for each fault: the cases that
catch it. A case in which a fault would change nothing is not played with it; ``--first`` stops at the first
case that catches. A fault that no case catches in the calm is tried in every perturbed twin. Ends with 1
where a fault is caught otherwise than `caught.yaml` says.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from harness.scenarios.twins import TWINS
from simulators.participants.seeded import FAULTS
from simulators.participants.watching import WHICH
from tests.seeded.caught import caught
from tests.seeded.playing import Player, calm_cases, case_called, player

REPEATING = ("duplicate", "replay", "recipient-down")
"""Twins in which a transaction comes twice."""


def touched(play: Player) -> tuple[dict[str, list[str]], list[str]]:
    """Return by fault the cases in which it would change something, and all cases; quickest first."""
    found: dict[str, list[str]] = {}
    seconds: dict[str, float] = {}
    for name, case in calm_cases().items():
        began = time.perf_counter()
        result = play.play(case, WHICH)
        seconds[name] = time.perf_counter() - began
        for fault in result.applied:
            found.setdefault(fault, []).append(name)
    for names in found.values():
        names.sort(key=seconds.__getitem__)
    return found, sorted(seconds, key=seconds.__getitem__)


def catching(play: Player, fault: str, calm: list[str], every: list[str]) -> Iterator[str]:
    """Yield the cases that catch a fault: in the calm or, where there are none, perturbed."""
    names = every if FAULTS[fault].repeats else calm
    caught = False
    for name in names:
        if play.play(case_called(name), fault).caught:
            caught = True
            yield name
    if caught:
        return
    for twin in REPEATING if FAULTS[fault].repeats else TWINS:
        for name in names:
            if play.play(case_called(f"{name}~{twin}"), fault).caught:
                yield f"{name}~{twin}"


def main(words: list[str]) -> int:
    """Play the matrix; returns the exit code."""
    first = "--first" in words
    target, *wanted = [word for word in words if word != "--first"]
    table = caught()
    wrong = []
    with (
        tempfile.TemporaryDirectory() as tmp,
        player(Path(tmp)) as play,
        Path(target).open("w", encoding="utf-8") as out,
    ):
        calm, every = touched(play)
        print(f"{len(every)} cases; {sum(map(len, calm.values()))} pairs of fault and case", flush=True)
        for fault in wanted or FAULTS:
            found: list[str] = []
            for name in catching(play, fault, calm.get(fault, []), every):
                found.append(name)
                if first:
                    break
            print(
                f"{fault}: {' '.join(found) or 'NONE'} (of {len(calm.get(fault, []))})", file=out, flush=True
            )
            named = table.cases.get(fault, "")
            if not found or (not first and named not in found):
                wrong.append(fault)
    print(f"not caught as said: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
