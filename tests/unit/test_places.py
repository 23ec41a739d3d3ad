"""Places of any BED or BEDPE, bookmarks, links and genes by name: all without a window."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from napari_hicstruct.annotations.readers.places import read_places
from napari_hicstruct.errors import LabelError, RegionError
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.map.distance import Span
from napari_hicstruct.plugin.state.map.navigation import NavigationState
from napari_hicstruct.plugin.state.map.places import BOOKMARKS, Places
from napari_hicstruct.plugin.state.map.view import View, parse_view
from tests.window_kit import CHROM, LENGTH, InlineRunner, TinyWindow, iv

SIZES = {"chr1": 10_000_000, "chr2": 8_000_000}


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join("\t".join(line.split()) for line in lines) + "\n")
    return path


def test_bed_and_bedpe_with_and_without_header(tmp_path: Path) -> None:
    bed = write(tmp_path / "peaks.bed", "1 5000 6000 myc", "chr2 10 20 .", "chr9 1 2 far")
    found = read_places(bed, SIZES)
    assert [(str(one.first), one.name) for one in found.places] == [("chr1:5,000-6,000", "myc"), ("chr2:10-20", "")]
    assert (found.elsewhere, found.between) == (1, 0)
    pairs = write(tmp_path / "loops.bedpe", "1 0 10 chr1 90 100 a", "chr1 0 10 chr2 5 10 b")
    found = read_places(pairs, SIZES)
    assert [(one.first.start, one.second.end, one.name) for one in found.places] == [(0, 100, "a")]
    assert found.between == 1
    named = write(tmp_path / "own.tsv", "name chrom start end", "x chr2 100 200")
    assert read_places(named, SIZES).places[0].name == "x"
    packed = tmp_path / "p.bed.gz"
    packed.write_bytes(gzip.compress(b"chr1\t1\t2\n"))
    assert len(read_places(packed, SIZES).places) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [("chr1 five six", "line 1 is no place: chr1 five six"), ("chr9 1 2", "no place on this map"), ("chr1 9 2", "9 2")],
)
def test_what_is_no_list_of_places_is_said_in_one_line(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(LabelError, match=says) as caught:
        read_places(write(tmp_path / "bad.bed", line), SIZES)
    assert "bad.bed" in str(caught.value)
    assert caught.value.hint


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyWindow:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    return TinyWindow(None, InlineRunner())


def test_steps_go_round_the_list(window: TinyWindow, tmp_path: Path) -> None:
    places = Places(window, window.settings, window.runner)
    with pytest.raises(RegionError, match="no places yet"):
        places.step(1)
    said: list[str] = []
    window.done.connect(said.append)
    lines = (f"{CHROM} 300000 310000 one", f"{CHROM} 600000 700000 two", "chrZ 1 2")
    places.open(write(tmp_path / "l.bed", *lines))
    assert said == ["2 places of l.bed; left out: 1 line not on this map"]
    assert [places.step(1).name for _ in range(3)] == ["one", "two", "one"]
    assert places.step(-1).name == "two"
    rows, cols = window.visible()
    assert rows == cols
    assert rows.start < 600_000 < 700_000 < rows.end
    places.keep()
    assert places.step(1).name == "one", "a bookmark on the way does not end the list"
    places.close_list("l.bed")
    assert places.chosen == BOOKMARKS


def test_lists_of_one_name_stand_beside_each_other(window: TinyWindow, tmp_path: Path) -> None:
    places = Places(window, window.settings, window.runner)
    for folder, n in (("wt", 1), ("ko", 2)):
        (tmp_path / folder).mkdir()
        lines = [f"{CHROM} {at}00000 {at}10000 {folder}{at}" for at in range(3, 3 + n)]
        places.open(write(tmp_path / folder / "peaks.bed", *lines))
    assert places.names == [BOOKMARKS, "peaks.bed", "ko/peaks.bed"]
    places.choose("peaks.bed")
    assert places.step(1).name == "wt3"
    places.open(write(tmp_path / "ko" / "peaks.bed", f"{CHROM} 800000 810000 new"))
    assert (len(places.names), places.step(1).name) == (3, "new"), "the same file is read anew in its own place"
    places.open(write(tmp_path / BOOKMARKS, f"{CHROM} 800000 810000"))
    assert places.chosen.endswith(f"/{BOOKMARKS}"), "a file takes no bookmark's place"


def test_bookmarks_of_a_map_are_there_next_time_and_each_once(window: TinyWindow) -> None:
    places = Places(window, window.settings, window.runner)
    window.go_to(iv(100_000, 300_000), iv(500_000, 700_000))
    places.keep("off the diagonal")
    places.keep()
    window.go_to(iv(100_000, 300_000))
    places.keep()
    assert [one.name for one in places.here] == ["off the diagonal", ""]
    again = Places(window, window.settings, window.runner)
    assert [one.view for one in again.here] == [one.view for one in places.here]
    again.drop(0)
    assert len(Places(window, window.settings, window.runner).here) == 1


@pytest.mark.parametrize(
    "view", [View(iv(62_503, 463_001), iv(62_503, 463_001)), View(iv(10_001, 210_007), iv(600_013, 800_019))]
)
def test_a_link_opens_the_same_view(view: View) -> None:
    link = view.link()
    assert " " not in link, "one word for the shell"
    assert parse_view(link, {CHROM: LENGTH}) == view


def test_genes_by_name_where_a_region_is_typed(window: TinyWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    state = NavigationState(window, window.settings, window.runner)
    with pytest.raises(RegionError, match="GTF, GFF or BED12"):
        state.go("MYC")
    genes = [SimpleNamespace(name=name, interval=Interval("17", at, at + 9_000)) for name, at in GENES]
    track = SimpleNamespace(find=lambda text: [one for one in genes if one.name.lower().startswith(text.lower())])
    monkeypatch.setattr(window, "tracks", SimpleNamespace(tracks=[SimpleNamespace(track=track)]), raising=False)
    assert state.go("myc").startswith("MYC · chr17:")
    assert window.visible()[0].start < 500_000 < 509_000 < window.visible()[0].end
    assert state.go("MYC").endswith("also MYCL")
    with pytest.raises(RegionError, match="is called XIST"):
        state.go("XIST")
    with pytest.raises(RegionError, match="lies outside"):
        state.go(f"{CHROM}:5M-6M")
    assert state.go("100k-300k") == ""
    assert window.visible()[0] == iv(100_000, 300_000)


GENES: list[tuple[str, Any]] = [("MYC", 500_000), ("MYCL", 700_000), ("TP53", 800_000)]


def test_distances_in_words() -> None:
    span = Span(CHROM, (100_000, 300_000), (150_000, 550_000), 5_000)
    assert span.in_words() == "rows 50 kb (10 bins) · columns 250 kb (50 bins) · anchors 200 kb → 400 kb apart"
    assert span.in_words(tilted=True) == "along the genome 150 kb (30 bins) · anchors 200 kb → 400 kb apart"
