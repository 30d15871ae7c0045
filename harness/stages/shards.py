"""Splitting a selection over jobs: each case falls to one shard, by a hash of its id alone (pure)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from harness.errors import ConfigurationError
from harness.scenarios.model import Case

MOST = 1000
_FORM = re.compile(r"([0-9]+)/([0-9]+)")


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``number``-th of ``of`` shards, counted from 1."""

    number: int
    of: int

    def takes(self, case: Case) -> bool:
        """Say whether a case falls to this shard; its twins go with it.

        Other cases, the order of files and the seed have no say, so a case stays where it is while the
        catalogue grows.
        """
        digest = hashlib.sha256(
            f"{case.scenario.id}.{case.scenario.variant}/{_place(case)}".encode()
        ).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


def read_shard(text: str) -> Shard:
    """Read ``2/4``; raises ConfigurationError."""
    found = _FORM.fullmatch(text)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of <= MOST:
        raise ConfigurationError(
            f"'{text}' is no shard",
            where="--shard",
            mend=f"Write the second of four as 2/4, up to {MOST} of them.",
        )
    return Shard(number, of)


def _place(case: Case) -> str:
    return f"{case.interface}/{case.event}/{case.role}@{case.release}"
