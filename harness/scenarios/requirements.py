"""The requirement register: what a test can verify, in our own words, with source, clause and basis.

It is a folder of YAML files, checked against `requirements.schema.json`, beside `sources.yaml`, which says
what each source is. Ids carry the prefix ``DH-`` and are ours; those of others stand in ``external_ids``.
A single file that carries its own ``sources`` is a register too: somebody's baseline, put beside the shipped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator

from harness.data import folder as data_folder
from harness.errors import ConfigurationError, nearest
from harness.settings import read
from harness.spec.release import load, names
from harness.spec.roles import expand

SOURCES = "sources.yaml"
_SCHEMA = Path(__file__).with_name("requirements.schema.json")


@dataclass(frozen=True, slots=True)
class Source:
    """A document or page that requirements come from."""

    key: str
    title: str
    publisher: str
    address: str
    note: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement; ``type`` is F, M, NF or O, ``basis`` published, third-party or assumed.

    ``part`` is sender or recipient where a participant meets it in that part of an exchange alone. ``events``
    are without brackets; ``interfaces``, ``events`` and ``segments`` are empty where it holds for all.
    """

    id: str
    title: str
    text: str
    type: str
    source: str
    clause: str
    roles: tuple[str, ...]
    part: str
    interfaces: tuple[str, ...]
    basis: str
    refusal: bool
    method: str
    phases: tuple[str, ...]
    external_ids: Mapping[str, str]
    parent: str
    file: str
    version: str = ""
    """The version of the source; of a source of ours empty."""
    area: str = ""
    priority: str = ""
    """MoSCoW, in the words of its baseline."""
    events: tuple[str, ...] = ()
    data_items: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    covered_by: tuple[str, ...] = ()
    """Other requirements whose tests verify this one."""

    @property
    def concrete_roles(self) -> tuple[str, ...]:
        """The roles with ALL written out, each once."""
        spelled = (each for role in self.roles for each in (expand("Public") if role == "ALL" else (role,)))
        return tuple(dict.fromkeys(spelled))

    @property
    def asked(self) -> dict[str, str]:
        """What it asks, aspect by aspect, to tell later which of them changed; the text as a digest."""
        return {
            "text": hashlib.sha256(self.text.encode()).hexdigest()[:16],
            "version": self.version,
            "roles": " ".join([*self.concrete_roles, *([self.part] if self.part else [])]),
            "interfaces": " ".join(self.interfaces),
        }


class Register(Mapping[str, Requirement]):
    """The requirements by id, in the order of files and entries."""

    def __init__(
        self, requirements: Iterable[Requirement], sources: Mapping[str, Source], digest: str
    ) -> None:
        self._requirements = {requirement.id: requirement for requirement in requirements}
        self.sources = dict(sources)
        self.digest = digest
        """SHA-256 over the register's files, by which a trace names its baseline."""

    def __getitem__(self, identifier: str) -> Requirement:
        return self._requirements[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._requirements)

    def __len__(self) -> int:
        return len(self._requirements)

    def asked(self) -> dict[str, dict[str, str]]:
        """Return what each requirement asks, by id."""
        return {identifier: each.asked for identifier, each in self._requirements.items()}

    def verified_by(self, identifier: str) -> tuple[str, ...]:
        """Return the ids whose tests verify a requirement: its own, then those that cover it."""
        requirement = self._requirements.get(identifier)
        return (identifier, *(requirement.covered_by if requirement else ()))

    def check(self, identifiers: Iterable[str], *, where: str) -> None:
        """Raise ConfigurationError for the first id that is not registered, with the nearest that is."""
        for identifier in identifiers:
            if identifier not in self._requirements:
                mend = nearest(identifier, self._requirements).split(" Known:")[0]
                raise ConfigurationError(
                    f"'{identifier}' is no requirement of the register",
                    where=where,
                    mend=mend if mend.startswith("Did") else "See test_catalogue/requirements.",
                )


@cache
def shipped() -> Register:
    """Return the register that comes with the harness."""
    return joined([read_register(data_folder("test_catalogue") / "requirements")])


def register_of(catalogue: Path) -> Register:
    """Return the register of a catalogue folder; the shipped one where it holds none."""
    own = catalogue / "requirements"
    if not any(own.glob("*.yaml")) or catalogue.resolve() == data_folder("test_catalogue").resolve():
        return shipped()
    return joined([read_register(own)])


def joined(registers: Iterable[Register]) -> Register:
    """Return one register of several; raises ConfigurationError for an id given twice or one that is none."""
    whole = together(registers)
    for requirement in whole.values():
        for each in requirement.covered_by:
            if each not in whole:
                raise ConfigurationError(
                    f"'{each}' under 'covered_by' is no requirement",
                    where=f"{requirement.file}, {requirement.id}",
                    mend=nearest(each, whole).split(" Known:")[0],
                )
    return whole


def together(registers: Iterable[Register]) -> Register:
    """Return one register of several, whatever their ``covered_by`` names; raises as `joined` for the ids."""
    listed = list(registers)
    found: dict[str, Requirement] = {}
    for register in listed:
        for requirement in register.values():
            if requirement.id in found:
                raise ConfigurationError(
                    f"the id {requirement.id} is given twice: also in {found[requirement.id].file}",
                    where=requirement.file,
                )
            found[requirement.id] = requirement
    sources = {key: source for register in listed for key, source in register.sources.items()}
    digests = [register.digest for register in listed]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return Register(found.values(), sources, digest)


def read_register(place: Path, *, interfaces: Iterable[str] | None = None) -> Register:
    """Read and check a register, a folder or one file; raises ConfigurationError naming file, entry and fix.

    ``interfaces`` are those that a requirement may name; by default those of every shipped release. What
    ``covered_by`` names may stand in another register: `joined` checks it.
    """
    alone = not place.is_dir()
    files = [place] if alone else [path for path in sorted(place.glob("*.yaml")) if path.name != SOURCES]
    if not files:
        raise ConfigurationError("holds no requirements (*.yaml)", where=str(place))
    listed = [] if alone else [place / SOURCES]
    sources = {} if alone else _read_sources(place / SOURCES)
    known = frozenset(interfaces) if interfaces is not None else _shipped_interfaces()
    found: dict[str, Requirement] = {}
    for path in files:
        content = read(path)
        if alone or "sources" in content:
            sources |= _read_sources(path)
        for entry, data in _entries(path, content):
            requirement = _requirement(data, path.name)
            _check_names(requirement, sources, known, where=f"{path}, {entry}")
            if requirement.id in found:
                raise ConfigurationError(
                    f"the id is given twice: also in {found[requirement.id].file}",
                    where=f"{path}, {entry}",
                    mend="Ids are never used again; take the next free number.",
                )
            found[requirement.id] = requirement
    for requirement in found.values():
        if requirement.parent and requirement.parent not in found:
            raise ConfigurationError(
                f"parent '{requirement.parent}' is no requirement",
                where=f"{requirement.file}, {requirement.id}",
            )
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in [*files, *listed])).hexdigest()
    return Register(found.values(), sources, digest)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(cast("dict[str, Any]", json.loads(_SCHEMA.read_text(encoding="utf-8"))))


@cache
def _shipped_interfaces() -> frozenset[str]:
    return frozenset(interface for name in names() for interface in load(name).interfaces)


def _entries(path: Path, data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each entry with the words that find it; raises ConfigurationError for a malformed one."""
    listed = data.get("requirements")
    for problem in sorted(_validator().iter_errors(data), key=lambda problem: list(map(str, problem.path))):
        steps = list(problem.absolute_path)
        entry = listed[steps[1]] if isinstance(listed, list) and len(steps) > 1 else {}
        name = (
            entry.get("id", f"entry {int(steps[1]) + 1}")
            if isinstance(entry, dict) and len(steps) > 1
            else ""
        )
        field = "/".join(map(str, steps[2:]))
        raise ConfigurationError(
            f"{field}: {_explain(problem)}" if field else _explain(problem),
            where=f"{path}, {name}" if name else str(path),
        )
    for number, entry in enumerate(cast("list[dict[str, Any]]", listed), start=1):
        yield f"{entry['id']} (entry {number})", entry


def _explain(problem: Any) -> str:
    if problem.validator == "additionalProperties" and isinstance(problem.instance, dict):
        known = problem.schema.get("properties", {})
        unknown = sorted(set(map(str, problem.instance)) - set(known))
        return f"'{unknown[0]}' is not known here. {nearest(unknown[0], known)}"
    if problem.validator == "enum":
        return (
            f"'{problem.instance}' is not allowed. {nearest(str(problem.instance), problem.validator_value)}"
        )
    return str(problem.message)


def _requirement(data: Mapping[str, Any], file: str) -> Requirement:
    return Requirement(
        id=data["id"],
        title=data["title"],
        text=" ".join(data["text"].split()),
        type=data["type"],
        source=data["source"],
        clause=data["clause"],
        roles=tuple(data["roles"]),
        part=data.get("part", ""),
        interfaces=tuple(data.get("interfaces", ())),
        basis=data["basis"],
        refusal=data.get("refusal", False),
        method=data.get("method", "execute"),
        phases=tuple(data.get("phases", ("CIT",))),
        external_ids=dict(data.get("external_ids", {})),
        parent=data.get("parent", ""),
        file=file,
        version=data.get("version", ""),
        area=data.get("area", ""),
        priority=data.get("priority", ""),
        events=tuple(data.get("events", ())),
        data_items=tuple(data.get("data_items", ())),
        segments=tuple(data.get("segments", ())),
        covered_by=tuple(data.get("covered_by", ())),
    )


def _check_names(
    requirement: Requirement, sources: Mapping[str, Source], interfaces: frozenset[str], *, where: str
) -> None:
    if requirement.source not in sources:
        raise ConfigurationError(
            f"'{requirement.source}' is no source of {SOURCES}",
            where=where,
            mend=nearest(requirement.source, sources),
        )
    for interface in requirement.interfaces:
        if interface not in interfaces:
            raise ConfigurationError(
                f"no release has an interface '{interface}'", where=where, mend=nearest(interface, interfaces)
            )


def _read_sources(path: Path) -> dict[str, Source]:
    listed = read(path).get("sources")
    if not isinstance(listed, dict):
        raise ConfigurationError(
            "names no sources", where=str(path), mend="Its mapping 'sources' says what each is."
        )
    found = {}
    for key, entry in listed.items():
        fields = {"title", "publisher", "address", "note"}
        if (
            not isinstance(entry, dict)
            or set(entry) != fields
            or not all(isinstance(v, str) for v in entry.values())
        ):
            raise ConfigurationError(
                f"source '{key}' does not have exactly the texts {', '.join(sorted(fields))}", where=str(path)
            )
        found[key] = Source(key, **entry)
    return found
