"""The queue of a project that the version before issue 18 wrote: what is left, and its order, are what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.active.candidate_table import ReviewMode
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
    assert {"uids": list(queue.uids), "left": queue.left, "done": queue.done} == held()["orders"][name]
