"""run-report.html."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from example_run import SUPPLIER, ExampleRun

from harness.evidence.events import FaultApplied, InstanceWaiting
from harness.reports.page import SHOWN_IN_ALL, page
from harness.reports.run import Run, read_run
from harness.scenarios.requirements import shipped

_VOID = {"meta", "link", "br", "input", "img", "hr"}
_HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*7 }}'


class _Document(HTMLParser):
    """Collects tags and texts, and complains of tags that don't match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """The text as it is read."""
        return " ".join(" ".join(self.texts).split())


def _page(run: Run) -> str:
    return page(run, shipped())


def test_the_page_is_well_formed(mixed: Run) -> None:
    """Every tag is closed by its own, and ids are unique."""
    ids = [attrs["id"] for _, attrs in _Document(_page(mixed)).tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_the_page_needs_nothing_else(mixed: Run) -> None:
    """No address of another host, no file but the run's evidence, and a policy that forbids loading."""
    html = _page(mixed)
    for tag, attrs in _Document(html).tags:
        assert tag not in {"link", "img", "iframe", "object", "embed"}
        for name in ("src", "href", "action"):
            assert re.match(r"#|evidence/[0-9a-f]{2}/[0-9a-f]{64}$", attrs.get(name) or "#"), attrs
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in html


def test_the_policy_admits_the_one_script(mixed: Run) -> None:
    """The hash in the policy is that of the script in the page, so no other script runs."""
    html = _page(mixed)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 1
    assert base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode() in html


def test_evidence_links_lead_to_the_bytes(mixed: Run) -> None:
    """Each link to evidence finds a stored file of that hash."""
    links = [attrs["href"] or "" for tag, attrs in _Document(_page(mixed)).tags if tag == "a"]
    stored = [link for link in links if link.startswith("evidence/")]
    assert stored
    for link in stored:
        assert hashlib.sha256((mixed.folder / link).read_bytes()).hexdigest() == link.split("/")[-1]


def test_a_rehearsal_says_so(mixed: Run) -> None:
    """A rehearsal says it first, in the title, in the print header, and claims no completion."""
    html = _page(mixed)
    document = _Document(html)
    assert document.text.startswith("Rehearsal: run report") or "Rehearsal: run report" in document.text[:200]
    assert "This is a run report. It is no completion report." in document.text
    assert '@top-left { content: "REHEARSAL"' in html
    assert ("div", {"class": "stamp", "aria-hidden": "true"}) in document.tags


def test_another_class_is_not_called_a_rehearsal(example: ExampleRun) -> None:
    """With a real system the page names that class and not rehearsal."""
    example.parties[0]["real"] = "yes"
    example.exchange()
    text = _Document(_page(read_run(example.write(evidence_class="self-test")))).text
    assert "Self-test: run report" in text
    assert "rehearsal" not in text.lower()


def test_hostile_text_stays_text(example: ExampleRun) -> None:
    """Markup in titles, reasons, bodies and names is shown and never becomes a tag."""
    example.parties[0]["name"] = _HOSTILE
    case = example.begin(_HOSTILE, _HOSTILE, "IF-031", "MSApp", "SUP", requirements=(_HOSTILE,))
    example.send(case, "IF-031", "MSApp", body=_HOSTILE.encode())
    example.answer(case, None, [], error=_HOSTILE)
    example.check(case, _HOSTILE, False, _HOSTILE, _HOSTILE, hint=_HOSTILE, key=_HOSTILE)
    example.assume(case, (_HOSTILE, _HOSTILE, "assumed"))
    example.finish(case, "fail", _HOSTILE, {"class": "participant", "party": SUPPLIER})
    html = _page(read_run(example.write()))
    document = _Document(html)
    assert [tag for tag, _ in document.tags].count("script") == 1
    assert not any(name.startswith("on") for _, attrs in document.tags for name in attrs)
    assert not any(tag == "img" for tag, _ in document.tags)
    assert "<script>alert(1)</script>" in document.text
    assert "{{ 7*7 }}" in document.text


def test_a_failure_shows_what_is_needed_to_act(mixed: Run) -> None:
    """A failure shows the message, expected and actual, hint, rule, key and whose move it is."""
    text = _Document(_page(mixed)).text
    for words in (
        "The send is refused: expected 401, got 201 MSG0000",
        "in 2 cases. Whose move: the central system",
        "signature-accepted",
        "re-serialised",
        "Rule: DIP API 2.1.0, POST /dip-channel/{id}",
        '"eventCode": "[MSApp]"',
        "the participant: Supplier A SUP (SUP 2300000001)",
    ):
        assert words in text, words


def test_what_was_left_out_has_its_reason(mixed: Run) -> None:
    """Omitted and skipped cases stand with their reason and whose move it is."""
    text = _Document(_page(mixed)).text
    assert "The target has no clock." in text
    assert "whoever runs the environment" in text
    assert "Left out by hand." in text


def test_requirements_without_a_case_are_named(mixed: Run) -> None:
    """What no case cites is named, with the phase that needs it or how else it is shown."""
    text = _Document(_page(mixed)).text
    assert re.search(r"\d+ requirements of the register are cited by no case of this run", text)
    assert "DH-MIG-001 Only the current supplier migrates by change of agent needed in SIT-M" in text
    assert "DH-OPS-001 Audit logs are kept shown by inspection" in text


def test_the_sample_is_the_plainest_exchange(example: ExampleRun) -> None:
    """Of an interface's passed cases the one with the fewest messages and a publication is shown."""
    case = example.begin("cit-batch", "A batch", "IF-031", "MSApp", "SUP")
    example.send(case, "IF-031", "MSApp")
    example.send(case, "IF-031", "MSApp")
    example.publish(case, "IF-031", "MSApp", "REGS")
    example.finish(case, "pass")
    example.exchange()
    html = _page(read_run(example.write()))
    samples = html[html.index('<section id="samples"') :]
    assert "cit-exchange/IF-031" in samples
    assert "cit-batch/IF-031" not in samples


def test_pairs_are_counted_apart(mixed: Run) -> None:
    """Pairs, report variants and the pairs of CIT's 36 interfaces stand each for itself."""
    text = _Document(_page(mixed)).text
    assert "2 of 132" in text
    assert "0 of 13" in text
    assert re.search(r"2 of \d+ pairs of 36 interfaces", text)


def test_the_command_repeats_the_run(mixed: Run) -> None:
    """The page gives the command with stage, release, seed and selection."""
    assert (
        "dip run --stage cit --target embedded --release 2.1.0 --seed 20261103 --interface IF-031"
        in _page(mixed)
    )


def test_an_interrupted_run_says_so(example: ExampleRun) -> None:
    """A run that was cut off says so, and counts what never started."""
    example.exchange()
    example.selected = 8
    text = _Document(_page(read_run(example.write(ended=False)))).text
    assert "The run was interrupted." in text
    assert "7 selected cases never started." in text


def test_a_clean_run_says_so(example: ExampleRun) -> None:
    """With nothing to act on, the page says that."""
    example.exchange()
    text = _Document(_page(read_run(example.write()))).text
    assert "The one case passed." in text
    assert "No case failed" in text
    assert "Every selected case was run." in text


def test_a_run_without_cases_can_be_shown(example: ExampleRun) -> None:
    """An empty run has a page that says that nothing was run."""
    assert "No case was run." in _Document(_page(read_run(example.write()))).text


def test_missing_evidence_is_said(mixed: Run) -> None:
    """A page is written when bytes are gone, and says which it could not read."""
    for path in (mixed.folder / "evidence").rglob("*"):
        if path.is_file():
            path.unlink()
    assert "evidence missing" in _Document(_page(mixed)).text


def test_a_large_failed_run_stays_small(example: ExampleRun) -> None:
    """1,500 failures with large messages give a file under 5 MB, each case named once at least."""
    body = b'[{"payload": {"a": "' + b"x" * 200_000 + b'"}}]'
    for number in range(1500):
        case = example.begin(f"s{number}", "A title", "IF-031", "MSApp", "SUP", requirements=("DH-SIG-006",))
        example.send(case, "IF-031", "MSApp", body=body)
        example.check(case, "held", False, "x", "y", key=f"kind-{number % 300}")
        example.finish(case, "fail", "held", {"class": "participant", "party": SUPPLIER})
    html = _page(read_run(example.write()))
    assert len(html.encode()) < 5_000_000
    assert all(f"s{number}/" in html for number in range(1500))
    assert html.count('class="case"') == SHOWN_IN_ALL


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_can_be_read_in_both_schemes(mixed: Run) -> None:
    """Every text colour has a contrast of 4.5 or more against every ground it stands on."""
    html = _page(mixed)
    blocks = re.findall(r":root \{(.*?)\}", html, re.DOTALL)[:2]
    assert len(blocks) == 2
    for block in blocks:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for text in ("ink", "soft", "link", "pass", "fail", "warn", "idle"):
            for ground in ("paper", "ground", "code", "fail-ground"):
                light, dark = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
        light, dark = sorted((_luminance(colours["mark-ink"]), _luminance(colours["mark"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_tables_and_headings_are_accessible(mixed: Run) -> None:
    """Header cells have a scope, headings don't skip a level, sections have a name."""
    tags = _Document(_page(mixed)).tags
    assert all(attrs.get("scope") for tag, attrs in tags if tag == "th")
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(attrs.get("aria-labelledby") for tag, attrs in tags if tag == "section")


def _browse(chromium: str, folder: Path, html: str, *arguments: str) -> bytes:
    source = folder / "page.html"
    source.write_text(html, encoding="utf-8")
    fixed = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    done = subprocess.run(
        [chromium, *fixed, *arguments, source.as_uri()],
        check=True,
        capture_output=True,
        timeout=90,
        env={**os.environ, "HOME": str(folder)},
    )
    return done.stdout


def test_the_filter_works_in_a_browser(mixed: Run, tmp_path: Path, chromium: str) -> None:
    """A real browser runs the page's own script under its policy: the filter appears."""
    html = _page(mixed)
    assert 'class="filter" hidden' in html
    shown = _browse(chromium, tmp_path, html, "--dump-dom").decode()
    assert '<form id="filter" class="filter">' in shown
    altered = html.replace('"use strict";', '"use strict"; ')
    assert 'class="filter" hidden' in _browse(chromium, tmp_path, altered, "--dump-dom").decode()


def test_every_printed_sheet_says_rehearsal(mixed: Run, tmp_path: Path, chromium: str) -> None:
    """A real browser prints the page: the evidence class stands on each sheet of paper."""
    reader = pytest.importorskip("pypdfium2", reason="reading the printed sheets needs pypdfium2")
    target = tmp_path / "print.pdf"
    _browse(chromium, tmp_path, _page(mixed), "--no-pdf-header-footer", f"--print-to-pdf={target}")
    document = reader.PdfDocument(target)
    sheets = [document[number].get_textpage().get_text_range().lower() for number in range(len(document))]
    assert len(sheets) > 1
    assert all("rehearsal" in sheet for sheet in sheets)


def test_faults_on_request_and_waits_are_shown_in_their_place(tmp_path: Path) -> None:
    """A reader of a failure sees what was asked to go wrong, and whose answer is awaited."""
    example = ExampleRun(tmp_path)
    case = example.begin("cit-fault", "A fault on request", "IF-031", "MSApp", "SUP")
    example.events.append(
        FaultApplied(
            case=case, fault="status", point="webhook", party=SUPPLIER, applied_at="", details={"status": 503}
        )
    )
    example.events.append(
        InstanceWaiting(case=case, step=2, awaited="Is it on the screen?", until="", move=SUPPLIER)
    )
    example.check(case, "The publication arrives", False, "one publication", "none")
    example.finish(case, "fail", "it did not arrive", {"class": "participant", "party": SUPPLIER})
    text = page(read_run(example.write()), shipped())
    assert "Fault on request: status at webhook" in text
    assert "Is it on the screen?" in text
