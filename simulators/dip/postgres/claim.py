"""Who may use a store at the same time: any number of processes with a broker, or one without.

What is open is put into the outbox when a store that had no broker gets one; the outbox is emptied when it
has one no longer.
"""

from __future__ import annotations

import time

import psycopg

from harness.errors import EnvironmentFault
from simulators.dip.postgres.link import connect, fault
from simulators.dip.postgres.place import Place

_WAIT_SECONDS = 5.0
"""How long it waits for a process that has just ended."""
_PAUSE_SECONDS = 0.05
_KEY = "hashtextextended('dip-hub ' || %s, 0)"
_ALONE = f"SELECT pg_try_advisory_lock({_KEY})"
_ALONG = f"SELECT pg_try_advisory_lock_shared({_KEY})"
_MODE = "SELECT mode FROM handing_over FOR UPDATE"
_OPEN = (
    "INSERT INTO outbox (part, kind, item, recipient)"
    ' SELECT part_of(recipient), %s::text::"char", id, recipient FROM {table}'
    " WHERE status IN ('Pending', 'Retrying') ORDER BY id"
)


class Claim:
    """A connection that holds the claim for as long as the process lives."""

    def __init__(self, place: Place, schema: str) -> None:
        self._place, self._schema = place, schema
        self._connection: psycopg.Connection | None = None

    def take(self, *, broker: bool) -> None:
        """Claim the store; raises EnvironmentFault where another process uses it in the other way."""
        try:
            self._connection = connect(self._place, self._schema)
            until = time.monotonic() + _WAIT_SECONDS
            while not self._taken(broker=broker):
                if time.monotonic() > until:
                    self.close()
                    raise EnvironmentFault(
                        "the store is in use by another process",
                        where=f"{self._place.shown}, schema {self._schema}",
                        mend="Stop it, or give both the same --broker.",
                    )
                time.sleep(_PAUSE_SECONDS)
            self._switch("broker" if broker else "none")
        except psycopg.Error as error:
            raise EnvironmentFault(str(fault(error, self._place)), where=self._place.shown) from error

    def close(self) -> None:
        """Give it back."""
        if self._connection is not None:
            self._connection.close()

    def _taken(self, *, broker: bool) -> bool:
        assert self._connection is not None
        row = self._connection.execute(_ALONG if broker else _ALONE, (self._schema,)).fetchone()
        return bool(row and row[0])

    def _switch(self, mode: str) -> None:
        assert self._connection is not None
        with self._connection.transaction():
            row = self._connection.execute(_MODE).fetchone()
            if row is not None and row[0] != mode:
                self._connection.execute("DELETE FROM outbox")
                if mode == "broker":
                    for kind, table in (("d", "delivery"), ("s", "status_message")):
                        self._connection.execute(_OPEN.format(table=table), (kind,))
                self._connection.execute("UPDATE handing_over SET mode = %s", (mode,))
