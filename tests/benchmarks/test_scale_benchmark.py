"""The benchmark of several ingress workers: the same work on three hubs, nothing lost, one JSON object."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benchmarks import scale
from benchmarks.command import bench
from harness.spec.release import DEFAULT
from tests.simulators.dip.services import need


@pytest.fixture(scope="module")
def report() -> scale.Report:
    """Return a short run."""
    need()
    return scale.run(5, DEFAULT)


def test_every_hub_takes_and_delivers(report: scale.Report) -> None:
    """Each hub takes messages, and all of them come, to whom they are for."""
    figures = report.figures
    assert min(figures.one_worker_per_s, figures.two_workers_per_s, figures.embedded_per_s) > 0
    assert figures.messages > 0
    assert (figures.lost, figures.wrong) == (0, 0)
    assert figures.two_workers_ratio == figures.two_workers_per_s / figures.one_worker_per_s
    assert figures.store_bytes_per_message > figures.message_bytes / 4  # packed
    assert not report.missed


def test_the_command_prints_one_object(report: scale.Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--json`` is one object of the common shape, the table names every hub; what is lost is exit 1."""
    monkeypatch.setattr(scale, "run", lambda *_: replace(report, invalid=()))
    found = CliRunner().invoke(bench, ["scale", "--json"])
    told = json.loads(found.output)
    names = {"one_worker_per_s", "two_workers_per_s", "two_workers_ratio", "embedded_per_s", "lost"}
    assert (found.exit_code, told["name"]) == (0, "scale")
    assert names <= set(told["figures"])
    monkeypatch.setattr(scale, "run", lambda *_: replace(report, missed=("1 of 2 deliveries did not come",)))
    table = CliRunner().invoke(bench, ["scale"])
    assert table.exit_code == 1
    assert "two ingress workers" in table.output
    assert "MISSED: 1 of 2" in table.output
