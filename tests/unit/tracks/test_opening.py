"""Track files as people have them: what each is, what it says where, and one sentence where it is of no use."""

from __future__ import annotations

import bz2
import gzip
import itertools
from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.errors import TrackError
from napari_hicstruct.genome import Interval
from napari_hicstruct.tracks import GeneTrack, IntervalTrack, SignalTrack, open_track
from napari_hicstruct.tracks.fitting import check_fit
from napari_hicstruct.tracks.opening import describe, is_track

BEDGRAPH = "track type=bedGraph\nchr1\t0\t100\t1\nchr1\t100\t200\t3\n# a comment\nchr1\t300\t400\t-2\nchr2\t0\t10\t5\n"
MOTIFS = "chr1\t100\t119\tCTCF\t900\t+\nchr1\t500\t519\tCTCF\t100\t-\nchr1\t900\t919\tCTCF\t.\t.\n"
PEAKS = "chr1\t100\t300\tp1\t500\t.\t12.5\t4\t3\t80\nchr1\t700\t900\tp2\t300\t.\t7.5\t4\t3\t80\n"
GTF = (
    "#!genome-build GRCh38\n"
    'chr1\tHAVANA\tgene\t1001\t5000\t.\t+\t.\tgene_id "ENSG1"; gene_name "Sox2";\n'
    'chr1\tHAVANA\texon\t1001\t1200\t.\t+\t.\tgene_id "ENSG1"; transcript_id "T1"; gene_name "Sox2";\n'
    'chr1\tHAVANA\texon\t1101\t1300\t.\t+\t.\tgene_id "ENSG1"; transcript_id "T2"; gene_name "Sox2";\n'
    'chr1\tHAVANA\texon\t4901\t5000\t.\t+\t.\tgene_id "ENSG1"; transcript_id "T1"; gene_name "Sox2";\n'
    'chr2\tHAVANA\texon\t11\t90\t.\t-\t.\tgene_id "ENSG2"; transcript_id "T3";\n'
    'chr2\tHAVANA\texon\t201\t290\t.\t-\t.\tgene_id "ENSG2"; transcript_id "T3";\n'
)
GFF3 = (
    "##gff-version 3\n"
    "1\tensembl\tgene\t1001\t5000\t.\t-\t.\tID=gene:E1;Name=SOX2\n"
    "1\tensembl\tmRNA\t1001\t5000\t.\t-\t.\tID=transcript:T1;Parent=gene:E1\n"
    "1\tensembl\texon\t1001\t1200\t.\t-\t.\tParent=transcript:T1\n"
    "1\tensembl\texon\t4901\t5000\t.\t-\t.\tParent=transcript:T1\n"
)
BED12 = (
    "chr1\t1000\t5000\tSOX2\t0\t-\t1000\t5000\t0\t2\t200,100,\t0,3900,\n"
    "chr1\t1000\t6000\tSOX2\t0\t-\t1000\t5000\t0\t2\t200,100,\t0,4900,\n"
)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_bedgraph_gives_means_and_nan_where_nothing_is_known(tmp_path: Path) -> None:
    track = open_track(written(tmp_path, "a.bedGraph", BEDGRAPH))
    assert isinstance(track, SignalTrack)
    assert track.ends == {"chr1": 400, "chr2": 10}
    assert track.values(Interval("1", 0, 400), 4) == pytest.approx([1, 3, np.nan, -2], nan_ok=True)
    assert track.values(Interval("chr1", 0, 400), 2) == pytest.approx([2, -2], nan_ok=True)
    assert track.values(Interval("chr1", 150, 350), 1) == pytest.approx([(50 * 3 + 50 * -2) / 100])
    assert track.values(Interval("chr1", 350, 450), 2) == pytest.approx([-2, np.nan], nan_ok=True)
    assert np.isnan(track.values(Interval("chrX", 0, 400), 3)).all()


@pytest.mark.parametrize("seed", range(5))
def test_bedgraph_means_are_those_of_the_bases(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    edges = np.unique(rng.integers(0, 1_000, 60))
    bases = np.full(1_000, np.nan)
    lines = []
    for a, b in itertools.pairwise(edges):
        if rng.random() < 0.7:
            value = float(rng.integers(-5, 9))
            bases[a:b] = value
            lines.append(f"chr1\t{a}\t{b}\t{value}\n")
    rng.shuffle(lines)
    track = open_track(written(tmp_path, "a.bdg", "".join(lines)))
    for start, n, size in ((0, 100, 10), (7, 13, 41), (250, 1, 333)):
        part = np.append(bases, np.full(1_000, np.nan))[start : start + n * size].reshape(n, size)
        with np.errstate(invalid="ignore"):
            wanted = np.nansum(part, 1) / np.isfinite(part).sum(1)
        found = track.values(Interval("chr1", start, start + n * size), n)  # type: ignore[union-attr]
        assert found == pytest.approx(wanted, nan_ok=True, abs=1e-4)


def test_motifs_have_strands_and_peaks_the_signal_as_score(tmp_path: Path) -> None:
    motifs = open_track(written(tmp_path, "ctcf.bed", MOTIFS.replace("\t.\t.", "\t0\t.")))
    assert isinstance(motifs, IntervalTrack)
    assert motifs.stranded
    assert describe(motifs) == "3 motifs"
    found = motifs.within(Interval("1", 110, 600))
    assert found.start.tolist() == [100, 500]
    assert found.strand.tolist() == [1, -1]
    assert found.score.tolist() == [900, 100]
    peaks = open_track(written(tmp_path, "a.narrowPeak", PEAKS))
    assert isinstance(peaks, IntervalTrack)
    assert not peaks.stranded
    assert peaks.within(Interval("chr1", 0, 10_000)).score.tolist() == [12.5, 7.5]
    assert peaks.within(Interval("chr1", 0, 10_000)).name == ("p1", "p2")
    assert len(peaks.within(Interval("chr7", 0, 10_000))) == 0


def test_long_intervals_that_begin_far_away_are_found(tmp_path: Path) -> None:
    lines = "chr1\t0\t100000\tlong\n" + "".join(f"chr1\t{k * 10}\t{k * 10 + 5}\ts\n" for k in range(1, 5_000))
    track = open_track(written(tmp_path, "a.bed", lines))
    assert track.within(Interval("chr1", 60_000, 60_001)).name == ("long",)  # type: ignore[union-attr]
    assert track.within(Interval("chr1", 5, 8)).name == ("long",)  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "text", "strand"), [("g.gtf", GTF, 1), ("g.gff3", GFF3, -1), ("g.bed", BED12, -1)])
def test_genes_with_exons_found_by_name(tmp_path: Path, name: str, text: str, strand: int) -> None:
    track = open_track(written(tmp_path, name, text))
    assert isinstance(track, GeneTrack)
    (gene,) = track.find("sox2")
    assert (gene.name.upper(), gene.interval.start, gene.strand) == ("SOX2", 1_000, strand)
    assert track.find("SO") == [gene]
    assert track.find("ox2") == track.find("  ") == []
    found = track.within(Interval("1", 2_000, 2_001))
    assert found.exons[0][0].tolist() == [1_000, 1_300 if name == "g.gtf" else 1_200]
    if name == "g.gtf":  # without a line of its own: the span of its exons, under its identifier
        (other,) = track.find("ensg2")
        assert (other.interval.start, other.interval.end, other.strand) == (10, 290, -1)


@pytest.mark.parametrize(
    ("name", "attributes", "genes"),
    [
        ("a.gff3", "ID=g1;gene_symbol=Sox2", ["Sox2"]),
        ("a.gff3", "ID=g1;symbol=Sox2", ["Sox2"]),
        ("a.gff3", "ID=g1;locus_tag=Sox2", ["Sox2"]),
        ("a.gff3", "ID=g1", ["g1"]),
        ("a.gtf", "gene_id G1; gene_name Sox2", ["Sox2"]),
        ("a.gtf", 'gene_id "G1"; gene "Sox2";', ["Sox2"]),
        ("a.gtf", 'transcript_id "T{n}";', ["T0", "T1"]),  # StringTie, Cufflinks without genes: no two are one
    ],
)
def test_genes_have_the_names_that_their_makers_wrote(
    tmp_path: Path, name: str, attributes: str, genes: list[str]
) -> None:
    kind = "transcript" if "transcript" in attributes else "gene"
    lines = [f"chr1\tx\t{kind}\t{1 + 9000 * n}\t{900 + 9000 * n}\t.\t+\t.\t" for n in range(len(genes))]
    text = "".join(f"{line}{attributes.replace('{n}', str(n))}\n" for n, line in enumerate(lines))
    track = open_track(written(tmp_path, name, ("##gff-version 3\n" if name.endswith("3") else "") + text))
    assert isinstance(track, GeneTrack)
    assert [track.find(gene)[0].name for gene in genes] == genes
    assert len(track) == len(genes)


def test_values_beyond_all_numbers_spoil_nothing_behind_them(tmp_path: Path) -> None:
    text = "chr1\t0\t10\tinf\nchr1\t10\t20\t1e300\nchr1\t20\t30\t-inf\nchr1\t100\t200\t3\n"
    track = open_track(written(tmp_path, "a.bedGraph", text))
    assert isinstance(track, SignalTrack)
    assert track.values(Interval("chr1", 0, 200), 2) == pytest.approx([np.nan, 3], nan_ok=True)


def test_packed_files_and_windows_lines(tmp_path: Path) -> None:
    for name, data in (
        ("a.bedGraph.gz", gzip.compress(BEDGRAPH.encode())),
        ("a.bdg.bz2", bz2.compress(BEDGRAPH.encode())),
    ):
        (tmp_path / name).write_bytes(data)
        assert open_track(tmp_path / name).values(Interval("chr1", 0, 100), 1) == pytest.approx([1])  # type: ignore[union-attr]
    windows = open_track(written(tmp_path, "w.bed", MOTIFS.replace("\n", "\r\n").replace("\t.\t.", "\t0\t.")))
    assert windows.within(Interval("chr1", 500, 501)).strand.tolist() == [-1]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cut.bedGraph", "chr1\t0\t100\t1\nchr1\t100\t2", "line 2 is not a line of bedGraph: it has 3 of 4 columns"),
        ("bad.bedGraph", "chr1\t0\t100\t1\nchr1\tx\t200\t3\nchr1\t300\t400\t1\n", "line 2"),
        ("word.bedGraph", "chr1\t0\t100\t1\nchr1\t100\t200\thigh\nchr1\t300\t400\t1\n", "'high' is not a number"),
        ("swapped.bed", "chr1\t0\t100\ta\nchr1\t300\t200\tb\nchr1\t300\t400\tc\n", "line 2"),
        ("gene.gtf", GTF.replace("\t4901\t", "\tx\t"), "line 5 has no start and end"),
        ("cut.gtf", GTF + "chr2\tHAVANA\tex", "line 8 has 3 of 9 columns"),
        ("none.gtf", GTF.replace("\texon\t", "\tCDS\t").replace("\tgene\t", "\tCDS\t"), "holds no gene"),
        ("loops.bedpe", "chr1\t0\t10\tchr1\t90\t100\n", "is not a track"),
        ("empty.bed", "\n", "is empty"),
        ("fixed.wig", "fixedStep chrom=chr1 start=1 step=1\n1\n", "is a wig file. Convert it: wigToBigWig."),
        ("no.bw", BEDGRAPH, "is not a bigWig file"),
        ("blanks.bed", "chr1 0 100\nchr1\t300\t400\n", "line 1 is not a line of BED: it has 1 of 3 columns"),
        ("negative.bed", BED12 + BED12.split("\n")[0].replace("1000\t5000", "-9\t5000"), "line 3 is not BED12"),
        ("reversed.bed", BED12 + BED12.split("\n")[0].replace("1000\t5000", "6000\t5000"), "line 3 is not BED12"),
        ("far.bed", BED12 + BED12.split("\n")[0].replace("1000\t5000", f"1000\t{10**20}"), "line 3 is not BED12"),
        ("outside.bed", BED12.replace("0,4900", "0,4950"), "line 2 is not BED12"),
        ("far.gtf", GTF.replace("\t1300\t", f"\t{10**20}\t"), "line 4 has no start and end"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = written(tmp_path, name, text)
    with pytest.raises(TrackError) as error:
        open_track(path)
    assert said in str(error.value)
    assert str(error.value).startswith(str(path))


def test_damaged_packed_remote_and_missing_files(tmp_path: Path) -> None:
    packed = gzip.compress(BEDGRAPH.encode() * 500)
    (tmp_path / "a.bedGraph.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(TrackError, match="damaged or cut short"):
        open_track(tmp_path / "a.bedGraph.gz")
    with pytest.raises(TrackError, match="is an address on the web") as remote:
        open_track("https://x.org/ctcf.bw")
    assert "Download it first: curl -LO https://x.org/ctcf.bw" in str(remote.value)
    with pytest.raises(TrackError, match="Check the name"):
        open_track(tmp_path / "none.bw")
    (tmp_path / "short.bw").write_bytes(b"\x26\xfc\x8f\x88" + b"\0" * 60)
    with pytest.raises(TrackError, match="bigWig"):
        open_track(tmp_path / "short.bw")


def test_not_sorted_and_overlapping_is_mended_and_said(tmp_path: Path) -> None:
    track = open_track(written(tmp_path, "a.bedGraph", "chr1\t100\t200\t3\nchr1\t0\t150\t1\n"))
    assert isinstance(track, SignalTrack)
    assert track.values(Interval("chr1", 0, 200), 2) == pytest.approx([1, 3])
    assert len(track.notes) == 2
    assert open_track(written(tmp_path, "b.bed", "chr1\t5\t9\nchr1\t1\t2\n")).notes == (
        "is not sorted: it was sorted while it was read",
    )


def test_a_track_of_another_genome_is_refused_and_what_is_missing_said(tmp_path: Path) -> None:
    hg19, hg38 = {"21": 48_129_895, "22": 51_304_566}, {"chr21": 46_709_983}
    beyond = open_track(written(tmp_path, "hg19.bed", "chr21\t48000000\t48000500\tp\n"))
    assert check_fit(beyond, hg19) == ("has nothing on 1 chromosome of this map: chr22",)
    with pytest.raises(TrackError, match=r"is of hg19, the map of hg38\. Choose one of hg38"):
        check_fit(beyond, hg38)
    mouse = open_track(written(tmp_path, "w.bed", "chrVII\t100\t200\tp\n"))
    with pytest.raises(TrackError, match="has no chromosome of this map: it has chrVII, the map 21, 22"):
        check_fit(mouse, hg19)
    assert (
        "reaches beyond the end of chr1"
        in check_fit(open_track(written(tmp_path, "l.bed", "chr1\t100\t2000\tp\n")), {"chr1": 1_000})[0]
    )


@pytest.mark.parametrize(
    ("name", "text", "track"),
    [
        ("a.bedGraph", BEDGRAPH, True),
        ("a.txt", GTF, True),
        ("a.gff3", GFF3, True),
        ("a.bed", BED12, True),
        ("a.bed", MOTIFS, True),
        ("a.txt", PEAKS, True),
        ("tads.bed", "chr1\t0\t500000\nchr1\t500000\t900000\n", False),
        ("loops.bedpe", "chr1\t0\t10000\tchr1\t90000\t100000\n", False),
        ("tads.gff3", "##gff-version 3\nchr1\tx\tTAD\t1\t500000\t.\t.\t.\tID=1\n", False),
        ("a.tsv", "chrom\tstart\tend\tis_boundary\nchr1\t0\t10\t1\n", False),
    ],
)
def test_tracks_are_told_from_labels(tmp_path: Path, name: str, text: str, track: bool) -> None:
    assert is_track(written(tmp_path, name, text)) is track


def test_many_genes_open_and_answer_at_once(tmp_path: Path) -> None:
    n = 20_000
    lines = [
        f'chr{1 + k % 3}\tx\tgene\t{1 + 1_000 * k}\t{1_000 * k + 5_000}\t.\t+\t.\tgene_id "E{k}"; gene_name "Gene{k}";'
        for k in range(n)
    ]
    track = open_track(written(tmp_path, "g.gtf", "\n".join(lines)))
    assert isinstance(track, GeneTrack)
    assert len(track) == n
    assert [gene.name for gene in track.find("GENE1999")][:2] == ["Gene1999", "Gene19990"]
    assert len(track.find("gene")) == 50
    assert len(track.within(Interval("chr2", 3_000_000, 3_300_000))) == pytest.approx(101, abs=3)
