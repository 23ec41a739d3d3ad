"""How much smaller the structures of a genome are than those of the mammals that networks learn from.

Cohesin loops of yeasts span 10–50 kb, those of mammals 50 kb to 1 Mb; near the diagonal both look alike but for the
size of the bins.  A small genome is read in bins of 2 kb as if they were of 10 kb: distances and sizes that networks
and decoders know are divided by the *scale*, 5.
"""

from __future__ import annotations

import numpy as np

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.genome.assemblies import LENGTHS, assembly_in

SMALL_GENOME = 6_000_000
"""bp; a genome whose longest chromosome is shorter is a yeast's or a bacterium's (fission yeast: 5.6 Mb)."""

SMALL_BINS = 2_000
"""bp; coarse bins in which a small genome is read."""

NEAR_BP, FAR_BP = (15_000, 25_000), (80_000, 125_000)
"""Distances between which contacts of small structures have fallen off steeply, those of large ones not yet."""

MAX_SLOPE = -1.25
"""Of log contacts by log distance between these; of two yeast maps −1.3 and −1.8, of mammals −0.7 to −1.1, of simulated
maps −0.5 to −1.2."""

MIN_CONTACTS = 1_000
"""Contacts at near distances below which the slope is not asked for."""

_known: dict[str, bool] = {}  # by fingerprint: the decay is read once for each map


def has_small_structures(source: ContactSource) -> bool:
    """Whether a map is of a small genome, has bins fine enough to show its structures, and falls off as one does.

    A stretch that was cut from a larger chromosome is as short, but its contacts fall off as the chromosome's do.
    """
    if max(source.chromsizes.values(), default=SMALL_GENOME) >= SMALL_GENOME or not source.value_kind.is_contacts:
        return False
    if is_of_large_genome(source) or min(source.resolutions) >= ModelConfig().coarse_resolution:
        return False
    key = source.fingerprint()
    if key not in _known:
        slope = _decay_slope(source)
        _known[key] = slope is not None and slope < MAX_SLOPE
    return _known[key]


def is_of_large_genome(source: ContactSource) -> bool:
    """Whether the file says that it is of human or mouse, however short its chromosomes are."""
    return assembly_in(source.assembly) in LENGTHS


def genome_scale(source: ContactSource, coarse_resolution: int) -> float:
    """How many times smaller than mammals' the structures are that bins of so many bp show; 1 for other genomes.

    With it the coarse bins of a small genome count as those that networks know best, 10 kb.
    """
    known = ModelConfig().coarse_resolution
    return known / coarse_resolution if coarse_resolution < known and has_small_structures(source) else 1.0


def _decay_slope(source: ContactSource) -> float | None:
    """Slope of log contacts by log distance on the longest chromosome that has enough; None where none has."""
    sizes = source.chromsizes
    for chrom in sorted(sizes, key=lambda name: -sizes[name]):
        fine = [size for size in source.resolutions_of(chrom) if size < ModelConfig().coarse_resolution]
        if fine and sizes[chrom] > 2 * FAR_BP[1] and (slope := _slope_of(source, chrom, max(fine))) is not None:
            return slope
    return None


def _slope_of(source: ContactSource, chrom: str, resolution: int) -> float | None:
    n = -(-source.chromsizes[chrom] // resolution)
    sums = np.zeros(FAR_BP[1] // resolution + 2)
    for part in source.pixels(chrom, resolution=resolution, max_distance=FAR_BP[1] + resolution):
        apart = part.bin2 - part.bin1
        inside = (apart < len(sums)) & np.isfinite(part.count)
        sums += np.bincount(apart[inside], weights=part.count[inside], minlength=len(sums))
    d = np.arange(len(sums))
    near, far = ((d * resolution >= low) & (d * resolution <= high) for low, high in (NEAR_BP, FAR_BP))
    if not near.any() or sums[near].sum() < MIN_CONTACTS or not sums[far].sum() > 0:
        return None
    (x0, y0), (x1, y1) = (
        (np.log(d[part] * resolution).mean(), np.log(sums[part].sum() / (n - d[part]).sum())) for part in (near, far)
    )
    return float((y1 - y0) / (x1 - x0))
