"""Small charts as SVG inside the page: sharp in print, in the page's own colours, readable as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import format_bp
from napari_hicstruct.workflows.report.markup import Markup, element, joined, single

WIDTH, HEIGHT = 300, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 10, 34
BARS = 16


def histogram(lengths: Sequence[float], plural: str, axis: str, colour: str) -> Markup:
    """How many calls are how long, on a logarithmic axis.

    Parameters
    ----------
    lengths : sequence of float
        bp, above 0.
    plural, axis : str
        What is counted, and by what.
    colour : str
        ``#rrggbb``.
    """
    values = np.asarray([one for one in lengths if one > 0], np.float64)
    low, high = np.log10(values.min()), np.log10(values.max())
    if high - low < 0.3:
        low, high = (low + high) / 2 - 0.15, (low + high) / 2 + 0.15
    counts = np.histogram(np.log10(values), BARS, (low, high))[0]
    most = int(counts.max())
    step = (WIDTH - _LEFT - _RIGHT) / BARS
    bars = [
        single(
            "rect",
            x=f"{_LEFT + k * step + 0.5:.1f}",
            y=f"{_y(count / most):.1f}",
            width=f"{step - 1:.1f}",
            height=f"{HEIGHT - _BOTTOM - _y(count / most):.1f}",
            fill=colour,
            class_="bar",
        )
        for k, count in enumerate(counts)
        if count
    ]
    ticks = [(float(np.log10(tick)), format_bp(tick)) for tick in _ticks(10**low, 10**high)]
    middle, first, last = (format_bp(float(q)) for q in np.percentile(values, (50, 5, 95)))
    text = f"{len(values):,} {plural}; {axis}: median {middle}, from {first} to {last} (5 to 95 %)"
    frame = _frame(ticks, (low, high), [(1.0, f"{most:,}"), (0.0, "0")], axis)
    return _figure(joined(bars, frame), f"Histogram. {text}.", text)


def decay_curve(decay: NDArray[np.float64], resolution: int) -> Markup | None:
    """Mean contacts by distance, both axes logarithmic; None where there is too little to draw."""
    distance = np.arange(len(decay)) * float(resolution)
    known = np.isfinite(decay) & (decay > 0) & (distance > 0)
    if known.sum() < 3:
        return None
    x, y = np.log10(distance[known]), np.log10(decay[known])
    keep = np.unique(np.searchsorted(x, np.linspace(x[0], x[-1], 120)).clip(max=len(x) - 1))
    x_range, y_range = (float(x[0]), float(x[-1])), (float(y.min()), float(max(y.max(), y.min() + 0.1)))
    points = " ".join(f"{_x(a, x_range):.1f},{_y((b - y_range[0]) / (y_range[1] - y_range[0])):.1f}" for a, b in
                      zip(x[keep], y[keep], strict=True))  # fmt: skip
    line = single("polyline", points=points, class_="line")
    ticks = [(float(np.log10(tick)), format_bp(tick)) for tick in _ticks(10 ** x_range[0], 10 ** x_range[1])]
    ends = [(share, _short(10**power)) for share, power in zip((0.0, 1.0), y_range, strict=True)]
    slope = float(np.polyfit(x, y, 1)[0])
    first, last = (format_bp(float(distance[known][k])) for k in (0, -1))
    text = f"Mean contacts by distance, {first} to {last}: they fall with the power {slope:.2f}".replace("-", "−")
    return _figure(joined(line, _frame(ticks, x_range, ends, "distance")), f"Decay curve. {text}.", text)


def _figure(content: Markup, label: str, caption: str) -> Markup:
    drawing = element(
        "svg",
        content,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=label,
        xmlns="http://www.w3.org/2000/svg",
    )
    return element("figure", drawing, element("figcaption", caption), class_="chart")


def _frame(
    ticks: Sequence[tuple[float, str]], x_range: tuple[float, float], y_ticks: Sequence[tuple[float, str]], axis: str
) -> Markup:
    """Axes with their numbers."""
    base = HEIGHT - _BOTTOM
    parts = [single("path", d=f"M{_LEFT} {_TOP}V{base}H{WIDTH - _RIGHT}", class_="axis")]
    for value, text in ticks:
        x = f"{_x(value, x_range):.1f}"
        parts.append(single("path", d=f"M{x} {base}v4", class_="axis"))
        parts.append(element("text", text, x=x, y=base + 15, text_anchor="middle"))
    for share, text in y_ticks:
        parts.append(element("text", text, x=_LEFT - 5, y=f"{_y(share) + 4:.1f}", text_anchor="end"))
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(element("text", axis, x=middle, y=HEIGHT - 4, text_anchor="middle"))
    return joined(parts)


def _x(value: float, x_range: tuple[float, float]) -> float:
    low, high = x_range
    return _LEFT + (value - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return float(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP))


def _short(value: float) -> str:
    """Two digits or more, never with an exponent."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}" if value >= 1e-3 else f"{value:.1e}"


def _ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two: of 1, 2 and 5 times powers of ten as many as there is room for."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(found) <= most:
            break
    return found
