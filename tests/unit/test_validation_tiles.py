"""Validation regions are drawn once, whatever happens before, after, or in another order."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from napari_hicstruct.annotations import MapIdentity, Project, validation
from napari_hicstruct.annotations.validation import SHARE, TILE, draw, in_regions, midpoint
from napari_hicstruct.genome import Interval
from tests.annotation_kit import MAP, loop, new_project, tad

GENOME = MapIdentity("g.mcool", "f9", "hg38", {f"chr{n}": 134_000_000 for n in range(1, 24)})


def forget(path: Path) -> None:
    """As a project from before the tiles: none were ever drawn."""
    raw = sqlite3.connect(path)
    raw.execute("DELETE FROM validation_region")
    raw.commit()
    raw.close()


def stored(path: Path) -> list[tuple[str, int, int]]:
    raw = sqlite3.connect(path)
    rows = raw.execute('SELECT chrom, start, "end" FROM validation_region ORDER BY id').fetchall()
    raw.close()
    return rows


def test_a_fifth_of_the_genome_in_whole_tiles() -> None:
    tiles = draw(GENOME)
    assert draw(GENOME) == tiles
    assert 0.18 < sum(map(len, tiles)) / sum(GENOME.chromsizes.values()) < 0.22
    assert {tile.chrom for tile in tiles} == set(GENOME.chromsizes)
    assert all(tile.start % TILE == 0 and len(tile) == TILE for tile in tiles)
    # Neighbours are drawn independently: no chromosome is taken or left as a whole, no pattern along it.
    following = sum(a.chrom == b.chrom and a.end == b.start for a, b in pairwise(tiles))
    assert following / len(tiles) == pytest.approx(SHARE, abs=0.05)


def test_the_draw_is_pinned() -> None:
    """Another hash would move tiles of existing projects from training to validation."""
    tiles = draw(replace(GENOME, chromsizes={"chr1": 10_200_000, "chr2": 6_000_000}))
    assert [(tile.chrom, tile.start // TILE) for tile in tiles] == PINNED
    assert draw(replace(GENOME, fingerprint="f10")) != draw(GENOME)
    two = replace(GENOME, chromsizes={"chr2": 6_000_000, "chr1": 10_200_000})
    assert set(draw(two)) == set(tiles)


PINNED = [("chr1", 2), ("chr1", 4), ("chr1", 7), ("chr1", 12), ("chr1", 14), ("chr1", 19)]


def test_last_tile_ends_with_its_chromosome() -> None:
    ends = [
        tile
        for n in range(40)
        for tile in draw(replace(GENOME, fingerprint=f"f{n}", chromsizes={"c": TILE + 7}))
        if tile.start == TILE
    ]
    assert ends
    assert set(ends) == {Interval("c", TILE, TILE + 7)}


def test_frozen_when_the_project_is_made_and_never_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new_project(tmp_path) as project:
        path, rows = project.path, stored(project.path)
        assert [Interval(*row) for row in rows if row[2]] == list(draw(MAP)) == list(project.validation_regions())
        assert {row[0] for row in rows} == set(MAP.chromsizes)  # one without tiles is noted too
        project.add([loop(), tad(0, 900_000)], set_id=project.human_set().id)
    monkeypatch.setattr(validation, "draw", lambda *_: pytest.fail("drawn again"))
    with Project.open(path, map=MAP) as project:
        assert [Interval(*row) for row in rows if row[2]] == list(project.validation_regions())
        project.save_as(tmp_path / "copy.hicproj")
    assert stored(tmp_path / "copy.hicproj") == rows


def test_an_older_project_freezes_on_first_use_and_read_only_draws_the_same(tmp_path: Path) -> None:
    new_project(tmp_path).close()
    path = tmp_path / "p.hicproj"
    forget(path)
    with Project.open(path, read_only=True) as reader:
        assert reader.validation_regions() == draw(MAP)
    assert stored(path) == []
    with Project.open(path) as project:
        assert project.validation_regions() == draw(MAP)
    assert {row[0] for row in stored(path)} == set(MAP.chromsizes)


def test_relinking_keeps_what_is_frozen(tmp_path: Path) -> None:
    longer = {**MAP.chromsizes, "chr3": 60_000_000}
    other = MapIdentity("maps/b.mcool", "f2", "hg38", longer)
    assert draw(other, MAP.chromsizes.keys()) != draw(MAP)
    with new_project(tmp_path) as project:
        before = project.validation_regions()
        project.relink(other)
        assert project.validation_regions() == before + draw(other, {"chr3"})
        project.relink(MAP)
        project.relink(replace(other, fingerprint="f3"))  # and back, and to yet another: nothing is drawn again
        assert project.validation_regions() == before + draw(other, {"chr3"})


def test_a_draw_of_nothing_is_final_too(tmp_path: Path) -> None:
    chromsizes = {"c": TILE}
    names = [f"f{n}" for n in range(40)]
    empty, full = (
        next(MapIdentity("m", n, "", chromsizes) for n in names if len(draw(MapIdentity("m", n, "", chromsizes))) == k)
        for k in (0, 1)
    )
    with Project.create(tmp_path / "p.hicproj", map=empty) as project:
        assert project.validation_regions() == ()
        project.relink(full)
        assert project.validation_regions() == ()
    assert stored(project.path) == [("c", 0, 0)]


def test_a_record_belongs_where_its_midpoint_lies() -> None:
    tiles = (Interval("chr1", 500_000, 1_000_000), Interval("chr2", 0, 500_000))
    long = loop(450_000, 200_000)  # anchors centred on 455 kb and 655 kb
    assert midpoint(long) == 555_000
    assert in_regions(long, tiles)
    assert not in_regions(loop(500_000, 2_000_000), tiles)
    assert in_regions(tad(400_000, 700_000), tiles)
    assert not in_regions(tad(400_000, 590_000), tiles)
    assert [in_regions(("chr1", x), tiles) for x in (499_999.5, 500_000, 999_999.5, 1_000_000)] == [
        False,
        True,
        True,
        False,
    ]
    assert in_regions(("chr2", 0), tiles)
    assert not in_regions(("chr3", 0), tiles)
