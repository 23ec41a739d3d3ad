"""Which structures two maps differ in: a test of counts that holds its error rate also for structures that were called.

The contacts of a structure's focus in map A and B, *f_A* and *f_B*, are negative binomial.  The backgrounds
(:mod:`~napari_hicstruct.evaluation.structure_counts`) say how many there would be without it, *μ_A* and *μ_B*: depth,
distance and coverage cancel.  If the structure is as strong in both, then, given *N = f_A + f_B*, *f_A* is
beta-binomial with mean *N μ_A / (μ_A + μ_B)*: two negative binomials of a common dispersion, given their sum.  The
spread of its share holds the counting of the backgrounds, and the dispersion φ of each map.

φ is that between replicates where there are any.  Without them it is what the two maps differ by at random places of
the same shape, most of which did not change, or at the structures' own middle part, whichever is larger: real
differences that affect most structures count as dispersion then.

A structure is tested because it was called, and it was called because its contacts stand out: noise alone chooses
structures that look stronger in one map.  If a structure is called in A where *f_A* is at least *k_A*, and in B where
*f_B* is at least *k_B*, *p* is the share of the tail among the outcomes in which it is called at all.  The thresholds
are read off the calls.  A structure that is plain in both maps together is called in any case, and loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, logit, ndtr

from napari_hicstruct.evaluation.structure_counts import Counts

F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

MAX_EXACT = 1_000
"""Contacts in both maps up to which the beta-binomial is summed; beyond, the log odds of the share are normal."""

_ROWS = 500
"""Places summed at once."""

CALLED_QUANTILE = 0.25
"""Of the prominence of a map's calls: where its caller's threshold is taken to lie."""

MAX_CALLED = 5.0
"""Standard deviations beyond which no threshold lies: where all calls are stronger, there were no weaker structures."""

GROUPS, MIN_GROUP = 8, 60
"""Into how many groups by contacts places are parted for a dispersion each, and how many each must have."""

MIN_PHI, MAX_PHI = 1e-5, 2.0

_HUBER = 2.0
_HUBER_MEAN = 0.9205
"""E min(Z², 4) of a standard normal Z."""
_MIDDLE = 1.5
_MIDDLE_MEAN = 0.5516
"""E (Z² given |Z| < 1.5)."""


@dataclass(frozen=True, slots=True)
class Places:
    """The same places in two maps.

    Attributes
    ----------
    a, b : Counts
    share_a, share_b : float
        Sum of squares of the replicates' shares of the contacts: 1 for one map, 1/r for r equal ones.
    """

    a: Counts
    b: Counts
    share_a: float = 1.0
    share_b: float = 1.0

    @property
    def total(self) -> F64:
        """Contacts of the focus in both."""
        return np.rint(self.a.focus) + np.rint(self.b.focus)

    @property
    def null_share(self) -> F64:
        """Share of A in the contacts of the focus if the structure is as strong in both."""
        a, b = self.a.predicted, self.b.predicted
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.clip(a / (a + b), 1e-6, 1 - 1e-6))

    @property
    def log_ratio(self) -> F64:
        """log of B's enrichment over A's, with half a contact added."""
        p = self.null_share
        return np.asarray(np.log(self.b.focus + 0.5) - np.log(self.a.focus + 0.5) - np.log((1 - p) / p))

    def counting(self) -> F64:
        """Variance of the log of the null share's odds by the counting of the backgrounds."""
        return np.asarray(1 / (self.a.background + 1) + 1 / (self.b.background + 1))

    def spread(self, phi: F64 | float) -> F64:
        """Variance of the log odds of A's share, without the counting of the focus itself."""
        return np.asarray(np.maximum(self.counting() + phi * (self.share_a + self.share_b), MIN_PHI))

    def residual(self, phi: F64 | float) -> F64:
        """Pearson residual of A's share given the total, under dispersion ``phi``."""
        n, p = self.total, self.null_share
        rho = 1 / (1 + 1 / (self.spread(phi) * p * (1 - p)))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((np.rint(self.a.focus) - n * p) / np.sqrt(n * p * (1 - p) * (1 + (n - 1) * rho)))

    def chosen(self, which: Flags | NDArray[np.int64]) -> Places:
        """Some of the places."""
        a, b = (Counts(one.observed[which], one.expected[which]) for one in (self.a, self.b))
        return replace(self, a=a, b=b)


def _solve(places: Places, middle: bool) -> float:
    """The dispersion at which the places scatter as it says."""

    def excess(phi: float) -> float:
        squares = places.residual(phi) ** 2
        squares = squares[np.isfinite(squares)]
        if middle:
            inner = squares[squares < _MIDDLE**2]
            return (float(inner.mean()) if len(inner) else 0.0) - _MIDDLE_MEAN
        return float(np.minimum(squares, _HUBER**2).mean()) - _HUBER_MEAN

    low, high = np.log(MIN_PHI), np.log(MAX_PHI)
    if excess(MIN_PHI) <= 0:
        return MIN_PHI
    if excess(MAX_PHI) >= 0:
        return MAX_PHI
    for _ in range(30):
        at = (low + high) / 2
        low, high = (at, high) if excess(float(np.exp(at))) > 0 else (low, at)
    return float(np.exp((low + high) / 2))


@dataclass(frozen=True, slots=True)
class Dispersion:
    """φ by the contacts of a place: between the middles of groups, linear in their logs."""

    at: F64
    phi: F64

    def of(self, size: F64) -> F64:
        """φ at places with so many contacts."""
        return np.asarray(np.exp(np.interp(np.log(size + 1), self.at, np.log(self.phi))))


def dispersion(places: Places, size: F64, *, middle: bool = False) -> Dispersion | None:
    """φ of places of one kind, by their contacts; None where there are too few.

    Parameters
    ----------
    places : Places
        Most of which did not change.
    size : float64, shape (n,)
        Contacts of their focus, by which they are parted: of all maps together, also where two of them are compared.
    middle : bool
        Of those that scatter less than 1.5 standard deviations only: for structures, a part of which did change.
    """
    usable = np.flatnonzero((places.total >= 5) & np.isfinite(places.null_share))
    if len(usable) < MIN_GROUP // 2:
        return None
    order = usable[np.argsort(size[usable], kind="stable")]
    groups = np.array_split(order, int(np.clip(len(order) // MIN_GROUP, 1, GROUPS)))
    at = np.array([float(np.median(np.log(size[one] + 1))) for one in groups])
    return Dispersion(at, np.array([_solve(places.chosen(one), middle) for one in groups]))


@dataclass(frozen=True, slots=True)
class Tested:
    """What the test says of each place.

    Attributes
    ----------
    p : float64, shape (n,)
        Two-sided; NaN where nothing can be said.
    log2_ratio : float64, shape (n,)
        Enrichment in B over that in A.
    phi : float64, shape (n,)
    """

    p: F64
    log2_ratio: F64
    phi: F64


@dataclass(frozen=True, slots=True)
class Called:
    """In which map each structure was called, and whether its contacts are more (1) or fewer (-1) than without it."""

    a: Flags
    b: Flags
    sign: int = 1


def prominence(counts: Counts, phi: F64, sign: int) -> F64:
    """Standard deviations by which a structure's contacts differ from those without it, in its own direction."""
    mu = counts.predicted
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sign * (counts.focus - mu) / np.sqrt(mu + phi * mu**2))


def _needed(counts: Counts, phi: F64, called: Flags, sign: int, quantile: float) -> F64:
    """Contacts of the focus from which on (``sign`` -1: up to which) a structure would have been called in this map."""
    if not called.any():
        return np.full(len(phi), np.inf * sign)
    level = min(float(np.nanquantile(prominence(counts, phi, sign)[called], quantile)), MAX_CALLED)
    mu = counts.predicted
    limit = np.maximum(mu + sign * level * np.sqrt(mu + phi * mu**2), 0)
    own = np.rint(counts.focus)  # one that was called below the threshold lowers its own
    beyond = np.maximum if sign < 0 else np.minimum
    return np.asarray(np.where(called, beyond(limit, own), limit))


class _Null:
    """Distribution of A's contacts given those of both."""

    def __init__(self, n: F64, p: F64, v: F64) -> None:
        self.n, self.p, self.v = n, p, v

    def mirrored(self) -> _Null:
        """The same of B's contacts."""
        return _Null(self.n, 1 - self.p, self.v)

    def below(self, k: F64, *, half: bool = False) -> F64:
        """P(X ≤ k); ``half``: P(X < k) + P(X = k) / 2."""
        out = self._normal(k, half)
        order = np.argsort(self.n, kind="stable")
        exact = order[: np.searchsorted(self.n[order], MAX_EXACT, side="right")]
        for part in np.array_split(exact, max(1, len(exact) // _ROWS)):
            out[part] = self._summed(part, k[part], half)
        return np.where(k < 0, 0.0, np.where((k > self.n) | ((k == self.n) & (not half)), 1.0, out))

    def above(self, k: F64, *, half: bool = False) -> F64:
        """P(X ≥ k); ``half``: P(X > k) + P(X = k) / 2; exact in the far tail."""
        return self.mirrored().below(self.n - k, half=half)

    def _normal(self, k: F64, half: bool) -> F64:
        """The log odds of the share as normal."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.clip((k + (0.0 if half else 0.5)) / self.n, 1e-9, 1 - 1e-9)
            return ndtr((logit(share) - logit(self.p)) / np.sqrt(self.v + 1 / (self.n * self.p * (1 - self.p))))

    def _summed(self, rows: NDArray[np.int64], k: F64, half: bool) -> F64:
        """The beta-binomial, summed."""
        if not len(rows):
            return np.zeros(0)
        n, p, v = (one[rows, None] for one in (self.n, self.p, self.v))
        scale = 1 / (v * p * (1 - p))
        a, b = p * scale, (1 - p) * scale
        x = np.arange(int(n.max()) + 1)[None, :]
        rest = np.maximum(n - x, 0)
        log = gammaln(n + 1) - gammaln(x + 1) - gammaln(rest + 1) + betaln(x + a, rest + b) - betaln(a, b)
        weight = (x < k[:, None]) + (0.5 if half else 1.0) * (x == k[:, None])
        return np.asarray((np.exp(log) * weight * (x <= n)).sum(axis=1))


def changes(places: Places, phi: F64, called: Called | None = None) -> Tested:
    """Test whether the structures at some places are as strong in both maps.

    Parameters
    ----------
    places : Places
    phi : float64, shape (n,)
        Dispersion of each.
    called : Called, optional
        Where the structures come from, if from these very maps: *p* is that among all that would have been called.

    Returns
    -------
    Tested
    """
    null, x = _Null(places.total, places.null_share, places.spread(phi)), np.rint(places.a.focus)
    tail = np.minimum(null.below(x, half=True), null.above(x, half=True))
    p, whole = 2 * tail, np.ones(len(x))
    if called is not None:
        low, high = outcomes_called(places, phi, called)
        parted = high > low + 1
        sides = null.below(low), null.above(high)
        whole = np.where(parted, sides[0] + sides[1], 1.0)
        # as far out as this one, and called: of either tail what lies outside the gap between the two sides
        beyond = sum(np.where(tail <= side, tail, np.maximum(side, tail - (1 - whole))) for side in sides)
        p = np.where(parted, beyond, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.clip(p / whole, 0, 1)
        ratio = places.log_ratio / np.log(2)
    unknown = (places.total <= 0) | ~(places.a.predicted > 0) | ~(places.b.predicted > 0)
    return Tested(np.where(unknown, np.nan, p), np.where(unknown, np.nan, ratio), phi)


def outcomes_called(places: Places, phi: F64, called: Called, quantile: float = CALLED_QUANTILE) -> tuple[F64, F64]:
    """Up to how many and from how many of A's contacts on a structure would have been called in one of the maps.

    Parameters
    ----------
    places : Places
    phi : float64, shape (n,)
        Dispersion of each.
    called : Called
    quantile : float
        Of the prominence of a map's calls: where its caller's threshold is taken to lie.
    """
    of_a = _needed(places.a, phi, called.a, called.sign, quantile)
    of_b = places.total - _needed(places.b, phi, called.b, called.sign, quantile)
    low, high = (of_b, of_a) if called.sign > 0 else (of_a, of_b)
    return np.floor(low), np.ceil(high)


def benjamini_hochberg(p: F64) -> F64:
    """Adjusted p-values; NaN where ``p`` is."""
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    if not len(known):
        return out
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return out


def absence(contacts: F64, share: F64, phi: float = 0.1) -> F64:
    """p-value of bins that hold contacts in one map and none in the other.

    Parameters
    ----------
    contacts : float64, shape (n,)
    share : float64, shape (n,)
        Of all contacts of both maps, those of the one that holds them.
    phi : float
        Dispersion of a bin's coverage between maps.
    """
    scale = 1 / (2 * phi * share * (1 - share))
    a, b = share * scale, (1 - share) * scale
    return np.where(contacts > 0, np.exp(betaln(a + contacts, b) - betaln(a, b)), np.nan)


def centre(places: Places) -> float:
    """Median of the log ratio: by how much all structures of a kind are stronger in B than in A."""
    ratio = places.log_ratio[places.total >= 5]
    return float(np.median(ratio)) if len(ratio) else 0.0
