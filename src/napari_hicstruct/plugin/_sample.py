"""The sample map behind *File → Open Sample*."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QApplication

URI = "hicstruct://sample/"


def sample_path() -> Path:
    """Path of the sample map; simulated on first use (seconds, with napari's progress bar), then cached."""
    from napari.utils import progress

    from napari_hicstruct.jobs import Progress, drain
    from napari_hicstruct.workflows.simulate import iter_sample_map

    with progress(total=100, desc="Simulating the sample map (once)") as bar:

        def show(step: Progress) -> None:
            bar.update(round(step.fraction * 100) - bar.n)
            QApplication.processEvents()

        return drain(iter_sample_map(), show)
