"""One stretch of a labelled map: its contacts cut out, its labels in bins, its windows listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.genome import Interval

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.labels.records import Labels
    from napari_hicstruct.labels.truth import BinTruth
    from napari_hicstruct.training.dataset import Region

PIECE = 40_000_000
"""bp; a draw reads one whole piece, and long chromosomes are drawn as often as they are long."""

COLUMNS = ("split", "region", "resolution", "row", "col", "size", "loops", "stripes", "boundaries", "known_bins")
"""Of the window list.  ``row``, ``col``, ``size``: supervised centre in bins from the region's start."""

Tracks = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Chromosome-long 1-D tracks by name, in fine and coarse bins."""


def snap(region: Interval, length: int, bp: int = ModelConfig().coarse_resolution) -> Interval:
    """The region in whole coarse bins (bp), so that fine and coarse bins start together; never larger than it was."""
    end = region.end if region.end == length else region.end // bp * bp
    start = -(-region.start // bp) * bp
    return Interval(region.chrom, min(start, end), end)


def pieces(region: Interval, bp: int = ModelConfig().coarse_resolution) -> list[Interval]:
    """The region in equal parts of at most :data:`PIECE` bp, in whole coarse bins (bp)."""
    count = -(-len(region) // PIECE)
    edges = [region.start + len(region) * k // count // bp * bp for k in range(count)] + [region.end]
    return [Interval(region.chrom, a, b) for a, b in pairwise(edges)]


def load_tracks(bands: tuple[Band | None, Band], files: Mapping[str, str], length: int) -> Tracks:
    """1-D tracks of a chromosome in fine and coarse bins, scaled as prediction scales them."""
    from napari_hicstruct.tracks.binned import read_tracks

    coarse = bands[1]
    read = [
        read_tracks(tuple(files), files, coarse.chrom, length=length, resolution=r)
        for r in (coarse.resolution // 2, coarse.resolution)
    ]
    return dict(zip(files, zip(*read, strict=True), strict=True)) if files else {}


def label_region(
    bands: tuple[Band | None, Band],
    labels: Labels,
    region: Interval,
    tracks: Tracks | None = None,
    weak: frozenset[str] = frozenset(),
) -> Region:
    """Contacts and labels of one region, and its part of the chromosome's tracks.

    A chromosome on which a kind of label has no record is unlabelled for that kind, unless somebody reviewed it.
    ``weak``: heads (point, mask, boundary) whose labels are what the map itself shows (``labels.map_labels``).
    """
    from napari_hicstruct.contacts.band import empty_fine
    from napari_hicstruct.labels.map_labels import with_map_labels
    from napari_hicstruct.labels.records import reviewed_bins, truth_of
    from napari_hicstruct.training.dataset import Region

    coarse = cut_band(bands[1], region)
    fine = cut_band(bands[0], region) if bands[0] is not None else empty_fine(coarse)
    parts: list[Any] = []
    for band in (fine, coarse):
        truth = truth_of(labels.records, region.chrom, band.resolution)
        shift = region.start // band.resolution
        known = reviewed_bins(labels, region, band.resolution)
        truth = shifted(truth, shift, band.n_bins)
        parts.append((with_map_labels(truth, band, weak) if weak else truth, known[: band.n_bins]))
    present = {record.kind for record in labels.records if record.chrom == region.chrom}
    heads = frozenset(KINDS[kind].head for kind in (labels.kinds if parts[1][1].any() and labels.reviewed else present))
    heads |= weak
    own = {name: (_part(a, fine), _part(b, coarse)) for name, (a, b) in (tracks or {}).items()}
    return Region(fine, coarse, parts[0][0], parts[1][0], parts[0][1], parts[1][1], heads, own)


def _part(track: Any, band: Band) -> Any:
    """A chromosome's track in a region's bins; 0 (its median) beyond the chromosome's end."""
    part = track[band.first_bin : band.first_bin + band.n_bins]
    return np.pad(part, (0, band.n_bins - len(part)))


def cut_band(band: Band, region: Interval) -> Band:
    first, last = region.start // band.resolution, -(-region.end // band.resolution)
    counts = band.counts[:, first:last].copy()
    n = counts.shape[1]
    for d in range(len(counts)):
        counts[d, max(0, n - d) :] = 0
    return replace(band, first_bin=first, counts=counts, weights=band.weights[first:last])


def shifted(truth: BinTruth, shift: int, n: int) -> BinTruth:
    """Truth in bins from the region's start; what lies outside is left out."""
    from napari_hicstruct.labels.truth import BinTruth

    loops, stripes, borders = truth.loops.copy(), truth.stripes.copy(), truth.boundaries.copy()
    loops[:, :2] -= shift
    stripes[:, :4] -= shift
    borders[:, 0] -= shift
    loops = loops[(loops[:, 0] >= 0) & (loops[:, 1] < n)]
    stripes = stripes[(stripes[:, [1, 3]] > 0).all(axis=1) & (stripes[:, [0, 2]] < n).all(axis=1)]
    return BinTruth(loops, stripes, borders[(borders[:, 0] >= 0) & (borders[:, 0] <= n)])


def window_rows(region: Region) -> Iterator[tuple[int, ...]]:
    """All windows of a region on the stride of fast prediction (:data:`COLUMNS` from ``resolution`` on)."""
    windows = ModelConfig().windows
    coarse = windows.coarse_size - 2 * windows.coarse_margin
    yield from _rows(region.coarse, region.coarse_truth, region.coarse_known, coarse)
    if region.fine.valid.any():
        fine = windows.fine_size - 2 * windows.fine_margin
        yield from _rows(region.fine, region.fine_truth, region.fine_known, fine)


def _rows(band: Band, truth: BinTruth, known: Any, stride: int) -> Iterator[tuple[int, ...]]:
    n, reach = band.n_bins, min(band.n_diagonals, band.n_bins)
    loops, stripes = truth.loops[truth.loops[:, 2] > 0], truth.stripes[truth.stripes[:, 5] > 0]  # the rest is ignored
    centres = ((stripes[:, [0, 2]] + stripes[:, [1, 3]]) / 2).astype(np.float32)
    marks: list[NDArray[np.float32]] = [loops[:, :2], centres]
    marks = [np.sort(np.clip(np.floor(places), 0, n - 1), axis=1) for places in marks]
    borders = np.minimum(truth.boundaries[:, 0], n - 1)
    for row in range(0, n, stride):
        for col in range(row, min(n, row + reach), stride):
            corner, end = np.array((row, col)), np.array((row, col)) + stride
            inside = [int(((places >= corner) & (places < end)).all(axis=1).sum()) for places in marks]
            near = int(((borders >= row) & (borders < row + stride)).sum()) if row == col else 0
            yield band.resolution, row, col, stride, *inside, near, int(known[row : row + stride].sum())
