"""Writing a file whole or not at all: a reader, or a crash half-way, never finds half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from harness.errors import EnvironmentFault

PRIVATE = 0o600
"""Mode of a file that its owner alone reads: keys and API keys."""
PUBLIC = 0o644


def write_whole(path: Path, data: bytes, *, mode: int = PUBLIC, parents: bool = False) -> Path:
    """Write to a temporary file beside ``path`` and rename it; returns ``path``.

    ``mode`` holds from before the file has its name. ``parents`` makes the folders that are missing. Raises
    EnvironmentFault, and leaves what stood there, where the disk refuses it.
    """
    temporary: Path | None = None
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise EnvironmentFault(f"can't be written: {error.strerror or error}", where=str(path)) from error
    return path
