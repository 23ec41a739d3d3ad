"""Lengths with a unit too many, and files whose ending says that they hold something else: nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import Kind
from napari_hicstruct.annotations.writers import check_ending
from napari_hicstruct.cli.main import main


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loops, tads = [], []
    for k in range(4):
        at = 1_000_000 + 500_000 * k
        loops.append(
            hs.Annotation(kind="loop", anchor1=("chr1", at, at + 5_000), anchor2=("chr1", at + 90_000, at + 95_000))
        )
        tads.append(hs.Annotation(kind="tad", anchor1=("chr1", at, at + 500_000), anchor2=("chr1", at, at + 500_000)))
    for name, given in (("a.bedpe", loops), ("b.bedpe", loops[1:]), ("t.bed", tads), ("u.bed", tads[1:])):
        hs.write_labels(given, name)


CONSENSUS = ["consensus", "A=a.bedpe", "B=b.bedpe", "-o", "out.bedpe"]
EVALUATE = ["evaluate", "--pred", "a.bedpe", "--truth", "b.bedpe"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([*CONSENSUS, "--bin-size", "500M"], "--bin-size: 500,000,000 bp is too much. Give 10,000,000 bp at most"),
        ([*CONSENSUS, "--tolerance", "100M"], "--tolerance: 100,000,000 bp is too much. Give 10,000,000 bp at most"),
        ([*EVALUATE, "--tolerance", "100M"], "--tolerance: 100,000,000 bp is too much."),
        ([*EVALUATE, "--resolution", "500000000"], "--resolution: 500,000,000 bp is too much."),
        (["insulation", "MAP", "-o", "out", "--resolution", "500M"], "--resolution: 500,000,000 bp is too much."),
        (["insulation", "MAP", "-o", "out", "--window", "500M"], "--window: a window of 500,000,000 bp is no shorter"),
        (
            ["predict", "MAP", "-o", "out", "--limit", "loop-separation=900M"],
            "the limit loop-separation of 900,000,000 bp is too much. Give 1,000,000 bp at most",
        ),
        (["predict", "MAP", "-o", "out", "--limit", "stripe-width=2M"], "the limit stripe-width of 2,000,000 bp"),
        (["predict", "MAP", "-o", "out", "--resolution", "500M"], "resolution 500,000,000: bins of 500 Mb are not"),
    ],
)
def test_absurd_lengths_are_refused_with_what_would_do(
    lists: None, sample: hs.ContactMap, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([sample.uri if word == "MAP" else word for word in words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"hicstruct: {says}")
    assert error.count("\n") == 1
    assert not Path("out").exists()
    assert not Path("out.bedpe").exists()


@pytest.mark.parametrize("option", ["--tolerance", "--bin-size"])
def test_a_maps_chromosomes_are_limits_too(
    lists: None, sample: hs.ContactMap, option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_hicstruct.workflows.lengths.MAX_TOLERANCE", 10**9)
    monkeypatch.setattr("napari_hicstruct.workflows.lengths.MAX_BIN_SIZE", 10**9)
    assert main([*CONSENSUS, option, "12M", "--map", sample.uri]) == 2
    assert capsys.readouterr().err.startswith(
        f"hicstruct: {option}: 12,000,000 bp is no less than the longest chromosome, 12,000,000 bp."
    )


def test_python_reads_arguments_of_absurd_lengths(lists: None) -> None:
    for argument in ("tolerance", "bin_size"):
        with pytest.raises(hs.errors.ConfigError, match=rf"^{argument}: 100,000,000 bp is too much"):
            hs.consensus({"a": "a.bedpe", "b": "b.bedpe"}, **{argument: 100_000_000})
    with pytest.raises(hs.errors.ConfigError, match=r"^resolution: 500,000,000 bp is too much"):
        hs.evaluate("a.bedpe", "b.bedpe", resolution=500_000_000)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["t.bed", "u.bed", "-o", "x.bedpe"], "x.bedpe: TADs are not written as .bedpe. Name it x.bed."),
        (
            ["t.bed", "u.bed", "--kind", "boundary", "-o", "x.bedpe"],
            "x.bedpe: boundaries are not written as .bedpe. Name it x.bed.",
        ),
        (["a.bedpe", "b.bedpe", "-o", "x.bed"], "x.bed: loops are not written as .bed. Name it x.bedpe."),
        (["a.bedpe", "b.bedpe", "-o", "x.xlsx"], "x.xlsx: loops are not written as .xlsx. Name it x.bedpe."),
        (
            ["a.bedpe", "b.bedpe", "-o", "x.bedpe.gz"],
            "x.bedpe.gz: loops are not written as .gz. Name it x.bedpe, and pack it afterwards.",
        ),
    ],
)
def test_an_ending_of_another_kind_is_refused(
    lists: None, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, *rest = words
    assert main(["consensus", f"A={first}", f"B={second}", *rest]) == 2
    assert capsys.readouterr().err == f"hicstruct: {says}\n"
    assert not Path(rest[-1]).exists()


@pytest.mark.parametrize("name", ["x.bed", "x.tsv", "x.txt", "x", "X.BED"])
def test_other_names_hold_a_list_of_tads(lists: None, name: str) -> None:
    assert main(["consensus", "A=t.bed", "B=u.bed", "-o", name, "--quiet"]) == 0
    assert len(hs.read_labels(name)) == 3


@pytest.mark.parametrize(
    ("name", "format", "would"),
    [
        ("x.bed", None, "x.bedpe"),
        ("x.bed", "juicebox", "x.bedpe"),
        ("x.parquet", "bedpe", "x.bedpe"),
        ("x.bedpe", "parquet", "x.parquet"),
        ("x.mcool", None, "x.bedpe"),
    ],
)
def test_python_writes_no_file_under_a_wrong_ending(lists: None, name: str, format: str | None, would: str) -> None:
    with pytest.raises(hs.errors.OutputError, match=f"Name it {would}"):
        hs.write_labels(hs.read_labels("a.bedpe"), name, format=format)
    assert not Path(name).exists()


def test_devices_have_no_ending() -> None:
    assert check_ending("/dev/null", Kind.TAD) is None
