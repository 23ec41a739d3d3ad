"""What a simulation gives: a noise-free expected band, coverage, and the truth read off it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LOOP_DTYPE = np.dtype([("start1", "i8"), ("start2", "i8"), ("enrichment", "f4"), ("z", "f4")])
STRIPE_DTYPE = np.dtype(
    [("x0", "i8"), ("x1", "i8"), ("y0", "i8"), ("y1", "i8"), ("down", "?"), ("enrichment", "f4"), ("z", "f4")]
)
BOUNDARY_DTYPE = np.dtype([("position", "i8"), ("strength", "f4")])
DOMAIN_DTYPE = np.dtype([("start", "i8"), ("end", "i8"), ("level", "i4"), ("strength", "f4")])


@dataclass(frozen=True, slots=True)
class Truth:
    """Structures visible in the noise-free map, as structured arrays in 0-based half-open bp.

    ``z`` is the structure's significance at unit depth (mean count 1 at distance 1 bin): at depth ``D`` it is
    ``z · sqrt(D)``.  ``enrichment`` is its mean over its surround's, in the expected map.
    """

    loops: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, LOOP_DTYPE))
    stripes: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, STRIPE_DTYPE))
    boundaries: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, BOUNDARY_DTYPE))
    domains: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, DOMAIN_DTYPE))


@dataclass(frozen=True, slots=True)
class FarField:
    """Expected contacts beyond the band: distance decay times a compartment checkerboard.

    Attributes
    ----------
    decay : float32, shape (n_bins,)
        Mean expected contacts per diagonal, on the scale of the band (1 at a distance of one bin).
    profile : float32, shape (n_bins,)
        A/B profile in [−1, 1].
    strength, onset : float
        A pixel at distance ``d`` bins is multiplied by ``1 + strength · d / (d + onset) · profile_i · profile_j``.
    """

    decay: NDArray[np.float32]
    profile: NDArray[np.float32]
    strength: float
    onset: float


@dataclass(frozen=True, slots=True)
class SimulatedMap:
    """One simulated chromosome.

    Attributes
    ----------
    chrom : str
    length : int
        bp.
    resolution : int
        Bin size of ``band``, bp.
    band : float32, shape (n_diagonals, n_bins)
        ``band[d, i]`` = expected contacts of bins ``i`` and ``i + d`` without noise or coverage bias, scaled so
        that the mean of ``band[1]`` is 1; 0 where ``i + d >= n_bins``.
    bias : float32, shape (n_bins,)
        Multiplicative coverage bias, mean 1.
    masked : bool, shape (n_bins,)
        Unmappable bins.
    truth : Truth
    seed : int
    far : FarField, optional
        What lies beyond the band; only needed to write a whole map.
    overdispersion : float
        Variance of counts beyond Poisson over the squared mean (counts are gamma–Poisson); 0 is Poisson.
    """

    chrom: str
    length: int
    resolution: int
    band: NDArray[np.float32]
    bias: NDArray[np.float32]
    masked: NDArray[np.bool_]
    truth: Truth
    seed: int
    far: FarField | None = None
    overdispersion: float = 0.0

    @property
    def n_bins(self) -> int:
        """Bins of the chromosome."""
        return int(self.band.shape[1])

    def sample(self, depth: float, rng: np.random.Generator) -> NDArray[np.float32]:
        """Noisy counts, same shape as ``band``, with mean ``depth`` at distance 1 bin (before bias)."""
        n_diagonals, n = self.band.shape
        lam = self.band * np.float32(depth)
        seen = np.where(self.masked, 0, self.bias).astype(np.float32)
        for d in range(n_diagonals):
            lam[d, : n - d] *= seen[: n - d] * seen[d:]
        return draw_counts(lam, self.overdispersion, rng).astype(np.float32)


def draw_counts(mean: NDArray[np.float32], overdispersion: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Gamma–Poisson counts: variance ``mean + overdispersion · mean²``; ``mean`` is overwritten."""
    if overdispersion > 0:
        mean *= rng.standard_gamma(1 / overdispersion, mean.shape, dtype=np.float32)
        mean *= np.float32(overdispersion)
    return rng.poisson(mean)
