"""Where a hub's PostgreSQL is: its URL, and the schema that the hub may call its own. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from harness.errors import ConfigurationError

SCHEMES = ("postgresql", "postgres")
_SCHEMA = re.compile("[a-z][a-z0-9_]{0,40}")


def masked(url: str) -> str:
    """Return a URL as it may be told: without its password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}@" if parts.username else ""
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "password"])
    return urlunsplit((parts.scheme, f"{user}{host}", parts.path, query, ""))


@dataclass(frozen=True, slots=True)
class Place:
    """A database and the beginning of the names of the hub's schemas, of which each release has one."""

    url: str
    """As libpq takes it; may hold a password."""
    schema: str

    @classmethod
    def read(cls, url: str) -> Place:
        """Read ``postgresql://user@host/database?schema=name``; raises ConfigurationError."""
        where = "--store"
        try:
            parts = urlsplit(url)
            pairs = parse_qsl(parts.query, keep_blank_values=True)
            if parts.port is not None and not parts.port > 0:
                raise ValueError("port 0")
        except ValueError as error:
            raise ConfigurationError(f"the URL can't be read: {error}", where=where) from error
        if not parts.path.strip("/"):
            raise ConfigurationError(
                f"{masked(url)} names no database",
                where=where,
                mend="Example: postgresql://dip@127.0.0.1/dip?schema=dip.",
            )
        schema = dict(pairs).get("schema", "dip")
        if not _SCHEMA.fullmatch(schema):
            raise ConfigurationError(
                f"'{schema}' can't be the name of a schema",
                where=where,
                mend="A small letter, then small letters, digits and _, at most 41 in all.",
            )
        query = urlencode([pair for pair in pairs if pair[0] != "schema"], quote_via=quote)
        return cls(urlunsplit((*parts[:3], query, "")), schema)

    @property
    def whole(self) -> str:
        """The URL as it was given; may hold a password."""
        return f"{self.url}{'&' if urlsplit(self.url).query else '?'}schema={self.schema}"

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return masked(self.url)

    def schema_of(self, release: str) -> str:
        """Return the schema of a release: ``dip_2_1_0``."""
        return f"{self.schema}_{re.sub('[^a-z0-9]', '_', release.lower())}"

    def told(self, text: str) -> str:
        """Return what the database says without the password, if it should repeat it."""
        password = urlsplit(self.url).password
        return text.replace(unquote(password), "***").replace(password, "***") if password else text
