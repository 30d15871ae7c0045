"""A real hub with every release, for tests that hold it to its own document and to its refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.spec.release import names
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench

FEW_RECEIPTS = "receiver.kept_receipts: 500\nreceiver.kept_references: 500\n"
"""So that the memory of a long run is the hub's, and not what the simulated parties remember of it."""


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds a default network."""
    folder = tmp_path_factory.mktemp("conformance")
    EmbeddedTarget.prepare(folder)
    return folder


@pytest.fixture(scope="module")
def bench(network_folder: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Return a hub with every release, which has logged no fault and no traceback at the end."""
    worker = request.module.__name__.rpartition(".")[2]
    settings = network_folder / "few-receipts.yaml"
    settings.write_text(FEW_RECEIPTS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIP_SETTINGS", str(settings))
        bench = Bench(EmbeddedTarget(names(), network_folder, worker=worker))
    yield bench
    bench.close()
    assert '"event":"fault"' not in bench.log
    assert '"event":"unavailable"' not in bench.log
    assert "Traceback" not in bench.log
