"""Lists of different assemblies are not joined: known by what they name, and by calls beyond a chromosome's end."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_hicstruct.annotations import Kind, read_labels
from napari_hicstruct.annotations.writers import write_soft_labels
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome.assemblies import LENGTHS, assemblies_of_ends, assembly_in, assembly_of_lengths
from napari_hicstruct.labels.consensus import ConsensusOptions
from napari_hicstruct.workflows.consensus import CallFile, ConsensusRequest, ConsensusResult, consensus_of_files


def write(path: Path, chrom: str = "chr17", last: int = 40_000_000, comment: str = "") -> Path:
    """Twenty loops on a chromosome, the last of which ends at ``last``."""
    starts = [last - 210_000 - 400_000 * k for k in range(20)]
    lines = [f"{chrom}\t{a}\t{a + 10_000}\t{chrom}\t{a + 200_000}\t{a + 210_000}" for a in starts]
    path.write_text("".join(f"{line}\n" for line in (*filter(None, [comment]), f"# {path.name}", *lines)))
    return path


def join(*paths: Path, kind: Kind | None = Kind.LOOP, map_uri: str = "") -> ConsensusResult:
    files = tuple(CallFile(path, path.stem) for path in paths)
    return consensus_of_files(ConsensusRequest(files, kind, ConsensusOptions(), map_uri=map_uri))


def errors(result: ConsensusResult) -> dict[str, str]:
    return {one.path.name: one.error for one in result.files if one.error}


def test_lengths_are_those_of_bioframe() -> None:
    bioframe = pytest.importorskip("bioframe")
    for name, lengths in LENGTHS.items():
        known = {chrom[3:].lower(): length for chrom, length in bioframe.assembly_info(name).chromsizes.items()}
        known.pop("m")
        assert lengths == known, name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GM12878_chr21.HiCCUPS.hg19.bedpe", "hg19"),
        ("##genome=GRCh38.p13", "hg38"),
        ("loops.mm10.bed", "mm10"),
        ("hs37d5", "hg19"),
        ("T2T-CHM13v2.0", "hs1"),
        ("lifted_hg19_to_hg38.bedpe", ""),
        ("dm61.bed", ""),
        ("loops.bedpe", ""),
    ],
)
def test_a_name_names_one_assembly_or_none(text: str, name: str) -> None:
    assert assembly_in(text) == name


def test_lengths_and_ends_tell_assemblies() -> None:
    assert assembly_of_lengths({"21": 48_129_895, "GL000192.1": 547_496}) == "hg19"
    assert assembly_of_lengths({"21": 48_000_000}) == ""
    assert assemblies_of_ends({"chr17": 83_000_000}) == {"hg38", "hs1", "mm9", "mm10", "mm39"}
    assert assemblies_of_ends({"chr17": 83_000_000, "20": 60_000_000, "chrUn_1": 5}) == {"hg38", "hs1"}
    assert assemblies_of_ends({"chr17": 10**9}) == frozenset()
    assert assemblies_of_ends({"contig7": 5}) is None


def test_one_of_another_assembly_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.bedpe", comment="#genome hg19") for name in "abc"]
    other = write(tmp_path / "other.bedpe", comment="##genome=GRCh38")
    result = join(*files, other)
    assert errors(result) == {
        "other.bedpe": "is of hg38, as its name or its comments say; hg19 is wanted. "
        "Lift it over, or give files of one assembly."
    }
    assert {record.n_tools for record in result.consensus.records} == {3}


def test_calls_beyond_a_chromosomes_end_tell_it_without_a_name(tmp_path: Path) -> None:
    hg19 = [write(tmp_path / f"{name}.bedpe", "21", 48_000_000) for name in "ab"]
    hg38 = write(tmp_path / "other.bedpe", "chr20", 64_400_000)
    said = errors(join(*hg19, hg38))
    assert list(said) == ["other.bedpe"]
    assert said["other.bedpe"].startswith(
        "is not of hg19: it has a call at chr20:64,400,000, and chr20 ends at 63,025,520"
    )


def test_what_calls_show_counts_more_than_a_name(tmp_path: Path) -> None:
    right = [write(tmp_path / f"{name}.bedpe", "21", 48_000_000) for name in "ab"]
    misnamed = write(tmp_path / "mine.hg38.bedpe", "chr21", 48_000_000)
    assert errors(join(*right, misnamed)) == {}


def test_genomes_that_are_not_known_are_not_judged(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.bedpe", "chr1", 400_000_000), write(tmp_path / "b.bedpe", "chr1", 40_000_000)]
    assert errors(join(*files, write(tmp_path / "c.bedpe", "chr1", 300_000_000))) == {}


def test_two_files_of_two_assemblies_leave_nothing_to_join(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.hg19.bedpe"), write(tmp_path / "b.hg38.bedpe")]
    with pytest.raises(LabelError, match=r"1 of 2 files can be used\. b\.hg38\.bedpe: is of hg38") as caught:
        join(*files)
    assert "\n" not in str(caught.value)


def test_with_a_map_its_assembly_is_wanted(tmp_path: Path, data_dir: Path) -> None:
    map_uri = str(data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    good = [write(tmp_path / f"{name}.bedpe", "chr21") for name in "ab"]
    wrong = [write(tmp_path / f"{name}.hg38.bedpe", "21") for name in "cde"]
    result = join(*good, *wrong, map_uri=map_uri)
    assert [one.path.name for one in result.files if not one.error] == ["a.bedpe", "b.bedpe"]
    assert {record.chrom for record in result.consensus.records} == {"21"}


def test_the_kind_of_most_files_is_taken_and_the_others_are_named(tmp_path: Path) -> None:
    loops = [write(tmp_path / f"{name}.bedpe") for name in "ab"]
    tads = tmp_path / "tads.bed"
    tads.write_text("".join(f"chr17\t{a}\t{a + 400_000 + a % 7}\n" for a in range(0, 10_000_000, 500_000)))
    result = join(*loops, tads, kind=None)
    assert result.kind is Kind.LOOP
    assert errors(result) == {"tads.bed": "holds TADs, most files hold loops; --kind chooses."}
    with pytest.raises(
        LabelError, match=r"as many files hold loops and TADs: a\.bedpe holds loops, tads\.bed holds TADs"
    ):
        join(loops[0], tads, kind=None)


def test_a_few_labels_beyond_the_maps_end_are_said_with_the_remedy(tmp_path: Path) -> None:
    path = write(tmp_path / "a.bedpe", "chr17", 41_000_000)
    found = read_labels(path, chromsizes={"17": 40_000_000})
    assert len(found.records) == 17
    (note,) = found.notes
    assert note.startswith("3 of 20 labels lie beyond the map's chromosomes, the first at chr17:40,790,000-41,000,000")
    assert "another assembly" in note
    with pytest.raises(LabelError, match=r"20 of 20 labels lie beyond .*\(17 has 1,000,000 bp\).*lift them over"):
        read_labels(path, chromsizes={"17": 1_000_000})


def test_what_we_write_ourselves_names_no_assembly(tmp_path: Path) -> None:
    path = write_soft_labels([], tmp_path / "soft.bedpe", Kind.LOOP)
    assert read_labels(path).assembly == ""
