"""Which cases hold only in the calm, in every report; and how a process shows its steps."""

from __future__ import annotations

from dataclasses import replace

import orjson
from example_run import REGISTRATION, ExampleRun

from harness.evidence.events import InstanceStarted, LegacyExchange, PartyTold, StepStarted
from harness.reports.page import page
from harness.reports.results import results
from harness.reports.rttm import trace_matrix
from harness.reports.run import Run, read_run
from harness.reports.terminal import summary
from harness.reports.twins import twin_table
from harness.scenarios.requirements import shipped

STURDY, FRAGILE, BROKEN = "DHF-A/IF-031/MSApp/SUP", "DHF-B.one/IF-031/MSApp/SUP", "DHF-C/IF-031/MSApp/SUP"
BLAME = {"class": "counterparty", "party": "Registration A"}


def twins(example: ExampleRun) -> Run:
    """Write a run of three cases and their twins."""
    for case, verdicts in (
        (STURDY, ("pass", "pass", "pass")),
        (FRAGILE, ("pass", "fail", "inconclusive")),
        (BROKEN, ("fail", "fail", "pass")),
    ):
        for twin, verdict in zip(("", "replay", "duplicate"), verdicts, strict=True):
            key = example.begin(case.split("/")[0], f"A process {twin}", "IF-031", "MSApp", "SUP")
            started = example.events.pop()
            assert isinstance(started, InstanceStarted)
            name = f"{case}~{twin}" if twin else case
            key = f"{name}@2.1.0"
            example.events.append(replace(started, case=key, case_id=name, twin=twin, theme="F2"))
            example.finish(
                key, verdict, "" if verdict == "pass" else "no", None if verdict == "pass" else BLAME
            )
    return read_run(example.write())


def test_a_case_that_fails_only_perturbed_is_told_from_one_that_always_fails(example: ExampleRun) -> None:
    """The table has a row per case and a column per perturbation; only a calm pass can be fragile."""
    table = twin_table(twins(example))
    assert (len(table.rows), set(table.names)) == (3, {"duplicate", "replay"})
    assert [(row.calm.id, row.only_in_the_calm) for row in table.fragile] == [
        (FRAGILE, ("replay", "duplicate")),
    ]


def test_programs_find_the_table_in_the_results(example: ExampleRun) -> None:
    """results.json has it where there are twins, and is as before where there are none."""
    found = results(twins(example))["twins"]
    assert {row["id"]: (row["calm"], row["twins"]) for row in found["scenarios"]}[FRAGILE] == (
        "pass",
        {"replay": "fail", "duplicate": "inconclusive"},
    )
    assert "twins" not in results(replace(twins(example), instances=()))


def test_people_find_it_on_the_page_in_the_terminal_and_in_the_rttm(example: ExampleRun) -> None:
    """The page has the table, the terminal a line, the RTTM the kind of test and its theme."""
    run = twins(example)
    text = page(run, shipped())
    assert "In the calm, and perturbed" in text
    assert "1 case holds only in the calm" in " ".join(text.split())
    assert any("1 hold only in the calm" in str(part) for part in summary(run).renderables)  # type: ignore[attr-defined]
    tests = {row["our_test_id"]: row for row in trace_matrix(run, shipped()).sheet("Tests").rows}
    assert (tests[f"{STURDY}~replay"]["type"], tests[STURDY]["type"]) == ("perturbed (replay)", "positive")
    assert tests[STURDY]["theme"] == "F2"


def test_the_page_shows_steps_what_was_told_and_legacy_exchanges(example: ExampleRun) -> None:
    """A failed process can be followed step by step, also those that came from a procedure."""
    case = example.begin("DHM-A", "A migration", "IF-031", "MSApp", "SUP")
    content = example.store.put(orjson.dumps({"flow": "D0150", "content": {"reading": "12345"}}))
    example.events += [
        StepStarted(
            at=example.at(), case=case, number=1, step="tell", text="party: x", procedure="switch, step 2"
        ),
        PartyTold(
            at=example.at(), case=case, party=REGISTRATION, what="switch-pending", content={"mpan": "1"}
        ),
        LegacyExchange(
            at=example.at(),
            case=case,
            flow="D0150",
            sender=REGISTRATION,
            recipient=REGISTRATION,
            body=content,
        ),
    ]
    example.check(case, "Something holds", False, "a", "b", blame=BLAME, key="k")
    example.finish(case, "fail", "Something holds", BLAME)
    text = page(read_run(example.write()), shipped())
    for words in (
        "Step 1: tell (switch, step 2)",
        "is told: switch-pending",
        "Legacy exchange D0150",
        "12345",
    ):
        assert words in text
