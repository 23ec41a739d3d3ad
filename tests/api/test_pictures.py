"""What may stand for a picture or for labels from Python."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_hicstruct.api.pictures import array_of, is_layer, listed
from napari_hicstruct.errors import ConfigError

FINE, COARSE = np.ones((8, 8), int), np.ones((4, 4), int)


def test_of_a_layer_of_several_levels_the_finest_is_taken() -> None:
    levels = SimpleNamespace(data=[FINE, COARSE], scale=(1.0, 1.0), multiscale=True)
    single = SimpleNamespace(data=COARSE, scale=(1.0, 1.0))
    assert is_layer(levels)
    assert not is_layer(FINE)
    assert array_of(levels, "image").shape == (8, 8)
    assert array_of(single, "image").shape == (4, 4)


def test_one_thing_is_a_list_of_one() -> None:
    layer = SimpleNamespace(data=FINE, scale=(1.0, 1.0))
    for one in (FINE, layer, "a.tif", Path("a.tif")):
        assert len(listed(one, "images", "picture")) == 1
    assert len(listed([FINE, layer, "a.tif"], "images", "picture")) == 3


@pytest.mark.parametrize(("given", "text"), [(None, "images=None holds no picture"), ([], "images is empty")])
def test_what_holds_nothing_is_refused(given: object, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        listed(given, "images", "picture")


def test_rows_of_unlike_lengths_are_no_array() -> None:
    with pytest.raises(ConfigError, match=r"labels\[1\] is no array"):
        array_of([[1, 2], [3]], "labels[1]")
