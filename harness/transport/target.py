"""What a run speaks to: a DIP (simulated or real), its network, and what it can be asked to do.

A profile is one TOML file::

    url = "https://dip.example/{release}"   # {release} is replaced, where each release has its own address
    ca = "ca.pem"                           # who vouches for the DIP's TLS and signing certificates
    network = "network.toml"
    environment = "SIT"                     # SIT, SITB, UIT or DEV; never PRD
    capabilities = ["admin", "clock"]       # of: parties, admin, clock, faults; admin has parties in it
    admin = "http://127.0.0.1:9001"         # with the capability admin
    admin_key_file = "admin.key"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit

from harness.errors import ConfigurationError, nearest
from harness.transport.admin import Admin
from harness.transport.network import Network
from harness.transport.network import load as load_network
from harness.transport.toml_table import Table

CAPABILITIES = ("parties", "admin", "clock", "faults")
"""``parties``: simulated parties say what they received; ``admin``: the hub can be asked, too."""
ENVIRONMENTS = ("SITB", "SIT", "UIT", "DEV")
"""Environment tags that a target may carry: the published ones but PRD."""

_PRODUCTION = re.compile(r"(prod|prd|production)[0-9]*")
_NOT = ("pre", "non", "not")


class Target(Protocol):
    """What a run needs of the system it speaks to; a profile is one, the embedded simulators are."""

    @property
    def ca(self) -> Path:
        """Who vouches for the DIP's TLS and signing certificates (PEM)."""

    @property
    def network(self) -> Network:
        """The parties that the run may act as, and those that it meets."""

    @property
    def capabilities(self) -> frozenset[str]:
        """What can be asked of the target, out of `CAPABILITIES`."""

    @property
    def admin(self) -> Admin | None:
        """The simulators' admin API, where there is one."""

    @property
    def environment(self) -> str:
        """The environment tag that messages carry."""

    def url(self, release: str) -> str:
        """Return the base URL of an API release."""

    def close(self) -> None:
        """Let go of it, and stop what was started for it."""


@dataclass(frozen=True, slots=True)
class TargetProfile:
    """A target that is described in a file and runs somewhere else."""

    template: str
    ca: Path
    network: Network
    environment: str
    capabilities: frozenset[str] = frozenset()
    admin: Admin | None = field(default=None, compare=False)
    where: str = ""

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a profile, whose paths start at its folder; raises ConfigurationError with field and fix."""
        path = Path(path)
        table = Table.of_file(path)
        template = table.text("url")
        refuse_production(template, where=f"{table.where}: url")
        _check_url(template, table)
        environment = table.text("environment")
        _check_environment(environment, table)
        ca = table.file("ca", path.parent)
        network = load_network(path.parent / table.text("network"))
        capabilities = frozenset(table.texts("capabilities"))
        for name in sorted(capabilities - set(CAPABILITIES)):
            raise table.fail("capabilities", f"names '{name}'", nearest(name, CAPABILITIES))
        admin = _admin(table, path.parent, wanted=bool(capabilities & {"parties", "admin"}))
        table.nothing_else()
        return cls(template, ca, network, environment, capabilities, admin, str(path))

    def url(self, release: str) -> str:
        """Return the base URL of an API release, without a slash at its end."""
        return self.template.replace("{release}", release).rstrip("/")

    def close(self) -> None:
        """Close the connections to the admin API."""
        if self.admin is not None:
            self.admin.close()


def load(path: Path | str) -> TargetProfile:
    """Read a target profile: `TargetProfile.load`."""
    return TargetProfile.load(path)


def refuse_production(url: str, *, where: str) -> None:
    """Raise ConfigurationError for a URL whose host looks like production, or that is no URL.

    A host looks like production when a part of its name is prod, prd or production, numbered or not, unless
    the part before says pre or non, or names a simulator (``dipsim-prod83``).
    """
    try:
        parts = urlsplit(url.replace("{release}", "release"))
        host = parts.hostname or "" if parts.port is None or parts.port else ""
    except ValueError:
        host = ""
    if not host:
        raise ConfigurationError(f"'{url}' is not a URL with a host", where=where)
    words = re.split(r"[^a-z0-9]+", host.lower())
    for before, word in zip(["", *words], words, strict=False):
        if _PRODUCTION.fullmatch(word) and before not in _NOT and not before.endswith("sim"):
            raise ConfigurationError(
                f"the host {host} looks like production, which the harness never speaks to",
                where=where,
                mend="Use a test environment.",
            )


def _check_url(template: str, table: Table) -> None:
    parts = urlsplit(template)
    if parts.scheme != "https":
        raise table.fail("url", f"is '{template}', expected https", "The DIP is reached by mutual TLS only.")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise table.fail("url", "has more than host, port and path", "Leave out user, query and fragment.")
    if re.search("[{}]", template.replace("{release}", "")):
        raise table.fail("url", f"is '{template}'", "The only placeholder is {release}.")


def _check_environment(environment: str, table: Table) -> None:
    if environment.upper() in ("PRD", "PROD", "PRODUCTION"):
        raise table.fail("environment", f"is {environment}", "The harness never speaks to production.")
    if environment not in ENVIRONMENTS:
        raise table.fail("environment", f"is '{environment}'", nearest(environment, ENVIRONMENTS))


def _admin(table: Table, base: Path, *, wanted: bool) -> Admin | None:
    url = table.optional("admin")
    key_file = table.optional_file("admin_key_file", base)
    if url is None:
        if wanted:
            raise table.fail("admin", "is missing", "The capability needs the admin API's URL.")
        return None
    refuse_production(url, where=f"{table.where}: admin")
    if key_file is None:
        raise table.fail("admin_key_file", "is missing", "The admin API needs a key.")
    try:
        key = key_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise table.fail("admin_key_file", f"can't be read: {error}") from error
    return Admin(url, key)
