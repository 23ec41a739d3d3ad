"""Expected contacts by distance: the mean of each diagonal over valid bin pairs, streamed and cached."""

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
    """Mean contacts per diagonal of one chromosome.

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
        found, seen = _compute(source, chrom, resolution, norm, weights, token)
        store_array(key, found)
        store_array(_seen_key(source, chrom, resolution), seen.astype(np.float64))
    return found


def valid_bins(source: ContactSource, chrom: str, *, resolution: int, norm: str) -> NDArray[np.bool_]:
    """Bins that count in the expected: those with a weight; for raw counts those with any cis contact."""
    weights = source.weights(chrom, resolution=resolution, norm=norm)
    if norm != RAW:
        return np.isfinite(weights)
    found = load_array(_seen_key(source, chrom, resolution))
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
    return ("expected", 1, source.fingerprint(), chrom, resolution, norm, digest)


def _seen_key(source: ContactSource, chrom: str, resolution: int) -> tuple[object, ...]:
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
    seen = np.zeros(n, dtype=bool)
    filled = np.nan_to_num(weights)
    for part in source.pixels(chrom, resolution=resolution):
        if token is not None:
            token.check()
        values = part.count * filled[part.bin1] * filled[part.bin2]
        sums += np.bincount(part.bin2 - part.bin1, weights=values, minlength=n)
        seen[part.bin1] = True
        seen[part.bin2] = True
    pairs = valid_pairs(seen if norm == RAW else np.isfinite(weights))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pairs > 0, sums / pairs, np.nan), seen


def valid_pairs(valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of pairs of valid bins at each distance, by autocorrelation: O(n log n)."""
    n = len(valid)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(valid.astype(np.float64), size)
    counts = np.fft.irfft(spectrum * np.conj(spectrum), size)[:n]
    return np.rint(counts).astype(np.int64)
