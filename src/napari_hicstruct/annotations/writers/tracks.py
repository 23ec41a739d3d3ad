"""Per-bin values along a chromosome as bedGraph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import write_text


@dataclass(frozen=True, slots=True)
class BinTrack:
    """Values of consecutive bins.

    Attributes
    ----------
    chrom : str
    start : int
        First bp of the first bin.
    resolution : int
        Bin size, bp.
    values : float array, shape (n_bins,)
        NaN where there is no value.
    end : int or None
        Where the last bin ends (bp) if it is partial, for example at the end of the chromosome.
    """

    chrom: str
    start: int
    resolution: int
    values: NDArray[np.floating]
    end: int | None = None


def write_bedgraph(tracks: Iterable[BinTrack], path: str | Path, *, name: str = "boundary probability") -> Path:
    """``boundaries.bedgraph``: one line per bin that has a value; bins without one are left out."""
    lines = [f'track type=bedGraph name="{name}"']
    for track in tracks:
        for index in np.flatnonzero(np.isfinite(track.values)):
            start = track.start + int(index) * track.resolution
            end = start + track.resolution if track.end is None else min(start + track.resolution, track.end)
            lines.append(f"{track.chrom}\t{start}\t{end}\t{track.values[index]:.6g}")
    return write_text(path, "\n".join(lines) + "\n")
