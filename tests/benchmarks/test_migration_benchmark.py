"""The benchmark of migration: real migrations, a limit that can be missed, one JSON object."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from benchmarks import migration
from benchmarks.command import bench
from benchmarks.migration import RATIO, Site, report, run
from harness.spec.release import DEFAULT
from simulators.registration.register import Register


def site(name: str, cost: float) -> Site:
    """Return a site whose migrations cost ``cost`` microseconds each."""
    return Site(name, 10, Register(), 1.0, [cost, cost, cost])


def test_migrations_are_run_and_counted() -> None:
    """Every register gets its rounds, and every migration ends with a migrated point (else it fails)."""
    found = run(0.2, DEFAULT, {"few": 1_000, "more": 4_000})
    assert found.figures["migrations_few"] == found.figures["migrations_more"] > 0
    assert found.figures["us_per_migration_few"] > 0
    assert set(found.figures) >= {"ratio_more", "opened_ms_few"}


@pytest.mark.parametrize(("cost", "missed"), [(100.0 * RATIO, 0), (100.0 * RATIO + 1, 1)])
def test_the_limit_decides(cost: float, missed: int) -> None:
    """A migration that grows dearer with the register is reported as missed."""
    assert len(report([site("few", 100.0), site("more", cost)], 1.0).missed) == missed


def test_the_command_prints_one_object_and_says_when_a_limit_is_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``--json`` is one object of the common shape; a missed limit is exit 1."""
    slow = report([site("10k", 100.0), site("100k", 300.0)], 1.0)
    monkeypatch.setattr(migration, "run", lambda *_: slow)
    found = CliRunner().invoke(bench, ["migration", "--json"])
    told = json.loads(found.output)
    assert (found.exit_code, told["name"], told["figures"]["ratio_100k"]) == (1, "migration", 3.0)
    assert {"machine", "seconds", "figures", "limits", "missed"} <= set(told)
    table = CliRunner().invoke(bench, ["migration"])
    assert "MISSED" in table.output
