"""A release as APIs are published: several YAML files that refer to one another on the web."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from harness.spec.exporting import export
from harness.spec.importing.gathering import KEPT
from harness.spec.release import Release

WEB = "https://raw.githubusercontent.com/somebody/dip/main/"
MAIN = "SubmitEvents-unresolved.yaml"
_PREFIX = "#/components/schemas/"


def file_of(release: Release, name: str) -> str:
    """Say in which file a definition lies."""
    if name in release.api or name == "RequeueId":
        return MAIN
    if name in release.types:
        return "DataTypes-unresolved.yaml" if name.startswith("DT-") else "DataCatalogue-unresolved.yaml"
    return "RealCommonBlocks-unresolved.yaml" if name in release.blocks else "Interfaces-unresolved.yaml"


def write_published(release: Release, folder: Path) -> None:
    """Write the files of a release; every reference goes through the web."""
    document = export(release)
    document.pop(KEPT, None)
    files: dict[str, dict[str, Any]] = {MAIN: document}
    schemas = document["components"].pop("schemas")
    document["components"]["schemas"] = {}
    for name, schema in schemas.items():
        file = files.setdefault(
            file_of(release, name),
            {
                "openapi": "3.0.0",
                "info": {"title": "part", "version": release.name},
                "components": {"schemas": {}},
            },
        )
        file["components"]["schemas"][name] = (
            {**schema, "description": "Prose."} if "$ref" not in schema else schema
        )
    folder.mkdir(parents=True, exist_ok=True)
    for file_name, content in files.items():
        text = yaml.safe_dump(_on_the_web(content, release), sort_keys=False, allow_unicode=True, width=200)
        (folder / file_name).write_text(text, encoding="utf-8")


def _on_the_web(node: Any, release: Release) -> Any:
    if isinstance(node, list):
        return [_on_the_web(each, release) for each in node]
    if not isinstance(node, dict):
        return node
    found = {}
    for key, value in node.items():
        if key == "$ref" and value.startswith(_PREFIX):
            name = value.removeprefix(_PREFIX)
            found[key] = f"{WEB}{file_of(release, name)}{_PREFIX}{name}"
        else:
            found[key] = _on_the_web(value, release)
    return found
