"""What folds away in the dock: superqt's collapsible with one line of summary beside its title."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtCore import Qt
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget
from superqt import QCollapsible

from napari_hicstruct.plugin.widgets.style import subdued

_NO_LIMIT = 16_777_215
"""Qt's QWIDGETSIZE_MAX, which not every binding exports."""


class Fold(QCollapsible):
    """A small part of a section.

    Parameters
    ----------
    title : str
    body : QWidget
        Hidden while it is folded: what follows signals can ask ``isVisible`` before it works.
    tooltip : str
        What the part is for.
    """

    _marks: ClassVar[tuple[str, ...]] = ()
    """Further properties of the button, for the style sheet."""
    _margins: ClassVar[tuple[int, int, int, int]] = (12, 0, 0, 4)
    """Of the body, px."""

    def __init__(self, title: str, body: QWidget, *, tooltip: str, open: bool = False) -> None:
        super().__init__(title, expandedIcon=QIcon(), collapsedIcon=QIcon())  # drawn ones do not follow the theme
        self._title, self.body = title, body
        self.setDuration(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.button = self.toggleButton()
        self.button.setToolTip(f"{tooltip}\nClick, or Space, to fold.")
        self.button.setAccessibleName(title)
        self.button.setStyleSheet("")  # superqt's own would hide the focus
        for name in ("fold", *self._marks):  # the dock's style sheet knows them
            self.button.setProperty(name, True)
        self._summary = subdued(QLabel())
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head, layout = QHBoxLayout(), self.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.setAlignment(Qt.AlignmentFlag(0))  # aligned, it would not grow by the lines that a text is broken into
        head.addWidget(self.button)
        head.addWidget(self._summary, 1)
        layout.insertLayout(0, head)
        self.content().deleteLater()
        holder, body_layout = QWidget(), QHBoxLayout()
        holder.setLayout(body_layout)
        body_layout.setContentsMargins(*self._margins)
        body_layout.addWidget(body)
        self.setContent(holder)
        self.toggled.connect(self._show_body)
        (self.expand if open else self.collapse)(animate=False)

    def unfold(self, open: bool = True) -> None:
        """Show or hide the body."""
        if open is not self.isExpanded():
            (self.expand if open else self.collapse)()

    def set_summary(self, text: str, tooltip: str = "") -> None:
        """One line at the right of the header, visible when folded, too."""
        self._summary.setText(text)
        self._summary.setToolTip(tooltip)

    def _show_body(self, open: bool) -> None:
        self.setText(f"{'▾' if open else '▸'} {self._title}")
        self.content().setVisible(open)
        self.content().setMaximumHeight(_NO_LIMIT)  # it may grow while it is open


class Section(Fold):
    """One of the dock's sections; open at first.  Parameters as of :class:`Fold`."""

    _marks = ("section",)
    _margins = (6, 0, 2, 8)

    def __init__(self, title: str, body: QWidget, *, tooltip: str, open: bool = True) -> None:
        super().__init__(title, body, tooltip=tooltip, open=open)
        self.setObjectName("hicSection")
