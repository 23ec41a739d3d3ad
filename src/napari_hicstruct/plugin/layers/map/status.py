"""The cursor's read-out; runs off the main thread, so it touches neither files nor Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.protocol import RAW
from napari_hicstruct.genome import display_name, format_bp
from napari_hicstruct.plugin.layers.map.levels import Tile


@dataclass(frozen=True, slots=True)
class Reference:
    """What turns a drawn value into contacts and O/E, at one resolution of one chromosome.

    ``weights``: multiplicative weight per bin (ones for raw); ``expected``: mean of the normalised values at each
    distance in bins; NaN where unknown.
    """

    resolution: int
    norm: str
    weights: NDArray[np.float64]
    expected: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the read-out needs, as one immutable snapshot (it is read from another thread).

    ``contacts`` False: values are differences or logarithms; ``counted`` False: contacts that are normalised already.
    """

    chrom: str
    length: int
    norm: str
    ratio: bool
    tile: Tile | None
    reference: Reference | None
    contacts: bool = True
    counted: bool = True


def cursor_text(row_bp: float, col_bp: float, shown: Shown) -> str:
    """``chr17:62,705,000 × chr17:63,410,000 · 12 contacts · O/E 3.1 · 705 kb`` for the bin under the cursor.

    The positions are the starts of the two bins; what is not known (yet) is left out.
    """
    tile = shown.tile
    if tile is None or not (0 <= row_bp < shown.length and 0 <= col_bp < shown.length):
        return ""
    i, j = int(row_bp // tile.resolution), int(col_bp // tile.resolution)
    start1, start2 = i * tile.resolution, j * tile.resolution
    chrom = display_name(shown.chrom)
    parts = [f"{chrom}:{start1:,} × {chrom}:{start2:,}"]
    value = tile.value(row_bp, col_bp)
    if value is not None:
        parts += ["no data (masked bin)"] if math.isnan(value) else _describe(value, i, j, shown)
    parts.append(format_bp(abs(start2 - start1)))
    return " · ".join(parts)


def _describe(value: float, i: int, j: int, shown: Shown) -> list[str]:
    reference = shown.reference
    if not shown.contacts:
        return [f"value {value:.3g}"]
    if shown.tile is None or reference is None or reference.resolution != shown.tile.resolution:
        if shown.ratio:
            return [f"O/E {value:.2g}"]
        return [_contacts(value, shown)] if shown.norm == RAW else [f"{value:.3g} balanced"]
    weight = _product(reference.weights, i, j)
    expected = float(reference.expected[abs(i - j)]) if abs(i - j) < len(reference.expected) else math.nan
    if shown.ratio:
        count, ratio = value * expected / weight, value
    else:
        count = value if shown.norm == RAW else value / weight
        ratio = count * weight / expected if expected > 0 else math.nan
    texts = [_contacts(count, shown)] if math.isfinite(count) else []
    return texts + ([f"O/E {ratio:.2g}"] if math.isfinite(ratio) else [])


def _product(weights: NDArray[np.float64], i: int, j: int) -> float:
    inside = i < len(weights) and j < len(weights)
    return float(weights[i] * weights[j]) if inside else math.nan


def _contacts(count: float, shown: Shown) -> str:
    if not shown.counted:
        return f"{count:.3g} normalised contacts"
    whole = round(count)
    text = f"{whole:,}" if abs(count - whole) < 0.01 * max(1, abs(count)) else f"{count:,.2f}"
    return f"{text} contact" if text == "1" else f"{text} contacts"


def status_function(
    snapshot: Callable[[], Shown],
    fallback: Callable[..., Any],
    genome: Callable[[Any], tuple[float, float]] = lambda position: (float(position[-2]), float(position[-1])),
    more: Sequence[Callable[[float, float], str]] = (),
) -> Callable[..., Any]:
    """A ``get_status`` for the map's layer that gives ``cursor_text`` in place of array indices.

    ``genome``: row and column (bp) of a world position.  ``more``: what else is said of a place, as a second map's
    contacts; looked at anew each time.
    """

    def get_status(position: Any = None, **kwargs: Any) -> Any:
        if position is None:
            return fallback(position, **kwargs)
        row, col = genome(position)
        text = cursor_text(row, col, snapshot())
        text = " · ".join(part for part in (text, *(say(row, col) for say in more)) if part) if text else ""
        return {
            "layer_name": "",
            "layer_base": "",
            "source_type": "",
            "plugin": "",
            "coordinates": text,
            "coords": text,
            "value": "",
        }

    return get_status
