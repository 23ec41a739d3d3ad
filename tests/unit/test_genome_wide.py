"""Several chromosomes as one square: every contact at its bins, on both sides; what is clicked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.genome_wide import MAX_CHROMS, genome_grid, iter_genome_wide
from napari_hicstruct.errors import MapError, RegionError
from napari_hicstruct.jobs import drain
from napari_hicstruct.plugin.state.map.genome_view import GenomeView
from tests.window_kit import InlineRunner, TinySource, TinyWindow

SIZES = {"chr1": 3_000_000, "chr2": 2_000_000, "chrUn": 4_000, "chrX": 1_050_000}
BIN = 50_000
PLACES = [("chr1", 0, "chr1", 2_950_000, 3), ("chr1", 1_000_000, "chr2", 500_000, 7), ("chr2", 0, "chrX", 1_049_000, 2)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import cooler
    import pandas as pd

    bins = cooler.binnify(pd.Series(SIZES), BIN)
    first = {chrom: int(np.flatnonzero(bins["chrom"] == chrom)[0]) for chrom in SIZES}
    rows = [(first[a] + i // BIN, first[b] + j // BIN, n) for a, i, b, j, n in PLACES]
    pixels = pd.DataFrame(rows, columns=["bin1_id", "bin2_id", "count"])
    found = tmp_path_factory.mktemp("genome") / "three.cool"
    cooler.create_cooler(str(found), bins, pixels.sort_values(["bin1_id", "bin2_id"]))
    return found


def test_every_contact_is_at_its_bins_on_both_sides(path: Path) -> None:
    source = open_map(path)
    grid = genome_grid(source, max_bins=70)
    assert grid.chroms == ("chr1", "chr2", "chrX"), "small contigs are left out"
    assert (grid.size, grid.level) == (2 * BIN, BIN)
    assert grid.starts.tolist() == [0, 30, 50, 61]
    square = drain(iter_genome_wide(source, grid))
    wanted = np.zeros((61, 61))
    for row, col, count in ((0, 29, 3), (10, 35, 7), (30, 60, 2)):
        wanted[row, col] = wanted[col, row] = count
    assert (square == wanted).all()
    assert grid.place(35.7) == ("chr2", 500_000)
    assert grid.place(61) is None


def test_a_pair_of_chromosomes_has_finer_bins_and_unknown_ones_are_refused(path: Path) -> None:
    source = open_map(path)
    grid = genome_grid(source, ("X", "chr1"))
    assert (grid.chroms, grid.size) == (("chr1", "chrX"), BIN)
    assert drain(iter_genome_wide(source, grid)).sum() == 6
    with pytest.raises(RegionError, match="chr9"):
        genome_grid(source, ("chr9",))
    with pytest.raises(MapError, match="no contacts between chromosomes"):
        drain(iter_genome_wide(TinySource(), genome_grid(TinySource())))  # type: ignore[arg-type]


def test_an_assembly_in_many_contigs_fits_the_screen(data_dir: Path) -> None:
    source = open_map(data_dir / "awkward" / "manycontigs.1.cool")
    grid = genome_grid(source)
    assert len(grid.chroms) == MAX_CHROMS < len(source.chromsizes)
    assert min(grid.lengths) >= sorted(source.chromsizes.values())[-MAX_CHROMS]
    assert list(grid.chroms) == [name for name in source.chromsizes if name in grid.chroms]  # in file order
    assert MAX_CHROMS <= grid.n_bins <= 1_400 + MAX_CHROMS
    window = TinyWindow(None, InlineRunner())
    window.source = source  # type: ignore[assignment]
    view = GenomeView(window, window.runner)
    view.show()
    assert view.title().startswith(f"the longest 350 of {len(source.chromsizes):,} chromosomes · ")
    view.values = np.array([[-2.0, -1.0], [0.0, 3.0]], np.float32)  # a ratio of two maps
    assert view.shades().tolist() == [[0, 0], [0, 1]]


def test_sums_are_those_of_the_file(data_dir: Path) -> None:
    import cooler

    path = data_dir / "maps/LNCaP_chr7_chr14_10kb_hg38.cool"
    source = open_map(path)
    grid = genome_grid(source)
    square, (_, border, _) = drain(iter_genome_wide(source, grid)), grid.starts
    matrix = cooler.Cooler(str(path)).matrix(balance=False, sparse=True)
    assert square[:border, border:].sum() == matrix.fetch("chr7", "chr14").sum()
    assert np.triu(square[border:, border:]).sum() == np.triu(matrix.fetch("chr14").toarray()).sum()
    hic = open_map(data_dir / "maps/shallow_chr22_5kb-2.5Mb_hg19.hic")
    square = drain(iter_genome_wide(hic, genome_grid(hic)))
    assert (square == square.T).all()
    assert square[:80].sum() > 0, "chr22 with chr1"


class _Window(TinyWindow):
    def set_chrom(self, name: str) -> None:
        self.gone_to = name


def test_a_click_goes_to_the_chromosome_or_the_pair(path: Path) -> None:
    window: Any = _Window(None, InlineRunner())
    window.source = open_map(path)
    view = GenomeView(window, window.runner)
    view.show()
    assert view.title() == "3 chromosomes · 50 kb bins"
    assert view.text_at(20, 70) == "chr1:1,000,000 × chr2:500,000 · 7 contacts"
    assert view.text_at(-3, 10) == ""
    assert view.click(3, 5) == "chr1 in the map"
    assert window.gone_to == "chr1"
    assert view.click(20, 70) == "chr1 × chr2 · 50 kb bins"
    assert view.is_pair
    assert view.shades().max() == 1
    window.source = None
    view.close()
    assert view.title() == ""
