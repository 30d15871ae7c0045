"""Putting an imported release on the shelf: checked as a whole first, then there at once or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from harness.errors import ConfigurationError, EnvironmentFault, HarnessError
from harness.spec import shelf
from harness.spec.importing.completeness import refuse_enormous, refuse_incomplete
from harness.spec.importing.documents import Documents, open_documents
from harness.spec.importing.gathering import gather
from harness.spec.importing.operations import read_operations
from harness.spec.importing.shaping import shape
from harness.spec.importing.writing import release_text
from harness.spec.release import FILES, Release
from harness.spec.routing import load_routing
from harness.spec.validators import Validators, null_in_enums


@dataclass(frozen=True, slots=True)
class Imported:
    """A release that was put on the shelf. ``unrouted`` are interfaces nobody is known to send or receive."""

    release: Release
    files: Mapping[str, str]
    """SHA-256 of each file that was read."""
    unrouted: tuple[str, ...]


def import_release(source: Path, name: str, *, replace: bool = False) -> Imported:
    """Read a published API and put it on the shelf as ``name``.

    Raises ConfigurationError for a name that is taken or can't be one, for a source that is incomplete,
    contradicts itself or is hostile, EnvironmentFault where the disk refuses. Then nothing was written.
    """
    _refuse_name(name, replace=replace)
    documents = open_documents(source)
    gathered = gather(documents)
    refuse_enormous(gathered.schemas)
    parts: dict[str, Any] = {**shape(gathered.schemas), "operations": read_operations(documents)}
    refuse_incomplete(gathered, parts)
    files = {file: _digest(documents, file) for file in sorted(documents.read)}
    target = shelf.imports() / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=".importing-"))
    except OSError as error:
        raise EnvironmentFault(f"can't be written: {error.strerror}", where=str(target.parent)) from error
    try:
        for part in FILES:
            (draft / f"{part}.json").write_text(release_text(part, parts[part]), encoding="utf-8")
        release = _checked(name, draft)
        about = {"name": name, "from": documents.main, "files": files, "content": release.digest}
        (draft / shelf.SOURCE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        draft.chmod(0o755)
        _put(draft, target)
    except OSError as error:
        raise EnvironmentFault(f"can't be written: {error.strerror}", where=str(target)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    routing = load_routing()
    unrouted = tuple(
        interface
        for interface in release.interfaces
        if not any(
            routing.senders(interface, event) or routing.receivers(interface, event)
            for event in release.events(interface)
        )
    )
    return Imported(Release(name, target), files, unrouted)


def _refuse_name(name: str, *, replace: bool) -> None:
    if not shelf.NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} can't be the name of a release",
            where="--as",
            mend="Use letters, digits, dots and hyphens, such as 2.3.0-draft.",
        )
    if name in shelf.shipped():
        raise ConfigurationError(
            f"{name} is a shipped release",
            where="--as",
            mend="Choose another name, such as " + f"{name}-own.",
        )
    if name in shelf.imported() and not replace:
        raise ConfigurationError(
            f"{name} was imported before", where="--as", mend="Choose another name, or add --replace."
        )


def _checked(name: str, folder: Path) -> Release:
    """Return the release once every message can be validated; ConfigurationError names the one that can't."""
    release = Release(name, folder)
    validators = Validators(release, admit_null=null_in_enums())
    for message in release.messages:
        try:
            validators.message(message)
        except (HarnessError, jsonschema_rs.ValidationError, ValueError) as error:
            raise ConfigurationError(f"can't be validated: {error}", where=message) from error
    for operation in release.operations:
        for wanted in (operation.body, *operation.statuses.values()):
            if wanted is not None:
                release.api_schema(wanted)
    return release


def _put(draft: Path, target: Path) -> None:
    if target.exists():
        before = Path(tempfile.mkdtemp(dir=target.parent, prefix=".replaced-"))
        target.rename(before / target.name)
        draft.rename(target)
        shutil.rmtree(before, ignore_errors=True)
    else:
        draft.rename(target)


def _digest(documents: Documents, file: str) -> str:
    return hashlib.sha256((documents.folder / file).read_bytes()).hexdigest()
