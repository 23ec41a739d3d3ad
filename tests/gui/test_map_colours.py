"""Colours that suit what one looks at: near the diagonal the diagonal itself must not set them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.layers.map import colormaps
from napari_hicstruct.plugin.layers.map.levels import Scale, Tile, ViewedLevel, colour_range
from tests.gui.view_kit import open_in, pump, write_dots


def tile(n: int = 60, first: int = 1_000) -> Tile:
    """Contacts that fall steeply with distance."""
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return Tile(first, first, 5_000, (1_000.0 / (1 + distance) ** 2).astype(np.float32))


def test_what_lies_nearer_than_asked_for_does_not_count() -> None:
    one, view = tile(), (5_000_000, 5_300_000)
    whole, far = (colour_range(one.crop(view, view, beyond), 97, scale=Scale.CONTACTS)[1] for beyond in (0, 50_000))
    assert far < whole / 5
    kept = one.crop(view, view, 50_000)
    assert np.isnan(kept[20, 29])
    assert kept[20, 30] == one.values[20, 30]


def test_a_view_of_the_diagonal_alone_keeps_its_colours() -> None:
    one, view = tile(), (5_000_000, 5_300_000)
    assert np.array_equal(one.crop(view, view, 2_000_000), one.values)  # too little would be left


def test_under_o_e_a_bin_without_contacts_is_not_a_masked_one() -> None:
    class TwoBins:
        resolution, norm, derived, shape, n_bins = 5_000, "weight", False, (2, 2), 2

        def __getitem__(self, _key: Any) -> np.ndarray:
            return np.array([[4, 0], [0, np.nan]], np.float32)

    drawn = np.asarray(ViewedLevel(TwoBins(), scale=Scale.RATIO))  # type: ignore[arg-type]
    assert drawn[0, 0] == 2
    low, high = colour_range(np.array([[4, 0], [0, 2]], np.float32), 97, scale=Scale.RATIO)
    assert drawn[0, 1] < low < high
    assert np.isnan(drawn[1, 1])
    for name in colormaps.CHOICES:
        chosen = colormaps.contact_colormap(name)
        ends = chosen.map(np.array([0.0, 0.5, 1.0]))
        assert np.abs(ends - chosen.map(np.array([np.nan]))).max(axis=1).min() > 0.1, name


def test_a_map_suits_what_one_looks_at_and_forgets_it_farther_away(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    dots = [(400_000 + 5_000 * k, 400_000 + 5_000 * k, 900) for k in range(60)] + [(500_000, 600_000, 8)]
    dots += [(430_000 + 5_000 * i, 540_000 + 5_000 * j, 500) for i in range(3) for j in range(26)]  # a bright corner
    session, _ = open_in(make_napari_viewer(show=True), write_dots(tmp_path / "m.mcool", (5_000,), 2_000_000, dots))
    shown = session.map
    close = Interval("chr1", 430_000, 560_000), Interval("chr1", 540_000, 670_000)

    def top() -> float:
        return float(shown.layer.contrast_limits[1])

    session.go_to(*close)
    assert pump(lambda: top() > 0)
    shown.suit((480_000, 520_000), (580_000, 620_000), 50_000)
    session.go_to(*close)  # also to where one is already
    assert pump(lambda: 1 < top() <= 8)  # the 99.5th percentile of 64 pixels
    session.go_to(Interval("chr1", 0, 2_000_000))
    assert pump(lambda: top() > 100)


def test_what_is_looked_up_of_a_cut_out_map_leaves_the_read_out_of_the_picture_alone(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    dots = [(400_000 + 5_000 * k, 400_000 + 5_000 * k, 9) for k in range(60)]  # the only contacts of 2 Mb
    session, _ = open_in(make_napari_viewer(show=True), write_dots(tmp_path / "m.mcool", (5_000,), 2_000_000, dots))
    session.go_to(Interval("chr1", 0, 2_000_000))
    assert pump(lambda: session.visible()[0] == Interval("chr1", 0, 2_000_000))
    assert session.map.extent_with_contacts().start >= 390_000
    shown = session.map.shown()
    assert shown.tile is not None
    assert shown.tile.value(1_900_000, 1_900_000) is not None
    assert shown.tile.value(402_500, 402_500) == 9
