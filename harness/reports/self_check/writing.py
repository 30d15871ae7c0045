"""Writing a self-check's reports beside its events."""

from __future__ import annotations

from pathlib import Path

import orjson

from harness.reports.results import results
from harness.reports.run import read_run
from harness.reports.self_check.page import page
from harness.reports.self_check.readiness import Readiness, as_json
from harness.reports.self_check.renewals import CHECK, renewals
from harness.writing import write_whole


def write(readiness: Readiness) -> list[Path]:
    """Write the report, `check.json`, `results.json` and `renewals.ics`; return the first two."""
    folder = readiness.folder
    report, data = folder / "check-report.html", folder / "check.json"
    write_whole(report, page(readiness).encode())
    write_whole(data, orjson.dumps(as_json(readiness), option=orjson.OPT_INDENT_2))
    if any(each.check.id == CHECK and each.findings for each in readiness.results):
        write_whole(folder / "renewals.ics", renewals(readiness).encode())
    write_whole(folder / "results.json", orjson.dumps(results(read_run(folder)), option=orjson.OPT_INDENT_2))
    return [report, data]
