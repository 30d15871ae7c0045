"""What a store raises, whichever kind it is."""

from __future__ import annotations

import sqlite3


class StoreFault(Exception):
    """A store that other processes share can't be read or written at the moment."""


class ReferenceUsed(StoreFault):
    """A row that may be there once is there already."""


STORE_FAULTS = (sqlite3.Error, StoreFault)
USED = (sqlite3.IntegrityError, ReferenceUsed)
"""What is raised when a sender has used a reference before."""
