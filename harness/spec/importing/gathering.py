"""What the API reaches, by bare name: every definition with its references turned into names (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.errors import ConfigurationError
from harness.spec.importing.documents import Documents, Place

Schema = dict[str, Any]

KEPT = "x-dip-kept"
"""In a single document: names of schemas that belong to the API although no operation uses them."""
_PROSE = {"description", "title", "summary", "externalDocs", "deprecated"}
_KNOWN = {
    *("type", "format", "nullable", "enum", "pattern", "example", "multipleOf"),
    *("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"),
    *("items", "properties", "required", "additionalProperties", "oneOf", "$ref"),
}


@dataclass(slots=True)
class Gathered:
    """The schemas by name, and what is wrong with the source, all at once."""

    schemas: dict[str, Schema] = field(default_factory=dict)
    missing: dict[Place, str] = field(default_factory=dict)
    """Definitions that are not there, with the file that uses them."""
    absent: set[str] = field(default_factory=set)
    """Files that are not there."""

    def said(self) -> list[str]:
        """Say what is missing, one text each; of a whole file how many definitions of it are used."""
        counted = Counter(place.file for place in self.missing if place.file in self.absent)
        files = [f"the file {file}, of which {count} definitions are used" for file, count in counted.items()]
        single = [
            f"{place}, used in {inside}"
            for place, inside in self.missing.items()
            if place.file not in self.absent
        ]
        return [*files, *single]


def gather(documents: Documents) -> Gathered:
    """Follow every reference from the operations on; definitions that nothing reaches are left out.

    Where the API comes as several files, the schemas of the main file belong to it even when no operation
    uses them. Raises ConfigurationError for a definition that contains itself, for two different ones of one
    name, and for a keyword that has no place in our form.
    """
    main = documents.document(documents.main)
    found = Gathered()
    places: dict[str, Place] = {}
    waiting = [*_references(main.get("paths"), documents, documents.main, found)]
    waiting += _own(documents, main, found)
    while waiting:
        place = waiting.pop()
        if place.kind != "schemas":
            if place.kind != "examples":
                waiting += _references(documents.definition(place), documents, place.file, found)
            continue
        before = places.get(place.name)
        if before is None:
            places[place.name] = place
            definition = documents.definition(place)
            waiting += _references(definition, documents, place.file, found)
            found.schemas[place.name] = bare(definition, documents, place)
        elif (
            before != place
            and bare(documents.definition(place), documents, place) != (found.schemas[place.name])
        ):
            raise ConfigurationError(
                f"{place.name} is defined twice and not alike, here and in {before.file}", where=place.file
            )
    _refuse_cycles(found.schemas, places)
    return found


def bare(definition: Any, documents: Documents, place: Place) -> Schema:
    """Return a schema without prose, each reference as ``{"$ref": NAME}``."""
    if not isinstance(definition, dict):
        raise ConfigurationError("is no schema", where=str(place))
    if "$ref" in definition:
        return {"$ref": documents.place(str(definition["$ref"]), inside=place.file).name}
    unknown = [key for key in definition if key not in _KNOWN and key not in _PROSE and key[:2] != "x-"]
    if unknown:
        raise ConfigurationError(
            f"has the keyword '{unknown[0]}'",
            where=str(place),
            mend=f"Understood are {', '.join(sorted(_KNOWN))}.",
        )
    found: Schema = {}
    for key, value in definition.items():
        if key == "properties":
            found[key] = {name: bare(each, documents, place) for name, each in (value or {}).items()}
        elif key == "items":
            found[key] = bare(value, documents, place)
        elif key == "oneOf":
            found[key] = [bare(each, documents, place) for each in value]
        elif key in _KNOWN:
            found[key] = value
    return found


def named(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that a schema refers to."""
    if "$ref" in schema:
        yield schema["$ref"]
    for value in (*schema.get("properties", {}).values(), *schema.get("oneOf", ())):
        yield from named(value)
    if "items" in schema:
        yield from named(schema["items"])


def _own(documents: Documents, main: Mapping[str, Any], found: Gathered) -> Iterator[Place]:
    schemas = (main.get("components") or {}).get("schemas") or {}
    several = any(
        place.file != documents.main for place in _references(schemas, documents, documents.main, found)
    )
    kept = schemas if several else main.get(KEPT, ())
    for name in kept:
        place = Place(documents.main, "schemas", str(name))
        if documents.holds(place):
            yield place
        else:
            found.missing[place] = f"{documents.main} ({KEPT})"


def _references(node: Any, documents: Documents, inside: str, found: Gathered) -> Iterator[Place]:
    """Yield the definitions that a node refers to; those that are not there are noted as missing."""
    for reference in references(node):
        place = documents.place(reference, inside=inside)
        if place.kind == "examples":
            continue
        try:
            there = documents.holds(place)
        except ConfigurationError as error:
            if not error.what.endswith("is missing"):
                raise
            found.absent.add(place.file)
            there = False
        if there:
            yield place
        else:
            found.missing.setdefault(place, inside)


def references(node: Any) -> Iterator[str]:
    """Yield the text of every ``$ref`` in a node, examples left out."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            elif key not in {"example", "examples"}:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def _refuse_cycles(schemas: Mapping[str, Schema], places: Mapping[str, Place]) -> None:
    """Walk down from every definition without recursion; a name met again on its own path closes a circle."""
    done: set[str] = set()
    for start in schemas:
        path: list[str] = []
        walks: list[Iterator[str]] = [iter((start,))]
        while walks:
            nested = next(walks[-1], None)
            if nested is None:
                walks.pop()
                if path:
                    done.add(path.pop())
            elif nested in path:
                circle = " > ".join([*path[path.index(nested) :], nested])
                raise ConfigurationError(f"contains itself: {circle}", where=str(places[nested]))
            elif nested not in done and nested in schemas:
                path.append(nested)
                walks.append(named(schemas[nested]))
