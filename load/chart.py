"""Charts as inline SVG: lines over time, and percentile curves (pure; text in, text out)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 860, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 14, 34
_FAR = 3.0
"""A level that is further above what was measured is left out, so that the lines can be read."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name, its CSS class, and its points (x, y); None breaks it."""

    name: str
    kind: str
    points: Sequence[tuple[float, float | None]]


def lines(
    title: str,
    unit: str,
    drawn: Sequence[Line],
    *,
    x_title: str = "seconds",
    shaded: Sequence[tuple[float, float]] = (),
    level: tuple[str, float] | None = None,
) -> str:
    """Return a chart of lines; ``shaded`` marks spans of x, ``level`` a bound with its name."""
    xs = [x for line in drawn for x, _ in line.points]
    ys = [y for line in drawn for _, y in line.points if y is not None]
    if not xs or not ys:
        return ""
    if level is not None and level[1] <= max(ys) * _FAR:
        ys.append(level[1])
    right, top = max(xs) or 1.0, _nice(max(ys) or 1.0)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            _LEFT + x / right * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - min(y, top) / top * (_HEIGHT - _TOP - _BOTTOM),
        )

    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
    ]
    for first, last in shaded:
        (x1, y1), (x2, _) = at(max(0.0, first), top), at(min(right, last), top)
        parts.append(
            f'<rect class="shade" x="{x1:.1f}" y="{y1:.1f}" width="{max(1.0, x2 - x1):.1f}"'
            f' height="{_HEIGHT - _TOP - _BOTTOM}"/>'
        )
    for step in range(5):
        value = top * step / 4
        x, y = at(0, value)
        parts.append(f'<line class="grid" x1="{x}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text class="y" x="{x - 8}" y="{y + 4:.1f}">{_short(value)}</text>')
    for value in _ticks(right):
        x, _ = at(value, 0)
        anchor = "end" if x > _WIDTH - 40 else "middle"
        parts.append(
            f'<text class="x" text-anchor="{anchor}" x="{x:.1f}" y="{_HEIGHT - 16}">{_short(value)}</text>'
        )
    parts.append(
        f'<text class="x" text-anchor="end" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 2}">{escape(x_title)}</text>'
    )
    if level is not None and level[1] <= top:
        (x, y) = at(0, level[1])
        parts.append(f'<line class="level" x1="{x}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="level" text-anchor="end" x="{_WIDTH - _RIGHT - 4}" y="{y - 4:.1f}">'
            f"{escape(level[0])}</text>"
        )
    for line in drawn:
        for run in _runs(line.points):
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in run))
            parts.append(f'<polyline class="{line.kind}" points="{path}"/>')
    parts.append("</svg>")
    legend = "".join(
        f'<li><i class="{line.kind}"></i>{escape(line.name)}</li>' for line in drawn if len(drawn) > 1
    )
    key = f'<ul class="legend">{legend}</ul>' if legend else ""
    return f"<figure><figcaption>{escape(title)} ({escape(unit)})</figcaption>{key}{''.join(parts)}</figure>"


def _runs(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    return [run for run in runs if len(run) > 1]


def _nice(value: float) -> float:
    """Return the next round number above a value."""
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.999)


def _ticks(right: float) -> list[float]:
    power: float = 10.0 ** math.floor(math.log10(right / 8))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= right / 8 * 0.999)
    return [step * number for number in range(int(right / step) + 1)]


def _short(value: float) -> str:
    if value >= 10000:
        return f"{value / 1000:g}k"
    return f"{value:,.4g}"
