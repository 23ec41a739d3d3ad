"""docs/where.md holds: a track format, a selector and a command as the page writes them; the rest: test_docs_python."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import typer

import napari_hicstruct as hs
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.jobs import Clock
from napari_hicstruct.tracks import opening
from tests.api.test_docs_python import blocks
from tests.meta.tracked import ROOT


def test_a_track_a_selector_and_a_command(
    in_an_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The track of the page is read, its selector scales features by task, its command prints what its work gives."""
    _format, track, _strategy, selector, command, _notebook = blocks(ROOT / "docs" / "where.md")
    names: dict[str, Any] = {}
    for number, text in enumerate((track, selector, command)):
        exec(compile(text, f"block {number}", "exec"), names)
    monkeypatch.setitem(opening.TEXT_READERS, "scores", names["_read_my_scores"])
    monkeypatch.setattr(opening, "kind_of", lambda *_: "scores")
    path = in_an_empty_folder / "scores.txt"
    path.write_text("chr1\t0\t10\ta\tb\t2.5\nchr1\t10\t30\ta\tb\t4\n", encoding="utf-8")
    found = opening.open_track(path)
    assert isinstance(found, opening.StepSignal)
    np.testing.assert_allclose(found._values(hs.Interval("chr1", 0, 20), 2), [2.5, 4])

    gain = names["MyGain"](ModelConfig()).requires_grad_(False)
    gain.gain["loop"][1] = 3.0
    features = {name: torch.ones(1, 2, 3, 3) for name in ("f2", "f3")}
    assert {name: float(value.mean()) for name, value in gain(features, "loop", None).items()} == {"f2": 3, "f3": 1}
    assert {name: float(value.mean()) for name, value in gain(features, "tad", None).items()} == {"f2": 1, "f3": 1}

    def iter_coverage(map: str, resolution: int) -> Any:
        yield Clock().step("counting", 0, 0)
        return {"chr1": resolution}

    monkeypatch.setitem(
        sys.modules, "napari_hicstruct.workflows.coverage", SimpleNamespace(iter_coverage=iter_coverage)
    )
    app = typer.Typer()
    names["register"](app)
    typer.main.get_command(app).main(["x.cool", "--resolution", "25k", "--json", "-q"], standalone_mode=False)
    assert capsys.readouterr().out == '{"chr1": 25000}\n'
