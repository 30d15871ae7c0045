"""The participant's own word on what it took: how often it holds a sender's reference, in which place.

A ledger is a URL or a command of the participant's, with ``{reference}`` where the reference goes. It
answers with a number, or with JSON: ``{"count": 1, "place": 17}``. Without one, only the answers tell.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import orjson

from harness.errors import ConfigurationError

PLACE = "{reference}"
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Held:
    """How often a reference was taken, and its place in the order, where the ledger says one."""

    count: int
    place: int | None = None


class Ledger:
    """Asks the ledger. Raises ConfigurationError where it can't be asked or answers no number."""

    def __init__(self, source: tuple[str, ...], *, timeout: float = 10.0) -> None:
        if not any(PLACE in part for part in source):
            raise ConfigurationError(
                f"does not say where the reference goes: {' '.join(source)}",
                where="hooks.ledger",
                mend=f"Put {PLACE} into it.",
            )
        self._source, self._timeout = source, timeout
        self._client: httpx.Client | None = None

    def look(self, reference: str) -> Held:
        """Return what the participant holds under a reference now."""
        if len(self._source) == 1 and self._source[0].startswith(("http://", "https://")):
            text = self._asked(self._source[0].replace(PLACE, quote(reference, safe="")))
        else:
            text = self._run([part.replace(PLACE, reference) for part in self._source])
        return _read(text)

    def wait(self, reference: str, count: int, *, seconds: float) -> Held:
        """Look until at least ``count`` are there, or time is up; return the last look."""
        until = time.monotonic() + seconds
        held = self.look(reference)
        while held.count < count and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
            held = self.look(reference)
        return held

    def close(self) -> None:
        """Close what connections there are."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _asked(self, url: str) -> bytes:
        try:
            self._client = self._client or httpx.Client(timeout=self._timeout, trust_env=False)
            response = self._client.get(url)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise ConfigurationError(
                f"the ledger does not answer: {error or type(error).__name__}", where="hooks.ledger"
            ) from error
        return response.content

    def _run(self, command: list[str]) -> bytes:
        try:
            done = subprocess.run(command, capture_output=True, timeout=self._timeout, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise ConfigurationError(f"the ledger's command failed: {error}", where="hooks.ledger") from error
        return done.stdout


def _read(text: bytes) -> Held:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        told = None
    if isinstance(told, int) and not isinstance(told, bool):
        return Held(told)
    if isinstance(told, dict) and isinstance(told.get("count"), int):
        place = told.get("place")
        return Held(told["count"], place if isinstance(place, int) else None)
    start = text[:80].decode("utf-8", "replace")
    raise ConfigurationError(
        f"the ledger answered {start!r}", where="hooks.ledger", mend='Answer a number or {"count": 1}.'
    )
