"""Reports as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from benchmarks import delivery_report, growth, ingress

Row = tuple[str, str, str]
"""What was measured, its value, and the limit if there is one."""


class Held(Protocol):
    """A report with what speaks against it."""

    @property
    def invalid(self) -> tuple[str, ...]:
        """Why it says nothing."""

    @property
    def missed(self) -> tuple[str, ...]:
        """The limits that were missed."""


def lines(report: ingress.Report) -> Iterator[str]:
    """Give the lines of a report on ingress."""
    figures = report.figures
    yield from _table(
        [
            ("single messages", f"{figures.messages_per_s:,.0f} /s", ""),
            ("ceiling (TLS and signature)", f"{figures.ceiling_per_s:,.0f} /s", ""),
            ("share of the ceiling", f"{figures.ratio:.2f}", f"at least {ingress.RATIO:.2f}"),
            ("ceiling that keeps its memory", f"{figures.steady_ceiling_per_s:,.0f} /s", ""),
            ("share of that", f"{figures.steady_ratio:.2f}", ""),
            (f"in requests of {ingress.BATCH}", f"{figures.batch_messages_per_s:,.0f} /s", ""),
            ("over single messages", f"{figures.batch_ratio:.2f}", f"at least {ingress.BATCH_RATIO:.1f}"),
            ("half answered within", f"{figures.p50_ms:.1f} ms", ""),
            ("99 % answered within", f"{figures.p99_ms:.1f} ms", ""),
            ("processor per message", _known(figures.cpu_us_per_message, "us"), ""),
            ("processor per batched message", _known(figures.cpu_us_per_batched_message, "us"), ""),
            ("processor per request, ceiling", _known(figures.ceiling_cpu_us_per_request, "us"), ""),
            ("ceiling over single, processor", _ratio(figures.cpu_ratio), ""),
            ("memory per message", _known(figures.memory_bytes_per_message, "bytes"), ""),
            ("messages taken", f"{figures.messages:,}", f"{figures.message_bytes:,} bytes each"),
        ]
    )
    yield f"{report.machine}; {report.connections} connections; {report.seconds:.0f} s"
    if not report.pinned:
        yield f"not pinned to cores: {report.unpinned_because}"
    yield from _against(report)


def delivery_lines(report: delivery_report.Report) -> Iterator[str]:
    """Give the lines of a report on delivery."""
    figures = report.figures
    within = f"at most {delivery_report.LOOKUP_MS:.0f} ms"
    least = f"at most {delivery_report.MEMORY_RATIO:.1f}"
    if figures.messages < delivery_report.MEMORY_JUDGED:
        least += f", from {delivery_report.MEMORY_JUDGED:,} messages"
    yield from _table(
        [
            ("deliveries", f"{figures.deliveries_per_s:,.0f} /s", f"{figures.deliveries:,} in all"),
            ("processor per delivery", _known(figures.cpu_us_per_delivery, "us"), ""),
            ("status messages", f"{figures.status_messages_per_s:,.0f} /s", ""),
            ("deliveries per call", f"{figures.deliveries_per_call:.0f}", ""),
            ("first tenth", f"{figures.first_deliveries_per_s:,.0f} /s", ""),
            ("last tenth", f"{figures.last_deliveries_per_s:,.0f} /s", ""),
            ("last over first", f"{figures.rate_ratio:.2f}", f"at least {delivery_report.RATE_RATIO:.1f}"),
            ("memory after the first tenth", _mega(figures.first_resident_bytes), ""),
            ("memory at the end", _mega(figures.last_resident_bytes), ""),
            ("end over first tenth", _ratio(figures.memory_ratio), least),
            ("deliveryStatus, 99 % within", f"{figures.delivery_status_p99_ms:.1f} ms", within),
            ("replay by time, 99 % within", f"{figures.replay_p99_ms:.1f} ms", within),
            ("replay by MPAN, 99 % within", f"{figures.replay_by_mpan_p99_ms:.1f} ms", ""),
            ("lost, to the wrong party", f"{figures.lost}, {figures.wrong}", "none"),
            ("delivered twice", f"{figures.repeated}", ""),
            ("messages", f"{figures.messages:,}", f"{figures.message_bytes:,} bytes each"),
        ]
    )
    yield f"{report.machine}; {report.seconds:.0f} s"
    if not report.pinned:
        yield f"not pinned to cores: {report.unpinned_because}"
    yield from _against(report)


def growth_lines(report: growth.Report) -> Iterator[str]:
    """Give the lines of a report on growth: a line for each configuration."""
    yield "releases  parties  start   memory      taken  per message   delivered  per delivery"
    for size in report.sizes:
        yield (
            f"{size.releases:>8}  {size.parties:>7}  {size.start_s:>3.1f} s  {_mega(size.resident_bytes):>6}"
            f"  {size.messages_per_s:>6,.0f} /s  {_known(size.cpu_us_per_message, 'us'):>11}"
            f"  {size.deliveries_per_s:>7,.0f} /s  {_known(size.cpu_us_per_delivery, 'us'):>12}"
        )
    yield f"{report.machine}; {report.messages:,} messages each; {report.seconds:.0f} s"


def _table(rows: Iterable[Row]) -> Iterator[str]:
    for what, value, limit in rows:
        yield f"{what:<32}{value:>14}  {limit}".rstrip()


def _against(report: Held) -> Iterator[str]:
    for text in report.invalid:
        yield f"INVALID: {text}"
    for text in report.missed:
        yield f"MISSED: {text}"


def _known(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:,.0f} {unit}"


def _mega(value: float | None) -> str:
    return "unknown" if value is None else f"{value / 1e6:,.0f} MB"


def _ratio(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"
