"""Training batches: a few maps drawn at random depths, and windows cut from them.

Every batch depends on the seed and its step alone, so a resumed run sees what an uninterrupted one would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.contacts.band import Band, coarsen_band, make_band
from napari_hicstruct.contacts.channels import strip_channels, window_channels
from napari_hicstruct.labels.targets import boundary_target, mask_target, point_target
from napari_hicstruct.labels.truth import BinTruth, truth_in_bins
from napari_hicstruct.labels.weak import WeakBoundaries, weak_boundaries
from napari_hicstruct.training.augment import reverse_band, reverse_truth, transpose_sample
from napari_hicstruct.training.hints import hint_strips, strip_hint
from napari_hicstruct.training.pool import load_map

Arrays = dict[str, NDArray[np.float32]]
Batch = dict[str, dict[str, Tensor]]


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """One simulated map at one depth, at both bin sizes."""

    fine: Band
    coarse: Band
    fine_truth: BinTruth
    coarse_truth: BinTruth
    weak: WeakBoundaries | None = None


def draw_map(path: Path, config: TrainConfig, rng: np.random.Generator) -> DrawnMap:
    """Sample counts of a stored map at a log-uniform depth and balance them as a real map's."""
    sim = load_map(path)
    depth = float(np.exp(rng.uniform(*np.log(config.depth))))
    counts = sim.sample(depth, rng)[: config.model.max_distance // sim.resolution]
    fine = make_band(sim.chrom, sim.resolution, counts)
    coarse = coarsen_band(fine, config.model.coarse_resolution // sim.resolution)
    fine, coarse = _without_diagonals(fine, rng), _without_diagonals(coarse, rng)
    fine, coarse = _without_bins(fine, coarse, config.dropped_bins, rng)
    truths = [truth_in_bins(sim.truth, band.resolution, base=sim.resolution, depth=depth) for band in (fine, coarse)]
    if rng.random() < 0.5 and fine.n_bins % 2 == 0:  # an odd count would shift coarse bins against fine ones
        truths = [reverse_truth(t, band.n_bins) for t, band in zip(truths, (fine, coarse), strict=True)]
        fine, coarse = reverse_band(fine), reverse_band(coarse)
    weak = weak_boundaries(coarse, config.weak) if config.weak.enabled else None
    return DrawnMap(fine, coarse, truths[0], truths[1], weak)


def _maybe_transpose(sample: Arrays, rng: np.random.Generator) -> Arrays:
    return transpose_sample(sample) if rng.random() < 0.5 else sample


def _without_diagonals(band: Band, rng: np.random.Generator) -> Band:
    """Many published maps have lost their first diagonals: so do some of ours."""
    lost = int(rng.choice([0, 0, 1, 2]))
    counts, expected = band.counts.copy(), band.expected.copy()
    counts[:lost], expected[:lost] = 0, 0
    return Band(band.chrom, band.resolution, band.first_bin, counts, band.weights, expected)


def _without_bins(fine: Band, coarse: Band, share: float, rng: np.random.Generator) -> tuple[Band, Band]:
    """Mark up to ``share`` of the coarse bins, and the fine bins in them, as bad."""
    bad = rng.random(coarse.n_bins) < rng.uniform(0, share)
    factor = coarse.resolution // fine.resolution
    weights = [np.where(np.repeat(bad, k)[: b.n_bins], np.nan, b.weights) for k, b in ((factor, fine), (1, coarse))]
    return (
        replace(fine, weights=weights[0].astype(np.float32)),
        replace(coarse, weights=weights[1].astype(np.float32)),
    )


class SampleStream(IterableDataset[Batch]):
    """Batches of the steps ``first_step … last_step``, ``config.batches`` to a step.

    Parameters
    ----------
    config : TrainConfig
    paths : list of Path
        Maps of the pool.
    first_step, last_step : int
    seed : int
        Differs between training and validation.
    part : slice, optional
        Which of a step's batches, where several devices share them.
    """

    def __init__(
        self,
        config: TrainConfig,
        paths: list[Path],
        *,
        first_step: int,
        last_step: int,
        seed: int,
        part: slice = slice(None),
    ) -> None:
        super().__init__()
        self.config, self.paths, self.seed = config, paths, seed
        self.part = range(config.batches)[part]
        self.steps = range(first_step, last_step)

    def __iter__(self) -> Iterator[Batch]:
        maps: list[DrawnMap] = []
        drawn = -1
        for step in self.steps:
            block = step // self.config.steps_per_draw
            if block != drawn:
                rng = np.random.default_rng([self.seed, block])
                chosen = rng.choice(len(self.paths), min(self.config.maps_per_draw, len(self.paths)), replace=False)
                maps, drawn = [draw_map(self.paths[k], self.config, rng) for k in chosen], block
            for k in self.part:
                batch = make_batch(maps, self.config, np.random.default_rng([self.seed, block, step, k]))
                batch["strip"]["progress"] = torch.tensor([step / self.config.steps])
                yield batch


def make_batch(maps: list[DrawnMap], config: TrainConfig, rng: np.random.Generator) -> Batch:
    """One training step's windows: fine, coarse (the first on the diagonal), and the strip it belongs to."""
    pick = [maps[int(rng.integers(len(maps)))] for _ in range(2 + config.fine_batch)]
    fine = [_fine_sample(m, config, rng) for m in pick[2:]]
    strip, coarse = _strip_sample(pick[0], config, rng)
    samples = [coarse] + [_coarse_sample(pick[1], config, rng) for _ in range(config.off_diagonal_batch)]
    return {"fine": _stack(fine), "coarse": _stack(samples), "strip": _stack([strip])}


def _stack(samples: list[Arrays]) -> dict[str, Tensor]:
    return {key: torch.from_numpy(np.stack([s[key] for s in samples])) for key in samples[0]}


def _corner(truth: BinTruth, band: Band, size: int, rng: np.random.Generator) -> tuple[int, int]:
    """Corner (bins) of a window in the upper triangle; two of three hold a loop that must be found."""
    seen = truth.loops[truth.loops[:, 2] > 0]
    if len(seen) and rng.random() < 0.66:
        row, col = seen[int(rng.integers(len(seen))), :2] - rng.uniform(0.1, 0.9, 2) * size
        return int(row), max(int(col), int(row))
    row = int(rng.integers(-size // 4, max(1, band.n_bins - size // 2)))
    reach = min(band.n_diagonals, band.n_bins - row)
    return row, row + int(rng.triangular(0, 0, max(1, reach)))


def _points(truth: BinTruth, valid: NDArray[np.float32], corner: tuple[int, int], margin: int) -> Arrays:
    target = point_target(truth, *corner, valid.shape[-1])
    known = target.known * valid
    inner = np.zeros_like(known)
    inner[margin:-margin, margin:-margin] = 1
    return {"heat": target.heat, "offset": target.offset, "known": known * inner}


def _fine_sample(drawn: DrawnMap, config: TrainConfig, rng: np.random.Generator) -> Arrays:
    windows = config.model.windows
    row, col = (k // 2 * 2 for k in _corner(drawn.fine_truth, drawn.fine, windows.fine_size, rng))
    x = window_channels(drawn.fine, row, col, windows.fine_size, config.model.inputs)
    valid = x[config.model.inputs.index("valid")]
    out = {"x": x, **_points(drawn.fine_truth, valid, (row, col), windows.fine_margin)}
    # the coarse head of the same window: valid where any of the 2×2 fine pixels is
    blocks = valid.reshape(windows.fine_size // 2, 2, -1, 2).max(axis=(1, 3))
    coarse = _points(drawn.coarse_truth, blocks, (row // 2, col // 2), windows.fine_margin // 2)
    out |= {f"coarse_{key}": value for key, value in coarse.items()}
    out |= hint_strips(drawn.coarse, (row // 2, col // 2), windows.fine_size // 2, config.model)
    return _maybe_transpose(out, rng)


def _coarse_window(drawn: DrawnMap, corner: tuple[int, int], size: int, model: ModelConfig) -> Arrays:
    x, margin = window_channels(drawn.coarse, *corner, size, model.inputs), model.windows.coarse_margin
    valid = x[model.inputs.index("valid")]
    points = _points(drawn.coarse_truth, valid, corner, margin)
    stripes = mask_target(drawn.coarse_truth, *corner, size)
    inner = np.zeros((size, size), np.float32)
    inner[margin:-margin, margin:-margin] = 1
    known = stripes.known * valid * inner
    return {"x": x, **points, "mask": stripes.mask, "down": stripes.down, "mask_known": known}


def _coarse_sample(drawn: DrawnMap, config: TrainConfig, rng: np.random.Generator) -> Arrays:
    corner = _corner(drawn.coarse_truth, drawn.coarse, config.coarse_size, rng)
    sample = _coarse_window(drawn, corner, config.coarse_size, config.model)
    sample |= hint_strips(drawn.coarse, corner, config.coarse_size, config.model)
    return _maybe_transpose(sample, rng)


def _weak_strip(weak: WeakBoundaries | None, bins: NDArray[np.int64]) -> Arrays:
    """What the map itself says of the boundaries in ``bins``; 0 beyond the chromosome."""
    if weak is None:
        return {}
    out = {}
    for name in ("insulation", "direction", "structure"):
        track = getattr(weak, name)
        inside = (bins >= 0) & (bins < len(track))
        out[f"weak_{name}"] = np.where(inside, track[np.clip(bins, 0, len(track) - 1)], 0).astype(np.float32)
    return out


def _strip_sample(drawn: DrawnMap, config: TrainConfig, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """A strip along the diagonal with its tiles, and the tile that gets gradients as a coarse sample."""
    windows, size = config.model.windows, config.coarse_size
    step = size - 2 * windows.coarse_margin
    length = step * config.strip_tiles
    first = int(rng.integers(-step // 2, max(1, drawn.coarse.n_bins - length + step // 2)))
    chosen = int(rng.integers(config.strip_tiles))
    corners = [first + k * step - windows.coarse_margin for k in range(config.strip_tiles)]
    tiles = np.stack([window_channels(drawn.coarse, c, c, size, config.model.inputs) for c in corners])
    x = strip_channels(drawn.coarse, first, length, windows.strip_diagonals, config.model.inputs)
    bins = np.arange(first, first + length)
    inside = (bins >= 0) & (bins < drawn.coarse.n_bins)
    known = inside & drawn.coarse.valid[np.clip(bins, 0, drawn.coarse.n_bins - 1)]
    strip = {
        "x": x,
        "tiles": tiles,
        "chosen": np.array(chosen, np.float32),
        "target": boundary_target(drawn.coarse_truth, first, length),
        "known": known.astype(np.float32),
        **_weak_strip(drawn.weak, bins),
    }
    coarse = _coarse_window(drawn, (corners[chosen],) * 2, size, config.model)
    coarse |= hint_strips(drawn.coarse, (corners[chosen],) * 2, size, config.model)
    return strip | strip_hint(drawn.coarse, first, length, config.model), coarse
