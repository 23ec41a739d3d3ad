"""Pile-up of loops on a contact map, beside a shifted control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.evaluation.pileup import Fetch, PileUp, Windows, pile_up, pool, shifted_control
from napari_hicstruct.evaluation.records import loop_table
from napari_hicstruct.evaluation.report import Section
from napari_hicstruct.genome import Interval, NameMatcher, n_bins
from napari_hicstruct.wording import how_many

FLANK = 10
"""Bins on each side of a pile-up."""

SHIFTS = (-150_000, -100_000, 100_000, 150_000)
"""bp by which the pile-up's control moves both anchors: near enough to stay in small maps and in like chromatin."""


def pile_up_section(map_uri: str, loops: Sequence[Annotation], resolution: int, notes: list[str]) -> Section:
    """Pile the called loops up on a map, at the map's bin size nearest to ``resolution`` (bp), beside a control.

    Balanced contacts over expected, windows of ±10 bins; ``notes`` get what was left out, and why.
    """
    from napari_hicstruct.contacts import open_map

    source = open_map(map_uri)
    size = min(source.resolutions, key=lambda r: abs(r - resolution))
    names = NameMatcher(source.chromsizes)
    by_chrom: dict[str, list[Annotation]] = {}
    foreign: Counter[str] = Counter()
    for loop in loops:
        if (chrom := names.match(loop.chrom)) is not None:
            by_chrom.setdefault(chrom, []).append(loop)
        else:
            foreign[loop.chrom] += 1
    if foreign:
        notes.append(f"pile-up: {how_many(foreign.total(), 'loop')} left out, the map has no {', '.join(foreign)}.")
    if not loops:
        notes.append("pile-up: there are no called loops to pile up.")
    piles, controls = [], []
    for chrom, records in by_chrom.items():
        pile, control = pile_up_chromosome(source, chrom, loop_table(records), resolution=size)
        piles.append(pile)
        controls.append(control)
    if not piles:
        return Section({"loops": 0, "resolution_bp": size})
    pile, control = pool(piles), pool(controls)
    if left := sum(map(len, by_chrom.values())) - pile.n:
        notes.append(
            f"pile-up: {how_many(left, 'loop')} left out, too near the diagonal or a chromosome's end, or in bad bins."
        )
    metrics = {
        "resolution_bp": size,
        "loops": pile.n,
        "centre_to_corner": pile.ratio(),
        "shifted_control": control.ratio(),
        "shifted_windows": control.n,
    }
    return Section(metrics, {"pile_up": pile.window, "pile_up_control": control.window})


def pile_up_chromosome(
    source: ContactSource, chrom: str, loops: NDArray[np.float64], *, resolution: int, shifts: Sequence[int] = SHIFTS
) -> tuple[PileUp, PileUp]:
    """Pile-up and shifted control of loops (bp, shape ``(n, 2)`` or more columns) on one chromosome."""
    from napari_hicstruct.contacts import expected_by_distance

    norm = source.default_norm(resolution, chrom)
    fetch = fetch_bins(source, chrom, resolution=resolution, norm=norm)
    expected = expected_by_distance(source, chrom, resolution=resolution, norm=norm)
    windows = Windows(resolution, n_bins(source.chromsizes[chrom], resolution), FLANK)
    pile = pile_up(fetch, loops, windows, expected=expected)
    return pile, shifted_control(fetch, loops, windows, shifts=shifts, expected=expected)


def fetch_bins(source: ContactSource, chrom: str, *, resolution: int, norm: str) -> Fetch:
    """``source.fetch`` by chromosome-relative bins."""

    def fetch(row0: int, row1: int, col0: int, col1: int) -> NDArray[np.floating]:
        rows, cols = (Interval(chrom, a * resolution, b * resolution) for a, b in ((row0, row1), (col0, col1)))
        return source.fetch(rows, cols, resolution=resolution, norm=norm)

    return fetch
