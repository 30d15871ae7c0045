"""Reading our own TOML files: every error names the file, the table, the field and the fix."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ConfigurationError, nearest

_HEADER = re.compile(r"\s*\[(\[?)\s*([A-Za-z0-9_-]+)\s*\]")
_FIELD = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")


@dataclass(slots=True)
class Lines:
    """Where a table and its fields stand in their file (lines from 1), and the tables right below it."""

    file: str
    line: int = 1
    fields: dict[str, int] = field(default_factory=dict)
    below: dict[str, list[Lines]] = field(default_factory=dict)

    @classmethod
    def of_text(cls, text: str, file: str) -> Lines:
        """Find the lines of a TOML text whose tables lie one level deep."""
        top = now = cls(file)
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                now = cls(file, number)
                top.below.setdefault(header[2], []).append(now)
            elif found := _FIELD.match(line):
                now.fields.setdefault(found[1], number)
        return top

    def of(self, name: str) -> str:
        """Return file and line of a field; of its table where it is not there."""
        below = self.below.get(name)
        line = self.fields.get(name) or (below[0].line if below else self.line)
        return f"{self.file}, line {line}"


class Table:
    """One TOML table that is being read: fields are taken out by name and type, what is left is refused."""

    def __init__(self, values: Mapping[str, object], where: str, lines: Lines | None = None) -> None:
        self._values = dict(values)
        self._known: list[str] = []
        self._lines = lines
        self.where = where

    @classmethod
    def of_file(cls, path: Path, *, lines: bool = False) -> Table:
        """Read a file's top table; raises ConfigurationError when it can't be read or is not TOML.

        With ``lines`` errors name the line, not the table.
        """
        try:
            text = path.read_bytes().decode("utf-8")
            found = Lines.of_text(text, str(path)) if lines else None
            return cls(tomllib.loads(text), str(path), found)
        except FileNotFoundError as error:
            raise ConfigurationError("there is no such file", where=str(path)) from error
        except OSError as error:
            raise ConfigurationError(f"can't be read: {error.strerror}", where=str(path)) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"is not TOML: {error}", where=str(path)) from error

    def fail(self, name: str, problem: str, mend: str = "") -> ConfigurationError:
        """Return the error for one field."""
        where = self._lines.of(name.partition(" ")[0]) if self._lines else self.where
        return ConfigurationError(f"{name} {problem}", where=where, mend=mend)

    def _take(self, name: str) -> object:
        self._known.append(name)
        return self._values.pop(name, None)

    def optional(self, name: str) -> str | None:
        """Take a text that may be absent; an empty one is an error."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.fail(name, f"is {value!r}, expected a text", f'Put it in quotes: {name} = "{value}".')
        if not value.strip():
            raise self.fail(name, "is empty", "Give it a value or remove the line.")
        return value

    def text(self, name: str) -> str:
        """Take a text that must be there."""
        value = self.optional(name)
        if value is None:
            near = [key for key in self._values if key.replace("-", "_").lower() == name]
            hint = f"The table has '{near[0]}'." if near else f'Add {name} = "..." to the table.'
            raise self.fail(name, "is missing", hint)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of texts that may be absent."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.fail(name, f"is {value!r}, expected a list of texts")
        return tuple(value)

    def mapping(self, name: str) -> dict[str, str]:
        """Take a table of texts that may be absent."""
        value = self._take(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise self.fail(name, f"is {value!r}, expected a table of texts")
        return value

    def tables(self, name: str) -> list[Table]:
        """Take an array of tables that may be absent; each is named by its own name, or by its place."""
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fail(name, "is not an array of tables", f"Write [[{name}]] above each.")
        found = []
        for place, item in enumerate(value, start=1):
            label = item.get("name") or item.get("dip_id") or place
            below = self._lines.below.get(name, []) if self._lines else []
            lines = below[place - 1] if place <= len(below) else self._lines
            found.append(Table(item, f"{self.where}: {name} {label}", lines))
        return found

    def table(self, name: str) -> Table:
        """Take a table that may be absent: an empty one then."""
        value = self._take(name)
        if value is not None and not isinstance(value, dict):
            raise self.fail(name, f"is {value!r}, expected a table", f"Write [{name}] above its fields.")
        below = self._lines.below.get(name) if self._lines else None
        return Table(value or {}, f"{self.where}: {name}", below[0] if below else self._lines)

    def number(self, name: str) -> int | None:
        """Take a whole number that may be absent."""
        value = self._take(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.fail(name, f"is {value!r}, expected a whole number")
        return value

    def nothing_else(self) -> None:
        """Refuse fields that nobody took."""
        for name in self._values:
            raise self.fail(name, "is no field of this table", nearest(name, self._known))

    def file(self, name: str, base: Path) -> Path:
        """Take the path of a file that must be there; it starts at ``base``."""
        return self._existing(name, self.text(name), base)

    def optional_file(self, name: str, base: Path) -> Path | None:
        """Take a path that may be absent; the file that it names must be there."""
        value = self.optional(name)
        return None if value is None else self._existing(name, value, base)

    def _existing(self, name: str, value: str, base: Path) -> Path:
        path = base / value
        if not path.is_file():
            raise self.fail(name, f"names {path}, which is no file", f"Paths start at {base.absolute()}.")
        return path
