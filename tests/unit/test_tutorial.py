"""The training tutorial holds: its blocks run in order, in miniature, and leave what the page says."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.cli.main import main
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.training import engine
from napari_hicstruct.training.samples import SampleStream

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial-training.md"

# what is large on the page → what a test can afford; each must still stand there
SMALLER = (
    ("--chrom chr1:12M --chrom chr17:8M", "--chrom chr1:7M --chrom chr17:7M --resolution 5000 --resolution 10000"),
    ("steps: 300", "steps: 2\ncheckpoint_every: 1\nstrip_tiles: 2\nfine_batch: 1"),
    ("warmup: 30", "warmup: 1"),
    ("validate_every: 100", "validate_every: 2"),
    ("[8, 16, 24, 32, 48]", "[8, 8, 8, 8, 8]"),
    ("extrusion: 24", "extrusion: 1"),
    ("extrusion: 4", "extrusion: 1"),
    ('"steps": 60', '"steps": 1'),
    ('"validate_every": 30', '"validate_every": 1'),
    ("--maps 2", "--maps 2 --length 7M --depth 200"),
)


def blocks() -> list[tuple[str, str]]:
    """Language and text of every block of the page, made smaller."""
    text = PAGE.read_text(encoding="utf-8")
    for large, small in SMALLER:
        assert large in text, f"'{large}' is no longer on the page"
        text = text.replace(large, small)
    return re.findall(r"```(sh|python)\n(.*?)```", text, re.DOTALL)


@pytest.fixture(autouse=True)
def in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        return iter(SampleStream(config, paths, first_step=first, last_step=config.steps, seed=config.seed, part=part))

    monkeypatch.setattr(engine, "_stream", stream)
    monkeypatch.setattr("napari_hicstruct.workflows.train.VALIDATION_BATCHES", 1)
    monkeypatch.setenv("HICSTRUCT_POOL", str(tmp_path / "pool"))
    monkeypatch.chdir(tmp_path)


def run(language: str, text: str) -> None:
    """Run a block: Python and ``hicstruct`` lines in this process, other shell lines in bash."""
    if language == "python":
        exec(compile(text, str(PAGE), "exec"), {})
    elif text.startswith("hicstruct "):
        for line in text.splitlines():
            assert main([*shlex.split(line)[1:], "--quiet"]) == 0, line
    else:
        subprocess.run(["bash", "-e", "-c", text], check=True)


def test_the_tutorial_runs(tmp_path: Path) -> None:
    for language, text in blocks():
        run(language, text)
    written = (
        "report/precision_recall.png",
        "precision.png",
        "calibrated/loops.bedpe",
        "run-labelled/model/model.json",
    )
    for name in written:
        assert (tmp_path / name).stat().st_size > 0
    assert '"calibration"' in (tmp_path / "run" / "model" / "model.json").read_text()
