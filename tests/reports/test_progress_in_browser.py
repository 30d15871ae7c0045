"""The pages of progress and readiness in a real Chromium: accessible, alone, the burn-up within its frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from test_progress import CALENDAR, a_plan, in_cycle, of
from test_standing import a_run

from harness.evidence.evidence_class import EvidenceClass
from harness.reports.completion.document import Document
from harness.reports.completion.rendering_html import html
from harness.reports.progress.readiness import readiness
from harness.reports.progress.wording import document
from harness.reports.progress.wording_readiness import document as readiness_document
from harness.reports.standing.merging import standing
from harness.stages.plan.reading import read_plan, shipped


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a running browser."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a progress page with a flaky test, failures and a rehearsal, and the example's readiness."""
    folder = tmp_path_factory.mktemp("progress")
    runs = [
        in_cycle(a_run(folder / "a", 3, "pass", "fail", "fail", "omitted")),
        in_cycle(a_run(folder / "b", 4, "pass", "pass", "fail")),
        in_cycle(a_run(folder / "c", 5, "pass", evidence=EvidenceClass.REHEARSAL)),
    ]
    found = of(runs, a_plan(folder), 5, cycle="c1")
    plan = read_plan(shipped("example"))
    ready = readiness(plan, CALENDAR, found.as_of, standing=standing([]))
    made: dict[str, Document] = {"progress": document(found), "readiness": readiness_document(ready)}
    written = {}
    for name, each in made.items():
        written[name] = folder / f"{name}.html"
        written[name].write_text(html(each), encoding="utf-8")
    return written


@pytest.mark.parametrize(
    ("which", "scheme"), [("progress", "light"), ("progress", "dark"), ("readiness", "light")]
)
def test_the_pages_pass_the_axe_checks_and_ask_for_nothing(
    browser: Browser, pages: dict[str, Path], which: str, scheme: str
) -> None:
    """No rule of axe is broken, nothing complains, and no other file is asked for."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    noted: list[str] = []
    page.on("request", lambda request: noted.append(request.url))
    page.on("console", lambda message: noted.append(message.text))
    page.on("pageerror", lambda error: noted.append(str(error)))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(pages[which].as_uri())
    assert noted == [pages[which].as_uri()]
    found = Axe().run(page)
    page.close()
    assert found.violations_count == 0, found.generate_report()


def test_the_burn_up_is_drawn_within_its_frame(browser: Browser, pages: dict[str, Path]) -> None:
    """Every line and name of the drawing lies inside it, and it is told in words."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(pages["progress"].as_uri())
    drawing = page.locator("figure.chart svg")
    assert "passed of" in (drawing.get_attribute("aria-label") or "")
    frame = drawing.bounding_box()
    assert frame is not None
    for part in drawing.locator("path, text").all():
        box = part.bounding_box()
        assert box is not None
        assert frame["x"] - 1 <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
        assert frame["y"] - 1 <= box["y"]
        assert box["y"] + box["height"] <= frame["y"] + frame["height"] + 1
    page.close()
