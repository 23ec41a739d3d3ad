"""Tracks of a window without a window: opened, remembered, read for what is seen, and what motifs say of candidates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import TrackError
from napari_hicstruct.plugin.state.map.seen import AxisKind, AxisSpan
from napari_hicstruct.plugin.state.tracks.parts import bin_for, wanted_for
from napari_hicstruct.tracks import Orientation
from tests.window_kit import CHROM, LENGTH, SteppedRunner, TinySource, TinyWindow, loop, make_project, tad


def span(start: float, end: float, pixels: int = 500, kind: AxisKind = AxisKind.POSITION) -> AxisSpan:
    return AxisSpan(CHROM, LENGTH, start, end, 0, pixels, kind)


def bedgraph(folder: Path, name: str = "a.bedGraph", chrom: str = CHROM) -> Path:
    path = folder / name
    path.write_text("".join(f"{chrom}\t{k * 1000}\t{k * 1000 + 1000}\t{k}\n" for k in range(1_000)))
    return path


def motifs(folder: Path, *rows: tuple[int, str]) -> Path:
    path = folder / "ctcf.bed"
    path.write_text("".join(f"{CHROM}\t{at}\t{at + 19}\tCTCF\t9\t{strand}\n" for at, strand in rows))
    return path


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyWindow:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    made = TinyWindow(None)
    made.source = TinySource(uri=str(tmp_path / "map.cool"))  # type: ignore[assignment]
    made.map_changed.emit()
    return made


@pytest.mark.parametrize("bp_per_px", [0.3, 1, 3, 7.2, 19.9, 20, 4_321, 99_999])
def test_bins_of_a_view_are_round_and_no_more_than_a_pixel(bp_per_px: float) -> None:
    size = bin_for(bp_per_px)
    assert size == 1 or bp_per_px / 2.5 < size <= bp_per_px
    assert str(size).rstrip("0") in ("1", "2", "5")
    seen = span(100_000, 100_000 + 500 * bp_per_px)
    wanted = wanted_for(seen)
    assert wanted is not None
    assert wanted.serves(seen)
    assert wanted.start % size == 0


def test_what_was_read_does_for_moves_and_not_for_other_scales() -> None:
    wanted = wanted_for(span(400_000, 500_000))
    assert wanted is not None
    assert wanted.serves(span(360_000, 460_000))
    assert not wanted.serves(span(300_000, 400_000))
    assert not wanted.serves(span(440_000, 450_000)), "a pixel has no more than a bin"
    assert wanted.serves(span(380_000, 520_000)), "zoomed out by less than half"
    assert wanted_for(span(-9_000, -1)) is None, "nothing of the chromosome is in view"


def test_a_track_is_read_where_one_looks_and_remembered_for_the_map(window: TinyWindow, tmp_path: Path) -> None:
    state, path = window.tracks, bedgraph(tmp_path, chrom="17")
    state.see("columns", span(0, 500_000))
    state.add(path)
    (one,) = state.tracks
    assert (one.kind, one.problem, one.notes) == ("signal", "", ())
    part = state.part(one.key, "columns")
    assert part is not None
    assert part.values is not None
    assert part.values[:2] == pytest.approx([0, 1])
    state.set_colour(one.key, "#123456")
    state.set_height(one.key, 77)
    state.set_limits(one.key, (0, 9))
    state.add(motifs(tmp_path, (1, "+")))
    state.move(state.tracks[1].key, 0)
    again = TinyWindow(None)
    again.source = window.source
    again.map_changed.emit()
    assert [one.kind for one in again.tracks.tracks] == ["motifs", "signal"]
    kept = again.tracks.tracks[1]
    assert (kept.colour, kept.height_px, kept.limits) == ("#123456", 77, (0, 9))
    again.source = TinySource(uri=str(tmp_path / "other.cool"))  # type: ignore[assignment]
    again.map_changed.emit()
    assert again.tracks.tracks == []


def test_a_view_in_between_is_not_read_and_the_newest_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    runner = SteppedRunner()
    window = TinyWindow(None, runner)
    state = window.tracks
    state.add(bedgraph(tmp_path))
    runner.advance(3)
    (one,) = state.tracks
    reads = len(runner.jobs)
    for start in (0, 200_000, 400_000, 600_000):
        state.see("columns", span(start, start + 20_000))
    assert len(runner.jobs) == reads + 1
    runner.advance(2)
    assert len(runner.jobs) == reads + 2
    runner.advance(2)
    part = state.part(one.key, "columns")
    assert part is not None
    assert part.wanted.serves(span(600_000, 620_000))
    assert len(runner.jobs) == reads + 2, "nothing is left to read"


def test_what_cannot_be_shown_is_said_once_and_not_listed(window: TinyWindow, tmp_path: Path) -> None:
    window.tracks.add(bedgraph(tmp_path, "other.bedGraph", chrom="chrVII"))
    window.tracks.add(tmp_path / "none.bw")
    window.tracks.add("https://x.org/a.bw")
    said = [str(problem) for problem in window.problems]
    assert len(said) == 3
    assert "has no chromosome of this map" in said[0]
    assert "Check the name" in said[1]
    assert "is an address on the web" in said[2]
    assert window.tracks.tracks == []
    window.source = None
    with pytest.raises(TrackError, match="open one first"):
        window.tracks.add(bedgraph(tmp_path))


def test_nothing_in_view_and_distances_ask_for_nothing(window: TinyWindow, tmp_path: Path) -> None:
    state = window.tracks
    state.see("columns", span(-90_000, -10))
    state.add(bedgraph(tmp_path))
    assert state.part(state.tracks[0].key, "columns") is None
    state.see("columns", span(0, 100_000, kind=AxisKind.DISTANCE))
    assert state.part(state.tracks[0].key, "columns") is None


def test_genes_are_found_by_name_over_all_tracks(window: TinyWindow, tmp_path: Path) -> None:
    genes = tmp_path / "g.bed"
    genes.write_text(f"{CHROM}\t1000\t5000\tSOX9\t0\t+\t1000\t5000\t0\t1\t4000,\t0,\n")
    assert window.tracks.find("sox") == []
    window.tracks.add(genes)
    assert [gene.name for gene in window.tracks.find("sox")] == ["SOX9"]


def test_motifs_at_the_anchors_filter_and_order_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    with make_project(tmp_path) as project:
        pairs = {"c": (100_000, 300_000), "t": (100_000, 500_000), "d": (200_000, 500_000), "n": (100_000, 700_000)}
        records = [loop(a, b, uid=uid, probability=0.5) for uid, (a, b) in pairs.items()]
        project.add([*records, tad(100_000, 300_000, uid="s")], set_id=project.add_set("calls", Origin.IMPORTED).id)
        window = TinyWindow(project)
        queue, oriented = window.review.queue, window.motif_orientation
        queue.set_order("orientation")
        assert "needs motifs" in queue.problem
        assert oriented.text(records[0]) == ""
        window.tracks.add(motifs(tmp_path, (102_000, "+"), (302_000, "-"), (502_000, "+"), (202_000, "-")))
        queue.set_order("orientation")
        assert queue.problem == ""
        assert [uid for uid in queue.uids if uid != "s"] == ["c", "t", "d", "n"]
        assert window.tracks.orientation(records[0]) is Orientation.CONVERGENT
        assert oriented.text(records[0]) == "motifs convergent"
        assert oriented.text(records[3]) == "no motif pair"
        queue.where(orientations=frozenset({"tandem"}))
        assert queue.uids == ["t"]
        window.tracks.remove(window.tracks.tracks[0].key)
        assert not queue.oriented


def test_boundary_probability_comes_from_the_calls_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    with make_project(tmp_path) as project:
        calls = project.add_set("calls", Origin.IMPORTED).id
        project.add([tad(100_000, 300_000, probability=0.8), tad(100_000, 500_000, probability=0.3)], set_id=calls)
        window = TinyWindow(project)
        window.tracks.see("columns", span(0, LENGTH))
        window.tracks.add_own("calls")
        track = window.tracks.tracks[0].track
        at = np.array([track.values(tad(p, p + 5_000).anchor1, 1)[0] for p in (100_000, 300_000, 500_000, 200_000)])
        assert at == pytest.approx([0.8, 0.8, 0.3, np.nan], nan_ok=True)


def test_a_model_reads_the_bigwigs_of_the_window_by_name(window: TinyWindow, data_dir: Path) -> None:
    from types import SimpleNamespace

    from napari_hicstruct.plugin.state.tracks.model_tracks import ModelTracks

    bigwig = data_dir / "tracks" / "LNCaP_ENCFF282KWR_subset.bigwig"
    window.source = TinySource(uri="lncap.cool", assembly="", chromsizes={"chr7": 159_345_973})  # type: ignore[assignment]
    window.map_changed.emit()
    models = window.prediction.models
    window.prediction._reasons = {}  # a map that is none is not asked what can be found on it
    choice = window.prediction.tracks
    assert isinstance(choice, ModelTracks)
    assert (choice.wanted(), choice.problem(), choice.files()) == ((), "", {})
    models.chosen = SimpleNamespace(tracks=("encff282kwr",), tasks=(), name="m", label="m 1")
    assert "reads the track 'encff282kwr': open its bigWig" in choice.problem()
    window.tracks.add(bigwig)
    assert choice.files() == {"encff282kwr": str(bigwig)}
    assert window.prediction.request()["tracks"] == {"encff282kwr": str(bigwig)}
    models.chosen = SimpleNamespace(tracks=("ctcf", "atac"), tasks=(), name="m", label="m 1")
    assert "'ctcf'" in choice.problem()
    choice.choose("ctcf", str(bigwig))
    assert "'atac'" in choice.problem()


def test_what_was_read_before_a_track_changed_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    runner = SteppedRunner()
    window = TinyWindow(None, runner)
    state = window.tracks
    state.see("columns", span(0, 500_000))
    state.add_own("boundary")
    reading = runner.jobs[-1]
    reading.step(next(reading.job))
    state.own.track("boundary").put(CHROM, 5_000, np.ones(200, np.float32))
    state.own.changed.emit("boundary")
    runner.advance(2, of=runner.jobs.index(reading))
    runner.advance(2)
    part = state.part("own:boundary", "columns")
    assert part is not None
    assert part.values is not None
    assert np.nanmax(part.values) == 1
