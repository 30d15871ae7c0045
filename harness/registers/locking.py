"""One command at a time changes a file that is read, changed and written back: the others wait.

The lock is the operating system's, on a file ``.lock`` of its own: ``flock`` where there is one, a locked
byte (``msvcrt``) on Windows. It ends with the process that holds it, however that ends: a file that is left
over locks nobody out. Between hosts it holds as far as the file system's own locks do (NFS from version 4).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from harness.errors import EnvironmentFault

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = ".lock"
PATIENCE = 120.0
"""Seconds that a command waits for another: a change of ten thousand entries takes less than ten."""
_EVERY = 0.05


@contextmanager
def held(folder: Path, *, name: str = LOCK, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a lock of a folder until the block ends; a folder that is not there is made for it.

    What is left behind is what the block wrote: neither lock nor, where it stayed empty, the folder. Raises
    EnvironmentFault where another command holds it for longer than ``patience`` seconds, or the disk refuses
    the lock's file.
    """
    path = folder / name
    there = folder.exists()
    end = time.monotonic() + patience
    while (file := _locked(path)) is None:
        if time.monotonic() > end:
            raise EnvironmentFault(
                f"another command has held it for {patience:.0f} s",
                where=str(path),
                mend="Wait for the other command, then run this one again: nothing was written.",
            )
        time.sleep(_EVERY)
    try:
        yield
    finally:
        _given_back(file, path)
        if not there:
            with suppress(OSError):
                folder.rmdir()


def _locked(path: Path) -> IO[bytes] | None:
    """Return the lock's file, locked; None where another holds it, or took it away just now."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EnvironmentFault(f"can't be locked: {error.strerror or error}", where=str(path)) from error
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino != os.fstat(file.fileno()).st_ino:
                raise FileNotFoundError("another file has its name now")
    except (BlockingIOError, PermissionError, FileNotFoundError):
        file.close()
        return None
    except OSError as error:
        file.close()
        raise EnvironmentFault(
            f"can't be locked: {error.strerror or error}",
            where=str(path),
            mend="Keep the folder on a file system that has locks.",
        ) from error
    return file


def _given_back(file: IO[bytes], path: Path) -> None:
    """Remove the lock's file while it is held, where the system can, and close it: that ends the lock."""
    if sys.platform == "win32":
        file.close()
        return
    path.unlink(missing_ok=True)
    file.close()
