"""``hs.train_segmentation`` and ``hs.segment``: layers, paths, lists; what they refuse; the guide's block runs."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import napari_hicstruct as hs
from napari_hicstruct.errors import ConfigError, LabelError, ModelError
from tests.meta.tracked import ROOT
from tests.unit.segmentation.segment_kit import discs, picture, tiny


def test_layers_and_files(tmp_path: Path) -> None:
    labels, image = discs(), picture(discs())
    np.save(tmp_path / "b.npy", image)
    layer = SimpleNamespace(name="cells", data=image, scale=(1, 1))
    settings = tiny(steps=2, validate_every=2).model_dump(mode="json")
    steps = []
    made = hs.train_segmentation(
        [layer, image], [labels, labels], tmp_path / "m", settings=settings, selector="E1_TaskDW", progress=steps.append
    )
    assert len(steps) == 2
    assert made.classes == ("class 1", "class 2")
    arrays = [hs.segment(one, made.model).labels for one in (layer, image, tmp_path / "b.npy")]
    assert all(np.array_equal(arrays[0], one) for one in arrays)
    with pytest.raises(hs.errors.OutputError, match="overwrite=True"):
        hs.train_segmentation(image, labels, tmp_path / "m", settings=settings)


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"preset": "cells"}, ConfigError, "there is no preset 'cells'"),
        ({"selector": "E9"}, ConfigError, "there is no selector 'E9'"),
        ({"settings": {"crops": 3}}, ConfigError, "unknown key 'crops'"),
        ({"labels": []}, ConfigError, "labels is empty"),
        ({"labels": [discs(), discs()]}, ConfigError, "images are 1, labels 2"),
        ({"labels": None}, ConfigError, "labels=None holds no picture"),
        ({"labels": "missing.tif"}, LabelError, "there is no such file"),
        ({"labels": discs() * 0}, LabelError, "images: holds no labels"),
        ({"steps": 0}, ConfigError, "steps"),
        ({"parent": "nowhere"}, ModelError, "nowhere: is not a model folder"),
    ],
)
def test_what_is_wrong_is_named(changes: dict, error: type[Exception], text: str, tmp_path: Path) -> None:
    given = {"labels": discs(), **changes}
    with pytest.raises(error) as caught:
        hs.train_segmentation(picture(discs()), given.pop("labels"), tmp_path / "m", **given)
    assert text in str(caught.value)


def test_the_guides_block_runs() -> None:
    page = (ROOT / "docs" / "segmentation.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert "assert (found.labels == discs).mean() > 0.9" in block, "the block itself says what came of it"
    exec(compile(block, "segmentation.md", "exec"), {})
