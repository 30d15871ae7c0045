"""Telling others where the simulators are: one JSON line, the admin key, a ready target profile."""

from __future__ import annotations

import os
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


def tell(told: Told, ground: Ground, folder: Path, ready_file: Path | None) -> None:
    """Write admin key and target profile into ``folder``, then the JSON line to the ready file and stdout."""
    key_file = folder / "admin.key"
    target = folder / "target.toml"
    _write(key_file, told.admin_key + "\n", private=True)
    lines = [
        f'url = "{told.dip}/{{release}}"',
        f"ca = {_quoted(ground.ca)}",
        f"network = {_quoted(ground.network_file)}",
        f'environment = "{told.environment}"',
        'capabilities = ["admin", "clock", "faults"]',
        f'admin = "{told.admin}"',
        f"admin_key_file = {_quoted(key_file)}",
    ]
    _write(target, "\n".join(lines) + "\n")
    line = orjson.dumps(
        {
            "dip": told.dip,
            "admin": told.admin,
            "ca": str(ground.ca),
            "releases": list(told.releases),
            "network": str(ground.network_file),
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
