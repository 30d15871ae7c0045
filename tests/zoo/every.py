"""Every animal of the zoo: importing the modules that they live in fills `tests.zoo.keeping.ANIMALS`."""

from __future__ import annotations

import importlib

from harness.selfcheck.check import PARTS, checks
from tests.zoo.keeping import ANIMALS, Animal
from tests.zoo.sound import SOUND

HOMES = (
    "answering",
    "believing",
    "changing",
    "configuring",
    "connecting",
    "recovering",
    "repeating",
    "sending",
    "signing",
)
for home in HOMES:
    importlib.import_module(f"tests.zoo.{home}")

_RANK = {part: rank for rank, part in enumerate(PARTS)}
_PART = {check.id: _RANK[check.part] for check in checks()}
BROKEN: tuple[Animal, ...] = tuple(
    sorted(ANIMALS.values(), key=lambda each: (_PART.get(each.check, 0), each.check, each.name))
)
"""By part and name of the checks that find them."""

__all__ = ["BROKEN", "SOUND"]
