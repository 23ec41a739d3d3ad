"""The menu of a right click on the map: what can be done with the object, or the place, under the mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.compat import isalive
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QApplication, QMenu

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import display_name, display_region
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.controllers.keyboard.key_sheet import native
from napari_hicstruct.plugin.state.commands import key_of
from napari_hicstruct.plugin.state.labels.palette import name_of
from napari_hicstruct.plugin.state.map.view import View

_MAX_OTHERS = 12


class ObjectMenu:
    """Makes the menu anew each time, for what is there then."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self.menu: QMenu | None = None

    def open(self, uids: Sequence[str], place: tuple[float, float]) -> None:
        """Show the menu of the current object, one of ``uids``, or of a place (row, column; bp) where there is none."""
        self.close()
        window = getattr(self._review.editor.canvas.viewer, "window", None)
        if window is None:
            return
        self.menu = menu = QMenu(window._qt_window)
        menu.setToolTipsVisible(True)
        current = self._review.labels.current
        if current is not None and current.uid in uids:
            self._of_object(menu, current, [uid for uid in uids if uid != current.uid])
        else:
            self._of_place(menu, place)
        menu.popup(QCursor.pos())

    def close(self) -> None:
        """Take the menu away."""
        menu, self.menu = self.menu, None
        if menu is not None and isalive(menu):
            menu.close()
            menu.deleteLater()

    def _of_object(self, menu: QMenu, record: Annotation, others: Sequence[str]) -> None:
        review, uid = self._review, record.uid
        menu.addAction(self._name(record)).setEnabled(False)
        menu.addSeparator()
        self._edit(menu, "Accept", review.accept, "accept")
        self._edit(menu, "Reject", review.reject, "reject")
        self._edit(menu, "Edit", review.edit, "edit")
        kinds = menu.addMenu("Change kind")
        kinds.setEnabled(not review.labels.refusal)
        for kind in Kind:
            choice = kinds.addAction(name_of(kind))
            choice.setCheckable(True)
            choice.setChecked(kind is record.kind)
            choice.setEnabled(kind is record.kind or review.changed_kind(uid, kind) is not None)
            choice.triggered.connect(lambda _=False, kind=kind: review.change_kind(uid, kind))
        menu.addSeparator()
        menu.addAction("Go to").triggered.connect(lambda: review.go_to(uid))
        menu.addAction("Copy coordinates").triggered.connect(lambda: self._copy(coordinates(record)))
        self._others(menu, others)
        menu.addSeparator()
        self._edit(menu, "Delete", review.delete, "delete")

    def _others(self, menu: QMenu, uids: Sequence[str]) -> None:
        if not uids:
            return
        here = menu.addMenu("Select another one here")
        for uid in uids[:_MAX_OTHERS]:
            record = self._review.labels.record(uid)
            if record is not None:
                choice = here.addAction(self._name(record))
                choice.triggered.connect(lambda _=False, uid=uid: self._review.select(uid))

    def _of_place(self, menu: QMenu, place: tuple[float, float]) -> None:
        chrom = display_name(self._review.labels.window.chrom)
        row, col = (max(0, int(position)) for position in place)
        self._edit(menu, "Add a loop here", lambda: self._review.add_loop_at(place))
        self._edit(menu, "Mark the view as reviewed", self._review.mark_region_reviewed, "mark_region_reviewed")
        menu.addSeparator()
        copy = menu.addAction("Copy coordinates")
        copy.triggered.connect(lambda: self._copy(f"{chrom}:{row:,} × {chrom}:{col:,}"))
        link = menu.addAction(f"Copy view as link\t{native(key_of('copy_link'))}")
        link.triggered.connect(lambda: self._copy(View(*self._review.labels.window.visible()).link()))

    def _edit(self, menu: QMenu, text: str, work: Callable[[], Any], command: str = "") -> None:
        """An entry that writes to the project, with its key."""
        entry = menu.addAction(f"{text}\t{native(key_of(command))}" if command else text)
        refusal = self._review.labels.refusal
        entry.setEnabled(not refusal)
        entry.setToolTip(refusal or text)
        entry.triggered.connect(lambda: work())

    def _name(self, record: Annotation) -> str:
        labels = self._review.labels
        number = self._review.objects.number(record.uid)
        return f"{name_of(record.kind)} #{number:,} · {labels.set_of(record.uid).name}"

    def _copy(self, text: str) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
        self._review.labels.hint(f"Copied: {text}")


def coordinates(record: Annotation) -> str:
    """Where an object is, as the *Region* box reads it: ``chr1:5,000-10,000 × chr1:95,000-100,000``."""
    first, second = (display_region(part) for part in (record.anchor1, record.anchor2))
    return first if first == second else f"{first} × {second}"
