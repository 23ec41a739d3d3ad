"""Maps for the benchmark of fusion: bands in files and back, thinned and faulty ones, and what they are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks._harness import data_dir, scratch
from benchmarks._reproducibility import ssim_of_oe, stratum_adjusted_correlation
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import Band, make_band, sum_blocks
from napari_hicstruct.contacts.band_loading import iter_load_band
from napari_hicstruct.synth.types import SimulatedMap

F32 = NDArray[np.float32]

DISTANCE = 2_000_000
"""bp; up to there maps are compared, and a network decides."""

CHR21 = "GM12878_MboI_chr21_10kb_hg19.cool"
HFFC6 = "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
FIRST_SEED = 24_500
"""Of simulated maps; training's are 24,000 to 24,011."""

UNLIKE_SEEDS = (24_511, 24_514)
"""The first two from 24,510 on whose maps show 20 loops or more at a depth of 70; some show none."""

SMOOTHING = (0.75, 1.0, 1.5, 2.0, 3.0)
"""σ, bins, of plain smoothing; the best of them counts, by each figure."""


def sim(seed: int, length: int = 10_000_000) -> SimulatedMap:
    """A simulated map of 5 kb that training does not see, with the truth of its loops."""
    import pickle

    from napari_hicstruct.config.simulation import SimulationConfig
    from napari_hicstruct.synth.simulate import simulate_map

    path = scratch("fusion_hic") / f"sim-{seed}-{length}.pickle"
    if not path.exists():
        made = simulate_map(SimulationConfig(length=length, max_distance=2_500_000), seed)
        path.write_bytes(pickle.dumps(made))
    loaded: SimulatedMap = pickle.loads(path.read_bytes())
    return loaded


def expected_counts(one: SimulatedMap, depth: float) -> F32:
    """Contacts that are expected without noise, coverage included, up to :data:`DISTANCE`."""
    depth_bins, n = DISTANCE // one.resolution, one.n_bins
    band = one.band[:depth_bins] * np.float32(depth)
    seen = np.where(one.masked, 0, one.bias).astype(np.float32)
    for d in range(len(band)):
        band[d, : n - d] *= seen[: n - d] * seen[d:]
    return band


def replicate(one: SimulatedMap, depth: float, seed: int) -> F32:
    """Counts of one more experiment, up to :data:`DISTANCE`: other noise, other chances of each pair of bins."""
    return one.sample(depth, np.random.default_rng([one.seed, seed]))[: DISTANCE // one.resolution]


def real_counts(file: str, resolution: int, chrom: str) -> F32:
    """Counts of a real map's chromosome near the diagonal; without the empty bins at its ends."""
    source = open_map(data_dir() / "maps" / file)
    *_, band = iter_load_band(source, chrom, resolution=resolution, max_distance=DISTANCE)
    assert isinstance(band, Band)
    return band.counts


def write(path: Path, counts: F32, resolution: int, chrom: str = "chr1", length: int | None = None) -> Path:
    """One chromosome as a ``.mcool``, balanced; fractions are said to be on the scale of counts, as in fused maps."""
    from napari_hicstruct.jobs import CancelToken
    from napari_hicstruct.workflows.fuse.write import FusedPixels, LevelWriter, balance_level, mark_file

    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    about: dict[str, Any] = {"first": {"uri": "made"}, "second": {"uri": "for a benchmark"}, "model": {}}
    whole = bool((counts == np.rint(counts)).all())
    rows, distance = np.nonzero(counts.T > 0)
    share = np.full(len(rows), 0.5, np.float32)
    pixels = FusedPixels(rows, rows + distance, counts.T[rows, distance], share)
    sizes = {chrom: length or counts.shape[1] * resolution}
    with h5py.File(path, "w") as file:
        group = file.create_group(f"resolutions/{resolution}")
        writer = LevelWriter(group, sizes, resolution, integer=whole)
        writer.add(chrom, pixels)
        writer.close("", about)
        balance_level(group, CancelToken())
        mark_file(file, about)
    return path


def read(path: Path, resolution: int, name: str = "count") -> F32:
    """A column of pixels as a band, up to :data:`DISTANCE`."""
    with h5py.File(path) as file:
        group = file[f"resolutions/{resolution}"]
        bin1, bin2, value = (group[f"pixels/{one}"][:] for one in ("bin1_id", "bin2_id", name))
        n = int(group.attrs["nbins"])
    out = np.zeros((min(DISTANCE // resolution, n), n), np.float32)
    near = bin2 - bin1 < len(out)
    out[(bin2 - bin1)[near], bin1[near]] = value[near]
    return out


def fuse(first: Path, second: Path, out: Path, model: Path | None = None, **options: Any) -> Path:
    """Fuse two files."""
    from napari_hicstruct.workflows.fuse.maps import FuseMapsRequest, fuse_maps

    request = FuseMapsRequest(str(first), str(second), out, model=model, threads=1, overwrite=True, **options)
    return fuse_maps(request).path


def thinned(counts: F32, share: float, rng: np.random.Generator) -> tuple[F32, F32]:
    """A part of the contacts, and the rest."""
    part = rng.binomial(counts.astype(np.int64), share).astype(np.float32)
    return part, counts - part


def smoothed(counts: F32, sigma: float, resolution: int) -> F32:
    """Gaussian smoothing of the symmetric map in O/E: decay is not smoothed."""
    from scipy.ndimage import gaussian_filter

    from napari_hicstruct.fusion.map_pair import band_block

    expected = np.maximum(make_band("chr1", resolution, counts).expected, 1e-6)
    depth, n = counts.shape
    out, margin, step = np.zeros_like(counts), 12, 400
    for start in range(0, n, step):
        stop, top = min(n, start + step), start - margin
        size = stop - start + 2 * margin, min(n, stop + depth) - start + 2 * margin
        distance = np.abs(np.subtract.outer(np.arange(size[0]), np.arange(size[1])))
        decay = expected[np.minimum(distance, depth - 1)]
        block = gaussian_filter(band_block(counts, top, top, *size) / decay, sigma) * decay
        for i in range(start, stop):
            reach = min(depth, n - i)
            out[:reach, i] = block[i - top, i - top : i - top + reach]
    return out


def alike(found: F32, reference: F32, resolution: int, h: tuple[int, ...], valid: NDArray[np.bool_]) -> dict[str, Any]:
    """SCC at several widths of the filter, and SSIM of log O/E, of a map and a reference."""
    figures: dict[str, Any] = {
        f"scc_h{k}": stratum_adjusted_correlation(found, reference, h=k, valid=valid, first_diagonal=1).scc for k in h
    }
    # both balanced by the reference's weights: another balancing would be another question
    weights = np.where(valid, make_band("chr1", resolution, reference).weights, np.nan)
    bands = [make_band("chr1", resolution, one, weights=weights) for one in (found, reference)]
    figures["ssim"] = ssim_of_oe(*bands, n_diagonals=min(len(found), 200))
    return figures


def loops(path: Path, resolution: int, chrom: str = "chr1") -> Any:
    """Loops that the shipped model calls: centres (bp) and scores, best first."""
    from napari_hicstruct.annotations.records import Kind
    from napari_hicstruct.evaluation.records import loop_table, select
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.workflows.predict import predict
    from napari_hicstruct.workflows.predict.request import PredictRequest

    source = open_map(path)
    name = next(iter(source.chromsizes)) if chrom not in source.chromsizes else chrom
    region = Interval(name, 0, source.chromsizes[name])
    options: dict[str, Any] = {"tasks": ("loop",), "threads": 1, "min_probability": {"loop": 0.01}}
    found = predict(source, PredictRequest(regions=(region,), **options)).annotations
    return loop_table(select(found, Kind.LOOP))


def spread(coarse: F32, sharp: F32, resolution: int) -> F32:
    """The deep map's counts in the sharp one's bins, by distance decay: what it says by itself at 5 kb."""
    from napari_hicstruct.fusion.map_pair import spread_band

    fine = make_band("chr1", resolution, sharp)
    return spread_band(make_band("chr1", 2 * resolution, coarse), fine).counts


def deep(one: F32) -> F32:
    """A 5 kb map in bins of 10 kb."""
    return sum_blocks(np.ascontiguousarray(one), 2)


def best(figures: Mapping[str, Mapping[str, float]], names: list[str], key: str) -> tuple[str, float]:
    """Of several the one with the highest figure."""
    name = max(names, key=lambda one: figures[one][key])
    return name, figures[name][key]
