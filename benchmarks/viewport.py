"""Time to data of a 1024² viewport, at every zoom, beside bare hictkpy and cooler on the same rectangles.

    hicstruct simulate -o chr1.mcool --chrom chr1 --length 249M --resolution 5000 …
    python benchmarks/viewport.py chr1.mcool

All readers read the same rectangles, in an order drawn anew for each, with handles that stay open.  All keep what they
have read (HDF5 its chunks, ours those that it inflated), but ours forgets its rectangles before each read, and with
``--forget-chunks`` its chunks too, which the others keep.  *panned* is the next view 100 bins further along both axes.
Ratios are of the sums over a class of rectangles, p95 of single reads.  The CPU's clock is given beside the wall's: on
a busy machine it is the steadier of the two.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

import cooler
import numpy as np

from benchmarks._harness import percentile, record, say
from napari_hicstruct.contacts import RAW, Level, build_levels, open_map
from napari_hicstruct.contacts.block_cache import BlockCache
from napari_hicstruct.contacts.sources._hictk import hictkpy
from napari_hicstruct.contacts.sources.handles import file_lock
from napari_hicstruct.contacts.sources.pixel_table import PixelTable

SIDE = 1024
NEAR = 5_000_000
BARS = {"near": 1.5, "far": 1.3, "cached_ms": 5.0, "dask_ms": 5.0, "open_ms": 300.0}

Reader = Callable[[int, int, int], Any]
Times = dict[str, list[tuple[float, float]]]


def rectangles(
    level: Level, length: int, far: bool, count: int, rng: np.random.Generator
) -> list[tuple[int, int, int]]:
    """Top left corners and side (bins) on or above the diagonal, ``far``: entirely more than 5 Mb from it."""
    n = length // level.resolution
    side = min(SIDE, n)
    low = (NEAR // level.resolution + side) if far else 0
    high = n - side if far else min(NEAR // level.resolution, n - side)
    if high < low:
        return []
    found = []
    for _ in range(count):
        offset = int(rng.integers(low, high + 1))
        row = int(rng.integers(0, n - side - offset + 1))
        found.append((row, row + offset, side))
    return found


def forget_chunks(path: str) -> None:
    """Let our reader inflate everything anew."""
    for table in file_lock(path)._handles.values():
        for column in (table.bin2, table.count) if isinstance(table, PixelTable) else ():
            column.slot_of[:], column._chunk_in[:] = -1, -1


def readers(uri: str, level: Level, chrom: str, length: int, norm: str, forget: bool) -> dict[str, Reader]:
    """Ours, bare hictkpy and cooler, each with its handle open."""
    res = level.resolution
    group = f"{uri}::/resolutions/{res}" if uri.endswith(".mcool") else uri
    file = hictkpy().File(group)
    matrix = cooler.Cooler(group).matrix(balance=False if norm == RAW else norm)

    def span(start: int, side: int) -> tuple[int, int]:
        return start * res, min((start + side) * res, length)

    def bare(row: int, col: int, side: int) -> Any:
        first, second = (f"{chrom}:{a}-{b}" for a, b in (span(row, side), span(col, side)))
        kind = "int32" if norm == RAW else "float64"
        return file.fetch(first, second, None if norm == RAW else norm, count_type=kind).to_numpy()

    def plain(row: int, col: int, side: int) -> Any:
        return matrix.fetch((chrom, *span(row, side)), (chrom, *span(col, side)))

    def ours(row: int, col: int, side: int) -> Any:
        level.forget()
        if forget:
            forget_chunks(uri)
        return level[row : row + side, col : col + side]

    return {"ours": ours, "hictkpy": bare, "cooler": plain}


def panned(level: Level, places: list[tuple[int, int, int]]) -> float:
    """Median milliseconds of a view 100 bins (or a tenth) further along both axes than the one before it."""
    times = []
    for row, col, side in places:
        step = min(100, side // 10)
        level[row : row + side - step, col : col + side - step]
        started = time.perf_counter()
        level[row + step : row + side, col + step : col + side]
        times.append(1000 * (time.perf_counter() - started))
    return percentile(times, 50)


def time_all(ways: dict[str, Reader], places: list[tuple[int, int, int]], shuffle: random.Random) -> Times:
    """Milliseconds (wall, CPU) of each reader at each place; the first two places warm up and do not count."""
    times: Times = {name: [] for name in ways}
    for number, place in enumerate(places):
        results = {}
        for name in shuffle.sample(sorted(ways), len(ways)):
            wall, cpu = time.perf_counter(), time.process_time()
            results[name] = ways[name](*place)
            took = 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)
            if number >= 2:
                times[name].append(took)
        np.testing.assert_allclose(results["ours"], results["cooler"], rtol=1e-4, equal_nan=True)
    return times


def measure(uri: str, norm: str, count: int, seed: int, forget: bool) -> dict[str, Any]:
    """All levels of the longest chromosome, near the diagonal and far from it."""
    rng, shuffle = np.random.default_rng(seed), random.Random(seed)
    source = open_map(uri)
    chrom = max(source.chromsizes, key=lambda name: source.chromsizes[name])
    length = source.chromsizes[chrom]
    rows: list[dict[str, Any]] = []
    for level in build_levels(source, chrom, norm=norm, cache=BlockCache(64 * 2**20)):
        if level.derived:
            continue
        ways = readers(uri, level, chrom, length, norm, forget)
        for far in (False, True):
            # two to warm up, and what the choice of the reader costs far out is in the figures
            places = rectangles(level, length, far, count + 2, rng)
            times = time_all(ways, places, shuffle)
            if times["ours"]:
                rows.append(_row(level.resolution, far, times) | {"panned_ms": panned(level, places)})
                say(_line(rows[-1]))
    found = {"map": source.name, "norm": norm, "forgot_chunks": forget, "levels": rows, **_totals(rows)}
    return found | cached(source, chrom, norm)


def _row(resolution: int, far: bool, times: Times) -> dict[str, Any]:
    row: dict[str, Any] = {
        "resolution": resolution,
        "where": "far" if far else "near",
        "n": len(times["ours"]),
        "bar": BARS["far" if far else "near"],
    }
    for place, clock in enumerate(("wall", "cpu")):
        taken = {name: [both[place] for both in values] for name, values in times.items()}
        total = {name: sum(values) for name, values in taken.items()}
        p95 = {name: percentile(values, 95) for name, values in taken.items()}
        row[clock] = {
            "p95_ratio": p95["ours"] / (min(p95["hictkpy"], p95["cooler"]) if far else p95["hictkpy"]),
            "ratio": total["ours"] / (min(total["hictkpy"], total["cooler"]) if far else total["hictkpy"]),
            "total_ms": total,
            "median_ms": {name: percentile(values, 50) for name, values in taken.items()},
            "p95_ms": p95,
        }
    return row


def _line(row: dict[str, Any]) -> str:
    wall = row["wall"]
    median, p95 = (
        ", ".join(f"{name} {value:.0f}" for name, value in wall[key].items()) for key in ("median_ms", "p95_ms")
    )
    where = f"{row['resolution']:>9,} bp {row['where']:>4}"
    verdict = "ok" if wall["p95_ratio"] <= row["bar"] else "SHORT"
    ratios = f"p95 ratio {wall['p95_ratio']:.2f} (≤ {row['bar']}) {verdict}, of sums {wall['ratio']:.2f}"
    return f"{where}: {ratios} · median ms {median}, panned {row['panned_ms']:.0f} · p95 ms {p95}"


def _totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for where in ("near", "far"):
        classes = {row["resolution"]: row["wall"]["p95_ratio"] for row in rows if row["where"] == where}
        if classes:  # the bar holds at any zoom: the worst level counts, not the mean
            found[f"worst_p95_ratio_{where}"] = max(classes.values())
            found[f"worst_level_{where}"] = max(classes, key=lambda level: classes[level])
        for clock in ("wall", "cpu"):
            totals = [row[clock]["total_ms"] for row in rows if row["where"] == where]
            names = ("hictkpy",) if where == "near" else ("hictkpy", "cooler")
            best = sum(min(total[name] for name in names) for total in totals)
            if best:
                found[f"ratio_{where}_{clock}"] = sum(total["ours"] for total in totals) / best
    return found


def cached(source: Any, chrom: str, norm: str) -> dict[str, float]:
    """Milliseconds for a rectangle read before, for what dask adds to a read (CPU), and to open the map."""
    level = build_levels(source, chrom, norm=norm)[0]
    side = min(SIDE, level.shape[0])
    level[:side, :side]
    again = []
    for shift in range(50):
        started = time.perf_counter()
        level[shift % 8 : side, : side - shift % 8]
        again.append(1000 * (time.perf_counter() - started))
    bare, fused = [], []
    for _ in range(50):
        level.forget()
        for times, read in ((bare, level._reader), (fused, level)):
            started = time.thread_time()
            read[:side, :side]
            times.append(1000 * (time.thread_time() - started))
    opening = []
    for _ in range(10):
        started = time.perf_counter()
        fresh = open_map(source.uri)
        fresh.chromsizes, fresh.resolutions  # noqa: B018
        opening.append(1000 * (time.perf_counter() - started))
    layer = percentile(fused, 50) - percentile(bare, 50)
    return {"cached_p95_ms": percentile(again, 95), "dask_ms": layer, "open_p95_ms": percentile(opening, 95)}


def main() -> None:
    """Measure raw and balanced, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("map", help="balanced .mcool of a chromosome of human chr1's size")
    parser.add_argument("--count", type=int, default=20, help="rectangles per level and class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--norm", nargs="*", default=[RAW, "weight"])
    parser.add_argument("--forget-chunks", action="store_true", help="let our reader inflate every chunk anew")
    options = parser.parse_args()
    norms: dict[str, Any] = {}
    for norm in options.norm:
        say(f"--- {norm}")
        result = measure(options.map, norm, options.count, options.seed, options.forget_chunks)
        totals = {key: value for key, value in result.items() if key.startswith(("worst", "cached", "dask", "open"))}
        say(" · ".join(f"{key} {value:.3g}" for key, value in totals.items()))
        norms[norm] = result
    record("viewport", norms)


if __name__ == "__main__":
    main()
