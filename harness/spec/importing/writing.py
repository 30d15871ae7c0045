"""A release's files as text: one definition or field a line, so that a change reads well (pure)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_DEPTH = {"types": 1, "unions": 1, "blocks": 3, "reports": 3, "api": 3, "messages": 3}
_OPERATIONS = {"security": 1, "parameters": 1, "operations": 2, "validate": 1}


def release_text(part: str, content: Mapping[str, Any]) -> str:
    """Return the text of one of a release's files (``types``, ``blocks``, ... ``operations``)."""
    if part != "operations":
        return _mapping(content, _DEPTH[part], "") + "\n"
    lines = [f"  {json.dumps(key)}: {_expanded(value, _OPERATIONS[key])}" for key, value in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _mapping(value: Any, depth: int, indent: str) -> str:
    """Write mappings over several lines down to a depth; lists, and all below, on one line."""
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    lines = [
        f"{indent}  {json.dumps(key)}: {_mapping(each, depth - 1, indent + '  ')}"
        for key, each in value.items()
    ]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _expanded(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        return _mapping(value, depth, "  ")
    rows = ",\n".join(f"    {_mapping(each, depth - 1, '    ')}" for each in value)
    return f"[\n{rows}\n  ]" if value else "[]"
