"""A window with a map, labels and a region, from the command line; or the picture of one."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.files import in_place_of, try_folder, writing
from napari_hicstruct.errors import OutputError, ProjectError
from napari_hicstruct.plugin._docks import open_dock
from napari_hicstruct.plugin.controllers.session import Session, ensure_session
from napari_hicstruct.plugin.state.map.view import parse_view
from napari_hicstruct.workflows import projects

if TYPE_CHECKING:
    import napari

    from napari_hicstruct.annotations import Annotation, Origin
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.genome import Interval

_SIZE = (1500, 950)
_IMPORT_SECONDS = 600.0


def show(  # noqa: PLR0913 - keywords of a use case
    path: str | Path,
    *,
    labels: Sequence[str | Path] = (),
    region: str | None = None,
    norm: str | None = None,
    project: str | Path | None = None,
    relink: bool = False,
    screenshot: str | Path | None = None,
) -> None:
    """Open napari on a contact map, until the window is closed or the picture is written.

    Parameters
    ----------
    path, labels : path, sequence of path
        Contact map; label files to import into the project.
    region, norm : str, optional
        What to look at (``chr17:62.5M-63.5M``); ``raw``, ``oe``, or the name of weights.
    project : path, optional
        Project to open; without it the automatic one of this map.  A picture, which must not leave its labels there,
        gets one that is thrown away.
    relink : bool
        Tie ``project`` to this map first, if it belongs to another one.
    screenshot : path, optional
        PNG of the window to write.

    Raises
    ------
    HicStructError
        If something cannot be opened, or the picture cannot be written.
    """
    source = _checked(path, labels, screenshot)
    if relink:
        _relink(project, source)
    _show(source, labels, region=region, norm=norm, project=project, screenshot=screenshot)
    _delete_qt_objects()


def _show(
    source: ContactSource,
    labels: Sequence[str | Path],
    *,
    region: str | None,
    norm: str | None,
    project: str | Path | None,
    screenshot: str | Path | None,
) -> None:
    import napari

    with ExitStack() as stack:
        if screenshot is not None:
            project = project or Path(stack.enter_context(TemporaryDirectory())) / "picture.hicproj"
        viewer = napari.Viewer(title="HiC Structures", show=True)
        with _closed_unless(viewer, stays=screenshot is None):
            viewer.window.resize(*_first_size(viewer))
            session = ensure_session(viewer)
            session.open_source(source)
            open_dock(viewer)
            _fit_into_screen(viewer)
            _dress(session, labels, region, norm, project, asks=screenshot is None)
            if screenshot is not None:
                _take_picture(session, Path(screenshot))
        if screenshot is None:
            napari.run()


def _fit_into_screen(viewer: Any) -> None:
    """Once more, now that the window has its frame and napari's panels, which made a low one grow, are folded."""
    from qtpy.QtWidgets import QApplication

    QApplication.processEvents()
    viewer.window.resize(*_first_size(viewer))


def _first_size(viewer: Any) -> tuple[int, int]:
    """Of a new window, px: what it needs, or all that the screen has beside the window's frame."""
    window = viewer.window._qt_window
    screen = window.screen()
    if screen is None:
        return _SIZE
    room = screen.availableSize() - (window.frameGeometry().size() - window.size())
    return min(_SIZE[0], room.width()), min(_SIZE[1], room.height())


def open_window(  # noqa: PLR0913 - keywords of a use case
    source: ContactSource,
    *,
    calls: Sequence[Annotation] = (),
    named: tuple[str, Origin, str] | None = None,
    run: Mapping[str, Any] | None = None,
    region: Interval | None = None,
    norm: str | None = None,
    project: str | Path | None = None,
    block: bool | None = None,
) -> napari.Viewer:
    """Open napari on a map from Python; see :func:`napari_hicstruct.api.window.show`.

    Parameters
    ----------
    source : ContactSource
    calls : sequence of Annotation
        For the project; those that it holds already are not added again.
    named : (str, Origin, str), optional
        Name and origin of the set of ``calls``, and what the journal calls the step.
    run : mapping, optional
        What the project is to keep of the run that ``calls`` are of.
    region, norm, project : optional
        As for :func:`show`.
    block : bool, optional
        Wait until the window is closed; None: unless an event loop runs already.
    """
    import napari

    viewer = napari.Viewer(title="HiC Structures", show=True)
    with _closed_unless(viewer, stays=True):
        viewer.window.resize(*_first_size(viewer))
        session = ensure_session(viewer)
        session.open_source(source)
        open_dock(viewer)
        _fit_into_screen(viewer)
        if project is not None:
            session.open_project(project)
        if calls and named is not None:
            _add(session, calls, *named, run=run)
        _dress(session, (), None if region is None else str(region), norm, None, asks=False)
    if block or (block is None and not _in_event_loop()):
        napari.run()  # returns at once where IPython turns the loop itself
    return viewer


def _add(
    session: Session,
    calls: Sequence[Annotation],
    name: str,
    origin: Origin,
    action: str,
    *,
    run: Mapping[str, Any] | None,
) -> None:
    """Put calls into the project of the window, each once, however often they are shown."""
    project = session.ensure_project()
    there = project.holds([record.uid for record in calls])
    new = [record for record in calls if record.uid not in there]
    if new:
        made = next((one for one in project.sets() if one.name == name), None) or project.add_set(name, origin)
        if run is not None:
            project.add_run(made.id, run)
        project.add(new, set_id=made.id, action=action)


def _in_event_loop() -> bool:
    """True if Qt's event loop called us, as in napari's console."""
    from qtpy.QtWidgets import QApplication

    app = QApplication.instance()
    return app is not None and app.thread().loopLevel() > 0


def _relink(project: str | Path | None, source: ContactSource) -> None:
    if project is None:
        raise ProjectError("There is no project to relink.", hint="Name it with --project.")
    projects.relink(project, source)


@contextmanager
def _closed_unless(viewer: napari.Viewer, *, stays: bool) -> Iterator[None]:
    """Close the window afterwards unless it ``stays``, and always if something goes wrong."""
    try:
        yield
    except BaseException:
        with suppress(Exception):  # what napari or Qt raise for a window that is half made would mask the error itself
            viewer.close()
        raise
    if not stays:
        _close(viewer)


def _close(viewer: napari.Viewer) -> None:
    """Close the window after its picture was written: the command has done its work, whatever Qt raises."""
    try:
        viewer.close()
    except Exception as error:
        print(f"note: the window could not be closed ({type(error).__name__}: {error}).", file=sys.stderr)


def _delete_qt_objects() -> None:
    """Delete what is left of a closed window while Qt is there: at the interpreter's end, in any order, it crashes."""
    from qtpy.QtCore import QEvent
    from qtpy.QtWidgets import QApplication

    for _ in range(2):  # what the first round deletes lets go of more
        gc.collect()
        QApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete))
        QApplication.processEvents()


def _take_picture(session: Session, path: Path) -> None:
    wait_until_drawn(session)
    _dismiss_notifications()
    _write_png(session.viewer.window.screenshot(canvas_only=False, flash=False), path)


def _checked(path: str | Path, labels: Sequence[str | Path], screenshot: str | Path | None) -> ContactSource:
    """Open the map, read the labels and try the folder before there is a window: what is wrong ends the command."""
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.contacts import open_map

    source = open_map(path)
    for one in labels:
        read_labels(one, chromsizes=source.chromsizes)
    if screenshot is not None:
        try_folder(Path(screenshot).absolute().parent, make=False)
    return source


def _dismiss_notifications() -> None:
    """Messages must not cover the picture; they were printed, too."""
    from qtpy.QtWidgets import QApplication

    for widget in QApplication.allWidgets():
        if type(widget).__name__ == "NapariQtNotification":
            widget.close()
    _pump(lambda: False, 0.3)


def _dress(
    session: Session,
    labels: Sequence[str | Path],
    region: str | None,
    norm: str | None,
    project: str | Path | None,
    *,
    asks: bool,
) -> None:
    if project is not None:
        session.open_project(project)
    if labels:
        from napari_hicstruct.plugin.widgets.score_dialog import ask_score

        session.importing.start(labels, ask=ask_score if asks else None)
        _pump(lambda: not session.importing.running, _IMPORT_SECONDS)
    if region is not None and session.source is not None:
        view = parse_view(region, session.source.chromsizes, chrom=session.chrom)
        session.go_to(view.rows, view.cols)
    if norm is not None and session.map is not None:  # on the chromosome that is shown
        if norm.lower() in ("oe", "o/e"):
            session.map.set_ratio(True)
        else:
            session.set_norm(norm)


def wait_until_drawn(session: Session, timeout: float = 60.0) -> None:
    """Run the event loop until the map, its colours and its overlays have come to rest.

    Raises
    ------
    OutputError
        If that takes longer than ``timeout`` seconds.
    """

    def busy() -> bool:
        shown = session.map
        layers = session.viewer.layers
        return (shown is not None and shown.pending) or not all(layer._slicing_state._loaded for layer in layers)

    _pump(lambda: False, 0.6)  # the window gets its size, overlays their first fill
    if not _pump(lambda: not busy(), timeout):
        raise OutputError("the window did not come to rest in time.", hint="Try a smaller region.")
    _pump(lambda: False, 0.6)  # debounced colour limits and overlays of the last move


def _pump(until: Callable[[], bool], seconds: float) -> bool:
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        if until():
            return True
        time.sleep(0.01)
    return False


def _write_png(picture: Any, path: Path) -> None:
    """Write the picture whole or not at all."""
    from napari.utils.io import imsave

    with writing(path), in_place_of(path, make=False) as part:
        imsave(str(part), picture)
