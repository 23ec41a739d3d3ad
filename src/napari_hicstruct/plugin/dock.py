"""The docks: *HiC Structures*, folding sections in the order of work, and the table of all objects."""

from __future__ import annotations

from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.plugin._docks import open_table
from napari_hicstruct.plugin.controllers.session import Session, ensure_session
from napari_hicstruct.plugin.panels.map.panel import MapPanel
from napari_hicstruct.plugin.widgets.busy_row import BusyRow
from napari_hicstruct.plugin.widgets.map_menu import MapMenu
from napari_hicstruct.plugin.widgets.section import Section
from napari_hicstruct.plugin.widgets.style import compact_button, subdued

_TABLE_HEIGHT = 240
_MIN_HEIGHT_WITH_TABLE = 800
"""px; in a lower window the table would leave too little of the map."""


class HicDock(QWidget):
    """Map, Labels, Predict, Review, Learn, Why, Export, top to bottom; sections that need a map appear with it.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The window that the dock belongs to.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self.session: Session = ensure_session(napari_viewer)
        self.sections: dict[str, Section] = {}
        self.predict: Any = None
        self.why: Any = None
        self.learn: Any = None
        self.tools: Any = None
        self.menu: MapMenu | None = None
        self._tied = False
        self._title = QElidingLabel()
        self._title.setElideMode(Qt.TextElideMode.ElideMiddle)
        font = self._title.font()
        font.setBold(True)  # not by style sheet: the label elides by its font
        self._title.setFont(font)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._facts = subdued(QLabel())
        self._info = compact_button("i", "About this map.")
        self._open = compact_button("…", "Open another contact map (.mcool, .cool, .hic) in this window.")
        self.map = MapPanel(self.session)
        self._open.clicked.connect(self.map.choose_file)
        self._invitation = self._make_invitation()
        self.busy = BusyRow(self.session.labels.busy)
        self.session.labels.busy.changed.connect(self.busy.update_busy)
        self.session.labels.busy.step.connect(self.busy.tell)
        self._tools = QVBoxLayout()
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        self._lay_out()
        self._add("map", "Map", self.map, "Where you look, and how contacts are normalised and coloured.")
        self.map.summary.connect(self.sections["map"].set_summary)
        self.session.map_changed.connect(self._map_changed)
        self._map_changed()

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(6, 4, 4, 2)
        header.addWidget(self._title, 1)
        header.addWidget(self._facts)
        header.addWidget(self._info)
        header.addWidget(self._open)
        content = QWidget()
        content.setLayout(self._column)
        scroll = _Scroll()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        content.installEventFilter(scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self.busy)
        layout.addLayout(self._tools)
        layout.addWidget(self._invitation)
        layout.addWidget(scroll, 1)

    def _make_invitation(self) -> QWidget:
        box = QWidget()
        text = QLabel("Drop a contact map (.mcool, .cool, .hic) here or onto the canvas.")
        text.setWordWrap(True)
        button = QPushButton("Open contact map …")
        button.setToolTip("Choose a .mcool, .cool or .hic file.")
        button.clicked.connect(self.map.choose_file)
        layout = QVBoxLayout(box)
        layout.addWidget(text)
        layout.addWidget(button)
        return box

    def showEvent(self, event: Any) -> None:
        """Tie the session's end to the window's: closing the dock alone ends nothing."""
        super().showEvent(event)
        parent = self.parent()
        while parent is not None and not isinstance(parent, QMainWindow):
            parent = parent.parent()
        if parent is not None and not self._tied:
            self._tied = True
            self.menu = MapMenu(self.session, parent.menuBar())
            parent.destroyed.connect(self.session.close)

    # ------------------------------------------------------------------ sections
    def unfold(self, key: str) -> None:
        """Open a section (``map``, ``labels``, ``predict``, ``review``, ``learn``, ``why``, ``export``)."""
        if key in self.sections:
            self.sections[key].unfold(True)

    def _add(self, key: str, title: str, body: QWidget, tooltip: str, *, open: bool = True) -> None:
        section = Section(title, body, tooltip=tooltip, open=open)
        self.sections[key] = section
        self._column.insertWidget(self._column.count() - 1, section)

    def _add_working_sections(self) -> None:
        """Sections that need a map; their code is imported with the first map, not with the dock."""
        from napari_hicstruct.plugin.panels.explain.panel import ExplainPanel
        from napari_hicstruct.plugin.panels.export.panel import ExportPanel
        from napari_hicstruct.plugin.panels.labels.panel import LabelsPanel
        from napari_hicstruct.plugin.panels.learn.panel import LearnPanel
        from napari_hicstruct.plugin.panels.predict.panel import PredictPanel
        from napari_hicstruct.plugin.panels.review.panel import ReviewPanel
        from napari_hicstruct.plugin.panels.review.tools import ToolRow

        session = self.session
        self.tools = ToolRow(session)
        self._tools.addWidget(self.tools)
        labels = LabelsPanel(session)
        labels.table_wanted.connect(lambda: open_table(session.viewer))
        self._add("labels", "Labels", labels, "Sets of loops, stripes and TADs: which are shown, and how.")
        self.predict = PredictPanel(session.prediction)
        self._add("predict", "Predict", self.predict, "Run a model on the view, the chromosome or the genome.")
        review = ReviewPanel(session)
        self._add("review", "Review", review, "Accept, reject and correct candidates one by one.")
        review.summary.connect(self.sections["review"].set_summary)
        self.learn = LearnPanel(session)
        self._add("learn", "Learn", self.learn, "Fine-tune the model on your corrections, in the background.")
        self.learn.summary.connect(self.sections["learn"].set_summary)
        self.why = ExplainPanel(session)
        self._add("why", "Why", self.why, "What the model saw where it called the chosen object.", open=False)
        self.sections["why"].toggled.connect(self.why.follow)
        self._add("export", "Export", ExportPanel(session), "Write what is accepted to label files.", open=False)

    def _map_changed(self) -> None:
        source = self.session.source
        self._invitation.setVisible(source is None)
        for section in self.sections.values():
            section.setVisible(source is not None)
        for widget in (self._title, self._facts, self._info, self._open):
            widget.setVisible(source is not None)
        if source is None:
            if self.tools is not None:
                self.tools.hide()
            return
        finest = format_bin_size(source.resolutions[0])
        self._title.setText(source.name)
        self._title.setToolTip(source.uri)
        self._facts.setText(" · ".join(part for part in (finest, source.assembly) if part))
        self._info.setToolTip(_about(source))
        if self.predict is None:
            self._add_working_sections()
        self.tools.show()


class _Scroll(QScrollArea):
    """Scrolls up and down only: it asks for the width that its content needs, so that nothing is cut off."""

    def minimumSizeHint(self) -> QSize:
        content = self.widget()
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(content.minimumSizeHint().width() + bar if content is not None else 0, 120)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


def _about(source: Any) -> str:
    """What the map is, for a tooltip."""
    norms = ", ".join(norm.name for norm in source.normalisations(source.resolutions[0])) or "none stored"
    lines = [
        source.uri,
        f"Assembly: {source.assembly or 'not stated'}",
        f"Resolutions: {', '.join(format_bin_size(res) for res in source.resolutions)}",
        f"Weights at {format_bin_size(source.resolutions[0])}: {norms}",
        f"Chromosomes: {len(source.chromsizes)}",
    ]
    if not source.integer_counts:
        lines.append(f"Values: {source.value_kind}.")
    return "\n".join([*lines, *source.notes])


class TableDock(QWidget):
    """All loops, stripes, TADs and boundaries of the project, sortable; a click goes there.

    It stands below the map, beside the other dock, never above or below that; in a low window it is one of its own.
    """

    def __init__(self, napari_viewer: Any) -> None:
        from napari_hicstruct.plugin.panels.table.panel import ObjectTable

        super().__init__()
        self._placed = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(ObjectTable(ensure_session(napari_viewer)))

    def sizeHint(self) -> QSize:
        return QSize(900, _TABLE_HEIGHT)

    def showEvent(self, event: Any) -> None:
        """Take the place below the map, however it was opened."""
        super().showEvent(event)
        if not self._placed:
            self._placed = True
            QTimer.singleShot(0, self._place)

    def _place(self) -> None:
        if not isalive(self):
            return
        dock, window = self.parentWidget(), self.window()
        if not isinstance(dock, QDockWidget) or not isinstance(window, QMainWindow):
            return
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
        if window.height() < _MIN_HEIGHT_WITH_TABLE:
            dock.setFloating(True)
            dock.resize(self.sizeHint())
        else:
            window.resizeDocks([dock], [_TABLE_HEIGHT], Qt.Orientation.Vertical)
