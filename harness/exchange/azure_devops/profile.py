r"""Which Azure DevOps project and test plan are meant, and where its token is.

A profile is one TOML file::

    url = "https://dev.azure.com/our-organisation"
    project = "MHHS Testing"
    plan = 42                        # the id of a test plan that exists
    token_env = "AZURE_DEVOPS_PAT"   # the NAME of an environment variable, never the token
    area_path = 'MHHS Testing\DIP'     # of new test cases; by default the project's
    ca = "own-ca.pem"                # of an own server's certificate; by default the system's
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import ConfigurationError
from harness.transport.toml_table import Table

DEFAULT = "azure-devops.toml"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Profile:
    """A project's test plan. ``url`` is the organisation's, or the server's collection, without a slash."""

    url: str
    project: str
    plan: int
    token_env: str
    area_path: str
    ca: Path | None
    where: Path

    @property
    def ledger(self) -> Path:
        """The file beside it that holds what was last in step."""
        return self.where.with_suffix(".json")

    def token(self, environment: Mapping[str, str] | None = None) -> str:
        """Return the token; raises ConfigurationError naming the variable, never its value."""
        value = (os.environ if environment is None else environment).get(self.token_env, "").strip()
        if not value:
            raise ConfigurationError(
                f"the environment variable {self.token_env} holds no token",
                where=str(self.where),
                mend="Set it to a personal access token with Work Items and Test Management, read and write.",
            )
        return value


def read_profile(path: Path) -> Profile:
    """Read a profile; raises ConfigurationError with file, field and fix."""
    table = Table.of_file(path, lines=True)
    url = table.text("url").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise table.fail("url", f"is '{url}'", "Write it as https://dev.azure.com/our-organisation.")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise table.fail("url", "would send the token in the clear", "Use https.")
    if parts.username or parts.password or parts.query:
        raise table.fail("url", "holds more than an address", "Leave out user, token and query.")
    project = table.text("project")
    plan = table.number("plan")
    if plan is None or plan < 1:
        raise table.fail("plan", "is no id of a test plan", "It stands in the address of the test plan.")
    variable = table.text("token_env")
    if not _VARIABLE.fullmatch(variable):
        raise table.fail(
            "token_env", "is not the name of an environment variable", "Never write the token itself here."
        )
    profile = Profile(
        url=url,
        project=project,
        plan=plan,
        token_env=variable,
        area_path=table.optional("area_path") or project,
        ca=table.optional_file("ca", path.parent),
        where=path,
    )
    table.nothing_else()
    return profile
