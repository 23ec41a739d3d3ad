"""Small maps for tests of fusion: an expected band, counts drawn from it, files of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band, make_band

F32 = NDArray[np.float32]


def expected_band(n: int = 240, depth: int = 60, scale: float = 60.0, seed: int = 0) -> F32:
    """Distance decay with some domains and dots, shape (depth, n)."""
    rng = np.random.default_rng(seed)
    d = np.arange(depth)[:, None]
    band = np.broadcast_to(scale / (1 + d), (depth, n)).astype(np.float32).copy()
    borders = np.sort(rng.choice(np.arange(10, n - 10), n // 30, replace=False))
    domain = np.searchsorted(borders, np.arange(n))
    for k in range(depth):
        inside = domain[: n - k] == domain[k:]
        band[k, : n - k][inside] *= 1.6
        band[k, n - k :] = 0
    return band


def drawn(expected: F32, depth: float, seed: int) -> F32:
    """Counts."""
    return np.random.default_rng(seed).poisson(expected * depth).astype(np.float32)


def band_of(counts: F32, resolution: int = 10_000) -> Band:
    """Balanced by itself."""
    return make_band("chr1", resolution, counts)


def write_cool(path: Path, bands: dict[str, F32], resolution: int = 10_000, **options: Any) -> Path:
    """A cooler of one level, a chromosome for each band."""
    import cooler
    import pandas as pd

    sizes = pd.Series({name: band.shape[1] * resolution for name, band in bands.items()})
    bins = cooler.binnify(sizes, resolution)
    parts, offset = [], 0
    for band in bands.values():
        d, i = np.nonzero(band)
        part = pd.DataFrame({"bin1_id": i + offset, "bin2_id": i + d + offset, "count": band[d, i].astype(int)})
        parts.append(part.sort_values(["bin1_id", "bin2_id"]))
        offset += band.shape[1]
    pixels = pd.concat(parts, ignore_index=True)
    cooler.create_cooler(str(path), bins, pixels, ordered=True, **options)
    return path


def silent_model(folder: Path, *, unlike: bool = False) -> Path:
    """A network of maps that has nothing to say, in a folder."""
    from napari_hicstruct.config.base import with_changes
    from napari_hicstruct.config.fusion import fusion_config
    from napari_hicstruct.config.resources import resource
    from napari_hicstruct.models.fusion.network import HybridFusionNet
    from napari_hicstruct.models.fusion.store import save_fusion

    of_maps = fusion_config(resource("configs", "fusion", "hic-unlike.yaml") if unlike else "hic")
    config = with_changes(of_maps, network={"width": 8, "heads": 2, "dilations": (1, 2)})
    net = HybridFusionNet(config.network)
    save_fusion(folder, config, net.state_dict(), {"name": "silent", "version": "0"})
    return folder
