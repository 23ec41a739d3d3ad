"""Draw what the model calls on real maps beside the data: ``real_map_pictures.py OUT [--model default]``.

Observed over expected; above the diagonal the stripes of either direction as they are listed, below it the loops.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np

VIEWS = {
    "epha4": ("mouse_limbE11.5_Epha4_WT_chr1_73-79Mb_10kb.cool", "chr1", 73.0, 79.0),
    "chr21": ("GM12878_MboI_chr21_10kb_hg19.cool::/10000", "21", 32.0, 37.0),
}
"""Name: file among the real maps, chromosome, from, to (Mb)."""


def enriched(source: Any, chrom: str) -> Any:
    """Observed over expected of a chromosome at 10 kb, ``(n_diagonals, n_bins)``."""
    from napari_hicstruct.config.model import ModelConfig
    from napari_hicstruct.contacts.band_pair import iter_band_pair
    from napari_hicstruct.jobs import drain

    return drain(iter_band_pair(source, chrom, ModelConfig()))[1].observed_over_expected()


def draw(axes: Any, oe: Any, calls: Any, start: float, end: float) -> None:
    """One map with its calls; ``start`` and ``end`` in Mb."""
    first, n = round(start * 100), round((end - start) * 100)
    square = np.full((n, n), np.nan)
    for d in range(min(n, len(oe))):
        at = np.arange(n - d)
        square[at, at + d] = square[at + d, at] = oe[d, first : first + n - d]
    extent = (start, end, end, start)
    axes.imshow(np.log2(square + 0.05), cmap="RdBu_r", vmin=-2, vmax=2, extent=extent, interpolation="nearest")
    for stripe in calls.stripes:
        x, y = sorted((stripe.anchor1, stripe.anchor2), key=lambda one: one.end - one.start)
        middle, ends = x.center / 1e6, (y.start / 1e6, y.end / 1e6)
        up = ends[1] - middle < middle - ends[0]
        axes.plot(*(((middle, middle), ends) if up else (ends, (middle, middle))), color="lime", lw=2)
    for loop in calls.loops:
        axes.plot(loop.anchor1.center / 1e6, loop.anchor2.center / 1e6, "o", mfc="none", mec="k", ms=6)
    axes.set(xlim=(start, end), ylim=(end, start), xlabel="Mb")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="default")
    args = parser.parse_args()
    from matplotlib.figure import Figure

    import napari_hicstruct as hs
    from napari_hicstruct.contacts import open_map

    maps = Path(os.environ.get("HICSTRUCT_DATA", "../shared/data")) / "maps"
    args.out.mkdir(parents=True, exist_ok=True)
    for name, (file, chrom, start, end) in VIEWS.items():
        source = hs.open_map(str(maps / file))
        calls = hs.predict(source, chrom, model=args.model)
        figure = Figure(figsize=(8, 8), layout="constrained")
        draw(figure.subplots(), enriched(open_map(str(maps / file)), chrom), calls, start, end)
        figure.savefig(args.out / f"real-{name}.png", dpi=55)
        print(args.out / f"real-{name}.png")


if __name__ == "__main__":
    main()
