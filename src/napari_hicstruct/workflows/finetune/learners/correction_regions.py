"""Corrections → regions for gradient steps: the map around them, and where each head's labels are known."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.kinds import HEAD_KINDS
from napari_hicstruct.contacts.band import empty_fine
from napari_hicstruct.contacts.band_pair import BandPair
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.dataset.regions import cut_band, pieces, shifted, snap

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.labels.corrections import Corrections
    from napari_hicstruct.training.dataset import Region

MARGIN_BP = 1_600_000
"""Map on both sides of what was corrected: a 10 kb window holds as much."""


def stretches(corrections: Corrections, chrom: str, length: int, bin_size: int) -> list[Interval]:
    """Stretches of a chromosome around all corrections, in whole coarse bins, apart where there are none for long."""
    mine = corrections.on(chrom)
    spans = [record.span for record in mine.records]
    for block in mine.blocks:
        spans.append(Interval(chrom, min(block.rows.start, block.cols.start), max(block.rows.end, block.cols.end)))
    merged: list[Interval] = []
    for span in sorted(span.expand(MARGIN_BP, length) for span in spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Interval(chrom, merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return [part for one in merged for part in pieces(snap(one, length, bin_size), bin_size)]


def corrected_region(
    bands: BandPair, corrections: Corrections, region: Interval, *, rejected_weight: float = 1.0
) -> Region:
    """Contacts of one stretch, what was found in it, and where each head knows something."""
    from napari_hicstruct.labels.corrections import marks
    from napari_hicstruct.labels.records import truth_of
    from napari_hicstruct.training.dataset import Region

    mine = corrections.on(region.chrom)
    coarse = cut_band(bands[1], region)
    fine = empty_fine(coarse) if bands[0] is None else cut_band(bands[0], region)
    parts: list[Any] = []
    painted: list[dict[str, Any]] = []
    for band in (fine, coarse):
        shift = region.start // band.resolution
        truth = shifted(truth_of(mine.positives, region.chrom, band.resolution), shift, band.n_bins)
        parts.append((truth, np.zeros(band.n_bins, np.bool_)))
        painted.append({})
        for head, kinds in HEAD_KINDS.items():
            own: Any = marks(mine, kinds, band.resolution, rejected_weight=rejected_weight)
            own[:, :4] -= shift
            reached = (own[:, [1, 3]] > 0).all(axis=1) & (own[:, [0, 2]] < band.n_bins).all(axis=1)
            painted[-1][head] = own[reached]
    both = {head: (painted[0][head], painted[1][head]) for head in HEAD_KINDS}
    heads = frozenset(head for head, own in both.items() if (own[1][:, 4] > 0).any())
    (fine_truth, nowhere), (coarse_truth, coarse_nowhere) = parts
    return Region(fine, coarse, fine_truth, coarse_truth, nowhere, coarse_nowhere, heads, marks=both)


def iter_regions(
    source: ContactSource,
    corrections: Corrections,
    bands: dict[str, BandPair],
    *,
    token: CancelToken,
    rejected_weight: float = 1.0,
) -> Generator[Progress, None, list[Region]]:
    """Regions of every chromosome with corrections."""
    clock, found = Clock(), []
    for k, (chrom, both) in enumerate(bands.items()):
        token.check()
        yield clock.step("cut regions", k, len(bands))
        for part in stretches(corrections, chrom, source.chromsizes[chrom], both[1].resolution):
            found.append(corrected_region(both, corrections, part, rejected_weight=rejected_weight))
    return found
