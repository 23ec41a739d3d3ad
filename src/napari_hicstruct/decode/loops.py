"""Loop probability → loops: local maxima, sub-bin offsets, non-maximum suppression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.prominence import loop_score, prominence
from napari_hicstruct.genome import Interval

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """Thresholds of loop decoding; distances in bins unless named otherwise."""

    threshold: float = 0.02
    """Least probability of the network at a place that is looked at."""
    min_score: float = 0.42
    """Least score that is listed: the network's log-odds and the dot's own significance together."""
    suppress: int = 2
    min_distance_bins: int = 4
    max_distance_bp: int = 3_000_000

    def at_scale(self, scale: float) -> LoopSettings:
        """Distances of a genome whose structures are ``scale`` times smaller."""
        return self if scale == 1 else replace(self, max_distance_bp=round(self.max_distance_bp / scale))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _maxima(p: Array, first: int, last: int, near: int, threshold: float, radius: int) -> NDArray[np.int64]:
    """Rows and distances in ``first <= row < last`` that no neighbour within ``radius`` (both anchors) beats."""
    n, n_diagonals = p.shape
    out = []
    for i in range(first, last):
        for d in range(near, n_diagonals):
            value = p[i, d]
            if value < threshold:
                continue
            best = True
            for a in range(-radius, radius + 1):
                if not 0 <= i + a < n:
                    continue
                for b in range(-radius, radius + 1):
                    e = d + b - a
                    if 0 <= e < n_diagonals and (p[i + a, e] > value or (p[i + a, e] == value and (a, b) < (0, 0))):
                        best = False
            if best:
                out.append((i, d))
    result = np.empty((len(out), 2), np.int64)
    for k, (i, d) in enumerate(out):
        result[k, 0], result[k, 1] = i, d
    return result


@dataclass(slots=True)
class LoopDecoder:
    """Decodes rows as they become final, each loop once.

    Parameters
    ----------
    chrom : str
    resolution : int
        bp.
    valid : bool, shape (n_bins,)
        Loops with a bad anchor bin are not called.
    length : int
        Chromosome length, bp.
    band : Band, optional
        Contacts, by which loops are ranked anew, with their length (``decode.prominence``).
    """

    chrom: str
    resolution: int
    valid: NDArray[np.bool_]
    length: int
    band: Band | None = None
    settings: LoopSettings = field(default_factory=LoopSettings)
    model: str = ""
    _done: int = 0

    def begin(self, first: int) -> None:
        """Start at row ``first`` (bins) rather than at the chromosome's start."""
        self._done = first

    def feed(self, p: Array, offsets: Array, *, start: int, final: int) -> Iterator[Annotation]:
        """Loops of rows from where the last call stopped up to ``final`` minus the suppression radius.

        Parameters
        ----------
        p : float32, shape (rows, n_diagonals)
            Probability of rows ``start …`` (bins), at least ``suppress`` before the first undecoded row.
        offsets : float32, shape (2, rows, n_diagonals)
            Row and column offset in bins.
        start : int
            Bin of row 0.
        final : int
            First bin whose row may still change.
        """
        s = self.settings
        # the last tile reaches past the chromosome's end: rows that are not there cannot change any more
        last = min(final - s.suppress, start + p.shape[0])
        farthest = min(p.shape[1], s.max_distance_bp // self.resolution + 1)
        peaks = _maxima(
            p[:, :farthest],
            max(self._done - start, 0),
            max(last - start, 0),
            s.min_distance_bins,
            s.threshold,
            s.suppress,
        )
        self._done = max(self._done, last)
        for row, d in peaks:
            i, j = int(row) + start, int(row) + start + int(d)
            if j < len(self.valid) and self._known_around(i) and self._known_around(j) and self._known_between(i, j):
                score = float(p[row, d])
                if self.band is not None:
                    score = loop_score(score, prominence(self.band, i, j), (j - i) * self.band.network_resolution)
                if score >= s.min_score:
                    yield self._loop(i, j, offsets[:, row, d], score)

    def finish(self, p: Array, offsets: Array, *, start: int) -> Iterator[Annotation]:
        """Loops of all rows that are left."""
        yield from self.feed(p, offsets, start=start, final=start + p.shape[0] + self.settings.suppress)

    @property
    def needs_from(self) -> int:
        """First bin whose row the next call must hold."""
        return max(0, self._done - self.settings.suppress)

    def _known_around(self, i: int) -> bool:
        """Whether the map knows bin i, and one of ten bins on either side: beside nothing everything stands out."""
        before, after = self.valid[max(0, i - 10) : i], self.valid[i + 1 : i + 11]
        return bool(self.valid[i] and before.any() and after.any())

    def _known_between(self, i: int, j: int) -> bool:
        """Whether the map knows a tenth of what lies between: the ends of a deletion touch, and are no loop."""
        return 10 * int(self.valid[i + 1 : j].sum()) >= j - i - 1

    def _loop(self, i: int, j: int, offset: Array, score: float) -> Annotation:
        anchors = []
        for index, shift in ((i, offset[0]), (j, offset[1])):
            start = round((index + float(np.clip(shift, -0.5, 0.5))) * self.resolution)
            start = min(max(start, 0), max(self.length - self.resolution, 0))
            anchors.append(Interval(self.chrom, start, min(start + self.resolution, self.length)))
        return Annotation(
            kind=Kind.LOOP,
            anchor1=anchors[0],
            anchor2=anchors[1],
            score=round(score, 6),
            probability=round(score, 6),
            resolution=self.resolution,
            source=self.model or "model",
            model=self.model,
        )
