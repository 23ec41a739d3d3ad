"""*Run model* says the true reason why it cannot run, where it is seen without a tooltip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.gui.view_kit import open_in

Make = Callable[..., Any]


def test_a_map_whose_bins_no_model_reads(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    predict = dock.predict
    assert predict.run_button.isEnabled()
    assert not predict.why_not.isVisible()

    session.open_map(data_dir / "awkward" / "cooler_test_file.mcool")  # dm6 at 100 kb and 1 Mb
    assert not predict.run_button.isEnabled()
    assert predict.why_not.isVisible()
    assert "needs bins of 50 kb or less" in predict.why_not.text()
    assert "100 kb" in predict.why_not.text()
    assert not any(box.isChecked() or box.isEnabled() for box in predict.tasks.values())

    session.open_map(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    assert all(box.isChecked() and box.isEnabled() for box in predict.tasks.values())
    for box in predict.tasks.values():
        box.click()
    assert predict.why_not.text() == "Choose at least one thing to find."
