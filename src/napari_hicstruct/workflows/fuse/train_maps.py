"""What a network that fuses maps learns from: simulated maps, and parts of real ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.files import in_place_of, writing
from napari_hicstruct.config.fusion import FusionTrainConfig
from napari_hicstruct.errors import ConfigError, MapError

if TYPE_CHECKING:
    from napari_hicstruct.fusion.training import PairSource, Terms
    from napari_hicstruct.synth.types import SimulatedMap
    from napari_hicstruct.workflows.fuse.requests import TrainFusionRequest

LENGTH, MAX_DISTANCE = 10_000_000, 2_500_000
STEPS = 24_000
"""Of loop extrusion; fewer leave chance meetings of factors in the map."""

FOLDER = "training/maps"
MIN_BINS = 200


def map_source(request: TrainFusionRequest) -> tuple[PairSource, Terms, dict[str, Any]]:
    """Pairs of maps, their loss, and what the card says of them.

    Real maps are those that the request gives as ``pictures``: counts, each chromosome that has contacts.

    Raises
    ------
    ConfigError
        If the network wants to read more of a map than there is.
    MapError
        If a map cannot be read, holds no counts, or is too small.
    OutputError
        If the simulated maps cannot be kept.
    """
    from napari_hicstruct.fusion.map_features import CHANNELS
    from napari_hicstruct.fusion.map_training import MapPairs, coarse_sim, map_terms

    train, channels = request.config.train, request.config.network.in_channels
    if channels > CHANNELS:
        raise ConfigError(f"in_channels is {channels}; of a map {CHANNELS} can be read.", hint="Give that, or fewer.")
    real = [band for path in request.pictures for band in _real(path)]
    sims = _simulated(request.out / FOLDER, train)
    about = {
        "simulated_seeds": [[train.first_map, train.first_map + train.maps]],
        "simulated_length": LENGTH,
        "real": [name for name, *_ in real],
        "truth_used": "simulated pairs: true contacts, and where faults were put",
    }
    pairs = MapPairs(
        [*sims, *map(coarse_sim, sims[::2])], [(counts, size) for _, counts, size in real], train, channels
    )
    return pairs, map_terms, about


def _simulated(folder: Path, train: FusionTrainConfig) -> list[SimulatedMap]:
    """Maps of 5 kb; kept in the folder, so that a run that goes on need not make them again."""
    from napari_hicstruct.config.simulation import SimulationConfig
    from napari_hicstruct.synth.simulate import simulate_map
    from napari_hicstruct.synth.types import SimulatedMap, Truth

    config = SimulationConfig(length=LENGTH, max_distance=MAX_DISTANCE, n_steps=STEPS)
    maps = []
    for seed in range(train.first_map, train.first_map + train.maps):
        kept = folder / f"{seed}.npz"
        if not kept.exists():
            made = simulate_map(config, seed)
            with writing(kept), in_place_of(kept) as file:
                np.savez(file, band=made.band, bias=made.bias, masked=made.masked, extra=made.overdispersion)
        with np.load(kept) as data:
            band, bias, masked, extra = (data[name] for name in ("band", "bias", "masked", "extra"))
        maps.append(
            SimulatedMap(config.chrom, LENGTH, config.resolution, band, bias, masked, Truth(), seed, None, float(extra))
        )
    return maps


def _real(path: Path) -> list[tuple[str, NDArray[np.float32], int]]:
    """Each chromosome's band of counts, without the empty bins at its ends: name, counts, bin size (bp)."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.contacts.band_loading import iter_load_band

    source = open_map(path)
    if not source.integer_counts:
        hint = "Give maps of counts: they are shared out among two maps and a third part."
        raise MapError(f"holds {source.value_kind}, not counts.", where=path, hint=hint)
    found = []
    for chrom in source.chromsizes:
        size = source.resolutions_of(chrom)[0]
        if not any(len(part) for part in source.pixels(chrom, resolution=source.resolutions_of(chrom)[-1])):
            continue
        *_, band = iter_load_band(source, chrom, resolution=size, max_distance=MAX_DISTANCE)
        filled = np.flatnonzero(band.counts[: max(3, len(band.counts) // 10)].sum(axis=0))  # type: ignore[union-attr]
        if len(filled) and filled[-1] - filled[0] >= MIN_BINS:
            counts = band.counts[:, filled[0] : filled[-1] + 1]  # type: ignore[union-attr]
            found.append((f"{source.name} {chrom}", np.ascontiguousarray(counts), size))
    if not found:
        raise MapError(f"has no chromosome of {MIN_BINS} bins with contacts.", where=path, hint="Give a larger map.")
    return found
