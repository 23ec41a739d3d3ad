"""What is near a view is found by an index; it follows what is added, moved, judged and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations import Annotation, Kind, Origin, Project, Status
from napari_hicstruct.annotations.changes import Change
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.labels.catalogue import Catalogue
from napari_hicstruct.plugin.state.labels.geometry import Triangle, lies_in
from tests.annotation_kit import new_project

VIEWS = [(0, 400_000, 0, 400_000), (100_000, 200_000, 700_000, 990_000), (0, 1_000_000, 0, 1_000_000)]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with new_project(tmp_path) as made:
        yield made


def loop(rng: np.random.Generator) -> Annotation:
    one, two = sorted(rng.integers(0, 98, 2).tolist())
    anchors = (Interval("chr1", at * 10_000, (at + 1) * 10_000) for at in (one, two + 1))
    first, second = anchors
    return Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second)


def uids_in(catalogue: Catalogue, view: tuple[int, int, int, int], set_id: int) -> set[str]:
    rows, cols = Interval("chr1", *view[:2]), Interval("chr1", *view[2:])
    found, total = catalogue.in_view(Kind.LOOP, rows, cols, triangles={set_id: Triangle.UPPER}, limit=1_000)
    assert total == len(found)
    return {one.uid for one in found}


def by_hand(project: Project, view: tuple[int, int, int, int]) -> set[str]:
    rows, cols = Interval("chr1", *view[:2]), Interval("chr1", *view[2:])
    return {one.uid for one in project.query() if lies_in(one, Triangle.UPPER, rows, cols)}


def test_the_index_follows_every_change(project: Project) -> None:
    rng = np.random.default_rng(4)
    own = project.add_set("calls", Origin.PREDICTED).id
    records = [loop(rng) for _ in range(60)]
    project.add(records, set_id=own)
    catalogue = Catalogue(project)

    def agrees() -> None:
        for view in VIEWS:
            assert uids_in(catalogue, view, own) == by_hand(project, view)

    def follows(change: Change | None) -> bool:
        """Apply a step to the table; whether places were sorted anew."""
        before = catalogue.records.places_revision
        assert change is not None
        catalogue.records.apply(change)
        agrees()
        return catalogue.records.places_revision > before

    agrees()
    assert not follows(project.set_status([records[3].uid], Status.ACCEPTED))  # a judgment moves nothing
    elsewhere = loop(rng)
    moved = records[5].with_(anchor1=elsewhere.anchor1, anchor2=elsewhere.anchor2)
    assert follows(project.update([moved], action="move"))
    assert follows(project.add([loop(rng) for _ in range(5)], set_id=own))
    follows(project.delete([records[7].uid]))
    follows(project.undo())
