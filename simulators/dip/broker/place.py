"""Where the broker is, and how long its stream keeps what was handed over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from harness.errors import ConfigurationError
from simulators.dip.postgres.place import masked

_HOURS = 72


@dataclass(frozen=True, slots=True)
class Broker:
    """A NATS server with JetStream."""

    url: str
    """May hold a password."""
    hours: int = _HOURS
    """How long the stream keeps a message; the store keeps it anyway."""

    @classmethod
    def read(cls, url: str) -> Broker:
        """Read ``nats://user@host:4222?hours=72``; raises ConfigurationError for another form."""
        where, example = "--broker", "Example: nats://127.0.0.1:4222?hours=72."
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError as error:
            raise ConfigurationError(f"the URL can't be read: {error}", where=where, mend=example) from error
        if parts.scheme not in ("nats", "tls") or not parts.hostname:
            raise ConfigurationError(f"{masked(url)} is no URL of a NATS server", where=where, mend=example)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        hours = asked.pop("hours", str(_HOURS))
        if asked or not hours.isdigit() or not 0 < int(hours) <= 24 * 365:
            raise ConfigurationError(
                f"'{parts.query}' can't be asked of the broker", where=where, mend=example
            )
        return cls(urlunsplit((*parts[:3], "", "")), int(hours))

    @property
    def whole(self) -> str:
        """The URL as it was given; may hold a password."""
        return f"{self.url}?hours={self.hours}"

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return masked(self.url)
