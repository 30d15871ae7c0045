"""HOST:PORT as options have it."""

from __future__ import annotations

from harness.errors import ConfigurationError


def address(text: str, option: str) -> tuple[str, int]:
    """Return host and port; raises ConfigurationError naming the option."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigurationError(f"'{text}' is no HOST:PORT", where=option, mend="Example: 127.0.0.1:8443.")
    return host, int(port)
