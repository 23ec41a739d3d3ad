"""A small part of a section that folds away: a line that one can click or reach by keyboard, and a body."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from napari_hicstruct.plugin.widgets.style import subdued


class Fold(QWidget):
    """Title, one line of summary at the right, and a body.

    Parameters
    ----------
    title : str
    body : QWidget
    tooltip : str
        What the part is for.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, body: QWidget, *, tooltip: str, open: bool = False) -> None:
        super().__init__()
        self.body = body
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setToolTip(f"{tooltip}\nClick, or Space, to fold.")
        self.button.setAccessibleName(title)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setStyleSheet("QToolButton { border: none; padding: 1px 2px; }")
        self._summary = subdued(QLabel())
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.button)
        head.addWidget(self._summary, 1)
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 0, 0, 4)
        holder.addWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addLayout(holder)
        self.button.toggled.connect(self._toggle)
        self.button.setChecked(open)
        self._toggle(open)

    @property
    def is_open(self) -> bool:
        """True while the body is shown."""
        return self.button.isChecked()

    def unfold(self, open: bool = True) -> None:
        """Show or hide the body."""
        self.button.setChecked(open)

    def set_summary(self, text: str, tooltip: str = "") -> None:
        """One line at the right, visible when folded, too."""
        self._summary.setText(text)
        self._summary.setToolTip(tooltip)

    def _toggle(self, open: bool) -> None:
        self.button.setArrowType(Qt.ArrowType.DownArrow if open else Qt.ArrowType.RightArrow)
        self.body.setVisible(open)
        self.toggled.emit(open)
