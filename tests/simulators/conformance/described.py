"""The hub as its own OpenAPI document describes it: calls over mutual TLS, answers held to the document."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import orjson
import requests
import schemathesis
from requests.auth import AuthBase
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from harness.clock import SystemClock, header_time
from harness.security.signing import Signer
from harness.transport.client import Answer
from harness.transport.network import Party
from tests.simulators.dip.conftest import Bench

CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
_TIMEOUT = 20.0


class Signed(AuthBase):
    """Puts API key and signature on a request, over the very bytes that are sent."""

    def __init__(self, bench: Bench, party: Party) -> None:
        found = bench.network.certificate(party.signing)
        self._signer = Signer.load(found.cert, found.key)
        self._key = party.api_key()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign."""
        body = request.body or b""
        if isinstance(body, str):
            request.body = body = body.encode("utf-8", "surrogatepass")
            request.headers["Content-Length"] = str(len(body))
        date = header_time(SystemClock().now())
        request.headers.update(
            self._signer.sign(str(request.method), str(request.url), bytes(body), date=date)
        )
        request.headers["X-API-Key"] = self._key
        return request


class Described:
    """One release of a running hub, with the document that it serves."""

    def __init__(self, bench: Bench, release: str, party: Party) -> None:
        self.bench, self.release, self.party = bench, release, party
        self.auth = Signed(bench, party)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(bench.target.ca)
        tls = bench.network.certificate(party.tls)
        self.session.cert = (str(tls.cert), str(tls.key))

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document, fetched over mutual TLS."""
        response = self.session.get(self.bench.target.url(self.release) + "/openapi.json", timeout=_TIMEOUT)
        assert response.status_code == 200
        document: dict[str, Any] = orjson.loads(response.content)
        return document

    @cached_property
    def schema(self) -> Any:
        """The document as Schemathesis reads it."""
        return schemathesis.openapi.from_dict(self.document)

    def call(self, case: Any, *, signed: bool = True) -> None:
        """Make a generated call and hold the answer to the document."""
        response = case.call(
            base_url=self.bench.target.url(self.release),
            session=self.session,
            verify=str(self.bench.target.ca),
            auth=self.auth if signed else None,
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
        case.validate_response(response, checks=list(CHECKS))

    def hold(self, answer: Answer, method: str, path: str) -> Any:
        """Hold an answer to what the document says of an operation; return its JSON, None without a body."""
        responses: Mapping[str, Any] = self.document["paths"][path][method.lower()]["responses"]
        assert str(answer.status) in responses, (method, path, answer.status, answer.body[:300])
        self.schema[path][method].validate_response(
            Response(
                status_code=int(answer.status or 0),
                headers={name: [value] for name, value in answer.headers.items()},
                content=answer.body,
                request=requests.Request(method, answer.request.url).prepare(),
                elapsed=answer.seconds,
                verify=True,
            )
        )
        declares_json = "application/json" in responses[str(answer.status)].get("content", {})
        assert answer.headers.get("content-type", "").startswith("application/json") == (
            declares_json and bool(answer.body)
        )
        return orjson.loads(answer.body) if declares_json and answer.body else None

    def close(self) -> None:
        """Close the connections."""
        self.session.close()
