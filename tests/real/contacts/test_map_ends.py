"""How a map begins and ends in a window: the chromosome that is shown first, and nothing beyond its last bin."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.pair_levels import Joined, pair_levels
from napari_hicstruct.contacts.protocol import RAW
from napari_hicstruct.plugin.layers.map.levels import Scale, ViewedLevel, viewed_levels
from napari_hicstruct.plugin.state.map.map import first_chromosome_with_contacts

EPHA4 = "mouse_limbE11.5_Epha4_{}_chr1_73-79Mb_10kb.cool"


def test_what_only_pads_a_pyramid_is_not_drawn(data_dir: Path) -> None:
    """The chromosome ends at 79 Mb, its pyramid at 79.36 Mb: the rest stood there as a band of masked bins."""
    maps = tuple(open_map(data_dir / "maps" / EPHA4.format(which)) for which in ("WT", "DelB"))
    levels = viewed_levels(maps[0], "chr1", norm=RAW, over_expected=False, scale=Scale.CONTACTS)
    assert levels[0].shape == (7_936, 7_936)
    for level in levels:
        end = -(-79_000_000 // level.resolution)
        block = level[end - 3 : level.shape[0], end - 2 : level.shape[1]]
        assert block.shape == (3, 2), f"{level.resolution} bp"
        assert np.isfinite(block).all()
        assert level[level.shape[0] - 1 :, : level.shape[1]].shape == (1, end), "never an empty rectangle"
    pairs = pair_levels(maps, "chr1", (RAW, RAW), Joined.HALVES)  # type: ignore[arg-type]
    both = ViewedLevel(pairs[0], scale=Scale.CONTACTS)  # type: ignore[arg-type]
    assert both[7_890:7_936, 7_890:7_936].shape == (10, 10)


def test_a_map_does_not_open_on_its_mitochondrion(data_dir: Path) -> None:
    source = open_map(data_dir / "awkward" / "yeast.10kb.cool")
    assert next(iter(source.chromsizes)) == "chrMito"
    assert first_chromosome_with_contacts(source) == "chrI"
