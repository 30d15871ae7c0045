"""Calls the participant's rotate hook: another certificate, or another API key, from now on."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.errors import ConfigurationError
from harness.selfcheck.context import Context

_SECONDS = 60.0


def call_hook(context: Context, what: str, cert: Path, key: Path) -> None:
    """Have ``what`` (``webhook``, ``tls``, ``signing`` or ``api-key``) changed; raises ConfigurationError.

    For an API key both paths name the file that holds it.
    """
    given = {"{what}": what, "{cert}": str(cert.absolute()), "{key}": str(key.absolute())}
    command = list(context.profile.hooks.rotate)
    for name, value in given.items():
        command = [part.replace(name, value) for part in command]
    try:
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, cwd=context.profile.base)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"the command failed: {error}", where="hooks.rotate") from error
