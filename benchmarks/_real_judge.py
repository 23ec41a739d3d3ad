"""Whether the map itself shows what is called: the tests of the neutral scorer, which lies beside the data."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks._harness import BenchmarkError, data_dir
from benchmarks._real_maps import Calls, RealMap
from napari_hicstruct.annotations.records import Kind

TOP = (20, 50, 100)
SHIFTS = (10, 17)
"""Bins along the diagonal by which the control moves the calls."""
EDGES = {"start": -0.5, "end": 0.5}
"""A boundary is an edge between bins, a minimum of insulation a bin: both of its edges are tried too."""

ANCHOR_BINS = 2
"""Stripes whose anchors lie no further apart are one stripe."""

Verdicts = list[bool | None]
"""Per call: it passes, it does not, or the map has too little there to tell."""


@cache
def scorer() -> ModuleType:
    """``score_real.py`` of the folder ``bench`` beside the data."""
    path = data_dir().parent / "bench" / "score_real.py"
    spec = importlib.util.spec_from_file_location("score_real", path)
    if not path.exists() or spec is None or spec.loader is None:
        raise BenchmarkError(f"the neutral scorer is not at {path}: nothing can be judged without it")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def observed_over_expected(one: RealMap) -> dict[str, Any]:
    """The scorer's own reading of each chromosome of a map."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # distances without a pixel
        return {chrom: scorer().load(one.uri, chrom)[0] for chrom in one.chroms}


def verdicts(calls: Calls, maps: Mapping[str, Any], resolution: int, *, shift: int = 0, edge: float = 0) -> Verdicts:
    """The scorer's verdict on every call, moved by ``shift`` bins (a boundary by ``edge`` bins too)."""
    rules = scorer()

    def passes(chrom: str, first: float, second: float) -> bool | None:
        oe = maps[chrom]
        if calls.kind is Kind.BOUNDARY:
            return rules.boundary_ok(oe, round(first / resolution + edge) + shift)
        places = (int(first // resolution) + shift, int(second // resolution) + shift)
        if calls.kind is Kind.LOOP:
            return rules.loop_ok(oe, *sorted(places))
        return rules.stripe_ok(oe, *places, resolution)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # windows that lie on masked bins alone
        found = [passes(chrom, *place) for chrom, place in zip(calls.chroms, calls.places, strict=True)]
    return [None if one is None else bool(one) for one in found]


def share(judged: Sequence[bool | None]) -> float | None:
    """Of the calls that can be judged, how many pass."""
    usable = [one for one in judged if one is not None]
    return float(np.mean(usable)) if usable else None


def shares(judged: Verdicts) -> dict[str, float | None]:
    """Share that passes of the best 20, 50 and 100, as far as there are so many, and of all."""
    return {str(n): share(judged[:n]) for n in TOP if n <= len(judged)} | {"all": share(judged)}


def figures(calls: Calls, maps: Mapping[str, Any], resolution: int) -> dict[str, Any]:
    """Everything that is reported of one caller's calls on one map.

    ``passes`` are the calls that were judged and pass; ``passes_of_listed`` is the share times all that are listed,
    as the bar counts: calls that cannot be judged pass like the others.
    """
    judged = verdicts(calls, maps, resolution)
    found: dict[str, Any] = {"listed": len(calls), "passes": sum(one is True for one in judged)}
    found["share"] = shares(judged)
    found["passes_of_listed"] = (found["share"]["all"] or 0.0) * len(calls)
    moved = {shift: verdicts(calls, maps, resolution, shift=shift) for shift in SHIFTS}
    found["shifted"] = {str(shift): share(one) for shift, one in moved.items()}
    if calls.kind is Kind.STRIPE:
        found |= lengths(calls, judged, resolution)
    if calls.kind is Kind.BOUNDARY:
        tried = {name: shares(verdicts(calls, maps, resolution, edge=edge)) for name, edge in EDGES.items()}
        found["share_at"] = tried
    return found


def lengths(calls: Calls, judged: Verdicts, resolution: int) -> dict[str, float]:
    """Mb of stripes that pass, each place once and as they are summed up, and the longest one called.

    A program may list one stripe as several pieces, or once per bin of its anchor: of those that run the same way from
    anchors at most two bins apart the longest counts.
    """
    bins = (calls.places // resolution).astype(int)
    reach = (bins[:, 1] - bins[:, 0]) * resolution
    passing = [k for k, one in enumerate(judged) if one is True]
    counted: list[int] = []
    for k in sorted(passing, key=lambda k: -abs(reach[k])):
        if not any(_same_anchor(calls.chroms, bins, k, other) for other in counted):
            counted.append(k)
    return {
        "mb": float(np.abs(reach[counted]).sum() / 1e6),
        "mb_summed": float(np.abs(reach[passing]).sum() / 1e6),
        "longest_mb": float(np.abs(reach).max(initial=0) / 1e6),
    }


def _same_anchor(chroms: Sequence[str], bins: Any, first: int, second: int) -> bool:
    """Two stripes run the same way from nearly one anchor."""
    ways = np.sign(bins[[first, second], 1] - bins[[first, second], 0])
    near = abs(bins[first, 0] - bins[second, 0]) <= ANCHOR_BINS
    return chroms[first] == chroms[second] and bool(near and ways[0] == ways[1])


def best_share(found: Mapping[str, Any], n: str) -> float | None:
    """A peer's share of boundaries at ``n``, wherever in its bins it does best."""
    tried = [one.get(n) for one in (found["share"], *found["share_at"].values())]
    return max((one for one in tried if one is not None), default=None)
