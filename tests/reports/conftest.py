"""Runs for the tests of the reports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from example_run import ExampleRun

from harness.reports.run import Run, read_run


@pytest.fixture
def example(tmp_path: Path) -> ExampleRun:
    """Return a run without cases."""
    return ExampleRun(tmp_path)


@pytest.fixture
def mixed(example: ExampleRun) -> Run:
    """Return a run with every verdict; two of its three refusals fail in the same way."""
    example.exchange()
    example.exchange("IF-032", "MSAppInitialResp", sender="REGS", receiver="SUP")
    example.refusal(passes=True)
    example.refusal(passes=False)
    example.refusal(passes=False)
    example.verdict("inconclusive", "Nobody answered the question.", "participant", "2300000001")
    example.verdict("omitted", "The target has no clock.", "environment")
    example.verdict("skipped", "Left out by hand.", "configuration")
    example.verdict("error", "RuntimeError: the receiver died", "harness", status="blocked")
    return read_run(example.write())


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser; the test is skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium is installed: the printed page is not looked at")
    return found
