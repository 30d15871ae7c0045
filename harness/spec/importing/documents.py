"""The files of a published API, read with limits and without a network.

The published YAML is several files whose ``$ref``s point at a branch on the web. Only the file's name in
such a reference counts here: the file of that name beside the main document is meant, so that all files are
of one state.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from harness.errors import ConfigurationError

Node = Any

MOST_BYTES = 32_000_000
"""Of all files together; the published ones are about 1 MB."""
MOST_DEPTH = 60
_SUFFIXES = (".yaml", ".yml", ".json")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REFERENCE = re.compile(r"/components/(?P<kind>\w+)/(?P<name>[^/]+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class _PlainLoader(_LOADER):  # type: ignore[misc]
    """YAML whose scalars are those of JSON: a date stays text, and so does a number with leading zeros."""


_PlainLoader.yaml_implicit_resolvers = {}
for _pattern, _tag, _first in (
    (r"true|false|True|False|TRUE|FALSE", "bool", "tTfF"),
    (r"-?(?:0|[1-9]\d*)", "int", "-0123456789"),
    (r"-?(?:0|[1-9]\d*)(?:\.\d+)(?:[eE][-+]?\d+)?", "float", "-0123456789"),
    (r"null|Null|NULL|~|", "null", ["n", "N", "~", ""]),
):
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})$"), list(_first)
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A definition: the file that holds it, its kind (``schemas``, ``parameters``...) and its name."""

    file: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.file}#/components/{self.kind}/{self.name}"


@dataclass(slots=True)
class Documents:
    """The documents of an API by file name, each read when it is first asked for."""

    folder: Path
    main: str
    read: dict[str, Node] = field(default_factory=dict)
    size: int = 0

    def document(self, file: str) -> Node:
        """Return a document; ConfigurationError for one that is absent, too big, hostile or no mapping."""
        if file not in self.read:
            path = self.folder / file
            if not path.is_file() or path.resolve().parent != self.folder.resolve():
                raise ConfigurationError(
                    f"{file} is missing",
                    where=str(self.folder),
                    mend="Put all files of the API in one folder.",
                )
            self.size += path.stat().st_size
            if self.size > MOST_BYTES:
                raise ConfigurationError(
                    f"the files are over {MOST_BYTES // 1_000_000} MB together", where=str(path)
                )
            self.read[file] = _read(path)
        return self.read[file]

    def place(self, reference: str, *, inside: str) -> Place:
        """Return what a ``$ref`` in the file ``inside`` means; ConfigurationError for any other form."""
        parts = urlsplit(reference)
        file = PurePosixPath(unquote(parts.path)).name if parts.path else inside
        match = _REFERENCE.fullmatch(unquote(parts.fragment))
        local = parts.scheme in {"", "http", "https"} and ".." not in PurePosixPath(unquote(parts.path)).parts
        if match is None or not local or not file.endswith(_SUFFIXES) or not _NAME.fullmatch(match["name"]):
            raise ConfigurationError(
                f"the reference {_short(reference)} is none that can be followed",
                where=inside,
                mend="Expected is FILE.yaml#/components/schemas/NAME, where FILE lies beside this file.",
            )
        return Place(file, match["kind"], match["name"])

    def holds(self, place: Place) -> bool:
        """Say whether a definition is there; raises ConfigurationError when its file is not."""
        return place.name in self._kind(place)

    def definition(self, place: Place) -> Node:
        """Return a definition that `holds` found."""
        return self._kind(place)[place.name]

    def _kind(self, place: Place) -> Node:
        components = self.document(place.file).get("components")
        found = components.get(place.kind) if isinstance(components, dict) else None
        return found if isinstance(found, dict) else {}


def open_documents(source: Path) -> Documents:
    """Find the main document (the one with ``paths``) in a folder, or take a file as it.

    Raises ConfigurationError when there is none, more than one, or one that can't be read.
    """
    if source.is_file():
        found = Documents(source.parent, source.name)
        _paths(found.document(source.name), source)
        return found
    if not source.is_dir():
        raise ConfigurationError("is neither a file nor a folder", where=str(source))
    files = sorted(path.name for path in source.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    candidates = [name for name in files if _may_have_paths(source / name)]
    found = Documents(source, "")
    mains = [name for name in candidates if isinstance(found.document(name).get("paths"), dict)]
    if len(mains) != 1:
        said = f"{', '.join(mains)} all have 'paths'" if mains else "holds no OpenAPI document with 'paths'"
        raise ConfigurationError(said, where=str(source), mend="Name the main file itself.")
    found.main = mains[0]
    return found


def _may_have_paths(path: Path) -> bool:
    if path.stat().st_size > MOST_BYTES:
        raise ConfigurationError(f"is over {MOST_BYTES // 1_000_000} MB", where=str(path))
    return b"paths" in path.read_bytes()


def _paths(document: Node, path: Path) -> None:
    if not isinstance(document.get("paths"), dict):
        raise ConfigurationError(
            "has no 'paths'", where=str(path), mend="Name the file that holds the operations, or its folder."
        )


def _read(path: Path) -> Node:
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = json.loads(text) if path.suffix == ".json" else _yaml(text, path)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"is not UTF-8 at byte {error.start}", where=str(path)) from error
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"is no JSON: {error.msg}", where=f"{path}:{error.lineno}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "can't be read"
        raise ConfigurationError(f"is no YAML: {what}", where=f"{path}{line}") from error
    except RecursionError as error:
        raise ConfigurationError(f"is nested deeper than {MOST_DEPTH} levels", where=str(path)) from error
    if not isinstance(document, dict):
        raise ConfigurationError("is no mapping", where=str(path))
    if path.suffix == ".json" and _too_deep(document):
        raise ConfigurationError(f"is nested deeper than {MOST_DEPTH} levels", where=str(path))
    return document


def _yaml(text: str, path: Path) -> Node:
    """Load YAML after a look at its events: no aliases (they can grow without end), no tags, no depth."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        where = f"{path}:{event.start_mark.line + 1}" if event.start_mark else str(path)
        if isinstance(event, yaml.AliasEvent):
            raise ConfigurationError("uses a YAML alias", where=where, mend="Write the value out.")
        tag = getattr(event, "tag", None)
        if tag not in {None, "!"}:
            raise ConfigurationError(f"uses the YAML tag {tag}", where=where, mend="Leave the tag out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                raise ConfigurationError(f"is nested deeper than {MOST_DEPTH} levels", where=where)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return yaml.load(text, Loader=_PlainLoader)


def _too_deep(document: Node) -> bool:
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            return True
        values = [list(node.values()) if isinstance(node, dict) else node for node in level]
        level = [each for group in values for each in group if isinstance(each, dict | list)]
    return False


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:117] + "...")
