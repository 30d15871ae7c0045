"""A simulator process's folder, which no other process uses at the same time."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from simulators.dip.store import StoreLock


@contextlib.contextmanager
def own_folder(folder: Path | None) -> Iterator[Path]:
    """Lock a folder against a second process; None: a temporary one that is removed at the end."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            temporary = tempfile.TemporaryDirectory(prefix="dip-sim-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(temporary))
        lock = StoreLock(folder.absolute())
        stack.callback(lock.close)
        yield folder.absolute()
