"""The command that repeats a run (pure)."""

from __future__ import annotations

import shlex

from harness.reports.run import Run

_NOT_REPEATED = frozenset(
    {"out", "json", "n", "numprocesses", "path", "stage", "release", "releases", "seed", "target"}
)


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
        if name in _NOT_REPEATED or value in (None, "", False, [], ()):
            continue
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        else:
            for each in value if isinstance(value, list | tuple) else [value]:
                words += [option, str(each)]
    return shlex.join(words)
