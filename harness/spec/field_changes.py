"""What changed in one object or field, in words that a tester understands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.spec.change import Change, ordered, placed, tell
from harness.spec.items import item_of
from harness.spec.release import Schema

_LEAF = ("type", "format", "minLength", "maxLength", "minimum", "maximum", "multipleOf", "pattern")

_WORDS = {
    "type": "type",
    "format": "format",
    "minLength": "least length",
    "maxLength": "greatest length",
    "minimum": "least value",
    "maximum": "greatest value",
    "multipleOf": "step",
    "pattern": "pattern",
    "minItems": "least number of entries",
    "maxItems": "greatest number of entries",
}


def object_changes(before: Schema, after: Schema, where: str) -> Iterator[Change]:
    """Compare two objects field by field; what lies in a named block is left to that block."""
    for keyword, stated in (("additionalProperties", "closed"), ("type", "typed")):
        was, now = keyword in before, keyword in after
        if was != now:
            yield tell(
                "block-changed",
                (),
                field=stated,
                before=_yes(was),
                after=_yes(now),
                summary=_strictness(where, keyword, now),
            )
    fields_before, fields_after = before["properties"], after["properties"]
    for name in ordered(fields_before, fields_after):
        if name not in fields_before:
            what = _described(fields_after[name], name in after.get("required", ()))
            yield tell(
                "field-added",
                (),
                field=name,
                after=what,
                summary=f"{_upper(where)} gains {_titled(after, name)}: {what}.",
            )
        elif name not in fields_after:
            what = _described(fields_before[name], name in before.get("required", ()))
            yield tell(
                "field-removed",
                (),
                field=name,
                before=what,
                summary=f"{_upper(where)} loses {_titled(before, name)}: {what}.",
            )
        else:
            was, now = name in before.get("required", ()), name in after.get("required", ())
            title = f"{_titled(after, name)} in {where}"
            if was != now:
                yield tell(
                    "field-changed",
                    (),
                    field=name,
                    before=_needed(was),
                    after=_needed(now),
                    summary=f"{title} is now {_needed(now)}; it was {_needed(was)}.",
                )
            yield from _leaf(fields_before[name], fields_after[name], name, title)


def _leaf(before: Schema, after: Schema, name: str, title: str) -> Iterator[Change]:
    if before.get("x-block") or after.get("x-block"):
        if before.get("x-block") != after.get("x-block"):
            was, now = _described(before, None), _described(after, None)
            yield tell(
                "field-changed",
                (),
                field=name,
                before=was,
                after=now,
                summary=f"{title} is now {now}; it was {was}.",
            )
        return
    if "properties" in before and "properties" in after:
        for change in object_changes(before, after, title):
            yield placed(change, field=f"{name}.{change.field}")
        return
    if "items" in before and "items" in after:
        for keyword in ("minItems", "maxItems"):
            yield from _keyword(before, after, keyword, name, title)
        yield from _leaf(before["items"], after["items"], name, f"an entry of {title}")
        return
    for keyword in _LEAF:
        yield from _keyword(before, after, keyword, name, title)
    was_null, now_null = bool(before.get("nullable")), bool(after.get("nullable"))
    if was_null != now_null:
        words = "may now be null" if now_null else "may no longer be null"
        yield tell(
            "field-changed",
            (),
            field=name,
            before=_nullable(was_null),
            after=_nullable(now_null),
            summary=f"{title} {words}.",
        )
    yield from _values(before.get("enum"), after.get("enum"), name, title, stays_null=was_null and now_null)


def _keyword(before: Schema, after: Schema, keyword: str, name: str, title: str) -> Iterator[Change]:
    was, now = before.get(keyword), after.get(keyword)
    if was == now:
        return
    word = _WORDS[keyword]
    if was is None:
        summary = f"{title} now has the {word} {now}."
    elif now is None:
        summary = f"{title} no longer has the {word} {was}."
    else:
        summary = f"{title}: the {word} is now {now}; it was {was}."
    yield tell(
        "field-changed",
        (),
        field=name,
        before=_stated(keyword, was),
        after=_stated(keyword, now),
        summary=summary,
    )


def _values(
    was: list[Any] | None, now: list[Any] | None, name: str, title: str, *, stays_null: bool
) -> Iterator[Change]:
    if was == now or (was and now and set(was) == set(now)):
        return
    before, after = _value_list(was), _value_list(now)
    gone = [value for value in was or () if now is not None and value not in now]
    come = [value for value in now or () if was is not None and value not in was]
    if gone == [None] and not come and stays_null:
        words = (
            "null is no longer among its values, though it is still nullable: whether null is accepted "
            "is a matter of reading (setting spec.nullable_enum_admits_null)"
        )
    elif come == [None] and not gone and stays_null:
        words = "null is now among its values; it was nullable before"
    elif now is None:
        words = "is no longer limited to a list of values"
    elif was is None:
        words = f"is now limited to {after}"
    else:
        parts = [f"no longer admits {_value_list(gone)}"] if gone else []
        parts += [f"now admits {_value_list(come)}"] if come else []
        words = " and ".join(parts)
    separator = ": " if words.startswith("null") else " "
    yield tell(
        "field-changed", (), field=name, before=before, after=after, summary=f"{title}{separator}{words}."
    )


def _titled(parent: Schema, name: str) -> str:
    item = item_of(parent.get("x-block", ""), name)
    return f"{name} ({item})" if item else name


def _described(schema: Schema, required: bool | None) -> str:
    need = "" if required is None else f"{_needed(required)}, "
    if "items" in schema:
        return f"{need}array of {_described(schema['items'], None)}"
    if "x-block" in schema:
        return f"{need}block {schema['x-block']}"
    facts = [str(schema.get("type", "any value"))]
    if "maxLength" in schema:
        facts.append(f"up to {schema['maxLength']} characters")
    if "enum" in schema:
        facts.append(f"one of {_value_list(schema['enum'])}")
    if schema.get("nullable"):
        facts.append("null allowed")
    return need + ", ".join(facts)


def _strictness(where: str, keyword: str, now: bool) -> str:
    if keyword == "additionalProperties":
        return f"{_upper(where)} {'no longer admits' if now else 'now admits'} other fields."
    return f"{_upper(where)} {'now has to be an object' if now else 'is no longer said to be an object'}."


def _stated(keyword: str, value: Any) -> str:
    return f"no {_WORDS[keyword]}" if value is None else str(value)


def _value_list(values: Iterable[Any] | None) -> str:
    if values is None:
        return "any value"
    return ", ".join("null" if value is None else str(value) for value in values)


def _needed(required: bool) -> str:
    return "required" if required else "optional"


def _nullable(nullable: bool) -> str:
    return "null allowed" if nullable else "null not allowed"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
