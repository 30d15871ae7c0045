"""Every animal of the zoo: importing the modules that they live in fills `tests.zoo.keeping.ANIMALS`."""

from __future__ import annotations

import importlib

from harness.selfcheck.check import checks
from tests.zoo.keeping import ANIMALS, Animal
from tests.zoo.sound import SOUND

HOMES = (
    "answering",
    "believing",
    "configuring",
    "connecting",
    "recovering",
    "repeating",
    "sending",
    "signing",
)
for home in HOMES:
    importlib.import_module(f"tests.zoo.{home}")

_ORDER = {check.id: check.order for check in checks()}
BROKEN: tuple[Animal, ...] = tuple(
    sorted(ANIMALS.values(), key=lambda animal: (_ORDER.get(animal.check, 0), animal.name))
)
"""In the order of the checks that find them."""

__all__ = ["BROKEN", "SOUND"]
