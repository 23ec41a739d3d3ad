"""Truth of a simulated map → annotation records that carry their strengths."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.synth.types import SimulatedMap

SOURCE = "simulation"
VISIBLE_Z, VISIBLE_ENRICHMENT, VISIBLE_STRENGTH = 5.0, 1.3, 0.15
"""What counts as visible: significance at the depth, enrichment (loops, stripes), log2 valley (boundaries)."""

_NAMESPACE = uuid.UUID("6f1f9a9e-3a52-5a7c-9a0e-6f0d2a6a2f11")


def truth_records(sim: SimulatedMap, depth: float) -> tuple[list[Annotation], list[Annotation]]:
    """Structures of ``sim`` as records: those visible at ``depth``, and the faint ones that nobody should ask for.

    Parameters
    ----------
    sim : SimulatedMap
    depth : float
        Mean count at a distance of one bin.

    Returns
    -------
    visible, faint : list of Annotation
        ``extra`` holds the strengths (``enrichment`` and ``z`` at this depth, ``strength`` in log2, ``contrast``);
        ``score`` squeezes them into [0, 1).  A boundary is the two bins that meet there, so its centre is the border
        itself.  uids depend on seed and position only.
    """
    visible: list[Annotation] = []
    faint: list[Annotation] = []
    for seen, record in (*_loops(sim, depth), *_stripes(sim, depth), *_boundaries(sim), *_domains(sim)):
        (visible if seen else faint).append(record)
    return visible, faint


def _interval(sim: SimulatedMap, start: int, end: int) -> Interval:
    return Interval(sim.chrom, min(max(0, int(start)), sim.length), min(max(0, int(end)), sim.length))


def _record(
    sim: SimulatedMap, kind: Kind, anchor1: Interval, anchor2: Interval, value: float, **strengths: float
) -> Annotation:
    """A record whose score grows with ``value`` from 0 towards 1."""
    return Annotation(
        kind=kind,
        anchor1=anchor1,
        anchor2=anchor2,
        uid=uuid.uuid5(_NAMESPACE, f"{sim.seed} {kind} {anchor1} {anchor2}").hex,
        score=float(np.round(-np.expm1(-value), 6)),
        resolution=sim.resolution,
        source=SOURCE,
        extra={name: f"{strength:.4g}" for name, strength in strengths.items()},
    )


def _seen(row: np.void, gain: float) -> bool:
    return bool(row["z"] * gain >= VISIBLE_Z and row["enrichment"] >= VISIBLE_ENRICHMENT)


def _loops(sim: SimulatedMap, depth: float) -> Iterator[tuple[bool, Annotation]]:
    gain = float(np.sqrt(depth))
    for row in sim.truth.loops:
        first, second = (_interval(sim, row[k], row[k] + sim.resolution) for k in ("start1", "start2"))
        z = float(row["z"]) * gain
        strengths = {"enrichment": float(row["enrichment"]), "z": z}
        yield _seen(row, gain), _record(sim, Kind.LOOP, first, second, z / 20, **strengths)


def _stripes(sim: SimulatedMap, depth: float) -> Iterator[tuple[bool, Annotation]]:
    gain = float(np.sqrt(depth))
    for row in sim.truth.stripes:
        x, y = _interval(sim, row["x0"], row["x1"]), _interval(sim, row["y0"], row["y1"])
        z = float(row["z"]) * gain
        record = _record(sim, Kind.STRIPE, x, y, z / 60, enrichment=float(row["enrichment"]), z=z)
        yield _seen(row, gain), record.with_(direction=Direction.DOWN if row["down"] else Direction.UP)


def _boundaries(sim: SimulatedMap) -> Iterator[tuple[bool, Annotation]]:
    for row in sim.truth.boundaries:
        border = _interval(sim, row["position"] - sim.resolution, row["position"] + sim.resolution)
        strength = float(row["strength"])
        yield (
            strength >= VISIBLE_STRENGTH,
            _record(sim, Kind.BOUNDARY, border, border, 2 * strength, strength=strength),
        )


def _domains(sim: SimulatedMap) -> Iterator[tuple[bool, Annotation]]:
    """Nested domains; level 1 is the outermost, the parent is the smallest domain around."""
    rows = sim.truth.domains
    names = [f"{sim.chrom}_domain_{k + 1}" for k in range(len(rows))]
    for k, row in enumerate(rows):
        span, contrast = _interval(sim, row["start"], row["end"]), float(row["strength"])
        record = _record(sim, Kind.TAD, span, span, max(0.0, contrast - 1), contrast=contrast)
        parent = _parent(rows, k)
        around = "" if parent is None else names[parent]
        yield True, record.with_(name=names[k], level=int(row["level"]) + 1, parent=around)


def _parent(rows: NDArray[np.void], k: int) -> int | None:
    around = (rows["start"] <= rows["start"][k]) & (rows["end"] >= rows["end"][k])
    around[k] = False
    if not around.any():
        return None
    return int(np.argmin(np.where(around, rows["end"] - rows["start"], np.iinfo(np.int64).max)))
