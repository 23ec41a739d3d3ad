"""Real maps: every awkward file works or is refused in one sentence; what works equals cooler and hictkpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cooler
import numpy as np
import pytest

from napari_hicstruct.contacts import COMPUTED, RAW, ContactSource, build_levels, expected_by_distance, open_map
from napari_hicstruct.contacts.pyramid import COARSEST_BINS
from napari_hicstruct.contacts.sources._hictk import hictkpy
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval

REFUSED = {
    "toy.symm.upper.var2x.cool": "bins of variable size",
    "toy.asymm.2.cool": "stored square",
    "scool_test_file.scool": "holds 5 single cells.*Open one cell: .*::/cells/GSM2687248_41669_ACAGTG-R1-DpnII.100000",
    "testFrag.hic": "no levels with bins of fixed size",
    "rao2014.chr11_77400000_78600000.hic": "PyTables",
    "not_a_hic_file.hic": "is a git-lfs pointer.*git lfs pull",
}

WORKS = {
    # resolutions (at most three), chromosome, stored normalisations at the finest
    "small_test3.cool": ((50_000,), "chr1", ""),
    "float_counts.cool": ((2_500_000,), "10", "ICE KR perChromIC perChromKR"),
    "multi_norm_no_weight.cool": ((500_000,), "21", "KR/ SCALE/ VC_SQRT/ VC/"),
    "yeast.10kb.cool": ((10_000,), "chrIV", "weight"),
    "hic2cool_0.4.2_single_res.cool": ((2_500_000,), "chr1", "KR VC_SQRT VC"),
    "matrix.mcool": ((40_000, 80_000, 160_000), "chr2L", "weight"),
    "cooler_test_file.mcool": ((100_000, 1_000_000), "chr3R", "weight KR/ SCALE/ VC_SQRT/ VC/"),
    "one_interaction_4chr.cool": ((50_000,), "chr1", ""),
    "manycontigs.1.cool": ((1,), "contig0000", ""),
    "GSE63525_HMEC_combined_example.hic": ((50_000,), "21", "KR/ SCALE/ VC_SQRT/ VC/ GW_SCALE/"),
    "hic_test_file.hic": ((100_000,), "chr2L", "ICE/"),
}

MAPS = {
    "GM12878_MboI_chr21_10kb_hg19.cool": "21",
    "GM12878_Rao_chr21_30-35Mb.10kb.hg19.cool": "chr21",
    "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool": "chr17",
    "LNCaP_chr7_chr14_10kb_hg38.cool": "chr14",
    "shallow_chr22_5kb-2.5Mb_hg19.hic": "22",
    "mouse_limbE11.5_Epha4_WT_chr1_73-79Mb_10kb.cool": "chr1",
    "mouse_limbE11.5_Epha4_DelB_chr1_73-79Mb_10kb.cool": "chr1",
    "mouse_ES_chr18_50-70Mb_25kb.cool": "chr18",
    "GM12878_rep_chr20_25kb.cool": "chr20",
    "stripeDiff_mutant_chr19_20Mb_10kb.cool": "chr19",
}


def test_no_awkward_file_is_forgotten(data_dir: Path) -> None:
    assert {path.name for path in (data_dir / "awkward").iterdir()} == set(REFUSED) | set(WORKS)
    assert {path.name for path in (data_dir / "maps").iterdir()} == set(MAPS)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused(data_dir: Path, name: str) -> None:
    with pytest.raises(MapError, match=REFUSED[name]) as caught:
        open_map(data_dir / "awkward" / name)
    assert name in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_one_cell_of_a_container_opens(data_dir: Path) -> None:
    with pytest.raises(MapError) as caught:
        open_map(data_dir / "awkward" / "scool_test_file.scool")
    assert caught.value.hint is not None
    source = open_map(caught.value.hint.removeprefix("Open one cell: "))
    assert source.resolutions == (100_000,)
    assert sum(part.count.sum() for part in source.pixels("1", resolution=100_000)) > 0


@pytest.mark.parametrize("name", sorted(WORKS))
def test_works(data_dir: Path, name: str) -> None:
    source = open_map(data_dir / "awkward" / name)
    resolutions, chrom, norms = WORKS[name]
    assert source.resolutions[:3] == resolutions
    stored = source.normalisations(source.resolutions[0])
    assert " ".join(norm.name + "/" * norm.divisive for norm in stored) == norms
    check_against_reference(source, chrom)
    check_all_views(source, chrom)


@pytest.mark.parametrize("name", sorted(MAPS))
def test_maps(data_dir: Path, name: str) -> None:
    source = open_map(data_dir / "maps" / name)
    check_against_reference(source, MAPS[name])


def check_against_reference(source: ContactSource, chrom: str) -> None:
    """Random rectangles in both triangles and across the diagonal, with every stored normalisation."""
    rng = np.random.default_rng(5)
    for resolution in source.resolutions[:3]:
        length = source.chromsizes[chrom]
        n = -(-length // resolution)
        low = _first_bin(source, chrom, resolution)
        high = min(n, low + 1500)
        for norm in (RAW, *(norm.name for norm in source.normalisations(resolution, chrom))):
            for _ in range(3):
                r0, c0 = rng.integers(low, high, 2)
                rows, cols = (
                    Interval(chrom, int(a) * resolution, min(length, int(b) * resolution))
                    for a, b in ((r0, min(high, r0 + 400)), (c0, min(high, c0 + 300)))
                )
                got = source.fetch(rows, cols, resolution=resolution, norm=norm)
                want = reference(source, rows, cols, resolution, norm)
                want = np.where(want < 0, np.nan, want)  # small_test3.cool: no counts
                np.testing.assert_allclose(got, want, rtol=2e-5, atol=1e-12)


def _first_bin(source: ContactSource, chrom: str, resolution: int) -> int:
    part = next(source.pixels(chrom, resolution=resolution))
    return int(part.bin1.min())


def reference(source: Any, rows: Interval, cols: Interval, resolution: int, norm: str) -> np.ndarray[Any, Any]:
    """The same block by plain cooler, or by plain hictkpy cut out of the square around it."""
    if source.uri.endswith(".hic"):
        span = Interval(rows.chrom, min(rows.start, cols.start), max(rows.end, cols.end))
        text = f"{span.chrom}:{span.start}-{span.end}"
        file = hictkpy().File(source.uri, resolution)
        square = file.fetch(text, text, normalization=None if norm == RAW else norm, count_type=float).to_numpy()
        first, second = ((i.start - span.start) // resolution for i in (rows, cols))
        height, width = (-(-len(i) // resolution) for i in (rows, cols))
        return np.asarray(square[first : first + height, second : second + width])
    plain = cooler.Cooler(f"{source._path}::{source._levels[resolution].group}")
    divisive = {known.name: known.divisive for known in source.normalisations(resolution)}
    matrix = plain.matrix(balance=False if norm == RAW else norm, divisive_weights=divisive.get(norm))
    with np.errstate(invalid="ignore"):  # some files hold infinite weights
        return np.asarray(matrix.fetch(*((i.chrom, i.start, i.end) for i in (rows, cols))))


def check_all_views(source: ContactSource, chrom: str) -> None:
    """Balanced in memory, expected, and every level of the pyramid come without an error."""
    resolution = source.resolutions[-1]
    weights = source.weights(chrom, resolution=resolution, norm=COMPUTED)
    expected = expected_by_distance(source, chrom, resolution=resolution, norm=COMPUTED)
    assert weights.shape == expected.shape
    assert np.isfinite(weights).any()
    for norm in (RAW, source.default_norm(resolution)):
        for transform in ("none", "oe"):
            levels = build_levels(source, chrom, norm=norm, transform=transform)
            assert levels[-1].shape[0] <= COARSEST_BINS
            assert np.nansum(np.asarray(levels[-1])) != 0
            for level in levels:
                assert level.shape[0] * level.resolution == levels[0].shape[0] * levels[0].resolution
                assert level[: level.shape[0] // 2 : 7, 0].dtype == np.float32


def test_old_hic2cool_inverted_its_vectors(data_dir: Path) -> None:
    """Multiplicative weights fall where coverage rises: the evidence for reading them as we do."""
    for name, chrom, divisive in (
        ("hic2cool_0.4.2_single_res.cool", "chr1", False),
        ("multi_norm_no_weight.cool", "21", True),
    ):
        source: Any = open_map(data_dir / "awkward" / name)
        (resolution,) = source.resolutions
        norm = source.normalisations(resolution)[0]
        assert norm.divisive is divisive
        span = Interval(chrom, 0, source.chromsizes[chrom])
        coverage = source.fetch(span, span, resolution=resolution).sum(axis=0)
        weights = source.weights(chrom, resolution=resolution, norm=norm.name)
        good = np.isfinite(weights) & (coverage > 0)
        assert np.corrcoef(np.log(coverage[good]), np.log(weights[good]))[0, 1] < -0.9


def test_summing_agrees_with_the_stored_level(data_dir: Path) -> None:
    source = open_map(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    span = Interval("chr17", 62_500_000, 63_500_000)
    stored = source.fetch(span, span, resolution=10_000)
    level = build_levels(source, "chr17", norm=RAW, resolutions=[5_000])[1]
    assert (level.resolution, level.derived) == (10_000, True)
    np.testing.assert_array_equal(level[6250:6350, 6250:6350], stored)


def test_balancing_in_memory_resembles_the_files_own(data_dir: Path) -> None:
    source = open_map(data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    own = source.weights("21", resolution=10_000, norm="weight")
    computed = source.weights("21", resolution=10_000, norm=COMPUTED)
    both = np.isfinite(own) & np.isfinite(computed)
    assert both.sum() > 0.98 * np.isfinite(own).sum()
    assert np.corrcoef(np.log(own[both]), np.log(computed[both]))[0, 1] > 0.98


CAN_DO = {
    # bin sizes, what the values are, what balances the chromosome at the finest, why nothing can be predicted
    "GM12878_MboI_chr21_10kb_hg19.cool": ((10_000,), "counts", "weight", ""),
    "GM12878_Rao_chr21_30-35Mb.10kb.hg19.cool": ((10_000,), "counts", COMPUTED, ""),
    "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool": ((5_000, 10_000), "counts", "weight", ""),
    "LNCaP_chr7_chr14_10kb_hg38.cool": ((10_000,), "counts", "weight", ""),
    "shallow_chr22_5kb-2.5Mb_hg19.hic": (
        (5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000),
        "counts",
        "VC_SQRT",  # the file names KR, but has no vector of it at 5 kb
        "",
    ),
    "mouse_limbE11.5_Epha4_WT_chr1_73-79Mb_10kb.cool": ((10_000,), "normalised contacts", COMPUTED, ""),
    "mouse_limbE11.5_Epha4_DelB_chr1_73-79Mb_10kb.cool": ((10_000,), "normalised contacts", COMPUTED, ""),
    "mouse_ES_chr18_50-70Mb_25kb.cool": ((25_000,), "normalised contacts", COMPUTED, ""),
    "GM12878_rep_chr20_25kb.cool": ((25_000,), "counts", COMPUTED, ""),
    "stripeDiff_mutant_chr19_20Mb_10kb.cool": ((10_000,), "normalised contacts", COMPUTED, ""),
}


@pytest.mark.parametrize("name", sorted(CAN_DO))
def test_what_each_map_can_do(data_dir: Path, name: str) -> None:
    from napari_hicstruct.workflows.predict.request import capabilities

    resolutions, values, norm, why = CAN_DO[name]
    source, chrom = open_map(data_dir / "maps" / name), MAPS[name]
    assert source.resolutions == source.resolutions_of(chrom) == resolutions
    assert source.value_kind == values
    assert source.default_norm(resolutions[0], chrom) == norm
    assert source.notes == ()
    assert {why in text for text in capabilities(source).values()} == {True}
    if not why:
        assert set(capabilities(source).values()) == {""}


def test_every_map_is_listed_with_what_it_can_do() -> None:
    assert set(CAN_DO) == set(MAPS)
