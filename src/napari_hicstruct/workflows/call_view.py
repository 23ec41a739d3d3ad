"""One call with what is around it: the window that shows it, its bins, and the colour of its strongest contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.protocol import RAW, ContactSource
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.stripe_check import COLOUR_PERCENTILE

LOOP_BINS, BOUNDARY_BINS, TAD_MARGIN, STRIPE_MARGIN = 15, 30, 0.5, 0.25
"""What is shown around a call: bins on each side, or shares of its length."""

MAX_BINS = 320
"""A window of more is shown at the next coarser bins that the map has."""

DOT_PERCENTILE = 99.5
"""Colour maximum of a loop; COLOUR_PERCENTILE, lower, is that of structures of many pixels."""

_USUAL_RESOLUTION = 10_000


@dataclass(frozen=True, slots=True)
class CallView:
    """The bins around one call.

    Attributes
    ----------
    values : float32, shape (n_rows, n_cols)
        NaN where a bin is bad.
    rows, cols : Interval
        Whole bins, but for the chromosome's end.
    resolution : int
        bp.
    norm : str
    """

    values: NDArray[np.float32]
    rows: Interval
    cols: Interval
    resolution: int
    norm: str


def read_call(source: ContactSource, record: Annotation, chrom: str, max_bins: int = MAX_BINS) -> CallView:
    """Read what is around a call, in the bins that it was called in, or in coarser ones if it is long.

    Raises
    ------
    HicStructError
        If the map cannot be read there.
    """
    levels = source.resolutions_of(chrom)
    wanted = record.resolution or _USUAL_RESOLUTION
    sizes = sorted(levels, key=lambda size: (abs(size - wanted), size))
    rows, cols = _window(source, record, chrom, sizes[0])
    while max(len(rows), len(cols)) > max_bins * sizes[0] and (coarser := [s for s in levels if s > sizes[0]]):
        sizes = [min(coarser)]
    size, length = sizes[0], source.chromsizes[chrom]
    rows, cols = (part.snap(size).clamp(length) for part in (rows, cols))
    norm = source.default_norm(size, chrom) if source.normalisations(size, chrom) else RAW
    return CallView(source.fetch(rows, cols, resolution=size, norm=norm), rows, cols, size, norm)


def _window(source: ContactSource, record: Annotation, chrom: str, size: int) -> tuple[Interval, Interval]:
    """Rows and columns that show a call and what is around it."""
    length, span = source.chromsizes[chrom], record.span
    if record.kind is Kind.LOOP:
        first, last = (Interval(chrom, one.start, one.end) for one in (record.anchor1, record.anchor2))
        return first.expand(LOOP_BINS * size, length), last.expand(LOOP_BINS * size, length)
    margins = {Kind.BOUNDARY: BOUNDARY_BINS * size, Kind.TAD: int(TAD_MARGIN * len(span))}
    margin = margins.get(record.kind, max(10 * size, int(STRIPE_MARGIN * len(span))))
    window = Interval(chrom, span.start, span.end).expand(margin, length)
    return window, window


def colour_limit(values: NDArray[np.float32], offset: int, record: Annotation, size: int) -> float:
    """Colour maximum: the percentile of what is far enough from the diagonal to be compared with the call.

    ``offset``: how many bins the first column lies behind the first row.
    """
    rows, cols = np.indices(values.shape)
    near, percentile = (
        (record.distance / size / 2, DOT_PERCENTILE) if record.kind is Kind.LOOP else (2, COLOUR_PERCENTILE)
    )
    finite = values[np.isfinite(values) & (np.abs(cols + offset - rows) >= near)]
    limit = float(np.percentile(finite, percentile)) if finite.size else 0.0
    return limit if limit > 0 else float(np.nan_to_num(values).max(initial=0.0)) or 1.0
