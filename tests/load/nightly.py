"""What is too long for the suite: ``python -m tests.load.nightly FOLDER`` plays soak and outage in full.

The soak takes 30 minutes, the outage of 72 hours 346 s at 1/1000 of its time. Exit code 0: every limit was
kept.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FULL = {"NFT-SOAK": 1800.0, "NFT-OUTAGE-72H": 345.6}
"""Profile and seconds."""


def main(folder: Path) -> int:
    """Play both; returns 1 where a limit was missed or a result is inconclusive."""
    failed = 0
    for profile, seconds in FULL.items():
        print(f"== {profile}, {seconds:g} s", flush=True)
        command = [sys.executable, "-m", "harness", "load", "--profile", profile, "--scale", "1"]
        command += ["--seconds", str(seconds), "--out", str(folder / profile)]
        failed |= subprocess.run(command, check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
