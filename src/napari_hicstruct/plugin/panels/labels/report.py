"""What came of the last import, line by line, until it is closed."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QWidget

from napari_hicstruct.plugin.state.labels.import_report import ImportReport
from napari_hicstruct.plugin.state.labels.importing import ImportState
from napari_hicstruct.plugin.state.sentences import breakable
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.inks import PROBLEM, inked
from napari_hicstruct.plugin.widgets.style import compact_button

_MAX_HEIGHT = 190


class ReportBox(QFrame):
    """Hidden while there is nothing to tell beyond what the list of sets shows.

    Attributes
    ----------
    lines : list of QLabel
        The reason first, the file's name last, its path in the tooltip.
    """

    def __init__(self, importing: ImportState) -> None:
        super().__init__()
        self.lines: list[QLabel] = []
        self.setFrameShape(QFrame.Shape.StyledPanel)
        title = QLabel("Last import")
        close = compact_button("✕", "Close this report.", self.hide)
        head = hbox(Wide(title), close)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        vbox(head, self._area, on=self, margins=(6, 4, 6, 6))
        self.show_report(importing.report)

    def show_report(self, report: ImportReport | None) -> None:
        """Fill it; a report without anything to read hides it."""
        lines = [] if report is None else report.lines()
        worth = report is not None and (not report.is_clean or len(lines) > len(report.imported))
        self.setVisible(worth)
        body = QWidget()
        column = vbox(on=body, spacing=3)
        self.lines = []
        for line in lines:
            label = QLabel(breakable(line.text))
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setMinimumWidth(80)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setToolTip(line.details)
            if line.is_problem:
                inked(label, PROBLEM)
            column.addWidget(label)
            self.lines.append(label)
        column.addStretch(1)
        self._area.setWidget(body)
        self._area.setFixedHeight(min(_MAX_HEIGHT, 24 * max(1, sum(1 + len(one.text) // 48 for one in lines))))
