"""Every caller beside the others: its command, and its calls as plain tables; a peer runs once per map and setting.

Our own command always runs (models change); what a peer wrote stays in ``scratch/bench`` beside a note of the map and
the command it came from, and is made again when either differs.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._harness import PEERS, THREADS, BenchmarkError, data_dir, hicstruct, peer, run_program
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.records import loop_table, select

Table = Any
"""float64 array; loops are centres of both anchors (bp) and a score, shape ``(n, 3)``."""

MAX_DISTANCE = 3_000_000
STRIPEPY = {
    "authors": (),
    "longer": ("--loc-trend-min", "0.1", "--loc-pers-min", "0.15"),
    "fewer": ("--glob-pers-min", "0.1"),
}
"""Settings of StripePy: its own, stripes that run on where they are weak, only the most prominent anchors."""

STRIPECALLER = {
    "authors": (),
    "longer": ("--max-gap", "10"),
    "fewer": ("--fold-enrichment", "1.3", "--min-stripe-len", "15"),
}
"""Settings of StripeCaller: its own, stripes that run on where they are weak, only strong and long ones."""

PEER_LOOPS = ("chromosight", "cooltools dots", "mustache")


def predict(
    uri: str | Path,
    out: Path,
    *options: str,
    model: str,
    tasks: str = "loop",
    chrom: str | None = None,
    threads: int = THREADS,
) -> Path:
    """Run ``hicstruct predict`` in mode ``fast`` (the default, of every figure here) into ``out``."""
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    where = ["--genome"] if chrom is None else ["--chrom", chrom]
    command = [hicstruct(), "predict", uri, "-o", out, *where, "--tasks", tasks, "--model", model, "--quiet"]
    run_program([*command, *options, "--mode", "fast", "--threads", str(threads)], threads=threads)
    return out


def our_loops(folder: Path, chrom: str | None = None) -> Table:
    """Loops that :func:`predict` wrote."""
    return _loops(folder / "loops.bedpe", chrom)


def peer_loops(name: str, uri: str, folder: Path, *, loose: bool = False) -> Table:
    """A peer's loops on a balanced map, up to 3 Mb, best score highest.

    Parameters
    ----------
    name : one of :data:`PEER_LOOPS`
    uri : str
        ``FILE`` or ``FILE::/group``.
    folder : Path
        Keeps its output.
    loose : bool
        Thresholds of significance relaxed far below the authors', so that the precision–recall curve is whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {"chromosight": _chromosight, "cooltools dots": _dots, "mustache": _mustache}[name](uri, folder, loose)


def chromosight(uri: str, prefix: Path, *options: str, threads: int = THREADS) -> list[str | Path]:
    """Chromosight's loop detection as its authors set it, up to 3 Mb."""
    common = ["--threads", str(threads), "--no-plotting", "--max-dist", str(MAX_DISTANCE)]
    return [peer("chromosight"), "detect", *common, *options, uri, prefix]


def loop_files(path: Path, folder: Path, resolution: int) -> dict[str, Path]:
    """Label files of four loop callers, as their authors set them, on a balanced ``.cool`` at the file's root."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: peer_file(name, f"{path}::/", folder, resolution) for name in PEER_LOOPS}
    out = folder / "hicpeaks.bedpe"
    command = [peer("pyHICCUPS"), "-O", out, "-p", path, "--pw", "2", "--ww", "5", "--maxapart", str(MAX_DISTANCE)]
    _once(str(path), out, [[*command, "--logFile", folder / "hicpeaks.log", "-C"]])
    return {**found, "hicpeaks": out}


def peer_file(name: str, uri: str, folder: Path, resolution: int) -> Path:
    """The file that a caller of :data:`PEER_LOOPS` writes with its authors' thresholds."""
    if name == "mustache":
        out, file = folder / "mustache.tsv", uri.partition("::")[0]
        words = ["-f", file, "-r", str(resolution), "-d", str(MAX_DISTANCE), "-pt", "0.2", "-st", "0.88", "-p", "1"]
        _once(uri, out, [[peer("mustache"), *words, "-o", out]])
        return out
    peer_loops(name, uri, folder)
    return folder / {"chromosight": "chromosight.tsv", "cooltools dots": "dots.bedpe"}[name]


def chr21_at_root(folder: Path) -> Path:
    """GM12878 chr21 at 10 kb as by :func:`at_root`."""
    return at_root(data_dir() / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool", "10000", folder / "chr21.cool")


def at_root(source: Path, group: str, out: Path) -> Path:
    """A ``.cool`` whose map lies at the root of the file: not every caller reads groups."""
    import h5py

    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists():
        part = out.with_suffix(".part")
        with h5py.File(source) as one, h5py.File(part, "w") as other:
            for key in one[group]:
                one.copy(f"{group}/{key}", other)
            other.attrs.update(one[group].attrs)
        part.rename(out)
    return out


def insulation(uri: str, folder: Path, window: int = 100_000) -> Table:
    """Start (bp) and strength of all minima of cooltools' insulation score, shape ``(n, 2)``."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"insulation_{window}.tsv"
    _once(uri, out, [[peer("cooltools"), "insulation", uri, str(window), "-o", out]])
    table = pd.read_csv(out, sep="\t")
    table = table[table[f"boundary_strength_{window}"].notna()]
    return table[["start", f"boundary_strength_{window}"]].to_numpy(float)


def stripepy(uri: str, folder: Path, resolution: int, *, setting: str = "authors") -> Table:
    """StripePy's stripes without its last threshold: ``x0, x1, y0, y1, relative change, direction``, ``(n, 6)``.

    It reads raw counts, its default: on balanced ones its stripes shrink to a few bins (tried).
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = PEERS.parent.with_name(".venv-peers-stripepy") / "bin" / "stripepy"
    if not program.exists():
        raise BenchmarkError("stripepy is not installed: run benchmarks/peers.sh")
    found, shown = (folder / f"stripepy_{setting}.{end}" for end in ("hdf5", "tsv"))
    options = ["-b", str(MAX_DISTANCE), "-o", found, "--force", "--verbosity", "error", *STRIPEPY[setting]]
    call = [program, "call", uri.partition("::")[0], str(resolution), *options]
    view = [program, "view", found, "--relative-change-threshold", "0", "--with-header", "--with-biodescriptors"]
    _once(uri, shown, [call, [*view, "--verbosity", "error"]], log=shown)
    return read_stripepy(pd.read_csv(shown, sep="\t"))


def read_stripepy(table: pd.DataFrame) -> Table:
    """Its first interval is the anchor x, the second the extent y: below the diagonal it points down, above it up."""
    x, y = (table[[f"start{k}", f"end{k}"]].to_numpy(float) for k in (1, 2))
    down = np.where(y.mean(axis=1) >= x.mean(axis=1), 1.0, -1.0)
    return np.column_stack([x, y, table["rel_change"].to_numpy(float), down])


def stripecaller(uri: str, folder: Path, *, setting: str = "authors") -> Table:
    """StripeCaller's stripes: ``x0, x1, y0, y1, length, direction``, ``(n, 6)``; it gives no score."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"stripecaller_{setting}.bedpe"
    words = ["-O", out, "-p", uri, "--maxapart", str(MAX_DISTANCE), *STRIPECALLER[setting]]
    _once(uri, out, [[peer("call-stripes"), *words, "--logFile", folder / "stripecaller.log", "-C"]])
    return read_stripecaller(np.loadtxt(out, usecols=(1, 2, 4, 5), ndmin=2))


def read_stripecaller(ends: Table) -> Table:
    """Whichever interval is one bin is the anchor: the first of a stripe that points down, the second of one up."""
    ends = np.asarray(ends, float).reshape(-1, 4)
    widths = ends[:, [1, 3]] - ends[:, [0, 2]]
    down = widths[:, 0] <= widths[:, 1]
    table = np.where(down[:, None], ends, ends[:, [2, 3, 0, 1]])
    return np.column_stack([table, widths.max(axis=1), np.where(down, 1.0, -1.0)])


def _loops(path: Path, chrom: str | None = None) -> Table:
    return loop_table(select(read_labels(path).records, Kind.LOOP, chrom))


def _chromosight(uri: str, folder: Path, loose: bool) -> Table:
    """Loose: correlation from .15 on and windows of any number of empty pixels (shallow maps have little else)."""
    prefix = folder / f"chromosight{'_loose' * loose}"
    options = ["--pearson", "0.15", "--perc-zero", "100"] if loose else []
    table = prefix.with_suffix(".tsv")
    _once(uri, table, [chromosight(uri, prefix, *options)])
    return _loops(table)


def _dots(uri: str, folder: Path, loose: bool) -> Table:
    """Ranked by q against the donut, ties by z (better than the enrichment, tried); loose: FDR .5, more empty bins."""
    expected, out = folder / "expected.tsv", folder / f"dots{'_loose' * loose}.bedpe"
    _once(uri, expected, [[peer("cooltools"), "expected-cis", uri, "-o", expected]])
    options = ["--max-loci-separation", str(MAX_DISTANCE), "--fdr", "0.5" if loose else "0.02"]
    options += ["--max-nans-tolerated", "4"] if loose else []
    _once(uri, out, [[peer("cooltools"), "dots", uri, expected, *options, "-o", out]])
    table = pd.read_csv(out, sep="\t")
    expected_there = table["la_exp.donut.value"]
    z = (table["count"] - expected_there) / np.sqrt(expected_there)
    score = np.empty(len(table))
    score[np.lexsort((z, -table["la_exp.donut.qval"]))] = np.arange(len(table))
    return np.column_stack([_centres(table, "start1", "end1"), _centres(table, "start2", "end2"), score])


def _mustache(uri: str, folder: Path, loose: bool) -> Table:
    """Ranked by FDR; loose: FDR up to .5 and sparse surroundings allowed."""
    out = folder / f"mustache{'_loose' * loose}.tsv"
    file, _, group = uri.partition("::")
    resolution = group.rsplit("/", 1)[-1]
    options = ["-pt", "0.5" if loose else "0.2", "-st", "0.5" if loose else "0.88", "-p", "1"]
    _once(uri, out, [[peer("mustache"), "-f", file, "-r", resolution, "-d", str(MAX_DISTANCE), *options, "-o", out]])
    if not out.exists() or not out.read_text().strip():
        return np.zeros((0, 3))
    table = pd.read_csv(out, sep="\t")
    x, y = _centres(table, "BIN1_START", "BIN1_END"), _centres(table, "BIN2_START", "BIN2_END")
    return np.column_stack([x, y, -table["FDR"].to_numpy(float)])


def _centres(table: pd.DataFrame, start: str, end: str) -> Table:
    return ((table[start] + table[end]) / 2).to_numpy(float)


def _once(uri: str, out: Path, commands: Sequence[Sequence[str | Path]], *, log: Path | None = None) -> None:
    """Run the commands in turn unless ``out`` is there, of this very map and these very words."""
    file = Path(uri.partition("::")[0]).stat()
    # the program by its name: the same call from another work tree is the same call
    words = (" ".join([Path(c[0]).name, *map(str, c[1:])]) for c in commands)
    note = "\n".join([f"{file.st_size} {file.st_mtime_ns}", *words])
    stamp = out.with_name(f"{out.name}.from")
    if stamp.exists() and stamp.read_text() == note:
        return
    out.unlink(missing_ok=True)
    for k, command in enumerate(commands):
        run_program(command, threads=1, log=log if k == len(commands) - 1 else None)
    stamp.write_text(note)
