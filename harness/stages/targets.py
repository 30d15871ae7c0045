"""From ``--target`` to a running target: a name that something installed provides, or a profile file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

from harness.errors import ConfigurationError, nearest
from harness.transport.network import Network
from harness.transport.target import Target, load


class Provider(Protocol):
    """What an entry point of the group ``dip.targets`` names: something that starts a target of its own."""

    def __call__(
        self,
        releases: Sequence[str],
        folder: Path,
        *,
        environment: str,
        worker: str,
        options: Sequence[str] = (),
    ) -> Target:
        """Start the target; ``folder`` is shared by the workers of a run and private to it.

        ``options`` are the target's own, as on its command line.
        """

    def prepare(self, folder: Path) -> Network:
        """Make what all workers share (certificates, keys, network) before any of them starts."""


def provider(name: str) -> Provider | None:
    """Return the provider of a named target; None when ``name`` is a profile file.

    Raises ConfigurationError when it is neither.
    """
    found = {point.name: point for point in entry_points(group="dip.targets")}
    if name in found:
        return cast("Provider", found[name].load())
    if name.endswith(".toml") or Path(name).exists():
        return None
    raise ConfigurationError(
        f"'{name}' is no target",
        where="--target",
        mend=f"{nearest(name, found)} Or name a profile file (.toml).",
    )


def profile(path: str) -> Target:
    """Load a target profile."""
    return load(Path(path))
