"""``dip verify``: does a request's signature hold, and if not, where and why it fails."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from harness.commands.request import body_option, date_option, method_option, read_body, url_option
from harness.errors import ConfigurationError
from harness.security.certificates import identity_of
from harness.security.signing import DATE
from harness.security.trust import Trust
from harness.security.verifying import Verification
from harness.security.verifying import verify as verify_request

EXAMPLE = """
\b
Example:
  dip verify --method POST --url https://dip.example/dip-channel/IF-031 \\
    --body message.json --headers headers.json --ca pki/authority/ca.pem
"""


@click.command(epilog=EXAMPLE)
@method_option
@url_option
@date_option("The date that was meant to be signed, in place of the header's.")
@body_option
@click.option(
    "--headers",
    metavar="FILE",
    required=True,
    help="The request's headers: a JSON object; - reads standard input.",
)
@click.option(
    "--ca",
    metavar="FILE",
    multiple=True,
    help="The authority that must have issued the signing certificate, or that certificate itself where it "
    "is self-signed (PEM). May be given many times.  [default: not checked]",
)
@click.option(
    "--crl",
    metavar="FILE",
    multiple=True,
    help="A revocation list of that authority. May be given many times.",
)
@click.option(
    "--at",
    metavar="MOMENT",
    help="The receiver's time ('now' or a timestamp): the date must lie within signing.skew_seconds of it.  "
    "[default: not checked]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(
    method: str,
    url: str,
    date: str | None,
    body: str | None,
    headers: str,
    ca: tuple[str, ...],
    crl: tuple[str, ...],
    at: str | None,
    as_json: bool,
) -> None:
    """Verify a signed request; show both strings-to-sign, where they first differ and the usual cause.

    Exit codes: 0 the signature holds; 1 it does not; 2 the input can't be used.
    """
    if body == "-" and headers == "-":
        raise ConfigurationError(
            "both are read from standard input", where="--body and --headers", mend="Use a file for one."
        )
    if crl and not ca:
        raise ConfigurationError("needs the authority too", where="--crl", mend="Give --ca.")
    trust = Trust.load(ca, crl) if ca else None
    moment = _moment(at)
    given = _headers(headers)
    if date is not None:
        given = {name: value for name, value in given.items() if name.lower() != DATE.lower()} | {DATE: date}
    result = verify_request(method, url, read_body(body), given, trust=trust, now=moment, depth=3)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=2))
    else:
        click.echo("\n".join(_told(result)))
    if not result.valid:
        sys.exit(1)


def _moment(at: str | None) -> datetime | None:
    if at is None:
        return None
    try:
        moment = datetime.now(UTC) if at == "now" else datetime.fromisoformat(at)
    except ValueError as error:
        raise ConfigurationError(
            f"{at!r} is no timestamp", where="--at", mend="For example: now, or 2026-03-29T00:00:00Z."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _headers(source: str) -> dict[str, str]:
    try:
        text = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the headers can't be read: {error.strerror or error}", where=source
        ) from error
    form = "Give a JSON object of header name to value, as 'dip sign' prints it."
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the headers are not JSON: {error}", where=source, mend=form) from error
    if not isinstance(data, dict):
        raise ConfigurationError("the headers are no JSON object", where=source, mend=form)
    for name, value in data.items():
        if not isinstance(value, str):
            raise ConfigurationError(
                f"the header {name} is {type(value).__name__}, expected a text", where=source, mend=form
            )
    return data


def _told(result: Verification) -> list[str]:
    lines = [f"{'VALID' if result.valid else 'INVALID'}  {_visible(result.reason)}", ""]
    if result.certificate is not None:
        identity = identity_of(result.certificate)
        ids = f"  DIP ids: {', '.join(identity.dip_ids)}" if identity.dip_ids else ""
        lines += [f"signer    {_visible(result.certificate.subject.rfc4514_string())}{ids}"]
    lines.append(f"expected  {_visible(result.expected_string_to_sign)}")
    actual = result.actual_string_to_sign
    lines.append(f"signed    {_visible(actual) if actual is not None else '(not known: see the cause)'}")
    if result.first_difference is not None and actual is not None:
        place = len(_visible(result.expected_string_to_sign[: result.first_difference]))
        lines.append(f"          {' ' * place}^ first difference, at character {result.first_difference + 1}")
    if result.hint:
        lines += ["", f"cause     {_visible(result.hint)}"]
    return lines


def _visible(text: str) -> str:
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
