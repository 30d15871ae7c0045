"""The command that repeats a run (pure)."""

from __future__ import annotations

import shlex

from harness.reports.run import Run

_SINGULAR = {
    name: name.removesuffix("s")
    for name in (
        "interfaces", "events", "roles", "requirements", "scenarios", "segments", "areas", "themes",
        "tags", "cohorts", "intervals",
    )
}  # fmt: skip
_LOOKED_UP = ("members", "members_roles", "cycle_themes", "cycle_areas")
"""What the plan said when the run began."""
_ELSEWHERE = frozenset({"stage", "release", "seed", "target", "path", "out", "json", "n", *_LOOKED_UP})
"""Taken from the run's own fields, or of no bearing on what it does."""


def command(run: Run) -> str:
    """Return the `dip run` command with the run's stage, releases, target, seed and selecting options."""
    header = run.header
    words = ["dip", "run"]
    path = header.options.get("path")
    if path:
        words.append(str(path))
    words += ["--stage", header.stage, "--target", header.target]
    for release in header.releases:
        words += ["--release", release]
    words += ["--seed", str(header.seed)]
    for name, value in sorted(header.options.items()):
        if name in _ELSEWHERE or value in (None, "", False, [], ()):
            continue
        option = f"--{_SINGULAR.get(name, name).replace('_', '-')}"
        if value is True:
            words.append(option)
        else:
            for each in value if isinstance(value, list | tuple) else [value]:
                words += [option, str(each)]
    for party, build in header.builds.items():
        words += ["--build", f"{party}={build}"]
    return shlex.join(words)
