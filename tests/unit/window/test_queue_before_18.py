"""The queue of a project that the version before issue 18 wrote: what is left, and its order, are what they were.

But that what has no probability comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.active.candidate_table import ReviewMode
from napari_hicstruct.annotations.loci import SAME_CALL_BP
from napari_hicstruct.annotations.project import Project
from napari_hicstruct.annotations.records import Kind
from tests.before_18 import held, identity, write_project
from tests.window_kit import TinySource, TinyWindow, iv

WAYS: dict[str, Callable[[Any], None]] = {
    "entropy": lambda queue: queue.set_order("entropy"),
    "disagreement": lambda queue: queue.set_order("disagreement"),
    "0.5*entropy+0.5*disagreement": lambda queue: queue.set_order("0.5*entropy+0.5*disagreement"),
    "REJECTS": lambda queue: queue.where(mode=ReviewMode.REJECTS),
    "ACCEPTED": lambda queue: queue.where(mode=ReviewMode.ACCEPTED),
    "loops": lambda queue: queue.where(kinds=frozenset({Kind.LOOP})),
}


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Any]:
    path = write_project(tmp_path)
    with Project.open(path, map=identity(path), reviewer="bob") as project:
        window = TinyWindow(project)
        window.source = TinySource(chromsizes=dict(project.map.chromsizes))  # type: ignore[assignment]
        window.chrom, window.view = "chr1", (iv(0, 5_000_000), iv(0, 5_000_000))
        yield window.review.queue


@pytest.mark.parametrize("name", WAYS)
def test_order_and_counts_are_what_they_were(queue: Any, name: str) -> None:
    WAYS[name](queue)
    assert queue.problem == ""
    wanted = held()["orders"][name]
    assert (queue.left, queue.done) == (wanted["left"], wanted["done"])
    uids, before = list(queue.uids), list(wanted["uids"])
    assert sorted(uids) == sorted(before)
    if name != "disagreement":  # candidates without a probability came among the others, as if it were one half
        unknown = np.isnan(queue.pool.candidates.probability)
        before.sort(key=lambda uid: bool(unknown[queue.pool.row(uid)]))
    # that version took stripes to the two sides of one anchor for the same, so others contradict them now
    points, stripe = queue.pool.candidates.points, queue.pool.candidates.kind == list(Kind).index(Kind.STRIPE)
    near = np.abs(points[:, None, 0] - points[None, :, 0]) <= SAME_CALL_BP
    sides = (points[:, None, 2] != points[None, :, 2]) & stripe[:, None] & stripe[None]
    same_chrom = queue.pool.candidates.chrom[:, None] == queue.pool.candidates.chrom[None]
    changed = set(queue.pool.uids((near & sides & same_chrom).any(axis=1))) if "disagreement" in name else set()
    if "+" in name:  # ranks are summed, and each depends on all
        return
    assert [uid for uid in uids if uid not in changed] == [uid for uid in before if uid not in changed]
