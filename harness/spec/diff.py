"""What changed between two releases, over dereferenced fields.

A field counts as changed when what it admits changed, never because its type got another name. A change
inside a block is told once, with the interfaces that the block reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.spec.api_changes import operation_changes, shape_changes
from harness.spec.change import Change, ordered, placed, tell
from harness.spec.field_changes import object_changes
from harness.spec.release import Release, Schema


def diff(old: Release, new: Release) -> tuple[Change, ...]:
    """Return the changes from ``old`` to ``new``: interfaces, blocks and fields, then the API."""
    reach = _reach(old), _reach(new)
    return (
        *_interfaces(old, new),
        *_blocks(old, new, *reach),
        *_merged(_messages(old, new)),
        *shape_changes(old, new),
        *operation_changes(old, new),
    )


def _interfaces(old: Release, new: Release) -> Iterator[Change]:
    for interface in ordered(old.interfaces, new.interfaces):
        before, after = old.events(interface), new.events(interface)
        if not before:
            events = ", ".join(after)
            yield tell(
                "interface-added",
                (interface,),
                after=events,
                summary=f"Interface {interface} is new, with {_plural('event', after)} {events}.",
            )
        elif not after:
            events = ", ".join(before)
            yield tell(
                "interface-removed",
                (interface,),
                before=events,
                summary=f"Interface {interface} is gone, with {_plural('event', before)} {events}.",
            )
        else:
            for event in after:
                if event not in before:
                    yield tell(
                        "event-added",
                        (interface,),
                        field=event,
                        after=event,
                        summary=f"{interface} gains the event {event}.",
                    )
            for event in before:
                if event not in after:
                    yield tell(
                        "event-removed",
                        (interface,),
                        field=event,
                        before=event,
                        summary=f"{interface} loses the event {event}.",
                    )


def _blocks(
    old: Release,
    new: Release,
    old_reach: Mapping[str, tuple[str, ...]],
    new_reach: Mapping[str, tuple[str, ...]],
) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    for name in ordered(before, after):
        touched = ordered(old_reach.get(name, ()), new_reach.get(name, ()))
        used = f", used by {_listed(touched)}" if touched else ", used by no message"
        if name not in before:
            fields = ", ".join(after[name]["properties"])
            yield tell(
                "block-added",
                touched,
                block=name,
                after=fields,
                summary=f"Block {name} is new{used}: {fields}.",
            )
        elif name not in after:
            fields = ", ".join(before[name]["properties"])
            yield tell(
                "block-removed",
                touched,
                block=name,
                before=fields,
                summary=f"Block {name} is gone{used}: {fields}.",
            )
        else:
            for change in object_changes(before[name], after[name], f"block {name}"):
                yield placed(change, interfaces=touched, block=name)


def _messages(old: Release, new: Release) -> Iterator[Change]:
    for name in ordered(old.messages, new.messages):
        if name not in old.messages or name not in new.messages:
            continue  # told as an interface or event
        interface = new.messages[name].interface
        before, after = old.schema(name), new.schema(name)
        for part in ordered(before["properties"], after["properties"]):
            if part not in before["properties"]:
                yield tell(
                    "block-added",
                    (interface,),
                    message=name,
                    block=part,
                    after=part,
                    summary=f"{name} gains the {part}.",
                )
            elif part not in after["properties"]:
                yield tell(
                    "block-removed",
                    (interface,),
                    message=name,
                    block=part,
                    before=part,
                    summary=f"{name} loses the {part}.",
                )
            else:
                inner_before, inner_after = before["properties"][part], after["properties"][part]
                for change in object_changes(inner_before, inner_after, f"the {part} of {name}"):
                    yield placed(change, interfaces=(interface,), message=name, block=part)
        was, now = (side["properties"]["CommonBlock"]["properties"]["S0"] for side in (before, after))
        for change in object_changes(was, now, f"the header (S0) of {name}"):
            yield placed(change, interfaces=(interface,), message=name, block="S0")


def _merged(changes: Iterable[Change]) -> Iterator[Change]:
    """Tell one change that many messages share once."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        key = (change.kind, change.block, change.field, change.before, change.after)
        groups.setdefault(key, []).append(change)
    for group in groups.values():
        first = group[0]
        if len(group) == 1:
            yield first
            continue
        interfaces = tuple(dict.fromkeys(interface for change in group for interface in change.interfaces))
        summary = first.summary.replace(f" of {first.message}", f" of {_listed(interfaces)}")
        yield Change(first.kind, interfaces, "", first.block, first.field, first.before, first.after, summary)


def _reach(release: Release) -> dict[str, tuple[str, ...]]:
    """Return, for each block, the interfaces whose messages hold it at any depth."""
    found: dict[str, set[str]] = {}
    for message in release.messages.values():
        for block in _held(release.schema(message.name)):
            found.setdefault(block, set()).add(message.interface)
    return {
        block: tuple(name for name in release.interfaces if name in names) for block, names in found.items()
    }


def _held(schema: Schema) -> Iterator[str]:
    if "x-block" in schema:
        yield schema["x-block"]
    for inner in schema.get("properties", {}).values():
        yield from _held(inner)
    if "items" in schema:
        yield from _held(schema["items"])


def _named(release: Release) -> dict[str, Schema]:
    blocks = {name: release.block_schema(name) for name in release.blocks}
    return blocks | {name: release.report_schema(name) for name in release.reports}


def _listed(interfaces: tuple[str, ...]) -> str:
    return ", ".join(interfaces) if len(interfaces) <= 4 else f"{len(interfaces)} interfaces"


def _plural(word: str, things: tuple[str, ...]) -> str:
    return word if len(things) == 1 else f"{word}s"
