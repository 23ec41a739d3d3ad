"""Colours that suit what one looks at: near the diagonal the diagonal itself must not set them."""

from __future__ import annotations

import numpy as np

from napari_hicstruct.plugin.levels import Tile, colour_range


def tile(n: int = 60, first: int = 1_000) -> Tile:
    """Contacts that fall steeply with distance."""
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return Tile(first, first, 5_000, (1_000.0 / (1 + distance) ** 2).astype(np.float32))


def test_what_lies_nearer_than_asked_for_does_not_count() -> None:
    one, view = tile(), (5_000_000, 5_300_000)
    whole, far = (colour_range(one.crop(view, view, beyond), 97, ratio=False)[1] for beyond in (0, 50_000))
    assert far < whole / 5
    kept = one.crop(view, view, 50_000)
    assert np.isnan(kept[20, 29])
    assert kept[20, 30] == one.values[20, 30]


def test_a_view_of_the_diagonal_alone_keeps_its_colours() -> None:
    one, view = tile(), (5_000_000, 5_300_000)
    assert np.array_equal(one.crop(view, view, 2_000_000), one.values)  # too little would be left
