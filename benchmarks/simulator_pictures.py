"""Pictures of docs/science/simulator.md: the sample with its truth, a gallery of seeds, real maps beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from benchmarks._harness import ROOT, say
from benchmarks.simulator_realism_pictures import realism_pictures
from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.synth import draw_depth, paint_map, simulate_map
from napari_hicstruct.synth.records import truth_records
from napari_hicstruct.workflows import simulate

IMAGES = ROOT / "docs" / "images"
LOOP, STRIPE, TAD = "#0072B2", "#56B4E9", "#009E73"  # Okabe–Ito
WIDE = SimulationConfig(length=20_000_000, max_distance=4_200_000)


def save(figure: Figure, name: str, dpi: int) -> None:
    """PNG with 128 colours: noise compresses badly."""
    path = IMAGES / name
    figure.savefig(path, dpi=dpi)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(128).save(path, optimize=True)


def block(band: NDArray[np.float32], start: int, size: int) -> NDArray[np.float64]:
    """Symmetric square of a band from bin ``start`` on."""
    out = np.zeros((size, size))
    for d in range(min(size, len(band))):
        i = np.arange(size - d)
        out[i, i + d] = out[i + d, i] = band[d, start : start + size - d]
    return out


def show(axes: Axes, values: NDArray[np.float64], title: str) -> None:
    """Counts as people look at them: logarithm, reds, 97th percentile."""
    shown = np.log1p(values)
    axes.imshow(shown, cmap="Reds", vmin=np.percentile(shown, 2), vmax=np.percentile(shown, 97), interpolation="none")
    axes.set_title(title, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


def overlay(axes: Axes, records: list[Annotation], start: int, size: int, resolution: int) -> None:
    """Truth: loops and TADs above the diagonal, stripes as rectangles with rows = x, columns = y."""

    def pixel(position: float) -> float:
        return position / resolution - start - 0.5

    for record in records:
        a, b = record.anchor1, record.anchor2
        if record.kind is Kind.LOOP:
            axes.plot(pixel(b.center), pixel(a.center), "o", mfc="none", mec=LOOP, ms=6, mew=1)
        elif record.kind is Kind.STRIPE:
            x0, x1, y0, y1 = (pixel(p) for p in (a.start, a.end, b.start, b.end))
            axes.plot([y0, y1, y1, y0, y0], [x0, x0, x1, x1, x0], color=STRIPE, lw=1.2)
            assert record.direction is not Direction.NONE
        elif record.kind is Kind.TAD:
            p, q = pixel(a.start), pixel(a.end)
            axes.plot([p, p, q], [p, q, q], color=TAD, lw=1)
    axes.set_xlim(-0.5, size - 0.5)
    axes.set_ylim(size - 0.5, -0.5)


def sample_picture() -> None:
    """Three megabases of the sample map, bare and with its visible truth."""
    settings = {**simulate.SAMPLE_SETTINGS, "length": simulate.SAMPLE_LENGTH, "max_distance": 3_300_000}
    sim = simulate_map(parse_config(SimulationConfig, settings), simulate.SAMPLE_SEED)
    counts = block(sim.sample(simulate.SAMPLE_DEPTH, np.random.default_rng(1)), 800, 600)
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    show(left, counts, "sample map, chr1:4–7 Mb at 5 kb")
    show(right, counts, "its visible truth: loops, stripes, TADs")
    overlay(right, truth_records(sim, simulate.SAMPLE_DEPTH)[0], 800, 600, sim.resolution)
    save(figure, "simulator-sample.png", 78)


def gallery() -> None:
    """Six maps by extrusion and two painted ones, each at the depth of its seed, at 10 kb."""
    figure = Figure(figsize=(13, 6.8), layout="constrained")
    sims = [simulate_map(WIDE, seed) for seed in (0, 1, 2, 4, 7, 8)] + [paint_map(WIDE, seed) for seed in (4, 5)]
    for k, (axes, sim) in enumerate(zip(figure.subplots(2, 4).ravel(), sims, strict=True)):
        depth = draw_depth(WIDE, sim.seed)
        fine = block(sim.sample(depth, np.random.default_rng(1)), 1_600, 600)
        counts = fine.reshape(300, 2, 300, 2).sum(axis=(1, 3))
        style = "extrusion" if k < 6 else "painted"
        show(axes, counts, f"{style}, seed {sim.seed}, depth {depth:.0f}")
    save(figure, "simulator-gallery.png", 64)


def main() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    sample_picture()
    gallery()
    realism_pictures(save)
    for path in sorted(Path(IMAGES).glob("simulator-*.png")):
        say(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
