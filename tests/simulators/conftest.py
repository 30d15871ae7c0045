"""`provokes`: a test that says which response codes it provokes has to hear every one of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest

from harness.transport.admin import Admin
from harness.transport.client import Answer, DipClient

_SAID = re.compile(rb'"message":\s*"([A-Z]+[0-9]+)\b')


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "provokes(*codes): fails unless an answer or a status message in the test carries each code",
    )


@pytest.fixture(autouse=True)
def _provoked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Listen to every answer and every status message while a marked test runs."""
    wanted = {code for marker in request.node.iter_markers("provokes") for code in marker.args}
    if not wanted:
        yield
        return
    heard: set[str] = set()
    plain_request, plain_settle = DipClient.request, Admin.settle

    def listen(body: bytes) -> None:
        heard.update(code.decode() for code in _SAID.findall(body))

    def listening_request(self: DipClient, *args: Any, **options: Any) -> Answer:
        answer = plain_request(self, *args, **options)
        listen(answer.body)
        return answer

    def listening_settle(self: Admin, *args: Any, **options: Any) -> dict[str, Any]:
        result = plain_settle(self, *args, **options)
        for receipt in result["status_receipts"]:
            listen(base64.b64decode(receipt["body_base64"]))
        return result

    monkeypatch.setattr(DipClient, "request", listening_request)
    monkeypatch.setattr(Admin, "settle", listening_settle)
    yield
    assert wanted <= heard, f"said to be provoked and not heard: {sorted(wanted - heard)}"
