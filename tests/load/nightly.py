"""What is too long for the suite: ``python -m tests.load.nightly FOLDER [PART ...]`` plays loads in full.

The part `soak` takes 30 minutes, `outage` 346 s and its backlog: 72 hours at 1/1000 of their time. Without a
part both are played; ``--seconds`` presses each into another time. Exit code 0: every limit was kept; 1: one
was missed, or a result is inconclusive, as on a machine that does other work meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

FULL = {"soak": ("NFT-SOAK", 1800.0), "outage": ("NFT-OUTAGE-72H", 345.6)}
"""Part, its profile and its seconds."""


def main(folder: Path, parts: list[str], seconds: float | None) -> int:
    """Play the parts; returns 1 where a limit was missed or a result is inconclusive."""
    failed = 0
    for part in parts or FULL:
        profile, whole = FULL[part]
        lasts = whole if seconds is None else seconds
        print(f"== {profile}, {lasts:g} s", flush=True)
        command = [sys.executable, "-m", "harness", "load", "--profile", profile, "--scale", "1"]
        command += ["--seconds", str(lasts), "--out", str(folder / profile)]
        failed |= subprocess.run(command, check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m tests.load.nightly")
    asked.add_argument("folder", type=Path)
    asked.add_argument("part", nargs="*", metavar="PART", help=f"{' or '.join(FULL)}; without one: both")
    asked.add_argument("--seconds", type=float, help="press each part into this time; rates stay")
    given = asked.parse_args()
    if unknown := sorted(set(given.part) - set(FULL)):
        asked.error(f"no such part: {', '.join(unknown)}; there are {', '.join(FULL)}")
    sys.exit(main(given.folder, given.part, given.seconds))
