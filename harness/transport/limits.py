"""What a server accepts from one client, and the refusals that it words itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from harness.settings import Settings, current


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a server; `from_settings` reads the harness's."""

    header_bytes: int
    """Request line and headers together."""
    header_seconds: float
    """From a connection's start, or a request's first byte, to the end of its headers; a handshake too."""
    body_seconds: float
    """From the end of the headers to the end of the body."""
    connections: int
    """Beyond it a connection's requests are answered with 503."""
    keep_alive_seconds: int
    """How long an idle connection is kept."""
    header_status: int
    """HTTP status for headers that are too long."""

    @classmethod
    def from_settings(cls, settings: Settings | None = None) -> Self:
        """Read the limits from the settings, by default the current ones."""
        settings = settings or current()
        return cls(
            header_bytes=settings.integer("limits.header_bytes"),
            header_seconds=settings.number("limits.header_seconds"),
            body_seconds=settings.number("limits.body_seconds"),
            connections=settings.integer("limits.connections"),
            keep_alive_seconds=settings.integer("limits.keep_alive_seconds"),
            header_status=settings.integer("refusal.header_status"),
        )
