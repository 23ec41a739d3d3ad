"""Truth of a simulated map → annotation records, and a table with every strength."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.synth.types import SimulatedMap

SOURCE = "simulation"
VISIBLE_Z, VISIBLE_ENRICHMENT, VISIBLE_STRENGTH = 5.0, 1.3, 0.15
"""What stands in the label files: significance at the depth, enrichment (loops, stripes), log2 valley (boundaries)."""

_NAMESPACE = uuid.UUID("6f1f9a9e-3a52-5a7c-9a0e-6f0d2a6a2f11")


def truth_records(sim: SimulatedMap, depth: float, *, visible_only: bool = True) -> list[Annotation]:
    """Structures of ``sim`` as records; uids depend on chromosome, seed and position only.

    Parameters
    ----------
    sim : SimulatedMap
    depth : float
        Mean count at a distance of one bin; decides what is visible.
    visible_only : bool
        Leave out what nobody could see at that depth.

    Returns
    -------
    list of Annotation
        Scores: loops and stripes ``1 − exp(−z/20)`` with z at this depth, TADs and boundaries the strength
        squeezed the same way.  Boundaries are the two bins that meet there, so their centre is the border itself.
    """
    base = sim.resolution
    end = sim.n_bins * base

    def interval(start: int, stop: int) -> Interval:
        return Interval(sim.chrom, max(0, int(start)), min(int(stop), end)).clamp(sim.length)

    def make(kind: Kind, first: Interval, second: Interval, value: float, **more: object) -> Annotation:
        uid = uuid.uuid5(_NAMESPACE, f"{sim.seed} {kind} {first} {second} {more.get('direction', '')}").hex
        score = float(np.round(1 - np.exp(-value), 6))
        record = Annotation(
            kind=kind, anchor1=first, anchor2=second, uid=uid, score=score, resolution=base, source=SOURCE
        )
        return record.with_(**more) if more else record

    gain, out = float(np.sqrt(depth)), []
    for row in _visible(sim.truth.loops, gain, visible_only):
        first, second = (interval(row[name], row[name] + base) for name in ("start1", "start2"))
        out.append(make(Kind.LOOP, first, second, row["z"] * gain / 20))
    for row in _visible(sim.truth.stripes, gain, visible_only):
        way = Direction.DOWN if row["down"] else Direction.UP
        x, y = interval(row["x0"], row["x1"]), interval(row["y0"], row["y1"])
        out.append(make(Kind.STRIPE, x, y, row["z"] * gain / 60, direction=way))
    for row in sim.truth.boundaries:
        if row["strength"] >= VISIBLE_STRENGTH or not visible_only:
            border = interval(row["position"] - base, row["position"] + base)
            out.append(make(Kind.BOUNDARY, border, border, float(row["strength"]) * 2))
    return out + _domains(sim, interval, make)


def _visible(rows: NDArray[np.void], gain: float, visible_only: bool) -> NDArray[np.void]:
    if not visible_only:
        return rows
    return rows[(rows["z"] * gain >= VISIBLE_Z) & (rows["enrichment"] >= VISIBLE_ENRICHMENT)]


def _domains(sim: SimulatedMap, interval, make) -> list[Annotation]:  # type: ignore[no-untyped-def]
    """Nested domains; level 1 is the outermost, the parent is the smallest domain around."""
    rows = sim.truth.domains
    names = [f"{sim.chrom}_D{k + 1}" for k in range(len(rows))]
    out = []
    for k, row in enumerate(rows):
        around = (rows["start"] <= row["start"]) & (rows["end"] >= row["end"])
        around[k] = False
        parent = ""
        if around.any():
            size = np.where(around, rows["end"] - rows["start"], np.iinfo(np.int64).max)
            parent = names[int(np.argmin(size))]
        span = interval(row["start"], row["end"])
        value = max(0.0, float(row["strength"]) - 1)
        out.append(make(Kind.TAD, span, span, value, name=names[k], level=int(row["level"]) + 1, parent=parent))
    return out


def write_strengths(sims: list[SimulatedMap], path: Path, depth: float) -> None:
    """Every structure, faint ones too, with its strength: one line each, tab-separated, 0-based half-open bp."""
    lines = ["kind\tchrom\tstart1\tend1\tstart2\tend2\tdirection\tenrichment\tz"]
    for sim in sims:
        base, gain, chrom = sim.resolution, float(np.sqrt(depth)), sim.chrom
        for r in sim.truth.loops:
            span = f"{r['start1']}\t{r['start1'] + base}\t{r['start2']}\t{r['start2'] + base}"
            lines.append(f"loop\t{chrom}\t{span}\t.\t{r['enrichment']:.4f}\t{r['z'] * gain:.3f}")
        for r in sim.truth.stripes:
            span = f"{r['x0']}\t{r['x1']}\t{r['y0']}\t{r['y1']}\t{'down' if r['down'] else 'up'}"
            lines.append(f"stripe\t{chrom}\t{span}\t{r['enrichment']:.4f}\t{r['z'] * gain:.3f}")
        for r in sim.truth.boundaries:
            at = f"{r['position']}\t{r['position']}"
            lines.append(f"boundary\t{chrom}\t{at}\t{at}\t.\t{2 ** r['strength']:.4f}\t.")
        for r in sim.truth.domains:
            span = f"{r['start']}\t{r['end']}"
            lines.append(f"tad\t{chrom}\t{span}\t{span}\t.\t{r['strength']:.4f}\t.")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
