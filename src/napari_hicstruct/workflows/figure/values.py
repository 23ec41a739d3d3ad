"""The contacts that a figure shows, read at the bins that it can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.colours import CONTACTS, NO_CONTACTS, RATIO, Scale, colour_range
from napari_hicstruct.contacts.norms import first_norm
from napari_hicstruct.contacts.pair_levels import Joined
from napari_hicstruct.contacts.protocol import COMPUTED, RAW, ContactSource
from napari_hicstruct.contacts.values import ValueKind
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval, NameMatcher, format_bin_size

OE = "oe"
"""Name of observed over expected among normalisations, as ``hicstruct view`` has it."""

MAX_BINS = 1_000
"""A side of more is read in coarser bins: 600 dpi on one column are 1,500 pixels."""

_DIVERGING = {Joined.DIFFERENCE: "second − first", Joined.RATIO: "log2 (second / first)"}
_AS_STORED = {ValueKind.COUNTS: "contacts", ValueKind.NORMALISED: "normalised contacts"}


@dataclass(frozen=True, slots=True)
class MapValues:
    """A rectangle of a map.

    Attributes
    ----------
    name : str
    values : float32, shape (n_rows, n_cols)
        Ratios as their logarithm to base 2; NaN where a bin is bad.
    row, col : int
        First base pair.
    resolution : int
        bp.
    scale : Scale
    meaning : str
        What the numbers are, for the colour bar.
    """

    name: str
    values: NDArray[np.float32]
    row: int
    col: int
    resolution: int
    scale: Scale
    meaning: str

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top edge, bp, as matplotlib's ``imshow`` takes it."""
        n_rows, n_cols = self.values.shape
        left, top = float(self.col), float(self.row)
        return left, left + n_cols * self.resolution, top + n_rows * self.resolution, top

    def colormap(self) -> str:
        """The colour map that suits the values."""
        return CONTACTS if self.scale is Scale.CONTACTS else RATIO

    def distances(self) -> NDArray[np.int64]:
        """Bins between column and row of each pixel."""
        n_rows, n_cols = self.values.shape
        first = (self.col - self.row) // self.resolution
        return np.asarray(first + np.arange(n_cols)[None] - np.arange(n_rows)[:, None])


def read_values(
    source: ContactSource, rows: Interval, cols: Interval, *, norm: str = "", resolution: int = 0
) -> MapValues:
    """Read a rectangle in the finest bins of which a side holds at most :data:`MAX_BINS`, or in those asked for.

    Raises
    ------
    MapError
        If the map has no such bins or weights, or no contacts there.
    """
    from napari_hicstruct.contacts import build_levels

    chrom, kind = rows.chrom, source.value_kind
    wanted, ratio = _norm_of(source, chrom, norm)
    levels = build_levels(source, chrom, norm=wanted, transform="oe" if ratio else "none")
    level = _level_for(levels, resolution, max(len(rows), len(cols)), source.uri)
    values, first = _cut(level, rows, cols)
    if not np.nan_to_num(values).any():
        raise _nothing(source, rows, cols)
    scale = _scale(kind, ratio)
    meaning = _meaning(kind, level.norm, ratio)
    return MapValues(source.name, _as_drawn(values, scale), *first, level.resolution, scale, meaning)


def _level_for(levels: Sequence[Any], resolution: int, longest: int, where: str) -> Any:
    """The bins asked for, else the finest of which ``longest`` (bp) holds at most :data:`MAX_BINS`."""
    if not resolution:
        fine = [level for level in levels if longest <= MAX_BINS * level.resolution]
        return fine[0] if fine else levels[-1]
    found = next((level for level in levels if level.resolution == resolution), None)
    if found is None:
        have = ", ".join(format_bin_size(level.resolution) for level in levels)
        text = f"there are no bins of {format_bin_size(resolution)}."
        raise MapError(text, where=where, hint=f"Choose from {have}.")
    return found


def _cut(level: Any, rows: Interval, cols: Interval) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """The bins of a rectangle, and its first base pairs."""
    size = level.resolution
    first = [part.start // size for part in (rows, cols)]
    last = [min(-(-part.end // size), level.shape[0]) for part in (rows, cols)]
    values = np.array(level[first[0] : last[0], first[1] : last[1]], np.float32)
    return values, (first[0] * size, first[1] * size)


def _as_drawn(values: NDArray[np.float32], scale: Scale) -> NDArray[np.float32]:
    """Ratios as their logarithm."""
    if scale is not Scale.RATIO:
        return values
    with np.errstate(invalid="ignore"):
        return np.log2(np.maximum(values, NO_CONTACTS))


def _nothing(source: ContactSource, rows: Interval, cols: Interval) -> MapError:
    text = f"holds no contacts in {rows}{'' if rows == cols else f' × {cols}'}."
    return MapError(text, where=source.uri, hint="Choose another region: hicstruct info lists what the map holds.")


def read_pair(
    maps: tuple[ContactSource, ContactSource],
    spans: tuple[Interval, Interval],
    joined: Sequence[Joined],
    *,
    norm: str = "",
    resolution: int = 0,
    smooth: float = 0.0,
) -> list[MapValues]:
    """Read a rectangle of two maps in each of the ways ``joined``, in bins that both have.

    The second map is taken as deep as the first.

    Raises
    ------
    MapError
        If the maps have no bins in common, or no contacts there.
    """
    from napari_hicstruct.contacts.pair_levels import DIVERGING, pair_levels

    rows, cols = spans
    other = NameMatcher(maps[1].chromsizes).require(rows.chrom)
    wanted, ratio = _norm_of(maps[0], rows.chrom, norm)
    norms = wanted, _norm_of(maps[1], other, norm)[0]
    found = []
    for how in joined:
        levels = pair_levels(maps, rows.chrom, norms, how, smooth=smooth, over_expected=ratio)
        level = _level_for(levels, resolution, max(len(rows), len(cols)), maps[1].uri)
        values, first = _cut(level, rows, cols)
        scale = _scale(maps[0].value_kind, ratio)
        meaning = _meaning(maps[0].value_kind, level.norm, ratio)
        if how in DIVERGING:
            scale, meaning = Scale.SIGNED, _DIVERGING[how]
        values = _as_drawn(values, scale)
        name = maps[1].name if how is Joined.SECOND else maps[0].name
        found.append(MapValues(name, values, *first, level.resolution, scale, meaning))
    if not np.nan_to_num(found[0].values).any():
        raise _nothing(maps[0], rows, cols)
    return found


def limits_of(parts: list[MapValues], percentile: float) -> tuple[float, float]:
    """Values of the first and the last colour, the same for all ``parts``; ratios as their logarithm."""
    found = [_own_limits(part, percentile) for part in parts]
    return min(low for low, _ in found), max(high for _, high in found)


def _own_limits(part: MapValues, percentile: float) -> tuple[float, float]:
    values = part.values
    if part.scale is Scale.RATIO:
        empty = np.log2(NO_CONTACTS)
        values = np.where(values > empty, np.exp2(values), np.float32(0))
    return colour_range(values, percentile, scale=part.scale)


def _norm_of(source: ContactSource, chrom: str, norm: str) -> tuple[str, bool]:
    """Weights, and whether they are divided by the expected; O/E of maps without weights is that of the values."""
    if norm.lower() == OE:
        return first_norm(source, chrom), True
    chosen = norm or first_norm(source, chrom)
    if chosen not in (RAW, COMPUTED):
        source.weights(chrom, resolution=source.resolutions_of(chrom)[0], norm=chosen)  # refused here if missing
    return chosen, False


def _scale(kind: ValueKind, ratio: bool) -> Scale:
    if kind is ValueKind.SIGNED:
        return Scale.SIGNED
    return Scale.RATIO if ratio or kind is ValueKind.RATIO else Scale.CONTACTS


def _meaning(kind: ValueKind, norm: str, ratio: bool) -> str:
    if kind is ValueKind.SIGNED:
        return str(kind)
    if ratio or kind is ValueKind.RATIO:
        return "observed / expected"
    if norm == RAW:
        return _AS_STORED.get(kind, str(kind))
    return "balanced contacts"
