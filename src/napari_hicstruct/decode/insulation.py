"""How deep the valley of contacts is at a called boundary, from whole squares of pixels.

A network reads one pixel's contacts at a time, squeezed by a logarithm; where contacts are few, what crosses a boundary
is better counted over a whole square.  How deep that valley is, whether it is none of chance and how far insulation
falls there are added to the boundary's log-odds (docs/adr/0048).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.contrast import (
    contrast_noise,
    contrast_track,
    crossing_noise,
    crossing_track,
    find_valleys,
)
from napari_hicstruct.decode.boundaries import boundary_strength

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]

WEIGHT = 3.0
"""Log-odds per log2 of the valley's depth; 2 – 4 do alike (docs/science/model.md)."""

MAX_DEPTH = 1.5
"""log2; what lies deeper counts no more."""

REAL = 2.0
"""Log-odds of a valley that is surely none of chance."""

LARGE, CLEAR = 1.5, 3.0
"""Log-odds per log2 of insulation's valley, of which so many standard deviations are left to chance."""

OFFSET = -1.4
"""Log-odds of a place without any valley."""

RIPPLE = 0.03
"""log2, σ; neighbouring squares of deep maps differ by so much besides counting."""

CHANCE = (0.0, -0.62, -1.19, -1.92, -2.88, -4.26, -6.03, -8.2)
"""ln of the share of chance's valleys that are at least 0, 1, 2, … standard deviations deep.

Of maps with nothing but a decay: the same from 3 to 3,000 contacts of neighbouring bins and slopes of −0.6 to −1.4.
"""

WIDTH = 10
"""Bins; side of the larger of the two squares that are averaged, and of that of insulation."""

_MIN_KNOWN_BINS = 3  # bins, of the ten on either side
_AROUND = 201  # bins; a valley's shoulders lie within half of this
_NEAR_BINS = 2  # bins from a valley's middle that are still in it
_SPREAD = 1.5  # bins, σ of how far a valley's middle counts for the bins beside it


def valleys(band: Band) -> Array:
    """Depth of the valley of border contrast at each bin, log2, 0 … :data:`MAX_DEPTH`, (n_bins,); 0 outside valleys.

    Depth is the prominence of the minima of the :func:`~napari_hicstruct.contacts.contrast.contrast_track` of 5 and 10
    bins, spread over neighbouring bins with σ = 1.5.
    """
    return _depth_track(band.n_bins, *_minima(band))


def valley_odds(band: Band) -> Array:
    """What the map adds to a boundary's log-odds, shape (n_bins,): ``3 v + 2 r + 1.5 e − 1.4``.

    v is the depth of the valley of border contrast (:func:`valleys`), r how likely the surest one within two bins is
    none of chance (:func:`none_of_chance`), e how deep the valley of insulation, the contacts across ten bins, is
    within two bins beyond three standard deviations, log2, 0 … :data:`MAX_DEPTH`.
    """
    at, depth = _minima(band)
    noise = np.hypot(contrast_noise(band.counts, WIDTH)[at], RIPPLE)
    real = _nearest(band.n_bins, at, none_of_chance(np.nan_to_num(depth / noise)), _NEAR_BINS)
    across, fall = find_valleys(crossing_track(band.observed_over_expected(2 * WIDTH), WIDTH), window=_AROUND)
    noise = np.hypot(crossing_noise(band.counts, WIDTH)[across], RIPPLE)
    beyond = np.clip(np.nan_to_num(fall - CLEAR * noise), 0, MAX_DEPTH)
    large = _nearest(band.n_bins, across, beyond, _NEAR_BINS)
    odds = WEIGHT * _depth_track(band.n_bins, at, depth) + REAL * real + LARGE * large + OFFSET
    return np.asarray(odds, np.float32)


def none_of_chance(deviations: Doubles) -> Doubles:
    """One less the false discovery rate of valleys so many standard deviations deep, (n,), among all of a map's.

    As many valleys as the map has, drawn by chance, hold an expected number that are at least as deep; beside the
    number that the map has that is the share of false ones (Benjamini & Hochberg 1995).  Where nothing but chance digs,
    all of it is false, however few contacts there are.
    """
    n = len(deviations)
    order = np.argsort(-deviations, kind="stable")
    share = np.exp(np.interp(deviations[order], np.arange(len(CHANCE)), CHANCE))
    rate = (n + 1) * share / (np.arange(n) + 2)  # one more on both sides: a few valleys prove little
    out = np.empty(n)
    out[order] = 1 - np.minimum(1, np.minimum.accumulate(rate[::-1])[::-1])
    return out


def nearest_valleys(band: Band, within: int) -> tuple[Doubles, Doubles]:
    """How deep the deepest valley within so many bins of each bin is, log2 and standard deviations, both (n_bins,).

    0 where there is no valley.  Deviations are of counting alone, without the ripple of :func:`valley_odds`.
    """
    at, depth = _minima(band)
    deviations = np.nan_to_num(depth / contrast_noise(band.counts, WIDTH)[at])
    return _nearest(band.n_bins, at, depth, within), _nearest(band.n_bins, at, deviations, within)


def _nearest(n_bins: int, at: NDArray[np.int64], values: Doubles, within: int) -> Doubles:
    """The largest of the values up to so many bins away, shape (n_bins,); at least 0."""
    out = np.zeros(n_bins)
    for x, own in zip(at, values, strict=True):
        near = slice(max(0, x - within), x + within + 1)
        out[near] = np.maximum(out[near], own)
    return out


def counting_noise(band: Band) -> NDArray[np.float64]:
    """Standard deviation of the border contrast of ten bins by the chance of counting, log2, (n_bins,); 0 at the ends.

    What an equal score of a boundary is worth depends on it: ``evaluation.calibrate``.
    """
    return np.nan_to_num(contrast_noise(band.counts, WIDTH))


def noise_at(record: Annotation, noise: NDArray[np.float64], resolution: int) -> float:
    """Mean :func:`counting_noise` at the ends of a TAD or at a boundary; 0 for other kinds."""
    if record.kind not in (Kind.TAD, Kind.BOUNDARY):
        return 0.0
    ends = {record.anchor1.start, record.anchor1.end if record.kind is Kind.TAD else record.anchor1.start}
    return float(np.mean([noise[min(end // resolution, len(noise) - 1)] for end in ends]))


def _minima(band: Band) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Bins of the valleys, and their depth, log2."""
    return find_valleys(contrast_track(band.observed_over_expected(2 * WIDTH), WIDTH), window=_AROUND)


def _depth_track(n_bins: int, at: NDArray[np.int64], depth: NDArray[np.float64]) -> Array:
    out = np.zeros(n_bins, np.float32)
    beside = np.arange(-6, 7)
    bump = np.exp(-(beside**2) / (2 * _SPREAD**2))
    for x, height in zip(at, depth, strict=True):
        inside = (x + beside >= 0) & (x + beside < len(out))
        place = x + beside[inside]
        out[place] = np.maximum(out[place], height * bump[inside])
    return np.minimum(out, np.float32(MAX_DEPTH))


def boundary_odds(p: Array, added: Array) -> Array:
    """``logit s + added``, shape (n_bins,): s is the :func:`boundary_strength` of bins, ``added`` their valleys'."""
    s = np.clip(boundary_strength(p), 1e-6, 1 - 1e-6)
    # in float32 by hand: scipy.special differs in the last bit, and calibrations were fitted to these
    return np.asarray(np.log(s) - np.log1p(-s) + added, np.float32)


def boundary_evidence(p: Array, band: Band) -> Array:
    """``σ(logit s + v)`` per bin, v its :func:`valley_odds`, (n_bins,): what boundaries and TADs are decoded from.

    NaN stays NaN, and so becomes what has fewer than three known bins among the ten before or after it: no boundary
    can be found where one of its two sides is missing, be it beyond the chromosome or beyond a captured region.

    Parameters
    ----------
    p : float32, shape (n_bins,)
        The network's boundary probability; s is its :func:`~napari_hicstruct.decode.boundaries.boundary_strength`.
    band : Band
        The map at the same bins, a whole chromosome.
    """
    q = np.asarray(1 / (1 + np.exp(-boundary_odds(p, valley_odds(band)))), np.float32)
    q[:WIDTH] = q[max(0, len(q) - WIDTH) :] = np.nan
    known, x = np.concatenate([[0], np.cumsum(band.valid)]), np.arange(len(q))
    before = known[x] - known[np.maximum(x - WIDTH, 0)]
    after = known[np.minimum(x + WIDTH, len(q))] - known[x]
    q[np.minimum(before, after) < _MIN_KNOWN_BINS] = np.nan
    return q
