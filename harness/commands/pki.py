"""``dip pki``: a test authority for TLS and signing certificates, good ones and broken ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from harness.security.authority import Authority, Issued
from harness.security.certificates import first_certificate
from harness.security.describing import describe
from harness.security.profiles import FLAWS, KEY_KINDS, PROFILES, Flaw, KeyKind, Profile, checked

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
folder_argument = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def pki() -> None:
    """Make and run a test authority: root, issuing CA, certificates, revocation.

    For tests only: keys lie in the folder, readable by you alone. The certificate profile is assumed, since
    the DIP's own is not public.
    """


@pki.command(epilog="\b\nExample:\n  dip pki init pki --name 'SIT test authority'")
@folder_argument
@click.option("--name", default="Test DIP", show_default=True, help="The authority's name.")
@json_option
def init(folder: Path, name: str, as_json: bool) -> None:
    """Make an authority in FOLDER; one that is there already stays as it is."""
    authority = Authority.create(folder, name=name)
    shown = {"name": name, "folder": str(folder), "ca": str(authority.ca_bundle), "crl": str(authority.crl)}
    _print(shown, as_json=as_json)


@pki.command(
    epilog="\b\nExample:\n"
    "  dip pki issue pki supplier-a --profile signing --organisation 'Supplier A' --dip-id 2300000001\n"
    "  dip pki issue pki supplier-a --profile tls-client --flaw expired"
)
@folder_argument
@click.argument("name")
@click.option("--profile", required=True, metavar="PROFILE", help=f"One of: {', '.join(PROFILES)}.")
@click.option("--organisation", default="", help="The organisation in the subject.")
@click.option("--dip-id", "dip_ids", multiple=True, help="A DIP id in the subject. May be given many times.")
@click.option("--host", "hosts", multiple=True, help="A further host name or IP address of a TLS server.")
@click.option("--key", metavar="KIND", help=f"One of: {', '.join(KEY_KINDS)}.  [default: by profile]")
@click.option("--flaw", metavar="FLAW", help=f"Break it: {', '.join(FLAWS)}.")
@click.option("--replace", is_flag=True, help="Replace a certificate of that name.")
@json_option
def issue(
    folder: Path,
    name: str,
    profile: str,
    organisation: str,
    dip_ids: tuple[str, ...],
    hosts: tuple[str, ...],
    key: str | None,
    flaw: str | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Issue a certificate with a new key for NAME; prints where both lie."""
    checked(profile, PROFILES, "profile")
    issued = Authority.open(folder).issue(
        name,
        cast("Profile", profile),
        organisation=organisation,
        dip_ids=dip_ids,
        hosts=hosts,
        flaw=cast("Flaw | None", flaw),
        key=cast("KeyKind | None", key),
        replace=replace,
    )
    _print(_shown(issued), as_json=as_json)


@pki.command(epilog="\b\nExample:\n  dip pki revoke pki pki/supplier-a.tls.pem")
@folder_argument
@click.argument("certificate")
@json_option
def revoke(folder: Path, certificate: str, as_json: bool) -> None:
    """Revoke CERTIFICATE, a file or a serial number, and write the revocation list anew."""
    authority = Authority.open(folder)
    serial = authority.revoke(certificate)
    _print(
        {"serial": serial, "revoked": authority.revoked()[serial].isoformat(), "crl": str(authority.crl)},
        as_json=as_json,
    )


@pki.command(epilog="\b\nExample:\n  dip pki show pki\n  dip pki show pki/supplier-a.signing.pem --json")
@click.argument("target", type=click.Path(path_type=Path))
@json_option
def show(target: Path, as_json: bool) -> None:
    """Show the authority in the folder TARGET and what it issued, or the certificate in the file TARGET."""
    if target.is_file():
        _print(describe(first_certificate(target)[0]), as_json=as_json)
        return
    authority = Authority.open(target)
    revoked = authority.revoked()
    issued = [_shown(each) | {"revoked": each.serial in revoked} for each in authority.issued()]
    shown = {
        "name": authority.name,
        "folder": str(target),
        "ca": str(authority.ca_bundle),
        "crl": str(authority.crl),
    }
    if as_json:
        click.echo(json.dumps(shown | {"certificates": issued}, indent=2))
        return
    _print(shown, as_json=False)
    for each in issued:
        mark = "revoked" if each["revoked"] else each["flaw"] or "good"
        click.echo(
            f"  {Path(str(each['cert'])).name:40} {each['profile']:10} {mark:14} until {each['expires']}"
        )


def _shown(issued: Issued) -> dict[str, object]:
    return asdict(issued) | {"cert": str(issued.cert), "key": str(issued.key)}


def _print(shown: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    for name, value in shown.items():
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        if text:
            click.echo(f"{name:14} {text}")
