"""Small maps for the tests of contacts: written by cooler, with the dense matrix to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cooler
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def upper_counts(n: int, seed: int, mean: float = 8.0) -> Matrix:
    """Upper triangle of Poisson counts that fall off with distance; every tenth bin or so is empty."""
    rng = np.random.default_rng(seed)
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    counts = rng.poisson(mean / (1 + distance) ** 0.7).astype(float)
    bad = rng.random(n) < 0.1
    counts[bad] = 0
    counts[:, bad] = 0
    return np.triu(counts)


def symmetric(upper: Matrix) -> Matrix:
    """The full matrix of an upper triangle."""
    return upper + np.triu(upper, 1).T


def write_cool(
    uri: str | Path,
    sizes: Mapping[str, int],
    resolution: int,
    upper: Matrix,
    *,
    weights: Mapping[str, NDArray[np.float64]] | None = None,
    dtype: type = np.int32,
    mode: str = "w",
) -> str:
    """Write the upper triangle of a whole genome as a cooler; gives its URI."""
    bins = cooler.binnify(pd.Series(dict(sizes)), resolution)
    for name, values in (weights or {}).items():
        bins[name] = values
    row, col = np.nonzero(upper)
    pixels = pd.DataFrame({"bin1_id": row, "bin2_id": col, "count": upper[row, col].astype(dtype)})
    cooler.create_cooler(str(uri), bins, pixels, ordered=True, dtypes={"count": dtype}, mode=mode)
    return str(uri)


def coarsen(upper: Matrix, factor: int) -> Matrix:
    """Upper triangle summed in blocks, contacts inside one bin counted once (as cooler does)."""
    n = -(-len(upper) // factor)
    out = np.zeros((n, n))
    for i, j in zip(*np.nonzero(upper), strict=True):
        out[i // factor, j // factor] += upper[i, j]
    return out


def write_mcool(path: Path, sizes: Mapping[str, int], base: int, factors: tuple[int, ...], upper: Matrix) -> str:
    """Write a ladder of one chromosome in the new layout."""
    for number, factor in enumerate(factors):
        uri = f"{path}::/resolutions/{base * factor}"
        write_cool(uri, sizes, base * factor, coarsen(upper, factor), mode="a" if number else "w")
    return str(path)


FUSED_BASE, FUSED_BINS = 10_000, 150
FUSED_SIZES = {"chr1": FUSED_BINS * FUSED_BASE, "chr2": 20 * FUSED_BASE}
"""Of :func:`write_fused`, bp."""


def write_fused(path: Path, *, shares: bool = True, seed: int = 4) -> tuple[Matrix, Matrix]:
    """A map with a share at each pixel; gives values and shares of chr1, upper triangle, NaN where nothing is."""
    rng = np.random.default_rng(seed)
    bins = cooler.binnify(pd.Series(FUSED_SIZES), FUSED_BASE)
    row, col = np.triu_indices(len(bins))
    keep = rng.random(len(row)) < 0.2
    row, col = row[keep], col[keep]
    pixels = pd.DataFrame({"bin1_id": row, "bin2_id": col, "count": rng.random(len(row)).astype(np.float32) * 9})
    columns = ["count"]
    if shares:
        pixels["share_of_first"] = rng.random(len(row)).astype(np.float32)
        columns.append("share_of_first")
    cooler.create_cooler(
        str(path), bins, pixels, columns=columns, dtypes=dict.fromkeys(columns, np.float32), ordered=True
    )
    values, share = np.zeros((FUSED_BINS, FUSED_BINS)), np.full((FUSED_BINS, FUSED_BINS), np.nan)
    cis = (row < FUSED_BINS) & (col < FUSED_BINS)
    values[row[cis], col[cis]] = pixels["count"][cis]
    if shares:
        share[row[cis], col[cis]] = pixels["share_of_first"][cis]
    return values, share
