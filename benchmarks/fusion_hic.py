"""Fusion of two Hi-C maps: replicates, a sharp map of 5 kb and a deep one of 10 kb, one map with artefacts, speed.

Replicates: the contacts of GM12878 chr21 (10 kb) shared out at random in two, and in three, of which one third is not
fused; and pairs of simulated experiments.  Unlike bins: simulated maps, and HFFc6 Micro-C thinned.  Artefacts: bad
bins, a fake stripe and a duplicated block put into one of two.  No map is one of training.  SCC is HiCRep's, on counts,
up to 2 Mb, with mean filters of several half widths h (HiCRep takes 20 at 10 kb; 1 keeps what is sharp).

    python -m benchmarks.fusion_hic [--model FOLDER] [--only PART ...] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _curves as curves
from benchmarks import _fusion_hic as maps
from benchmarks._harness import newest, record, run_program, say, scratch

H_10KB, H_5KB = (1, 5, 20), (0, 1, 5)
TOP = (25, 50, 100, 133)
DEPTHS = ((10.0, 60.0), (30.0, 120.0))
"""Mean counts of neighbouring 5 kb bins, sharp and deep."""

Figures = dict[str, Any]


def valid_bins(counts: Any) -> Any:
    """Bins with at least a tenth of the usual contacts."""
    total = counts[1 : min(len(counts), 50)].sum(axis=0)
    return total > 0.1 * np.median(total[total > 0])


def replicates_chr21(model: Path | None, quick: bool) -> Figures:
    """Halves against the whole; two thirds against the third."""
    work, rng = scratch("fusion_hic"), np.random.default_rng(21)
    whole = maps.real_counts(maps.CHR21, 10_000, "21")
    a, b = maps.thinned(whole, 0.5, rng)
    fused_path = _fused(work / "chr21", a, b, 10_000, model, "chr21")
    fused = maps.read(fused_path, 10_000)
    valid = valid_bins(whole)
    found: Figures = {"whole": {}, "third": {}}
    for name, one in {"fused": fused, "sum": a + b, "first": a}.items():
        found["whole"][name] = maps.alike(one, whole, 10_000, H_10KB, valid)
    found["pixels_changed"] = float((fused != a + b)[whole > 0].mean())
    first, rest = maps.thinned(whole, 1 / 3, rng)
    second, third = maps.thinned(rest, 0.5, rng)
    fused3 = maps.read(_fused(work / "chr21-thirds", first, second, 10_000, model, "chr21"), 10_000)
    for name, one in {"fused": fused3, "sum": first + second, "first": first}.items():
        found["third"][name] = maps.alike(one, third, 10_000, H_10KB, valid)
    found["loops"] = _loops_chr21(
        {"fused": fused_path, "whole": maps.write(work / "whole.mcool", whole, 10_000, "chr21")}
    )
    found["met"] = all(
        found[part]["fused"][f"scc_h{h}"] >= found[part]["sum"][f"scc_h{h}"] - 1e-6
        for part in ("whole", "third")
        for h in H_10KB
    ) and all(found["loops"]["fused"][n] >= found["loops"]["whole"][n] - 1e-9 for n in map(str, TOP))
    return found


def _fused(folder: Path, a: Any, b: Any, resolution: int, model: Path | None, chrom: str = "chr1") -> Path:
    first, second = (maps.write(folder / f"{name}.mcool", one, resolution, chrom) for name, one in (("a", a), ("b", b)))
    return maps.fuse(first, second, folder / "fused.mcool", model)


def _loops_chr21(paths: dict[str, Path]) -> Figures:
    found: Figures = {}
    for name, path in paths.items():
        match = curves.real_match(maps.loops(path, 10_000, "chr21"))
        found[name] = {str(n): value for n, value in curves.at(match, TOP).items()}
        say(f"loops on {name}: {found[name]}")
    return found


def replicates_simulated(model: Path | None, quick: bool) -> Figures:
    """Two experiments of one simulated map, at 10 kb: against both together, a third one, and the truth."""
    rows = []
    for seed in range(maps.FIRST_SEED, maps.FIRST_SEED + (1 if quick else 3)):
        one = maps.sim(seed)
        for depth in (20.0,) if quick else (5.0, 40.0):
            parts = [maps.deep(maps.replicate(one, depth * k, number)) for number, k in ((1, 1.0), (2, 1.5), (3, 2.5))]
            a, b, third = parts
            fused = maps.read(_fused(scratch("fusion_hic") / "sim", a, b, 10_000, model), 10_000)
            truth = maps.deep(maps.expected_counts(one, 1.0))
            valid = valid_bins(truth)
            row: Figures = {"seed": seed, "depth": depth, "pixels_changed": float((fused != a + b)[a + b > 0].mean())}
            for part, reference in (("whole", a + b), ("third", third), ("truth", truth)):
                row[part] = {
                    name: maps.alike(counts, reference, 10_000, H_10KB, valid)
                    for name, counts in (("fused", fused), ("sum", a + b))
                }
            rows.append(row)
            say(f"seed {seed}, depth {depth:g}: {row['pixels_changed']:.5f} changed; third {row['third']}")
    met = all(
        row[part]["fused"][f"scc_h{h}"] >= row[part]["sum"][f"scc_h{h}"] - 1e-6
        for row in rows
        for part in ("whole", "third", "truth")
        for h in H_10KB
    )
    return {"rows": rows, "met": met}


def unlike_simulated(model: Path | None, quick: bool) -> Figures:
    """5 kb sharp and 10 kb deep, simulated: against the truth."""
    rows = []
    for seed in maps.UNLIKE_SEEDS[: 1 if quick else None]:
        one = maps.sim(seed)
        for depths in DEPTHS[:1] if quick else DEPTHS:
            sharp, deep = maps.replicate(one, depths[0], 1), maps.deep(maps.replicate(one, depths[1], 2))
            truth = maps.expected_counts(one, sum(depths))
            found = _compare_unlike(sharp, deep, truth, scratch("fusion_hic") / "unlike", model)
            found["loops"] = _loops_simulated(found.pop("paths"), one, sum(depths))
            rows.append({"seed": seed, "depths": depths, **found})
            say(f"seed {seed}, {depths}: {_short(rows[-1])}")
    return {"rows": rows, **_above(rows)}


def _compare_unlike(sharp: Any, deep: Any, reference: Any, work: Path, model: Path | None) -> Figures:
    first = maps.write(work / "sharp.mcool", sharp, 5_000)
    second = maps.write(work / "deep.mcool", deep, 10_000, length=sharp.shape[1] * 5_000)
    fused_path = maps.fuse(first, second, work / "fused.mcool", model)
    other = maps.spread(deep, sharp, 5_000)
    summed = sharp + other
    candidates = {"fused": maps.read(fused_path, 5_000), "sharp": sharp, "deep": other, "sum": summed}
    candidates |= {f"smoothed {sigma:g}": maps.smoothed(summed, sigma, 5_000) for sigma in maps.SMOOTHING}
    valid = valid_bins(reference)
    figures = {name: maps.alike(one, reference, 5_000, H_5KB, valid) for name, one in candidates.items()}
    paths = {name: maps.write(work / f"{name}.mcool", one, 5_000) for name, one in candidates.items()}
    paths["fused"] = fused_path
    return {"figures": figures, "paths": paths}


def _loops_simulated(paths: dict[str, Path], one: Any, depth: float) -> Figures:
    """Average precision at 5 kb, of what is visible at both depths together."""
    from napari_hicstruct.annotations.records import Kind
    from napari_hicstruct.evaluation.loops import match_loops, prepare, rank
    from napari_hicstruct.evaluation.records import loop_table, select
    from napari_hicstruct.synth.records import truth_records

    visible, faint = (loop_table(select(records, Kind.LOOP)) for records in truth_records(one, depth))
    wanted = prepare(visible[:, :2])
    near = np.abs(wanted[:, 1] - wanted[:, 0]) < maps.DISTANCE
    found: Figures = {"visible": int(near.sum())}
    for name, path in paths.items():
        calls = prepare(maps.loops(path, 5_000))
        calls = calls[np.abs(calls[:, 1] - calls[:, 0]) < maps.DISTANCE]
        found[name] = match_loops(calls, wanted[near], 10_000, ignore=rank(faint)).average_precision()
    return found


def unlike_hffc6(model: Path | None, quick: bool) -> Figures:
    """HFFc6 Micro-C at 5 kb thinned: a part at 5 kb, a larger one at 10 kb, the rest is what both are compared with."""
    whole = maps.real_counts(maps.HFFC6, 5_000, "chr17")
    first, last = np.flatnonzero(whole.sum(axis=0))[[0, -1]]
    first -= first % 2
    whole = np.ascontiguousarray(whole[: last - first + 1, first : last + 1])
    whole = whole[:, : whole.shape[1] // 2 * 2]
    rows = []
    for shares in ((0.005, 0.05),) if quick else ((0.002, 0.02), (0.005, 0.05), (0.02, 0.2)):
        for seed in range(1 if quick else 3):
            rng = np.random.default_rng([17, seed])
            sharp, rest = maps.thinned(whole, shares[0], rng)
            part, rest = maps.thinned(rest, shares[1] / (1 - shares[0]), rng)
            found = _compare_unlike(sharp, maps.deep(part), rest, scratch("fusion_hic") / "hffc6", model)
            found["loops"] = _loops_hffc6(found.pop("paths"), rest)
            rows.append({"seed": seed, "depths": shares, **found})
            say(f"HFFc6 {shares}, seed {seed}: {_short(rows[-1])}")
    return {"rows": rows, **_above(rows)}


def _loops_hffc6(paths: dict[str, Path], rest: Any) -> Figures:
    """Average precision against the loops (p ≥ .5) that the model calls on the contacts that nobody fused."""
    from napari_hicstruct.evaluation.loops import match_loops, prepare

    path = maps.write(scratch("fusion_hic") / "hffc6" / "rest.mcool", rest, 5_000)
    called = maps.loops(path, 5_000)
    wanted = prepare(called[called[:, 2] >= 0.5][:, :2])
    found: Figures = {"visible": len(wanted)}
    for name, one in paths.items():
        found[name] = match_loops(prepare(maps.loops(one, 5_000)), wanted, 10_000).average_precision()
    return found


def _short(row: Figures) -> str:
    shown = {name: {key: round(value, 3) for key, value in one.items()} for name, one in row["figures"].items()}
    loops = {name: round(value, 3) for name, value in row["loops"].items()}
    return "".join(f"\n  {name:14s} {one} AP {loops.get(name)}" for name, one in shown.items())


def _above(rows: list[Figures]) -> Figures:
    """Mean of each figure over the rows, and whether ours is above every other's."""
    names = list(rows[0]["figures"])
    mean: Figures = {}
    for name in names:
        mean[name] = {
            key: float(np.mean([row["figures"][name][key] for row in rows])) for key in rows[0]["figures"][name]
        }
        mean[name]["loop_ap"] = float(np.nanmean([row["loops"][name] for row in rows]))
    others = [name for name in names if name != "fused"]
    above = {key: mean["fused"][key] > maps.best(mean, others, key)[1] for key in mean["fused"]}
    every = {
        key: float(np.mean([row["figures"]["fused"][key] > maps.best(row["figures"], others, key)[1] for row in rows]))
        for key in rows[0]["figures"]["fused"]
    }
    bars = ("scc_h1", "ssim", "loop_ap")
    return {"mean": mean, "above": above, "rows_above": every, "met": all(above[key] for key in bars)}


def artefacts(model: Path | None, quick: bool) -> Figures:
    """Faults in one of two maps: does the mask turn away from it there, and is the fault gone?"""
    from sklearn.metrics import roc_auc_score

    from napari_hicstruct.synth.map_faults import add_faults

    cases = {"chr21": maps.real_counts(maps.CHR21, 10_000, "21")}
    for seed in range(maps.FIRST_SEED + 20, maps.FIRST_SEED + (20 if quick else 21)):
        cases[f"simulated {seed}"] = maps.deep(maps.replicate(maps.sim(seed), 30.0, 1))
    kinds = ("bad_bins", "stripes", "blocks")
    rows: Figures = {}
    for name, whole in cases.items():
        rng = np.random.default_rng(77)
        a, b = maps.thinned(whole, 0.5, rng)
        for kind in kinds:
            for broken in ("first",) if quick or name != "chr21" else ("first", "second"):
                made = add_faults(a if broken == "first" else b, np.random.default_rng(78), **{kind: 12})
                pair = (made.counts, b) if broken == "first" else (a, made.counts)
                path = _fused(scratch("fusion_hic") / "faulty", *pair, 10_000, model)
                mask, fused = maps.read(path, 10_000, "share_of_first"), maps.read(path, 10_000)
                there = fused > 0  # a pixel that is not written has no mask
                touched = getattr(made, kind)
                turned = 1 - mask if broken == "first" else mask
                clean, faulty = a + b, pair[0] + pair[1]
                rows[f"{name}, {kind}, {broken}"] = row = {
                    "auc": float(roc_auc_score(touched[there], turned[there])),
                    "before": float(faulty[touched].sum() / clean[touched].sum()),
                    "after": float(fused[touched].sum() / clean[touched].sum()),
                    "left": _left(fused, faulty, clean, touched),
                    "elsewhere_changed": float((fused != faulty)[there & ~touched].mean()),
                }
                say(f"{name}, {kind} in the {broken}: {row}")
    met = all(row["auc"] >= 0.9 for row in rows.values())
    gone = all(abs(row["after"] - 1) <= 0.15 for row in rows.values())
    return {"rows": rows, "auc_met": met, "gone": gone, "met": met and gone}


def _left(fused: Any, faulty: Any, clean: Any, touched: Any) -> float:
    """Share of a fault's change that is left: of summed counts."""
    before = float(faulty[touched].sum() - clean[touched].sum())
    return float((fused[touched].sum() - clean[touched].sum()) / before) if before else float("nan")


def speed(model: Path | None, quick: bool) -> Figures:
    """The command on halves of chr21, a process of its own, two threads."""
    work, rng = scratch("fusion_hic") / "speed", np.random.default_rng(21)
    a, b = maps.thinned(maps.real_counts(maps.CHR21, 10_000, "21"), 0.5, rng)
    files = [maps.write(work / f"{name}.mcool", one, 10_000, "21") for name, one in (("a", a), ("b", b))]
    entry = "import sys; from napari_hicstruct.cli.main import run; run()"
    out = work / "fused.mcool"
    command = [sys.executable, "-c", entry, "fuse", *files, "-o", out, "--overwrite", "--threads", "2", "--quiet"]
    if model is not None:
        command += ["--model", str(model)]
    runs = [run_program(command) for _ in range(1 if quick else 3)]
    wall, peak = min(run.wall_s for run in runs), max(run.peak_mb for run in runs)
    say(f"chr21 at 10 kb: {wall:.1f} s, {peak:,.0f} MB")
    walls = [run.wall_s for run in runs]
    return {"wall_s": wall, "walls_s": walls, "peak_mb": peak, "met": wall <= 60 and peak <= 1_536}


PARTS: dict[str, Callable[[Path | None, bool], Figures]] = {
    "replicates_chr21": replicates_chr21,
    "replicates_simulated": replicates_simulated,
    "unlike_simulated": unlike_simulated,
    "unlike_hffc6": unlike_hffc6,
    "artefacts": artefacts,
    "speed": speed,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    before = newest("fusion_hic")
    parts: Figures = dict(before["result"]["parts"]) if before and not args.quick else {}
    for name in args.only:
        started = time.monotonic()
        parts[name] = {**PARTS[name](args.model, args.quick), "quick": args.quick}
        say(f"{name}: {'met' if parts[name]['met'] else 'NOT MET'}, {time.monotonic() - started:.0f} s")
        if not args.quick and args.model is None:
            record("fusion_hic", {"parts": parts, "met": all(one["met"] for one in parts.values())})


if __name__ == "__main__":
    main()
