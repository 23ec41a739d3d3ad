"""The menu of one track: colour, scale, place, and its end."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QPoint
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QInputDialog, QMenu, QWidget

from napari_hicstruct.plugin.state.tracks.shown_track import ShownTrack
from napari_hicstruct.plugin.state.tracks.tracks import TracksState


def open_menu(state: TracksState, key: str, place: QPoint, parent: QWidget | None) -> None:
    """Show it at a place of the screen."""
    made = menu_of(state, state.get(key), parent)
    made.popup(place)


def menu_of(state: TracksState, one: ShownTrack, parent: QWidget | None) -> QMenu:
    """The entries of one track."""
    menu, at = QMenu(parent), state.tracks.index(one)
    menu.setToolTipsVisible(True)
    menu.aboutToHide.connect(menu.deleteLater)
    title = menu.addAction(one.name.replace("&", "&&"))
    title.setEnabled(False)
    menu.addSeparator()
    if one.kind not in ("motifs",):
        _add(menu, "Colour …", lambda: _choose_colour(state, one, parent))
    if one.kind == "signal":
        _add(menu, "Scale …", lambda: _choose_limits(state, one, parent))
        _add(menu, "Scale by what is seen", lambda: state.set_limits(one.key, None), on=one.limits is not None)
    _add(menu, "Usual height", lambda: _usual_height(state, one), on=bool(one.height_px))
    menu.addSeparator()
    _add(menu, "Towards the map", lambda: state.move(one.key, at - 1), on=at > 0)
    _add(menu, "Away from the map", lambda: state.move(one.key, at + 1), on=at < len(state.tracks) - 1)
    menu.addSeparator()
    _add(menu, "Hide", lambda: state.show(one.key, False))
    _add(menu, "Remove", lambda: state.remove(one.key))
    return menu


def _add(menu: QMenu, text: str, call: Any, *, on: bool = True) -> None:
    action = menu.addAction(text)
    action.setEnabled(on)
    action.triggered.connect(lambda _=False: call())


def _usual_height(state: TracksState, one: ShownTrack) -> None:
    one.height_px = 0
    state.show(one.key, one.shown)


def _choose_colour(state: TracksState, one: ShownTrack, parent: QWidget | None) -> None:
    chosen = QColorDialog.getColor(QColor(one.colour), parent, f"Colour of {one.name}")
    if chosen.isValid():
        state.set_colour(one.key, chosen.name())


def _choose_limits(state: TracksState, one: ShownTrack, parent: QWidget | None) -> None:
    now = "" if one.limits is None else f"{one.limits[0]:g} {one.limits[1]:g}"
    label = "Lowest and highest value, such as 0 10 (empty: those of what is seen)"
    text, ok = QInputDialog.getText(parent, f"Scale of {one.name}", label, text=now)
    if ok:
        state.set_limits(one.key, limits_from(text))


def limits_from(text: str) -> tuple[float, float] | None:
    """``0 10``, ``0-10`` or ``0, 10`` as two numbers; None for anything else."""
    parts = text.replace(",", " ").replace("–", " ").split()
    try:
        low, high = (float(part) for part in parts)
    except ValueError:
        return None
    return (low, high) if low < high else None
