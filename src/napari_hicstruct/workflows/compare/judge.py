"""From counts to a table of changes: dispersion, test, false discovery rate, what moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.evaluation.differences import (
    Called,
    Dispersion,
    Places,
    absence,
    benjamini_hochberg,
    centre,
    changes,
    dispersion,
)
from napari_hicstruct.evaluation.shrinkage import shrunken
from napari_hicstruct.workflows.compare.measure import Measured, Pair, places, replicate_places
from napari_hicstruct.workflows.compare.requests import ORDER, Change

if TYPE_CHECKING:
    import pandas as pd

MOVED_BP = 100_000
"""A structure that is lost here and gained at most so far away has moved."""

MIN_OWN = 100
"""Structures from which on their own scatter says what the dispersion is, where there are no replicates."""

UNKNOWN_PHI = 0.1
"""Dispersion that is assumed where there is nothing to learn it from: maps of other laboratories differ by as much."""

SHIFTED = 0.15
"""log2; median change of a kind from which on a note says that all of them changed."""

F64 = NDArray[np.float64]
DELETED = {-1: "its bins hold no contacts in B", 1: "its bins hold no contacts in A"}
UNKNOWN = "too few of its pixels are known in both maps"
EMPTY = "no contacts"


@dataclass(frozen=True, slots=True)
class Judged:
    """Structures of one kind with what the test says: columns of the table, and the pairs."""

    kind: Kind
    pairs: Sequence[Pair]
    columns: dict[str, Any]
    replicates: bool
    shift: float


def judge(kind: Kind, found: Measured) -> Judged:
    """Test all structures of one kind."""
    here, beside = places(found.at), places(found.beside)
    size = here.total
    phi, from_replicates = _dispersion(found, here, beside)
    known = np.concatenate(found.known)
    in_a, in_b = (np.array([pair[k] is not None for pair in found.pairs], bool) for k in (0, 1))
    spread = phi.of(size)
    sign = -1 if kind is Kind.BOUNDARY else 1  # fewer contacts across make a stronger border
    called = Called(in_a & known, in_b & known, sign)
    tested = changes(here, spread, called)
    p, ratio = np.where(known, tested.p, np.nan), np.where(known, sign * tested.log2_ratio, np.nan)
    note = np.where(known, np.where(np.isfinite(p), "", EMPTY), UNKNOWN).astype(object)
    columns: dict[str, Any] = {
        "log2_ratio": ratio,
        ORDER: sign * shrunken(here, spread if from_replicates else np.zeros(len(spread)), called),
        "p": p,
        "fdr": p,
        "contacts_a": np.rint(here.a.focus),
        "contacts_b": np.rint(here.b.focus),
        "expected_a": here.a.predicted,
        "expected_b": here.b.predicted,
        "in_a": in_a,
        "in_b": in_b,
        "dispersion": spread,
        "note": note,
        "_strength": np.concatenate(found.strength),
    }
    _deleted(found, columns)
    columns["fdr"] = benjamini_hochberg(columns["p"])
    shift = sign * centre(here.chosen(np.flatnonzero(known))) / np.log(2)
    return Judged(kind, found.pairs, columns, from_replicates, float(shift))


def _dispersion(found: Measured, here: Places, beside: Places) -> tuple[Dispersion, bool]:
    """φ by contacts, and whether replicates gave it."""
    pairs = [*replicate_places(found.at), *replicate_places(found.beside)]
    if pairs:
        n = len(pairs) // 2
        size = np.concatenate([*([here.total] * n), *([beside.total] * n)])
        if (own := dispersion(_stacked(pairs), size)) is not None:
            return own, True
    phi = dispersion(beside, beside.total) or Dispersion(np.zeros(1), np.full(1, UNKNOWN_PHI))
    # those that are called in one map alone were chosen for their scatter
    both = np.array([a is not None and b is not None for a, b in found.pairs], bool)
    known = np.flatnonzero(np.concatenate(found.known) & both)
    own = dispersion(here.chosen(known), here.total[known], middle=True) if len(known) >= MIN_OWN else None
    if own is not None:
        at = np.unique(np.concatenate([phi.at, own.at]))
        both = np.maximum(phi.of(np.exp(at) - 1), own.of(np.exp(at) - 1))
        phi = Dispersion(at, both)
    return phi, False


def _stacked(pairs: Sequence[Places]) -> Places:
    from napari_hicstruct.workflows.compare.measure import joined

    return Places(joined([one.a for one in pairs]), joined([one.b for one in pairs]))


def _deleted(found: Measured, columns: dict[str, Any]) -> None:
    """Structures whose bins are empty in one map: there are none there, tested by all contacts of the bins."""
    contacts, share = np.concatenate(found.contacts), np.concatenate(found.depth_share)
    for way, flags, holds, lacks in ((-1, found.lost_bins, "a", "b"), (1, found.new_bins, "b", "a")):
        at = np.flatnonzero(np.concatenate(flags))
        mine = share[at] if way < 0 else 1 - share[at]
        columns["p"][at] = absence(contacts[at], mine)
        columns["log2_ratio"][at] = columns[ORDER][at] = way * np.inf
        columns["note"][at] = DELETED[way]
        columns[f"contacts_{holds}"][at], columns[f"contacts_{lacks}"][at] = np.rint(contacts[at]), 0
        columns[f"expected_{holds}"][at] = columns[f"expected_{lacks}"][at] = np.nan


def as_table(judged: Sequence[Judged], fdr: float) -> pd.DataFrame:
    """One table of all kinds, the largest change first, then what did not change; ``pair`` holds both records."""
    import pandas as pd

    frames = []
    for one in judged:
        records = [_one_of(pair) for pair in one.pairs]
        frame = pd.DataFrame(
            {
                "kind": one.kind.value,
                "chrom": [r.chrom for r in records],
                "start1": [r.anchor1.start for r in records],
                "end1": [r.anchor1.end for r in records],
                "start2": [r.anchor2.start for r in records],
                "end2": [r.anchor2.end for r in records],
                "direction": [r.direction.value for r in records],
                "change": "",
                **one.columns,
                "moved_from": "",
                "pair": list(one.pairs),
            }
        )
        frame["change"] = _named(frame, fdr)
        frames.append(_moved(frame))
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"change": [], "pair": []})
    if table.empty:
        return table
    table["_late"] = table["change"].isin([Change.SAME.value, Change.UNTESTED.value])
    table["_size"] = table[ORDER].abs().fillna(-1)
    # where bins are gone all changes are infinite: the structure that stood out most comes first
    table = table.sort_values(
        ["_late", "_size", "_strength"], ascending=[True, False, False], kind="stable", ignore_index=True
    )
    return table.drop(columns=["_late", "_size", "_strength"])


def _one_of(pair: Pair) -> Annotation:
    record = pair[0] if pair[1] is None else pair[1]
    assert record is not None
    return record


def _named(frame: pd.DataFrame, fdr: float) -> list[str]:
    """What to call each change: by its direction and by where it was called."""
    found = []
    for q, ratio, a, b in zip(frame["fdr"], frame["log2_ratio"], frame["in_a"], frame["in_b"], strict=True):
        if not np.isfinite(q):
            found.append(Change.UNTESTED)
        elif q > fdr:
            found.append(Change.SAME)
        elif ratio > 0:
            found.append(Change.STRONGER if a else Change.GAINED)
        else:
            found.append(Change.WEAKER if b else Change.LOST)
    return [change.value for change in found]


def _moved(frame: pd.DataFrame) -> pd.DataFrame:
    """Lost and gained structures within :data:`MOVED_BP` as one row each: the larger p-value, the smaller change."""
    from napari_hicstruct.annotations.loci import match_closest, pairs_within, points

    gone: list[int] = []
    cells: Any = frame  # its cells are of many types
    for _, part in frame.groupby("chrom", sort=False):
        here = part[~np.isinf(part["log2_ratio"])]
        lost, new = (here.index[here["change"] == one.value] for one in (Change.LOST, Change.GAINED))
        if not len(lost) or not len(new):
            continue
        a, b = (points([_one_of(cells.at[k, "pair"]) for k in rows]) for rows in (lost, new))
        near = pairs_within(a, b, MOVED_BP)
        for i, j in match_closest((float(np.abs(a[i] - b[j]).max()), int(i), int(j)) for i, j in near):
            old, now = lost[i], new[j]
            record = _one_of(cells.at[old, "pair"])
            cells.at[now, "change"] = Change.MOVED.value
            cells.at[now, "moved_from"] = (
                f"{record.anchor1.start}-{record.anchor1.end}:{record.anchor2.start}-{record.anchor2.end}"
            )
            cells.at[now, "in_a"] = True
            cells.at[now, "pair"] = (record, cells.at[now, "pair"][1])
            for name in ("p", "fdr"):
                cells.at[now, name] = max(cells.at[now, name], cells.at[old, name])
            cells.at[now, ORDER] = min(cells.at[now, ORDER], -cells.at[old, ORDER])
            gone.append(old)
    return frame.drop(index=gone).reset_index(drop=True)
