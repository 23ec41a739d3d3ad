"""What was chosen in the UpSet plot: how many, where, and to be loaded alone."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.state.consensus.upset import UpSet
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.style import allow, compact_button, selectable, show_text, subdued

_NOT_LISTED = "They are not in the list: tick “also what one caller alone calls”, then find the consensus again."


class MembersRow(QWidget):
    """The chosen combination in a sentence, and its structures one after another on the map; hidden without one."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._state = session, session.consensus
        self.text, self.place = QLabel(), subdued(QLabel())
        selectable(self.text, self.place)
        self.back = compact_button("‹", "The one before, on the map", lambda: self._state.step(-1))
        self.next = _button("Go to first", lambda: self._state.step(1))
        self.load = _button("Load only these", self._load)
        self.close_button = compact_button("✕", "Choose none", lambda: self._state.choose_members(frozenset()))
        words = vbox(self.text, self.place, spacing=0)
        hbox(Wide(words), self.back, self.next, self.load, self.close_button, on=self, spacing=8)

    def show_members(self, upset: UpSet | None) -> None:
        """Show what is chosen of this plot."""
        members = self._state.members
        column = (
            next((one for one in upset.columns if one.callers == members.callers), None) if upset and members else None
        )
        self.setVisible(column is not None)
        if column is None or members is None:
            return
        why_not = "" if members.records else _NOT_LISTED
        self.text.setText(f"{column.text}.")
        show_text(self.place, why_not or members.place())
        self.next.setText("Next" if members.at >= 0 else "Go to first")
        allow(self.next, "Fly there on the map; they come by position", why_not)
        self.back.setEnabled(members.at > 0)
        why_not = why_not or self._state.why_not_use()
        allow(self.load, "A set of the project with these alone (one undo)", why_not)

    def _load(self) -> None:
        try:
            self._state.load(members=True)
        except HicStructError as error:
            self._session.problem.emit(error)


def _button(text: str, call: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda: call())
    return button
