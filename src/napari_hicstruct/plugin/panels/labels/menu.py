"""What can be done with a set: one menu, behind its ⋯ button and the right mouse button."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QMenu, QWidget

from napari_hicstruct.annotations.sets import SET_COLOURS
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.labels.set_commands import SetCommands
from napari_hicstruct.plugin.widgets.colour_icon import colour_icon

_COLOUR_NAMES = {
    "#56B4E9": "sky blue",
    "#E69F00": "orange",
    "#CC79A7": "reddish purple",
    "#0072B2": "blue",
    "#D55E00": "vermilion",
    "#F0E442": "yellow",
    "#000000": "black",
    "#009E73": "bluish green",
}


def colour_menu(commands: SetCommands, set_id: int, parent: QWidget) -> QMenu:
    """Okabe and Ito's colours, and any other."""
    menu = QMenu("Colour", parent)
    menu.setToolTipsVisible(True)
    known = commands.named(set_id)
    for colour in SET_COLOURS:
        action = menu.addAction(colour_icon(colour), _COLOUR_NAMES[colour])
        action.setCheckable(True)
        action.setChecked(known is not None and known.colour.upper() == colour)
        action.triggered.connect(lambda _=False, colour=colour: commands.change(set_id, colour=colour))
    menu.addSeparator()
    menu.addAction("Other …").triggered.connect(lambda: _ask_colour(commands, set_id, parent))
    return menu


def _ask_colour(commands: SetCommands, set_id: int, parent: QWidget) -> None:
    known = commands.named(set_id)
    if known is None:
        return
    chosen = QColorDialog.getColor(QColor(known.colour), parent, f"Colour of {known.name}")
    if chosen.isValid():
        commands.change(set_id, colour=chosen.name().upper())


def set_menu(
    labels: LabelState, commands: SetCommands, set_id: int, parent: QWidget, rename: Callable[[], None]
) -> QMenu:
    """All commands on one set; what cannot be done now is greyed out and says why."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    known = commands.named(set_id)
    if known is None:
        return menu
    refusal = labels.refusal
    bound = refusal or ("The set is locked: unlock it first." if known.locked else "")

    def add(text: str, work: Callable[[], None], tip: str, why_not: str = "") -> None:
        action = menu.addAction(text)
        action.triggered.connect(lambda: work())
        action.setToolTip(why_not or tip)
        action.setEnabled(not why_not)

    add("Rename", rename, "Give the set another name", refusal)
    menu.addMenu(colour_menu(commands, set_id, menu)).setEnabled(not refusal)
    alone = "Show the others again" if commands.is_alone(set_id) else "Show alone"
    add(alone, lambda: commands.show_alone(set_id), "Hide all other sets; once more shows them again", refusal)
    menu.addSeparator()
    for text, by in (("Move up", -1), ("Move down", 1)):
        why_not = refusal or ("" if commands.can_move(set_id, by) else "It stands at this end of the list.")
        add(text, lambda by=by: commands.move(set_id, by), "Order of the list", why_not)  # type: ignore[misc]
    menu.addSeparator()
    add("Duplicate", lambda: commands.duplicate(set_id), "A copy with all its objects (one undo)", refusal)
    _add_merge(menu, labels, commands, set_id, bound)
    add("Delete", lambda: commands.delete(set_id), "Delete the set with all its objects (one undo)", bound)
    return menu


def _add_merge(menu: QMenu, labels: LabelState, commands: SetCommands, set_id: int, why_not: str) -> None:
    merge = QMenu("Merge into", menu)
    merge.setToolTipsVisible(True)
    for other in labels.sets():
        if other.id != set_id:
            action = merge.addAction(colour_icon(other.colour), other.name)
            action.setEnabled(not other.locked)
            action.setToolTip("This set is locked." if other.locked else "Move all objects there (one undo)")
            action.triggered.connect(lambda _=False, into=other.id: commands.merge(set_id, into))
    action = menu.addMenu(merge)
    action.setEnabled(not why_not and not merge.isEmpty())
    action.setToolTip(why_not or "Move all objects into another set")
