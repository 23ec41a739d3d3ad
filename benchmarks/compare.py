"""Two maps compared: planted changes, thinned copies, Epha4 wild type and DelB, speed on two maps of the size of chr1.

* Simulated pairs of 60 Mb at 10 kb with planted changes, called by contacts alone at 2.5 standard deviations, so that
  much of what is called is noise: share of false changes at FDR .05 and .2, power by depth, average precision of the
  order beside differences of scores as of coolpup.py (enrichment) and chromosight quantify (correlation with a dot).
* The same with nothing planted, and real maps against copies with half and a fifth of their contacts: nothing comes
  out.
* Epha4 WT and DelB, predicted: the lost TAD and its border on top, nothing else but beside the deletion.
* ``hicstruct compare`` of two simulated chr1-sized maps at 10 kb: time and memory, with calls given and predicted.

    python -m benchmarks.compare [--only planted thinned epha4 speed]

With ``--only`` the other parts are those of the newest result, which say of which commit they are.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmarks._compare_cells import PEERS
from benchmarks._harness import data_dir, hicstruct, newest, record, run_program, say, scratch
from benchmarks._planted import RESOLUTION, SMALL, Planted, called, draw, plant, simulated, true_change
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.evaluation.differences import benjamini_hochberg
from napari_hicstruct.workflows.compare import CompareRequest, compare
from napari_hicstruct.workflows.compare.judge import judge
from napari_hicstruct.workflows.compare.measure import KINDS_TESTED, Measured, measure, pair_up
from napari_hicstruct.workflows.compare.requests import ORDER

DEPTHS = (100.0, 300.0, 1_000.0, 3_000.0)
"""Mean counts of neighbouring bins of 10 kb."""

SEEDS = (1, 2, 3)
SHARE = 0.2
CHANGED = 0.1
"""log2; true change that an order should put first, whether planted there or beside."""

LEVELS = (0.05, 0.2)
TIME_BAR, MEMORY_BAR = 120.0, 2_048.0
REAL = (
    "GM12878_MboI_chr21_10kb_hg19.cool",
    "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool",
    "LNCaP_chr7_chr14_10kb_hg38.cool",
)
EPHA4 = "mouse_limbE11.5_Epha4_{}_chr1_73-79Mb_10kb.cool"
LOST_TAD, LOST_BORDER = (75_640_000, 77_930_000), (77_510_000, 77_930_000)
"""bp; the TAD that DelB has lost the larger part of, and the border with it: 77.5 inside, 77.9 at its end."""


def planted() -> dict[str, Any]:
    """Simulated pairs: false discoveries, power by depth, order."""
    rows: list[dict[str, Any]] = []
    for seed in SEEDS:
        sim = simulated(seed)
        for share in (0.0, SHARE):
            for depth in DEPTHS:
                rows += _one_pair(plant(sim, share, np.random.default_rng(seed)), depth, seed, share)
        say(f"seed {seed}: done")
    return _summary(rows)


def _one_pair(pair: Planted, depth: float, seed: int, share: float) -> list[dict[str, Any]]:
    rng = np.random.default_rng([seed, int(depth), int(100 * share)])
    a, b = draw(pair.a, depth, rng), draw(pair.b, depth / 2, rng)
    calls = called(a, pair.records), called(b, pair.records)
    rows = []
    for kind in KINDS_TESTED:
        found = Measured()
        measure(found, pair_up(*([one for one in side if one.kind is kind] for side in calls), 0), ([a], [b]), rng)
        result = judge(kind, found)
        records = [_one(pair_) for pair_ in result.pairs]
        rows.append(
            {
                "kind": kind.value,
                "depth": depth,
                "share": share,
                "p": result.columns["p"],
                "fdr": result.columns["fdr"],
                "size": np.abs(result.columns[ORDER]),
                "true": true_change(pair, records),
                "planted": np.array([one.uid in pair.planted for one in records], bool),
                "enrichment": _enrichment(result.columns),
                "correlation": _correlation(a, b, records) if kind is Kind.LOOP else None,
            }
        )
    return rows


def _one(pair: tuple[Annotation | None, Annotation | None]) -> Annotation:
    found = pair[0] or pair[1]
    assert found is not None
    return found


def _enrichment(columns: dict[str, Any]) -> NDArray[np.float64]:
    """Difference of enrichments over the surroundings, as scores of coolpup.py are compared."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (columns[f"contacts_{side}"] / columns[f"expected_{side}"] for side in "ab")
    return np.nan_to_num(np.abs(b - a))


def _correlation(a: Band, b: Band, records: list[Annotation]) -> NDArray[np.float64]:
    """Difference of correlations with a dot of 17 × 17 pixels, as chromosight quantify scores loops."""
    at = np.arange(-8, 9)
    dot = np.exp(-(at[:, None] ** 2 + at[None, :] ** 2) / 4).ravel()
    scores = []
    for band in (a, b):
        oe = band.observed_over_expected()
        own = []
        for one in records:
            i, j = (int(anchor.center // RESOLUTION) for anchor in (one.anchor1, one.anchor2))
            rows, cols = i + at[:, None], j + at[None, :]
            inside = (rows >= 0) & (cols - rows >= 0) & (cols - rows < oe.shape[0]) & (cols < oe.shape[1])
            patch = np.where(inside, oe[np.where(inside, cols - rows, 0), np.where(inside, rows, 0)], np.nan).ravel()
            known = np.isfinite(patch)
            own.append(np.corrcoef(patch[known], dot[known])[0, 1] if known.sum() > 50 else np.nan)
        scores.append(np.array(own))
    return np.nan_to_num(np.abs(scores[1] - scores[0]))


def average_precision(score: NDArray[np.float64], true: NDArray[np.bool_]) -> float:
    """Of an order by ``score``, the largest first; NaN without a true one."""
    hits = true[np.argsort(-score, kind="stable")]
    if not hits.any():
        return float("nan")
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def by_mad(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values of differences of scores, as one takes them for normal: z by their own median deviation."""
    scale = float(np.median(score)) / 0.6745
    return benjamini_hochberg(2 * ndtr(-score / max(scale, 1e-9)))


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {"false_share": {}, "false_share_of_score_differences": {}, "power": {}, "order": {}}
    for level in LEVELS:
        for kind in (*(kind.value for kind in KINDS_TESTED), "all"):
            own = [row for row in rows if row["share"] and kind in (row["kind"], "all")]
            out["false_share"][f"{kind} {level}"] = _false(own, "fdr", level)
            if kind != "all":
                other = [row | {"fdr": by_mad(row["enrichment"])} for row in own]
                out["false_share_of_score_differences"][f"{kind} {level}"] = _false(other, "fdr", level)
    for kind in (Kind.LOOP, Kind.STRIPE, Kind.BOUNDARY):
        for depth in DEPTHS:
            own = [row for row in rows if row["share"] and row["kind"] == kind.value and row["depth"] == depth]
            large = [(row["planted"] & (np.abs(row["true"]) > 0.3), row["fdr"] <= LEVELS[0]) for row in own]
            found, there = sum(int((a & b).sum()) for a, b in large), sum(int(a.sum()) for a, _ in large)
            out["power"][f"{kind.value} {depth:g}"] = found / max(there, 1)
            out["order"][f"{kind.value} {depth:g}"] = _orders(own)
    nothing = [row for row in rows if not row["share"]]
    out["found_where_nothing_changed"] = {
        f"{level}": [int(sum((row["fdr"] <= level).sum() for row in nothing)), sum(len(row["p"]) for row in nothing)]
        for level in LEVELS
    }
    return out


def _false(rows: list[dict[str, Any]], name: str, level: float) -> float:
    """Mean share of false ones among those found, 0 where nothing is found."""
    shares = []
    for row in rows:
        found = row[name] <= level
        shares.append(float((found & (np.abs(row["true"]) < SMALL)).sum() / max(int(found.sum()), 1)))
    return float(np.mean(shares))


def _orders(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Average precision of what truly changed, by the shrunken ratio, by p, and by differences of scores.

    *ours* orders by the number alone, *listed* as the table does at FDR .05: changes first.
    """
    sizes = [np.nan_to_num(row["size"], nan=-1.0) for row in rows]
    scores = {
        "ours": sizes,
        "listed": [size + 1e3 * (row["fdr"] <= LEVELS[0]) for size, row in zip(sizes, rows, strict=True)],
        "p": [np.nan_to_num(-row["p"], nan=-1.0) for row in rows],
        "coolpup": [row["enrichment"] for row in rows],
    }
    if rows[0]["correlation"] is not None:
        scores["chromosight"] = [row["correlation"] for row in rows]
    return {
        name: float(
            np.nanmean(
                [average_precision(one, np.abs(row["true"]) > CHANGED) for one, row in zip(own, rows, strict=True)]
            )
        )
        for name, own in scores.items()
    }


def thinned() -> dict[str, Any]:
    """Real maps against copies of themselves with fewer contacts, predicted on both: changes at FDR .2."""
    out = {}
    for name in REAL:
        for share in (0.5, 0.2):
            with tempfile.TemporaryDirectory() as folder:
                whole, copy = thinned_copy(data_dir() / "maps" / name, Path(folder), share)
                found = compare(CompareRequest(a=str(whole), b=str(copy), fdr=LEVELS[1]))
            counts = found.counts()
            changed = sum(n for change, n in counts.items() if change not in ("same", "untested"))
            out[f"{name} {share}"] = [changed, counts["same"]]
            say(f"{name}, {share:.0%} of the contacts: {changed} of {counts['same'] + changed} changed")
    return out


def thinned_copy(path: Path, folder: Path, share: float) -> tuple[Path, Path]:
    """A map at 10 kb, and a copy with a share of its contacts."""
    import cooler

    groups = cooler.fileops.list_coolers(str(path))
    source = cooler.Cooler(f"{path}::{next((one for one in groups if one.endswith('10000')), groups[0])}")
    bins, pixels = source.bins()[["chrom", "start", "end"]][:], source.pixels()[["bin1_id", "bin2_id", "count"]][:]
    whole, copy = folder / "whole.cool", folder / "thinned.cool"
    cooler.create_cooler(str(whole), bins, pixels, ordered=True)
    counts = np.random.default_rng(7).binomial(pixels["count"].astype(int), share)
    fewer = pixels.assign(count=counts)[counts > 0]
    cooler.create_cooler(str(copy), bins, fewer, ordered=True)
    return whole, copy


def epha4() -> dict[str, Any]:
    """At which rank the lost TAD and its border come, and what changed away from the deletion."""
    a, b = (str(data_dir() / "maps" / EPHA4.format(name)) for name in ("WT", "DelB"))
    table = compare(CompareRequest(a=a, b=b)).table
    lost = table[table["change"] == "lost"].reset_index(drop=True)
    tad = lost.index[(lost["kind"] == "tad") & (abs(lost["start1"] - LOST_TAD[0]) <= 20_000)]
    borders = lost[lost["kind"] == "boundary"].reset_index(drop=True)
    at = [int(np.argmin(abs(borders["start1"].to_numpy() - place))) for place in LOST_BORDER]
    changed = table[~table["change"].isin(["same", "untested", "lost"])]
    return {
        "rank_of_tad": int(tad[0]) + 1 if len(tad) else None,
        "ranks_of_border": [k + 1 for k in at],
        "lost": len(lost),
        "other_changes": [f"{r.change} {r.kind} {r.start1}-{r.end1}" for r in changed.itertuples()],
        "compared": len(table),
    }


def speed() -> dict[str, Any]:
    """Time and memory of the command on two simulated maps of the size of chr1 at 10 kb."""
    folder = scratch("compare")
    maps = [_chr1(folder / f"{name}.mcool", seed) for name, seed in (("a", 1), ("b", 2))]
    labels = [str(path.with_suffix(".truth")) for path in maps]
    base = [hicstruct(), "compare", *map(str, maps), "--quiet", "--overwrite"]
    out = {}
    for name, more in (
        ("calls given", ["--calls-a", labels[0], "--calls-b", labels[1]]),
        ("predicted", []),
    ):
        run = run_program([*base, *more, "-o", str(folder / name.replace(" ", "_"))])
        out[name] = {"wall_s": run.wall_s, "cpu_s": run.cpu_s, "peak_mb": run.peak_mb}
        say(f"{name}: {run.wall_s:.0f} s, {run.peak_mb:,.0f} MB")
    return out


def _chr1(path: Path, seed: int) -> Path:
    """A map of 248 Mb; both are of the same genome, with noise of their own."""
    if not path.exists():
        from napari_hicstruct.config.simulation import SimulationConfig
        from napari_hicstruct.synth.simulate import simulate_map
        from napari_hicstruct.synth.write import write_simulation

        config = SimulationConfig(length=248_000_000, resolution=RESOLUTION, overdispersion=(0.02, 0.02), n_steps=8_000)
        sim = replace(simulate_map(config, 9), seed=seed)
        write_simulation(sim, path, depth=800.0 / seed, resolutions=(RESOLUTION,), truth_dir=path.with_suffix(".truth"))
    return path


PARTS = {"planted": planted, "thinned": thinned, "epha4": epha4, "speed": speed}


def is_met(found: dict[str, Any]) -> dict[str, bool]:
    """Which of the bars hold."""
    met = {}
    if "planted" in found:
        own = found["planted"]
        met["FDR held"] = all(own["false_share"][f"all {level}"] <= level for level in LEVELS)
        met["order"] = all(
            min(one["ours"], one["listed"]) >= max(one.get(peer, 0.0) for peer in PEERS)
            for one in own["order"].values()
        )
    if "thinned" in found:
        met["thinned copies"] = all(one[0] == 0 for one in _rows(found["thinned"]))
    if "epha4" in found:
        own = found["epha4"]
        met["Epha4"] = own["rank_of_tad"] == 1 and max(own["ranks_of_border"]) <= 2
    if "speed" in found:
        met["speed"] = all(r["wall_s"] <= TIME_BAR and r["peak_mb"] <= MEMORY_BAR for r in _rows(found["speed"]))
    return met


def _rows(part: dict[str, Any]) -> list[Any]:
    """What was measured, without the commit."""
    return [value for name, value in part.items() if name != "of_commit"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    found: dict[str, Any] = {name: PARTS[name]() for name in parser.parse_args().only}
    before = newest("compare")
    for name in PARTS:
        if name not in found and before is not None and name in before["result"]:
            found[name] = before["result"][name] | {
                "of_commit": before["result"][name].get("of_commit", before["commit"])
            }
    found["met"] = is_met(found)
    say(str(found["met"]))
    record("compare", found)


if __name__ == "__main__":
    main()
