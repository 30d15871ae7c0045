"""Filling parameters into what a file says, before it is checked and typed (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MERGED = "+"
"""The key of a mapping that is laid over the mapping it stands in: ``"+": "{set}"``."""
_PLACE = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)((?:[.+-][A-Za-z0-9_.+-]*)?)\}")


def filled(content: Any, values: Mapping[str, Any]) -> Any:
    """Return texts, lists and mappings with ``{name}`` replaced wherever ``values`` has the name.

    A text that is nothing but ``{name}`` becomes the value whole, be it a list or a mapping. What follows the
    name goes on behind the value: with ``who`` as ``incoming``, ``{who.dip_id}`` becomes
    ``{incoming.dip_id}``; with ``on`` as ``{effective}``, ``{on+1d}`` becomes ``{effective+1d}``.
    """
    if isinstance(content, str):
        whole = _PLACE.fullmatch(content)
        if whole is not None and not whole[2] and whole[1] in values:
            return values[whole[1]]
        return _PLACE.sub(lambda found: _place(found, values), content)
    if isinstance(content, Mapping):
        laid = {filled(key, values): filled(inner, values) for key, inner in content.items()}
        further = laid.pop(MERGED, {}) if isinstance(laid.get(MERGED), Mapping) else {}
        return {**laid, **further}
    if isinstance(content, list):
        return [filled(inner, values) for inner in content]
    return content


def unmerged(content: Any, at: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Return where a key ``+`` is left in what was filled, None where it is nowhere."""
    if isinstance(content, Mapping):
        inner = ((str(key), value) for key, value in content.items())
        if MERGED in content:
            return at
    elif isinstance(content, list):
        inner = ((str(place), value) for place, value in enumerate(content))
    else:
        return None
    return next((left for key, value in inner if (left := unmerged(value, (*at, key))) is not None), None)


def _place(found: re.Match[str], values: Mapping[str, Any]) -> str:
    name, rest = found.groups()
    if name not in values:
        return found[0]
    value = str(values[name])
    if not rest:
        return value
    inner = value[1:-1] if value.startswith("{") and value.endswith("}") else value
    return f"{{{inner}{rest}}}"
