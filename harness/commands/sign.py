"""``dip sign``: the four signature headers of a request, as a JSON object."""

from __future__ import annotations

import json
import shlex
from datetime import datetime
from pathlib import Path

import click

from harness.clock import SystemClock, header_time
from harness.commands.request import body_option, date_option, method_option, read_body, url_option
from harness.errors import ConfigurationError
from harness.security.signing import Signer

EXAMPLE = """
\b
Example:
  dip sign --method POST --url https://dip.example/dip-channel/IF-031 \\
    --body message.json --cert supplier-a.signing.pem --key supplier-a.signing.key > headers.json
  dip sign --url https://dip.example/dip-channel/IF-031 --body - \\
    --cert signing.pem --sign-command "vault-sign dip-signing" < message.json
"""


@click.command(epilog=EXAMPLE)
@method_option
@url_option
@date_option("The text of X-DIP-Signature-Date.  [default: now, in UTC with milliseconds]")
@body_option
@click.option("--cert", metavar="FILE", required=True, help="The signing certificate, in PEM.")
@click.option("--key", metavar="FILE", help="Its private key, in PEM.")
@click.option(
    "--sign-command",
    metavar="COMMAND",
    help="In place of --key, for a key in a vault: a command that reads the string-to-sign on standard "
    "input and writes the signature (raw or base64). It is run without a shell.",
)
def sign(
    method: str,
    url: str,
    date: str | None,
    body: str | None,
    cert: str,
    key: str | None,
    sign_command: str | None,
) -> None:
    """Print the headers that sign a request, as a JSON object of header name to value.

    Signed is METHOD;lower-cased full URL;date;base64 SHA-256 of the body, with RSA PKCS#1 v1.5 and SHA-256.
    What looks odd is said on standard error and signed all the same.
    """
    signer = Signer.load(Path(cert), Path(key) if key else None, _words(sign_command))
    content = read_body(body)
    date = date or header_time(SystemClock().now())
    for oddity in _oddities(url, date):
        click.echo(f"dip sign: {oddity}", err=True)
    click.echo(json.dumps(signer.sign(method, url, content, date=date), indent=2))


def _words(command: str | None) -> list[str] | None:
    if command is None:
        return None
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(f"can't be read as a command: {error}", where="--sign-command") from error
    if not words:
        raise ConfigurationError(
            "is empty", where="--sign-command", mend="Give the command and its arguments."
        )
    return words


def _oddities(url: str, date: str) -> list[str]:
    found = []
    if not url.lower().startswith(("https://", "http://")):
        found.append("the URL has no scheme and host; a receiver signs the full URL")
    if "#" in url:
        found.append("the URL has a fragment, which is never sent")
    if header_time(datetime.fromisoformat(date)) != date:
        found.append("the date is not in the usual form (UTC with milliseconds and Z)")
    return found
