"""The published response codes: MSG (the DIP), RCP (a recipient), REG, ECS, SP and DS (inside payloads)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import orjson

from harness.data import folder
from harness.errors import ConfigurationError, nearest


@dataclass(frozen=True, slots=True)
class Code:
    """One code, its published meaning and who issues it; ``hint`` is a third party's lead, not a rule."""

    code: str
    meaning: str
    issued_by: str
    hint: str = ""


@cache
def codes() -> Mapping[str, Code]:
    """Return every published code by its id."""
    raw = orjson.loads((folder("swagger") / "response-codes.json").read_bytes())
    return MappingProxyType(
        {
            name: Code(name, entry["meaning"], entry["issued_by"], entry.get("hint", ""))
            for name, entry in raw.items()
        }
    )


def code(name: str) -> Code:
    """Return one code; raises ConfigurationError with the nearest for an unknown one."""
    found = codes().get(name)
    if found is None:
        raise ConfigurationError(f"'{name}' is no response code", mend=nearest(name, codes()))
    return found


def text(name: str) -> str:
    """Write a code as messages carry it: ``MSG1006 - Sender Unique Reference Duplicated``."""
    return f"{name} - {code(name).meaning}"
