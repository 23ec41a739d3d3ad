"""Pairs become sequences: what is left out is said, what cannot be right is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.epi.batches import LineSource, Sampler
from napari_hicstruct.epi.data import EpiData, FeatureScale, load_data
from napari_hicstruct.epi.known_lines import line_records, renamed
from napari_hicstruct.epi.lines import read_lines
from napari_hicstruct.epi.tables import read_pairs
from napari_hicstruct.errors import ConfigError, HicStructError, LabelError, MapError, SequenceError
from napari_hicstruct.genome.fasta import Fasta
from napari_hicstruct.tracks.binned import bin_track, interval_means
from tests.epi_kit import grammar_folder, tiny

HEAD = "chrom\tenhancer\tpromoter\tline\tlabel\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grammar_folder(tmp_path_factory.mktemp("epi") / "example")


def loaded(folder: Path, *, lines: str = "lines.tsv", pairs: str = "pairs.tsv", fasta: str = "genome.fa") -> EpiData:
    table = read_lines(folder / lines) if lines else None
    return load_data(read_pairs(folder / pairs), Fasta(folder / fasta), table, tiny())


def with_pairs(folder: Path, rows: str) -> str:
    (folder / "other.tsv").write_text(HEAD + rows, encoding="utf-8")
    return "other.tsv"


def test_each_place_is_read_once_and_rows_point_to_it(folder: Path) -> None:
    data = loaded(folder)
    assert len(data.sites) <= 4 * 30
    k = 17
    fasta = Fasta(folder / "genome.fa")
    start, end = data.table.enhancers[k]
    assert np.array_equal(data.sites[data.enhancers[k]], fasta.fetch(data.table.chroms[k], int(start), int(end)))
    assert data.lines[data.of_line[k]] == data.table.lines[k]
    assert data.notes == []


def test_pairs_on_a_missing_chromosome_are_left_out_and_counted(folder: Path) -> None:
    data = loaded(folder, pairs=with_pairs(folder, "1\t20-84\t200-264\tline01\t1\nchr9\t20-84\t200-264\tline01\t0\n"))
    assert len(data.table) == 1
    assert data.notes[0] == "1 pair on chromosomes that the FASTA lacks (chr9) is left out."
    assert data.left_out == {1: "chromosome not in the FASTA"}
    with pytest.raises(SequenceError, match=r"has none of the chromosomes of the pairs \(chr9\)"):
        loaded(folder, pairs=with_pairs(folder, "chr9\t20-84\t200-264\tline01\t0\n"))


def test_pairs_beyond_the_end_are_refused(folder: Path) -> None:
    with pytest.raises(LabelError, match=r"row 3 lies beyond the end of chr1: 9,999,999 of 2,540 bp"):
        loaded(folder, pairs=with_pairs(folder, "chr1\t20-84\t1-9\tline01\t0\nchr1\t20-84\t9-9999999\tline01\t1\n"))


def test_n_rich_sequences_are_left_out(folder: Path) -> None:
    (folder / "n.fa").write_text(f">chr1\n{'N' * 300}\n{'A' * 300}\n", encoding="utf-8")
    rows = "chr1\t400-464\t500-564\tline01\t1\nchr1\t20-84\t500-564\tline01\t0\n"
    data = loaded(folder, pairs=with_pairs(folder, rows), fasta="n.fa", lines="")
    assert data.notes[0] == "1 pair with more than half N in a sequence is left out."
    assert data.left_out == {1: "N-rich sequence"}
    with pytest.raises(LabelError, match="no pair has a sequence of known bases"):
        loaded(folder, pairs=with_pairs(folder, "chr1\t20-84\t60-124\tline01\t0\n"), fasta="n.fa", lines="")


def test_a_line_of_which_nothing_is_known_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="nothing describes the line 'HeLa'"):
        loaded(folder, pairs=with_pairs(folder, "chr1\t20-84\t200-264\tHeLa\t1\n"))


def test_without_a_table_enhancers_stand_for_lines_and_few_of_them_are_said(folder: Path) -> None:
    data = loaded(folder, lines="", pairs=with_pairs(folder, "chr1\t20-84\t200-264\tline01\t1\n"))
    assert data.features is None
    assert data.support[0] is not None
    assert data.notes == [
        "Line line01 has 1 enhancer, fewer than the 4 that describe a line.",
        "Nothing describes the lines: their own enhancers, without labels, stand for them.",
    ]


def test_a_track_is_summarised_and_missing_ones_are_said(folder: Path) -> None:
    pybigtools = pytest.importorskip("pybigtools")
    pytest.importorskip("bbi")
    values = [("chr1", 0, 1_000, 2.0), ("chr1", 1_000, 2_000, 5.0)]
    pybigtools.open(str(folder / "a.bw"), "w").write({"chr1": 2_540}, values)
    names = [f"line{k:02}" for k in range(1, 7)]
    rows = "".join(f"{name}\t{'a.bw' if k else 'NA'}\n" for k, name in enumerate(names))
    (folder / "tracks.tsv").write_text(f"line\ttrack:ATAC\n{rows}", encoding="utf-8")
    with pytest.raises(ConfigError, match="nothing describes the line 'line01'"):
        loaded(folder, lines="tracks.tsv")
    rows = "".join(f"{name}\t{'a.bw' if k else 'NA'}\t{k}\n" for k, name in enumerate(names))
    (folder / "tracks.tsv").write_text(f"line\ttrack:ATAC\tTF1\n{rows}", encoding="utf-8")
    data = loaded(folder, lines="tracks.tsv")
    assert data.features is not None
    assert data.features.shape == (6, 9)
    assert np.isnan(data.features[0, 1:]).all()
    assert data.features[1, 3] > 0.1
    assert data.notes == ["Track 'ATAC' is missing for line01: the mean of the other lines stands in for it."]
    scaled = FeatureScale.of(data.features).apply(data.features)
    assert np.isfinite(scaled).all()
    assert (scaled[0, 1:] == 0).all()


def test_means_of_a_track_count_what_it_lacks_as_0(tmp_path: Path) -> None:
    pybigtools = pytest.importorskip("pybigtools")
    pytest.importorskip("bbi")
    path = tmp_path / "a.bw"
    pybigtools.open(str(path), "w").write({"chr1": 1_000}, [("chr1", 100, 200, 4.0)])
    starts, ends = np.array([100, 150, 950, 0]), np.array([200, 250, 1_050, 10])
    found = interval_means(path, ["1", "chr1", "chr1", "chr9"], starts, ends)
    np.testing.assert_allclose(found, [4, 2, 0, 0])
    with pytest.raises(MapError, match="the track has no chromosome 'chr9'"):
        interval_means(path, ["chr9"], starts[:1], ends[:1])


def test_means_of_bins_count_bases_without_a_value_as_0_also_in_a_short_last_bin(tmp_path: Path) -> None:
    pybigtools = pytest.importorskip("pybigtools")
    pytest.importorskip("bbi")
    path = tmp_path / "a.bw"
    pybigtools.open(str(path), "w").write({"chr1": 1_050}, [("chr1", 100, 150, 4.0), ("chr1", 1_000, 1_010, 5.0)])
    found = bin_track(path, "chr1", length=1_050, resolution=100)
    np.testing.assert_allclose(found, [0, 2, *[0] * 8, 1], rtol=1e-6)


def test_batches_are_of_pure_lines_and_the_same_whenever_they_are_drawn(folder: Path) -> None:
    data = loaded(folder)
    source = LineSource(data, FeatureScale.of(data.features), 4, data.lines, "drawn")  # type: ignore[arg-type]
    rows = np.flatnonzero(data.of_line < 4)
    sampler = Sampler(data, source, rows, tiny())
    first, again = sampler.batch(7), sampler.batch(7)
    assert first.labels.equal(again.labels)
    assert first.enhancers.equal(again.enhancers)
    assert first.of_line.tolist() == [0] * 8 + [1] * 8 + [2] * 8
    assert first.inputs.identity is not None
    assert set(first.inputs.identity.tolist()) <= set(range(4))
    shares = [float(sampler.batch(step).labels.mean()) for step in range(20)]
    assert np.mean(shares) == pytest.approx(0.25, abs=0.05)
    assert not sampler.batch(8).enhancers.equal(first.enhancers)


def test_a_line_is_scored_by_all_that_is_kept_of_it_whatever_other_lines_there_are(folder: Path) -> None:
    data = loaded(folder)
    source = LineSource(data, None, 4, data.lines, "support")
    drawn, whole = (source.inputs(np.array([2]), np.random.default_rng(1), whole=one).support for one in (False, True))
    assert drawn is not None
    assert whole is not None
    assert drawn.shape[1] == 4 < whole.shape[1]
    np.testing.assert_array_equal(whole[0], data.support[2])
    config = tiny()
    table = data.table.take(data.table.lines == data.lines[2])
    alone = load_data(table, Fasta(folder / "genome.fa"), read_lines(folder / "lines.tsv"), config)
    np.testing.assert_array_equal(alone.support[0], data.support[2])


def test_a_line_under_another_name_is_found(folder: Path) -> None:
    data = loaded(folder)
    known = line_records(data, data.lines[1:])
    assert renamed(data, known) == []
    known["K562"] = line_records(data, data.lines)["line01"]
    assert renamed(data, known) == [
        "Line line01 is described exactly as line K562 of training: it is not new to the model."
    ]
    known["line02"] = known["line03"]
    assert any("line02 is described otherwise" in note for note in renamed(data, known))


def test_more_numbers_than_are_read_are_refused(folder: Path) -> None:
    head = "\t".join(["line", *(f"f{k}" for k in range(65))])
    row = "\t".join(["line01", *["1"] * 65])
    (folder / "wide.tsv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    with pytest.raises(HicStructError, match=r"65 numbers would describe a line .*; 64 are read"):
        loaded(folder, lines="wide.tsv")
