"""``hicstruct epi``: the commands of docs/epi.md, and one line for bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_hicstruct.cli.main import main
from tests.epi_kit import TINY, grammar_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import yaml

    found = grammar_folder(tmp_path_factory.mktemp("epi") / "example")
    (found / "tiny.yaml").write_text(yaml.safe_dump(TINY), encoding="utf-8")
    return found


def words(folder: Path, command: str, *more: object) -> list[str]:
    own = [folder / "pairs.tsv", "--fasta", folder / "genome.fa", "--lines", folder / "lines.tsv", "--threads", 1]
    return ["epi", command, *map(str, [*own, *more])]


def test_train_predict_explain(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert main(words(folder, "train", "-o", run, "--config", folder / "tiny.yaml", "--json", "-d", "cpu")) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"model", "validation", "seen", "unseen", "gap", "threshold", "f1", "per_line", "notes"} <= found.keys()
    assert main(words(folder, "predict", "-m", run, "-o", tmp_path / "p.tsv")) == 0
    assert "line01" in capsys.readouterr().out
    assert main(words(folder, "explain", "-m", run, "-o", tmp_path / "e", "--motifs", folder / "motifs.jaspar")) == 0
    assert (tmp_path / "e" / "openness.png").is_file()
    capsys.readouterr()
    assert main(words(folder, "predict", "-m", run, "-o", tmp_path / "p.tsv")) == 2
    error = capsys.readouterr().err
    assert "exists" in error
    assert "--overwrite" in error


def test_held_out_lines_are_named(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = ["--test-lines", "line02, line05", "--test-chroms", "chr1", "--epochs", 1, "--json", "-d", "cpu"]
    assert main(words(folder, "train", "-o", tmp_path, "--config", folder / "tiny.yaml", *held)) == 0
    assert set(json.loads(capsys.readouterr().out)["per_line"]["unseen"]) == {"line02", "line05", "all"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--test-lines", "HeLa"), "the table has no line 'HeLa'"),
        (("--config", "none.yaml"), "none.yaml: cannot be read"),
        (("--fasta", "none.fa"), "none.fa: cannot be read"),
        (("--lines", "none.tsv"), "none.tsv: cannot be read"),
        (("--motifs", "none.jaspar"), "none.jaspar: cannot be read"),
    ],
)
def test_bad_input_is_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, str], said: str
) -> None:
    assert main(words(folder, "train", "-o", tmp_path / "run", "--small", *given)) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1


def test_a_map_is_no_table_of_pairs(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.cool").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    args = ["epi", "train", str(tmp_path / "a.cool"), "-f", str(folder / "genome.fa"), "-o", str(tmp_path / "run")]
    assert main(args) == 2
    assert "HDF5" in capsys.readouterr().err


def test_an_example_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["epi", "example", "-o", str(tmp_path / "a"), "--lines", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"] == 3
    assert (tmp_path / "a" / "pairs.tsv").is_file()
