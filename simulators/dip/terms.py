"""The terms on which a member is let in, where an operator changes them while the hub runs.

A real participant changes certificates, API keys and its connection provider in the DIP's portal; that old
and new overlap is assumed. The admin API's ``/members/{dip_id}`` stands in for the portal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import ConfigurationError

_DIGEST_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Terms:
    """What stands in place of the network file's word on one member."""

    connection_provider: str | None = None
    """DIP id of the provider that is nominated; None: none is."""
    former_providers: tuple[str, ...] = ()
    """DIP ids of providers whose nomination has not ended yet."""
    api_keys: frozenset[bytes] | None = None
    """SHA-256 digests of the keys in force; None: the network file's."""
    withdrawn: frozenset[bytes] = frozenset()
    """SHA-256 fingerprints of certificates that are refused from now on."""


def read(body: Mapping[str, Any]) -> Terms:
    """Read terms from a JSON object; raises ConfigurationError for a field that can't be, or is unknown."""
    known = ("connection_provider", "former_providers", "api_keys", "withdrawn")
    for name in body:
        if name not in known:
            raise ConfigurationError(f"'{name}' is no field of a member", mend=f"Known: {', '.join(known)}.")
    provider = body.get("connection_provider")
    if provider is not None and not isinstance(provider, str):
        raise ConfigurationError(f"connection_provider is {provider!r}, expected a DIP id or null")
    keys = body.get("api_keys")
    return Terms(
        provider,
        _texts(body.get("former_providers", []), "former_providers"),
        None if keys is None else _digests(keys, "api_keys"),
        _digests(body.get("withdrawn", []), "withdrawn"),
    )


def _texts(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigurationError(f"{name} is {value!r}, expected a list of texts")
    return tuple(value)


def _digests(value: object, name: str) -> frozenset[bytes]:
    texts = _texts(value, name)
    try:
        if all(len(each) == _DIGEST_CHARACTERS for each in texts):
            return frozenset(bytes.fromhex(each) for each in texts)
    except ValueError:
        pass
    raise ConfigurationError(f"{name} holds something that is no SHA-256 in hexadecimal digits")
