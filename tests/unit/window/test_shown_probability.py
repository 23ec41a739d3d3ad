"""Unlikely proposals are hidden without another run; what was judged, chosen, or has no probability is not."""

from __future__ import annotations

from pathlib import Path

from napari_hicstruct.annotations.records import Kind, Origin, Status
from tests.window_kit import LENGTH, TinyWindow, iv, loop, make_project

PROBABILITIES = (0.1, 0.5, 0.9, float("nan"), 0.2)


def test_proposals_are_drawn_from_a_probability_on(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        records = [loop(10_000 * k, 500_000, probability=p) for k, p in enumerate(PROBABILITIES)]
        project.add(records, set_id=project.add_set("run", Origin.PREDICTED).id, action="predict")
        project.set_status([records[4].uid], Status.ACCEPTED)
        window = TinyWindow(project)
        stale: list[object] = []
        window.labels.stale.connect(stale.append)
        uids, place = [record.uid for record in records], iv(0, LENGTH)

        def drawn(*keep: str) -> set[int]:
            catalogue = window.labels.catalogue
            assert catalogue is not None
            found, total = catalogue.in_view(
                Kind.LOOP, place, place, triangles=window.labels.shown(), limit=100, keep=keep
            )
            assert total == len(found)
            return {uids.index(one.uid) for one in found}

        assert drawn() == {0, 1, 2, 3, 4}
        window.labels.set_min_probability(0.5)
        assert stale == [tuple(Kind)], "all of it is drawn again"
        assert drawn() == {1, 2, 3, 4}
        assert window.labels.catalogue is not None
        assert window.labels.catalogue.n_faint() == 1
        assert drawn(uids[0]) == {0, 1, 2, 3, 4}, "what one looks at is drawn all the same"
        window.project_changed.emit(project)
        assert drawn() == {1, 2, 3, 4}, "also in the next project of the window"
        window.labels.set_min_probability(0.0)
        assert drawn() == {0, 1, 2, 3, 4}
        assert window.labels.catalogue.n_faint() == 0
