"""A genome run by a scheduler's workers from the window: chromosome by chromosome, left, found again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.contacts import open_map
from napari_hicstruct.jobs.cluster import Cluster, start_local
from napari_hicstruct.plugin.panels.predict.panel import PredictPanel
from napari_hicstruct.workflows.genome.kept_runs import kept_runs, runs_folder
from napari_hicstruct.workflows.models import install_model
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from tests.cluster_kit import whole, write_genome, write_model
from tests.gui.view_kit import open_in, pump


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with start_local(1) as found:
        yield found


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    return write_genome(tmp_path / "genome.cool", lengths={"chrA": 6_000_000, "chrB": 4_000_000})


@pytest.fixture
def small(tmp_path: Path) -> Iterator[str]:
    """The small model, installed; gives the digest of its weights."""
    info = install_model(write_model(tmp_path / "small"))
    yield info.sha256
    shutil.rmtree(info.path)


def opened(make_napari_viewer: Callable[..., Any], genome: Path, small: str) -> tuple[Any, PredictPanel]:
    session, _ = open_in(make_napari_viewer(show=True), genome)
    panel = PredictPanel(session.prediction)
    panel.show()
    session.prediction.models.fill()
    assert session.prediction.models.choose(small)
    session.prediction.device = "cpu"
    return session, panel


def predicted(session: Any) -> dict[str, list[Any]]:
    """Name → records of each predicted set."""
    sets = [] if session.project is None else session.project.sets()
    return {s.name: session.project.query(set_ids=[s.id]) for s in sets if s.origin is Origin.PREDICTED}


def ask_for_genome(panel: PredictPanel, scheduler: str) -> None:
    panel.scope.button("genome").click()
    panel.cluster.place.button("cluster").click()
    panel.cluster.scheduler.setText(scheduler)
    panel.cluster.scheduler.editingFinished.emit()


def expected(genome: Path, panel: PredictPanel) -> list[Any]:
    source = open_map(genome)
    request = PredictRequest(regions=whole(source), model=panel.state.models.reference, device="cpu")
    return [bare(record) for record in predict(source, request).annotations]


def bare(record: Any) -> tuple[Any, ...]:
    return record.kind, record.anchor1, record.anchor2, record.score, record.probability


def test_the_scheduler_is_asked_for_where_it_is_needed(
    make_napari_viewer: Any, genome: Path, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_hicstruct.jobs.cluster.CONNECT_SECONDS", 1.0)
    session, panel = opened(make_napari_viewer, genome, small)
    assert not panel.cluster.isVisible()
    panel.scope.button("genome").click()
    assert panel.cluster.isVisible()
    assert not panel.cluster.scheduler.isVisible()
    panel.cluster.place.button("cluster").click()
    assert panel.cluster.scheduler.isVisible()
    assert not panel.run_button.isEnabled()
    assert "Name the scheduler" in panel.why_not.text()
    ask_for_genome(panel, "tcp://127.0.0.1:9")
    assert panel.run_button.isEnabled()
    assert session.settings.get("scheduler", "") == "tcp://127.0.0.1:9"
    panel.run_button.click()
    assert pump(lambda: "no scheduler of dask answers there" in panel.result.text(), 30)
    panel.scope.button("view").click()
    assert not panel.cluster.isVisible()


def test_chromosomes_come_as_they_end_and_nothing_is_left(
    make_napari_viewer: Any, genome: Path, small: str, cluster: Cluster
) -> None:
    session, panel = opened(make_napari_viewer, genome, small)
    ask_for_genome(panel, cluster.client.scheduler.address)
    panel.run_button.click()
    assert pump(lambda: any(predicted(session).values()), 90)
    (first,) = predicted(session).values()
    assert {record.chrom for record in first} == {"chrA"}, "the second chromosome is still under way"
    assert pump(lambda: "Found" in panel.result.text(), 90)
    ((name, records),) = predicted(session).items()
    assert "partial" not in name
    assert sorted(map(bare, records)) == sorted(expected(genome, panel))
    assert not kept_runs(runs_folder(), session.source)


def test_a_closed_window_leaves_the_run_and_the_next_one_finds_it(
    make_napari_viewer: Any, genome: Path, small: str, cluster: Cluster
) -> None:
    session, panel = opened(make_napari_viewer, genome, small)
    ask_for_genome(panel, cluster.client.scheduler.address)
    panel.run_button.click()
    assert pump(lambda: any(predicted(session).values()), 90)
    panel.close()
    session.close_map()
    session, panel = opened(make_napari_viewer, genome, small)
    assert pump(panel.follow_row.isVisible, 20)
    assert cluster.client.scheduler.address in panel.follow_row.said.text()
    before = predicted(session)
    assert len(before) == 1, "the project holds what the first window had kept"
    panel.follow_row.button.click()
    assert not panel.follow_row.isVisible()
    assert pump(lambda: "Found" in panel.result.text(), 90)
    ((name, records),) = predicted(session).items()
    assert "partial" not in name
    assert sorted(map(bare, records)) == sorted(expected(genome, panel)), "nothing twice, nothing missing"
    assert not kept_runs(runs_folder(), session.source)


def test_the_cross_ends_the_run_on_the_cluster(
    make_napari_viewer: Any, genome: Path, small: str, cluster: Cluster
) -> None:
    _, panel = opened(make_napari_viewer, genome, small)
    ask_for_genome(panel, cluster.client.scheduler.address)
    panel.run_button.click()
    assert pump(lambda: panel.bar.maximum() > 0 and "predict" in panel.bar.format(), 60)
    panel.cancel_button.click()
    assert pump(lambda: "Cancelled" in panel.result.text(), 30)
    assert panel.run_button.isEnabled()
    assert pump(lambda: not cluster.client.processing() or not any(cluster.client.processing().values()), 30)
