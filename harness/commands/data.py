"""``dip data``: metering points for tests, made, checked, made anonymous."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from harness.calendars.local_time import local_date
from harness.clock import SystemClock
from harness.errors import ConfigurationError, EnvironmentFault
from harness.evidence.pack.pseudonyms import load_salt
from harness.standing_data.library import standing_data
from harness.test_data import checking, obfuscating, participants, writing
from harness.test_data.generating import generate
from harness.test_data.participants import Participant
from harness.test_data.reading import read_test_data
from harness.transport.network import load as load_network

GENERATE_EXAMPLE = """
\b
Example:
  dip data generate --count 1000 --seed 7 --out points.json
  dip data generate --network network.toml --out points.csv
  dip data generate --made-up-parties 6 --out points.csv    # writes points.mpid.csv too
"""
CHECK_EXAMPLE = """
\b
Example:
  dip data check points.csv --network network.toml
  dip data check points.json --json
"""
OBFUSCATE_EXAMPLE = """
\b
Example:
  dip data obfuscate real.csv --out safe.csv --salt project.salt
"""
_SHOWN = 40


@click.group()
def data() -> None:
    """Test data: metering points from a seed, a check of data that you bring, and pseudonyms for it."""


def party_options(command: Any) -> Any:
    """Add ``--network``, ``--parties`` and ``--as-of``."""
    for option in (
        click.option(
            "--as-of",
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="DATE",
            help="The day that the data is for.  [default: today]",
        ),
        click.option(
            "--parties",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="The parties, in place of a network: a CSV file in the format of the list mpid.",
        ),
        click.option(
            "--network",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="The network file whose parties have the points.  [default: those of standing data]",
        ),
    ):
        command = option(command)
    return command


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@data.command("generate", epilog=GENERATE_EXAMPLE)
@click.option("--count", type=click.IntRange(1, 200_000), default=200, show_default=True, help="Points.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same points.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    required=True,
    help="The file: .csv is written as CSV, everything else as JSON. One that is there is replaced.",
)
@click.option(
    "--made-up-parties",
    type=click.IntRange(1, 20),
    metavar="N",
    help="Make up N parties of each role; beside the points they are written to FILE.mpid.csv.",
)
@click.option(
    "--cohorts",
    type=click.IntRange(1, 100),
    metavar="N",
    help="How many locked pairings of parties.  [default: one per supplier]",
)
@party_options
@json_option
def generate_points(
    count: int,
    seed: int,
    out: Path,
    made_up_parties: int | None,
    cohorts: int | None,
    network: Path | None,
    parties: Path | None,
    as_of: datetime | None,
    as_json: bool,
) -> None:
    """Write metering points with right check digits, and say which pairs of values they cover.

    The points cover every pair of values of the dimensions that change the path of a process, as far as there
    are enough of them; the table of what goes together is test_catalogue/test-data/profiles.yaml.
    """
    day = _day(as_of)
    if made_up_parties and (network or parties):
        raise ConfigurationError(
            "makes up the parties that --network or --parties name", where="--made-up-parties"
        )
    known = (
        participants.made_up(seed, made_up_parties, day)
        if made_up_parties
        else _parties(network, parties, day)
    )
    made = generate(count, seed, known, day, cohorts or 0)
    if out.suffix.lower() == ".csv":
        _write(out, [writing.as_csv(made.rows, remark=writing.MADE_UP).encode()])
    else:
        _write(out, writing.json_lines(made))
    beside = out.with_suffix(".mpid.csv")
    if made_up_parties:
        _write(beside, [writing.participants_csv(known, min(row["created"] for row in made.rows)).encode()])
    told = {
        "file": str(out),
        "points": len(made.rows),
        "seed": seed,
        "as_of": day.isoformat(),
        "cohorts": len(made.cohorts),
        "made_up_lists": sorted(standing_data().samples),
        "left_out": {name: list(values) for name, values in made.left_out.items()},
        **made.coverage.as_dict(),
    }
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    _tell(told)
    if made_up_parties:
        click.echo(f"parties  {beside}")


def _tell(told: Mapping[str, Any]) -> None:
    click.echo(f"points   {told['points']:,} of {told['cohorts']} cohorts, seed {told['seed']}")
    click.echo(
        f"pairs    {told['pairs_covered']} of {told['pairs_allowed']} that may stand together, "
        f"{told['pairs_barred']} never do"
    )
    for one, other in told["missing"][:_SHOWN]:
        click.echo(f"missing  {one} with {other}")
    if len(told["missing"]) > _SHOWN:
        click.echo(
            f"missing  … {len(told['missing']) - _SHOWN} more: --json lists them all, --count covers them"
        )
    for name, values in told["left_out"].items():
        click.echo(f"left out {name} {', '.join(values)}: the parties for it are lacking")
    if told["made_up_lists"]:
        click.echo(f"sample   made-up standing data: {', '.join(told['made_up_lists'])}")
    click.echo(f"file     {told['file']}")


@data.command("check", epilog=CHECK_EXAMPLE)
@click.argument("file", type=click.Path(path_type=Path))
@party_options
@json_option
def check_points(
    file: Path, network: Path | None, parties: Path | None, as_of: datetime | None, as_json: bool
) -> None:
    """Find what is inconsistent in FILE, test data as CSV or JSON: by row, column and reason.

    Exit codes: 0 nothing found; 1 findings; 2 the file can't be read.
    """
    day = _day(as_of)
    brought = read_test_data(file)
    found = checking.check(brought, _parties(network, parties, day), standing_data(), day)
    left_out = checking.unchecked(brought)
    if as_json:
        told = {
            "consistent": not found,
            "rows": len(brought.rows),
            "as_of": day.isoformat(),
            "findings": [each.as_dict() for each in found],
            "not_checked": [each.id for each in left_out],
            "made_up_lists": sorted(standing_data().samples),
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _tell_findings(found)
        for check in left_out:
            lacking = ", ".join(sorted(set(check.columns) - brought.columns))
            click.echo(f"not checked: {check.id}, the file lacks {lacking}")
        if standing_data().samples:
            click.echo(f"held against made-up standing data: {', '.join(sorted(standing_data().samples))}")
        click.echo(f"{len(brought.rows):,} rows, {len(found):,} findings")
    if found:
        sys.exit(1)


def _tell_findings(found: Sequence[checking.Finding]) -> None:
    for each in found[:_SHOWN]:
        where = f"{each.place}, {each.mpan}, {each.column}"
        click.echo(f"{where}: {each.reason} ({each.check}, {each.basis})")
    if len(found) > _SHOWN:
        click.echo(f"… {len(found) - _SHOWN:,} more: --json lists them all")


@data.command("obfuscate", epilog=OBFUSCATE_EXAMPLE)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", required=True, help="The copy.")
@click.option(
    "--salt",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The secret that pseudonyms are made with, as for dip evidence redact; drawn into this file where "
    "it is not there yet. Keep it, and never send it along.  [default: FILE.salt]",
)
@json_option
def obfuscate_points(file: Path, out: Path, salt: Path | None, as_json: bool) -> None:
    """Write a copy of FILE with pseudonyms for MPANs, addresses, meters, devices and references.

    The same value gets the same pseudonym in every file that has the same salt. An MPAN becomes another of
    the same distributor, with the right check digit.
    """
    salt = salt or file.with_name(f"{file.name}.salt")
    if out.exists():
        raise ConfigurationError("is there already", where=str(out), mend="Name another file with --out.")
    if not file.is_file():
        raise ConfigurationError("is no file", where=str(file))
    pseudonyms = load_salt(salt, draw=True)
    done = obfuscating.obfuscate(file, pseudonyms)
    _write(out, [done.data])
    if as_json:
        told = {"file": str(out), "points": done.points, "replaced": dict(done.counts), "salt": str(salt)}
        click.echo(json.dumps(told, indent=2))
        return
    values = ", ".join(f"{count:,} {category}" for category, count in done.counts.items())
    click.echo(f"points   {done.points:,}")
    click.echo(f"replaced {values or 'nothing'}")
    click.echo(f"salt     {salt} ({pseudonyms.salt_id}): keep it, and never send it along")
    click.echo(f"file     {out}")


def _day(as_of: datetime | None) -> date:
    return as_of.date() if as_of else local_date(SystemClock().now())


def _parties(network: Path | None, parties: Path | None, day: date) -> tuple[Participant, ...]:
    listed = participants.of_standing_data(standing_data(), day)
    if network and parties:
        raise ConfigurationError(
            "names the parties a second time", where="--parties", mend="Give one of the two."
        )
    if network:
        return (*participants.of_network(load_network(network)), *participants.legacy(listed))
    return participants.of_file(parties) if parties else listed


def _write(path: Path, content: Iterable[bytes]) -> None:
    try:
        with path.open("wb") as file:
            file.writelines(content)
    except OSError as error:
        raise EnvironmentFault(f"can't be written: {error.strerror}", where=str(path)) from error
