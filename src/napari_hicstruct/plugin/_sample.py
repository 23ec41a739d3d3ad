"""The sample map behind *File → Open Sample*."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import CancelToken, in_process
from napari_hicstruct.plugin.state.labels.sample_truth import show_truth

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.jobs import Job
    from napari_hicstruct.plugin.state.window import WindowState

URI = "hicstruct://sample/"
_GRACE_S = 5.0
"""So long it may take to its next check: who is killed before leaves a half-written map behind."""


def open_sample(window: WindowState) -> None:
    """Open the sample map; on first use it is simulated beside the window (seconds), with progress and an end by hand.

    Who opens another map meanwhile has that one: the sample is kept for the next time.

    Raises
    ------
    HicStructError
        If it cannot be opened, or other long work goes on.
    """
    from napari_hicstruct.workflows.simulate import iter_sample_map, sample_path

    if sample_path().exists():
        _show(window, sample_path())
        return
    before = window.source

    def make(token: CancelToken) -> Job:
        return (yield from in_process(iter_sample_map, token=token, grace=_GRACE_S))

    def made(path: Path) -> None:
        if window.source is not before:
            window.done.emit("The sample map is made: File → Open Sample opens it at once.")
            return
        try:
            _show(window, path)
        except HicStructError as error:
            window.problem.emit(error)

    def failed(error: HicStructError) -> None:
        if isinstance(error, Cancelled):
            window.labels.hint("The simulation of the sample map was cancelled: nothing was kept.")
        else:
            window.problem.emit(error)

    window.labels.busy.start("The simulation of the sample map", make, done=made, failed=failed)


def _show(window: WindowState, path: Path) -> None:
    window.open_map(path)
    show_truth(window.labels, path.parent / "truth")
