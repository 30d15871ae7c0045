"""``dip validate``: hold a message file against an API release."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from harness.errors import ConfigurationError
from harness.settings import current
from harness.spec.examine import Examination, Finding, examine, examine_body
from harness.spec.findings import ERROR
from harness.spec.parsing import parse_json
from harness.spec.release import DEFAULT, Release, load

EXAMPLE = """
\b
Example:
  dip validate message.json
  dip validate publication.json --release 2.2.1 --publication --json
"""


@click.command(epilog=EXAMPLE)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--release", "release_name", default=DEFAULT, show_default=True, help="The API release.")
@click.option(
    "--publication",
    is_flag=True,
    help="Read it as the DIP sends it on: D0 is required, and the case of field names counts.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def validate(file: Path, release_name: str, publication: bool, as_json: bool) -> None:
    """Validate FILE: one payload, one envelope {"payload": ...}, or an array of envelopes.

    FILE is - for standard input. Exit code 1 when the message is invalid; warnings alone leave it valid.
    """
    release = load(release_name)
    value = parse_json(_read(file), depth=current().integer("limits.json_depth"), where=str(file))
    findings, messages = _examine(release, value, publication=publication)
    valid = all(found.severity != ERROR for found in findings)
    if as_json:
        shown = {
            "valid": valid,
            "release": release.name,
            "findings": [found.as_dict() for found in findings],
        }
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        _print(release, findings, messages, valid=valid)
    if not valid:
        sys.exit(1)


def _read(file: Path) -> bytes:
    limit = current().integer("limits.body_bytes")
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with file.open("rb") as stream:
                data = stream.read(limit + 1)
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror or error}", where=str(file)) from error
    if len(data) > limit:
        raise ConfigurationError(
            f"is over {limit} bytes", where=str(file), mend="Raise limits.body_bytes in the settings."
        )
    return data


def _examine(
    release: Release, value: Any, *, publication: bool
) -> tuple[Sequence[Finding], Sequence[Examination]]:
    direction: Any = "egress" if publication else "ingress"
    if isinstance(value, list):
        body = examine_body(release, value, direction=direction)
        return body.findings, body.messages
    if isinstance(value, dict) and [name.casefold() for name in value] == ["payload"]:
        body = examine_body(release, [value], direction=direction)
        return [_without_index(found) for found in body.findings], body.messages
    examination = examine(release, value, direction=direction)
    return examination.findings, [examination]


def _without_index(found: Finding) -> Finding:
    """Point into the one envelope of the file rather than into an array of one."""
    return Finding(**{**found.as_dict(), "path": found.path.removeprefix("/0")})


def _print(
    release: Release, findings: Sequence[Finding], messages: Sequence[Examination], *, valid: bool
) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for found in findings:
        error = found.severity == ERROR
        style = "red" if error else "yellow"
        head = Text(f"{found.severity}: ", style=f"bold {style}").append(found.message, style="default")
        console.print(head)
        console.print(f"    at    {found.path or 'the whole file'}  ({found.code})")
        if found.rule:
            console.print(f"    rule  {found.rule}")
        if found.expected and error:
            console.print(f"    want  {_cut(found.expected)}")
            console.print(f"    got   {_cut(found.got)}")
        if found.hint:
            console.print(f"    hint  {found.hint}")
    errors = sum(found.severity == ERROR for found in findings)
    verdict = Text("valid" if valid else "invalid", style="bold green" if valid else "bold red")
    verdict.append(
        f": {_named(messages)} against API release {release.name},"
        f" {errors} error{'' if errors == 1 else 's'},"
        f" {len(findings) - errors} warning{'' if len(findings) - errors == 1 else 's'}",
        style="default",
    )
    console.print(verdict)


def _named(messages: Sequence[Examination]) -> str:
    if len(messages) != 1:
        return f"{len(messages)} messages"
    message = messages[0].message
    return message.name if message else "1 message"


def _cut(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
