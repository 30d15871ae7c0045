"""run-report.html in a real Chromium: search, a failure, its drawing, its bytes; axe; paper."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from example_run import BYSTANDER, SUPPLIER, ExampleRun
from playwright.sync_api import Browser, Page, expect, sync_playwright

from harness.reports.drawing import drawing, marks
from harness.reports.page import page as page_of
from harness.reports.run import read_run
from harness.scenarios.requirements import shipped


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a running browser."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a run with a pass, and a failure in which a bystander got a message."""
    folder = tmp_path_factory.mktemp("run")
    example = ExampleRun(folder)
    example.exchange()
    case = example.begin(
        "cit-leak", "Nobody else gets it", "IF-031", "MSApp", "SUP", requirements=("DH-SIG-006",)
    )
    example.send(case, "IF-031", "MSApp")
    example.answer(case, 201, ["MSG0000"])
    example.publish(case, "IF-031", "MSApp", "REGS")
    example.publish(case, "IF-031", "MSApp", "SUP", party=BYSTANDER)
    example.check(case, "The send is accepted", True, "201", "201")
    example.check(case, "Nobody else has it", False, "no other publication", "one at 2300000002")
    example.finish(case, "fail", "leaked", {"class": "central-system", "party": "DIP"})
    path = folder / "run-report.html"
    path.write_text(page_of(read_run(example.write()), shipped()), encoding="utf-8")
    return path


def _open(browser: Browser, path: Path, fragment: str = "") -> Page:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(path.as_uri() + fragment)
    return page


def test_from_a_search_to_the_failure_its_drawing_and_its_bytes(browser: Browser, report: Path) -> None:
    """The filter finds the case, which leads to the failure, an arrow to the message, a button to bytes."""
    page = _open(browser, report)
    page.get_by_label("Words in case, title or requirement").fill("nobody else")
    expect(page.locator("#filter-count")).to_have_text("1 shown")
    page.locator("#filter-verdict").select_option("fail")
    page.locator("#cases tbody tr:visible a").click()
    assert page.url.endswith("#case-1")
    case = page.locator("#case-1")
    expect(case.locator("svg.sequence")).to_be_visible()
    arrow = case.locator("svg.sequence a", has_text="PUB-031").last
    target = str(arrow.get_attribute("href"))
    arrow.click()
    message = page.locator(target)
    assert "Received by Supplier B SUP" in message.inner_text()
    message.locator("details.exact summary").click()
    with page.expect_download() as caught:
        message.get_by_role("button", name="Save as a file").click()
    data = Path(str(caught.value.path())).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert caught.value.suggested_filename.startswith(digest)
    assert (report.parent / "evidence" / digest[:2] / digest).read_bytes() == data
    page.close()


def test_a_link_to_a_message_unfolds_what_holds_it(browser: Browser, report: Path) -> None:
    """Who opens the page at a step of a folded case sees the step."""
    page = _open(browser, report)
    page.locator("#case-1").evaluate("each => { each.open = false; }")
    page.close()
    page = _open(browser, report, "#step-1-1")
    assert page.locator("#step-1-1").is_visible()
    page.close()


def test_expected_and_actual_stand_in_a_table(browser: Browser, report: Path) -> None:
    """Every condition of a failure has its row: whether it held, expected, actual, rule."""
    page = _open(browser, report)
    case = page.locator("#case-1")
    case.get_by_text("Conditions judged, 2 in all").click()
    rows = case.locator("tbody tr").all_inner_texts()
    assert [row.split("\t")[:4] for row in rows] == [
        ["pass", "The send is accepted", "201", "201"],
        ["fail", "Nobody else has it", "no other publication", "one at 2300000002"],
    ]
    page.close()


def test_a_message_shows_clock_routing_headers_and_signature(browser: Browser, report: Path) -> None:
    """Of a message that was sent and one that arrived everything that is recorded can be unfolded."""
    page = _open(browser, report)
    case = page.locator("#case-1")
    for summary in case.locator("details.told summary").all():
        summary.click()
    sent, _, received = (each.inner_text() for each in case.locator("details.told").all()[:3])
    for words in ("2026-11-03T09:30", "Release", "2.1.0", "X-DIP-Signature", "REGS: primary"):
        assert words in sent, words
    for words in ("Chain", "answers reference S-1", "verified", "CN=dip, issued by", "X-DIP-Signature-Date"):
        assert words in received, words
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_passes_the_axe_checks(browser: Browser, report: Path, scheme: str) -> None:
    """No rule of axe is broken with failures, cases and messages unfolded."""
    page = _open(browser, report)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    unfolded = "document.querySelectorAll('#failures details, #cases details')"
    page.evaluate(f"{unfolded}.forEach((each) => {{ each.open = true; }})")
    found = Axe().run(page)
    page.close()
    assert found.violations_count == 0, found.generate_report()


def test_a_drawing_says_in_words_what_it_shows(report: Path) -> None:
    """Arrows stand in the order of the events, the broken condition among them; the words are its label."""
    run = read_run(report.parent)
    failed = run.instances[1]
    shown = [(mark.start, mark.end, mark.text, mark.tone) for mark in marks(failed)]
    assert shown == [
        (SUPPLIER, "DIP", "IF-031 [MSApp]", ""),
        ("DIP", SUPPLIER, "Answered 201 MSG0000", "good"),
        ("DIP", "2200000001", "PUB-031 [MSApp]", ""),
        ("DIP", BYSTANDER, "PUB-031 [MSApp]", ""),
        ("DIP", "DIP", "Nobody else has it: expected no other publication, got one at 2300000002", "bad"),
    ]
    label = re.search(r'aria-label="([^"]*)"', drawing(run, failed, {}))
    assert label
    assert "DIP to Supplier B (SUP): PUB-031 [MSApp]" in label[1]
