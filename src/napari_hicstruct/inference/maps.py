"""From one chromosome's bands to blended probability maps, row of tiles by row of tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.config.model import WindowConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.channels import strip_channels, window_channels
from napari_hicstruct.evaluation.calibrate import CalibrationMap
from napari_hicstruct.inference.boundary_prior import BoundaryPriorTrack, predict_boundary_prior
from napari_hicstruct.inference.canvas import Canvas, blend_weight
from napari_hicstruct.inference.device import precision
from napari_hicstruct.inference.tiling import Tiling
from napari_hicstruct.jobs.ahead import work_ahead
from napari_hicstruct.models.context import BoundaryPrior
from napari_hicstruct.models.network import MultiTaskNet

Array = NDArray[np.float32]
Corner = tuple[int, int]
"""First row and column of a window, bins."""

Forward = Callable[[Tensor, BoundaryPrior | None, list[Corner]], dict[str, Tensor]]
"""Network outputs of a batch of windows, by name, given its channels, boundary prior and corners."""

BATCH = {"cpu": 2, "cuda": 32, "mps": 8}


@dataclass(frozen=True, slots=True)
class RowDone:
    """A row of tiles is through: ``canvas`` is final for rows below ``final``."""

    name: str
    canvas: Canvas
    final: int


@dataclass(slots=True)
class Predictor:
    """Runs a network over one chromosome.

    Parameters
    ----------
    net : MultiTaskNet
        In evaluation mode, on ``device``.
    device : torch.device
    overlap : int
        1 fast, 2 accurate.
    on_windows : callable
        Called with the number of windows just done; may raise to cancel.
    prior : BoundaryPriorTrack, optional
        Boundaries of the chromosome at hand, for networks that read them (:meth:`predict_boundary_prior`).
    tracks : mapping of int to float32, shape (n_tracks, n_bins)
        The chromosome's 1-D tracks by bin size, for networks that read any.
    calibration : mapping of str to CalibrationMap
        From raw scores to probabilities, by what is called (``evaluation.calibrate.key_of``).
    workers : int
        Batches that run beside each other, each in one thread (:func:`~napari_hicstruct.inference.device.one_each`).
    """

    net: MultiTaskNet
    device: torch.device
    overlap: int = 1
    on_windows: Callable[[int], None] = field(default=lambda _: None)
    prior: BoundaryPriorTrack | None = None
    tracks: Mapping[int, Array] = field(default_factory=dict)
    calibration: Mapping[str, CalibrationMap] = field(default_factory=dict)
    workers: int = 1

    def prepare_prior(self, band: Band, start: int, stop: int) -> None:
        """Read where boundaries probably are in coarse bins start … stop, if the network wants to know."""
        wanted = self.net.config.boundary_prior.kind != "none"
        tracks = self.tracks.get(band.resolution)
        self.prior = (
            predict_boundary_prior(self.net, band, self.device, tracks, start=start, stop=stop) if wanted else None
        )

    def _batch(
        self, corners: list[Corner], windows: list[Array], forward: Forward, *, factor: int
    ) -> list[dict[str, Array]]:
        """One forward pass; a dict of arrays per window, in order."""
        x = torch.from_numpy(np.stack(windows)).to(self.device)
        prior = None
        if self.prior is not None:
            prior = self.prior.cut(corners, x.shape[-1], factor=factor, device=self.device)
        with torch.inference_mode(), precision(self.device):
            out = forward(x.contiguous(memory_format=torch.channels_last), prior, corners)
        arrays = {name: value.float().cpu().numpy() for name, value in out.items()}
        return [{name: value[k] for name, value in arrays.items()} for k in range(len(corners))]

    def _live(self, band: Band, tiling: Tiling, row: int) -> list[Corner]:
        """Corners of a row's windows; those without a single good pixel are passed over."""
        valid, size = band.valid, tiling.size
        every = list(tiling.corners(row))

        def good(k: int) -> bool:
            return bool(valid[max(0, k) : max(0, k + size)].any())

        live = [(r, c) for r, c in every if good(r) and good(c)]
        if len(live) < len(every):
            self.on_windows(len(every) - len(live))
        return live

    def _rows(
        self, band: Band, tiling: Tiling, forward: Forward, *, factor: int, wanted: Callable[[Corner], bool]
    ) -> Iterator[tuple[int, Iterator[tuple[Corner, dict[str, Array]]]]]:
        """Each row of tiles with the outputs of its windows, in order, whichever batch is through first."""
        inputs, tracks = self.net.config.inputs, self.tracks.get(band.resolution)
        size = BATCH.get(self.device.type, 2) if factor > 1 else 1

        def parts(row: int) -> list[list[Corner]]:
            corners = [corner for corner in self._live(band, tiling, row) if wanted(corner)]
            return [corners[k : k + size] for k in range(0, len(corners), size)]

        def run(part: list[Corner]) -> list[dict[str, Array]]:
            windows = [window_channels(band, r, c, tiling.size, inputs, tracks) for r, c in part]
            return self._batch(part, windows, forward, factor=factor)

        def outputs(done: Iterator[tuple[list[Corner], list[dict[str, Array]]]]) -> Iterator[tuple[Corner, Any]]:
            for part, found in done:
                self.on_windows(len(part))
                yield from zip(part, found, strict=True)

        for row, done in work_ahead(((row, parts(row)) for row in tiling.row_tiles()), run, self.workers):
            yield row, outputs(done)

    def coarse_tiling(self, band: Band, start: int, stop: int, reach: int) -> Tiling:
        """Tiles at coarse bins for structures with anchors in [start, stop) bins up to ``reach`` bins apart."""
        w = self.net.config.windows
        reach = min(reach, band.n_diagonals)
        return Tiling(band.n_bins, reach, w.coarse_size, w.coarse_margin, self.overlap, start, stop)

    def fine(self, band: Band, tiling: Tiling, tasks: list[str]) -> Iterator[RowDone]:
        """Point maps at fine bins: channels probability, row offset, column offset."""
        blend = blend_weight(tiling.size, tiling.margin)
        canvases = {name: Canvas(3, band.n_bins, tiling.n_diagonals, blend, below="offsets") for name in tasks}

        def forward(x: Tensor, prior: BoundaryPrior | None, _: list[Corner]) -> dict[str, Tensor]:
            return {name: _point(out["fine"]) for name, out in self.net.fine(x, tasks, prior=prior).items()}

        for row, windows in self._rows(band, tiling, forward, factor=2, wanted=lambda _: True):
            for corner, out in windows:
                for name, values in out.items():
                    canvases[name].add(values, *corner)
            for name, canvas in canvases.items():
                yield RowDone(name, canvas, row + tiling.stride)

    def coarse(
        self, band: Band, tiling: Tiling, *, points: list[str], masks: list[str], strips: dict[str, StripFeatures]
    ) -> Iterator[RowDone]:
        """Point and mask maps at coarse bins; fills ``strips`` with the diagonal's features on the way."""
        blend = blend_weight(tiling.size, tiling.margin)
        canvases = {name: Canvas(3, band.n_bins, tiling.n_diagonals, blend, below="offsets") for name in points}
        canvases |= {name: Canvas(2, band.n_bins, tiling.n_diagonals, blend, below="direction") for name in masks}
        dense, on_diagonal = [*points, *masks], [*points, *masks, *strips]

        def forward(x: Tensor, prior: BoundaryPrior | None, corners: list[Corner]) -> dict[str, Tensor]:
            tasks = on_diagonal if _on_diagonal(corners[0]) else dense
            return self._coarse_forward(x, prior, tasks=tasks, points=points, masks=masks, margin=tiling.margin)

        def wanted(corner: Corner) -> bool:
            return bool(on_diagonal if _on_diagonal(corner) else dense)

        for row, windows in self._rows(band, tiling, forward, factor=1, wanted=wanted):
            for corner, out in windows:
                for name, canvas in canvases.items():
                    canvas.add(out[name], *corner)
                for name, features in strips.items() if _on_diagonal(corner) else ():
                    features.put(out[name], row)
            for name, canvas in canvases.items():
                yield RowDone(name, canvas, row + tiling.stride)

    def _coarse_forward(
        self,
        x: Tensor,
        prior: BoundaryPrior | None,
        *,
        tasks: list[str],
        points: list[str],
        masks: list[str],
        margin: int,
    ) -> dict[str, Tensor]:
        out = self.net.coarse(x, tasks, prior=prior)
        done = {name: _point(out[name]) for name in points if name in out}
        done |= {name: torch.sigmoid(out[name].float()) for name in masks if name in out}
        rest = [name for name in tasks if name not in done]
        return done | {name: self.net.read_diagonal(out[name], margin) for name in rest}

    def boundaries(self, band: Band, task: str, features: StripFeatures) -> Array:
        """Boundary probability per bin from strips along the diagonal, shape (n_bins,); NaN where none was made."""
        w = self.net.config.windows
        length, margin = w.strip_length, w.strip_margin
        if features.empty:
            return np.full(band.n_bins, np.nan, np.float32)
        total, weight = np.zeros(band.n_bins, np.float32), np.zeros(band.n_bins, np.float32)
        inner = length - 2 * margin
        ramp = np.zeros(length, np.float32)
        ramp[margin : length - margin] = 0.05 + np.sin(np.pi * (np.arange(inner) + 0.5) / inner)
        for first in features.firsts(w):
            p = self.strip_probability(band, task, features, first)
            low, high = max(first, 0), min(first + length, band.n_bins)
            part = slice(low - first, high - first)
            total[low:high] += p[part] * ramp[part]
            weight[low:high] += ramp[part]
        blended = total / np.where(weight > 0, weight, 1)
        return np.where((weight > 0) & band.valid, blended, np.nan).astype(np.float32)

    def strip_probability(self, band: Band, task: str, features: StripFeatures, first: int) -> Array:
        """Boundary probability of one strip from bin ``first`` on, shape (strip_length,)."""
        w, tracks = self.net.config.windows, self.tracks.get(band.resolution)
        own = strip_channels(band, first, w.strip_length, w.strip_diagonals, self.net.config.inputs, tracks)
        x = torch.from_numpy(own)[None].to(self.device)
        shared = torch.from_numpy(features.get(first, w.strip_length))[None].to(self.device)
        with torch.inference_mode(), precision(self.device):
            p = torch.sigmoid(self.net.strip(x, shared, task).float())[0].cpu().numpy()
        self.on_windows(1)
        return p


def _on_diagonal(corner: Corner) -> bool:
    return corner[0] == corner[1]


def _point(out: Tensor) -> Tensor:
    out = out.float()
    return torch.cat([torch.sigmoid(out[:, :1]), out[:, 1:]], 1)


class StripFeatures:
    """Diagonal features of a stretch of a chromosome, gathered from on-diagonal windows.

    Parameters
    ----------
    start, stop : int
        Bins wanted.

    Attributes
    ----------
    parts : list of (int, float16, shape (C, D, L))
        First bin and features of each window.
    """

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop
        self.parts: list[tuple[int, NDArray[np.float16]]] = []

    @property
    def empty(self) -> bool:
        """True if no window had a good pixel."""
        return not self.parts

    def put(self, features: Array, first: int) -> None:
        """Keep ``(C, D, L)`` features whose first column is bin ``first``."""
        self.parts.append((first, features.astype(np.float16)))

    def get(self, first: int, length: int) -> Array:
        """``(C, D, length)`` features from bin ``first`` on; 0 where no window lay."""
        channels, n_diagonals, _ = self.parts[0][1].shape
        out = np.zeros((channels, n_diagonals, length), np.float32)
        for begin, part in self.parts:
            low, high = max(begin, first), min(begin + part.shape[-1], first + length)
            if low < high:
                out[..., low - first : high - first] = part[..., low - begin : high - begin]
        return out

    def firsts(self, windows: WindowConfig) -> range:
        """First bins of the strips that cover the stretch: half a strip apart, one margin before its start."""
        return range(self.start - windows.strip_margin, self.stop - windows.strip_margin, windows.strip_length // 2)

    def count(self, windows: WindowConfig) -> int:
        """Number of strips."""
        return len(self.firsts(windows))
