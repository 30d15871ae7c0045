"""`check-report.html` in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import sync_playwright

from harness.commands.check import check

CHROMIUM = Path("/usr/bin/chromium")
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")


@needs_chromium
def test_the_report_can_be_read_by_everybody(participant: Path, tmp_path: Path) -> None:
    """The report of a failed check has no barrier that axe knows, says the state, and fits a phone."""
    (participant.with_name("certificates") / "signing.key").unlink()
    out = tmp_path / "one"
    words = ["run", "--offline", "--no-ask", "--profile", str(participant), "--out", str(out)]
    assert CliRunner().invoke(check, words, catch_exceptions=False).exit_code == 1
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto((out / "check-report.html").as_uri())
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.locator("h1").inner_text() == "Supplier X: not ready"
        assert "signing.key" in page.locator("#first").inner_text()
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        browser.close()
