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


def test_where_does_x_go_runs(in_an_empty_folder: Path, sample: hs.ContactMap, monkeypatch: pytest.MonkeyPatch) -> None:
    """The label format of the page reads its file, the strategy is ours, the data frames are there."""
    import inspect

    from napari_hicstruct.active import strategies
    from napari_hicstruct.annotations.readers import choice

    label_format, _track, strategy, _selector, _command, notebook = blocks(ROOT / "docs" / "where.md")
    names: dict[str, Any] = {}
    exec(compile(label_format, "label format", "exec"), names)
    monkeypatch.setattr(choice, "FORMATS", (names["MY_CALLER"], *choice.FORMATS))
    table = in_an_empty_folder / "domains.txt"
    table.write_text(
        "chrom\tstart\tend\tmy_score\nchr1\t100000\t400000\t7\nchr1\t400000\t900000\t3\n", encoding="utf-8"
    )
    read = hs.read_labels(table)
    assert [(str(r.anchor1), r.kind, r.score, r.source) for r in read] == [
        ("chr1:100,000-400,000", "tad", 1.0, "MyCaller"),
        ("chr1:400,000-900,000", "tad", 0.5, "MyCaller"),
    ]
    assert strategy == inspect.getsource(strategies.margin)
    exec(compile(notebook, "notebook", "exec"), names)
    assert {"chrom1", "start1", "end1", "chrom2", "start2", "end2", "probability"} <= set(names["loops"].columns)
    assert list(names["tads"].columns[:3]) == ["chrom", "start", "end"]


def test_the_readme_runs(in_an_empty_folder: Path, sample: hs.ContactMap, truth_folder: Path, shown: Any) -> None:
    shutil.copy(sample.uri, in_an_empty_folder / "map.mcool")
    shutil.copy(truth_folder / "loops.bedpe", in_an_empty_folder / "loops.bedpe")
    (block,) = blocks(ROOT / "README.md")
    assert len(block.splitlines()) <= 12
    names = run(ROOT / "README.md", ELSEWHERE)
    assert len(names["calls"]) > 0
    assert names["report"].metrics["loops"]["truth"] > 0
