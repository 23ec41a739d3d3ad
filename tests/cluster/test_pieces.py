"""A region run piece by piece gives what it gives in one go, whatever the pieces and whoever runs them."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import shutil
import socket
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import Cancelled, OutputError
from napari_hicstruct.genome import Interval
from napari_hicstruct.inference.pieces import Piece
from napari_hicstruct.inference.tiling import Tiling
from napari_hicstruct.workflows.genome import pieces
from napari_hicstruct.workflows.genome.genome_run import GenomeRun, discard_store
from napari_hicstruct.workflows.genome.kept_runs import MAX_AGE_DAYS, runs_folder
from napari_hicstruct.workflows.genome.run_store import RunStore
from napari_hicstruct.workflows.predict import predict
from napari_hicstruct.workflows.predict.request import PredictRequest
from tests.cluster_kit import write_genome


def opened(source: ContactSource, request: PredictRequest, folder: Path) -> GenomeRun:
    run = GenomeRun(source, request, folder)
    RunStore.opened(run.spec.store, run.spec.content, resume=True)
    return run


def bare(records: Iterable[Annotation]) -> list[Annotation]:
    """Without uids, which are drawn anew for each run."""
    return [record.with_(uid="", parent="") for record in records]


def run_all(run: GenomeRun, index: int = 0, *, backwards: bool = False) -> list[Annotation]:
    spec, plan = run.spec, run.plans[index]
    prepared = pieces.prepare(spec, index)
    assert not isinstance(plan, Exception)
    work = [(bins, unit) for bins in plan.tilings for unit in range(len(plan.units(bins)))]
    for bins, unit in reversed(work) if backwards else work:
        pieces.run_windows(spec, index, bins, range(unit, unit + 1), prepared)
    pieces.decode(spec, index)
    found = pieces.calls_of(run.store, index)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("mode", ["fast", "accurate"])
@pytest.mark.parametrize("region", [Interval("chrA", 0, 6_000_000), Interval("chrA", 1_730_000, 4_210_000)])
@pytest.mark.parametrize("backwards", [False, True])
def test_pieces_in_any_order_give_the_calls_of_one_go(
    source: ContactSource, model: str, tmp_path: Path, mode: str, region: Interval, backwards: bool
) -> None:
    request = PredictRequest(regions=(region,), model=model, device="cpu", mode=mode)
    expected = predict(source, request)
    assert len({a.kind for a in expected.annotations}) == 4
    run = opened(source, request, tmp_path)
    found = run_all(run, backwards=backwards)
    assert bare(found) == bare(expected.annotations)
    track = run.store.array("r00000/track")[:]
    np.testing.assert_array_equal(track, expected.boundary_tracks[0].values)


def test_a_map_without_fine_bins_is_called_at_coarse_ones(model: str, tmp_path: Path) -> None:
    source = open_map(write_genome(tmp_path / "coarse.cool", 10_000))
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    expected = predict(source, request)
    assert expected.annotations
    assert bare(run_all(opened(source, request, tmp_path / "runs"))) == bare(expected.annotations)


@pytest.mark.parametrize("tasks", [("loop",), ("stripe",), ("tad",), ("loop", "tad")])
def test_some_tasks_alone(source: ContactSource, model: str, tmp_path: Path, tasks: tuple[str, ...]) -> None:
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu", tasks=tasks)
    expected = predict(source, request)
    assert bare(run_all(opened(source, request, tmp_path))) == bare(expected.annotations)


def test_what_is_done_is_not_done_again(source: ContactSource, model: str, tmp_path: Path) -> None:
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    run = opened(source, request, tmp_path)
    plan, prepared = run.plans[0], pieces.prepare(run.spec, 0)
    assert not isinstance(plan, Exception)
    n = len(plan.units("fine"))
    first = pieces.run_windows(run.spec, 0, "fine", range(n - 1), prepared)
    again = pieces.run_windows(run.spec, 0, "fine", range(n), prepared)
    assert first["windows"] == sum(plan.windows("fine")[: n - 1])
    assert again["windows"] == plan.windows("fine")[n - 1]
    at = (run.spec.store / "done" / "r00000-prepare.json").stat().st_mtime_ns
    pieces.prepare(run.spec, 0)
    assert (run.spec.store / "done" / "r00000-prepare.json").stat().st_mtime_ns == at


def test_a_worker_stops_within_a_window(source: ContactSource, model: str, tmp_path: Path) -> None:
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    run = opened(source, request, tmp_path)
    prepared = pieces.prepare(run.spec, 0)
    run.store.ask_to_stop()
    with pytest.raises(Cancelled):
        pieces.run_windows(run.spec, 0, "fine", range(1), prepared)
    assert run.store.done("r00000-fine-00000") is None
    RunStore.opened(run.spec.store, run.spec.content, resume=True)  # whoever goes on takes the request back
    assert pieces.run_windows(run.spec, 0, "fine", range(1), prepared)["windows"] > 0


def test_a_changed_map_is_refused(model: str, tmp_path: Path) -> None:
    path = write_genome(tmp_path / "map.cool")
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    run = opened(open_map(path), request, tmp_path / "runs")
    write_genome(tmp_path / "other.cool", seed=1).replace(path)
    with pytest.raises(pieces.Changed, match="has changed since the run began"):
        pieces.prepare(run.spec, 0)
    assert run.store.done("r00000-prepare") is None


def test_a_full_disk_is_said_with_the_name_of_the_machine(
    source: ContactSource, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    run = opened(source, request, tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(RunStore, "write_band", full)
    with pytest.raises(OutputError, match=f"the disk is full on {re.escape(socket.gethostname())}") as refused:
        pieces.prepare(run.spec, 0)
    assert "Free some disk" in str(refused.value)
    monkeypatch.undo()
    assert run.store.done("r00000-prepare") is None
    assert bare(run_all(run)) == bare(predict(source, request).annotations)


def test_an_empty_chromosome_is_skipped_with_its_reason(source: ContactSource, model: str, tmp_path: Path) -> None:
    request = PredictRequest(regions=(Interval("chrEmpty", 0, 3_000_000),), model=model, device="cpu")
    run = opened(source, request, tmp_path)
    prepared = pieces.prepare(run.spec, 0)
    assert "no contacts" in prepared["skipped"]
    assert pieces.run_windows(run.spec, 0, "fine", range(1), prepared)["windows"] == 0
    assert "skipped" in pieces.decode(run.spec, 0)


def test_tasks_take_about_as_long_as_they_should(source: ContactSource, model: str, tmp_path: Path) -> None:
    request = PredictRequest(regions=(Interval("chrA", 0, 6_000_000),), model=model, device="cpu")
    plan = GenomeRun(source, request, tmp_path).plans[0]
    assert not isinstance(plan, Exception)
    for bins in plan.tilings:
        groups = list(plan.grouped(bins, 0.1, 4.0))
        counts = plan.windows(bins)
        assert [unit for units in groups for unit in units] == list(range(len(counts)))
        assert all(sum(counts[unit] for unit in units) * 0.1 >= 4.0 for units in groups[:-1])
        assert all(sum(counts[unit] for unit in units[:-1]) * 0.1 < 4.0 for units in groups)


def test_the_store_says_what_it_is_and_what_it_is_not(source: ContactSource, model: str, tmp_path: Path) -> None:
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    run = opened(source, request, tmp_path)
    pieces.prepare(run.spec, 0)
    with pytest.raises(OutputError, match="interrupted run") as refused:
        RunStore.opened(run.spec.store, run.spec.content, resume=False)
    assert "--resume" in str(refused.value)
    about = run.spec.store / "run.json"
    about.write_text(about.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(OutputError, match="newer version"):
        RunStore.opened(run.spec.store, run.spec.content, resume=True)
    about.write_text("{")
    with pytest.raises(OutputError, match="not the store of a run"):
        RunStore.opened(run.spec.store, run.spec.content, resume=True)
    other = dataclasses.replace(request, min_probability={"loop": 0.3})
    assert GenomeRun(source, other, tmp_path).spec.store != run.spec.store
    assert GenomeRun(source, request, tmp_path).spec.store == run.spec.store


@pytest.mark.parametrize(
    "lost",
    ["fine/map_loop", "coarse/map_stripe", "coarse/counts", "fine/counts", "fine/weights", "prior", "strips_tad"],
)
@pytest.mark.parametrize("how", ["deleted", "truncated", "changed"])
def test_what_was_lost_from_the_store_is_said(
    source: ContactSource, model: str, tmp_path: Path, lost: str, how: str
) -> None:
    """A missing chunk of zarr reads as its fill value: a short list that looks like a finding."""
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    run = opened(source, request, tmp_path)
    spec, plan, prepared = run.spec, run.plans[0], pieces.prepare(run.spec, 0)
    assert not isinstance(plan, Exception)
    units = {bins: range(len(plan.units(bins))) for bins in plan.tilings}
    for_windows = lost in ("prior", "fine/counts", "fine/weights")
    if not for_windows:
        for bins in plan.tilings:
            pieces.run_windows(spec, 0, bins, units[bins], prepared)
    array = spec.store / "arrays" / "r00000" / lost
    chunks = [path for path in array.rglob("*") if path.is_file() and path.name != "zarr.json"]
    assert chunks
    for chunk in chunks:
        if how == "deleted":
            chunk.unlink()
        elif how == "truncated":
            chunk.write_bytes(chunk.read_bytes()[:100])
        else:
            data = bytearray(chunk.read_bytes())
            data[len(data) // 2] ^= 0xFF
            chunk.write_bytes(bytes(data))
    with pytest.raises(OutputError, match="the store is damaged") as refused:
        pieces.run_windows(spec, 0, "fine", units["fine"], prepared) if for_windows else pieces.decode(spec, 0)
    assert "Remove it to begin anew" in str(refused.value)


def test_a_folder_that_was_taken_away_is_not_an_interruption(source: ContactSource, model: str, tmp_path: Path) -> None:
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    run = opened(source, request, tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(OutputError, match="has gone while the run went on"):
        pieces.prepare(run.spec, 0)


def test_a_store_of_the_map_before_it_changed_goes_with_the_next_result(model: str, tmp_path: Path) -> None:
    path = write_genome(tmp_path / "map.cool")
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    old = opened(open_map(path), request, tmp_path / "runs")
    other = opened(open_map(path), dataclasses.replace(request, mode="accurate"), tmp_path / "runs")
    write_genome(tmp_path / "other.cool", seed=1).replace(path)
    now = GenomeRun(open_map(path), request, tmp_path / "runs")
    assert "begins anew" in now.why_anew()
    opened(open_map(path), request, tmp_path / "runs")
    assert now.why_anew() == ""
    discard_store(open_map(path), request, tmp_path / "runs")
    assert not old.spec.store.exists()
    assert not other.spec.store.exists()
    assert not (tmp_path / "runs").exists()


def test_runs_that_were_left_for_a_month_go_and_younger_ones_stay(
    source: ContactSource, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HICSTRUCT_CACHE", str(tmp_path))
    request = PredictRequest(regions=(Interval("chrB", 0, 4_000_000),), model=model, device="cpu")
    old = opened(source, request, runs_folder())
    young = opened(source, dataclasses.replace(request, mode="accurate"), runs_folder())
    month = time.time() - (MAX_AGE_DAYS + 1) * 86_400
    for path in (old.spec.store, old.spec.store / "done", young.spec.store):
        os.utime(path, (month, month))
    assert runs_folder() == old.spec.store.parent
    assert not old.spec.store.exists()
    assert young.spec.store.exists(), "a piece of it has ended not long ago"


def test_every_pixel_is_of_one_piece() -> None:
    for overlap in (1, 2):
        whole = Tiling(1_000, 300, 96, 16, overlap, 130, 870)
        n = len(whole.row_tiles())
        parts = [Piece.of(whole, k, min(n, k + 3)) for k in range(0, n, 3)]
        spans = [part.final for part in parts]
        assert all(a[1] == b[0] for a, b in pairwise(spans))
        assert spans[0][0] <= 130
        assert spans[-1][1] >= 870
        for part in parts:
            low, high = part.bins
            assert low % 2 == 0
            assert all(
                c + part.origin + 96 - 16 <= high or high == 1_000 for r in part.row_tiles() for _, c in part.corners(r)
            )
