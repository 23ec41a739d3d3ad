"""What the menu entries do."""

from __future__ import annotations

from typing import Any

from napari_hicstruct.errors import HicStructError


def open_labels() -> None:
    """*File → New Layer*: labels live in the project, so this opens the dock at its Labels section."""
    _in_dock("labels")


def predict_view() -> None:
    """*Layers → Segment*: run the model on what is in view."""
    dock = _in_dock("predict")
    if dock is not None:
        dock.session.prediction.run_view()


def repair_labels() -> None:
    """*Layers → Segment*: the dock that repairs Labels layers; no contact map is needed."""
    from napari import current_viewer

    from napari_hicstruct.plugin._docks import open_repair

    viewer = current_viewer()
    if viewer is not None:
        open_repair(viewer)


def fuse_maps() -> None:
    """*Layers → Filter*: the dock that fuses two pictures or maps; no contact map is needed."""
    from napari import current_viewer

    from napari_hicstruct.plugin._docks import open_fuse

    viewer = current_viewer()
    if viewer is not None:
        open_fuse(viewer)


def segment_images() -> None:
    """*Layers → Segment*: the dock that trains on pictures and segments them; no contact map is needed."""
    from napari import current_viewer

    from napari_hicstruct.plugin._docks import open_segment

    viewer = current_viewer()
    if viewer is not None:
        open_segment(viewer)


def open_map() -> None:
    """*File → IO Utilities*: ask for a contact map."""
    _from_menu("open_map")


def open_project() -> None:
    """*File → IO Utilities*: ask for a project."""
    _from_menu("open_project")


def _from_menu(entry: str) -> None:
    """Do what the entry of the menu *HiC Structures* does; the dock, with the menu, is opened for it."""
    from napari import current_viewer

    from napari_hicstruct.plugin._docks import open_dock

    viewer = current_viewer()
    dock = None if viewer is None else open_dock(viewer)
    if dock is not None and dock.menu is not None:
        dock.menu.call(entry)


def _in_dock(section: str) -> Any:
    """Open the dock at ``section``; None and one notification where there is no map to work on."""
    from napari import current_viewer

    from napari_hicstruct.plugin._docks import open_dock
    from napari_hicstruct.plugin.controllers.notify import show_problem
    from napari_hicstruct.plugin.controllers.session import ensure_session

    viewer = current_viewer()
    if viewer is None:
        return None
    session = ensure_session(viewer)
    dock = open_dock(viewer)
    if session.source is None:
        show_problem(HicStructError("No contact map is open.", hint="Open a .cool, .mcool or .hic file first."))
        return None
    dock.unfold(section)
    return dock
