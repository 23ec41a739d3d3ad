"""Pixels → objects: what a map of occupancies (votes, or what a repair made of them) says is there.

Every object has the mean occupancy of its own pixels as its score; a domain's is lowered by what crosses its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.votes.masks import LOOP_RADIUS_BINS, MaskKind

Floats = NDArray[np.float32]

SOURCE = "label repair"
"""Who says so, in annotations."""

MIN_DOMAIN_BINS, MAX_DOMAIN_BP = 3, 4_000_000
MIN_STRIPE_BINS, MIN_STRIPE_ASPECT = 6, 2.0
"""Length of a stripe, and length over width."""
_MIN_PEAK = 0.05
"""By which a loop's occupancy rises above the saddle to a higher one: less is ripple of one and the same loop."""


def objects_of(
    occupancy: Floats,
    kind: MaskKind,
    region: Interval,
    bin_size: int,
    *,
    threshold: float = 0.5,
    ends: NDArray[np.int64] | None = None,
) -> list[Annotation]:
    """Read domains, stripes or loops off a map of occupancies.

    Parameters
    ----------
    occupancy : float32, shape (n_bins, n_bins)
        In [0, 1]; the upper triangle is read.
    kind : MaskKind
    region : Interval
        Of whole bins.
    bin_size : int
        bp.
    threshold : float
        Of stripes and loops: least occupancy of an object.  Of domains: two bins belong together from it on.
    ends : ndarray of int64, optional
        Places between bins where a domain may begin or end, see :func:`shared_ends`; None: anywhere.

    Returns
    -------
    list of Annotation
        By position; ``score`` and ``soft_score`` say how far the pixels agree with it, in [0, 1].
    """
    readers: dict[MaskKind, Callable[[Floats, float, int], Iterator[_Box]]] = {
        MaskKind.DOMAIN: lambda p, t, b: _domains(p, t, b, ends),
        MaskKind.LOOP: _loops,
        MaskKind.STRIPE_DOWN: _stripes,
        MaskKind.STRIPE_UP: lambda p, t, b: (_turned(one) for one in _stripes(p.T, t, b)),
    }
    read = np.triu(np.nan_to_num(occupancy))
    boxes = sorted(readers[kind](read, threshold, bin_size))
    return [_annotation(box, kind, region, bin_size) for box in boxes]


_Box = tuple[int, int, int, int, float]
"""Rows from, to, columns from, to (half-open, in bins), score."""


def _annotation(box: _Box, kind: MaskKind, region: Interval, bin_size: int) -> Annotation:
    rows, cols = (
        Interval(region.chrom, region.start + first * bin_size, region.start + last * bin_size)
        for first, last in (box[0:2], box[2:4])
    )
    score = float(np.clip(box[4], 0.0, 1.0))
    way = Direction.NONE
    if kind.kind is Kind.STRIPE:
        way = Direction.DOWN if kind is MaskKind.STRIPE_DOWN else Direction.UP
        rows, cols = (rows, cols) if kind is MaskKind.STRIPE_DOWN else (cols, rows)  # the anchor first
    return Annotation(
        kind=kind.kind,
        anchor1=rows,
        anchor2=cols,
        direction=way,
        resolution=bin_size,
        score=score,
        soft_score=score,
        source=SOURCE,
    )


def _turned(box: _Box) -> _Box:
    return box[2], box[3], box[0], box[1], box[4]


# ---------------------------------------------------------------------- domains
def _domains(occupancy: Floats, threshold: float, bin_size: int, ends: NDArray[np.int64] | None) -> Iterator[_Box]:
    """The row of disjoint domains with which the pixels agree best.

    A pixel of a domain adds its occupancy minus the threshold, all others add nothing; the sum over all domains is as
    large as it can be (dynamic programming along the diagonal, in steps of one bin).
    """
    n, longest = len(occupancy), MAX_DOMAIN_BP // bin_size
    allowed = np.full(n + 1, ends is None)
    if ends is not None:
        allowed[ends] = True
    sums = np.zeros((n + 1, n + 1))
    gain = np.triu(occupancy.astype(np.float64) - threshold, 1)
    np.cumsum(np.cumsum(gain, axis=0), axis=1, out=sums[1:, 1:])
    best, came_from = np.zeros(n + 1), np.full(n + 1, -1, np.int64)
    for end in range(1, n + 1):
        best[end] = best[end - 1]
        starts = np.arange(max(0, end - longest), end - MIN_DOMAIN_BINS + 1)
        starts = starts[allowed[starts]]
        if not (allowed[end] and len(starts)):
            continue
        total = best[starts] + _square(sums, starts, end)
        k = int(total.argmax())
        if total[k] > best[end] + 1e-9:
            best[end], came_from[end] = total[k], starts[k]
    end = n
    while end > 0:
        start = int(came_from[end])
        if start < 0:
            end -= 1
            continue
        yield start, end, start, end, _agreement(occupancy, start, end)
        end = start


def _agreement(occupancy: Floats, start: int, end: int) -> float:
    """Occupancy within a domain over all that its bins have: what reaches across its ends counts against it."""
    within = occupancy[start:end, start:end]
    n_pixels = (end - start) * (end - start - 1) / 2
    across = float(occupancy[start:end, end:].sum() + occupancy[:start, start:end].sum())
    return float(np.triu(within, 1).sum()) / (n_pixels + across)


def _square(sums: NDArray[np.float64], starts: NDArray[np.int64], end: int) -> NDArray[np.float64]:
    """Sum over ``[start, end)²`` for each start; of the upper triangle alone, the rest being 0."""
    return np.asarray(sums[end, end] - sums[starts, end] - sums[end, starts] + sums[starts, starts])


# ---------------------------------------------------------------------- loops
def _loops(occupancy: Floats, threshold: float, _bin_size: int) -> Iterator[_Box]:
    """One bin at the centre of mass of each peak; a plateau is one peak."""
    from skimage.morphology import h_maxima

    # as whole numbers: the maxima of floats need a margin of their own
    levels = np.round(ndimage.gaussian_filter(occupancy, 0.5) * 1_000).astype(np.int32)
    maxima: Any = h_maxima(levels, round(_MIN_PEAK * 1_000))  # type: ignore[no-untyped-call]
    peaks, n_peaks = ndimage.label(maxima, np.ones((3, 3)))
    disc = _disc(LOOP_RADIUS_BINS)
    for row, col in ndimage.center_of_mass(levels, peaks, range(1, n_peaks + 1)):
        place = _settled(occupancy, round(row), round(col), disc)
        score = _mean_on(occupancy, place, disc)
        centre = occupancy[place]
        if centre >= threshold and place[1] > place[0]:
            yield place[0], place[0] + 1, place[1], place[1] + 1, (score + float(centre)) / 2


def _disc(radius: int) -> NDArray[np.int64]:
    """Offsets within a radius, shape (n, 2)."""
    reach = np.arange(-radius, radius + 1)
    grid = np.stack(np.meshgrid(reach, reach, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.asarray(grid[(grid**2).sum(axis=1) <= radius**2 + 1])


def _around(occupancy: Floats, place: tuple[int, int], disc: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pixels of the disc around a place that are on the map, shape (n, 2)."""
    pixels = disc + np.array(place)
    return np.asarray(pixels[((pixels >= 0) & (pixels < len(occupancy))).all(axis=1)])


def _settled(occupancy: Floats, row: int, col: int, disc: NDArray[np.int64]) -> tuple[int, int]:
    """The pixel at the centre of mass of the disc around a peak."""
    pixels = _around(occupancy, (row, col), disc)
    weights = occupancy[pixels[:, 0], pixels[:, 1]].astype(np.float64)
    if not weights.sum():
        return row, col
    middle = (pixels * weights[:, None]).sum(axis=0) / weights.sum()
    return round(float(middle[0])), round(float(middle[1]))


def _mean_on(occupancy: Floats, place: tuple[int, int], disc: NDArray[np.int64]) -> float:
    pixels = _around(occupancy, place, disc)
    return float(occupancy[pixels[:, 0], pixels[:, 1]].mean())


# ---------------------------------------------------------------------- stripes
def _stripes(occupancy: Floats, threshold: float, _bin_size: int) -> Iterator[_Box]:
    """Connected pixels whose rows are few and whose columns are many: the anchor's rows, the extent's columns."""
    parts, n_parts = ndimage.label(occupancy >= threshold, np.ones((3, 3)))
    for number, (rows, cols) in enumerate(ndimage.find_objects(parts, n_parts), 1):
        own = np.where(parts[rows, cols] == number, occupancy[rows, cols], 0)
        filled = (own > 0).mean(axis=1)
        kept = np.flatnonzero(filled >= 0.5 * filled.max())  # ragged edges are no part of the anchor
        first, last = rows.start + int(kept[0]), rows.start + int(kept[-1]) + 1
        length, width = cols.stop - cols.start, last - first
        if length >= MIN_STRIPE_BINS and length >= MIN_STRIPE_ASPECT * width:
            inside = own[kept[0] : kept[-1] + 1]
            yield first, last, cols.start, cols.stop, float(inside[inside > 0].mean())
