"""A folding section of the dock: a header one can click or reach by keyboard, and a body."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_hicstruct.plugin.widgets.style import subdued


class Section(QFrame):
    """Title, one line of summary at the right, and a body that folds away.

    Parameters
    ----------
    title : str
    body : QWidget
    tooltip : str
        What the section is for.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, body: QWidget, *, tooltip: str, open: bool = True) -> None:
        super().__init__()
        self.setObjectName("hicSection")
        self.body = body
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setToolTip(f"{tooltip}\nClick, or Space, to fold.")
        self._button.setAccessibleName(title)
        self._button.setCheckable(True)
        self._button.setChecked(open)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._button.setStyleSheet("QToolButton { border: none; font-weight: 600; padding: 3px 4px; }")
        self._button.toggled.connect(self.unfold)
        self._summary = subdued(QLabel())
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        header = QHBoxLayout()
        header.setContentsMargins(0, 0, 4, 0)
        header.addWidget(self._button)
        header.addWidget(self._summary, 1)
        holder = QVBoxLayout()
        holder.setContentsMargins(10, 0, 4, 8)
        holder.addWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addLayout(holder)
        self.unfold(open)

    @property
    def is_open(self) -> bool:
        """True while the body is shown."""
        return self._button.isChecked()

    def unfold(self, open: bool = True) -> None:
        """Show or hide the body."""
        self._button.setChecked(open)
        self._button.setArrowType(Qt.ArrowType.DownArrow if open else Qt.ArrowType.RightArrow)
        self.body.setVisible(open)
        self.toggled.emit(open)

    def set_summary(self, text: str) -> None:
        """One line at the right of the header, visible when folded, too."""
        self._summary.setText(text)
