"""What the tests of status messages, replay, requeue and journal share."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.spec.release import load
from harness.spec.validators import validators
from harness.transport.client import Answer
from harness.transport.network import Party
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import RELEASES, Bench

NOTHING: Mapping[str, object] = {
    "datetimeFrom": None,
    "datetimeTo": None,
    "eventCode": None,
    "MPAN": None,
    "version": None,
}
"""A MessageRequest that leaves everything open."""


QUICK = "delivery.backoff_seconds: 0.02\n"


@contextmanager
def quick(network_folder: Path, worker: str) -> Iterator[Bench]:
    """Run a hub that waits little between two attempts."""
    settings = network_folder / f"{worker}.yaml"
    settings.write_text(QUICK, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIP_SETTINGS", str(settings))
        bench = Bench(EmbeddedTarget(RELEASES, network_folder, worker=worker))
    try:
        yield bench
    finally:
        bench.close()
    assert '"event":"fault"' not in bench.log
    assert "Traceback" not in bench.log


def call(
    bench: Bench,
    party: Party,
    method: str,
    path: str,
    body: object = None,
    *,
    release: str = "",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make a signed call; where its answer has a body that the release declares, hold it to the shape."""
    content = b"" if body is None else orjson.dumps(body)
    return bench.client(release).request(party, method, path, content, headers=headers or {})


def shaped(bench: Bench, answer: Answer, shape: str, *, release: str = "") -> Any:
    """Return an answer's JSON after holding it to a shape of the release."""
    value = orjson.loads(answer.body)
    faults = list(validators(load(release or bench.release)).shape(shape).iter_errors(value))
    assert not faults, [(list(fault.instance_path), fault.message) for fault in faults]
    return value


def told(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the simulated parties were told of a settled tag's messages, in order of arrival."""
    ours = {message["transaction_id"] for message in result["messages"]}
    entries = [
        entry
        for receipt in result["status_receipts"]
        for entry in orjson.loads(base64.b64decode(receipt["body_base64"]))
    ]
    return [entry for entry in entries if entry["transactionID"] in ours]


def codes(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the code of each entry."""
    return [str(entry["message"])[:7] for entry in entries]


def transactions(answer: Answer) -> list[str]:
    """Return the transactions of a 201, or of a replay's messages."""
    value = orjson.loads(answer.body)
    if isinstance(value, dict):
        return [entry["transactionID"] for entry in value["messageArray"]]
    return [item["payload"]["CommonBlock"]["D0"]["transactionID"] for item in value]
