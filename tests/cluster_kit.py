"""A small genome and a small model for the tests of runs by many workers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
import torch

from napari_hicstruct.config.model import HIC_TASKS, ModelConfig, WindowConfig
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.genome import Interval
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import save_model

LENGTHS = {"chrA": 6_000_000, "chrB": 4_000_000, "chrEmpty": 3_000_000, "chrShort": 150_000}
CONFIG = ModelConfig(
    channels=(8,) * 5,
    tasks=tuple(task.model_copy(update={"widths": (8, 8, 8)}) for task in HIC_TASKS),
    strip_channels=8,
    boundary_prior={"kind": "band", "width": 8},
    windows=WindowConfig(
        fine_size=96,
        fine_margin=8,
        coarse_size=96,
        coarse_margin=16,
        strip_length=128,
        strip_margin=16,
        strip_diagonals=16,
    ),
)


def write_genome(path: Path, resolution: int = 5_000, lengths: Mapping[str, int] = LENGTHS, seed: int = 0) -> Path:
    """Counts that fall with distance, twice as many within domains of 500 kb; none on ``chrEmpty``."""
    bins = cooler.binnify(pd.Series(dict(lengths)), resolution)
    rng, parts = np.random.default_rng(seed), []
    for chrom in lengths:
        own = np.flatnonzero(bins["chrom"] == chrom)
        if chrom == "chrEmpty":
            continue
        i, j = np.triu_indices(len(own))
        i, j = i[j - i < 640], j[j - i < 640]
        domain = 500_000 // resolution
        counts = rng.poisson(200 / (1 + j - i) * np.where(i // domain == j // domain, 2, 1))
        parts.append(pd.DataFrame({"bin1_id": i + own[0], "bin2_id": j + own[0], "count": counts})[counts > 0])
    cooler.create_cooler(str(path), bins, pd.concat(parts), ordered=True)
    return path


def write_model(folder: Path) -> str:
    """A network with random weights, which calls something."""
    torch.manual_seed(3)
    net = MultiTaskNet(CONFIG)
    with torch.no_grad():
        for name, value in net.named_parameters():
            if "heads" in name and name.endswith("bias"):
                value.zero_()
            if name == "heads.stripe.out.bias":
                value[0] = 6.0  # a stripe must be sure over its whole length, and where no row stands out
    save_model(folder, CONFIG, net.state_dict(), {"name": "small", "version": "1"})
    return str(folder)


def whole(source: ContactSource) -> tuple[Interval, ...]:
    """All chromosomes."""
    return tuple(Interval(name, 0, length) for name, length in source.chromsizes.items())
