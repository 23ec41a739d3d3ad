"""What is called on simulated maps beside what is called on real ones: how long, how strong, how many on one stripe.

The same model, the same settings, all at 10 kb; simulated maps are those of new seeds, sampled to the contacts of real
ones.  Statistics of calls say what ``simulator_realism`` cannot: whether the structures of simulated maps are like
those of real ones.

    python -m benchmarks.simulator_calls [--maps 6] [--config FILE] [--quick] [--picture PNG]

``--config``: ranges other than the defaults (``hicstruct simulate --config``), to see what a change brings.
``--picture``: three real maps above simulated ones, with what is called on them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._callers import predict
from benchmarks._harness import hicstruct, record, run_program, say, scratch
from benchmarks._real_maps import MAPS
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.band_loading import iter_load_band

RESOLUTION, REACH = 10_000, 3_200_000
SEED, LENGTH, DEPTHS = 850_001, "20M", (20, 80, 400)
"""Of simulated maps; the depth (mean count at a distance of one 5 kb bin) changes from map to map."""
ANCHOR = 2
"""Bins between the anchors of a stripe and of a loop that lies on it."""
FLANK = 5
"""Bins: flanks of a stripe are this far away on either side."""
BLOCK = 10
"""Bins summed for compartments."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stripe:
    """Anchor and end in bins of the band."""

    anchor: int
    end: int

    @property
    def reach(self) -> int:
        """Bins, positive downstream."""
        return self.end - self.anchor


def over_expected(band: Band) -> tuple[Floats, Floats]:
    """O/E and expected counts as symmetric matrices of the band; NaN where nothing can be known."""
    n, weights = band.n_bins, np.where(band.weights > 0, band.weights, np.nan).astype(float)
    ratio, wanted = np.full((n, n), np.nan), np.full((n, n), np.nan)
    for d in range(2, min(len(band.counts), n)):
        rows = np.arange(n - d)
        mean = band.expected[d] / (weights[rows] * weights[rows + d])
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(mean > 0, band.counts[d, : n - d] / mean, np.nan)
        ratio[rows, rows + d] = ratio[rows + d, rows] = found
        wanted[rows, rows + d] = wanted[rows + d, rows] = mean
    return ratio, wanted


def along(matrix: Floats, stripe: Stripe, shift: int = 0) -> Floats:
    """The pixels of a stripe from four bins off the diagonal to its end, its anchor moved by ``shift`` bins."""
    step = 1 if stripe.reach > 0 else -1
    cols = np.arange(stripe.anchor + 4 * step, stripe.end + step, step)
    row = stripe.anchor + shift
    cols = cols[(cols >= 0) & (cols < len(matrix))]
    return matrix[row, cols] if 0 <= row < len(matrix) else np.full(len(cols), np.nan)


def rises(ratio: Floats, stripe: Stripe) -> list[float]:
    """Mean O/E of a stripe over that of both flanks, in the near, middle and far third."""
    rows = [np.array_split(along(ratio, stripe, shift), 3) for shift in (-1, 0, 1)]
    flanks = [np.array_split(along(ratio, stripe, shift), 3) for shift in (-FLANK, FLANK)]
    return [
        _mean(np.concatenate([row[k] for row in rows]))
        / max(_mean(np.concatenate([flank[k] for flank in flanks])), 1e-9)
        for k in range(3)
    ]


def texture(ratio: Floats, wanted: Floats, stripe: Stripe) -> float:
    """Spread of O/E along a stripe's row over its mean, Poisson noise taken off; a smooth trend counts as well."""
    pixels, mean = along(ratio, stripe), along(wanted, stripe)
    level = np.nanmean(pixels)
    chance = np.nanmean(level / mean)  # variance of count / expected at that level
    return float(np.sqrt(max(np.nanvar(pixels) - chance, 0.0)) / level)


def stripes_of(records: Iterable[Annotation], first_bin: int) -> list[Stripe]:
    """The stripes among records, in bins of a band that begins at ``first_bin``."""
    found = []
    for record_ in records:
        if record_.kind is Kind.STRIPE:
            anchor = int(record_.anchor1.center) // RESOLUTION
            start, stop = (x // RESOLUTION for x in (record_.anchor2.start, record_.anchor2.end - 1))
            end = stop if abs(stop - anchor) >= abs(start - anchor) else start
            found.append(Stripe(anchor - first_bin, end - first_bin))
    return found


def loops_of(records: Iterable[Annotation], first_bin: int) -> Floats:
    """Loops in bins, shape (n, 2)."""
    places = [sorted((int(r.anchor1.center), int(r.anchor2.center))) for r in records if r.kind is Kind.LOOP]
    return np.asarray(places, float).reshape(-1, 2) // RESOLUTION - first_bin


def beads(stripe: Stripe, loops: Floats) -> int:
    """Loops on a stripe: one anchor at the stripe's, the other along it."""
    near, far = (0, 1) if stripe.reach > 0 else (1, 0)
    low, high = sorted((stripe.anchor, stripe.end))
    at = np.abs(loops[:, near] - stripe.anchor) <= ANCHOR
    return int((at & (loops[:, far] >= low) & (loops[:, far] <= high)).sum())


def compartments(ratio: Floats) -> tuple[Floats, float]:
    """Leading eigenvector of O/E in blocks (100 kb), and how much alike over unlike blocks meet at 1 Mb and more."""
    n = len(ratio) // BLOCK
    blocks = np.array_split(np.arange(n * BLOCK), n) if n else []
    with np.errstate(invalid="ignore"):
        table = np.array([[_mean(ratio[np.ix_(a, b)]) for b in blocks] for a in blocks])
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    log = np.where(np.isfinite(table) & (table > 0) & (distance >= 2), np.log(np.maximum(table, 1e-3)), 0.0)
    log = np.where(log, log - log[log != 0].mean(), 0.0)
    values, vectors = np.linalg.eigh(np.clip(log, -1.5, 1.5))
    vector = vectors[:, int(np.argmax(values))]
    far = np.isfinite(table) & (distance >= 1_000_000 // (BLOCK * RESOLUTION))
    alike = np.sign(vector)[:, None] == np.sign(vector)[None]
    return vector, float(np.mean(table[far & alike]) / np.mean(table[far & ~alike]))


def _mean(part: Floats) -> float:
    seen = part[np.isfinite(part)]
    return float(seen.mean()) if len(seen) else np.nan


def near_flips(borders: Floats, vector: Floats) -> float:
    """Share of boundaries within a block of where the eigenvector changes its sign, over what chance would give."""
    flips = np.flatnonzero(np.sign(vector[:-1]) != np.sign(vector[1:])) + 1
    close = np.zeros(len(vector), bool)
    for flip in flips:
        close[max(0, flip - 1) : flip + 1] = True
    where = np.clip((borders // BLOCK).astype(int), 0, len(vector) - 1)
    return float(close[where].mean() / max(close.mean(), 1e-9)) if len(borders) and close.any() else float("nan")


def statistics(band: Band, records: list[Annotation]) -> dict[str, float]:
    """Figures of the calls on one chromosome; NaN where there are too few."""
    ratio, wanted = over_expected(band)
    covered = float(np.isfinite(np.where(band.weights > 0, band.weights, np.nan)).sum()) * RESOLUTION / 1e7
    stripes, loops = stripes_of(records, band.first_bin), loops_of(records, band.first_bin)
    reach = np.array([abs(stripe.reach) for stripe in stripes], float) * RESOLUTION / 1e6
    rise = np.array([rises(ratio, stripe) for stripe in stripes]).reshape(-1, 3)
    borders = np.array([r.anchor1.center for r in records if r.kind is Kind.BOUNDARY]) / RESOLUTION - band.first_bin
    vector, strength = compartments(ratio)
    sizes = (loops[:, 1] - loops[:, 0]) * RESOLUTION / 1e3
    return {
        "Mb": covered * 10,
        "contacts per bin": float(band.counts[2:].sum() / max(covered * 1e7 / RESOLUTION, 1)),
        "stripes per 10 Mb": len(stripes) / covered,
        "stripe length median": _quantile(reach, 0.5),
        "stripe length p90": _quantile(reach, 0.9),
        "stripe length max": float(reach.max(initial=0)),
        "rise near": _quantile(rise[:, 0], 0.5),
        "rise middle": _quantile(rise[:, 1], 0.5),
        "rise far": _quantile(rise[:, 2], 0.5),
        "texture": _quantile(np.array([texture(ratio, wanted, stripe) for stripe in stripes]), 0.5),
        "loops per stripe": float(np.mean([beads(stripe, loops) for stripe in stripes])) if stripes else float("nan"),
        "loops per 10 Mb": len(loops) / covered,
        "loop size median": _quantile(sizes, 0.5),
        "loop size p90": _quantile(sizes, 0.9),
        "boundaries per 10 Mb": len(borders) / covered,
        "compartments": strength,
        "boundaries at flips": near_flips(borders, vector),
    }


def _quantile(values: Floats, q: float) -> float:
    seen = values[np.isfinite(values)]
    return float(np.quantile(seen, q)) if len(seen) >= 3 else float("nan")


def measured(uri: str, out: Path, chroms: Iterable[str]) -> Iterator[dict[str, float]]:
    """Statistics of each chromosome of a map, as its calls are by default."""
    if not (out / "run.json").exists():
        predict(uri, out, model="default", tasks="loop,stripe,tad")
    source = open_map(uri)
    files = [out / name for name in ("loops.bedpe", "stripes.bedpe", "boundaries.bed")]
    every = [r for file in files if file.exists() for r in read_labels(file).records]
    for chrom in chroms:
        *_, band = iter_load_band(source, chrom, resolution=RESOLUTION, max_distance=REACH)
        assert isinstance(band, Band)
        yield statistics(band, [r for r in every if r.anchor1.chrom == chrom])


def simulated(count: int, config: Path | None) -> Iterator[tuple[str, dict[str, float]]]:
    """New simulated maps, their depth in turns."""
    for k in range(count):
        depth, seed = DEPTHS[k % len(DEPTHS)], SEED + k
        name = f"{config.stem if config else 'default'}-{seed}"
        path = scratch("simulator_calls") / f"{name}.mcool"
        if not path.exists():
            words = [hicstruct(), "simulate", "-o", path, "--length", LENGTH, "--seed", str(seed), "--quiet"]
            words += ["--depth", str(depth), "--resolution", "5k", "--resolution", "10k"]
            run_program([*words, *(["--config", config] if config else [])])
        for found in measured(str(path), path.with_suffix(".calls"), ["chr1"]):
            yield f"depth {depth}, seed {seed}", found


VIEWS = (("Epha4 WT", "chr1", 73.5), ("LNCaP", "chr14", 20.0), ("GM12878 chr21", "21", 32.0))
"""Real maps of the picture: chromosome and start, Mb."""
SPAN = 5.0
"""Mb that are shown of each."""


def picture(config: Path | None, out: Path) -> None:
    """Real maps above simulated ones, from the calls that are there."""
    from matplotlib.figure import Figure

    from scripts.real_map_pictures import draw, enriched

    real = [(one, name, chrom, start) for name, chrom, start in VIEWS for one in MAPS if one.name == name]
    shown = [(f"{name} {chrom}", one.uri, scratch("simulator_calls") / name.replace(" ", "_"), chrom, start)
             for one, name, chrom, start in real]  # fmt: skip
    for stem in ("default", config.stem) if config else ("default",):
        for k in (1, 2, 4):
            path = scratch("simulator_calls") / f"{stem}-{SEED + k}.mcool"
            shown.append((f"simulated ({stem}), seed {SEED + k}", str(path), path.with_suffix(".calls"), "chr1", 8.0))
    rows = len(shown) // 3
    figure = Figure(figsize=(15, 5 * rows), layout="constrained")
    for axes, (title, uri, folder, chrom, start) in zip(figure.subplots(rows, 3).flat, shown, strict=True):
        calls = _Listed.of(folder, chrom)
        draw(axes, enriched(open_map(uri), chrom), calls, start, start + SPAN)
        axes.set_title(title, fontsize=10)
    figure.savefig(out, dpi=40)


@dataclass(frozen=True, slots=True)
class _Listed:
    """Stripes and loops of one chromosome."""

    stripes: list[Annotation]
    loops: list[Annotation]

    @classmethod
    def of(cls, folder: Path, chrom: str) -> _Listed:
        files = [folder / name for name in ("loops.bedpe", "stripes.bedpe")]
        every = [r for file in files if file.exists() for r in read_labels(file).records if r.anchor1.chrom == chrom]
        return cls(*([r for r in every if r.kind is kind] for kind in (Kind.STRIPE, Kind.LOOP)))


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Statistics as lines, maps as columns."""
    names = list(next(iter(rows.values())))
    return "\n".join(f"{name:22s}" + "".join(f"{row[name]:9.2f}" for row in rows.values()) for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maps", type=int, default=6)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--quick", action="store_true", help="one real map and one simulated one")
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    real: dict[str, Any] = {}
    for one in MAPS:
        if one.resolution == RESOLUTION and (one.quick or not args.quick):
            out = scratch("simulator_calls") / one.name.replace(" ", "_")
            for chrom, found in zip(one.chroms, measured(one.uri, out, one.chroms), strict=True):
                real[f"{one.name} {chrom}"] = found
    say("real: " + ", ".join(real))
    say(table(real))
    made = dict(simulated(1 if args.quick else args.maps, args.config))
    say("simulated: " + ", ".join(made))
    say(table(made))
    if args.picture:
        picture(args.config, args.picture)
    record("simulator_calls", {"config": args.config.stem if args.config else "", "real": real, "simulated": made})


if __name__ == "__main__":
    main()
