"""Tracks for a window: opened beside it, and computed from the map itself."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import Interval, n_bins
from napari_hicstruct.jobs import CancelToken, Clock, Progress, in_process
from napari_hicstruct.tracks.opening import Track, open_track
from napari_hicstruct.tracks.signal import BinSignal

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource

_IN_PROCESS_BYTES = 4 * 2**20
"""Text of genes beyond this is read in a process of its own: Python that reads lines leaves no time to the window."""
_GENES = (".gtf", ".gff", ".gff3", ".bed12")

MAPPED = {
    "insulation": "log2_insulation_score",
    "directionality": "directionality",
    "boundary": "weak_boundary_probability",
}
"""Own tracks that come from one measurement, and the beginning of their column."""

WINDOW_BINS = 10
"""Side of the square of the insulation that is shown."""


def iter_open_track(path: str | Path, name: str = "", *, token: CancelToken) -> Generator[Progress, None, Track]:
    """Open a track file; large files of genes in a process of their own.

    Raises
    ------
    TrackError, ConfigError
        As :func:`~napari_hicstruct.tracks.opening.open_track`.
    """
    yield Clock().step("track", 0, 0)
    token.check()
    if _is_long_work(Path(path)):
        return (yield from in_process(_opening, str(path), name, token=token))
    return open_track(path, name=name)


def _is_long_work(path: Path) -> bool:
    named = path.name.lower().removesuffix(".gz").endswith(_GENES)
    try:
        return named and path.stat().st_size > _IN_PROCESS_BYTES
    except OSError:
        return False  # said when it is opened


def _opening(path: str, name: str, *, token: CancelToken) -> Generator[Progress, None, Track]:
    yield Clock().step("track", 0, 0)
    token.check()
    return open_track(path, name=name)


def iter_measured(
    source: ContactSource, chrom: str, *, token: CancelToken
) -> Generator[Progress, None, dict[str, tuple[int, NDArray[np.float32]]]]:
    """Insulation, directionality and the map's own evidence of boundaries on one chromosome.

    Returns
    -------
    dict of str to (int, float32)
        Bin size (bp) and value of each bin, by the names of :data:`MAPPED`.

    Raises
    ------
    MapError
        If the chromosome has no contacts, or the map no such bins.
    """
    from napari_hicstruct.workflows.insulation import InsulationRequest, iter_insulation

    result = yield from iter_insulation(source, InsulationRequest(chroms=(chrom,)), token=token)
    table = result.table
    size = int(table["end"].iloc[0] - table["start"].iloc[0])
    names = {key: f"{start}_{WINDOW_BINS * size}" if key == "insulation" else start for key, start in MAPPED.items()}
    return {key: (size, table[name].to_numpy(np.float32)) for key, name in names.items()}


def iter_coverage(
    source: ContactSource, chrom: str, resolution: int, *, token: CancelToken
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Contacts of each bin within its chromosome, as counted: float32, shape (n_bins,)."""
    clock, n = Clock(), n_bins(source.chromsizes[chrom], resolution)
    total = np.zeros(n)
    for chunk in source.pixels(chrom, resolution=resolution):
        token.check()
        counts = np.nan_to_num(np.asarray(chunk.count, np.float64))
        total += np.bincount(chunk.bin1, counts, n)[:n]
        apart = chunk.bin1 != chunk.bin2
        total += np.bincount(chunk.bin2[apart], counts[apart], n)[:n]
        yield clock.step("coverage", 0, 0)
    return np.where(total > 0, total, np.nan).astype(np.float32)


def virtual_4c(source: ContactSource, anchor: Interval, seen: Interval, *, resolution: int, norm: str) -> BinSignal:
    """Observed over expected of one anchor with all bins of ``seen``: one row of the map.

    The expected is the mean of the chromosome at that distance.
    """
    from napari_hicstruct.contacts.expected import expected_by_distance

    cols = seen.clamp(source.chromsizes[seen.chrom]).snap(resolution)
    at = anchor.start // resolution
    row = Interval(anchor.chrom, at * resolution, (at + 1) * resolution)
    values = source.fetch(row, cols, resolution=resolution, norm=norm)[0]
    expected = expected_by_distance(source, anchor.chrom, resolution=resolution, norm=norm)
    first = cols.start // resolution
    distance = np.minimum(np.abs(first + np.arange(len(values)) - at), len(expected) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(expected[distance] > 0, values / expected[distance], np.nan)
    made = BinSignal("virtual 4C")
    made.put(seen.chrom, resolution, ratio.astype(np.float32), first=first)
    return made
