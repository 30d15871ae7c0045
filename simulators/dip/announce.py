"""Telling others where the simulators are: one JSON line, the admin key, a ready target profile."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from harness.errors import EnvironmentFault
from simulators.dip.ground import Ground


@dataclass(frozen=True, slots=True)
class Told:
    """Where the hub and the admin API listen, and what they run."""

    dip: str
    admin: str
    releases: tuple[str, ...]
    environment: str
    admin_key: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What the profile of a target says of a simulator process."""

    dip: str
    """The DIP's URL; ``{release}`` stands for the release's name."""
    ca: Path
    network: Path
    environment: str
    admin: str
    admin_key: str


def tell(told: Told, ground: Ground, folder: Path, ready_file: Path | None) -> None:
    """Write admin key and target profile into ``folder``, then the JSON line to the ready file and stdout."""
    profile = Profile(
        f"{told.dip}/{{release}}",
        ground.ca,
        ground.network_file,
        told.environment,
        told.admin,
        told.admin_key,
    )
    told_too = {"dip": told.dip, "ca": str(ground.ca), "releases": list(told.releases)}
    tell_profile(profile, ("admin", "clock", "faults"), told_too, folder, ready_file)


def tell_profile(
    profile: Profile,
    capabilities: Sequence[str],
    told: Mapping[str, object],
    folder: Path,
    ready_file: Path | None,
) -> None:
    """Write admin key and target profile into ``folder``, then one JSON line with these and what is told."""
    key_file = folder / "admin.key"
    target = folder / "target.toml"
    _write(key_file, profile.admin_key + "\n", private=True)
    lines = [
        f'url = "{profile.dip}"',
        f"ca = {_quoted(profile.ca)}",
        f"network = {_quoted(profile.network)}",
        f'environment = "{profile.environment}"',
        f"capabilities = {orjson.dumps(list(capabilities)).decode().replace(',', ', ')}",
        f'admin = "{profile.admin}"',
        f"admin_key_file = {_quoted(key_file)}",
    ]
    _write(target, "\n".join(lines) + "\n")
    line = orjson.dumps(
        {
            **told,
            "admin": profile.admin,
            "network": str(profile.network),
            "target": str(target),
            "admin_key_file": str(key_file),
        }
    ).decode()
    if ready_file is not None:
        _write(ready_file, line + "\n")
    print(line, flush=True)


def _quoted(path: Path) -> str:
    return orjson.dumps(str(path)).decode()


def _write(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        raise EnvironmentFault(f"can't be written: {error.strerror}", where=str(path)) from error
