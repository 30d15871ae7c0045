"""Calls the participant's rotate hook: another certificate, API key or connection provider, from now on."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.errors import ConfigurationError
from harness.selfcheck.check import Omit
from harness.selfcheck.context import Context
from harness.selfcheck.profile import SIGNING, TLS, Credentials
from harness.transport.network import CertificateSet, Party

PROVIDER = "{provider}"
_SECONDS = 60.0


def call_hook(context: Context, what: str, cert: Path, key: Path, *, provider: str = "") -> None:
    """Have ``what`` changed: ``webhook``, ``tls``, ``signing``, ``api-key`` or ``provider``.

    For an API key both paths name the file that holds it; for a provider they are its TLS certificate and
    key, and ``provider`` is its DIP id, empty for none. Raises ConfigurationError.
    """
    given = {"{what}": what, "{cert}": str(cert.absolute()), "{key}": str(key.absolute()), PROVIDER: provider}
    command = list(context.profile.hooks.rotate)
    for name, value in given.items():
        command = [part.replace(name, value) for part in command]
    try:
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, cwd=context.profile.base)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"the command failed: {error}", where="hooks.rotate") from error


def changeable(context: Context, own: Credentials) -> CertificateSet:
    """Return a certificate set of the participant's own that can be changed back afterwards.

    Raises Omit without a rotate hook, or where its key is in no file.
    """
    if not context.profile.hooks.rotate:
        raise Omit("the profile has no rotate hook")
    if own.key is None:
        raise Omit(f"the key of [{own.label}] is no file, so it could not be changed back")
    return context.network.certificate(TLS if own.label == "tls" else SIGNING)


def nominated(context: Context, party: Party) -> str | None:
    """Return the connection provider of a party, None where the embedded DIP knows no such one."""
    known = {each.dip_id for each in context.network.parties}
    return party.connection_provider if party.connection_provider in known else None
