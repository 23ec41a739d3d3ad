"""Which balancing a map has, the best first, and which of it can be used on one chromosome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.protocol import COMPUTED, RAW, ContactSource, Normalisation
from napari_hicstruct.genome import display_name

if TYPE_CHECKING:
    import h5py

PREFERENCE = ("weight", "ICE", "KR", "SCALE", "VC_SQRT", "VC")
"""Stored normalisations, the best first; others follow in file order, genome-wide and inter ones last."""

DIVISIVE = frozenset({"KR", "VC", "VC_SQRT", "SCALE"})
_BALANCE_ATTRIBUTES = frozenset({"divisive_weights", "converged", "tol", "ignore_diags", "mad_max"})


def order_norms(names: list[str]) -> list[str]:
    """Names of normalisations, the best for cis maps first."""

    def rank(name: str) -> tuple[int, int]:
        known = PREFERENCE.index(name) if name in PREFERENCE else len(PREFERENCE)
        return (known + 100 * name.startswith(("GW_", "INTER_")), names.index(name))

    return sorted(names, key=rank)


def stored_norms(bins: h5py.Group, generated_by: str) -> tuple[tuple[Normalisation, ...], tuple[str, ...]]:
    """Weight columns of a bin table, multiplicative and divisive kept apart, the best first; and what is wrong.

    The column's own ``divisive_weights`` decides; without it Juicer's vectors are divisive, except in files of
    hic2cool before 0.5, which inverted them.  A column that has another length than the table is left out and named.
    """
    inverted = generated_by.startswith(("hic2cool-0.4", "hic2cool-0.3", "hic2cool-0.2", "hic2cool-0.1"))
    found: dict[str, Normalisation] = {}
    notes, n = [], len(bins["start"])
    for name, column in bins.items():
        if not hasattr(column, "dtype"):  # a group
            continue
        plain = name.removeprefix("GW_").removeprefix("INTER_").removeprefix("perChrom")
        juicer = plain in DIVISIVE
        known = juicer or plain in {"weight", "ICE", "IC"} or bool(_BALANCE_ATTRIBUTES & set(column.attrs))
        if not known or name in {"chrom", "start", "end"} or column.dtype.kind not in "fiu" or column.ndim != 1:
            continue
        if len(column) != n:
            notes.append(f"Weights '{name}' are not used: there are {len(column):,} for {n:,} bins.")
            continue
        stated = truth_of(column.attrs.get("divisive_weights"))
        found[name] = Normalisation(name, (juicer and not inverted) if stated is None else stated)
    return tuple(found[name] for name in order_norms(list(found))), tuple(notes)


def truth_of(value: object) -> bool | None:
    """An attribute as true or false, stored as a number, a text or an array of one; None if it is neither."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size == 1 else None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
    return None if value is None or type(value).__name__ == "Empty" else bool(value)


def multiplicative(vector: NDArray[np.float64], norm: Normalisation) -> NDArray[np.float64]:
    """A stored vector as weights to multiply with; NaN where it is 0, negative or no number."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        weights = 1.0 / vector if norm.divisive else vector
        weights[~(np.isfinite(weights) & (weights > 0))] = np.nan
    return weights


def missing_note(chrom: str, resolution: str, missing: str, used: str) -> str:
    """One sentence on a normalisation that a chromosome lacks."""
    return f"{display_name(chrom)} has no {missing} weights at {resolution}: {used} is used."


def first_norm(source: ContactSource, chrom: str) -> str:
    """What a map is first drawn with: its best stored weights, else the values as stored.

    Weights that must be computed would delay the first picture, and normalised values need none (ADR 16).
    """
    stored = source.default_norm(source.resolutions_of(chrom)[0], chrom)
    return RAW if stored == COMPUTED else stored
