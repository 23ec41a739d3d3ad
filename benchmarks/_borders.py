"""TAD boundaries of two callers at equal numbers, and how well they find the ends of small and of large domains."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.loci import match_on_line, near_any
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.boundaries import CONTROL_SHIFT, boundary_score, strongest
from napari_hicstruct.evaluation.domains import SIZES, rank_domains
from napari_hicstruct.evaluation.ranking import average_precision_of
from napari_hicstruct.evaluation.records import boundary_table, scored_domain_table, select

BIN = 10_000
SIZE_NAMES = ("< 400 kb", "400 kb – 1 Mb", "> 1 Mb")
CALLERS = ("hicstruct", "cooltools insulation")
OFFSETS = (0, BIN // 2, BIN)
"""An insulation minimum is a bin, not a border: its start, centre and end are tried, and the best one counts."""


def predicted(folder: Path, chrom: str | None = None) -> Any:
    """Positions and scores of the predicted boundaries, or of the ends of the predicted domains."""
    both = {
        kind: select(read_labels(folder / name, kind=kind).records, kind, chrom) if (folder / name).exists() else []
        for kind, name in ((Kind.BOUNDARY, "boundaries.bed"), (Kind.TAD, "tads.bed"))
    }
    return boundary_table(both[Kind.BOUNDARY], both[Kind.TAD])


def whole_domains(folder: Path, truth: Any, chrom: str | None = None) -> dict[str, float]:
    """The predicted TADs against true domains: number, and F1 and average precision where Jaccard ≥ .7 is a hit."""
    records = select(read_labels(folder / "tads.bed", kind=Kind.TAD).records, Kind.TAD, chrom)
    ranked = rank_domains(scored_domain_table(records), truth)
    f1 = 2 * int(ranked.hits.sum()) / max(1, len(ranked.hits) + ranked.n_truth)
    return {"listed": len(records), "f1": f1, "ap": average_precision_of(ranked.hits, ranked.n_truth)}


def compare(
    calls: Mapping[str, Any],
    truth: Any,
    domains: Any,
    *,
    faint: Any = None,
    offsets: Sequence[int] = OFFSETS,
    most: int = 10**9,
) -> dict[str, Any]:
    """Every caller's strongest ``n`` boundaries against the truth.

    Parameters
    ----------
    calls : mapping of caller to (n, 2)
        Positions (bp) and scores.
    truth : (m,)
        Positions in bp.
    domains : (k, 2)
        True starts and ends: recall is also given for the ends of each class of sizes.
    faint : (f,), optional
        Positions that count neither way.
    offsets : sequence of int
        bp added to the peer's positions; the one of the best F1 counts.
    most : int
        No more calls of each than this.

    Returns
    -------
    dict
        ``n``, the number of true boundaries, of the shortest list or ``most``, the least of them; rates of each caller.
    """
    usable = {name: _without(table, truth, faint) for name, table in calls.items()}
    n = min(most, len(truth), *(len(table) for table in usable.values()))
    found: dict[str, Any] = {}
    for name, table in usable.items():
        moves = (0,) if name == CALLERS[0] else offsets
        tried = [strongest(table[:, 0] + offset, table[:, 1], n) for offset in moves]
        found[name] = _rates(max(tried, key=lambda p: boundary_score(p, truth, 2 * BIN).f1), truth, domains)
    return {"n": n, "truth": len(truth), "callers": found}


def _without(table: Any, truth: Any, faint: Any) -> Any:
    if faint is None or not len(faint):
        return table
    places = table[:, :1]
    keep = near_any(places, np.asarray(truth)[:, None], 2 * BIN) | ~near_any(places, faint[:, None], 2 * BIN)
    return table[keep]


def _rates(positions: Any, truth: Any, domains: Any) -> dict[str, Any]:
    return {
        "f1_1_bin": boundary_score(positions, truth, BIN).f1,
        "f1_2_bins": boundary_score(positions, truth, 2 * BIN).f1,
        "precision_2_bins": boundary_score(positions, truth, 2 * BIN).precision,
        "shifted_precision": boundary_score(positions + CONTROL_SHIFT, truth, 2 * BIN).precision,
        "ends_found": ends_found(positions, domains),
    }


def ends_found(positions: Any, domains: Any) -> dict[str, dict[str, float | int | None]]:
    """Share of the ends of domains of each size that have a called boundary within ±2 bins; None without domains."""
    sizes = domains[:, 1] - domains[:, 0]
    result: dict[str, dict[str, float | int | None]] = {}
    for name, (low, high) in zip(SIZE_NAMES, itertools.pairwise(SIZES), strict=True):
        ends = np.unique(domains[(sizes >= low) & (sizes < high)])
        share = len(match_on_line(positions, ends, 2 * BIN)) / len(ends) if len(ends) else None
        result[name] = {"ends": len(ends), "found": share}
    return result


def mean_found(parts: Sequence[Mapping[str, Any]], caller: str) -> dict[str, float | None]:
    """Share of ends found by size over several maps together."""
    shares: dict[str, float | None] = {}
    for name in SIZE_NAMES:
        rows = [part["callers"][caller]["ends_found"][name] for part in parts]
        total = sum(row["ends"] for row in rows)
        shares[name] = sum((row["found"] or 0) * row["ends"] for row in rows) / total if total else None
    return shares
