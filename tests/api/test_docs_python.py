"""docs/python.md and the README's Python block hold: every block runs, in order, and gives the right numbers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hicstruct as hs
from tests.meta.tracked import ROOT
from tests.unit.finetune.kit import small_world

ELSEWHERE = (("chr17:60M-70M", "chr1:5M-7M"),)
"""What the README says of a map of one's own → what the sample map has."""


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    """The small model is the default, and little is replayed: the page's fine-tuning takes seconds."""
    with small_world():
        yield


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def run(page: Path, replaced: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for number, text in enumerate(blocks(page), start=1):
        for old, new in replaced:
            text = text.replace(old, new)
        exec(compile(text, f"{page.name}, block {number}", "exec"), names)
    return names


def test_the_page_runs(shown: Any, in_an_empty_folder: Path, sample: hs.ContactMap) -> None:
    names = run(ROOT / "docs" / "python.md")
    for path in ("calls/loops.bedpe", "report/metrics.json", "truth.bedpe", "my.hicproj", "lists/annotations.parquet"):
        assert (in_an_empty_folder / path).stat().st_size > 0
    balanced = sample.fetch("chr1", 25_000)
    means = [
        np.nanmean(np.diagonal(balanced, k)) if np.isfinite(np.diagonal(balanced, k)).any() else np.nan
        for k in range(480)
    ]
    np.testing.assert_allclose(names["decay"], means, rtol=1e-4)
    ratio, rank = sample.fetch("chr1", 25_000, transform="oe"), names["rank"]
    first = ratio[np.ix_(rank == 0, rank == 4)]
    assert names["saddle"][0, 4] == pytest.approx(np.nanmean(first), rel=1e-4)
    assert names["saddle"][[0, 4], [0, 4]].mean() > names["saddle"][0, 4]


def test_the_readme_runs(in_an_empty_folder: Path, sample: hs.ContactMap, truth_folder: Path, shown: Any) -> None:
    shutil.copy(sample.uri, in_an_empty_folder / "map.mcool")
    shutil.copy(truth_folder / "loops.bedpe", in_an_empty_folder / "loops.bedpe")
    (block,) = blocks(ROOT / "README.md")
    assert len(block.splitlines()) <= 12
    names = run(ROOT / "README.md", ELSEWHERE)
    assert len(names["calls"]) > 0
    assert names["report"].metrics["loops"]["truth"] > 0
