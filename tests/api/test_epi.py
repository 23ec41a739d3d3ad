"""``hs.train_epi`` and ``hs.predict_epi``: what the commands do, settings as a mapping or a file, a table or none."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml

import napari_hicstruct as hs
from tests.epi_kit import TINY, grammar_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grammar_folder(tmp_path_factory.mktemp("epi") / "example")


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    made = hs.train_epi(
        folder / "pairs.tsv", folder / "genome.fa", out, lines=folder / "lines.tsv", settings=TINY, threads=1
    )
    assert {"validation", "seen", "unseen", "gap"} <= made.figures.keys()
    return made.model


def test_without_a_file_nothing_is_written_and_the_numbers_are_those_of_the_table(folder: Path, model: Path) -> None:
    given = (folder / "pairs.tsv", folder / "genome.fa", model)
    bare = hs.predict_epi(*given, lines=folder / "lines.tsv", threads=1)
    assert bare.path is None
    assert list(Path().iterdir()) == []
    kept = hs.predict_epi(*given, lines=folder / "lines.tsv", out="p.tsv", threads=1)
    assert kept.path == Path("p.tsv")
    np.testing.assert_array_equal(kept.probabilities, bare.probabilities)
    with kept.path.open(encoding="utf-8") as file:
        written = [float(row["p"]) for row in csv.DictReader(file, delimiter="\t")]
    np.testing.assert_allclose(written, bare.probabilities, rtol=1e-5)
    assert set(bare.figures) >= {"line01", "all"}
    with pytest.raises(hs.errors.OutputError, match="overwrite=True"):
        hs.predict_epi(*given, lines=folder / "lines.tsv", out="p.tsv")


def test_settings_of_a_file_motifs_and_progress(folder: Path) -> None:
    short = TINY | {"train": {"epochs": 1, "steps_per_epoch": 1}}
    Path("own.yaml").write_text(yaml.safe_dump(short), encoding="utf-8")
    steps: list[hs.Progress] = []
    hs.train_epi(
        folder / "pairs.tsv",
        folder / "genome.fa",
        "run",
        lines=folder / "lines.tsv",
        motifs=folder / "motifs.jaspar",
        settings="own.yaml",
        threads=1,
        progress=steps.append,
    )
    assert any("start at given motifs" in step.message for step in steps)
    with pytest.raises(hs.errors.ConfigError, match="is not that of the run in this folder"):
        hs.train_epi(folder / "pairs.tsv", folder / "genome.fa", "run", lines=folder / "lines.tsv", settings=short)
