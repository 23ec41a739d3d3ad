"""Which levels of a map hold a chromosome's contacts: some are empty, or end half-way, and must not be shown for it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import format_bin_size

MIN_SHARE = 0.9
"""A level that has contacts in less of the stretches in which another one has some is not whole."""

MIN_STRETCHES = 10
"""With fewer stretches that have contacts nothing is said about wholeness."""

_STRETCH_BINS = 4  # bins of the coarsest level that make one stretch


def shares(occupied: Mapping[int, NDArray[np.int64]]) -> dict[int, float]:
    """Per level (bp) the share of stretches with contacts, of the most that a level has.

    Parameters
    ----------
    occupied : mapping of int to int64 array
        Per resolution the starts (bp) of bins that begin a stored pixel.
    """
    full = {resolution: starts for resolution, starts in occupied.items() if len(starts)}
    if not full:
        return dict.fromkeys(occupied, 0.0)
    width = _STRETCH_BINS * max(full)
    counts = {resolution: len(np.unique(starts // width)) for resolution, starts in full.items()}
    most = max(counts.values())
    if most < MIN_STRETCHES:
        return {resolution: float(resolution in full) for resolution in occupied}
    return {resolution: counts.get(resolution, 0) / most for resolution in occupied}


def with_contacts(occupied: Mapping[int, NDArray[np.int64]]) -> tuple[int, ...]:
    """Levels that hold the contacts, finest first; all of them if none does."""
    found = shares(occupied)
    return tuple(sorted(r for r, share in found.items() if share >= MIN_SHARE)) or tuple(sorted(occupied))


def level_notes(chrom: str, occupied: Mapping[int, NDArray[np.int64]], used: tuple[int, ...]) -> tuple[str, ...]:
    """One sentence for each level that is not used on ``chrom``, and one for what is used instead."""
    notes = []
    for resolution, share in sorted(shares(occupied).items()):
        if resolution not in used:
            what = "no contacts" if share == 0 else f"only {share:.0%} of the contacts' extent"
            notes.append(f"The {format_bin_size(resolution)} level holds {what} on {chrom} and is not used there.")
    return tuple(notes)
