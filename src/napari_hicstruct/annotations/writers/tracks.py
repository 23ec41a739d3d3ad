"""Per-bin values along a chromosome as bedGraph and bigWig."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import in_place_of, write_text, writing
from napari_hicstruct.errors import OutputError


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

    def intervals(self) -> Iterator[tuple[str, int, int, float]]:
        """Chromosome, start, end and value of each bin that has one."""
        for index in np.flatnonzero(np.isfinite(self.values)):
            start = self.start + int(index) * self.resolution
            end = start + self.resolution if self.end is None else min(start + self.resolution, self.end)
            yield self.chrom, start, end, float(self.values[index])


def write_bedgraph(tracks: Iterable[BinTrack], path: str | Path, *, name: str = "boundary probability") -> Path:
    """One line per bin that has a value, such as ``boundaries.bedgraph``; bins without one are left out."""
    lines = [f'track type=bedGraph name="{name}"']
    lines += [
        f"{chrom}\t{start}\t{end}\t{value:.6g}" for track in tracks for chrom, start, end, value in track.intervals()
    ]
    return write_text(path, "\n".join(lines) + "\n")


def write_bigwig(tracks: Iterable[BinTrack], path: str | Path, chromsizes: Mapping[str, int]) -> Path:
    """A bigWig, in the order of ``chromsizes``; bins without a value are left out.

    Raises
    ------
    OutputError
        If it cannot be written, or no bin has a value (such a file cannot be).
    """
    import pybigtools

    path, places = Path(path), {name: place for place, name in enumerate(chromsizes)}
    ordered = sorted(tracks, key=lambda track: (places[track.chrom], track.start))
    if not any(np.isfinite(track.values).any() for track in ordered):
        raise OutputError("no bin has a value, and a bigWig must hold one.", where=path, hint="Write bedGraph.")
    with writing(path), in_place_of(path) as temporary:
        values = (one for track in ordered for one in track.intervals())
        pybigtools.open(str(temporary), "w").write(dict(chromsizes), values)
    return path
