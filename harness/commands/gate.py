"""``dip gate``: go, go with work-off, or no-go for a stage."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from harness.commands.plan import open_plan, plan_options
from harness.stages.plan.gate import Decision, Verdict, decide
from harness.stages.plan.model import Point
from harness.stages.plan.runs import read_run_facts, with_players

_SHOWN = 10


@click.command(
    epilog="\b\nExample:\n  dip gate cit --plan plan.yaml --run runs/cit-1 --run runs/cit-2\n"
    "  dip gate cit --party supplier-a-sup --run runs/cit-1\n"
    "  dip gate sit-functional --at entry --as-of 2024-03-11 --json"
)
@click.argument("stage")
@plan_options
@click.option("--at", type=click.Choice([each.value for each in Point]), default="exit", show_default=True)
@click.option(
    "--run",
    "runs",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of a run whose results count; many.",
)
@click.option(
    "--party", default="", metavar="ID", help="Decide for this party of the plan alone; its own cases count."
)
def gate(
    stage: str,
    plan_file: str | None,
    as_of: str | None,
    as_json: bool,
    at: str,
    runs: tuple[Path, ...],
    party: str,
) -> None:
    """Decide the entry or exit gate of STAGE: go and go with work-off exit 0, no-go exits 1.

    Results of a rehearsal never satisfy a criterion that asks for real evidence. With --party, cases count in
    which it took part, as a rehearsal where its own system was simulated.
    """
    read, day = open_plan(plan_file, as_of)
    facts = [read_run_facts(folder) for folder in runs]
    if party:
        facts = [with_players(each, folder) for each, folder in zip(facts, runs, strict=True)]
    decision = decide(read, stage, Point(at), facts, day, party=party)
    if as_json:
        click.echo(json.dumps(decision.as_dict(), indent=2))
    else:
        _print(decision)
    sys.exit(1 if decision.verdict is Verdict.NO_GO else 0)


def _print(decision: Decision) -> None:
    of = f" for {decision.party}" if decision.party else ""
    click.echo(f"{decision.stage.title}, {decision.at.value} gate{of}, as of {decision.as_of}\n")
    for each in decision.criteria:
        click.echo(f"{each.state.value:18} {each.criterion.text}")
        carried = f"; carried by {', '.join(item.id for item in each.work_off)}" if each.work_off else ""
        click.echo(f"{'':18}   {each.said}{carried} [{each.criterion.id}, basis: {each.criterion.basis}]")
        for name in each.against[:_SHOWN]:
            click.echo(f"{'':18}   - {name}")
        if len(each.against) > _SHOWN:
            click.echo(f"{'':18}   - and {len(each.against) - _SHOWN} more")
        if each.refs:
            click.echo(f"{'':18}   evidence: {', '.join(each.refs)}")
    for item in decision.work_off:
        click.echo(
            f"\nWork-off {item.id}: {item.item}\n  owner {item.owner}, due {item.due}, by {item.approved_by}"
        )
    for standing in decision.exemptions:
        exemption = standing.exemption
        by = f" by {exemption.grantor}, {exemption.reference}" if exemption.grantor else ""
        click.echo(f"\nExemption {exemption.legal_entity}, {exemption.segment}{by}")
        click.echo(f"  {standing.state.value}: {standing.note}")
        for problem in standing.problems:
            click.echo(f"  - {problem}")
    for run in decision.not_counted:
        click.echo(f"\nNot counted: {run}")
    if decision.stage.rag:
        click.echo(f"\nStage status in the plan: {decision.stage.rag}")
    click.echo(
        f"\n{decision.verdict.value}: {decision.rag.value} on scale '{decision.rag.scale}' "
        f"(basis: {decision.scale_basis})"
    )
