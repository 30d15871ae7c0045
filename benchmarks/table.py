"""A report as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.ingress import BATCH, BATCH_RATIO, RATIO, Report


def lines(report: Report) -> Iterator[str]:
    """Give the lines of a report."""
    figures = report.figures
    rows = [
        ("single messages", f"{figures.messages_per_s:,.0f} /s", ""),
        ("ceiling (TLS and signature)", f"{figures.ceiling_per_s:,.0f} /s", ""),
        ("share of the ceiling", f"{figures.ratio:.2f}", f"at least {RATIO:.2f}"),
        (f"in requests of {BATCH}", f"{figures.batch_messages_per_s:,.0f} /s", ""),
        ("over single messages", f"{figures.batch_ratio:.2f}", f"at least {BATCH_RATIO:.1f}"),
        ("half answered within", f"{figures.p50_ms:.1f} ms", ""),
        ("99 % answered within", f"{figures.p99_ms:.1f} ms", ""),
        ("processor per message", _known(figures.cpu_us_per_message, "us"), ""),
        ("processor per batched message", _known(figures.cpu_us_per_batched_message, "us"), ""),
        ("processor per request, ceiling", _known(figures.ceiling_cpu_us_per_request, "us"), ""),
        ("ceiling over single, processor", _share(figures.cpu_ratio), ""),
        ("memory per message", _known(figures.memory_bytes_per_message, "bytes"), ""),
        ("messages taken", f"{figures.messages:,}", f"{figures.message_bytes:,} bytes each"),
    ]
    for what, value, limit in rows:
        yield f"{what:<32}{value:>14}  {limit}".rstrip()
    yield f"{report.machine}; {report.connections} connections; {report.seconds:.0f} s"
    if not report.pinned:
        yield f"not pinned to cores: {report.unpinned_because}"
    for text in report.invalid:
        yield f"INVALID: {text}"
    for text in report.missed:
        yield f"MISSED: {text}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _known(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:,.0f} {unit}"
