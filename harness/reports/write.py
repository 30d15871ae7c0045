"""Writing a run's reports beside its events."""

from __future__ import annotations

from pathlib import Path

import orjson

from harness.reports.ctrf import ctrf
from harness.reports.junit import junit
from harness.reports.page import page
from harness.reports.results import results
from harness.reports.rttm import trace_matrix
from harness.reports.run import Run, read_run
from harness.reports.workbook import workbook
from harness.scenarios.requirements import Register, shipped
from harness.writing import write_whole


def write_reports(folder: Path, *, register: Register | None = None) -> list[Path]:
    """Write every report of the run in ``folder``, each whole or not at all; returns their paths.

    The events are the only source, so reports may be written again at any time. Raises ConfigurationError for
    damaged events and EnvironmentFault when the disk refuses a file.
    """
    return write_run(read_run(folder), register=register)


def write_run(run: Run, *, register: Register | None = None) -> list[Path]:
    """Write the reports of a run that has been read already."""
    register = register if register is not None else shipped()
    matrix = trace_matrix(run, register)
    return [
        write_whole(run.folder / "run-report.html", page(run, register).encode()),
        write_whole(run.folder / "results.json", orjson.dumps(results(run), option=orjson.OPT_INDENT_2)),
        write_whole(run.folder / "junit.xml", junit(run)),
        write_whole(run.folder / "ctrf.json", orjson.dumps(ctrf(run), option=orjson.OPT_INDENT_2)),
        write_whole(run.folder / "rttm.xlsx", workbook(matrix)),
        write_whole(run.folder / "rttm.json", orjson.dumps(matrix.as_dict())),
    ]
