"""Tracks of evidence from the shell: files read back, bad input is one line, an older folder is replaced whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_hicstruct as hs
from napari_hicstruct.annotations import read_labels
from napari_hicstruct.cli.main import main
from tests.foreign.map_files import write


@pytest.fixture(scope="module")
def sample() -> str:
    return hs.sample_map().uri


@pytest.fixture(scope="module")
def folder(sample: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tracks") / "evidence"
    assert main(["insulation", sample, "-o", str(out), "-w", "50k", "-w", "100000", "--quiet"]) == 0
    return out


def test_table_tracks_and_list_agree(folder: Path, sample: str) -> None:
    import pybigtools

    table = pd.read_csv(folder / "insulation.tsv", sep="\t")
    column = "log2_insulation_score_100000"
    frame = hs.insulation(sample, windows=[100_000])
    assert table[column].to_numpy() == pytest.approx(frame[column].to_numpy(), nan_ok=True)
    chrom, row = table["chrom"][0], int(np.flatnonzero(np.isfinite(table[column]))[100])
    with pybigtools.open(str(folder / f"{column}.bw")) as track:
        start = int(table["start"][row])
        ((first, _, value),) = track.records(chrom, start, start + 10)
        assert first == start
        assert value == pytest.approx(table[column][row], abs=1e-6)
        assert track.chroms() == {chrom: int(table["end"].max())}
    lines = (folder / f"{column}.bedgraph").read_text().splitlines()[1:]
    assert len(lines) == int(np.isfinite(table[column]).sum())
    boundaries = read_labels(folder / "boundaries.bed")
    assert len(boundaries.records) > 20
    soft = table.set_index("start")["weak_boundary_probability"]
    for record in boundaries.records:
        assert 0 <= record.soft_score <= 1
        assert {"prominence", "z_insulation", "z_directionality"} <= set(record.extra)
        if np.isfinite(soft[record.anchor1.start]):
            assert soft[record.anchor1.start] >= record.soft_score * np.exp(-0.125) - 1e-6
    run = json.loads((folder / "run.json").read_text())
    assert run["parameters"]["windows"] == [50_000, 100_000]
    assert set(run["files"]) | {"run.json"} == {path.name for path in folder.iterdir()}


def test_strong_minima_lie_at_the_known_boundaries(sample: str) -> None:
    truth = read_labels(Path(sample).parent / "truth" / "boundaries.bed")
    at = np.array([(r.anchor1.start + r.anchor1.end) / 2 for r in truth.records])
    frame = hs.insulation(sample, windows=[100_000])
    strongest = frame.nlargest(15, "boundary_strength_100000")
    near = [np.abs(at - (start + 5_000)).min() <= 30_000 for start in strongest["start"]]
    assert np.mean(near) >= 0.8


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-w", "15000"], "whole bins"),
        (["-c", "chrQ"], "chrQ"),
        (["--norm", "nothing"], "nothing"),
        (["--resolution", "3000"], "3,000"),
    ],
)
def test_bad_input_is_one_line(
    sample: str, tmp_path: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["insulation", sample, "-o", str(tmp_path / "out"), "--quiet", *words]) == 2
    said = capsys.readouterr().err.strip()
    assert says in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_bins_without_contacts_are_in_the_table_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "part.cool", values=_upper_half)
    assert main(["insulation", path, "-o", str(tmp_path / "out"), "-c", "chr1", "-w", "50000", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    table = pd.read_csv(tmp_path / "out" / "insulation.tsv", sep="\t")
    bad = table["is_bad_bin"]
    assert len(table) == said["bins"]
    assert 0 < said["good_bins"] == (~bad).sum() < said["bins"]
    assert table.loc[bad, "weak_boundary_probability"].isna().all()
    lines = (tmp_path / "out" / "weak_boundary_probability.bedgraph").read_text().splitlines()[1:]
    assert len(lines) == said["good_bins"]
    boundary = (tmp_path / "out" / "boundaries.bed").read_text().splitlines()
    if boundary[1:]:
        row = dict(zip(boundary[0].split("\t"), boundary[1].split("\t"), strict=True))
        assert row["probability"] == ".", "of models alone"
        assert row["soft_score"] == row["score"] != "."


def _upper_half(matrix: np.ndarray) -> np.ndarray:
    """Contacts in the first half alone."""
    out, half = matrix.copy(), len(matrix) // 2
    out[half:] = 0
    out[:, half:] = 0
    return out


def test_only_its_own_folder_is_replaced(sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["insulation", sample, "-o", str(tmp_path), "--quiet"]) == 2
    assert "something else" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    out = tmp_path / "tracks"
    for windows in (["-w", "50000"], ["-w", "100000", "-f", "bedgraph"]):
        assert main(["insulation", sample, "-o", str(out), "--quiet", *windows]) == 0
    assert not list(out.glob("*.bw"))
    assert not list(out.glob("*_50000.*"))


@pytest.mark.parametrize(
    ("words", "column"),
    [
        (["-w", "10M"], "border_contrast_10000000"),
        (["-w", "50k", "--ignore-diags", "1000"], "log2_insulation_score_50000"),
    ],
)
def test_tracks_without_values_are_named(
    words: list[str], column: str, sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["insulation", sample, "-o", str(out), *words, "--quiet"]) == 0
    assert f"note: no track is written of {column}, which" in capsys.readouterr().err
    assert not list(out.glob(f"{column}*"))
    assert list(out.glob("directionality*"))
