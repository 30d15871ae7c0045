"""Reading our own TOML files: every error names the file, the table, the field and the fix."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from harness.errors import ConfigurationError, nearest


class Table:
    """One TOML table that is being read: fields are taken out by name and type, what is left is refused."""

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        self._values = dict(values)
        self._known: list[str] = []
        self.where = where

    @classmethod
    def of_file(cls, path: Path) -> Table:
        """Read a file's top table; raises ConfigurationError when it can't be read or is not TOML."""
        try:
            with path.open("rb") as file:
                return cls(tomllib.load(file), str(path))
        except FileNotFoundError as error:
            raise ConfigurationError("there is no such file", where=str(path)) from error
        except OSError as error:
            raise ConfigurationError(f"can't be read: {error.strerror}", where=str(path)) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"is not TOML: {error}", where=str(path)) from error

    def fail(self, name: str, problem: str, mend: str = "") -> ConfigurationError:
        """Return the error for one field."""
        return ConfigurationError(f"{name} {problem}", where=self.where, mend=mend)

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
            found.append(Table(item, f"{self.where}: {name} {label}"))
        return found

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
