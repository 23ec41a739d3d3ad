"""The model's input channels, computed the same way for training and inference.

All channels are scale-free: they depend on counts only through what is expected at that distance and coverage, so
one model serves maps of any depth and normalisation.  With count ``c`` and expected count ``e`` of a pixel
(``e = expected[d] / (w_i · w_j)``):

==========  =====================================================================================================
oe          ``log2((c + k) / (e + k))`` with k = 0.5, clipped to ±4, halved: O/E shrunk to 0 where nothing is known
residual    ``(c - e) / sqrt(e + 1)``, clipped to [-4, 8], divided by 4: how many standard deviations
distance    ``log2(1 + bp / 10 kb) / 8``, bp times the genome's scale
expected    ``log2(1 + e) / 8``: the depth of the map at this pixel
valid       1 where both bins are good and the diagonal is held, else 0 (and then oe = residual = 0)
==========  =====================================================================================================

A model may read others (``ModelConfig.inputs``), all 0 where ``valid`` is; these are not scale-free:

==========  =====================================================================================================
raw         ``log1p(min(c, q)) / log1p(q)``, q the 97th percentile of the window's own non-zero counts (at least 1)
balanced    ``log2(1 + c · w_i · w_j) / 8``
coverage    ``-log2(w_i · w_j) / 4``, clipped to ±2: what balancing has taken out of row and column
==========  =====================================================================================================

Each 1-D track (``ModelConfig.tracks``) adds two channels: its value at the row's bin and at the column's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band, coarsen_band
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.tracks.binned import coarsen_tracks

CHANNELS = ("oe", "residual", "distance", "expected", "valid")
"""Names of the input channels read by default, in order."""

MORE_CHANNELS = ("raw", "balanced", "coverage")
"""Names of those that a model may read besides or instead."""

_PERCENTILE = 97.0

_SHRINK = 0.5

_MAX_EXPECTED = 1e12
"""Contacts: a pixel that lets expect more is unknown."""


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _fill(out: NDArray[np.float32], y: int, x: int, c: float, mean: float, wi: float, wj: float, bp: float) -> None:  # noqa: PLR0913 - a kernel takes arrays
    out[2, y, x] = math.log2(1.0 + bp / 10000.0) / 8.0
    if mean <= 0.0 or not (wi > 0.0) or not (wj > 0.0):
        return
    e = mean / (np.float64(wi) * wj)
    if not e < _MAX_EXPECTED:  # balancing an all but empty map gives weights whose product is no number
        return
    oe = math.log2((c + _SHRINK) / (e + _SHRINK))
    residual = (c - e) / math.sqrt(e + 1.0)
    out[0, y, x] = min(4.0, max(-4.0, oe)) / 2.0
    out[1, y, x] = min(8.0, max(-4.0, residual)) / 4.0
    out[3, y, x] = math.log2(1.0 + e) / 8.0
    out[4, y, x] = 1.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _window(
    counts: NDArray[np.float32],
    weights: NDArray[np.float32],
    expected: NDArray[np.float32],
    resolution: int,
    origin: tuple[int, int],
    out: NDArray[np.float32],
) -> None:
    n_diagonals, n = counts.shape
    for y in range(out.shape[1]):
        i = origin[0] + y
        for x in range(out.shape[2]):
            j = origin[1] + x
            d = abs(j - i)
            if i < 0 or j < 0 or i >= n or j >= n or d >= n_diagonals:
                continue
            _fill(out, y, x, counts[d, min(i, j)], expected[d], weights[i], weights[j], float(d * resolution))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _strip(
    counts: NDArray[np.float32],
    weights: NDArray[np.float32],
    expected: NDArray[np.float32],
    resolution: int,
    first: int,
    out: NDArray[np.float32],
) -> None:
    n_diagonals, n = counts.shape
    for d in range(min(out.shape[1], n_diagonals)):
        for x in range(out.shape[2]):
            # centred on the bin between both anchors, so that column x is "around bin first + x"
            i = first + x - d // 2
            if i < 0 or i + d >= n:
                continue
            _fill(out, d, x, counts[d, i], expected[d], weights[i], weights[i + d], float(d * resolution))


def window_channels(
    band: Band,
    row0: int,
    col0: int,
    size: int,
    inputs: Sequence[str] = CHANNELS,
    tracks: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Channels of the square window whose corner is bin (``row0``, ``col0``), either triangle.

    Parameters
    ----------
    band : Band
    row0, col0, size : int
        Bins of the band.
    inputs : sequence of str
        Channels wanted, in order.
    tracks : float32, shape (n_tracks, n_bins), optional
        Scaled tracks in the band's bins (:mod:`tracks.binned`).

    Returns
    -------
    float32, shape (len(inputs) + 2 · n_tracks, size, size)
        Pixels outside the band are 0 (so is their ``valid``).

    Raises
    ------
    ConfigError
        If there is no such channel.
    """
    out = np.zeros((len(CHANNELS), size, size), np.float32)
    _window(band.counts, band.weights, band.expected, band.network_resolution, (row0, col0), out)
    if tracks is None and tuple(inputs) == CHANNELS:
        return out
    steps = np.arange(size)
    return _chosen(band, out, row0 + steps[:, None], col0 + steps[None, :], inputs, tracks)


def strip_channels(
    band: Band,
    first: int,
    length: int,
    n_diagonals: int,
    inputs: Sequence[str] = CHANNELS,
    tracks: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Channels along the diagonal: entry ``[:, d, x]`` is the contact over distance ``d`` centred on bin ``first + x``.

    Returns
    -------
    float32, shape (len(inputs) + 2 · n_tracks, n_diagonals, length)
        Parameters as in :func:`window_channels`; a track's two channels are its values at either anchor.
    """
    out = np.zeros((len(CHANNELS), n_diagonals, length), np.float32)
    _strip(band.counts, band.weights, band.expected, band.network_resolution, first, out)
    if tracks is None and tuple(inputs) == CHANNELS:
        return out
    d = np.arange(n_diagonals)[:, None]
    i = first + np.arange(length)[None, :] - d // 2
    return _chosen(band, out, i, i + d, inputs, tracks)


def chromosome_channels(
    band: Band,
    factor: int,
    n_diagonals: int,
    inputs: Sequence[str] = CHANNELS,
    tracks: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """:func:`strip_channels` of a whole chromosome in bins ``factor`` times as large, ``tracks`` averaged over them."""
    large = coarsen_band(band, factor)
    return strip_channels(large, 0, large.n_bins, n_diagonals, inputs, coarsen_tracks(tracks, factor))


def _chosen(
    band: Band,
    base: NDArray[np.float32],
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    inputs: Sequence[str],
    tracks: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """The channels asked for, of the pixels that join bins ``i`` and ``j`` (two arrays that broadcast)."""
    known = dict(zip(CHANNELS, base, strict=True))
    if not set(inputs) <= set(CHANNELS):
        known |= _more(band, i, j, base[CHANNELS.index("valid")])
    unknown = [name for name in inputs if name not in known]
    if unknown:
        hint = f"Choose from {', '.join(CHANNELS + MORE_CHANNELS)}."
        raise ConfigError(f"there is no input channel '{unknown[0]}'.", hint=hint)
    layers = [known[name] for name in inputs]
    for track in () if tracks is None else tracks:
        layers += [np.broadcast_to(_at(track, bins), base.shape[1:]) for bins in (i, j)]
    return np.stack(layers)


def _at(track: NDArray[np.float32], bins: NDArray[np.int64]) -> NDArray[np.float32]:
    """Values of a track at bins; 0 outside the chromosome."""
    inside = (bins >= 0) & (bins < len(track))
    return np.where(inside, track[np.clip(bins, 0, len(track) - 1)], np.float32(0))


def _more(
    band: Band, i: NDArray[np.int64], j: NDArray[np.int64], valid: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """The channels of :data:`MORE_CHANNELS` by name."""
    held = valid > 0  # nowhere else are all indices within the band
    low, d = np.where(held, np.minimum(i, j), 0), np.where(held, np.abs(j - i), 0)
    counts = np.where(held, band.counts[d, low], np.float32(0))
    weights = np.where(held, band.weights[low] * band.weights[np.where(held, low + d, 0)], np.float32(1))
    some = counts[counts > 0]
    top = max(1.0, float(np.percentile(some, _PERCENTILE))) if some.size else 1.0
    more = {
        "raw": np.log1p(np.minimum(counts, top)) / np.log1p(top),
        "balanced": np.log2(1 + counts * weights) / 8,
        "coverage": np.clip(-np.log2(weights) / 4, -2, 2),
    }
    return {name: values.astype(np.float32) for name, values in more.items()}
