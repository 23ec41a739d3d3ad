"""*Run model* says the true reason why it cannot run, where it is seen without a tooltip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_hicstruct.contacts import open_map
from napari_hicstruct.plugin.state.project import open_for
from tests.gui.edit_kit import loop
from tests.gui.view_kit import open_in, write_dots

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


def test_a_project_that_another_window_made_meanwhile_stops_a_run_before_it_begins(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    path = write_dots(tmp_path / "a.mcool", (10_000, 20_000), 4_000_000, [(100_000, 300_000, 3)])
    session, _ = open_in(make_napari_viewer(show=True), path)
    assert session.project is None
    problems: list[str] = []
    session.problem.connect(lambda error: problems.append(str(error)))
    other = open_for(open_map(path), session.project_path)
    try:
        other.add([loop(100_000, 300_000)], set_id=other.human_set().id)
        session.prediction.run()
        assert not session.prediction.running
        assert session.project.read_only
        assert "another window of this program is editing it" in problems[-1]
        assert session.project.count() == 1
    finally:
        other.close()
        session.close()
