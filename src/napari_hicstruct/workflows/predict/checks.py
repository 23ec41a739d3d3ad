"""What a chromosome's bands say before its windows are run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval, display_name, format_bin_size
from napari_hicstruct.workflows.predict.request import MIN_DEPTH, MIN_DISTANCE_BINS, WIDTH_BINS

MIN_GOOD_SHARE = 0.25
"""Of bins with contacts; where fewer can be balanced, a map is all but empty or holds captured places alone."""


def check_contacts(source: ContactSource, region: Interval, band: Band) -> None:
    """Refuse a region without contacts, saying where there are some: no calls there would look like a finding."""
    used = np.asarray(band.counts.any(axis=0))
    first, last = region.start // band.resolution, -(-region.end // band.resolution)
    if not used[first:last].any():
        bins = used.nonzero()[0]
        start, end = int(bins[0]) * band.resolution, (int(bins[-1]) + 1) * band.resolution
        raise MapError(
            f"holds no contacts in {region}.",
            where=source.uri,
            hint=f"Its contacts on {region.chrom} lie between {start:,} and {end:,}.",
        )


def depth_notes(band: Band) -> list[str]:
    """Sentences where a map is too shallow for its bins, was cut to its diagonal, or its contacts come in clumps."""
    chrom, reach = display_name(band.chrom), int(np.flatnonzero(band.counts.any(axis=1)).max(initial=0))
    if reach < MIN_DISTANCE_BINS:
        return [
            f"{chrom} has contacts up to {reach * band.resolution:,} bp from the diagonal only: too near for any "
            "structure. Use the map as it was before it was cut."
        ]
    if reach < WIDTH_BINS:
        return [
            f"{chrom} has contacts up to {reach * band.resolution:,} bp from the diagonal only: boundaries and "
            "TADs are judged by more, and not to be trusted here. Use the map as it was before it was cut."
        ]
    said = []
    if band.clumping > 1:
        said.append(
            f"Contacts of {chrom} come about {band.clumping:.2g} at a time, as where few cells were pooled or "
            f"duplicates were not removed: {band.clumping:.2g} of them count as one."
        )
    used = _bins_with_contacts(band)
    good, held = int(band.valid.sum()), int(used.sum())
    if good < MIN_GOOD_SHARE * held:
        said.append(
            f"Of {held:,} bins with contacts of {chrom} only {good:,} hold enough to be balanced, as where single "
            "places were captured or contacts are few: nothing is called between the others."
        )
    apart, depth = _nearest_contacts(band, used)
    if apart * depth < MIN_DEPTH:  # contacts fall off about as one over the distance
        size = format_bin_size(band.resolution)
        which = f"neighbouring {size} bins" if apart == 1 else f"{size} bins {apart} bins apart"
        said.append(
            f"{chrom} is very shallow: {which} share {depth:.2g} contacts on average. "
            "Calls are not to be trusted without looking."
        )
    return said


def _bins_with_contacts(band: Band) -> NDArray[np.bool_]:
    n, used = band.n_bins, np.zeros(band.n_bins, np.bool_)
    for d in range(min(band.n_diagonals, n)):
        counted = band.counts[d, : n - d] > 0
        used[: n - d] |= counted
        used[d:] |= counted
    return used


def _nearest_contacts(band: Band, used: NDArray[np.bool_]) -> tuple[int, float]:
    """How many bins apart the nearest bins with contacts are, 1 or more, and how many they share on average.

    Of pairs of bins that have contacts, as counted: weights of an all but empty map are no measure.  First diagonals
    that were left out say nothing of the depth.
    """
    n = band.n_bins
    for d in range(1, min(WIDTH_BINS, band.n_diagonals, n)):
        pairs = used[: n - d] & used[d:]
        if (counts := band.counts[d, : n - d][pairs]).any():
            return d, float(counts.mean())
    return 1, 0.0
