"""results.json and junit.xml."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import orjson
from example_run import ExampleRun
from jsonschema import Draft202012Validator

from harness.reports.ctrf import STATUS, ctrf
from harness.reports.junit import junit
from harness.reports.results import results
from harness.reports.run import Run, read_run
from harness.reports.write import write_reports

_VERDICTS = ["pass", "fail", "inconclusive", "omitted", "skipped", "error"]
_RUN_FIELDS = [
    *("format", "run", "stage", "releases", "seed", "evidence_class", "started", "finished"),
    *("totals", "scenarios"),
]
_SCENARIO_FIELDS = [
    *("id", "title", "release", "verdict", "status", "blame", "requirements", "assumptions", "seconds"),
    "reason",
]
_RESULTS = {
    "type": "object",
    "additionalProperties": False,
    "required": _RUN_FIELDS,
    "properties": {
        "format": {"const": 1},
        "run": {"type": "string", "minLength": 1},
        "stage": {"type": "string", "minLength": 1},
        "releases": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "seed": {"type": "integer"},
        "evidence_class": {"enum": ["rehearsal", "self-test", "paired", "integrated"]},
        "started": {"type": "string", "minLength": 19},
        "finished": {"type": "string", "minLength": 19},
        "totals": {
            "type": "object",
            "additionalProperties": False,
            "required": _VERDICTS,
            "properties": {verdict: {"type": "integer", "minimum": 0} for verdict in _VERDICTS},
        },
        "scenarios": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": _SCENARIO_FIELDS,
                "properties": {
                    "id": {"type": "string", "pattern": "^[^/@]+/[^/]+/[^/]+/[^/@]+$"},
                    "title": {"type": "string"},
                    "release": {"type": "string"},
                    "verdict": {"enum": _VERDICTS},
                    "status": {"type": "string"},
                    "blame": {
                        "type": ["object", "null"],
                        "additionalProperties": False,
                        "required": ["class", "party"],
                        "properties": {"class": {"type": "string"}, "party": {"type": "string"}},
                    },
                    "requirements": {"type": "array", "items": {"type": "string"}},
                    "assumptions": {"type": "array", "items": {"type": "string"}},
                    "seconds": {"type": "number", "minimum": 0},
                    "reason": {"type": "string"},
                },
            },
        },
    },
}


def test_results_have_the_promised_shape(mixed: Run) -> None:
    """results.json has exactly the fields of the contract."""
    content = orjson.loads(orjson.dumps(results(mixed)))
    problems = [problem.message for problem in Draft202012Validator(_RESULTS).iter_errors(content)]
    assert problems == []
    assert sum(content["totals"].values()) == len(content["scenarios"]) == 9


def test_every_non_pass_of_the_results_has_blame(mixed: Run) -> None:
    """A pass has no blame, everything else names whose move it is."""
    for scenario in results(mixed)["scenarios"]:
        assert (scenario["blame"] is None) == (scenario["verdict"] == "pass")


def test_junit_counts_as_ci_servers_do(mixed: Run) -> None:
    """Failures, errors and skipped add up, and each case carries at most one outcome."""
    root = Xml.fromstring(junit(mixed))
    assert root.tag == "testsuites"
    counts = {name: int(root.get(name, "")) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": 9, "failures": 3, "errors": 1, "skipped": 2}
    cases = root.findall("testsuite/testcase")
    outcomes = [[child.tag for child in case] for case in cases]
    assert all(len(each) <= 1 for each in outcomes)
    assert sorted(tag for each in outcomes for tag in each) == sorted(
        ["failure"] * 3 + ["error"] + ["skipped"] * 2
    )
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == 9


def test_junit_says_what_was_expected(mixed: Run) -> None:
    """A failure carries message, type, expected, actual, hint and blame."""
    failure = Xml.fromstring(junit(mixed)).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "The send is refused: expected 401, got 201 MSG0000"
    assert failure.get("type") == "fail"
    assert failure.text is not None
    for words in ("expected: 401", "actual:   201 MSG0000", "re-serialised", "central-system", "DH-SIG-006"):
        assert words in failure.text


def test_junit_carries_release_and_evidence_class(mixed: Run) -> None:
    """A suite names its release and what it can prove; a class name is stage and area."""
    suite = Xml.fromstring(junit(mixed)).find("testsuite")
    assert suite is not None
    properties = {each.get("name"): each.get("value") for each in suite.findall("properties/property")}
    assert properties["release"] == "2.1.0"
    assert properties["evidence_class"] == "rehearsal"
    assert {case.get("classname") for case in suite.findall("testcase")} == {"cit.exchange", "cit.security"}


def test_junit_survives_characters_that_xml_lacks(example: ExampleRun) -> None:
    """Control characters and markup in a reason leave the document well formed."""
    example.verdict("error", "bad \x00\x1b[31m </failure><script> \ufffe ]]>", "harness")
    root = Xml.fromstring(junit(read_run(example.write())))
    error = root.find(".//error")
    assert error is not None
    assert "</failure><script>" in error.get("message", "")


def test_two_releases_are_two_suites(example: ExampleRun) -> None:
    """The same case of two releases keeps two names."""
    example.releases = ["2.0.1", "2.1.0"]
    for release in example.releases:
        example.exchange(release=release)
    root = Xml.fromstring(junit(read_run(example.write())))
    assert [suite.get("name") for suite in root.findall("testsuite")] == ["cit 2.0.1", "cit 2.1.0"]
    assert len({case.get("name") for case in root.iter("testcase")}) == 2


def test_all_reports_are_written_whole(mixed: Run) -> None:
    """Every report of the contract lies beside the events, and no part file is left."""
    written = {path.name for path in write_reports(mixed.folder)}
    assert written == {"results.json", "junit.xml", "ctrf.json", "rttm.json", "rttm.xlsx", "run-report.html"}
    assert {path.name for path in mixed.folder.iterdir()} == written | {"events.ndjson", "evidence"}


def test_reports_agree(mixed: Run) -> None:
    """results.json, junit.xml and rttm.json tell the same verdicts."""
    write_reports(mixed.folder)
    told = orjson.loads((mixed.folder / "results.json").read_bytes())
    matrix = orjson.loads((mixed.folder / "rttm.json").read_bytes())
    by_test = {row["our_test_id"]: row["final_result"] for row in matrix["tests"]}
    assert {each["id"]: each["verdict"] for each in told["scenarios"]} == by_test
    suites = Xml.fromstring((mixed.folder / "junit.xml").read_bytes())
    assert int(suites.get("tests", "")) == len(by_test)


def test_ctrf_agrees_with_the_results(mixed: Run) -> None:
    """Every instance is a test that keeps its verdict, and the summary counts what the tests say."""
    content, told = ctrf(mixed)["results"], results(mixed)
    assert [test["rawStatus"] for test in content["tests"]] == [each["verdict"] for each in told["scenarios"]]
    summary = content["summary"]
    for status in ("passed", "failed", "pending", "skipped", "other"):
        assert summary[status] == sum(test["status"] == status for test in content["tests"])
    assert summary["tests"] == sum(told["totals"].values())
    assert summary["passed"] == told["totals"]["pass"]
    assert summary["stop"] >= summary["start"] > 1_600_000_000_000
    assert {verdict.value for verdict in STATUS} == set(told["totals"])
    blamed = [test for test in content["tests"] if test["status"] == "failed"]
    assert all(test["message"] and test["extra"]["blame"]["class"] for test in blamed)
