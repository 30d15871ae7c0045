"""Which tests there are, as pytest collects them, with the codes that they say they provoke."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

_SCRIPT = """
import json, sys
import pytest

class Lister:
    def pytest_collection_finish(self, session):
        found = {}
        for item in session.items:
            codes = {code for marker in item.iter_markers("provokes") for code in marker.args}
            for name in {item.nodeid, item.nodeid.partition("[")[0]}:
                found.setdefault(name, set()).update(codes)
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            json.dump({name: sorted(codes) for name, codes in found.items()}, file)

options = ["--collect-only", "-q", "--assert=plain", "-p", "no:cacheprovider"]
options.append("--continue-on-collection-errors")
sys.exit(pytest.main([*options, *sys.argv[2:]], plugins=[Lister()]))
"""


def collected(root: Path, files: Iterable[str], into: Path) -> Mapping[str, frozenset[str]]:
    """Return the codes by the name of each test that pytest collects, with its parameters and without."""
    found = into / "collected.json"
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(found), *sorted(set(files))],
        cwd=root, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert found.is_file(), run.stdout + run.stderr
    return {name: frozenset(codes) for name, codes in json.loads(found.read_text(encoding="utf-8")).items()}
