"""One caller against another at every number of calls, and a map's truth at the protocol's distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import ROOT, data_dir
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.evaluation.loops import LoopMatch, match_loops, prepare, unite
from napari_hicstruct.evaluation.records import loop_table, select

TOLERANCE = 20_000
REAL = "GM12878_MboI_chr21_10kb_hg19.cool"
REAL_DEEP = "GM12878_Rao_chr21_30-35Mb.10kb.hg19.cool"
DEEP_REGION = (30_000_000, 35_000_000)
TRUTHS = tuple(f"GM12878_chr21.{name}.hg19.bedpe" for name in ("HiCCUPS", "RAD21_ChIA-PET"))


def real_truth(region: tuple[int, int] | None = None) -> Any:
    """HiCCUPS ∪ RAD21 ChIA-PET on chr21, merged, shape ``(m, 2)``; both anchors inside ``region`` (bp)."""
    lists = [loop_table(select(read_labels(data_dir() / "labels" / n).records, Kind.LOOP, "chr21")) for n in TRUTHS]
    return unite([inside(table, region) for table in lists])


def inside(table: Any, region: tuple[int, int] | None) -> Any:
    """The loops with both centres inside ``region`` (bp)."""
    if region is None:
        return table
    return table[(table[:, :2].min(axis=1) >= region[0]) & (table[:, :2].max(axis=1) <= region[1])]


def real_match(calls: Any, region: tuple[int, int] | None = None) -> LoopMatch:
    """Calls on chr21 matched by the protocol: ±20 kb, one-to-one, 40 kb – 3 Mb, best score first."""
    return match_loops(prepare(inside(calls, region)), real_truth(region), TOLERANCE)


def precisions(match: LoopMatch) -> Any:
    """P@1, P@2, … to the last call, shape ``(n,)``."""
    return np.cumsum(match.hits) / np.arange(1, len(match.hits) + 1)


def worse(ours: Any, theirs: Any, *, above_from: int | None = None, upto: int = 133) -> list[int]:
    """The numbers of calls, up to ``upto``, at which we are below (from ``above_from`` on: not above).

    Both are precisions at 1, 2, …; numbers that one of them does not reach are not compared.
    """
    shared = min(len(ours), len(theirs), upto)
    ns = np.arange(1, shared + 1)
    bad = ours[:shared] < theirs[:shared] - 1e-9
    if above_from is not None:
        bad |= (ns >= above_from) & (ours[:shared] <= theirs[:shared] + 1e-9)
    return [int(n) for n in ns[bad]]


def spans(ns: Sequence[int]) -> str:
    """``[3, 4, 5, 9]`` → ``3–5, 9``; nothing → ``none``."""
    parts: list[list[int]] = []
    for n in ns:
        if parts and n == parts[-1][1] + 1:
            parts[-1][1] = n
        else:
            parts.append([n, n])
    return ", ".join(f"{a}–{b}" if b > a else str(a) for a, b in parts) or "none"


def at(match: LoopMatch, ns: Sequence[int]) -> Mapping[int, float | None]:
    """Precision at some numbers of calls, None where there are fewer calls."""
    return {n: None if value != value else value for n, value in match.precision_at(ns).items()}


def neutral_scorer() -> Path | None:
    """An independent scorer of the same protocol, if it lies beside the data."""
    path = ROOT.parent / "shared" / "bench" / "score_loops.py"
    return path if path.exists() else None
