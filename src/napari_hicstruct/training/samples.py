"""Training batches: a few maps drawn at random depths, and windows cut from them.

Every batch depends on the seed and its step alone, so a resumed run sees what an uninterrupted one would.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.channels import strip_channels, window_channels
from napari_hicstruct.contacts.support import support_starts, support_windows
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.labels.corrections import Marks
from napari_hicstruct.labels.targets import boundary_target, mask_target, point_target
from napari_hicstruct.labels.truth import BinTruth
from napari_hicstruct.training.augment import transpose_sample
from napari_hicstruct.training.boundary_prior import strip_prior_inputs, window_prior_inputs
from napari_hicstruct.training.maps import NO_MARKS, DrawnMap, draw_map
from napari_hicstruct.training.paired import Place, around

Arrays = dict[str, NDArray[np.float32]]
Batch = dict[str, dict[str, Tensor]]
_WEAK = ("insulation", "direction", "structure")


def chances(paths: list[Path], dataset_share: float) -> NDArray[np.float64]:
    """How likely each map is drawn: data set regions (folders) share ``dataset_share``, simulated maps the rest."""
    labelled = np.array([path.is_dir() for path in paths])
    if labelled.all() or not labelled.any():
        return np.full(len(paths), 1 / len(paths))
    each = np.where(labelled, dataset_share / labelled.sum(), (1 - dataset_share) / (~labelled).sum())
    return np.asarray(each / each.sum())


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
        share = chances(self.paths, self.config.dataset_share)
        for step in self.steps:
            block = step // self.config.steps_per_draw
            if block != drawn:
                rng = np.random.default_rng([self.seed, block])
                count = min(self.config.maps_per_draw, int((share > 0).sum()))
                chosen = rng.choice(len(self.paths), count, replace=False, p=share)
                maps, drawn = [draw_map(self.paths[k], self.config, rng) for k in chosen], block
            for k in self.part:
                # a gate is of one map: so is a batch
                own = [maps[step % len(maps)]] if self.config.model.selector == "cell_gate" else maps
                batch = make_batch(own, self.config, np.random.default_rng([self.seed, block, step, k]))
                batch["strip"]["progress"] = torch.tensor([step / self.config.steps])
                yield batch


class WorkerStream(SampleStream):
    """The same in a process of its own, where an error for people is the last item: torch would bury it in a trace."""

    def __iter__(self) -> Iterator[Batch]:
        try:
            yield from super().__iter__()
        except HicStructError as error:
            yield error  # type: ignore[misc]  # the engine raises it


def make_batch(maps: list[DrawnMap], config: TrainConfig, rng: np.random.Generator) -> Batch:
    """One training step's windows: fine, coarse (the first on the diagonal), and the strip it belongs to."""
    with_fine = [m for m in maps if m.fine.valid.any()] or maps  # of 10 kb maps nothing is known in 5 kb bins
    pick = [maps[int(rng.integers(len(maps)))] for _ in range(2)]
    near = [with_fine[int(rng.integers(len(with_fine)))] for _ in range(config.fine_batch)]
    places = [_fine_place(m, config, rng) for m in near]
    fine = [_fine_sample(m, place, config) for m, place in zip(near, places, strict=True)]
    strip, coarse = _strip_sample(pick[0], config, rng)
    samples, pairs = [coarse], []
    for k in range(config.off_diagonal_batch):
        if config.paired and k < len(near) and near[k].fine.valid.any() and rng.random() < config.paired:
            place, pair = around(places[k], k, len(samples), config, rng)
            samples.append(_coarse_sample(near[k], place, config))
            pairs.append(pair)
        else:
            samples.append(_coarse_sample(pick[1], _coarse_place(pick[1], config, rng), config))
    batch = {"fine": _stack(fine), "coarse": _stack(samples), "strip": _stack([strip])}
    if config.model.selector == "cell_gate":
        batch |= _support(maps[0], config.model, rng)
    return batch | ({"pair": {"at": torch.tensor(pairs)}} if pairs else {})


def _support(drawn: DrawnMap, model: ModelConfig, rng: np.random.Generator) -> Batch:
    """Windows of the map without their labels; none where it has no contacts."""
    least, most = model.cell_gate.train_windows
    size, tracks = model.cell_gate.size, drawn.tracks_of(drawn.coarse)
    starts = support_starts(drawn.coarse, size, int(rng.integers(least, most + 1)), rng)
    if not len(starts):
        return {}
    return {"support": {"x": torch.from_numpy(support_windows(drawn.coarse, starts, size, model.inputs, tracks))}}


def _stack(samples: list[Arrays]) -> dict[str, Tensor]:
    return {key: torch.from_numpy(np.stack([s[key] for s in samples])) for key in samples[0]}


def _corner(
    truth: BinTruth, band: Band, size: int, rng: np.random.Generator, judged: Marks = NO_MARKS
) -> tuple[int, int]:
    """Corner (bins) of a window in the upper triangle; two of three hold a loop that must be found.

    Where people judged places, a window holds one of them: elsewhere there is nothing to learn.
    """
    if len(judged):
        top, bottom, left, right = judged[int(rng.integers(len(judged))), :4]
        row, col = sorted((rng.uniform(top, bottom), rng.uniform(left, right)))
        row, col = np.array((row, col)) - rng.uniform(0.15, 0.85, 2) * size
        return int(row), max(int(col), int(row))
    seen = truth.loops[truth.loops[:, 2] > 0]
    if len(seen) and rng.random() < 0.66:
        row, col = seen[int(rng.integers(len(seen))), :2] - rng.uniform(0.1, 0.9, 2) * size
        return int(row), max(int(col), int(row))
    row = int(rng.integers(-size // 4, max(1, band.n_bins - size // 2)))
    reach = min(band.n_diagonals, band.n_bins - row)
    return row, row + int(rng.triangular(0, 0, max(1, reach)))


def _inner(size: int, margin: int) -> NDArray[np.float32]:
    """1 where a window is supervised, 0 in its margin."""
    line = np.zeros(size, np.float32)
    line[margin : size - margin] = 1
    return line[:, None] * line


def _points(drawn: DrawnMap, valid: NDArray[np.float32], corner: tuple[int, int], margin: int, *, fine: bool) -> Arrays:
    target = point_target(drawn.fine_truth if fine else drawn.coarse_truth, *corner, valid.shape[-1])
    known = target.known * valid
    if drawn.scope is not None:
        known = drawn.scope.apply("point", known, target.heat > 0.1, corner, fine=fine)
    return {"heat": target.heat, "offset": target.offset, "known": known * _inner(len(known), margin)}


def _fine_place(drawn: DrawnMap, config: TrainConfig, rng: np.random.Generator) -> Place:
    """Where a fine window lies: on a coarse bin."""
    judged = drawn.judged("point", fine=True)
    row, col = _corner(drawn.fine_truth, drawn.fine, config.model.windows.fine_size, rng, judged)
    return Place((row // 2 * 2, col // 2 * 2), rng.random() < 0.5)


def _coarse_place(drawn: DrawnMap, config: TrainConfig, rng: np.random.Generator) -> Place:
    judged = drawn.judged("mask", "point")
    corner = _corner(drawn.coarse_truth, drawn.coarse, config.coarse_size, rng, judged)
    return Place(corner, rng.random() < 0.5)


def _fine_sample(drawn: DrawnMap, place: Place, config: TrainConfig) -> Arrays:
    windows = config.model.windows
    row, col = place.corner
    x = window_channels(drawn.fine, row, col, windows.fine_size, config.model.inputs, drawn.tracks_of(drawn.fine))
    valid = x[config.model.inputs.index("valid")]
    out = {"x": x, **_points(drawn, valid, (row, col), windows.fine_margin, fine=True)}
    # the coarse head of the same window: valid where any of the 2×2 fine pixels is
    blocks = valid.reshape(windows.fine_size // 2, 2, -1, 2).max(axis=(1, 3))
    coarse = _points(drawn, blocks, (row // 2, col // 2), windows.fine_margin // 2, fine=False)
    out |= {f"coarse_{key}": value for key, value in coarse.items()}
    half = windows.fine_size // 2
    out |= window_prior_inputs(drawn.coarse, (row // 2, col // 2), half, config.model, drawn.tracks_of(drawn.coarse))
    return transpose_sample(out) if place.transposed else out


def _coarse_window(drawn: DrawnMap, corner: tuple[int, int], size: int, model: ModelConfig) -> Arrays:
    x = window_channels(drawn.coarse, *corner, size, model.inputs, drawn.tracks_of(drawn.coarse))
    margin = model.windows.coarse_margin
    valid = x[model.inputs.index("valid")]
    points = _points(drawn, valid, corner, margin, fine=False)
    stripes = mask_target(drawn.coarse_truth, *corner, size)
    known = stripes.known * valid * _inner(size, margin)
    if drawn.scope is not None:
        known = drawn.scope.apply("mask", known, stripes.mask > 0, corner, fine=False)
    return {"x": x, **points, "mask": stripes.mask, "along": stripes.along, "mask_known": known}


def _coarse_sample(drawn: DrawnMap, place: Place, config: TrainConfig) -> Arrays:
    sample = _coarse_window(drawn, place.corner, config.coarse_size, config.model)
    tracks = drawn.tracks_of(drawn.coarse)
    sample |= window_prior_inputs(drawn.coarse, place.corner, config.coarse_size, config.model, tracks)
    return transpose_sample(sample) if place.transposed else sample


def _strip_labels(drawn: DrawnMap, first: int, length: int) -> Arrays:
    """Soft labels of ``length`` bins from ``first`` on, which of them are known and which lack any; 0 outside.

    A map that labels itself (weak supervision) keeps its boundary labels, should it have any, from everybody: from the
    boundary prior as well, whose target is then the map's own insulation.
    """
    n, bins = drawn.coarse.n_bins, np.arange(first, first + length)
    inside, at = (bins >= 0) & (bins < n), np.clip(bins, 0, n - 1)
    known = (inside & drawn.coarse.valid[at]).astype(np.float32)
    valid = known
    if drawn.weak is not None:
        tracks = {name: np.where(inside, getattr(drawn.weak, name)[at], 0).astype(np.float32) for name in _WEAK}
        own = {f"weak_{name}": track for name, track in tracks.items()}
        return {"target": tracks["insulation"], "known": known, "unlabelled": valid, **own}
    target = boundary_target(drawn.coarse_truth, first, length)
    if drawn.scope is not None:
        known = known * drawn.scope.strip(target > 0.1, first)
    return {"target": target, "known": known, "unlabelled": valid * (known <= 0)}


def _supervised(length: int, margin: int) -> NDArray[np.float32]:
    """1 where a strip is supervised: prediction reads none of its ends; a strip that is all margin is none the less."""
    inside = np.ones(length, np.float32)
    if length > 4 * margin:
        inside[:margin] = inside[length - margin :] = 0
    return inside


def _strip_sample(drawn: DrawnMap, config: TrainConfig, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """A strip along the diagonal with its tiles, and the tile that gets gradients as a coarse sample."""
    windows, size = config.model.windows, config.coarse_size
    step = size - 2 * windows.coarse_margin
    length = step * config.strip_tiles
    first = int(rng.integers(-step // 2, max(1, drawn.coarse.n_bins - length + step // 2)))
    if len(judged := drawn.judged("boundary")):
        first = int(judged[int(rng.integers(len(judged))), 0] - rng.uniform(0.1, 0.9) * length)
    chosen = int(rng.integers(config.strip_tiles))
    corners = [first + k * step - windows.coarse_margin for k in range(config.strip_tiles)]
    inputs, tracks = config.model.inputs, drawn.tracks_of(drawn.coarse)
    tiles = np.stack([window_channels(drawn.coarse, c, c, size, inputs, tracks) for c in corners])
    x = strip_channels(drawn.coarse, first, length, windows.strip_diagonals, inputs, tracks)
    strip = {
        "x": x,
        "tiles": tiles,
        "chosen": np.array(chosen, np.float32),
        **_strip_labels(drawn, first, length),
    }
    for key in ("known", "unlabelled"):
        strip[key] = strip[key] * _supervised(length, windows.strip_margin)
    coarse = _coarse_window(drawn, (corners[chosen],) * 2, size, config.model)
    coarse |= window_prior_inputs(drawn.coarse, (corners[chosen],) * 2, size, config.model, tracks)
    return strip | strip_prior_inputs(drawn.coarse, first, length, config.model, tracks), coarse
