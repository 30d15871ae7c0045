"""``dip release``: the API releases, shipped and imported."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.commands.release_import import export_command, import_command
from harness.errors import ConfigurationError, nearest
from harness.spec import shelf
from harness.spec.alignment import alignment
from harness.spec.diff import diff
from harness.spec.interfaces import interface_name, interfaces
from harness.spec.items import item_of
from harness.spec.notes import reasons
from harness.spec.release import DEFAULT, Release, Schema, load, names
from harness.spec.routing import Row, load_routing
from harness.spec.scope import cit_scope

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def release() -> None:
    """Show the API releases, bring others in, and say what changed between them."""


release.add_command(import_command)
release.add_command(export_command)


@release.command("list", epilog="\b\nExample:\n  dip release list --json")
@json_option
def list_releases(as_json: bool) -> None:
    """List the releases, oldest first."""
    found = [_summary(load(name)) for name in names()]
    if as_json:
        _print_json(found)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("release", "interfaces", "pairs", "reports", "messages", "schemaVersion", "aligned with"):
        table.add_column(column, justify="right" if column in _COUNTS else "left")
    for entry in found:
        table.add_row(
            entry["name"] + (" (default)" if entry["default"] else ""),
            str(entry["interfaces"]),
            str(entry["pairs"]),
            str(entry["reports"]),
            str(entry["messages"]),
            ", ".join(entry["schema_versions"]),
            "; ".join(entry["stages"]),
        )
    _console().print(table)


_COUNTS = {"interfaces", "pairs", "reports", "messages"}


@release.command(
    epilog="\b\nExample:\n  dip release show 2.1.0\n  dip release show 2.1.0 --interface IF-031 --json"
)
@click.argument("name", metavar="RELEASE")
@click.option("--interface", metavar="ID", help="Show the fields of one interface's messages.")
@json_option
def show(name: str, interface: str | None, as_json: bool) -> None:
    """Show what RELEASE holds: interfaces, events, who sends and receives them, operations."""
    found = load(name)
    if interface is not None:
        _show_interface(found, interface.upper(), as_json=as_json)
        return
    shown = {
        **_summary(found),
        "digest": found.digest,
        "interface_list": [_described(found, each) for each in found.interfaces],
        "operations": [f"{each.method} {each.path}" for each in found.operations],
        "validate_paths": len(found.validate_paths),
    }
    if as_json:
        _print_json(shown)
        return
    console = _console()
    console.print(f"API release {found.name}", style="bold")
    console.print(
        f"{shown['interfaces']} interfaces with {shown['pairs']} events, {shown['reports']} report events, "
        f"{shown['messages']} messages, {shown['validate_paths']} validate paths"
    )
    console.print(f"aligned with: {'; '.join(shown['stages'])}")
    console.print(f"content: sha256 {found.digest}\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "name", "events", "from", "to"):
        table.add_column(column, justify="right" if column == "events" else "left")
    for entry in shown["interface_list"]:
        count = str(len(entry["events"]))
        table.add_row(entry["id"], entry["name"], count, _few(entry["senders"]), _few(entry["receivers"]))
    console.print(table)
    console.print("\noperations", style="bold")
    for operation in shown["operations"]:
        console.print(f"  {operation}")


@release.command(
    "diff", epilog="\b\nExample:\n  dip release diff 2.1.0 2.2.1\n  dip release diff 1.8.3 2.0.1 --json"
)
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@json_option
def show_diff(old: str, new: str, as_json: bool) -> None:
    """Show what changed from release A to release B, field by field.

    Counted is what a field admits, not the name of its type. A change in a shared block is told once.
    """
    changes = [(change, reasons(change, old, new)) for change in diff(load(old), load(new))]
    if as_json:
        listed = [
            {**change.as_dict(), "reasons": [f"{note.reference}: {note.text}" for note in published]}
            for change, published in changes
        ]
        _print_json({"from": old, "to": new, "changes": listed})
        return
    console = _console()
    console.print(f"API release {old} to {new}: {len(changes)} changes", style="bold")
    for kind in dict.fromkeys(change.kind for change, _ in changes):
        console.print(f"\n{kind.replace('-', ' ')}", style="bold")
        for change, published in changes:
            if change.kind == kind:
                console.print(f"  {change.summary}")
                for note in published:
                    console.print(f"    {note.reference}: {note.text}", style="italic")
                if not all(each in change.summary for each in change.interfaces):
                    console.print(f"    in {', '.join(change.interfaces)}", style="dim")


def _summary(found: Release) -> dict[str, Any]:
    rows = [row for row in alignment() if row.api_release == found.name]
    versions = {version for message in found.messages.values() for version in message.schema_versions}
    reports = sum(pair.report for pair in found.pairs)
    return {
        "name": found.name,
        "default": found.name == DEFAULT,
        "interfaces": sum(not each.startswith("REP-") for each in found.interfaces),
        "pairs": len(found.pairs) - reports,
        "reports": reports,
        "messages": len(found.messages),
        "schema_versions": sorted(versions),
        "interim_releases": [row.interim_release for row in rows if row.interim_release],
        "catalogues": [row.catalogue for row in rows if row.catalogue],
        "stages": _stages(found.name),
    }


def _stages(name: str) -> list[str]:
    """Return one text per stage, with the interim releases that it covers."""
    found: dict[str, list[str]] = {}
    for row in alignment():
        if row.api_release == name:
            found.setdefault(row.stage or "no stage given", []).append(row.interim_release)
    if name in shelf.imported():
        return ["imported"]
    return [
        stage + (f" ({', '.join(filter(None, interim))})" if any(interim) else "")
        for stage, interim in found.items()
    ]


def _described(found: Release, interface: str) -> dict[str, Any]:
    routing = load_routing()
    events = found.events(interface)
    senders = [row for event in events for row in routing.senders(interface, event)]
    receivers = [row for event in events for row in routing.receivers(interface, event)]
    return {
        "id": interface,
        "name": interface_name(interface),
        "events": list(events),
        "senders": _role_names(senders),
        "receivers": _role_names(receivers),
        "in_cit_scope": interface in cit_scope().interfaces,
    }


def _show_interface(found: Release, interface: str, *, as_json: bool) -> None:
    if interface not in found.interfaces:
        raise ConfigurationError(
            f"'{interface}' is no interface of API release {found.name}",
            where="--interface",
            mend=nearest(interface, found.interfaces),
        )
    described = _described(found, interface)
    messages = {
        message.name: [
            _field_line(path, schema, needed) for path, schema, needed in _fields(found, message.name)
        ]
        for message in found.messages.values()
        if message.interface == interface
    }
    routing = load_routing()
    routes = {
        event: [
            _route(row) for row in (*routing.senders(interface, event), *routing.receivers(interface, event))
        ]
        for event in described["events"]
    }
    purpose = interfaces()[interface].purpose if interface in interfaces() else ""
    if as_json:
        _print_json({**described, "purpose": purpose, "routing": routes, "messages": messages})
        return
    console = _console()
    console.print(f"{interface} {described['name']}", style="bold")
    console.print(purpose)
    for event, rows in routes.items():
        console.print(f"\n[{event}]", style="bold")
        for row in rows:
            words = ", ".join(filter(None, (row["condition"], row["note"], row["basis"])))
            console.print(f"  {row['tier']:<10}{row['role']:<7}{words}")
    for message, fields in messages.items():
        console.print(f"\n{message}", style="bold")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("field", "item", "needed", "form"):
            table.add_column(column, overflow="fold")
        around = ""
        for field in fields:
            parent, _, own = field["field"].rpartition("/")
            if parent != around:
                around = parent
                table.add_row(Text(parent, style="cyan"))
            table.add_row(f"  {own}", field["data_item"], field["needed"], field["form"])
        console.print(table)


def _fields(found: Release, message: str) -> list[tuple[tuple[str, ...], Schema, str]]:
    """Return each field of a message that holds a value, with its path and when it has to be there."""
    lines: list[tuple[tuple[str, ...], Schema, str]] = []

    def walk(schema: Schema, path: tuple[str, ...], block: str, needed: str) -> None:
        if "items" in schema:
            walk(schema["items"], (*path[:-1], path[-1] + "[]"), block, needed)
            return
        if "properties" not in schema:
            lines.append((path, {**schema, "x-item": _item(schema, block, path[-1])}, needed))
            return
        inside = "required" if needed == "required" else "with its block"
        for name, inner in schema["properties"].items():
            required = name in schema.get("required", ())
            walk(inner, (*path, name), schema.get("x-block", block), inside if required else "optional")

    walk(found.schema(message), (), "", "required")
    return lines


def _item(schema: Schema, block: str, key: str) -> str:
    named = str(schema.get("x-item", ""))
    return item_of(block, key.removesuffix("[]")) or (named[:6] if named.startswith("DI-") else "")


def _field_line(path: tuple[str, ...], schema: Schema, needed: str) -> dict[str, str]:
    return {
        "field": "/".join(path),
        "data_item": schema["x-item"],
        "needed": needed,
        "form": _form(schema),
    }


def _form(schema: Schema) -> str:
    facts = [str(schema.get("type", "any"))]
    if "enum" in schema:
        facts.append("|".join("null" if value is None else str(value) for value in schema["enum"]))
    elif "pattern" in schema:
        facts.append(schema["pattern"])
    elif "maxLength" in schema:
        least, most = schema.get("minLength", 0), schema["maxLength"]
        facts.append(f"{most if least == most else f'{least}..{most}'} characters")
    elif "minimum" in schema or "maximum" in schema:
        facts.append(f"{schema.get('minimum', '')}..{schema.get('maximum', '')}")
    if schema.get("nullable"):
        facts.append("or null")
    return " ".join(facts)


def _route(row: Row) -> dict[str, str]:
    return {
        "role": row.role,
        "tier": row.tier,
        "condition": row.condition,
        "when": row.when,
        "basis": row.basis,
        "note": row.note,
    }


def _role_names(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(row.role for row in rows))


def _few(roles: list[str], limit: int = 6) -> str:
    return " ".join(roles[:limit]) + (f" +{len(roles) - limit}" if len(roles) > limit else "")


def _console() -> Console:
    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=160)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
