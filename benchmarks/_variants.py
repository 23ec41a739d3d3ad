"""Real maps in other clothes: thinned, or normalised in the ways that other programs write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._harness import data_dir, scratch

MIN_NONZERO = 10
"""Fewer filled pixels than that, and balancing leaves a bin out."""


def load(name: str, group: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bins and pixels (upper triangle, counts) of a real map."""
    import cooler

    clr = cooler.Cooler(f"{data_dir() / 'maps' / name}{group}")
    return clr.bins()[:], clr.pixels()[:]


def weights(bins: pd.DataFrame, pixels: pd.DataFrame) -> Any:
    """The map's own multiplicative weights, else ICE within chromosomes by cooler's defaults; NaN for bad bins."""
    import cooler

    if "weight" in bins:
        return bins["weight"].to_numpy(float)
    path = scratch("variants") / "unbalanced.cool"
    cooler.create_cooler(str(path), bins[["chrom", "start", "end"]], pixels, ordered=True)
    found, _ = cooler.balance_cooler(cooler.Cooler(str(path)), min_nnz=MIN_NONZERO, cis_only=True)
    path.unlink()
    return np.asarray(found, float)


def write(
    path: Path, bins: pd.DataFrame, pixels: pd.DataFrame, *, weight: Any = None, kr: Any = None, real: bool = False
) -> Path:
    """A ``.cool`` with counts whole or ``real`` and, if given, a ``weight`` or a divisive ``KR`` column."""
    import cooler

    table = bins[["chrom", "start", "end"]].copy()
    if weight is not None:
        table["weight"] = weight
    if kr is not None:
        table["KR"] = kr
    kind = np.float64 if real else np.int32
    cooler.create_cooler(str(path), table, pixels, dtypes={"count": kind}, ordered=True)
    return path


def unweighted(path: Path, bins: pd.DataFrame, pixels: pd.DataFrame) -> Path:
    """Raw counts and nothing else."""
    return write(path, bins, pixels)


def weighted(path: Path, bins: pd.DataFrame, pixels: pd.DataFrame) -> Path:
    """Raw counts with multiplicative weights, as cooler writes them."""
    return write(path, bins, pixels, weight=weights(bins, pixels))


def divisive(path: Path, bins: pd.DataFrame, pixels: pd.DataFrame) -> Path:
    """Raw counts with a ``KR`` column by which one divides, as hic2cool writes it; no ``weight``."""
    w = weights(bins, pixels)
    return write(path, bins, pixels, kr=kr_scale(w, pixels) / w)


def kr_scale(w: Any, pixels: pd.DataFrame) -> float:
    """The number that gives ``w`` the scale of juicer's KR: normalised counts sum to the raw ones."""
    product = pixels["count"] * w[pixels["bin1_id"]] * w[pixels["bin2_id"]]
    return float(np.sqrt(product.sum() / pixels["count"][product.notna()].sum()))


def balanced_floats(path: Path, bins: pd.DataFrame, pixels: pd.DataFrame) -> Path:
    """Normalised contacts in place of the counts, no weights: rows sum to 1, pixels are tiny."""
    return _floats(path, bins, pixels, rescale=False)


def kr_floats(path: Path, bins: pd.DataFrame, pixels: pd.DataFrame) -> Path:
    """The same on the scale of the raw counts, as from juicer's dump of KR."""
    return _floats(path, bins, pixels, rescale=True)


def _floats(path: Path, bins: pd.DataFrame, pixels: pd.DataFrame, *, rescale: bool) -> Path:
    w = weights(bins, pixels)
    if rescale:
        w = w / kr_scale(w, pixels)
    value = pixels["count"] * w[pixels["bin1_id"]] * w[pixels["bin2_id"]]
    table = pixels.assign(count=value)[value.notna().to_numpy()]
    return write(path, bins, table, real=True)


def thinned(path: Path, bins: pd.DataFrame, pixels: pd.DataFrame, *, factor: int, seed: int) -> Path:
    """Every contact kept with probability ``1 / factor``, balanced anew."""
    rng = np.random.default_rng([seed, factor])
    counts = rng.binomial(pixels["count"].to_numpy(np.int64), 1 / factor)
    table = pixels.assign(count=counts)[counts > 0]
    bare = bins[["chrom", "start", "end"]]
    return write(path, bare, table, weight=weights(bare, table))


VARIANTS: dict[str, Callable[[Path, pd.DataFrame, pd.DataFrame], Path]] = {
    "no weights": unweighted,
    "weight": weighted,
    "KR column": divisive,
    "floats": balanced_floats,
    "KR floats": kr_floats,
}
