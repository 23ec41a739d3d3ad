"""Settings of the simulators: ranges from which the parameters of one map are drawn."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from napari_hicstruct.config.base import FrozenConfig


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    if value[1] < value[0]:
        raise ValueError(f"the range {value} ends before it begins")
    return value


Range = Annotated[tuple[float, float], AfterValidator(_ascending)]
"""Lower and upper limit; a value is drawn uniformly, or log-uniformly where the comment says so."""


_LOG = frozenset(
    {
        "barrier_spacing",
        "barrier_residence",
        "lef_spacing",
        "processivity",
        "stabilisation",
        "leg_contact",
        "decay_bend",
        "compartment_size",
        "compartment_onset",
        "decoy_rise",
        "slope_size",
        "overdispersion",
        "depth",
    }
)
"""Ranges in which every order of magnitude is as likely."""


class SimulationConfig(FrozenConfig):
    """What one simulated map may look like; one map's parameters are drawn from the ranges by its seed.

    Lengths are in bp.  The defaults reach from Micro-C-like maps with hundreds of sharp dots to shallow in-situ
    Hi-C with hardly any.
    """

    chrom: str = "chr1"
    length: int = Field(20_000_000, ge=2_000_000)
    resolution: int = Field(5_000, ge=1_000)
    max_distance: int = Field(3_300_000, ge=200_000)  # the band covers distances below this

    # barriers
    barrier_spacing: Range = (50_000, 400_000)  # mean distance of neighbours, log-uniform
    barrier_strength: Range = (0.55, 0.98)  # mean probability that a leg is caught
    barrier_clustered: Range = (0.2, 0.7)  # share of sites that are divergent pairs (domain borders)
    barrier_residence: Range = (100, 2_000)  # steps until a caught leg is let go, log-uniform

    # loop-extruding factors
    lef_spacing: Range = (50_000, 200_000)  # bp per factor, log-uniform
    processivity: Range = (150_000, 800_000)  # mean loop of an unhindered factor, log-uniform
    stabilisation: Range = (1.5, 8.0)  # how much longer a factor lives between two barriers, log-uniform
    n_steps: int = Field(64_000, ge=500)  # fewer leave chance meetings of factors as dots in the map
    n_snapshots: int = Field(120, ge=8)

    # contacts
    leg_contact: Range = (0.4, 3.5)  # contacts of the two legs against those of neighbouring bins, log-uniform
    psf_bins: Range = (0.7, 2.6)  # Gaussian spread of leg contacts, bins
    loop_exponent: Range = (1.2, 2.4)  # contacts fall with (effective distance) ** -exponent inside loops
    unlooped: Range = (0.0, 0.2)  # share of cells without extrusion

    # distance decay
    decay_near: Range = (-1.1, -0.5)  # slope of P(s) below the bend
    decay_far: Range = (-2.0, -0.85)  # slope far above it
    decay_first: Range = (0.0, 3.0)  # how far the first off-diagonal stands above that line (self-ligation)
    decay_bend: Range = (100_000, 1_000_000)  # where the slope changes, log-uniform

    # texture
    compartment_strength: Range = (0.0, 0.7)
    compartment_size: Range = (200_000, 3_000_000)  # log-uniform
    compartment_onset: Range = (30_000, 1_000_000)  # distance of half strength, log-uniform
    roughness: Range = (0.0, 0.2)  # log-normal, correlated over a few bins

    # what looks like structure and is none
    decoys: Range = (0.0, 12.0)  # blobs and bright single pixels without a barrier, per Mb
    decoy_rise: Range = (0.15, 1.5)  # their height over the surround, mean of the map, log-uniform
    slope_sigma: Range = (0.04, 0.22)  # spread of the local slope of the decay along the chromosome
    slope_size: Range = (40_000, 600_000)  # correlation length of that slope, log-uniform
    odd_bins: Range = (0.0, 0.01)  # share of bins whose contacts fall with a slope of their own, on both sides
    odd_slope: Range = (0.05, 0.35)  # standard deviation of that slope's difference

    # coverage
    bias_sigma: Range = (0.1, 0.4)
    low_bins: Range = (0.0, 0.03)  # share of bins with very low coverage
    masked_single: Range = (0.001, 0.02)  # share of bins
    masked_runs: Range = (0.0, 0.6)  # runs of 2–20 bins, per Mb
    masked_gaps: Range = (0.0, 0.06)  # gaps of 0.15–3 Mb, per Mb

    overdispersion: Range = (0.003, 0.1)  # variance of counts beyond Poisson, over the squared mean; log-uniform
    depth: Range = (0.5, 3_000.0)  # mean count at a distance of one bin, log-uniform

    # the last, so that :meth:`fixed` draws all others as it did before there was this one
    compartment_at_borders: Range = (
        0.0,
        0.0,
    )  # share of their borders at barriers, or ends of painted domains

    @model_validator(mode="after")
    def _whole_bins(self) -> SimulationConfig:
        if self.max_distance % self.resolution:
            raise ValueError("max_distance must be a whole number of bins")
        if self.length < 2 * self.max_distance:
            raise ValueError("length must be at least twice max_distance")
        return self

    def fixed(self, seed: int) -> SimulationConfig:
        """These settings with every range narrowed to one value drawn by ``seed``.

        Chromosomes of one map share them, so that they look like one experiment.
        """
        rng = np.random.default_rng([seed, 7])
        drawn: dict[str, tuple[float, float]] = {}
        for name in type(self).model_fields:
            limits = getattr(self, name)
            if isinstance(limits, tuple):
                low, high = np.log(limits) if name in _LOG else limits
                value = float(rng.uniform(low, high))
                drawn[name] = (float(np.exp(value)),) * 2 if name in _LOG else (value, value)
        return self.model_copy(update=drawn)

    @property
    def n_bins(self) -> int:
        """Bins of the chromosome; the last may be partial."""
        return -(-self.length // self.resolution)

    @property
    def n_diagonals(self) -> int:
        """Diagonals of the band, the main one included."""
        return self.max_distance // self.resolution
