"""1-D tracks (bigWig) in a map's bins: what a model may read beside contacts, e.g. CTCF or histone marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import ConfigError, TrackError
from napari_hicstruct.genome import NameMatcher, n_bins
from napari_hicstruct.tracks.bigwig import open_bigwig

_LIMIT = 4.0


def check_tracks(wanted: Sequence[str], files: Mapping[str, str | Path]) -> None:
    """Refuse, before anything starts, what a model cannot read.

    Parameters
    ----------
    wanted : sequence of str
        Names of the model's tracks.
    files : mapping of str to path
        The bigWig of each.

    Raises
    ------
    ConfigError
        If a track has no file, a file no track, or pybbi is not installed.
    TrackError
        If a file cannot be read.
    """
    if missing := [name for name in wanted if name not in files]:
        raise ConfigError(f"the model reads a track '{missing[0]}'.", hint=f"Give its file: {missing[0]}=FILE.bw.")
    if extra := [name for name in files if name not in wanted]:
        have = f"It reads {', '.join(wanted)}." if wanted else "It reads none."
        raise ConfigError(f"the model reads no track '{extra[0]}'.", hint=have)
    for name in wanted:
        with open_bigwig(files[name]):
            pass


def read_tracks(
    wanted: Sequence[str], files: Mapping[str, str | Path], chrom: str, *, length: int, resolution: int
) -> NDArray[np.float32] | None:
    """The model's tracks on one chromosome, binned and scaled; None where it reads none.

    Parameters
    ----------
    wanted, files
        As in :func:`check_tracks`.
    chrom : str
        In any spelling.
    length, resolution : int
        bp.

    Returns
    -------
    float32, shape (n_tracks, n_bins)

    Raises
    ------
    TrackError
        If a track has no such chromosome.
    """
    if not wanted:
        return None
    return np.stack([scale(bin_track(files[name], chrom, length=length, resolution=resolution)) for name in wanted])


def bin_track(path: str | Path, chrom: str, *, length: int, resolution: int) -> NDArray[np.float32]:
    """Mean of a bigWig in each bin, bases without a value counted as 0; shape (n_bins,)."""
    with open_bigwig(path) as file:
        name = NameMatcher(file.chromsizes).match(chrom)
        if name is None:
            raise TrackError(f"the track has no chromosome '{chrom}'.", where=path)
        whole = length // resolution
        parts = [np.zeros(0)]
        if whole:
            parts.append(_means(file, name, 0, whole * resolution, whole))
        if whole < n_bins(length, resolution):  # the last bin is shorter: its mean is over what there is of it
            parts.append(_means(file, name, whole * resolution, length, 1))
    return np.nan_to_num(np.concatenate(parts)).astype(np.float32)


def _means(file: Any, name: str, start: int, end: int, bins: int) -> NDArray[np.float64]:
    """Means over all bases: the library's mean leaves bases without a value out."""
    mean, covered = (
        file.fetch(name, start, end, bins=bins, missing=0.0, oob=0.0, summary=summary, exact=True)
        for summary in ("mean", "cov")
    )
    return np.asarray(mean * covered, np.float64)


def interval_means(
    path: str | Path, chroms: Sequence[str], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Mean of a bigWig in intervals, bases without a value and beyond the ends counted as 0; shape (n,).

    Intervals on chromosomes that the track lacks are 0, unless it lacks all of them.

    Raises
    ------
    TrackError
        If the file cannot be read, or has none of the chromosomes.
    """
    with open_bigwig(path) as file:
        names = NameMatcher(file.chromsizes)
        spelt = [names.match(chrom) for chrom in chroms]
        known = np.array([name is not None for name in spelt], bool)
        if len(spelt) and not known.any():
            raise TrackError(f"the track has no chromosome '{chroms[0]}'.", where=path)
        found = np.zeros(len(spelt), np.float32)
        if known.any():
            own = [name for name in spelt if name is not None]
            places = (own, starts[known], ends[known])
            # the library's mean leaves bases without a value out
            mean, covered = (
                file.stackup(*places, bins=1, missing=0.0, oob=0.0, summary=summary, exact=True)[:, 0]
                for summary in ("mean", "cov")
            )
            found[known] = mean * covered
    return np.nan_to_num(found)


def scale(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(t - median) / spread``, clipped to ±4: tracks of any unit look alike.

    The spread is half the range from the 5th to the 95th percentile; where that is 0 (rare peaks) the standard
    deviation; a constant track becomes 0.
    """
    low, centre, high = np.percentile(values, [5, 50, 95])
    spread = (high - low) / 2 or float(np.std(values)) or 1.0
    return np.asarray(np.clip((values - centre) / spread, -_LIMIT, _LIMIT), np.float32)


def coarsen_tracks(tracks: NDArray[np.float32] | None, factor: int) -> NDArray[np.float32] | None:
    """Means over ``factor`` bins, the last over what there is: ``(n_tracks, n) → (n_tracks, ⌈n / factor⌉)``."""
    if tracks is None:
        return None
    starts = np.arange(0, tracks.shape[1], factor)
    counts = np.minimum(starts + factor, tracks.shape[1]) - starts
    return np.asarray(np.add.reduceat(tracks, starts, axis=1) / counts, np.float32)
