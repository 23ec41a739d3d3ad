"""Expected contacts by distance: the one mean over valid bin pairs that all observed over expected divides by.

The mean at distance ``d`` is taken over all pairs of valid bins ``0.95 d … 1.05 d`` apart, pixels without contacts
included: below 20 bins that is the diagonal alone; further out single diagonals may hold few contacts.
NaN (0 in a band) where no pair is valid.  One pair is enough: whoever divides by it decides what it is worth.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.cache import load_array, store_array
from napari_hicstruct.contacts.protocol import RAW, ContactSource
from napari_hicstruct.genome import n_bins
from napari_hicstruct.jobs import CancelToken


def expected_by_distance(
    source: ContactSource, chrom: str, *, resolution: int, norm: str, token: CancelToken | None = None
) -> NDArray[np.float64]:
    """Mean contacts by distance of one chromosome, streamed and cached.

    Parameters
    ----------
    source : ContactSource
    chrom : str
    resolution : int
        bp.
    norm : str
        Balanced values are averaged where a pair's two bins have a weight.  :data:`RAW`: a bin is valid if it
        has any cis contact, so that unmappable stretches do not thin the mean.
    token : CancelToken, optional
        Checked between chunks of pixels; call from a worker thread and cancel at any time.

    Returns
    -------
    float64, shape (n_bins,)
        Mean at distance ``d`` bins; NaN where no pair is valid.  Kept in the cache folder by fingerprint.

    Raises
    ------
    Cancelled
        If the token was cancelled; nothing is kept then.
    """
    weights = source.weights(chrom, resolution=resolution, norm=norm)
    key = _key(source, chrom, resolution, norm, weights)
    found = load_array(key)
    if found is None or found.shape != weights.shape:
        found, occupied = _compute(source, chrom, resolution, norm, weights, token)
        store_array(key, found)
        store_array(_occupied_key(source, chrom, resolution), occupied.astype(np.float64))
    return found


def valid_bins(source: ContactSource, chrom: str, *, resolution: int, norm: str) -> NDArray[np.bool_]:
    """Bins that count in the expected: those with a weight; for raw counts those with any cis contact."""
    weights = source.weights(chrom, resolution=resolution, norm=norm)
    if norm != RAW:
        return np.isfinite(weights)
    found = load_array(_occupied_key(source, chrom, resolution))
    if found is None or found.shape != weights.shape:
        return _compute(source, chrom, resolution, norm, weights, None)[1]
    return found > 0


def has_expected(source: ContactSource, chrom: str, *, resolution: int, norm: str) -> bool:
    """True if :func:`expected_by_distance` would answer from the cache."""
    weights = source.weights(chrom, resolution=resolution, norm=norm)
    return load_array(_key(source, chrom, resolution, norm, weights)) is not None


def _key(
    source: ContactSource, chrom: str, resolution: int, norm: str, weights: NDArray[np.float64]
) -> tuple[object, ...]:
    # The weights themselves are part of the key: balancing a file anew leaves its fingerprint as it was.
    digest = hashlib.sha256(np.ascontiguousarray(weights).tobytes()).hexdigest()
    return ("expected", 2, source.fingerprint(), chrom, resolution, norm, digest)


def _occupied_key(source: ContactSource, chrom: str, resolution: int) -> tuple[object, ...]:
    return ("bins with contacts", 1, source.fingerprint(), chrom, resolution)


def _compute(
    source: ContactSource,
    chrom: str,
    resolution: int,
    norm: str,
    weights: NDArray[np.float64],
    token: CancelToken | None,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Expected, and which bins have any contact."""
    n = n_bins(source.chromsizes[chrom], resolution)
    sums = np.zeros(n)
    occupied = np.zeros(n, dtype=bool)
    filled = np.nan_to_num(weights)
    for part in source.pixels(chrom, resolution=resolution):
        if token is not None:
            token.check()
        values = part.count * filled[part.bin1] * filled[part.bin2]
        sums += np.bincount(part.bin2 - part.bin1, weights=values, minlength=n)
        occupied[part.bin1] = True
        occupied[part.bin2] = True
    return mean_by_distance(sums, valid_pairs(occupied if norm == RAW else np.isfinite(weights))), occupied


def mean_by_distance(sums: NDArray[np.float64], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean over the pairs of about each distance, from the sum and the number of valid pairs of every diagonal."""
    d = np.arange(len(sums))
    half = d // 20
    low, high = d - half, np.minimum(d + half + 1, len(d))
    total, count = (np.concatenate([[0], np.cumsum(part)]) for part in (sums, pairs))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((total[high] - total[low]) / (count[high] - count[low]))


def band_expected(counts: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Expected of a band of ``counts``, shape (n_diagonals, n_bins), balanced by ``weights``; 0 where unknown."""
    n_diagonals, n = counts.shape
    w = np.nan_to_num(weights)
    sums, pairs = np.zeros(n_diagonals), np.zeros(n_diagonals, np.int64)
    pairs[:n] = valid_pairs(np.isfinite(weights))[:n_diagonals]
    for d in range(min(n_diagonals, n)):
        sums[d] = np.sum(counts[d, : n - d] * w[: n - d] * w[d:], dtype=np.float64)
    return np.nan_to_num(mean_by_distance(sums, pairs)).astype(np.float32)


def expected_block(
    expected: NDArray[np.floating], rows: tuple[int, int], cols: tuple[int, int]
) -> NDArray[np.floating]:
    """Expected of each pixel of ``rows`` × ``cols`` (bins, half-open), NaN where unknown or 0; a read-only view."""
    (r0, r1), (c0, c1) = rows, cols
    usable = np.append(np.where(expected > 0, expected, np.nan), expected.dtype.type(np.nan))
    along = usable[np.minimum(np.abs(np.arange(c0 - r1 + 1, c1 - r0)), len(expected))]
    # row r holds along[r1-1-r : r1-1-r+width]: a strided view instead of a matrix of distances
    return np.lib.stride_tricks.sliding_window_view(along, c1 - c0)[::-1]


def valid_pairs(valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of pairs of valid bins at each distance, by autocorrelation: O(n log n)."""
    n = len(valid)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(valid.astype(np.float64), size)
    counts = np.fft.irfft(spectrum * np.conj(spectrum), size)[:n]
    return np.rint(counts).astype(np.int64)
