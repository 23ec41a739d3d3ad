"""What the numbers of a map are: counts, normalised contacts, or something that is no contacts at all."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MIN_SIGNED, MIN_SIGNED_SHARE = 10, 0.01
"""Maps with fewer negative pixels hold a few bad ones; with more, they are differences or logarithms."""

NEAR_BINS, FAR_BINS = (1, 4), (60, 160)
MIN_DECAY = 2.0
"""Contacts fall off with distance; whole-number maps by 10 or more from NEAR_BINS to FAR_BINS, ratios not at all."""

MIN_PAIRS = 2_000
"""Bin pairs at far distances below which the decay is not tested."""


class ValueKind(StrEnum):
    """Kinds of values."""

    COUNTS = "counts"
    NORMALISED = "normalised contacts"
    RATIO = "observed over expected"
    SIGNED = "differences or log ratios"

    @property
    def is_contacts(self) -> bool:
        """False for maps on which nothing can be called or balanced."""
        return self in (ValueKind.COUNTS, ValueKind.NORMALISED)


WHY_NO_CONTACTS = {
    ValueKind.SIGNED: "holds values of both signs (a difference or log ratio of maps), not contacts",
    ValueKind.RATIO: "holds values that do not fall off with distance (observed over expected?), not contacts",
}
"""Half a sentence for each kind that is no contacts."""


def kind_of(values: NDArray[np.float64], rows: NDArray[np.int64], distances: NDArray[np.int64]) -> ValueKind:
    """Kind of a map, from a sample of its stored pixels.

    Parameters
    ----------
    values : float64, shape (n,)
    rows, distances : int64, shape (n,)
        First bin of each pixel, -1 where its row is not whole or the pixel not cis, and how many bins the second is
        away.
    """
    finite = np.isfinite(values)
    found = values[finite]
    if not found.size:
        return ValueKind.COUNTS
    negative = np.count_nonzero(found < 0)
    if negative >= MIN_SIGNED and negative > MIN_SIGNED_SHARE * found.size:
        return ValueKind.SIGNED
    good = found[found >= 0]
    if bool((good == np.rint(good)).all()):  # of any decay: contacts of RNA have none
        return ValueKind.COUNTS
    use = finite & (values >= 0) & (rows >= 0)
    return ValueKind.NORMALISED if _decays(values[use], rows[use], distances[use]) else ValueKind.RATIO


def _decays(values: NDArray[np.float64], rows: NDArray[np.int64], distances: NDArray[np.int64]) -> bool:
    """True unless the mean over all pairs, those without a pixel too, is about as large far away as near."""
    means = []
    n_rows = len(np.unique(rows))
    for low, high in (NEAR_BINS, FAR_BINS):
        total = float(values[(distances >= low) & (distances < high)].sum())
        means.append(total / max(1, n_rows * (high - low)))
    near, far = means
    return n_rows * (FAR_BINS[1] - FAR_BINS[0]) < MIN_PAIRS or far <= 0 or near / far > MIN_DECAY


def bad_to_nan(block: NDArray[np.float32], *, signed: bool) -> bool:
    """Turn pixels that cannot be contacts (infinite; negative unless ``signed``) into NaN, in place; was there any?"""
    if not block.size:
        return False
    with np.errstate(invalid="ignore"):
        low, high = float(block.min()), float(block.max())  # NaN if any value is
        if np.isfinite(high) and (low >= 0 or (signed and np.isfinite(low))):
            return False
        bad = ~np.isfinite(block)
        if not signed:
            bad |= block < 0
    block[bad] = np.nan
    return True


def good_pixels(count: NDArray[np.float64], *, signed: bool) -> NDArray[np.bool_]:
    """True where a stored value can be used."""
    good: NDArray[np.bool_] = np.isfinite(count)
    return good if signed else good & (count >= 0)
