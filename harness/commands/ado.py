"""``dip ado``: scenarios and outcomes to Azure DevOps, ids, assignments and outcomes back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.commands.defect import open_registers, registers_option
from harness.commands.plan_view import print_table
from harness.data import folder as data_folder
from harness.errors import ConfigurationError, nearest
from harness.exchange.azure_devops.api import AzureDevOps
from harness.exchange.azure_devops.bugs import SCHEME, pull_bugs, push_bugs, with_ids
from harness.exchange.azure_devops.files import export_cases, read_file, taken
from harness.exchange.azure_devops.gathering import only, scenarios_of, wanted
from harness.exchange.azure_devops.ledger import Ledger, read_ledger, write_ledger
from harness.exchange.azure_devops.looking import compared, read_there
from harness.exchange.azure_devops.outcome_columns import read_outcome_map
from harness.exchange.azure_devops.outcome_files import read_outcomes
from harness.exchange.azure_devops.outcome_files import taken as taken_outcomes
from harness.exchange.azure_devops.profile import DEFAULT, Profile, read_profile
from harness.exchange.azure_devops.pulling import pull as pull_all
from harness.exchange.azure_devops.pushing import (
    Deed,
    held_back,
    push_cases,
    push_configurations,
    push_points,
    push_suites,
)
from harness.exchange.azure_devops.results import push_outcomes, read_points
from harness.exchange.azure_devops.wanted import Wanted
from harness.registers.locking import held
from harness.registers.reading import read_registers
from harness.registers.writing import write_entries, write_test_ids
from harness.reports.run import Run, read_run
from harness.stages.options import DEFAULT_RELEASE, STAGES
from harness.transport.network import load as load_network

F = TypeVar("F", bound=Callable[..., Any])
_SIDES = ("ours", "theirs")
_LISTED = 40

_profile_option = click.option(
    "--profile",
    "profile_file",
    type=click.Path(path_type=Path),
    default=Path(DEFAULT),
    show_default=True,
    help="Which project and test plan (TOML); the ledger lies beside it.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def _selecting(command: F) -> F:
    """Add the options that say which test cases are meant."""
    for option in (
        click.option(
            "--catalogue",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            help="Another catalogue than the packaged one.",
        ),
        click.option("--scenario", "keys", multiple=True, help="Only this scenario; many."),
        click.option("--stage", "stages", multiple=True, help=f"Its scenarios: {', '.join(STAGES)}; many."),
    ):
        command = option(command)
    return command


@click.group()
def ado() -> None:
    """Azure DevOps both ways: test cases, suites and test points there; ids, testers and outcomes back.

    'dip ado export', 'import' and 'outcomes' do the same by file, without a token.
    """


@ado.command(
    epilog="\b\nExample:\n  dip ado push --stage cit --network network.toml\n"
    "  dip ado push runs/20261122-081530-3fa9c1\n"
    "  dip ado push --stage cit --take CIT-RETRY=theirs --json"
)
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@_profile_option
@_selecting
@click.option(
    "--network",
    "network_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The network file whose parties get test points.",
)
@registers_option
@click.option(
    "--release", default=DEFAULT_RELEASE, show_default=True, help="With --network: the API release."
)
@click.option(
    "--take",
    "takes",
    multiple=True,
    metavar="ID=ours|theirs",
    help="Whose side holds for a test case in conflict; many.",
)
@_json_option
def push(
    runs: tuple[Path, ...],
    profile_file: Path,
    stages: tuple[str, ...],
    keys: tuple[str, ...],
    catalogue: Path | None,
    network_file: Path | None,
    folder: Path,
    release: str,
    takes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Bring the scenarios of stages, and outcomes of RUNS, into a test plan.

    Made is only what is not there. What was changed there since the last exchange is left; what was changed
    on both sides is listed as a conflict, and exit 1 says so. A push that was cut off can be made again.
    Where the registers have an override, its status is the outcome.
    """
    profile, ledger = _opened(profile_file)
    read = sorted((read_run(each, lean=True) for each in runs), key=lambda each: each.header.at)
    all_wanted = _wanted(catalogue, stages, keys, read, network_file, release)
    registers = open_registers(folder)
    take = _takes(takes, [case.key for case in all_wanted.cases])
    deeds: list[Deed] = []

    def save() -> None:
        write_ledger(profile, ledger)

    with AzureDevOps(profile, profile.token()) as api:
        deeds += push_cases(
            api, ledger.cases, all_wanted.cases, area_path=profile.area_path, take=take, save=save
        )
        left = held_back(deeds)
        names = sorted({name for parties in all_wanted.parties.values() for name in parties})
        deeds += push_configurations(api, ledger, names, save=save)
        deeds += push_suites(api, ledger, [case.suite for case in all_wanted.cases], save=save)
        deeds += push_points(api, ledger, all_wanted, left=left)
        if read:
            for run in read:
                points = read_points(api, ledger)
                deeds += push_outcomes(
                    api, ledger, run, points, registers=registers, take=take, left=left, save=save
                )
    save()
    _name_tests(folder, ledger)
    _finish(profile, deeds, as_json)


@ado.command(epilog="\b\nExample:\n  dip ado pull --stage cit\n  dip ado pull --stage cit --json")
@_profile_option
@_selecting
@registers_option
@_json_option
def pull(
    profile_file: Path,
    stages: tuple[str, ...],
    keys: tuple[str, ...],
    catalogue: Path | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Read ids, states, assignments, testers and outcomes back into the ledger; nothing is written there."""
    profile, ledger = _opened(profile_file)
    cases = _wanted(catalogue, stages, keys, (), None, DEFAULT_RELEASE).cases
    with AzureDevOps(profile, profile.token()) as api:
        deeds = pull_all(api, ledger, cases, save=lambda: write_ledger(profile, ledger))
    _name_tests(folder, ledger)
    _finish(profile, deeds, as_json)


@ado.command(epilog="\b\nExample:\n  dip ado status --stage cit")
@_profile_option
@_selecting
@_json_option
def status(
    profile_file: Path, stages: tuple[str, ...], keys: tuple[str, ...], catalogue: Path | None, as_json: bool
) -> None:
    """Say how each test case stands to the one there, and change nothing on either side."""
    profile = read_profile(profile_file)
    ledger = read_ledger(profile)
    cases = _wanted(catalogue, stages, keys, (), None, DEFAULT_RELEASE).cases
    with AzureDevOps(profile, profile.token()) as api:
        found = compared(cases, read_there(api, ledger.cases), ledger.cases)
    if as_json:
        shown = [
            {"id": each.case.key, "standing": each.standing.value, "work_items": [e.id for e in each.found]}
            for each in found
        ]
        click.echo(json.dumps({"test_cases": shown}, indent=2))
        return
    print_table("", ("test case", "standing"), [(each.case.key, each.said) for each in found])


@ado.command(
    epilog="\b\nExample:\n  dip ado defects --registers registers\n  dip ado defects --pull-only --json"
)
@_profile_option
@registers_option
@click.option("--pull-only", is_flag=True, help="Only read back; write nothing there.")
@click.option("--take", "takes", multiple=True, metavar="ID=ours|theirs", help="Whose side holds; many.")
@_json_option
def defects(profile_file: Path, folder: Path, pull_only: bool, takes: tuple[str, ...], as_json: bool) -> None:
    """Bring open defects over as bugs, and design queries; linked with their test cases. Read states back.

    An id there goes into the register (external id azure-devops). A state that was changed there is listed:
    moving the entry is a person's, with 'dip defect move'. What a design query is there, the setting
    exchange.design_query_type says.
    """
    profile, ledger = _opened(profile_file)
    registers = read_registers(folder)
    take = _takes(takes, [each.id for each in registers.entries])
    deeds: list[Deed] = []

    def save() -> None:
        write_ledger(profile, ledger)

    with AzureDevOps(profile, profile.token()) as api:
        if not pull_only:
            deeds += push_bugs(api, ledger, registers, area_path=profile.area_path, take=take, save=save)
        deeds += pull_bugs(api, ledger, registers)
    save()
    with held(folder):
        named = with_ids(read_registers(folder), ledger)
        if named:
            write_entries(folder, named)
    _finish(profile, deeds, as_json)


@ado.command(
    epilog="\b\nExample:\n  dip ado export --stage cit --out cases.xlsx\n"
    "  dip ado export --stage sit-functional --out cases.csv --profile azure-devops.toml"
)
@_selecting
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new .csv or .xlsx file.")
@click.option(
    "--profile",
    "profile_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Takes ids from its ledger, so that an import there changes test cases and makes none twice.",
)
def export(
    stages: tuple[str, ...],
    keys: tuple[str, ...],
    catalogue: Path | None,
    out: Path,
    profile_file: Path | None,
) -> None:
    """Write test cases with their steps in the column layout that Azure Test Plans imports."""
    cases = _wanted(catalogue, stages, keys, (), None, DEFAULT_RELEASE).cases
    profile = read_profile(profile_file) if profile_file else None
    ledger = read_ledger(profile) if profile else None
    ids = {key: each.id for key, each in ledger.cases.items()} if ledger else {}
    export_cases(out, cases, ids=ids, area_path=profile.area_path if profile else "")
    known = sum(case.key in ids for case in cases)
    click.echo(f"{len(cases)} test cases, {known} with the id of their work item, written to {out}")


@ado.command("import", epilog="\b\nExample:\n  dip ado import exported.csv --stage cit")
@click.argument("file", type=click.Path(path_type=Path))
@_profile_option
@_selecting
@registers_option
@_json_option
def import_(
    file: Path,
    profile_file: Path,
    stages: tuple[str, ...],
    keys: tuple[str, ...],
    catalogue: Path | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Read ids, states and assignments back out of a FILE that Azure Test Plans exported.

    A test case is found by its id, or by our id at the head of its title. What nothing of ours belongs to
    is listed.
    """
    profile, ledger = _opened(profile_file)
    cases = _wanted(catalogue, stages, keys, (), None, DEFAULT_RELEASE).cases
    deeds = taken(ledger, cases, read_file(file))
    write_ledger(profile, ledger)
    _name_tests(folder, ledger)
    _finish(profile, deeds, as_json)


@ado.command(
    epilog="\b\nExample:\n  dip ado outcomes exported.csv --stage cit --network network.toml\n"
    "  dip ado outcomes exported.xlsx runs/20261122-081530-3fa9c1 --map columns.yaml --json"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@_profile_option
@_selecting
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Which column holds what (YAML). [default: the shipped map, assumed]",
)
@click.option(
    "--network",
    "network_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The network file whose parties may have test points.",
)
@click.option(
    "--release", default=DEFAULT_RELEASE, show_default=True, help="With --network: the API release."
)
@registers_option
@_json_option
def outcomes(
    file: Path,
    runs: tuple[Path, ...],
    profile_file: Path,
    stages: tuple[str, ...],
    keys: tuple[str, ...],
    catalogue: Path | None,
    map_file: Path | None,
    network_file: Path | None,
    release: str,
    folder: Path,
    as_json: bool,
) -> None:
    """Read outcomes, testers, runs and builds back out of a FILE that was exported there.

    A row belongs to a test case, by its id or our id at the head of its title, and to a party, by the name of
    the test configuration: one of the ledger, of RUNS or of --network. Rows and columns that fit nothing are
    listed; two rows of one test point that disagree are a conflict, and exit 1 says so.
    """
    columns = read_outcome_map(map_file) if map_file else read_outcome_map()
    profile, ledger = _opened(profile_file)
    read = [read_run(each, lean=True) for each in runs]
    wanted_all = _wanted(catalogue, stages, keys, read, network_file, release)
    rows, unread = read_outcomes(file, columns)
    parties = {name for names in wanted_all.parties.values() for name in names}
    deeds = [Deed("column not read", title, f"the map {columns.where} does not name it") for title in unread]
    deeds += taken_outcomes(ledger, wanted_all.cases, rows, parties=parties)
    write_ledger(profile, ledger)
    _name_tests(folder, ledger)
    _finish(profile, deeds, as_json)


def _opened(path: Path) -> tuple[Profile, Ledger]:
    """Read a profile and its ledger, which is locked until the command ends."""
    profile = read_profile(path)
    lock = held(profile.where.absolute().parent, name=f".{profile.ledger.name}.lock")
    click.get_current_context().with_resource(lock)
    return profile, read_ledger(profile)


def _wanted(
    catalogue: Path | None,
    stages: Sequence[str],
    keys: Sequence[str],
    runs: Iterable[Run],
    network_file: Path | None,
    release: str,
) -> Wanted:
    read = list(runs)
    names = list(stages) or list(dict.fromkeys(run.header.stage for run in read))
    if not names:
        raise ConfigurationError("no stage is given", where="--stage", mend="Add --stage cit.")
    where = catalogue or data_folder("test_catalogue")
    network = load_network(network_file) if network_file else None
    scenarios = scenarios_of(where, names)
    return only(wanted(scenarios, catalogue=where, release=release, network=network, runs=read), keys)


def _name_tests(folder: Path, ledger: Ledger) -> None:
    """Put the ids of the work items into the registers, where the trace matrix takes them from."""
    write_test_ids(folder, SCHEME, {key: str(each.id) for key, each in ledger.cases.items()})


def _takes(texts: Iterable[str], known: Sequence[str]) -> dict[str, str]:
    found = {}
    for each in texts:
        key, _, side = each.rpartition("=")
        if side not in _SIDES or not key:
            raise ConfigurationError(
                f"'{each}' names no side", where="--take", mend="Write it as CIT-RETRY=ours or =theirs."
            )
        if key not in known:
            raise ConfigurationError(f"'{key}' is not here", where="--take", mend=nearest(key, known))
        found[key] = side
    return found


def _finish(profile: Profile, deeds: Sequence[Deed], as_json: bool) -> None:
    conflicts = [each for each in deeds if each.conflict]
    if as_json:
        shown = [
            {"what": each.what, "name": each.name, "said": each.said, "conflict": each.conflict}
            for each in deeds
        ]
        ledger = read_ledger(profile)
        click.echo(json.dumps({"done": shown, "conflicts": len(conflicts), **_points(ledger)}, indent=2))
    else:
        quiet = [each for each in deeds if not each.conflict]
        shown_first = [*conflicts, *quiet[:_LISTED]]
        if shown_first:
            print_table("", ("what", "name", "said"), [(e.what, e.name, e.said) for e in shown_first])
        if len(quiet) > _LISTED:
            click.echo(f"and {len(quiet) - _LISTED:,} more; --json has them all\n")
        counts: dict[str, int] = {}
        for each in deeds:
            counts[each.what] = counts.get(each.what, 0) + 1
        click.echo(", ".join(f"{count} {what}" for what, count in counts.items()) or "everything is in step")
        if conflicts:
            click.echo("Left as they are; say whose side holds with --take ID=ours or --take ID=theirs.")
        click.echo(f"ledger: {profile.ledger}")
    sys.exit(1 if conflicts else 0)


def _points(ledger: Ledger) -> dict[str, Any]:
    return {
        "test_cases": {
            key: {"work_item": each.id, "state": each.state, "assigned_to": each.assigned_to}
            for key, each in ledger.cases.items()
        },
        "bugs": {
            key: {"work_item": each.id, "state": each.state, "assigned_to": each.assigned_to}
            for key, each in ledger.bugs.items()
        },
        "design_queries": {
            key: {"work_item": each.id, "state": each.state, "assigned_to": each.assigned_to}
            for key, each in ledger.queries.items()
        },
        "test_points": {
            name: {
                "id": each.id or None,
                "outcome": each.outcome,
                "tester": each.tester,
                "run": each.run,
                "their_run": each.their_run,
                "build": each.build,
            }
            for name, each in ledger.points.items()
        },
    }
