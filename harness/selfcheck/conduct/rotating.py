"""Calls the participant's rotate hook: another certificate, API key or connection provider, from now on."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.errors import ConfigurationError
from harness.selfcheck.check import Omit
from harness.selfcheck.context import Context
from harness.selfcheck.profile import SIGNING, TLS
from harness.transport.network import CertificateSet

PROVIDER = "{provider}"
_SECONDS = 60.0


def call_hook(context: Context, what: str, cert: Path, key: Path, *, provider: str = "") -> None:
    """Have ``what`` changed: ``webhook``, ``tls``, ``signing``, ``api-key`` or ``provider``.

    For an API key both paths name the file that holds it; for a provider they are its TLS certificate and key, and
    ``provider`` is its DIP id, empty for none. Raises ConfigurationError.
    """
    given = {"{what}": what, "{cert}": str(cert.absolute()), "{key}": str(key.absolute()), PROVIDER: provider}
    command = list(context.profile.hooks.rotate)
    for name, value in given.items():
        command = [part.replace(name, value) for part in command]
    try:
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, cwd=context.profile.base)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"the command failed: {error}", where="hooks.rotate") from error


def changeable(context: Context) -> tuple[CertificateSet, CertificateSet]:
    """Return the participant's own TLS and signing certificates, which can be changed back.

    Raises Omit without a rotate hook, or where a key is in no file.
    """
    if not context.profile.hooks.rotate:
        raise Omit("the profile has no rotate hook")
    for each in (context.profile.tls, context.profile.signing):
        if each.key is None:
            raise Omit(f"the key of [{each.label}] is no file, so it could not be changed back")
    return context.network.certificate(TLS), context.network.certificate(SIGNING)
