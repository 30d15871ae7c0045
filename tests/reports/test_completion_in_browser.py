"""The pages of completion and exit report in a real Chromium: accessible, alone, filtered, printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from completing import OPTIONS, PLAN, TITLE_BLOCK, invoke, run_folder, said
from playwright.sync_api import Browser, Page, expect, sync_playwright


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a running browser."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a completion report with failures and an exit report, both as pages."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("plan.yaml").write_text(PLAN, encoding="utf-8")
        Path("block.yaml").write_text(TITLE_BLOCK, encoding="utf-8")
        run_folder(Path("a"), passes=False, kind="paired")
        for party in ("Supplier A", "Registration A"):
            result = invoke(
                "completion", "a", *OPTIONS, "--title-block", "block.yaml", "--party", party, "--out", party
            )
            assert result.exit_code == 0, said(result)
        parts = [f"{party}/completion-report.json" for party in ("Supplier A", "Registration A")]
        assert invoke("exit", *parts, "--plan", "plan.yaml", "--out", "exit").exit_code == 0
    return {
        "completion": folder / "Supplier A" / "completion-report.html",
        "exit": folder / "exit" / "exit-report.html",
    }


def _open(browser: Browser, path: Path) -> tuple[Page, list[str]]:
    """Open a page; returns it with every request and complaint."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    noted: list[str] = []
    page.on("request", lambda request: noted.append(request.url))
    page.on("console", lambda message: noted.append(message.text))
    page.on("pageerror", lambda error: noted.append(str(error)))
    page.goto(path.as_uri())
    return page, noted


@pytest.mark.parametrize(("which", "scheme"), [("completion", "light"), ("exit", "dark")])
def test_the_pages_pass_the_axe_checks(
    browser: Browser, reports: dict[str, Path], which: str, scheme: str
) -> None:
    """No rule of axe is broken, on light paper and on dark, with every message unfolded."""
    page, _ = _open(browser, reports[which])
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    # axe is injected by the test, which the page's own policy would rightly refuse to load from elsewhere.
    found = Axe().run(page)
    page.close()
    assert found.violations_count == 0, found.generate_report()


def test_the_page_asks_for_nothing(browser: Browser, reports: dict[str, Path]) -> None:
    """The page alone is loaded, its script runs under its own policy, and nothing complains."""
    page, noted = _open(browser, reports["completion"])
    assert noted == [reports["completion"].as_uri()]
    form = page.locator("#section-b form.filter")
    assert form.is_visible()
    page.close()


def test_the_filter_shows_the_rows_that_fit(browser: Browser, reports: dict[str, Path]) -> None:
    """Words typed over the requirement extract leave its fitting rows, and say how many there are."""
    page, _ = _open(browser, reports["completion"])
    section = page.locator("#section-b")
    rows = section.locator("tbody tr")
    whole = rows.count()
    section.locator("input").fill("DH-SIG-006")
    expect(section.locator("[role=status]")).not_to_be_empty()
    shown = [row for row in rows.all() if row.is_visible()]
    assert 0 < len(shown) < whole
    assert all("DH-SIG-006" in row.inner_text() for row in shown)
    assert section.locator("[role=status]").inner_text() == f"{len(shown)} of {whole} shown"
    page.close()


def test_a_failure_leads_to_its_message(browser: Browser, reports: dict[str, Path]) -> None:
    """From the contents to the failure, to its message with pseudonyms, its hash and its place."""
    page, _ = _open(browser, reports["completion"])
    page.get_by_role("navigation").get_by_text("Failures and blocked tests").click()
    assert page.url.endswith("#section-11")
    failure = page.locator("#section-11 article.failure").first
    assert failure.locator(".judged .value").all_inner_texts() == ["401", "201 MSG0000"]
    message = failure.locator("details.message").first
    assert not message.locator("pre").is_visible()
    message.locator("summary").click()
    assert '"MPANCore"' in message.locator("pre").inner_text()
    assert "not sealed, evidence/" in failure.locator(".bytes").first.inner_text()
    page.close()


@pytest.mark.parametrize("which", ["completion", "exit"])
def test_every_printed_sheet_says_draft_and_the_class(
    browser: Browser, reports: dict[str, Path], which: str, tmp_path: Path
) -> None:
    """On paper each sheet carries DRAFT and the evidence class, and the number of its page."""
    reader = pytest.importorskip("pypdfium2", reason="reading the printed sheets needs pypdfium2")
    page, _ = _open(browser, reports[which])
    target = tmp_path / "print.pdf"
    page.pdf(path=str(target), prefer_css_page_size=True)
    page.close()
    document = reader.PdfDocument(target)
    sheets = [document[number].get_textpage().get_text_range() for number in range(len(document))]
    assert len(sheets) > 2
    for number, sheet in enumerate(sheets, start=1):
        assert "DRAFT · paired" in sheet
        assert f"Page {number} of {len(sheets)}" in sheet
