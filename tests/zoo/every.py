"""Every animal of the zoo: importing this module fills `tests.zoo.keeping.ANIMALS`."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.zoo.keeping import ANIMALS, Animal
from tests.zoo.sound import SOUND

_KEPT = ("answering", "believing", "configuring", "connecting", "recovering", "repeating", "sending", "signing")
for _name in _KEPT:
    if (Path(__file__).parent / f"{_name}.py").is_file():
        importlib.import_module(f"tests.zoo.{_name}")

BROKEN: tuple[Animal, ...] = tuple(ANIMALS.values())

__all__ = ["BROKEN", "SOUND"]
