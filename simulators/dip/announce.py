"""Telling others where the simulators are: one JSON line, the admin key, a ready target profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from harness.writing import PRIVATE, write_whole
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
    write_whole(key_file, f"{profile.admin_key}\n".encode(), mode=PRIVATE)
    lines = [
        f'url = "{profile.dip}"',
        f"ca = {_quoted(profile.ca)}",
        f"network = {_quoted(profile.network)}",
        f'environment = "{profile.environment}"',
        f"capabilities = {orjson.dumps(list(capabilities)).decode().replace(',', ', ')}",
        f'admin = "{profile.admin}"',
        f"admin_key_file = {_quoted(key_file)}",
    ]
    write_whole(target, "".join(f"{line}\n" for line in lines).encode())
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
        write_whole(ready_file, f"{line}\n".encode())
    print(line, flush=True)


def _quoted(path: Path) -> str:
    return orjson.dumps(str(path)).decode()
