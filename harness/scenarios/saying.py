"""A step in words, for the people who read a run (pure)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from harness.scenarios.model import STEPS, Step

WORD_OF = {kind: word for word, kind in STEPS.items()}


def said(step: Step) -> str:
    """Say what a step does: its fields as its file has them, what is usual left out."""
    usual = {field.name: field.default for field in fields(step)}
    words = []
    for field in fields(step):
        value = getattr(step, field.name)
        if value != usual[field.name] and value not in ("", (), {}, None):
            words.append(f"{field.name}: {written(value)}")
    return "; ".join(words)


def written(value: Any) -> str:
    """Return a field's value in one line: texts as they are, lists and mappings with commas."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {written(inner)}" for key, inner in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(written, value))
    return str(value)
