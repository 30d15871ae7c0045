"""The admin client against a server that speaks the admin API."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from harness.errors import ConfigurationError, EnvironmentFault, HarnessError
from harness.transport.admin import Admin
from harness.transport.server import ServerThread

SEEN: list[tuple[str, str, Any]] = []


async def _any(request: Request) -> Response:
    if request.headers.get("authorization") != "Bearer key":
        return Response(status_code=401)
    body = await request.body()
    SEEN.append((request.method, request.url.path, orjson.loads(body) if body else None))
    if "clock" in request.url.path:
        return JSONResponse({"now": "2026-03-29T01:00:00+01:00"})
    if "broken" in request.url.path:
        return PlainTextResponse("out of order", status_code=503)
    if "text" in request.url.path:
        return PlainTextResponse("text")
    return JSONResponse({"settled": True, "messages": []})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where the admin API is."""
    app = Starlette(routes=[Route("/{path:path}", _any, methods=["GET", "PUT", "POST"])])
    with ServerThread(app) as server:
        yield server.url


@pytest.fixture
def admin(url: str) -> Iterator[Admin]:
    """A client with the right key."""
    SEEN.clear()
    client = Admin(url + "/", "key")
    yield client
    client.close()


def test_every_call_is_made_as_the_api_says(admin: Admin) -> None:
    """Method, path and content of each call."""
    moment = datetime(2026, 3, 29, 2, tzinfo=timezone(timedelta(hours=1)))
    assert admin.ready()
    admin.health()
    assert admin.now() == datetime(2026, 3, 29, tzinfo=UTC)
    assert admin.set_clock(moment).utcoffset() == timedelta()
    admin.advance(3600)
    admin.set_addresses("2.1.0", [{"mpan": "1", "role": "SUP", "dip_id": "2"}])
    admin.set_behaviours("tag", {"2": {"name": "appointment"}})
    assert admin.settle("tag", timeout=2.5)["settled"] is True
    admin.register("22", "1")
    assert SEEN == [
        ("GET", "/ready", None),
        ("GET", "/health", None),
        ("GET", "/clock", None),
        ("PUT", "/clock", {"now": "2026-03-29T01:00:00+00:00"}),
        ("POST", "/clock/advance", {"seconds": 3600}),
        (
            "PUT",
            "/addresses",
            {"release": "2.1.0", "addresses": [{"mpan": "1", "role": "SUP", "dip_id": "2"}]},
        ),
        ("PUT", "/behaviours", {"tag": "tag", "behaviours": {"2": {"name": "appointment"}}}),
        ("POST", "/settle", {"tag": "tag", "timeout": 2.5, "quiet_ms": 0}),
        ("GET", "/register/22/1", None),
    ]


def test_a_wrong_key_is_the_users_to_mend(url: str) -> None:
    """The key itself is not repeated."""
    client = Admin(url, "wrong-secret")
    with pytest.raises(ConfigurationError, match="refuses the admin key") as caught:
        client.health()
    assert "wrong-secret" not in str(caught.value)
    assert not client.ready()
    client.close()


def test_an_error_says_what_was_answered(admin: Admin) -> None:
    """Status and text of a failure are in the sentence, and text where JSON belongs is a failure."""
    with pytest.raises(HarnessError, match="GET /broken answered 503: out of order"):
        admin.call("GET", "/broken")
    with pytest.raises(HarnessError, match="not JSON"):
        admin.call("GET", "/text")


def test_nobody_there_is_an_environment_fault() -> None:
    """A simulator that died is named as such."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Admin(f"http://127.0.0.1:{port}", "key")
    with pytest.raises(EnvironmentFault, match=rf"127\.0\.0\.1:{port}.*got no answer.*dip sim up"):
        client.health()
    assert not client.ready()
    client.close()
