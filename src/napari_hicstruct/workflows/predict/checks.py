"""What a chromosome's bands say before its windows are run."""

from __future__ import annotations

import numpy as np

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval, display_name, format_bin_size
from napari_hicstruct.workflows.predict.request import MIN_DEPTH, MIN_DISTANCE_BINS, WIDTH_BINS


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
    if band.depth < MIN_DEPTH:
        size = format_bin_size(band.resolution)
        said.append(
            f"{chrom} is very shallow: neighbouring {size} bins share {band.depth:.2g} contacts on average. "
            "Calls are not to be trusted without looking."
        )
    return said
