"""Pile-ups beside coolpup.py's, value by value, and the seconds of both: GM12878 chr21, real loops and TADs.

    python -m benchmarks.pileup

*same expected*: both divide by the mean of each diagonal alone, as cooltools gives it; the windows must be equal.
*ours*: as ``hicstruct pileup`` does it, with expected over neighbouring diagonals.  *TADs*: stretched to 99 pixels;
coolpup.py interpolates where ours takes means by area, so that they are alike, not equal.
coolpup.py runs in ``.venv-peers-coolpuppy`` (``benchmarks/peers.sh``), or by the Python of ``$HICSTRUCT_COOLPUPPY``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._harness import ROOT, BenchmarkError, data_dir, record, say

MAP, LOOPS, TADS = (
    "GM12878_MboI_chr21_10kb_hg19.cool",
    "GM12878_chr21.RAD21_ChIA-PET.hg19.bedpe",
    "GM12878_chr21.Arrowhead.hg19.bed",
)
SIZE = 10_000
MAX_DIFFERENCE, MIN_CORRELATION = 1e-6, 0.97

THEIRS = """
import sys, time
import cooler, cooler.fileops, cooltools, bioframe, numpy as np, pandas as pd
from coolpuppy import coolpup
path, loops, tads, out = sys.argv[1:]
clr = cooler.Cooler(path + "::" + cooler.fileops.list_coolers(path)[0])
view = bioframe.make_viewframe(clr.chromsizes)
expected = cooltools.expected_cis(clr, view_df=view, smooth=False, aggregate_smoothed=False)
pairs = pd.read_csv(loops, sep="\\t")
domains = pd.read_csv(tads, sep="\\t")
began = time.perf_counter()
pile = coolpup.pileup(clr, pairs, features_format="bedpe", view_df=view, expected_df=expected, flank=100_000)
seconds = time.perf_counter() - began
rescaled = coolpup.pileup(
    clr, domains, features_format="bed", view_df=view, expected_df=expected, local=True, rescale=True,
    rescale_flank=1, rescale_size=99,
)
by_distance = expected.sort_values("dist")["balanced.avg"].to_numpy()
one, two = pile.loc[0], rescaled.loc[0]
np.savez(out, loops=one["data"], n=one["n"], tads=two["data"], n_tads=two["n"], expected=by_distance, seconds=seconds)
"""


def their_python() -> Path:
    """The Python that has coolpup.py."""
    given = os.environ.get("HICSTRUCT_COOLPUPPY")
    found = Path(given) if given else ROOT / ".venv-peers-coolpuppy" / "bin" / "python"
    if not found.exists():
        raise BenchmarkError("coolpup.py is not installed: run benchmarks/peers.sh")
    return found


def run_theirs(path: Path, loops: Any, tads: Any, folder: Path) -> dict[str, NDArray[np.float64]]:
    """coolpup.py on the same records."""
    (folder / "theirs.py").write_text(THEIRS, encoding="utf-8")
    pairs = [(a.chrom, a.anchor1.start, a.anchor1.end, a.chrom, a.anchor2.start, a.anchor2.end) for a in loops]
    _write(folder / "loops.tsv", ("chrom1", "start1", "end1", "chrom2", "start2", "end2"), pairs)
    spans = [(a.chrom, a.anchor1.start, a.anchor1.end) for a in tads]
    _write(folder / "tads.tsv", ("chrom", "start", "end"), spans)
    words = [their_python(), folder / "theirs.py", path, folder / "loops.tsv", folder / "tads.tsv", folder / "out.npz"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkError(f"coolpup.py failed:\n{done.stderr[-1500:]}")
    with np.load(folder / "out.npz") as found:
        return {name: np.asarray(found[name]) for name in found}


def _write(path: Path, head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in [head, *rows]), encoding="utf-8")


def compare(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> dict[str, float]:
    """How alike two windows are."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    apart = np.abs(ours - theirs)[both]
    return {
        "max_difference": float(apart.max()),
        "mean_difference": float(apart.mean()),
        "correlation": float(np.corrcoef(ours[both], theirs[both])[0, 1]),
        "compared": float(both.mean()),
    }


def run() -> dict[str, Any]:
    """Both programs on the same records."""
    from napari_hicstruct.annotations import Kind, read_labels
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.evaluation.pileup import Windows, pile_up
    from napari_hicstruct.evaluation.records import loop_table
    from napari_hicstruct.genome import n_bins
    from napari_hicstruct.jobs import CancelToken, drain
    from napari_hicstruct.workflows.pileup import PileupRequest, iter_pileup
    from napari_hicstruct.workflows.pileup.contacts import NearContacts
    from napari_hicstruct.workflows.pileup.sets import PileSet

    path = data_dir() / "maps" / MAP
    source = open_map(path)
    loops, tads = (
        read_labels(data_dir() / "labels" / name, chromsizes=source.chromsizes, kind=kind).records
        for name, kind in ((LOOPS, Kind.LOOP), (TADS, Kind.TAD))
    )
    # coolpup.py measures to a base pair how near the diagonal is too near, we to a bin: none of these is in between
    loops = [one for one in loops if one.distance >= 230_000]
    with tempfile.TemporaryDirectory() as name:
        theirs = run_theirs(path, loops, tads, Path(name))
    length = source.chromsizes["21"]
    windows = Windows(SIZE, n_bins(length, SIZE), 10)
    fetch = NearContacts(source, "21", resolution=SIZE, norm="weight", max_distance=length, token=CancelToken())
    same = pile_up(fetch, loop_table(loops), windows, expected=theirs["expected"], min_valid=0.0)
    request = PileupRequest(sets=(PileSet("loops", tuple(loops)),), control=False, min_valid=0.0)
    drain(iter_pileup(source, request))  # what is compiled, cached or read once is not counted, as it is not there
    began = time.perf_counter()
    ours = drain(iter_pileup(source, request)).piles[0]
    seconds = time.perf_counter() - began
    stretched = PileupRequest(sets=(PileSet("TADs", tuple(tads)),), size=99, control=False, min_valid=0.0)
    rescaled = drain(iter_pileup(source, stretched)).piles[0]
    return {
        "map": MAP,
        "loops": {"given": len(loops), "ours": same.n, "theirs": int(theirs["n"])},
        "same_expected": compare(same.window, theirs["loops"]),
        "ours": compare(ours.pile.window, theirs["loops"]),
        "tads": {"ours": rescaled.pile.n, "theirs": int(theirs["n_tads"])}
        | compare(rescaled.pile.window, theirs["tads"]),
        "seconds": {"ours": seconds, "theirs": float(theirs["seconds"])},
    }


def main() -> int:
    """Measure, record, and say whether the bars hold."""
    figures = run()
    same, tads = figures["same_expected"], figures["tads"]
    figures["met"] = same["max_difference"] <= MAX_DIFFERENCE and tads["correlation"] >= MIN_CORRELATION
    record("pileup", figures)
    say(f"{figures['loops']}: largest difference {same['max_difference']:.2g} of a window with the same expected")
    say(f"  as the command does it: correlation {figures['ours']['correlation']:.4f}, "
        f"mean difference {figures['ours']['mean_difference']:.3f}")  # fmt: skip
    say(f"  TADs {tads['ours']} and {tads['theirs']}: correlation {tads['correlation']:.4f}, "
        f"mean difference {tads['mean_difference']:.3f}")  # fmt: skip
    say(f"  seconds {figures['seconds']['ours']:.2f}, theirs {figures['seconds']['theirs']:.2f}")
    return 0 if figures["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
