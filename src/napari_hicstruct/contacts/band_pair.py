"""The two bands that a network reads of a chromosome: fine bins, where the map has them, and coarse ones."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.contacts.genome_scale import SMALL_BINS, genome_scale, has_small_structures
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import display_name, format_bin_size
from napari_hicstruct.jobs import CancelToken, Clock, Progress

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band

BandPair = tuple["Band | None", "Band"]
"""Fine bins, None where the map has none, and coarse bins of one chromosome."""


MIN_BINS, MAX_BINS = 1_000, 50_000
"""bp; in smaller or larger ones a network sees nothing that it knows."""


def bins_for(source: ContactSource, config: ModelConfig, resolution: int = 0) -> ModelConfig:
    """The network's configuration in the bins in which it reads a map.

    Its own bins where the map has them; of a small genome, :data:`SMALL_BINS`.  Else whole multiples of a level's bins,
    those nearest to these in ratio, up to :data:`MAX_BINS`; unchanged where even these are too large.

    Parameters
    ----------
    resolution : int
        Coarse bin size that somebody asked for, bp; 0: nobody did.
    """
    if resolution:
        return config.at(resolution)
    small = has_small_structures(source)
    if loop_resolution(source, config) and not small:
        return config
    wanted = SMALL_BINS if small else config.coarse_resolution
    sizes = {level * max(1, round(wanted / level)) for level in source.resolutions}
    fitting = [size for size in sizes if size <= MAX_BINS]
    return config.at(min(fitting, key=lambda size: (abs(np.log(size / wanted)), size))) if fitting else config


def loop_resolution(source: ContactSource, config: ModelConfig | None = None, chrom: str | None = None) -> int:
    """Bin size (bp) at which loops can be called on a map, or on one chromosome of it; 0 if at none."""
    config = config or ModelConfig()
    levels = source.resolutions if chrom is None else source.resolutions_of(chrom)
    for resolution in (config.fine_resolution, config.coarse_resolution):
        if any(resolution % level == 0 for level in levels):
            return resolution
    return 0


def iter_band_pair(
    source: ContactSource,
    chrom: str,
    config: ModelConfig,
    *,
    norm: str | None = None,
    token: CancelToken | None = None,
    clock: Clock | None = None,
) -> Generator[Progress, None, BandPair]:
    """Fine band (None if the map has no such bins) and coarse band of a chromosome, clumps counted as one contact.

    Parameters
    ----------
    config : ModelConfig
        Bin sizes, and the farthest contacts that the network reads.
    norm : str, optional
        Stored weights to use; default: the map's best, else balanced in memory.
    clock : Clock, optional
        Of the job that this is a part of.

    Raises
    ------
    MapError
        If no level of the map gives these bins, or the chromosome holds no contacts.
    """
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.band_loading import iter_load_band

    resolution, clock = loop_resolution(source, config, chrom), clock or Clock()
    if not resolution:
        sizes = f"{format_bin_size(config.fine_resolution)} or {format_bin_size(config.coarse_resolution)}"
        raise MapError(
            f"{chrom} has no contacts at {sizes}, nor at finer bins that sum to it.",
            where=source.uri,
            hint="Add a level, e.g. with cooler zoomify.",
        )
    loaded: Band | None = None
    scale = genome_scale(source, config.coarse_resolution)
    reach = round(config.max_distance / scale)
    for step in iter_load_band(source, chrom, resolution=resolution, max_distance=reach, norm=norm):
        if token is not None:
            token.check()
        if isinstance(step, Band):
            loaded = step
        else:
            yield clock.step(f"read {display_name(chrom)}", 0, 0)
    assert loaded is not None  # iter_load_band ends with the band or raises
    return _pair(replace(loaded, scale=scale), config.coarse_resolution // resolution)


def _pair(finest: Band, factor: int) -> BandPair:
    """Fine band and coarse band, in bins ``factor`` times as large; no fine one if that is 1.

    Contacts that come together say as little as one, and both bands hold the same contacts.
    """
    from napari_hicstruct.contacts.band import coarsen_band
    from napari_hicstruct.contacts.clumping import clumping

    coarse = finest if factor == 1 else coarsen_band(finest, factor)
    found = clumping(coarse.counts)
    return None if factor == 1 else finest.without_clumps(found), coarse.without_clumps(found)
