"""How CTCF motifs at two anchors point at each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_hicstruct.genome import Interval
from napari_hicstruct.tracks import Orientation, open_track, orientations

FIRST, SECOND = Interval("21", 1_000, 2_000), Interval("21", 9_000, 10_000)


def motifs(folder: Path, *rows: tuple[int, str, int]) -> str:
    path = folder / "m.bed"
    path.write_text("".join(f"chr21\t{at}\t{at + 19}\tCTCF\t{score}\t{strand}\n" for at, strand, score in rows))
    return str(path)


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("+", "-", Orientation.CONVERGENT),
        ("+", "+", Orientation.TANDEM),
        ("-", "-", Orientation.TANDEM),
        ("-", "+", Orientation.DIVERGENT),
    ],
)
def test_the_four_ways_and_swapped_anchors(tmp_path: Path, first: str, second: str, wanted: Orientation) -> None:
    track = open_track(motifs(tmp_path, (1_500, first, 9), (9_500, second, 9)))
    assert orientations(track, [(FIRST, SECOND), (SECOND, FIRST)]) == [wanted, wanted]  # type: ignore[arg-type]


def test_no_motif_is_none_unless_a_margin_reaches_it(tmp_path: Path) -> None:
    track = open_track(motifs(tmp_path, (1_500, "+", 9), (10_400, "-", 9)))
    assert orientations(track, [(FIRST, SECOND)]) == [Orientation.NONE]  # type: ignore[arg-type]
    assert orientations(track, [(FIRST, SECOND)], margin=500) == [Orientation.CONVERGENT]  # type: ignore[arg-type]


def test_of_several_motifs_the_best_score_decides(tmp_path: Path) -> None:
    track = open_track(motifs(tmp_path, (1_100, "+", 5), (1_500, "-", 9), (9_500, "+", 9)))
    assert orientations(track, [(FIRST, SECOND)]) == [Orientation.DIVERGENT]  # type: ignore[arg-type]
    equal = open_track(motifs(tmp_path, (1_100, "+", 9), (1_500, "-", 9), (9_500, "-", 9)))
    assert orientations(equal, [(FIRST, SECOND)]) == [Orientation.CONVERGENT]  # type: ignore[arg-type]
