"""Batches of pairs of maps, and the terms of their loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.config.fusion import FusionLossConfig, FusionTrainConfig
from napari_hicstruct.contacts.band import Band, make_band, sum_blocks
from napari_hicstruct.fusion.map_features import CHANNELS, MapTile, Scales, make_tile, measure_scales
from napari_hicstruct.fusion.map_pair import MapPair, band_block, make_pair, make_unlike_pair
from napari_hicstruct.fusion.sharpen import OUTPUTS, sharpened
from napari_hicstruct.losses.fusion import hic
from napari_hicstruct.models.fusion.network import Fused
from napari_hicstruct.synth.map_pairs import Stretch, SyntheticPair, real_pair, simulated_pair
from napari_hicstruct.synth.types import SimulatedMap

F32 = NDArray[np.float32]

STEPS_PER_PAIR = 16
"""Steps that take their tiles from the same pairs."""

N_BINS = 768
DEPTHS = (8.0, 1500.0)
"""Mean count of both maps at a distance of one bin, log-uniform; of bins twice as large, four times as many."""

SHARP_DEPTHS, DEEPER = (2.0, 80.0), (2.0, 15.0)
"""Of the sharp map; the deep one has so many times its contacts."""

NEAR_FAULT = 0.6
"""Share of tiles that are laid around a fault."""


@dataclass(frozen=True)
class MapBatch:
    """Rectangles of pairs of maps, each tensor ``(B, C, H, W)``; see :class:`MapTile` and :class:`SyntheticPair`."""

    a: Tensor
    b: Tensor
    values: tuple[Tensor, Tensor]
    prior: Tensor
    counts: tuple[Tensor, Tensor]
    share: Tensor
    expected: Tensor
    known: Tensor
    gate: Tensor
    forced: Tensor
    inside: Tensor
    checks: tuple[Tensor, Tensor]
    factor: Tensor
    truth: Tensor
    has_truth: Tensor
    wrong: tuple[Tensor, Tensor]
    spread: Tensor


MadePair = tuple[SyntheticPair, MapPair, Scales]


class MapPairs:
    """Pairs drawn from simulated maps and from parts of real ones; a step's depend on seed and step alone.

    Parameters
    ----------
    sims : sequence of SimulatedMap
    real : sequence of (counts, resolution)
        Bands of real maps, counts as stored.
    config : FusionTrainConfig
    channels : int
        That the network reads.
    """

    def __init__(
        self,
        sims: Sequence[SimulatedMap],
        real: Sequence[tuple[F32, int]],
        config: FusionTrainConfig,
        channels: int = CHANNELS,
    ) -> None:
        self.sims, self.real, self.config, self.channels = sims, real, config, channels
        self._made = lru_cache(maxsize=4 * config.batch)(self._make)

    def batch(self, step: int, *, validation: bool = False) -> MapBatch:
        """Rectangles of ``step``; those of validation are of other pairs."""
        rng = np.random.default_rng([self.config.seed, int(validation), step, 1])
        block = step if validation else step // STEPS_PER_PAIR
        tiles = [self._tile(self._made(block, k, validation), rng) for k in range(self.config.batch)]
        return _as_batch(tiles, self.channels)

    def _make(self, block: int, k: int, validation: bool) -> MadePair:
        rng = np.random.default_rng([self.config.seed, int(validation), block, k, 2])
        spread = rng.random() < self.config.unlike_share
        if self.real and rng.random() < self.config.real_share:
            counts, resolution = self.real[int(rng.integers(len(self.real)))]
            place = _stretch(counts, resolution, rng)
            made = real_pair(counts, resolution, place, rng, spread=spread)
        else:
            made = self._simulated(rng, spread=spread)
        pair = paired(made)
        return made, pair, measure_scales(pair)

    def _simulated(self, rng: np.random.Generator, *, spread: bool) -> SyntheticPair:
        sim = self.sims[int(rng.integers(len(self.sims)))]
        if spread:
            first = _log_uniform(rng, SHARP_DEPTHS)
            depths = first, first * _log_uniform(rng, DEEPER)
        else:
            total, share = _log_uniform(rng, DEPTHS), rng.uniform(0.15, 0.85)
            depths = total * share, total * (1 - share)
        return simulated_pair(sim, depths, _stretch(sim.band, sim.resolution, rng), rng, spread=spread)

    def _tile(self, made: MadePair, rng: np.random.Generator) -> tuple[SyntheticPair, MapTile, dict[str, F32]]:
        synthetic, pair, scales = made
        side, depth, n = self.config.patch, pair.n_diagonals, pair.n_bins
        touched = synthetic.first.touched
        if not synthetic.spread and rng.random() < 0.5:
            touched = synthetic.second.touched
        if touched.any() and rng.random() < NEAR_FAULT:
            d, i = (int(one[0]) for one in np.unravel_index(rng.choice(np.flatnonzero(touched), 1), touched.shape))
            row, col = i - int(rng.integers(side)), i + d - int(rng.integers(side))
        else:
            row = int(rng.integers(-side // 4, max(1, n - side // 2)))
            col = row + int(rng.integers(-side // 4, max(1, depth - side // 2)))
        place = row // 2 * 2, col // 2 * 2  # blocks of the larger bins begin at even ones
        tile = make_tile(pair, scales, place, (side, side))
        return synthetic, tile, _known(synthetic, place, side)


def paired(made: SyntheticPair) -> MapPair:
    """Both maps as bands in the same bins, balanced each by itself."""
    first = _band(made.first.counts, made.resolution)
    if not made.spread:
        return make_pair(first, _band(made.second.counts, made.resolution))
    return make_unlike_pair(first, _band(made.second.counts, 2 * made.resolution))


def _band(counts: F32, resolution: int) -> Band:
    return make_band("chr", resolution, counts)


def _stretch(counts: F32, resolution: int, rng: np.random.Generator) -> Stretch:
    """A stretch of up to :data:`N_BINS`, up to 2 Mb from the diagonal."""
    n = counts.shape[1]
    start = int(rng.integers(0, max(1, n - N_BINS))) // 2 * 2
    return Stretch(start, min(N_BINS, n - start) // 2 * 2, min(len(counts), 2_000_000 // resolution) // 2 * 2)


def _known(made: SyntheticPair, place: tuple[int, int], side: int) -> dict[str, F32]:
    def block(band: F32) -> F32:
        return band_block(np.ascontiguousarray(band, np.float32), *place, side, side)

    wrong_b = made.second.touched.astype(np.float32)
    if made.spread:
        wrong_b = np.zeros(made.first.counts.shape, np.float32)  # nothing sharp to turn to
    truth = made.truth if made.truth is not None else np.zeros((1, 1), np.float32)
    wrong_a = np.zeros_like(wrong_b) if made.spread else made.first.touched.astype(np.float32)
    return {
        "check_a": block(made.checks[0]),
        "check_b": block(made.checks[1]),
        "truth": block(truth),
        "wrong_a": block(wrong_a) * (1 - block(wrong_b)),
        "wrong_b": block(wrong_b) * (1 - block(wrong_a)),
    }


def _as_batch(tiles: Sequence[tuple[SyntheticPair, MapTile, dict[str, F32]]], channels: int = CHANNELS) -> MapBatch:
    def of_tile(name: str) -> Tensor:
        found = np.stack([getattr(tile, name) for _, tile, _ in tiles]).astype(np.float32)
        return torch.from_numpy(found if found.ndim == 4 else found[:, None])

    def known(name: str) -> Tensor:
        return torch.from_numpy(np.stack([one[name] for *_, one in tiles])[:, None])

    def flag(values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32)[:, None, None, None]

    share = of_tile("share")
    blank = torch.zeros_like(share).expand(-1, OUTPUTS, -1, -1)  # counts are blended by the terms of the loss
    a, b = of_tile("a")[:, :channels], of_tile("b")[:, :channels]
    return MapBatch(
        a=a,
        b=b,
        values=(blank, blank),
        prior=torch.logit(share),
        counts=(of_tile("counts_a"), of_tile("counts_b")),
        share=share,
        expected=of_tile("expected"),
        known=of_tile("known"),
        gate=of_tile("gate"),
        forced=of_tile("forced"),
        inside=of_tile("inside"),
        checks=(known("check_a"), known("check_b")),
        factor=flag([one.factor for one, *_ in tiles]),
        truth=known("truth"),
        has_truth=flag([float(one.truth is not None) for one, *_ in tiles]),
        wrong=(known("wrong_a"), known("wrong_b")),
        spread=flag([float(one.spread) for one, *_ in tiles]),
    )


def map_terms(made: Fused, batch: MapBatch, weights: FusionLossConfig) -> dict[str, Tensor]:
    """Terms of the preset ``hic``, unweighted."""
    share, inside, expected = batch.share, batch.inside, batch.expected
    gate = torch.where(batch.spread > 0, torch.ones_like(batch.gate), batch.gate)
    logit = batch.prior + gate * (made.logit - batch.prior)
    mask = torch.where(batch.forced.isnan(), torch.sigmoid(logit), batch.forced)
    (a, b), spread = batch.counts, batch.spread
    blend = a * (mask / share) + b * ((1 - mask) / (1 - share))
    fused = blend
    if made.residual is not None:
        fused = torch.where(spread > 0, sharpened(blend, made.residual, expected, batch.known), blend)
    shares = batch.factor * share, batch.factor * (1 - share)
    terms = {"likelihood": hic.likelihood(fused, batch.checks, shares, expected, (inside, inside))}
    known = inside * batch.has_truth * (batch.known > 0)
    on_truth = torch.where(spread > 0, fused, hic.smooth3(fused))
    truth = torch.where(spread > 0, batch.truth, hic.smooth3(batch.truth))
    terms["truth_contacts"] = hic.divergence(on_truth, truth, expected, known)
    terms["oe_detail"] = hic.detail(fused, batch.truth, expected, known * spread)
    terms["consistency"] = hic.consistency(fused, blend.detach(), expected, inside * spread)
    terms["tv"] = hic.variation(mask * inside, share * inside)
    open_ = inside * (1 - spread) * batch.forced.isnan()
    terms["truth_mask"] = hic.who_is_right(logit, share, batch.wrong, open_)
    return {name: value for name, value in terms.items() if getattr(weights, name)}


def _log_uniform(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(limits))))


def coarse_sim(sim: SimulatedMap) -> SimulatedMap:
    """A simulated map in bins twice as large; its coverage is the mean of both bins'."""
    from dataclasses import replace

    n = sim.n_bins // 2 * 2
    bias = np.where(sim.masked, 0, sim.bias)[:n].reshape(-1, 2).mean(axis=1)
    band = sum_blocks(np.ascontiguousarray(sim.band[:, :n]), 2)
    band /= max(float(band[1].mean()), 1e-9)
    return replace(
        sim, resolution=2 * sim.resolution, band=band, bias=np.where(bias > 0, bias, 1), masked=bias == 0, far=None
    )
