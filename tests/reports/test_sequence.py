"""Sequence diagrams: drawn from a run's events, in the order in which things happened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from example_run import BYSTANDER, REGISTRATION, SUPPLIER, ExampleRun

from harness.data import folder
from harness.errors import ConfigurationError
from harness.evidence.events import LegacyExchange, PartyTold, PublicationReceived, StepStarted
from harness.reports.process_sequences import PROCESSES, document
from harness.reports.run import read_run
from harness.reports.sequence import diagram, diagrams


def publication(example: ExampleRun, case: str, what: str, sender: str, party: str, number: int) -> None:
    """Add a publication with the number of its transaction."""
    interface, event = what.split()
    example.publish(case, interface, event, "SUP", party=party)
    last = example.events[-1]
    assert isinstance(last, PublicationReceived)
    tail = f"{sender}-SUP-20261103-{number:04x}"
    example.events[-1] = replace(last, transaction=f"T-{interface}-{tail}", reference=f"S-{interface}-{tail}")


def told(example: ExampleRun) -> str:
    """Add a case in which a party is told something, messages are seen in another order, and time passes."""
    case = example.begin("seq", "A; title", "IF-031", "MSApp", "SUP")
    example.events.append(
        PartyTold(at=example.at(), case=case, party=REGISTRATION, what="switch-pending", content={})
    )
    publication(example, case, "IF-032 MSAppInitialResp", REGISTRATION, SUPPLIER, 12)
    publication(example, case, "IF-031 MSApp", SUPPLIER, REGISTRATION, 11)
    example.events.append(
        StepStarted(at=example.at(), case=case, number=1, step="advance", text="to: {effective}")
    )
    publication(example, case, "IF-036 MSAppActive", REGISTRATION, BYSTANDER, 13)
    example.events.append(
        LegacyExchange(
            at=example.at(), case=case, flow="D0150", sender=SUPPLIER, recipient=BYSTANDER, body="0" * 64
        )
    )
    example.finish(case, "pass")
    return case


def test_a_diagram_has_everything_in_the_order_in_which_it_happened(example: ExampleRun) -> None:
    """Messages stand by their transaction, and never across a word that was told or a move of the clock."""
    told(example)
    run = read_run(example.write())
    assert diagram(run, run.instances[0]).splitlines() == [
        "sequenceDiagram",
        "    participant P1 as Registration A (REGS)",
        "    participant P2 as Supplier A (SUP)",
        "    participant P3 as Supplier B (SUP)",
        "    Note over P1: is told switch-pending",
        "    P2->>P1: IF-031 [MSApp]",
        "    P1->>P2: IF-032 [MSAppInitialResp]",
        "    Note over P1,P2: the clock goes on (to: effective)",
        "    P1->>P3: IF-036 [MSAppActive]",
        "    P2-->>P3: legacy flow D0150",
    ]


def test_cases_are_chosen_by_id_or_scenario(example: ExampleRun) -> None:
    """Without names all of them; an unknown one is refused with what is near."""
    told(example)
    example.exchange()
    run = read_run(example.write())
    assert len(list(diagrams(run))) == 2
    (one,) = diagrams(run, ["seq"])
    assert "```mermaid\nsequenceDiagram" in one
    with pytest.raises(ConfigurationError, match="seqq"):
        list(diagrams(run, ["seqq"]))


def test_a_scenario_that_no_run_has_is_named(example: ExampleRun) -> None:
    """The document is whole or not written."""
    told(example)
    with pytest.raises(ConfigurationError, match="DHF-REG-001"):
        list(document([read_run(example.write())]))


def test_the_document_shows_every_process_by_a_scenario_that_there_is() -> None:
    """`docs/registration-sequences.md` has each process with its scenarios, and each has a diagram."""
    text = (Path(__file__).parents[2] / "docs" / "registration-sequences.md").read_text(encoding="utf-8")
    catalogue = folder("test_catalogue")
    known = {
        line.removeprefix("scenario: ").strip()
        for stage in ("sit_functional", "sit_migration")
        for file in (catalogue / stage).rglob("*.yaml")
        for line in file.read_text(encoding="utf-8").splitlines()[:1]
    }
    for title, scenarios in PROCESSES:
        part = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
        assert part.count("sequenceDiagram") == len(scenarios), title
        for scenario in scenarios:
            assert f"`{scenario}" in part
            assert scenario in known
