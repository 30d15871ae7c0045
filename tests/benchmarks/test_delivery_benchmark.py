"""The benchmarks of delivery and growth measure what they say, and hold their limits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import delivery, growth, ingress, table
from benchmarks.command import bench
from benchmarks.delivery_report import MEMORY_JUDGED, Figures, Part, Report, judge
from harness.errors import ConfigurationError

GOOD = Figures(
    messages=1_000_000,
    deliveries=3_000_000,
    deliveries_per_s=5000.0,
    status_messages_per_s=5000.0,
    deliveries_per_call=99.0,
    cpu_us_per_delivery=110.0,
    first_deliveries_per_s=5000.0,
    last_deliveries_per_s=4900.0,
    rate_ratio=0.98,
    first_cpu_us_per_delivery=110.0,
    last_cpu_us_per_delivery=111.0,
    first_resident_bytes=150_000_000,
    last_resident_bytes=160_000_000,
    memory_ratio=1.07,
    delivery_status_p50_ms=0.7,
    delivery_status_p99_ms=2.0,
    replay_p50_ms=3.0,
    replay_p99_ms=8.0,
    replay_by_mpan_p99_ms=8.0,
    lost=0,
    repeated=0,
    wrong=0,
    store_bytes=6_000_000_000,
    message_bytes=3859,
    client_core_busy=0.6,
    hub_core_others=0.02,
)


def test_a_small_run_is_a_whole_one() -> None:
    """Three recipients verify and count each message; all of it is looked up again, and nothing is lost."""
    report = delivery.run(1000)
    figures = report.figures
    assert (figures.messages, figures.deliveries) == (1000, 3000)
    assert (figures.lost, figures.repeated, figures.wrong) == (0, 0, 0)
    assert figures.deliveries_per_s > 0
    assert figures.status_messages_per_s == pytest.approx(figures.deliveries_per_s, rel=0.2)
    assert len(report.parts) == delivery.PARTS
    assert 0 < figures.delivery_status_p50_ms <= figures.delivery_status_p99_ms
    assert 0 < figures.replay_p50_ms <= figures.replay_p99_ms


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({}, ""),
        ({"memory_ratio": 1.21}, "memory_ratio"),
        ({"memory_ratio": 1.21, "messages": MEMORY_JUDGED - 1000}, ""),
        ({"memory_ratio": None}, ""),
        ({"rate_ratio": 0.79}, "rate_ratio"),
        ({"rate_ratio": 1.5}, ""),
        ({"delivery_status_p99_ms": 20.1}, "delivery_status_p99_ms"),
        ({"replay_p99_ms": 20.1}, "replay_p99_ms"),
        ({"lost": 1}, "lost"),
        ({"wrong": 1}, "wrong"),
    ],
)
def test_each_limit_is_held(change: dict[str, Any], missed: str) -> None:
    """A figure beyond its limit is named, and only that."""
    invalid, found = judge(replace(GOOD, **change))
    assert invalid == ()
    assert [text.split()[0] for text in found] == ([missed] if missed else [])


@pytest.mark.parametrize("change", [{"client_core_busy": 0.91}, {"hub_core_others": 0.11}])
def test_a_disturbed_run_is_invalid(change: dict[str, Any]) -> None:
    """A busy client, or others on the hub's core, make the figures say nothing."""
    invalid, missed = judge(replace(GOOD, **change))
    assert (len(invalid), missed) == (1, ())


def test_the_command_tells_and_its_exit_code_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words and JSON name each limit; 1 when one is missed."""
    bad = replace(GOOD, rate_ratio=0.5)
    for figures, code in ((GOOD, 0), (bad, 1)):
        parts = (Part(5000.0, 110.0, 1),) * 10
        report = Report(figures, parts, False, "one core", *judge(figures), "a machine", 700.0)
        asked: list[tuple[int, str]] = []
        monkeypatch.setattr(
            delivery, "run", lambda *given, asked=asked, report=report: asked.append(given) or report
        )
        plain = CliRunner().invoke(bench, ["delivery", "--messages", "1000000"])
        assert (plain.exit_code, "MISSED" in plain.output) == (code, bool(code)), plain.output
        assert "not pinned to cores: one core" in plain.output
        told = json.loads(CliRunner().invoke(bench, ["delivery", "--json"]).output)
        assert {"name", "machine", "seconds", "figures", "parts", "limits", "valid", "missed"} <= told.keys()
        assert told["figures"]["rate_ratio"] == figures.rate_ratio
        assert asked == [(1_000_000, delivery.RELEASE), (delivery.MESSAGES, delivery.RELEASE)]
        assert len(list(table.delivery_lines(report))) == len(plain.output.splitlines())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ingress", "--messages", "1000"], "--messages is not for ingress"),
        (["delivery", "--seconds", "20"], "--seconds is not for delivery"),
        (["growth", "--release", "2.1.0"], "--release is not for growth"),
    ],
)
def test_an_option_of_another_benchmark_is_refused(arguments: list[str], says: str) -> None:
    """It is told, and nothing is measured."""
    found = CliRunner().invoke(bench, arguments)
    assert (found.exit_code, says in found.output) == (2, True)


def test_what_can_not_be_measured_is_told() -> None:
    """Numbers that make no whole parts, and a release without the operation, are refused before all else."""
    with pytest.raises(ConfigurationError, match="multiple of 1000"):
        delivery.run(1500)
    with pytest.raises(ConfigurationError, match="has it"):
        delivery.run(1000, "2.1.0")
    with pytest.raises(ConfigurationError, match="multiple of 200"):
        growth.run(300)


def test_growth_is_told_for_each_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of each size and all releases are measured, with the same messages."""
    report = growth.run(200, (10, 40))
    assert [(size.releases, size.parties) for size in report.sizes] == [(1, 10), (1, 40), (4, 10)]
    assert all(size.messages_per_s > 0 and size.deliveries_per_s > 0 for size in report.sizes)
    monkeypatch.setattr(growth, "run", lambda *_: report)
    told = json.loads(CliRunner().invoke(bench, ["growth", "--json"]).output)
    assert len(told["figures"]["configurations"]) == 3
    plain = CliRunner().invoke(bench, ["growth"])
    assert (plain.exit_code, len(plain.output.splitlines())) == (0, 5)
    assert ingress.BATCH == growth.BATCH == delivery.BATCH
