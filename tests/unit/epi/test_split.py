"""Lines and chromosomes are held out at once; pairs on both sides are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_hicstruct.config.epi import SplitConfig
from napari_hicstruct.epi.split import find_leaks, make_split
from napari_hicstruct.epi.tables import PairTable
from napari_hicstruct.errors import ConfigError


def table(lines: int = 6, chroms: int = 6, splits: Any = "") -> PairTable:
    """Two pairs, one of each class, in every line on every chromosome."""
    rows = [(c, a, k, a) for k in range(lines) for c in range(chroms) for a in (0, 1)]
    n = len(rows)
    start = np.array([1_000 * row[1] for row in rows])
    return PairTable(
        np.array([f"chr{row[0] + 1}" for row in rows]),
        np.column_stack([start, start + 100]),
        np.column_stack([start + 500, start + 600]),
        np.array([f"L{row[2]}" for row in rows]),
        np.array([float(row[3]) for row in rows]),
        np.broadcast_to(np.array(splits), n).astype("<U12"),
        "pairs.tsv",
    )


def test_no_line_and_no_chromosome_is_on_two_sides() -> None:
    pairs = table()
    split = make_split(pairs, SplitConfig(), seed=3)
    sides = [split.train, split.validation, split.unseen]
    for column in (pairs.lines, pairs.chroms):
        names = [set(column[side].tolist()) for side in sides]
        assert all(not a & b for k, a in enumerate(names) for b in names[k + 1 :])
    assert set(pairs.lines[split.seen].tolist()) == set(pairs.lines[split.train].tolist())
    assert set(pairs.chroms[split.seen].tolist()) == set(pairs.chroms[split.unseen].tolist())
    assert find_leaks(pairs, split) == []


def test_named_lines_and_chromosomes_are_held_out() -> None:
    split = make_split(table(), SplitConfig(test_lines=("L2",), test_chroms=("chr1", "chr4")), seed=1)
    assert split.lines["test"] == ("L2",)
    assert split.chroms["test"] == ("chr1", "chr4")
    assert split.unseen.sum() == 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test_lines": ("HeLa",)}, "has no line 'HeLa'"),
        ({"validation_chroms": ("chr9",)}, "has no chromosome 'chr9'"),
        ({"test_lines": ("L1",), "validation_lines": ("L1",)}, "both validation and test"),
        ({"test_chroms": tuple(f"chr{k}" for k in range(1, 7))}, "no pair is left for train"),
    ],
)
def test_impossible_splits_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make_split(table(), SplitConfig(**changes), seed=1)


def test_one_class_only_is_refused() -> None:
    pairs = table()
    pairs.labels[:] = 0
    with pytest.raises(ConfigError, match=r"pairs for train are all of one class \(negative\)"):
        make_split(pairs, SplitConfig(), seed=1)


def test_two_lines_are_trained_on_both_and_it_is_said() -> None:
    split = make_split(table(lines=2), SplitConfig(), seed=1)
    assert not split.unseen.any()
    assert "unseen lines are not judged" in split.notes[0]
    assert split.validation.any()
    with pytest.raises(ConfigError, match="2 chromosomes: none can be held out"):
        make_split(table(chroms=2), SplitConfig(), seed=1)


def test_a_pair_on_both_sides_in_two_lines_is_a_leak() -> None:
    pairs = table()
    pairs.splits[:] = "train"
    pairs.splits[pairs.lines == "L5"] = "test"
    pairs.splits[(pairs.lines == "L4") & (pairs.chroms == "chr6")] = "validation"
    split = make_split(pairs, SplitConfig(), seed=1)
    leaks = find_leaks(pairs, split)
    assert len(leaks) == 2
    assert "2 pairs of validation are in training, too" in leaks[0]
    assert "12 pairs of test are in training, too; the first is chr1:0 – 500, in line L5 and in line L0" in leaks[1]
    assert split.unseen.sum() == 12
