"""What folds away in the dock: a header one can click or reach by keyboard, one line of summary, and a body."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_hicstruct.plugin.widgets.style import reveal, subdued

_Margins = tuple[int, int, int, int]


class Fold(QFrame):
    """A small part of a section.

    Parameters
    ----------
    title : str
    body : QWidget
    tooltip : str
        What the part is for.
    """

    toggled = Signal(bool)
    _title_style: ClassVar[str] = "padding: 1px 2px;"
    _margins: ClassVar[tuple[_Margins, _Margins]] = ((0, 0, 0, 0), (12, 0, 0, 4))
    """Of header and body, px."""

    def __init__(self, title: str, body: QWidget, *, tooltip: str, open: bool = False) -> None:
        super().__init__()
        self.body = body
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setToolTip(f"{tooltip}\nClick, or Space, to fold.")
        self.button.setAccessibleName(title)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.button.setStyleSheet(f"QToolButton {{ border: none; {self._title_style} }}")
        self._summary = subdued(QLabel())
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head, holder = QHBoxLayout(), QVBoxLayout()
        for part, margins in zip((head, holder), self._margins, strict=True):
            part.setContentsMargins(*margins)
        head.addWidget(self.button)
        head.addWidget(self._summary, 1)
        holder.addWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addLayout(holder)
        self.button.setChecked(open)
        self.button.toggled.connect(self._toggle)
        self.button.clicked.connect(lambda open: reveal(self) if open else None)
        self._toggle(open)

    @property
    def is_open(self) -> bool:
        """True while the body is shown."""
        return self.button.isChecked()

    def unfold(self, open: bool = True) -> None:
        """Show or hide the body."""
        self.button.setChecked(open)

    def set_summary(self, text: str, tooltip: str = "") -> None:
        """One line at the right of the header, visible when folded, too."""
        self._summary.setText(text)
        self._summary.setToolTip(tooltip)

    def _toggle(self, open: bool) -> None:
        self.button.setArrowType(Qt.ArrowType.DownArrow if open else Qt.ArrowType.RightArrow)
        self.body.setVisible(open)
        self.toggled.emit(open)


class Section(Fold):
    """One of the dock's sections; open at first.  Parameters as of :class:`Fold`."""

    _title_style = "font-weight: 600; padding: 3px 4px;"
    _margins = ((0, 0, 4, 0), (10, 0, 4, 8))

    def __init__(self, title: str, body: QWidget, *, tooltip: str, open: bool = True) -> None:
        super().__init__(title, body, tooltip=tooltip, open=open)
        self.setObjectName("hicSection")
