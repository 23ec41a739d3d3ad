"""*Fuse maps* in a real window: pictures and maps are fused, and what can go wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psygnal
import pytest
from qtpy.compat import isalive

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin._commands import fuse_maps
from napari_hicstruct.plugin._docks import open_dock, open_fuse
from napari_hicstruct.plugin.controllers.session import session_of
from napari_hicstruct.plugin.layers.share import SHARE_COLORMAP, share_text
from napari_hicstruct.plugin.panels.fuse.maps import short_names
from tests.contacts_kit import FUSED_SIZES, write_cool, write_fused
from tests.gui.image_kit import (
    activate,
    close,
    dock_of,
    focus_pair,
    resize,
    scrolls_sideways,
    settled,
    tiny_fusion_network,
)
from tests.gui.theme_kit import unreadable, unseen_focus
from tests.gui.view_kit import open_in, pump

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def raised(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """What slots raised: psygnal's errors, and those that Qt would only print."""
    errors: list[BaseException] = []
    whole = psygnal.SignalInstance._run_emit_loop

    def emit(self: Any, args: Any) -> None:
        try:
            whole(self, args)
        except BaseException as error:
            errors.append(error)
            raise

    monkeypatch.setattr(psygnal.SignalInstance, "_run_emit_loop", emit)
    yield errors
    assert not errors


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_fusion_network(tmp_path_factory.mktemp("network"))


def panel_of(viewer: Any) -> Any:
    dock = open_fuse(viewer)
    assert pump(lambda: dock.isVisible())
    settled()
    return dock.panel


def with_pair(viewer: Any, **place: Any) -> tuple[Any, Any]:
    first, second = focus_pair()
    return viewer.add_image(first, name="near", **place), viewer.add_image(second, name="far")


def fuse(panel: Any) -> None:
    assert panel.button.isEnabled(), panel.button.toolTip()
    panel.button.click()
    assert pump(lambda: not panel.state.running, 60), panel.running.bar.text()
    settled()


def test_two_pictures_become_a_layer_where_the_first_one_lies(make_napari_viewer: Make, network: str) -> None:
    viewer = make_napari_viewer(show=True)
    near, far = with_pair(viewer, scale=(0.5, 0.25), translate=(3, 4), units=("µm", "µm"))
    before = near.data.copy(), far.data.copy()
    panel = panel_of(viewer)
    assert panel.state.kind == "pictures", "no map is open"
    assert (panel.pictures.first.layer, panel.pictures.second.layer) == (near, far)
    panel.state.choose_preset("pictures", network)
    panel.button.click()
    assert panel.running.isVisible()
    assert not panel.button.isEnabled()
    assert not panel.pictures.first.isEnabled()
    assert pump(lambda: not panel.state.running, 60)
    settled()
    assert [one.name for one in viewer.layers] == ["near", "far", "share of near", "near + far · fused"]
    share, fused = viewer.layers[2:]
    assert np.array_equal(near.data, before[0]), "A was written to"
    assert np.array_equal(far.data, before[1]), "B was written to"
    for one in (share, fused):
        assert np.allclose(one.scale, near.scale)
        assert np.allclose(one.translate, near.translate)
        assert [str(unit) for unit in one.units] == ["micrometer", "micrometer"]
    assert fused.data.dtype == near.data.dtype
    assert (fused.data.shape, share.data.shape) == (near.data.shape, near.data.shape)
    assert share.colormap.name == SHARE_COLORMAP
    assert tuple(share.contrast_limits) == (0, 1)
    blend = share.data * before[0] + (1 - share.data) * before[1]
    assert np.abs(fused.data - blend).max() <= 1, "the share is not what the picture was fused by"
    assert panel.message.text().startswith("Fused: ")
    shown = {}
    for key in ("first", "second", "share", "fused"):
        panel.result.switch.button(key).click()
        shown[key] = [one.name for one in viewer.layers if one.visible]
        assert viewer.layers.selection.active.name == shown[key][0]
    assert shown == {
        "first": ["near"], "second": ["far"], "share": ["share of near"], "fused": ["near + far · fused"]
    }  # fmt: skip
    assert "A:\u00a0near" in panel.result.legend.text(), "the letter stays with its name"
    assert panel.pictures.first.count() == 3, "a share is no picture to be fused"
    panel.pictures.swap.click()
    assert (panel.pictures.first.layer, panel.pictures.second.layer) == (far, near)
    assert panel.state.pictures[0].name == "far"


def test_the_switch_of_a_fused_map_leaves_pictures_alone(make_napari_viewer: Make, network: str) -> None:
    viewer = make_napari_viewer(show=True)
    with_pair(viewer)
    panel = panel_of(viewer)
    panel.state.choose_preset("pictures", network)
    fuse(panel)
    panel.state.outcome = SimpleNamespace(path=Path("fused.mcool"), shares=None)
    assert panel.state.fused_map is not None
    before = [layer.visible for layer in viewer.layers]
    for shown in ("share", "fused"):
        panel.state.show(shown)
        assert [layer.visible for layer in viewer.layers] == before


def test_what_cannot_be_fused_is_said_in_one_sentence(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    panel = panel_of(viewer)
    assert panel.message.isVisible()
    assert "Choose two Image layers" in panel.message.text()
    assert not panel.button.isEnabled()
    grey = viewer.add_image(np.zeros((32, 32)), name="grey")
    settled()
    others = {
        "large": (np.zeros((32, 33)), {}, "sizes must be the same"),
        "colours": (np.zeros((32, 32, 3), np.uint8), {"rgb": True}, "“colours” is RGB and “grey” is grey"),
        "film": (np.zeros((2, 2, 32, 32)), {}, "“film” has 4 axes"),
        "dot": (np.zeros((4, 4)), {}, "“dot” is 4 × 4"),
    }
    for name, (data, more, said) in others.items():
        layer = viewer.add_image(data, name=name, **more)
        settled()
        panel.pictures.first.choose(grey)
        panel.pictures.second.choose(layer)
        settled()
        assert said in panel.message.text(), (name, panel.message.text())
        assert panel.message.isVisible()
        assert panel.button.toolTip() == panel.message.text()
        assert not panel.button.isEnabled()
    panel.pictures.second.choose(grey)
    assert "same layer" in panel.message.text()
    viewer.layers.clear()
    settled()
    assert "Choose two Image layers" in panel.message.text()
    panel.kind.button("maps").click()
    assert "Choose two contact maps" in panel.message.text()


def test_maps_of_alike_names_are_told_from_each_other() -> None:
    names = ["limb_E11.5_WT_chr1.cool", "limb_E11.5_DelB_chr1.cool", "other.cool"]
    assert short_names(names) == ["limb…WT_chr1.cool", "limb…DelB_chr1.cool", "other.cool"]
    fused = ["GM12878_chr21_hg19.cool", "GM12878_chr21_hg19+K562_chr21.mcool"]
    assert short_names(fused) == ["GM12878…hg19.cool", "GM12878…hg19+K562_chr21.mcool"], "of what it is stays"
    assert short_names(["one.cool", "two.cool"]) == ["one.cool", "two.cool"]
    assert short_names(["same.mcool", "same.mcool"]) == ["same.mcool", "same.mcool"]


def test_an_error_of_the_workflow_is_seen(make_napari_viewer: Make, network: str) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.add_image(focus_pair()[0], name="near")
    viewer.add_image(focus_pair()[0].astype(np.uint16), name="far")
    panel = panel_of(viewer)
    panel.state.choose_preset("pictures", network)
    fuse(panel)
    assert "uint16" in panel.message.text()
    assert panel.message.isVisible()
    assert len(viewer.layers) == 2
    assert panel.button.isEnabled()


def test_cancel_keeps_nothing_and_layers_and_dock_may_go(make_napari_viewer: Make, network: str) -> None:
    viewer = make_napari_viewer(show=True)
    near, _ = with_pair(viewer, scale=(2, 2))
    panel = panel_of(viewer)
    state = panel.state
    state.choose_preset("pictures", network)
    panel.button.click()
    panel.running.cancel_button.click()
    settled()
    assert panel.message.text() == "Cancelled: nothing was kept."
    assert len(viewer.layers) == 2
    panel.button.click()
    viewer.layers.remove(near)
    settled()
    close(dock_of(panel))
    assert not isalive(panel)
    assert pump(lambda: not state.running, 60)
    assert pump(lambda: "near + far · fused" in viewer.layers)
    assert np.allclose(viewer.layers["near + far · fused"].scale, (2, 2))
    again = panel_of(viewer)
    assert again.message.text().startswith("Fused")
    again.result.switch.button("share").click()
    assert viewer.layers["share of near"].visible
    assert not viewer.layers["near + far · fused"].visible


def test_the_window_may_close_while_it_runs(make_napari_viewer: Make, network: str) -> None:
    viewer = make_napari_viewer(show=True)
    with_pair(viewer)
    panel = panel_of(viewer)
    state = panel.state
    state.choose_preset("pictures", network)
    panel.button.click()
    session = session_of(viewer)
    viewer.close()
    assert not state.running
    assert session_of(viewer) is None or session._closed, "what it started would go on for a window that is gone"


def test_it_is_found_in_the_menus(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    fuse_maps()
    docks = viewer.window.dock_widgets
    assert open_fuse(viewer) is next(docks[name] for name in docks if "Fuse maps" in name)
    settled()
    preset = open_fuse(viewer).panel.preset
    assert preset.fontMetrics().horizontalAdvance("microscopy") < preset.width(), "cut off in a dock as napari opens it"
    dock = open_dock(viewer)
    assert pump(lambda: dock.menu is not None)
    texts = [action.text() for action in dock.menu.actions()]
    assert {"Fuse maps …", "Segment images …"} <= set(texts)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_reads_on_both_themes_and_fits_small_windows(make_napari_viewer: Make, network: str, theme: str) -> None:
    viewer = make_napari_viewer(show=True)
    with_pair(viewer)
    panel = panel_of(viewer)
    panel.state.choose_preset("pictures", network)
    fuse(panel)
    panel.fold.unfold()
    viewer.theme = theme
    for size in ((1000, 700), (1366, 768)):
        resize(viewer, *size)
        for kind in ("maps", "pictures"):
            panel.kind.button(kind).click()
            settled()
            assert scrolls_sideways(panel) == 0, (size, kind)
    found, seen = unreadable(panel)
    assert seen > 8
    assert not found
    activate(viewer)
    unseen, tried = unseen_focus(panel)
    assert tried > 6
    assert not unseen


# ---------------------------------------------------------------------- maps
def write_replicates(folder: Path) -> list[Path]:
    """Two maps of 120 bins whose contacts fall with distance, drawn from one expectation; another of other bins."""
    rng = np.random.default_rng(5)
    distance = np.abs(np.subtract.outer(np.arange(120), np.arange(120)))
    paths = []
    for name, base in (("one", 10_000), ("two", 10_000), ("odd", 7_000)):
        paths.append(folder / f"{name}.cool")
        counts = np.triu(rng.poisson(60 / (1 + distance)))
        write_cool(paths[-1], {"chr1": 120 * base}, base, counts)
    return paths


def test_two_maps_become_a_file_that_is_opened(make_napari_viewer: Make, tmp_path: Path) -> None:
    network = tiny_fusion_network(tmp_path / "network", "hic")
    one, two, odd = write_replicates(tmp_path)
    content = one.read_bytes(), two.read_bytes()
    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, one)
    panel = panel_of(viewer)
    state, form = panel.state, panel.maps
    assert state.kind == "maps", "a map is open"
    assert form.boxes[0].currentText() == "one.cool  (open)"
    assert panel.pictures.first.count() == 0, "the map is no picture to be fused"
    assert "Choose two contact maps" in panel.message.text()
    form.add(1, str(odd))
    assert pump(lambda: not state.maps.opening)
    settled()
    assert panel.message.text().startswith("odd.cool "), panel.message.text()
    assert not panel.button.isEnabled()
    form.add(1, str(one))
    assert "same map" in panel.message.text()
    form.add(1, str(two))
    assert pump(lambda: panel.button.isEnabled()), panel.button.toolTip()
    assert form.resolution.itemText(0).startswith("10 kb")
    assert form.out.text() == str(tmp_path / "one+two.mcool")
    state.choose_preset("maps", network)
    session.go_to(Interval("chr1", 300_000, 700_000))
    settled()
    fuse(panel)
    assert panel.message.text().startswith("Fused into one+two.mcool."), panel.message.text()
    assert session.source.uri == str(tmp_path / "one+two.mcool")
    rows, _ = session.visible()
    assert rows.start < 400_000 < 600_000 < rows.end < 900_000, "one looked elsewhere before"
    share = viewer.layers["share of one.cool"]
    assert not share.visible
    assert not panel.result.switch.button("first").isVisible()
    panel.result.switch.button("share").click()
    assert share.visible
    panel.result.switch.button("fused").click()
    assert not share.visible
    assert "chr1" in panel.result.figures.text()
    assert (one.read_bytes(), two.read_bytes()) == content, "an input was written to"
    assert not panel.show_button.isVisible()
    session.open_map(one)
    settled()
    assert panel.show_button.isVisible()
    assert state.maps.suggested().name == "one+two-2.mcool"
    panel.show_button.click()
    settled()
    assert session.source.uri == str(tmp_path / "one+two.mcool")


def test_a_fused_map_waits_while_the_model_runs(
    make_napari_viewer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = make_napari_viewer(show=True)
    write_fused(tmp_path / "plain.cool", shares=False)
    write_fused(tmp_path / "fused.cool")
    session, _ = open_in(viewer, tmp_path / "plain.cool")
    panel = panel_of(viewer)
    said: list[str] = []
    session.problem.connect(lambda error: said.append(str(error)))
    busy = ["The run of the model"]
    monkeypatch.setattr(session, "what_runs", lambda: busy[0])
    panel.state._done(SimpleNamespace(path=tmp_path / "fused.cool", notes=(), shares=None, model="hic"))
    settled()
    assert session.source.name == "plain"
    assert panel.show_button.isVisible()
    panel.show_button.click()
    assert said == ["The run of the model has not ended yet. Wait for it, or cancel it."]
    assert session.source.name == "plain"
    busy[0] = ""
    panel.show_button.click()
    settled()
    assert session.source.name == "fused"
    assert not panel.show_button.isVisible()


def test_a_fused_map_opens_with_its_share_beside_it(make_napari_viewer: Make, tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    path = tmp_path / "fused.cool"
    _, share = write_fused(path)
    session, _ = open_in(viewer, path)
    layer = viewer.layers["share of first map"]
    picture = session.layer
    assert viewer.layers.index(layer) == viewer.layers.index(picture) + 1
    assert not layer.visible
    assert np.allclose(layer.scale, picture.scale)
    assert np.allclose(layer.translate, picture.translate)
    assert [tuple(level.shape) for level in layer.data] == [tuple(level.shape) for level in picture.data]
    assert layer.units == picture.units
    layer.visible = True
    settled()
    found = np.asarray(layer.data[0][20:40, 60:90])
    assert np.allclose(found, share[20:40, 60:90], atol=1e-6, equal_nan=True)
    i, j = np.argwhere(np.isfinite(share[20:40, 60:90]))[0] + (20, 60)
    text = share_text("chr1", (i * 10_000, j * 10_000), session._share._levels[0].tile)
    assert text.startswith(f"chr1:{i * 10_000:,} × chr1:{j * 10_000:,} · {100 * share[i, j]:.0f} % from A, "), text
    session.set_chrom("chr2")
    settled()
    again = viewer.layers["share of first map"]
    assert again.visible, "it was shown before"
    assert again.data[0].shape[0] * 10_000 >= FUSED_SIZES["chr2"]
    assert again.data[0].shape == session.layer.data[0].shape
    write_fused(tmp_path / "plain.cool", shares=False)
    session.open_map(tmp_path / "plain.cool")
    settled()
    assert not any("share of" in one.name for one in viewer.layers)
