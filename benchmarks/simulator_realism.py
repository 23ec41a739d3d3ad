"""Statistics by which simulated and real maps are compared, all at 10 kb; drawn by ``benchmarks.simulator_pictures``.

Every statistic sets counts against what is expected at their distance after balancing, ``E = e_d / (w_i w_j)``, and
takes Poisson noise off, so that maps of any depth can stand beside each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import Band, coarsen_band, make_band
from napari_hicstruct.contacts.band_loading import iter_load_band
from napari_hicstruct.synth import SimulatedMap, simulate_map
from napari_hicstruct.synth.records import truth_records

Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]
"""Loops as bins (n, 2), upstream anchor first."""

RESOLUTION, REACH = 10_000, 3_200_000
CONFIG = SimulationConfig(length=12_000_000)
DEPTH = 250.0
"""Depth at which simulated maps are measured; what depends on depth is measured at that of each real map."""

OCTAVES = 20_000.0 * 2.0 ** np.arange(8)
SLOPES = ((20_000, 60_000), (60_000, 200_000), (200_000, 800_000))
WINDOWS = (50_000, 100_000, 200_000, 400_000)
SCALES = (20_000, 40_000, 80_000, 160_000, 320_000)
_SMALLEST = 120_000  # loops of this size and more: windows around them keep off the diagonal


@dataclass(frozen=True, slots=True)
class Subject:
    """A map to be measured: its band at 10 kb, and loops where some are known."""

    name: str
    band: Band
    loops: Pairs
    sim: SimulatedMap | None = None


def real_subjects(folder: Path) -> list[Subject]:
    """The real maps at hand.  GM12878 is for validation: it is looked at, nothing is trained on it."""
    maps, labels = folder / "maps", folder / "labels"
    lncap = str(maps / "LNCaP_chr7_chr14_10kb_hg38.cool")
    micro = str(maps / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    chr21 = f"{maps / 'GM12878_MboI_chr21_10kb_hg19.cool'}::/10000"
    return [
        _subject("HFFc6 Micro-C", micro, "chr17", labels / "HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.hg38.bedpe"),
        _subject("LNCaP chr7", lncap, "chr7"),
        _subject("LNCaP chr14", lncap, "chr14"),
        _subject("GM12878 chr21", chr21, "21", labels / "GM12878_chr21.HiCCUPS.hg19.bedpe"),
        _subject("GM12878 30–35 Mb", str(maps / "GM12878_Rao_chr21_30-35Mb.10kb.hg19.cool"), "chr21"),
    ]


def _subject(name: str, uri: str, chrom: str, loops: Path | None = None) -> Subject:
    source = open_map(uri)
    finest = min(source.resolutions)
    *_, band = iter_load_band(source, chrom, resolution=finest, max_distance=REACH)
    assert isinstance(band, Band)
    if finest < RESOLUTION:  # summed and balanced as simulated maps are
        band = coarsen_band(band, RESOLUTION // finest)
    records = read_labels(loops).records if loops else []
    pairs = [(int(r.anchor1.center), int(r.anchor2.center)) for r in records if r.kind is Kind.LOOP]
    bins = np.array(pairs, np.int64).reshape(-1, 2) // RESOLUTION - band.first_bin
    return Subject(name, _covered(band), bins[bins[:, 1] - bins[:, 0] >= _SMALLEST // RESOLUTION])


def _covered(band: Band) -> Band:
    """Take bins of less than a fifth of the usual coverage for bad, as the ends of excerpts are."""
    total = band.counts.sum(axis=0, dtype=np.float64)
    bad = total < 0.2 * np.median(total[total > 0])
    return replace(band, weights=np.where(bad, np.nan, band.weights).astype(np.float32))


def simulated_subject(seed: int, config: SimulationConfig = CONFIG, depth: float = DEPTH) -> Subject:
    """A map by extrusion, sampled at 5 kb, summed to 10 kb and balanced; its visible loops."""
    sim = simulate_map(config, seed)
    visible = [r for r in truth_records(sim, depth)[0] if r.kind is Kind.LOOP]
    pairs = [(r.anchor1.start // RESOLUTION, r.anchor2.start // RESOLUTION) for r in visible]
    bins = np.array(pairs, np.int64).reshape(-1, 2)
    far_enough = bins[:, 1] - bins[:, 0] >= _SMALLEST // RESOLUTION
    return Subject(f"seed {seed}", sampled(sim, depth), bins[far_enough], sim)


def sampled(sim: SimulatedMap, depth: float) -> Band:
    """Counts of a simulated map at 10 kb."""
    fine = sim.sample(depth, np.random.default_rng([sim.seed, 5]))
    return coarsen_band(make_band(sim.chrom, sim.resolution, fine), RESOLUTION // sim.resolution)


def expected(band: Band) -> tuple[Floats, Floats]:
    """Counts and what is expected of each pixel, shape (n_diagonals, n_bins); 0 at bad bins and next to the diagonal.

    Main diagonal and first one are left out as in balancing: they hold self-ligation, which some maps lack.
    """
    weights = band.weights.astype(np.float64)
    seen = np.divide(1.0, weights, out=np.zeros_like(weights), where=weights > 0)
    wanted = np.zeros(band.counts.shape)
    for d in range(2, min(band.counts.shape)):
        wanted[d, : band.n_bins - d] = band.expected[d] * seen[: band.n_bins - d] * seen[d:]
    return np.where(wanted > 0, band.counts, 0.0).astype(np.float64), wanted


def decay(band: Band) -> tuple[Floats, Floats]:
    """Distances (bp, from one bin on) and mean balanced contacts there over those at 50 kb."""
    mean = band.expected[1:].astype(np.float64)
    held = mean > 0
    distance = np.asarray((np.flatnonzero(held) + 1) * band.resolution, np.float64)
    return distance, mean[held] / mean[50_000 // band.resolution - 1]


def slopes(band: Band) -> Floats:
    """Slope of ln P(s) against ln s over the three ranges of ``SLOPES``."""
    distance, mean = decay(band)
    at = [np.interp(np.log(limits), np.log(distance), np.log(mean)) for limits in SLOPES]
    return np.array([(b - a) / np.log(high / low) for (a, b), (low, high) in zip(at, SLOPES, strict=True)])


def roughness(band: Band, box: int = 1) -> Floats:
    """Standard deviation of O/E beyond Poisson noise in boxes of ``box`` bins, per octave of distance; NaN if none."""
    counts, wanted = expected(band)
    counts, wanted = (uniform_filter(a, box, mode="constant") * box**2 for a in (counts, wanted))
    out = np.full(len(OCTAVES) - 1, np.nan)
    for k, low in enumerate(OCTAVES[:-1]):
        rows = slice(int(low / band.resolution), int(2 * low / band.resolution))
        observed, mean = counts[rows], wanted[rows]
        if rows.stop <= 0.7 * min(band.counts.shape) and (mean**2).sum() > 0:
            excess = ((observed - mean) ** 2 - mean).sum() / (mean**2).sum()
            out[k] = np.sqrt(max(excess, 0.0))
    return out


def insulation(band: Band, window: int) -> Floats:
    """log2 O/E of the diamond of ``window`` bp across each border; NaN where less than half of it is covered."""
    counts, wanted = expected(band)
    width, n = window // band.resolution, band.n_bins
    observed, mean, pixels = np.zeros(n), np.zeros(n), np.zeros(n)
    for a in range(1, width + 1):
        for b in range(width):
            part = slice(width - a, n - width - a + 1)
            middle = slice(width, n - width + 1)
            observed[middle] += counts[a + b, part]
            mean[middle] += wanted[a + b, part]
            pixels[middle] += wanted[a + b, part] > 0
    good = (pixels >= width**2 / 2) & (mean > 5) & (observed > 0)
    return np.where(good, np.log2(np.maximum(observed, 1e-9) / np.maximum(mean, 1e-9)), np.nan)


def fluctuation(track: Floats, scales: tuple[int, ...] = SCALES) -> Floats:
    """Spectrum by scale: standard deviation of the difference of neighbouring means of that width (Haar)."""
    out = []
    for scale in scales:
        width = scale // RESOLUTION
        total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(track))])
        gaps = np.concatenate([[0], np.cumsum(np.isnan(track))])
        at = np.arange(width, len(track) - width + 1)
        step = (total[at + width] - 2 * total[at] + total[at - width]) / width
        step = step[gaps[at + width] == gaps[at - width]]
        out.append(float(step.std()) if len(step) > 20 else np.nan)
    return np.array(out)


def pile_up(subject: Subject, reach: int = 7) -> Floats:
    """Counts over expected counts, summed over windows of ±``reach`` bins around the loops; far corner = 1."""
    counts, wanted = expected(subject.band)
    offset = np.arange(-reach, reach + 1)
    i = subject.loops[:, 0, None, None] + offset[None, :, None]
    j = subject.loops[:, 1, None, None] + offset[None, None, :]
    inside = (i >= 0) & (j < subject.band.n_bins) & (j - i >= 0) & (j - i < subject.band.n_diagonals)
    at = np.where(inside, j - i, 0), np.where(inside, i, 0)
    # each loop counts alike, not each contact
    share = np.where(inside & (wanted[at] > 0), counts[at] / np.maximum(wanted[at], 1e-9), np.nan)
    held = np.isfinite(share)
    pile = np.where(held, share, 0.0).sum(axis=0) / np.maximum(held.sum(axis=0), 1)
    ring = np.maximum(np.abs(offset[:, None]), np.abs(offset[None, :])) >= reach - 1
    return np.asarray(pile / pile[ring].mean())


def stripe_profile(subject: Subject, reach: int = 8) -> tuple[Floats, Floats]:
    """Rows around the anchors of loops from the diagonal towards the loop, both anchors of each.

    Returns
    -------
    along : float64, shape (n,)
        O/E of the anchor's three rows over that of rows 4–6 bins to both sides, by distance in bins from 4 on; up to
        4 bins before the loop itself.
    across : float64, shape (2 · reach + 1,)
        O/E by offset from the anchor, outside of the loop first, 60–400 kb from the diagonal; mean of the ends 1.
    """
    counts, wanted = expected(subject.band)
    n, far = subject.band.n_bins, 60
    offset, distance = np.arange(-reach, reach + 1), np.arange(far)
    total, mean = (np.zeros((len(offset), far)) for _ in range(2))
    for first, last in subject.loops:
        for anchor, way in ((first, 1), (last, -1)):
            row = anchor + way * offset[:, None]
            column = anchor + way * distance[None, :]
            low, d = np.minimum(row, column), np.abs(row - column)
            held = (
                (low >= 0) & (low + d < n) & (d < subject.band.n_diagonals) & (distance <= last - first - 4) & (d > 1)
            )
            at = np.where(held, d, 0), np.where(held, low, 0)
            total += np.where(held, counts[at], 0.0) / np.maximum(subject.band.expected[:far][None, :], 1e-9)
            mean += np.where(held, wanted[at], 0.0) / np.maximum(subject.band.expected[:far][None, :], 1e-9)
    side = (np.abs(offset) >= 4) & (np.abs(offset) <= 6)
    with np.errstate(invalid="ignore", divide="ignore"):
        on, off = (total[rows].sum(axis=0) / mean[rows].sum(axis=0) for rows in (np.abs(offset) <= 1, side))
        near = total[:, 6:40].sum(axis=1) / mean[:, 6:40].sum(axis=1)
    return np.asarray((on / off)[4:]), np.asarray(near / near[[0, 1, -2, -1]].mean())


def zero_share(band: Band) -> Floats:
    """Share of pixels of good bins that hold no count, by distance in bins."""
    counts, wanted = expected(band)
    good = wanted > 0
    return np.asarray((good & (counts == 0)).sum(axis=1) / np.maximum(good.sum(axis=1), 1))


def at_depth_of(sim: SimulatedMap, band: Band) -> Band:
    """A simulated map with as many contacts as ``band`` at 20–100 kb."""
    first, last = 20_000 // RESOLUTION, 100_000 // RESOLUTION
    coarse = sampled(sim, DEPTH).expected[first:last].mean()
    return sampled(sim, DEPTH * float(band.expected[first:last].mean() / coarse))


def coverage(band: Band) -> tuple[float, float]:
    """Standard deviation of ln(coverage bias) over good bins; share of good bins below half of the median."""
    bias = 1 / band.weights[band.weights > 0].astype(np.float64)
    return float(np.log(bias).std()), float((bias < 0.5 * np.median(bias)).mean())
