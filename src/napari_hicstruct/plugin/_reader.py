"""Readers for drag & drop, *File → Open* and ``napari FILE``: maps, label files, projects.

They show everything through the session of the current window, so they give napari no layers of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

LayerData = list[tuple[None]]
Reader = Callable[[Any], LayerData]
_NOTHING: LayerData = [(None,)]
_DOCK_DELAY_MS = 250
_ALL_DROPPED_MS = 250
"""After so long without another file, those that came one by one are of one drop."""
_BESIDE_MAP: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()
"""By session: labels and tracks that wait until all of a drop was read."""


def map_reader(path: str | Sequence[str]) -> Reader | None:
    """Reader of contact maps (``.cool``, ``.mcool``, ``.hic``)."""
    return _shown_by(_open_map)


def label_reader(path: str | Sequence[str]) -> Reader | None:
    """Reader of label files; they join the project of the map that is open."""
    return _shown_by(_import_labels)


def project_reader(path: str | Sequence[str]) -> Reader | None:
    """Reader of ``.hicproj`` projects; opens their map too, if none is open."""
    return _shown_by(_open_project)


def track_reader(path: str | Sequence[str]) -> Reader | None:
    """Reader of tracks (bigWig, bedGraph, peaks, genes); they are shown beside the map that is open."""
    return _shown_by(_import_labels)


def other_reader(path: str | Sequence[str]) -> Reader | None:
    """Reader of files that are of no use here (reads, variants): it says what they are and what helps."""
    return _shown_by(_refuse)


def _shown_by(show: Callable[[Any, list[str]], None]) -> Reader:
    def read(path: str | Sequence[str]) -> LayerData:
        paths = [path] if isinstance(path, str | Path) else list(path)
        _guard(show, [str(one) for one in paths])
        return _NOTHING

    return read


def _guard(show: Callable[[Any, list[str]], None], paths: list[str]) -> None:
    """Show in the current window; what goes wrong is one notification, not a traceback."""
    from napari import current_viewer
    from qtpy.QtCore import QTimer

    from napari_hicstruct.errors import HicStructError
    from napari_hicstruct.plugin._docks import open_dock
    from napari_hicstruct.plugin.controllers.notify import show_problem
    from napari_hicstruct.plugin.controllers.session import ensure_session

    viewer = current_viewer()
    try:
        if viewer is None:
            raise HicStructError("no napari window is open to show the file in.", where=paths[0])
        session = ensure_session(viewer)
        show(session, paths)
        # the picture first: building the panels takes as long as drawing the map
        QTimer.singleShot(_DOCK_DELAY_MS, lambda: open_dock(viewer))
    except HicStructError as error:
        show_problem(error)


def _open_map(session: Any, paths: list[str]) -> None:
    from napari_hicstruct.plugin._sample import URI, open_sample

    if paths[0].startswith(URI):
        open_sample(session)
    else:
        session.open_map(paths[0])


def _open_project(session: Any, paths: list[str]) -> None:
    session.open_project(paths[0])


def _import_labels(session: Any, paths: list[str]) -> None:
    """Import them as soon as all of a drop was read: the map among them is opened first, and it is one import.

    A text with a name as labels have may be a track (bedGraph, genes): it is shown as one.
    """
    from qtpy.QtCore import QTimer

    waiting = _BESIDE_MAP.setdefault(session, [])
    if not waiting:
        QTimer.singleShot(_ALL_DROPPED_MS, lambda: _import_waiting(session))
    waiting += paths


def _import_waiting(session: Any) -> None:
    from napari_hicstruct.errors import HicStructError
    from napari_hicstruct.plugin.widgets.score_dialog import ask_score
    from napari_hicstruct.tracks.opening import is_track

    paths = _BESIDE_MAP.pop(session)
    tracks = [path for path in paths if is_track(path)]
    labels = [path for path in paths if path not in tracks]
    try:
        for path in tracks:
            session.tracks.add(path)
        if labels:
            session.importing.start(labels, ask=ask_score)
    except HicStructError as error:
        session.problem.emit(error)


def _refuse(_session: Any, paths: list[str]) -> None:
    from napari_hicstruct.workflows.other_files import refusal

    raise refusal(paths[0])
