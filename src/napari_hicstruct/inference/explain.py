"""What the network computed around one place: the windows of prediction, run again with a trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.insulation import boundary_evidence
from napari_hicstruct.inference.canvas import Canvas
from napari_hicstruct.inference.chromosome import ChromosomeRun
from napari_hicstruct.inference.maps import Forward, Predictor, StripFeatures
from napari_hicstruct.inference.tiling import Tiling
from napari_hicstruct.models.context import BoundaryPrior, Trace
from napari_hicstruct.models.network import MultiTaskNet

Array = NDArray[np.float32]
Bins = tuple[int, int]

_RIM = 8
"""Bins of boundary probability read beyond the box: the matched filter of boundaries reaches 4 bins."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture over a part of the map: ``values[0, 0]`` is bin (``row``, ``col``) of ``resolution`` bp.

    Float32, ``(rows, columns)``; 0 where no window of the tiling lies.
    """

    values: Array
    resolution: int
    row: int
    col: int

    def around(self, row_bp: float, col_bp: float, reach: int = 0) -> float:
        """Largest value within ``reach`` bins of a place (bp), NaN outside the picture."""
        i, j = self.peak(row_bp, col_bp, reach)
        y, x = i - self.row, j - self.col
        inside = 0 <= y < len(self.values) and 0 <= x < self.values.shape[1]
        return float(self.values[y, x]) if inside else float("nan")

    def peak(self, row_bp: float, col_bp: float, reach: int) -> Bins:
        """Row and column (bins of the chromosome) of that largest value; the place itself outside the picture."""
        i, j = int(row_bp // self.resolution), int(col_bp // self.resolution)
        top, left = max(0, i - self.row - reach), max(0, j - self.col - reach)
        part = self.values[top : max(0, i - self.row + reach + 1), left : max(0, j - self.col + reach + 1)]
        if not part.size:
            return i, j
        y, x = np.unravel_index(int(part.argmax()), part.shape)
        return self.row + top + int(y), self.col + left + int(x)


@dataclass(frozen=True, slots=True)
class Track:
    """Boundary strength per bin: ``values[0]`` is bin ``first`` of ``resolution`` bp; 0 where nothing is known."""

    values: Array
    resolution: int
    first: int

    def around(self, place_bp: float, reach: int = 0) -> float:
        """Largest value within ``reach`` bins of a place (bp), NaN outside."""
        k = int(place_bp // self.resolution) - self.first
        part = self.values[max(0, k - reach) : max(0, k + reach + 1)]
        return float(part.max()) if part.size else float("nan")


@dataclass(frozen=True, slots=True)
class RegionTrace:
    """Maps and tracks of a part of the map.

    Attributes
    ----------
    layers : dict of str to Layer
        ``probability/<task>`` of every task, ``boundary_prior/boundary``, and the passes' traces, by pass:
        ``fine/gate/<task>/<scale>/<expert>``, ``coarse/exchange/<a>-<b>/<scale>`` …
    use : dict of str to float32, shape (n_experts,)
        Mean expert use in the windows over the place: ``fine/expert_use/<task>/<scale>`` …
    boundaries : dict of str to Track
        Of each boundary task, over rows and columns and what lies between.
    """

    layers: dict[str, Layer]
    use: dict[str, Array]
    boundaries: dict[str, Track]


class TracingNet:
    """A network that keeps the traced maps of its last pass."""

    def __init__(self, net: MultiTaskNet) -> None:
        self._net = net
        self.maps: dict[str, Tensor] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._net, name)

    def fine(
        self, x: Tensor, tasks: Iterable[str], *, prior: BoundaryPrior | None = None
    ) -> dict[str, dict[str, Tensor]]:
        """``MultiTaskNet.fine`` with a trace."""
        trace = Trace()
        out = self._net.fine(x, tasks, prior=prior, trace=trace)
        self.maps = trace.maps
        return out

    def coarse(self, x: Tensor, tasks: Iterable[str], *, prior: BoundaryPrior | None = None) -> dict[str, Tensor]:
        """``MultiTaskNet.coarse`` with a trace."""
        trace = Trace()
        out = self._net.coarse(x, tasks, prior=prior, trace=trace)
        self.maps = trace.maps
        return out


@dataclass(slots=True)
class TracingPredictor(Predictor):
    """A predictor whose ``net`` is a :class:`TracingNet`: keeps each window's corner with the traced maps."""

    traced: list[tuple[Bins, dict[str, Array]]] = field(default_factory=list)

    def _batch(
        self, corners: list[Bins], windows: list[Array], forward: Forward, *, factor: int
    ) -> list[dict[str, Array]]:
        found = []
        for corner, window in zip(corners, windows, strict=True):
            found += Predictor._batch(self, [corner], [window], forward, factor=factor)
            self.traced.append((corner, {k: v[0].float().cpu().numpy() for k, v in self.net.maps.items()}))
        return found


@dataclass(frozen=True, slots=True)
class Around(Tiling):
    """Of a tiling, only the windows whose centres meet ``rows`` × ``cols``, or the diagonal at ``diagonal`` (bins)."""

    rows: Bins = (0, 0)
    cols: Bins = (0, 0)
    diagonal: Bins = (0, 0)

    def _meets(self, first: int, part: Bins) -> bool:
        return first < part[1] and first + self.size - 2 * self.margin > part[0]

    def row_tiles(self) -> list[int]:
        """First bins of the rows of tiles that hold such a window."""
        return [row for row in Tiling.row_tiles(self) if next(self.corners(row), None) is not None]

    def corners(self, row: int) -> Iterator[Bins]:
        """Corners of these windows."""
        for corner in Tiling.corners(self, row):
            col = corner[1] + self.margin
            inside = self._meets(row, self.rows) and self._meets(col, self.cols)
            if inside or (row == col and self._meets(row, self.diagonal)):
                yield corner


@dataclass(slots=True)
class RegionTracer:
    """Runs one part of a chromosome again, with the windows of a run over the chromosome.

    Parameters
    ----------
    run : ChromosomeRun
        Its predictor is a :class:`TracingPredictor`; its stretch is the one that was predicted (tiles and
        strips start there).
    rows, cols : (int, int)
        The part, bp: first and second anchors.
    """

    run: ChromosomeRun
    rows: Bins
    cols: Bins
    _layers: dict[str, Layer] = field(default_factory=dict, init=False)
    _use: dict[str, Array] = field(default_factory=dict, init=False)
    _boundaries: dict[str, Track] = field(default_factory=dict, init=False)

    @property
    def _predictor(self) -> TracingPredictor:
        assert isinstance(self.run.predictor, TracingPredictor)
        return self.run.predictor

    def trace(self) -> RegionTrace:
        """Run the windows: probabilities and traced maps."""
        coarse, fine = self.run.coarse, self.run.fine
        reach = self.run._reach(coarse) + self._predictor.net.config.windows.coarse_size
        low, high = self._bins(coarse)[0][0], self._bins(coarse)[1][1]
        self._predictor.prepare_prior(coarse, low - reach, high + reach)
        tiling = self.run._fine_tiling()
        if fine is not None and tiling is not None:
            around = self._around(tiling, fine)
            self._finish("fine", fine, around, self._predictor.fine(fine, around, self.run._tasks("point")))
        self._trace_coarse(coarse)
        if self._predictor.prior is not None:
            rows, cols = (self._predictor.prior.p[slice(*part)] for part in self._bins(coarse))
            self._keep("boundary_prior/boundary", np.maximum(rows[:, None], cols[None, :]), coarse)
        return RegionTrace(self._layers, self._use, self._boundaries)

    def _trace_coarse(self, band: Band) -> None:
        tiling = self.run._coarse_tiling()
        if tiling is None:
            return
        boundaries, w = self.run._tasks("boundary"), self._predictor.net.config.windows
        rows, cols = self._bins(band)
        low, high = max(0, min(rows[0], cols[0]) - _RIM), max(rows[1], cols[1]) + _RIM
        firsts = [k for k in self.run._strip().firsts(w) if k < high and k + w.strip_length > low]
        firsts = firsts if boundaries else []
        diagonal = (firsts[0], firsts[-1] + w.strip_length) if firsts else (0, 0)
        # these strips and no others: StripFeatures begins one margin after its first strip
        strips = {
            name: StripFeatures(firsts[0] + w.strip_margin, firsts[-1] + w.strip_margin + 1)
            for name in boundaries
            if firsts
        }
        around = self._around(tiling, band, diagonal)
        points = self.run._tasks("point") if self.run.fine is None else []
        done = self._predictor.coarse(band, around, points=points, masks=self.run._tasks("mask"), strips=strips)
        self._finish("coarse", band, around, done)
        for name, features in strips.items():
            p = np.full(high - low, np.nan, np.float32)
            known = boundary_evidence(self._predictor.boundaries(band, name, features), band)[low:high]
            p[: len(known)] = known
            p = np.nan_to_num(p)
            self._boundaries[name] = Track(p, band.resolution, low)
            first, second = (p[part[0] - low : part[1] - low] for part in (rows, cols))
            self._keep(f"probability/{name}", np.minimum(first[:, None], second[None, :]), band)

    def _bins(self, band: Band) -> tuple[Bins, Bins]:
        """Rows and columns of the part in the band's bins."""
        r = band.resolution
        parts = ((max(0, a // r), min(band.n_bins, -(-b // r))) for a, b in (self.rows, self.cols))
        return tuple(parts)  # type: ignore[return-value]

    def _around(self, tiling: Tiling, band: Band, diagonal: Bins = (0, 0)) -> Around:
        rows, cols = self._bins(band)
        same = {one.name: getattr(tiling, one.name) for one in fields(Tiling)}
        return Around(**same, rows=rows, cols=cols, diagonal=diagonal)

    def _finish(self, which: str, band: Band, tiling: Tiling, done: Iterator[Any]) -> None:
        """Run a pass to its end and keep its probabilities and traced maps."""
        self._predictor.traced.clear()
        for name, canvas in {row.name: row.canvas for row in done}.items():  # the last of each is final
            self._keep(f"probability/{name}", self._unfolded(canvas, band), band)
        for name, values in self._mosaic(tiling, band).items():
            if len(values) == 1:
                self._keep(f"{which}/{name}", values[0], band)
            else:
                for k, one in enumerate(values):
                    self._keep(f"{which}/{name}/{k + 1}", one, band)
        uses: dict[str, list[Array]] = {}
        for corner, maps in self._predictor.traced:
            for name, value in maps.items():
                if value.ndim == 1 and self._overlap(corner, tiling, band) is not None:
                    uses.setdefault(f"{which}/{name}", []).append(value)
        self._use |= {name: np.mean(values, axis=0) for name, values in uses.items()}

    def _keep(self, name: str, values: Array, band: Band) -> None:
        (row, _), (col, _) = self._bins(band)
        self._layers[name] = Layer(np.asarray(values, np.float32), band.resolution, row, col)

    def _unfolded(self, canvas: Canvas, band: Band) -> Array:
        """Probability of the part's pixels, either triangle, from rows × distances."""
        rows, cols = (np.arange(*part) for part in self._bins(band))
        low = int(min(rows[0], cols[0]))
        p = canvas.rows(low, int(max(rows[-1], cols[-1])) + 1)[0]
        first = np.minimum(rows[:, None], cols[None, :]) - low
        d = np.abs(rows[:, None] - cols[None, :])
        return np.where(d < p.shape[1], p[first, np.minimum(d, p.shape[1] - 1)], np.float32(0))

    def _overlap(self, corner: Bins, tiling: Tiling, band: Band) -> list[Bins] | None:
        """Rows and columns (bins) that a window's centre shares with the part; None if there are none."""
        shared = []
        for first, part in zip(corner, self._bins(band), strict=True):
            low, high = max(first + tiling.margin, part[0]), min(first + tiling.size - tiling.margin, part[1])
            if low >= high:
                return None
            shared.append((low, high))
        return shared

    def _mosaic(self, tiling: Tiling, band: Band) -> dict[str, Array]:
        """Maps of all windows, ``(K, h, w)`` in the pass's bins: window centres side by side, means where they meet."""
        (r0, r1), (c0, c1) = self._bins(band)
        total: dict[str, Array] = {}
        count: dict[str, Array] = {}
        for corner, maps in self._predictor.traced:
            shared = self._overlap(corner, tiling, band)
            for name, value in maps.items() if shared is not None else ():
                if value.ndim != 3 or shared is None:
                    continue
                values = value.mean(0, keepdims=True) if name.startswith("weights/") else value
                factor = tiling.size // values.shape[-1]
                (y0, y1), (x0, x1) = shared
                ys, xs = (np.arange(y0, y1) - corner[0]) // factor, (np.arange(x0, x1) - corner[1]) // factor
                if name not in total:
                    total[name] = np.zeros((len(values), r1 - r0, c1 - c0), np.float32)
                    count[name] = np.zeros((r1 - r0, c1 - c0), np.float32)
                place = np.s_[y0 - r0 : y1 - r0, x0 - c0 : x1 - c0]
                total[name][:, place[0], place[1]] += values[:, ys[:, None], xs[None, :]]
                count[name][place] += 1
        return {name: np.asarray(values / np.maximum(count[name], 1), np.float32) for name, values in total.items()}
