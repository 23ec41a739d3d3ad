"""Batches of several pure sub-batches, one line each: alignment compares lines within a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.epi.data import EpiData, FeatureScale
from napari_hicstruct.models.epi.network import LineInputs


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Some pairs of some lines."""

    enhancers: Tensor
    promoters: Tensor
    labels: Tensor
    of_line: Tensor
    inputs: LineInputs

    def to(self, device: torch.device) -> PairBatch:
        """The same on a device."""
        own = (self.enhancers, self.promoters, self.labels, self.of_line)
        enhancers, promoters, labels, of_line = (part.to(device) for part in own)
        return PairBatch(enhancers, promoters, labels, of_line, inputs_to(self.inputs, device))


def inputs_to(inputs: LineInputs, device: torch.device) -> LineInputs:
    """The same on a device."""
    parts = (inputs.features, inputs.support, inputs.identity)
    return LineInputs(*(None if part is None else part.to(device) for part in parts))


@dataclass(slots=True)
class LineSource:
    """Gives what describes lines: standardised numbers, and draws of their unlabelled sequences.

    Attributes
    ----------
    known : tuple of str
        Lines of training, in the order of their identity.
    use : {"both", "features", "support"}
        What is given where both are there.
    noise : float
        Spread of what is added to numbers, of training only: few lines are easily learnt by heart.
    """

    data: EpiData
    scale: FeatureScale | None
    support: int
    known: tuple[str, ...]
    use: str = "both"
    noise: float = 0.0

    def inputs(self, lines: NDArray[np.int64], rng: np.random.Generator, *, whole: bool = False) -> LineInputs:
        """Of some lines (indices into ``data.lines``), all described in one way.

        ``whole``: all unlabelled sequences that are kept of one line, not a draw of them.
        """
        ways = self.ways(lines)
        # where both are known either may be missing later: training sees each alone, and both
        way = str(rng.choice(["features", "support", "both"])) if self.use == "drawn" and ways == "both" else ways
        features = None
        if way in ("features", "both") and self.scale is not None and self.data.features is not None:
            numbers = self.scale.apply(self.data.features[lines])
            if self.noise:
                numbers += rng.normal(scale=self.noise, size=numbers.shape).astype(np.float32)
            features = torch.from_numpy(numbers)
        support = None
        if way in ("support", "both"):
            support = torch.from_numpy(np.stack([self._draw(int(k), rng, whole=whole) for k in lines]))
        names = [self.data.lines[k] for k in lines]
        identity = torch.tensor([self.known.index(name) if name in self.known else -1 for name in names])
        return LineInputs(features, support, identity)

    def ways(self, lines: NDArray[np.int64]) -> str:
        """How all of these lines can be described; what is asked for where it can be."""
        data = self.data
        has = [data.features is not None and bool(np.isfinite(data.features[lines]).any(1).all())]
        has.append(all(data.support[k] is not None for k in lines))
        can = "both" if all(has) else "features" if has[0] else "support"
        return self.use if can == "both" and self.use in ("features", "support") else can

    def _draw(self, line: int, rng: np.random.Generator, *, whole: bool) -> NDArray[np.uint8]:
        pool = self.data.support[line]
        assert pool is not None
        if whole:
            return pool
        chosen = rng.choice(len(pool), self.support, replace=len(pool) < self.support)
        return pool[chosen]


class Sampler:
    """Draws batches; the k-th of a seed is the same whatever came before it."""

    def __init__(self, data: EpiData, source: LineSource, rows: NDArray[np.int64], config: EpiConfig) -> None:
        self.data, self.source, self.config = data, source, config
        self.lines = [int(k) for k in np.unique(data.of_line[rows])]
        labels = data.table.labels
        self.by_line = {
            k: tuple(rows[(data.of_line[rows] == k) & (labels[rows] == y)] for y in (0, 1)) for k in self.lines
        }
        train = config.train
        each = train.lines_per_batch * train.pairs_per_line
        self.steps_per_epoch = train.steps_per_epoch or max(1, round(len(rows) / each))

    def batch(self, step: int) -> PairBatch:
        """The batch of a step."""
        rng = np.random.default_rng([self.config.seed, step])
        lines = self._lines(step, rng)
        rows, of_line = [], []
        for place, line in enumerate(lines):
            chosen = self._pairs(line, rng)
            rows.append(chosen)
            of_line.append(np.full(len(chosen), place))
        return make_batch(
            self.data, np.concatenate(rows), np.concatenate(of_line), self.source.inputs(np.array(lines), rng)
        )

    def _lines(self, step: int, rng: np.random.Generator) -> list[int]:
        n = min(self.config.train.lines_per_batch, len(self.lines))
        return [int(k) for k in rng.choice(self.lines, n, replace=False)]

    def _pairs(self, line: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Pairs of a line, at least the wanted share of them positive if it has positives."""
        negatives, positives = self.by_line[line]
        n, share = self.config.train.pairs_per_line, len(positives) / (len(negatives) + len(positives))
        wanted = max(self.config.train.positives, share) * n
        k = int(wanted) + int(rng.random() < wanted % 1)
        k = 0 if not len(positives) else n if not len(negatives) else min(k, n - 1)
        parts = [
            rng.choice(one, size, replace=len(one) < size) for one, size in ((positives, k), (negatives, n - k)) if size
        ]
        return np.concatenate(parts)


def make_batch(data: EpiData, rows: NDArray[np.int64], of_line: NDArray[np.int64], inputs: LineInputs) -> PairBatch:
    """Rows of the data as tensors."""
    return PairBatch(
        torch.from_numpy(data.sites[data.enhancers[rows]]),
        torch.from_numpy(data.sites[data.promoters[rows]]),
        torch.from_numpy(np.nan_to_num(data.table.labels[rows]).astype(np.float32)),
        torch.from_numpy(of_line.astype(np.int64)),
        inputs,
    )


def in_chunks(rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """Rows, ``size`` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
