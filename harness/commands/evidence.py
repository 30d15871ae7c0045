"""``dip evidence``: seal a run into one file, verify such a file, make a redacted copy of it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from harness.errors import ConfigurationError
from harness.evidence.events import Event
from harness.evidence.log import FILE
from harness.evidence.pack import redacting, sealing, verifying
from harness.evidence.pack.container import Limits
from harness.evidence.pack.pseudonyms import load_salt
from harness.evidence.pack.secrets import known_keys
from harness.evidence.pack.verifying import Verified
from harness.reports.results import results
from harness.reports.run import fold
from harness.security.signing import Signer
from harness.security.trust import Trust
from harness.transport.network import load

SEAL_EXAMPLE = """
\b
Example:
  dip evidence seal runs/20260301-101500-ab12cd --key si.signing.key --cert si.signing.pem
"""
VERIFY_EXAMPLE = """
\b
Example:
  dip evidence verify 20260301-101500-ab12cd.evidence.zip --ca ca.pem
"""
REDACT_EXAMPLE = """
\b
Example:
  dip evidence redact 20260301-101500-ab12cd.evidence.zip --out redacted.evidence.zip
  dip evidence verify redacted.evidence.zip --original 20260301-101500-ab12cd.evidence.zip \\
    --salt 20260301-101500-ab12cd.evidence.zip.salt
"""
_SHOWN = 40


def derived(events: Iterable[Event]) -> dict[str, Any]:
    """Return what `results.json` has to say of these events."""
    return results(fold(events, folder=Path(), where=FILE))


@click.group()
def evidence() -> None:
    """Evidence packs: a run in one file that shows any change, and redacted copies of it."""


def signing_options(command: Any) -> Any:
    """Add ``--key``, ``--cert`` and ``--sign-command``."""
    for option in (
        click.option(
            "--sign-command",
            metavar="COMMAND",
            help="In place of --key, for a key in a vault: a command that reads what is to be signed on "
            "standard input and writes the signature (raw or base64). It is run without a shell.",
        ),
        click.option("--cert", metavar="FILE", help="The signing certificate, in PEM.  [default: unsigned]"),
        click.option("--key", metavar="FILE", help="Its private key, in PEM."),
    ):
        command = option(command)
    return command


@evidence.command(epilog=SEAL_EXAMPLE)
@click.argument("run", type=click.Path(path_type=Path))
@signing_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The pack.  [default: the folder's name with .evidence.zip]",
)
@click.option(
    "--network",
    metavar="FILE",
    help="The run's network file: the API keys that it leads to are looked for in every byte.",
)
def seal(
    run: Path,
    key: str | None,
    cert: str | None,
    sign_command: str | None,
    out: Path | None,
    network: str | None,
) -> None:
    """Seal the folder RUN in one file: events, results, reports, every stored byte, their hashes and a root.

    Signed with --cert and --key it shows origin too; unsigned, integrity only. Refused is a run that holds a
    private key or an API key, that lacks a byte which an event cites, or whose results don't follow from its
    events.
    """
    signer = _signer(key, cert, sign_command)
    known = known_keys(_api_keys(Path(network))) if network else None
    if out is None:
        out = Path(f"{run.resolve().name}.evidence.zip")
    _refuse_existing(out)
    done = sealing.seal(run, out, derive=derived, signer=signer, known=known)
    click.echo(
        f"sealed   {done.seal.entries:,} files, {done.seal.size:,} bytes of run {done.seal.run['run']}"
    )
    click.echo(f"class    {done.seal.run['evidence_class']}: {done.seal.run['evidence_class_reason']}")
    click.echo(f"root     {done.seal.root}")
    if signer is not None:
        click.echo(f"signed   {signer.certificate.subject.rfc4514_string()}")
    else:
        click.echo("unsigned integrity only: it shows a change, and nothing of who sealed the run")
    for name in done.left_out:
        click.echo(f"left out {name}")
    if done.without_results:
        click.echo(
            f"note     the run has no {sealing.RESULTS}: it was cut off before its reports were written"
        )
    click.echo(f"pack     {out}")


@evidence.command(epilog=VERIFY_EXAMPLE)
@click.argument("pack", type=click.Path(path_type=Path))
@click.option(
    "--ca",
    metavar="FILE",
    multiple=True,
    help="The authority that must have issued the signing certificate, or that certificate itself (PEM). "
    "With it an unsigned pack is refused. May be given many times.  [default: not checked]",
)
@click.option("--crl", metavar="FILE", multiple=True, help="A revocation list of that authority.")
@click.option(
    "--accept-expired",
    is_flag=True,
    help="Take a certificate that has expired since, where the date of the seal lies within its time.",
)
@click.option(
    "--original",
    type=click.Path(path_type=Path),
    metavar="PACK",
    help="Check too that PACK, a redacted copy, was made from this pack.",
)
@click.option(
    "--salt",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --original: redact it again with this salt and compare every byte.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    default=Limits().total_bytes,
    show_default=True,
    help="The most that a pack may unpack to.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(
    pack: Path,
    ca: tuple[str, ...],
    crl: tuple[str, ...],
    accept_expired: bool,
    original: Path | None,
    salt: Path | None,
    max_bytes: int,
    as_json: bool,
) -> None:
    """Verify PACK: say whether all is as it was sealed, and exactly what is not.

    Checked are every hash, that nothing was added or is missing, the seal, its signature, its certificate,
    that the results follow from the events, and that every byte which an event cites is there.

    Exit codes: 0 all is as it was sealed; 1 it is not, and what differs is named; 2 it is no readable pack.
    """
    if crl and not ca:
        raise ConfigurationError("needs the authority too", where="--crl", mend="Give --ca.")
    if salt and not original:
        raise ConfigurationError("needs the original too", where="--salt", mend="Give --original.")
    limits = Limits(total_bytes=max_bytes, entry_bytes=min(Limits().entry_bytes, max_bytes))
    found = verifying.verify(
        pack,
        derive=derived,
        trust=Trust.load(ca, crl) if ca else None,
        accept_expired=accept_expired,
        limits=limits,
    )
    if original is not None:
        pseudonyms = load_salt(salt) if salt else None
        redacting.compare(pack, original, pseudonyms=pseudonyms, found=found, derive=derived)
    click.echo(json.dumps(found.as_dict(), indent=2) if as_json else "\n".join(_told(found)))
    if not found.intact:
        sys.exit(1)


@evidence.command(epilog=REDACT_EXAMPLE)
@click.argument("pack", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", required=True, help="The copy.")
@click.option(
    "--salt",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The secret that pseudonyms are made with; drawn into this file where it is not there yet. Keep it, "
    "and never send it along. Packs redacted with one salt share their pseudonyms.  [default: PACK.salt]",
)
@signing_options
def redact(
    pack: Path, out: Path, salt: Path | None, key: str | None, cert: str | None, sign_command: str | None
) -> None:
    """Write a copy of PACK with pseudonyms for MPANs, addresses, names, meters, e-mail and telephone.

    The same value gets the same pseudonym in messages, events and reports alike. An MPAN becomes another
    of the same distributor, with the right check digit. The copy verifies by itself and carries the seal of
    the original. Signatures of messages whose bytes were replaced can be verified on the original only.
    """
    _refuse_existing(out)
    signer = _signer(key, cert, sign_command)
    salt = salt or pack.with_name(f"{pack.name}.salt")
    done = redacting.redact(pack, out, lambda: load_salt(salt, draw=True), derive=derived, signer=signer)
    values = ", ".join(f"{count} {category}" for category, count in done.counts.items() if count)
    click.echo(f"replaced {values or 'nothing: no data item that names anybody was found'}")
    click.echo(f"files    {done.changed:,} changed, {done.unchanged:,} as in the original")
    for path in done.withheld:
        click.echo(f"withheld {path}: it can't be read, so it can't be redacted")
    click.echo(f"root     {done.seal.root}, made from {done.seal.original_root}")
    click.echo(f"salt     {salt} ({done.salt_id}): keep it, and never send it along")
    click.echo(f"note     {redacting.UNVERIFIABLE}")
    click.echo(f"pack     {out}")


def _told(found: Verified) -> list[str]:
    lines = [
        f"{'INTACT' if found.intact else 'NOT INTACT'}  {found.entries:,} files, {found.size:,} bytes",
        "",
    ]
    if found.seal is not None:
        run = found.seal.run
        releases = ", ".join(str(name) for name in run.get("releases") or ())
        lines += [
            f"run       {run.get('run')}, stage {run.get('stage')}, release {releases}",
            f"class     {run.get('evidence_class')}: {run.get('evidence_class_reason')}",
            f"kind      {found.seal.kind}",
            f"root      {found.seal.root}",
        ]
        if found.seal.original_root:
            lines.append(f"made from {found.seal.original_root}")
    if found.signer:
        lines.append(f"signed    {found.signer}, at {found.signed_at} by the signer's own clock")
    lines += [f"note      {note}" for note in found.notes]
    if found.differences:
        lines.append("")
    for difference in found.differences[:_SHOWN]:
        lines.append(f"{difference.code:<11} {difference.path}: {difference.what}")
        if difference.expected or difference.actual:
            lines += [
                f"{'':<11}   expected {difference.expected}",
                f"{'':<11}   found    {difference.actual}",
            ]
    if len(found.differences) > _SHOWN:
        lines.append(f"… {len(found.differences) - _SHOWN:,} more: --json lists them all")
    return [_visible(line) for line in lines]


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _refuse_existing(out: Path) -> None:
    if out.exists():
        raise ConfigurationError("is there already", where=str(out), mend="Name another file with --out.")


def _signer(key: str | None, cert: str | None, sign_command: str | None) -> Signer | None:
    if cert is None:
        if key or sign_command:
            raise ConfigurationError(
                "needs the certificate too", where="--key", mend="Give --cert, the signing certificate."
            )
        return None
    try:
        words = shlex.split(sign_command) if sign_command else None
    except ValueError as error:
        raise ConfigurationError(f"can't be read as a command: {error}", where="--sign-command") from error
    return Signer.load(Path(cert), Path(key) if key else None, words)


def _api_keys(network: Path) -> list[str]:
    return [party.api_key() for party in load(network).parties if party.api_key_env or party.api_key_file]
