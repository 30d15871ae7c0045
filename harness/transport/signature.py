"""The signature as httpx authentication: it signs the URL and the bytes that go on the wire."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import httpx

from harness.clock import Clock, header_time
from harness.security.signing import Signer

API_KEY = "X-API-Key"


class DipSignature(httpx.Auth):
    """Adds the API key and the four signature headers; serves `httpx.Client` and `httpx.AsyncClient`.

    ``signer`` None leaves the signature out, an empty ``api_key`` the key. ``overrides`` come last: a value
    replaces a header, None removes it.
    """

    requires_request_body = True

    def __init__(
        self,
        signer: Signer | None,
        clock: Clock,
        *,
        api_key: str = "",
        overrides: Mapping[str, str | None] | None = None,
    ) -> None:
        self._signer = signer
        self._clock = clock
        self._api_key = api_key
        self._overrides = overrides or {}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Complete the request's headers and send it once."""
        if self._api_key:
            request.headers[API_KEY] = self._api_key
        if self._signer is not None:
            date = header_time(self._clock.now())
            request.headers.update(
                self._signer.sign(request.method, str(request.url), request.content, date=date)
            )
        for name, value in self._overrides.items():
            if value is None:
                request.headers.pop(name, None)
            else:
                request.headers[name] = value
        yield request
