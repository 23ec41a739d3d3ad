"""What is drawn otherwise than asked for is said beside the map, and the picture is never blank."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.layers.map import colormaps
from napari_hicstruct.workflows.open_map import summarise
from tests.foreign import map_files as files
from tests.foreign.map_files import COARSE, FINE, SIZES, cis, ladder, write
from tests.gui.view_kit import open_in, pump

Make = Callable[..., Any]
N = [-(-length // FINE) for length in SIZES.values()]


def drawn(session: Any) -> np.ndarray:
    """The finest level of the chromosome that is shown."""
    n = -(-session.source.chromsizes[session.chrom] // session.map.levels[0].resolution)
    return np.asarray(session.map.levels[0])[:n, :n]


def test_a_chromosome_without_kr_is_drawn_with_the_next_best_and_it_is_said(
    make_napari_viewer: Make, tmp_path: Path
) -> None:
    kr = np.concatenate([np.full(N[0], 2.0), np.full(N[1], np.nan), np.full(N[2], 3.0)])
    path = write(tmp_path / "kr.cool", columns={"KR": kr, "VC": np.full(sum(N), 4.0)})
    session, dock = open_in(make_napari_viewer(show=True), path)
    panel = dock.map
    np.testing.assert_allclose(drawn(session), cis("chr1") / 4, rtol=1e-6)
    assert panel.weights.currentData() == "KR"
    assert not panel.state.isVisible()
    session.set_chrom("chr2")
    assert pump(lambda: "chr2 has no KR weights at 5 kb: VC is used" in panel.state.text())
    np.testing.assert_allclose(drawn(session), cis("chr2") / 16, rtol=1e-6)
    assert panel.weights.currentData() == "VC"
    assert [panel.weights.model().item(k).isEnabled() for k in range(panel.weights.count())] == [False, True]
    with pytest.raises(MapError, match="no normalisation 'KR' at 5 kb on chr2"):
        session.set_norm("KR")
    session.set_chrom("chr3")
    np.testing.assert_allclose(drawn(session), cis("chr3") / 9, rtol=1e-6)
    assert pump(lambda: not panel.state.text())


@pytest.mark.parametrize("weight", [np.nan, 0.0])
def test_weights_that_are_none_never_give_a_blank_picture(
    make_napari_viewer: Make, tmp_path: Path, weight: float
) -> None:
    path = write(tmp_path / "none.cool", columns={"weight": np.full(sum(N), weight)})
    session, dock = open_in(make_napari_viewer(show=True), path)
    np.testing.assert_array_equal(drawn(session), cis("chr1"))
    dock.map.norm.chosen.emit("balanced")
    assert pump(lambda: not session.map.pending and session.norm != "raw")
    balanced = drawn(session)
    assert np.isfinite(balanced).mean() > 0.5
    sums = np.nansum(balanced, axis=0)
    assert sums[sums > 0].std() < 0.5 * sums.mean()


def test_a_level_without_contacts_is_not_drawn(make_napari_viewer: Make, tmp_path: Path) -> None:
    path = ladder(tmp_path / "partial.mcool", {"empty": ("chr1", "chr3")}, {})
    session, dock = open_in(make_napari_viewer(show=True), path)
    assert session.resolution == COARSE
    np.testing.assert_array_equal(drawn(session), cis("chr1", COARSE))
    assert "The 5 kb level holds no contacts on chr1" in dock.map.state.text()
    session.set_chrom("chr2")
    np.testing.assert_array_equal(drawn(session), cis("chr2", FINE))
    assert pump(lambda: not dock.map.state.text())


def test_differences_are_blue_and_red_about_nothing(make_napari_viewer: Make, tmp_path: Path) -> None:
    session, dock = open_in(make_napari_viewer(show=True), files.signed(tmp_path))
    session.go_to(Interval("chr1", 0, 200 * FINE))  # no sums of several values
    assert pump(lambda: session.resolution == FINE and session.layer.contrast_limits[1] < 3)
    low, high = session.layer.contrast_limits
    assert low == -high
    assert 1.5 < high < 3  # the 97th percentile of |normal|
    assert session.layer.colormap.name == colormaps.RATIO
    assert "differences or log ratios, not contacts" in dock.map.state.text()
    assert not dock.map.norm.button("balanced").isEnabled()
    assert "both signs" in dock.map.norm.button("ratio").toolTip()
    text = session.layer.get_status((50_000.0, 60_000.0))["coordinates"]
    assert f"value {drawn(session)[10, 12]:.3g}" in text
    assert "contact" not in text


def test_a_chromosome_of_rye_is_drawn(make_napari_viewer: Make, tmp_path: Path) -> None:
    from napari_hicstruct.genome import Interval

    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, files.rye(tmp_path))
    region = Interval("1R", 1_100_000_000, 1_102_000_000)
    session.go_to(region)
    assert pump(lambda: session.resolution == COARSE)
    rows, cols = session.visible()
    assert rows.start <= region.start
    assert cols.end >= region.end
    tile = session.map.level.tile
    assert tile.value(1_100_005_000, 1_100_005_000) > 20
    assert [layer.name for layer in viewer.layers][1:] == ["TADs", "Stripes", "Boundaries", "Loops"]


def test_where_weights_come_from_is_said(make_napari_viewer: Make, tmp_path: Path) -> None:
    _, dock = open_in(make_napari_viewer(show=True), write(tmp_path / "plain.cool"))
    dock.map.norm.chosen.emit("balanced")
    assert pump(lambda: "Balanced in memory: the map stores no weights" in dock.map.state.text())
    dock.map.norm.chosen.emit("raw")
    assert pump(lambda: not dock.map.state.text())
    dock.map.norm.chosen.emit("ratio")
    assert pump(lambda: "O/E of the values as they are" in dock.map.state.text())


@pytest.mark.parametrize(
    ("values", "says"), [(None, "contacts as counted"), (lambda m: m * np.pi, "normalised contacts as stored")]
)
def test_window_and_info_agree_on_what_is_shown_first(
    make_napari_viewer: Make, tmp_path: Path, values: Any, says: str
) -> None:
    path = write(tmp_path / "plain.cool", values=values, dtype=float)
    session, dock = open_in(make_napari_viewer(show=True), path)
    summary = summarise(session.source)
    assert summary.first_norms == {FINE: session.norm} == {FINE: "raw"}
    assert pump(lambda: dock.map.meaning.text().startswith(says))
    dock.map.norm.chosen.emit("balanced")
    assert pump(lambda: session.norm == summary.default_norms[FINE])


def test_the_bin_size_that_is_drawn_is_told_after_every_change(make_napari_viewer: Make, tmp_path: Path) -> None:
    session, dock = open_in(make_napari_viewer(show=True), ladder(tmp_path / "m.mcool", {}, {}))
    heard: list[str] = []
    dock.map.summary.connect(heard.append)
    for key in ("balanced", "raw", "ratio", "raw"):
        dock.map.norm.chosen.emit(key)
        pump(lambda: not session.map.pending)
        pump(lambda: False, 0.5)
        assert heard[-1] == f"drawn at {session.resolution // 1000} kb"


def test_a_view_without_contacts_says_where_they_are(make_napari_viewer: Make, data_dir: Path) -> None:
    session, dock = open_in(make_napari_viewer(show=True), data_dir / "maps" / "LNCaP_chr7_chr14_10kb_hg38.cool")
    session.set_chrom("chr14")
    assert "no contacts" not in dock.map.state.text()
    session.go_to(Interval("chr14", 5_000_000, 10_000_000))
    assert pump(lambda: "holds no contacts here; ⤢ shows those of chr14" in dock.map.state.text())
    dock.map.whole.click()
    assert pump(lambda: "no contacts" not in dock.map.state.text())


def test_a_chromosome_without_contacts_is_said_to_have_none(make_napari_viewer: Make, data_dir: Path) -> None:
    session, dock = open_in(make_napari_viewer(show=True), data_dir / "awkward" / "one_interaction_4chr.cool")
    assert "no contacts" not in dock.map.state.text()
    empty = next(name for name in reversed(list(session.source.chromsizes)) if name != session.chrom)
    session.set_chrom(empty)
    assert pump(lambda: f"The map holds no contacts on {empty}" in dock.map.state.text())
