"""The completion report: what it is made of, when it is refused, and that its renderings agree."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from pathlib import Path

import orjson
import pytest
from completing import OPTIONS, PLAN, TITLE_BLOCK, invoke, run_folder, said, sealed
from docx import Document
from example_run import ExampleRun
from openpyxl import load_workbook

from harness.reports.completion import docx_template
from harness.reports.completion.docx_widths import shares
from harness.reports.completion.messages import MOST_TESTS
from harness.reports.completion.rendering_docx import SHIPPED
from harness.reports.write import write_reports

SECTIONS = [
    "Status page",
    "Document control",
    "Purpose and decision sought",
    "Scope",
    "Test basis",
    "Environment and configuration",
    "Entry criteria",
    "Execution summary",
    "Requirements coverage",
    "Results by interface and event",
    "Non-functional results",
    "Failures and blocked tests",
    "Defects",
    "Exit criteria",
    "Work-off plan",
    "Assumptions and limits",
    "Risks and issues carried forward; lessons learned",
    "Evidence index",
    "Conclusion and recommendation",
    "Test extract",
    "Requirement extract",
    "Defect extract",
    "Roll-up for the overarching exit report",
]
FILES = ("html", "docx", "xlsx", "json")
MPAN = "1012345678906"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a plan and a title block."""
    monkeypatch.chdir(tmp_path)
    Path("plan.yaml").write_text(PLAN, encoding="utf-8")
    Path("block.yaml").write_text(TITLE_BLOCK, encoding="utf-8")


def _read(out: Path) -> dict[str, object]:
    data: dict[str, object] = orjson.loads((out / "completion-report.json").read_bytes())
    return data


def _docx_text(path: Path) -> str:
    file = Document(str(path))
    cells = [cell.text for table in file.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in file.paragraphs), *cells])


def test_a_rehearsal_makes_no_completion_report() -> None:
    """A rehearsal is refused with its reason, alone or beside a run that counts, and nothing is written."""
    rehearsal, real = run_folder(Path("r"), kind="rehearsal"), run_folder(Path("a"))
    for runs in ([rehearsal], [real, rehearsal]):
        result = invoke("completion", *runs, *OPTIONS, "--out", "out")
        assert result.exit_code == 2
        assert "no completion report is made of a rehearsal: all 14 systems are simulated" in said(result)
        assert not Path("out").exists()


def test_a_draft_has_every_section_and_says_draft_throughout() -> None:
    """Sections 0 to 18 and annexes A to D stand in order; page and Word file say DRAFT on each sheet."""
    result = invoke("completion", run_folder(Path("a")), *OPTIONS, "--out", "out")
    assert result.exit_code == 0, said(result)
    sections = _read(Path("out"))["document"]["sections"]
    assert [each["title"] for each in sections] == SECTIONS
    assert [each["number"] for each in sections] == [*map(str, range(19)), *"ABCD"]
    html = Path("out/completion-report.html").read_text(encoding="utf-8")
    assert all(f"{number}. {title}</h2>" in html for number, title in enumerate(SECTIONS[:19]))
    assert '@top-left { content: "DRAFT' in html
    file = Document("out/completion-report.docx")
    headings = [p.text for p in file.paragraphs if p.style.name == "Heading 1"]
    assert headings[:19] == [f"{number}. {title}" for number, title in enumerate(SECTIONS[:19])]
    assert "DRAFT · self-test" in file.sections[0].header.paragraphs[0].text
    assert "DRAFT · self-test" in file.sections[0].footer.paragraphs[0].text


def test_evidence_classes_are_never_added() -> None:
    """Two runs of two classes give two rows in each rendering, and no figure is their sum."""
    runs = [run_folder(Path("a")), run_folder(Path("b"), kind="paired", passes=False)]
    assert invoke("completion", *runs, *OPTIONS, "--out", "out").exit_code == 0
    data = _read(Path("out"))
    totals = {kind: (each["tests"], each["statuses"]["passed"]) for kind, each in data["totals"].items()}
    assert totals == {"paired": (3, 2), "self-test": (3, 3)}
    numbers = next(
        block
        for block in data["document"]["sections"][0]["blocks"]
        if block.get("title", "").startswith("Requirements and tests")
    )
    assert [row["cells"][0] for row in numbers["rows"]] == ["paired", "self-test"]
    assert [row["cells"][3:] for row in numbers["rows"]] == [["3", "3", "2"], ["3", "3", "3"]]
    for line in data["roll_up"]:
        assert line["planned"] == 3
    paired, alone = (data["requirements"][kind] for kind in ("paired", "self-test"))
    assert alone["met"] == alone["covered"] == paired["covered"] == paired["met"] + 1
    assert alone["in_scope"] == paired["in_scope"]
    book = load_workbook("out/completion-report.xlsx")
    classes = [row[0] for row in book["Tests"].iter_rows(min_row=2, values_only=True)]
    assert sorted(classes) == ["paired"] * 3 + ["self-test"] * 3
    words = _docx_text(Path("out/completion-report.docx"))
    assert "paired, self-test" in words


def test_the_renderings_agree() -> None:
    """Each cell of each table stands in the page and in the Word file as the JSON has it."""
    assert invoke("completion", run_folder(Path("a"), passes=False), *OPTIONS, "--out", "out").exit_code == 0
    data = _read(Path("out"))
    html = Path("out/completion-report.html").read_text(encoding="utf-8")
    plain = " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#39;", "'").split())
    words = " ".join(_docx_text(Path("out/completion-report.docx")).split())
    checked = 0
    for section in data["document"]["sections"]:
        for block in section["blocks"]:
            for row in block.get("rows", ()):
                for cell in row.get("cells", [row.get("value", "")]):
                    text = " ".join(cell.replace("&", "&amp;").split())
                    if "<" not in text and '"' not in text:
                        assert text in plain, (section["title"], text)
                        assert " ".join(cell.split()) in words, (section["title"], cell)
                        checked += 1
    assert checked > 500
    tests = load_workbook("out/completion-report.xlsx")["Tests"]
    assert tests.max_row - 1 == data["totals"]["self-test"]["tests"]


def test_final_is_refused_with_every_reason_at_once() -> None:
    """An open run, a test without status, a criterion, a simulated party and a seal are named in one list."""
    open_run = run_folder(Path("open"), ended=False)
    example = ExampleRun(Path("a"))
    example.parties[0]["real"] = "yes"
    example.exchange()
    example.verdict("omitted", "The target has no clock.", "environment")
    write_reports(example.write(evidence_class="self-test"))
    plan = PLAN.replace("met: true, evidence: [LOAD-1]", "met: true")
    Path("plan.yaml").write_text(plan, encoding="utf-8")
    result = invoke("completion", "a", open_run, *OPTIONS, "--final", "--out", "out")
    assert result.exit_code == 1
    for reason in (
        "run open has not ended",
        "cit-omitted-1/IF-021/ActivePower/SDS@2.1.0, self-test: not started (The target has no clock.)",
        "entry criterion in: SI says met, and names no evidence",
        "Registration A REGS (REGS 2200000001) was simulated",
        "DIP was simulated",
        "run 2026-11-03-0930-cit: no sealed pack of it was given",
    ):
        assert reason in result.output, reason
    assert not Path("out").exists()


def _final(*more: object) -> tuple[int, str]:
    result = invoke(
        "completion", "a", *OPTIONS, "--title-block", "block.yaml", "--final", "--out", "out", *more
    )
    return result.exit_code, said(result)


def test_a_final_report_is_written_when_nothing_stands_against_it() -> None:
    """With criteria met, simulated parties declared and a seal that verifies it is final, throughout."""
    pack = sealed(run_folder(Path("a")))
    code, words = _final("--pack", pack)
    assert code == 0, words
    data = _read(Path("out"))
    assert data["draft"] is False
    assert data["lacks"] == []
    assert "DRAFT" not in Path("out/completion-report.html").read_text(encoding="utf-8")
    head = Document("out/completion-report.docx").sections[0].header.paragraphs[0].text
    assert head.startswith("FINAL · self-test")
    assert data["packs"][0]["intact"]
    assert "The exit criteria are met: go." in data["document"]["verdict"]


def test_a_seal_that_does_not_verify_stops_the_final_report() -> None:
    """One changed byte in the pack, or a run that is no longer what was sealed, is named."""
    folder = run_folder(Path("a"))
    pack = sealed(folder)
    whole = pack.read_bytes()
    broken = bytearray(whole)
    broken[len(whole) // 2] ^= 1
    pack.write_bytes(broken)
    code, words = _final("--pack", pack)
    assert code == 1
    assert "a.evidence.zip: " in words
    pack.write_bytes(whole)
    events = folder / "events.ndjson"
    events.write_bytes(events.read_bytes().replace(b'"seconds":41.7', b'"seconds":41.8'))
    code, words = _final("--pack", pack)
    assert code == 1
    assert "is not what was sealed" in words


def test_what_nobody_gave_is_said_and_never_made_up() -> None:
    """A part that is absent names who gives it, an empty list says that there is none, one given is shown."""
    run_folder(Path("a"))
    invoke("completion", "a", *OPTIONS, "--title-block", "block.yaml", "--out", "out")
    blocks = {
        block["title"]: block
        for section in _read(Path("out"))["document"]["sections"]
        for block in section["blocks"]
        if block["kind"] == "table"
    }
    assert blocks["Lessons learned"]["empty"] == "Not given by Jo Bloggs."
    assert blocks["Risks"]["empty"] == "Not given by the test manager."
    assert blocks["Outage log"]["empty"] == "None, says the environment manager."
    assert blocks["Authors"]["rows"][0]["cells"] == ["A. Writer", "Supplier A"]
    signed = blocks["Sign-off"]["rows"]
    assert len(signed) == 7
    assert all(row["cells"][1] == "Not given by the signatories" for row in signed)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("outage: []", ("block.yaml, line 10", "'outage' is not known here", "Did you mean 'outages'?")),
        ("non_functional: [{profile: p, measure: m, target: t, source: guess, verdict: met}]",
         ("'guess' is not allowed", "Known: agreed, assumed, rule")),
        ("risks: [{id: R1}]", ("line 10", "'risk' is a required property")),
        ("mixed_releases: [{from: yesterday, releases: [2.1.0]}]", ("'yesterday' is no date",)),
    ],
)  # fmt: skip
def test_a_broken_title_block_is_refused_by_its_line(line: str, words: tuple[str, ...]) -> None:
    """The file, the line, what is wrong and the nearest right value; nothing is written."""
    run_folder(Path("a"))
    Path("block.yaml").write_text(f"{TITLE_BLOCK}{line}\n", encoding="utf-8")
    result = invoke("completion", "a", *OPTIONS, "--title-block", "block.yaml", "--out", "out")
    assert result.exit_code == 2
    for word in words:
        assert word in said(result), said(result)
    assert not Path("out").exists()


def test_results_that_do_not_follow_from_the_events_are_refused() -> None:
    """A results.json that somebody edited gives no report."""
    folder = run_folder(Path("a"), passes=False)
    path = folder / "results.json"
    path.write_bytes(path.read_bytes().replace(b'"verdict": "fail"', b'"verdict": "pass"'))
    result = invoke("completion", folder, *OPTIONS, "--out", "out")
    assert result.exit_code == 2
    assert "does not say what the events say" in said(result)


def _everything(path: Path) -> str:
    """Return all text of a file, unpacked where it is a zip."""
    data = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data.decode("utf-8")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return "\n".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())


def test_no_file_names_a_metering_point() -> None:
    """The MPAN of a failed test's message and reason stands in no file; hash and place of the message do."""
    folder = run_folder(Path("a"), passes=False)
    events = folder / "events.ndjson"
    text = events.read_text(encoding="utf-8").replace(", got 201 MSG0000", f", got 201 for {MPAN}")
    events.write_text(text, encoding="utf-8")
    write_reports(folder)
    assert MPAN in "".join(path.read_text() for path in (folder / "evidence").rglob("*") if path.is_file())
    invoke("completion", folder, *OPTIONS, "--out", "out")
    shown = Path("out/completion-report.html").read_text(encoding="utf-8")
    assert "MPANCore" in shown
    assert re.search(r"SHA-256 <code>[0-9a-f]{64}</code>, in folder of run a, not sealed, evidence/", shown)
    for path in Path("out").iterdir():
        assert MPAN not in _everything(path), path


def test_the_anonymised_extract_names_nobody() -> None:
    """Organisations, parties, MPIDs and DIP ids are replaced; the extract with names has them."""
    folder = run_folder(Path("a"), passes=False)
    invoke("completion", folder, *OPTIONS, "--out", "out")
    named, unnamed = (_everything(Path(f"out/completion-report{end}.xlsx")) for end in ("", "-anonymised"))
    for name in ("Supplier A", "2300000001", "Registration A", "2200000001"):
        assert name in named
        assert name not in unnamed, name
    rows = load_workbook("out/completion-report-anonymised.xlsx")["Tests"]
    assert {row[11] for row in rows.iter_rows(min_row=2, values_only=True)} == {"SUP 1; REGS 1"}


def test_hostile_text_stays_text() -> None:
    """Markup, template tags and formulas in a run are shown as they are in every rendering."""
    hostile = "=1+1<script>alert(1)</script>{{ 7*7 }}{%p endfor %}\x07"
    example = ExampleRun(Path("a"))
    example.parties[0]["real"] = "yes"
    example.parties[0]["name"] = hostile
    case = example.begin("cit-h", hostile, "IF-031", "MSApp", "SUP")
    example.check(case, hostile, False, hostile, hostile)
    example.finish(case, "fail", hostile, {"class": "participant", "party": "2300000001"})
    write_reports(example.write(evidence_class="self-test"))
    result = invoke("completion", "a", *OPTIONS, "--out", "out")
    assert result.exit_code == 0, said(result)
    html = Path("out/completion-report.html").read_text(encoding="utf-8")
    assert html.count("<script>") == 1
    words = _docx_text(Path("out/completion-report.docx"))
    assert "<script>alert(1)</script>{{ 7*7 }}{%p endfor %}" in words
    for row in load_workbook("out/completion-report.xlsx")["Tests"].iter_rows():
        assert all(cell.data_type != "f" for cell in row)


def test_a_party_alone_has_only_its_own_tests() -> None:
    """With --party the report holds the tests of that party alone; an unknown one gets the nearest."""
    example = ExampleRun(Path("a"))
    example.parties[0]["real"] = "yes"
    example.parties[1]["real"] = "yes"
    example.exchange()
    case = example.begin("cit-other", "Another supplier", "IF-031", "MSApp", "SUP")
    example.finish(case, "pass")
    example.events = [
        each if getattr(each, "scenario", "") != "cit-other" else _of_bystander(each)
        for each in example.events
    ]
    write_reports(example.write(evidence_class="self-test"))
    invoke("completion", "a", *OPTIONS, "--party", "SUPB", "--out", "out")
    data = _read(Path("out"))
    assert [row["test"] for row in data["extracts"]["tests"]] == ["cit-other/IF-031/MSApp/SUP"]
    result = invoke("completion", "a", *OPTIONS, "--party", "Supplier C", "--out", "out")
    assert result.exit_code == 2
    assert "took part in none of these runs" in said(result)
    assert "Did you mean 'Supplier" in said(result)


def test_a_party_whose_system_was_simulated_gets_no_report_of_its_own() -> None:
    """What is a self-test of the supplier is a rehearsal for the registration service that was simulated."""
    result = invoke("completion", run_folder(Path("a")), *OPTIONS, "--party", "REGA", "--out", "out")
    assert result.exit_code == 2
    assert "the system of 'REGA' was simulated: for it this is a rehearsal" in said(result)
    assert not Path("out").exists()


def _of_bystander(event: object) -> object:
    from dataclasses import replace

    return replace(event, parties=["2300000002"])  # type: ignore[type-var]


def test_load_results_come_from_the_runs() -> None:
    """Section 10 has verdict, generator, targets with source and figures out of the run's own checks."""
    example = ExampleRun(Path("a"))
    example.parties[0]["real"] = "yes"
    case = example.begin("NFT-MINE", "Consumption at rate", "IF-021", "ActivePower", "SDS")
    example.check(
        case, "The load generator was healthy", True, "in time", "99 % in 3 ms", key="load:generator"
    )
    example.check(case, "99 % of the answers came within", False, "at most 250 ms", "312 ms", key="load:x")
    example.check(case, "Lost", True, "at most 0", "0 publications", key="load:lost")
    example.check(
        case, "Half of the answers", True, "no target", "20 ms", key="load:figure:y", severity="warning"
    )
    example.finish(case, "fail", "99 % took 312 ms", {"class": "central-system", "party": "DIP"})
    write_reports(example.write(evidence_class="self-test"))
    result = invoke("completion", "a", *OPTIONS, "--out", "out")
    assert result.exit_code == 0, said(result)
    section = next(each for each in _read(Path("out"))["document"]["sections"] if each["number"] == "10")
    tests, figures = [[each["cells"] for each in block["rows"]] for block in section["blocks"]]
    assert [tests[0][0], tests[0][5], tests[0][7]] == [
        "NFT-MINE/IF-021/ActivePower/SDS@2.1.0",
        "fail",
        "healthy: 99 % in 3 ms",
    ]
    assert [(row[2], row[3], row[5], row[6]) for row in figures] == [
        ("99 % of the answers came within", "at most 250 ms", "312 ms", "no"),
        ("Lost", "at most 0", "0 publications", "yes"),
        ("Half of the answers", "no target", "20 ms", "decides nothing"),
    ]


def test_a_template_of_ones_own_is_filled(tmp_path: Path) -> None:
    """A user's template takes the names that are documented; an unknown name or a trick is refused."""
    run_folder(Path("a"))
    own = tmp_path / "own.docx"
    for text, words in (
        ("{{ report.stage }} of {{ report.totals['self-test'].tests }} tests, {{ sections[7].heading }}", ""),
        ("{{ report.nothing }}", "a tag can't be filled"),
        ("{{ ''.__class__.__mro__ }}", "a tag can't be filled"),
        ("{% for x in", "a tag can't be filled"),
    ):
        file = Document()
        file.add_paragraph(text)
        file.save(str(own))
        result = invoke("completion", "a", *OPTIONS, "--template", own, "--out", "out")
        if words:
            assert result.exit_code == 2
            assert "own.docx" in said(result)
            assert words in said(result)
        else:
            assert result.exit_code == 0, said(result)
            assert "cit of 3 tests, 7. Execution summary" in _docx_text(Path("out/completion-report.docx"))
    own.write_bytes(b"no zip")
    assert "is no Word template" in said(
        invoke("completion", "a", *OPTIONS, "--template", own, "--out", "out")
    )


def test_the_shipped_template_is_what_its_script_makes(tmp_path: Path) -> None:
    """The Word template in the repository has the parts that the generator writes."""
    made = tmp_path / "made.docx"
    docx_template.make(made)
    with zipfile.ZipFile(made) as new, zipfile.ZipFile(SHIPPED) as old:
        for name in ("word/document.xml", "word/header1.xml", "word/footer1.xml", "word/styles.xml"):
            assert new.read(name) == old.read(name), name


def test_many_failures_stay_small() -> None:
    """700 failures with large messages: a page under 10 MB, a line for each, messages for the first."""
    example = ExampleRun(Path("a"))
    example.parties[0]["real"] = "yes"
    for number in range(700):
        case = example.begin(f"s{number}", "A title", "IF-031", "MSApp", "SUP", requirements=("DH-SIG-006",))
        body = b'[{"n": %d, "payload": {"a": "%s"}}]' % (number, b"x" * 20_000)
        example.send(case, "IF-031", "MSApp", body=body)
        example.check(case, "held", False, "x", "y")
        example.finish(case, "fail", "held", {"class": "participant", "party": "2300000001"})
    write_reports(example.write(evidence_class="self-test"))
    result = invoke("completion", "a", *OPTIONS, "--out", "out")
    assert result.exit_code == 0, said(result)
    html = Path("out/completion-report.html").read_bytes()
    assert len(html) < 10_000_000
    assert html.count(b"20,0") == MOST_TESTS
    assert 100 < html.count(b'<details class="message">') < MOST_TESTS
    assert all(b"<code>s%d/IF-031" % number in html for number in range(700))


def test_the_schema_of_title_blocks_can_be_printed() -> None:
    """``--schema`` prints the schema that title blocks are held to."""
    printed = orjson.loads(invoke("completion", "--schema").output)
    assert "simulated_parties" in printed["properties"]


def test_codes_that_were_provoked_are_not_listed_as_never_provoked() -> None:
    """MSG0000 was answered, so it is not among the codes never provoked; others are."""
    invoke("completion", run_folder(Path("a")), *OPTIONS, "--out", "out")
    never = next(
        block
        for block in _read(Path("out"))["document"]["sections"][9]["blocks"]
        if block["title"] == "Codes never provoked"
    )
    listed = {row["cells"][0] for row in never["rows"]}
    assert "MSG0000" not in listed
    assert "MSG1006" in listed


def test_no_two_tables_of_the_word_file_touch() -> None:
    """Between two tables stands a paragraph: Word would join them."""
    invoke("completion", run_folder(Path("a"), passes=False), *OPTIONS, "--out", "out")
    parts = [part.tag.rpartition("}")[2] for part in Document("out/completion-report.docx").element.body]
    assert parts.count("tbl") > 30
    assert ("tbl", "tbl") not in set(itertools.pairwise(parts))


def test_word_tables_have_columns_as_wide_as_their_content_needs() -> None:
    """Numbers get less room than sentences, a longest word gets its own, and the whole width is used."""
    rows = [
        ["Not applicable", "Expected", "No"],
        ["0", "A sentence that takes more than one line of it", "1"],
    ]
    head, sentence, number = shares(rows)
    assert head + sentence + number == pytest.approx(1)
    assert number < head < sentence
    run_folder(Path("a"))
    invoke("completion", "a", *OPTIONS, "--out", "out")
    codes = next(
        table
        for table in Document("out/completion-report.docx").tables
        if [cell.text for cell in table.rows[0].cells] == ["Code", "Meaning"]
    )
    first, second = (column.width for column in codes.columns)
    assert first * 3 < second
