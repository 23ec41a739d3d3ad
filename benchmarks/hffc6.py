"""Predictions on the real HFFc6 Micro-C map at 5 kb: pile-up of the called loops, and a picture to judge by eye.

Balanced contacts over expected, ±10 bins (50 kb): mean of the 3×3 middle over the mean of the four 3×3 corners; the
control moves every loop along the diagonal by ±100 and ±150 kb.  Bars: centre/corner ≥ 2, control ≈ 1 (.8 – 1.25).

    python -m benchmarks.hffc6 [--pred DIR|FILE] [--model M] [--picture PNG]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import RESULTS, data_dir, hicstruct, record, run_program, say, scratch
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts import open_map
from napari_hicstruct.evaluation.records import loop_table, select
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.evaluate.pile_up import FLANK, pile_up_chromosome

MAP = "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
SILVER = "HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.hg38.bedpe"
REGION = Interval("chr17", 62_500_000, 63_500_000)
SIZE = 5_000


def read(path: Path) -> list[Annotation]:
    """All annotations of a file, or of a folder that ``hicstruct predict`` wrote."""
    if path.is_file():
        return read_labels(path).records
    files = {"loops.bedpe": Kind.LOOP, "stripes.bedpe": Kind.STRIPE, "tads.bed": Kind.TAD}
    return [r for name, kind in files.items() if (path / name).exists() for r in read_labels(path / name).records]


def piled(loops: list[Annotation]) -> dict[str, Any]:
    """Pile-up and control of the loops that are far enough from diagonal and edges."""
    source = open_map(data_dir() / "maps" / MAP)
    table = loop_table(loops)
    pile, control = pile_up_chromosome(source, "chr17", table, resolution=SIZE)
    return {
        "called": len(loops),
        "piled_up": pile.n,
        "centre_to_corner": pile.ratio(),
        "middle_bin_to_corner": pile.ratio(centre=1),
        "shifted_control": control.ratio(),
        "shifted_windows": control.n,
        "flank_bins": FLANK,
    }


def draw(records: list[Annotation], silver: list[Annotation], path: Path) -> None:
    """The map with the calls above the diagonal and, below it, chromosight's calls on the same map."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    source = open_map(data_dir() / "maps" / MAP)
    block = source.fetch(REGION, REGION, resolution=SIZE, norm=source.default_norm(SIZE)).astype(float)
    figure = Figure(figsize=(12, 12), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    ends = (REGION.start / 1e6, REGION.end / 1e6)
    axes.imshow(np.log(block + 1e-6), cmap="afmhot_r", extent=(ends[0], ends[1], ends[1], ends[0]), vmin=-9.5, vmax=-3)
    for r in select(records, Kind.TAD):
        corner, size = r.anchor1.start / 1e6, len(r.anchor1) / 1e6
        axes.plot([corner, corner + size, corner + size], [corner, corner, corner + size], color="limegreen", lw=1.2)
    for r in select(records, Kind.STRIPE):
        x, y = r.anchor1, r.anchor2
        # one orientation, above the diagonal: an upward stripe is drawn as a column, a downward one as a row
        row, col = (x, y) if y.end > x.end else (y, x)
        place = (col.start / 1e6, row.start / 1e6)
        axes.add_patch(Rectangle(place, len(col) / 1e6, len(row) / 1e6, fill=False, ec="deepskyblue", lw=1.2))
    for group, colour, upper in ((select(records, Kind.LOOP), "blue", True), (silver, "green", False)):
        xy = loop_table(group)[:, :2] / 1e6
        first, second = (xy[:, 1], xy[:, 0]) if upper else (xy[:, 0], xy[:, 1])
        axes.scatter(first, second, s=90, facecolors="none", edgecolors=colour, linewidths=1.3)
    axes.set(xlim=ends, ylim=ends[::-1], xlabel="chr17 (Mb): above the diagonal hicstruct, below chromosight (green)")
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pred", type=Path, help="use these calls instead of running hicstruct predict")
    parser.add_argument("--model", default="default")
    parser.add_argument("--picture", type=Path, default=RESULTS / "hffc6.png")
    args = parser.parse_args()
    folder = args.pred or scratch("hffc6") / "predicted"
    if args.pred is None:
        uri = f"{data_dir() / 'maps' / MAP}::/resolutions/{SIZE}"
        region = f"chr17:{REGION.start:,}-{REGION.end:,}"
        command = [hicstruct(), "predict", uri, "-o", folder, "--region", region, "--model", args.model, "--quiet"]
        say(f"predicted in {run_program(command).wall_s:.1f} s")
    records, silver = read(folder), read(data_dir() / "labels" / SILVER)
    ours, theirs = piled(select(records, Kind.LOOP)), piled(silver)
    for name, found in (("hicstruct", ours), ("chromosight", theirs)):
        say(f"{name}: {found['called']} loops, {found['piled_up']} piled up, centre/corner "
            f"{found['centre_to_corner']:.2f}, shifted {found['shifted_control']:.2f}")  # fmt: skip
    args.picture.parent.mkdir(parents=True, exist_ok=True)
    draw(records, silver, args.picture)
    say(f"wrote {args.picture}")
    met = ours["centre_to_corner"] >= 2 and 0.8 <= ours["shifted_control"] <= 1.25
    record("hffc6", {"hicstruct": ours, "chromosight (OHCA)": theirs, "met": met, "picture": args.picture.name})


if __name__ == "__main__":
    main()
