"""The docks: *HiC Structures*, folding sections in the order of work, the table of all objects, and those of images."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin._docks import PLUGIN, open_dock, open_fuse, open_repair, open_segment, open_table
from napari_hicstruct.plugin._sample import open_sample
from napari_hicstruct.plugin.controllers.dropped import DropFilter
from napari_hicstruct.plugin.controllers.frame.window_layout import WindowEnd, WindowLayout
from napari_hicstruct.plugin.controllers.session import Session, ensure_session
from napari_hicstruct.plugin.panels.map.header import MapHeader
from napari_hicstruct.plugin.panels.map.panel import MapPanel
from napari_hicstruct.plugin.state.layout import USUAL_DOCK
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.busy_row import BusyRow
from napari_hicstruct.plugin.widgets.inks import dress, inks_of
from napari_hicstruct.plugin.widgets.invitation import Invitation
from napari_hicstruct.plugin.widgets.lifetime import follow, let_go
from napari_hicstruct.plugin.widgets.map_menu import MapMenu
from napari_hicstruct.plugin.widgets.section import Section
from napari_hicstruct.plugin.widgets.steady_scroll import SteadyScroll
from napari_hicstruct.plugin.widgets.strip import Strip
from napari_hicstruct.plugin.widgets.style import reveal

_TITLE = "HiC Structures"
_DIALOGS = {
    "figure": ("napari_hicstruct.plugin.panels.figure.dialog", "FigureDialog"),
    "gallery": ("napari_hicstruct.plugin.panels.gallery.dialog", "GalleryDialog"),
    "pileup": ("napari_hicstruct.plugin.panels.pileup.dialog", "PileupDialog"),
    "genome": ("napari_hicstruct.plugin.panels.genome.panel", "GenomeDialog"),
}


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
        self.folded_tools: Any = None
        self.consensus: Any = None
        self.dialogs: dict[str, Any] = {}
        self.menu: MapMenu | None = None
        self.layout_of_window: WindowLayout | None = None
        self.map = MapPanel(self.session)
        self.header, self.strip, self._scroll = MapHeader(), Strip(), SteadyScroll()
        self.header.open.clicked.connect(self.map.choose_file)
        self.header.fold.clicked.connect(lambda: self.fold(True))
        self.header.panels.clicked.connect(self._toggle_panels)
        self.strip.chosen.connect(self._unfold_at)
        self.strip.hide()
        self._invitation = self._make_invitation()
        self.busy = BusyRow(self.session.labels.busy)
        follow(self, self.session.labels.busy.changed, self.busy.update_busy)
        follow(self, self.session.labels.busy.step, self.busy.tell)
        self.busy.update_busy()  # the sample's simulation begins before there is a dock
        self._tools = QVBoxLayout()
        self._lay_out()
        self._add("map", "Map", self.map, "Where you look, and how contacts are normalised and coloured.")
        self.map.summary.connect(self.sections["map"].set_summary)
        follow(self, self.session.map_changed, self._map_changed)
        follow(self, self.session.navigation.find_wanted, self._find)
        follow(self, self.session.navigation.genome_wanted, self._open_genome)
        dress(self, self.session.viewer)
        follow(self, self.session.viewer.events.theme, self._draw_icons)
        self._map_changed()
        self._draw_icons()

    def _lay_out(self) -> None:
        self._body = QWidget()
        vbox(self.header, self.busy, self._tools, self._invitation, Wide(self._scroll), on=self._body, spacing=2)
        # else napari puts a stretch into the layout, which takes half of the width from the body
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        hbox(Wide(self._body), self.strip, on=self, spacing=0)

    def _draw_icons(self, _event: object = None) -> None:
        ink = inks_of(self).secondary
        self.header.set_ink(ink)
        self.strip.set_ink(ink)

    def _make_invitation(self) -> Invitation:
        made = Invitation()
        made.open_wanted.connect(self.map.choose_file)
        made.map_wanted.connect(lambda uri: self._try(lambda: self.session.open_map(uri)))
        made.sample_wanted.connect(lambda: self._try(lambda: open_sample(self.session)))
        return made

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except HicStructError as error:
            self.session.problem.emit(error)

    def showEvent(self, event: Any) -> None:
        """Tie the session's end to the window's: closing the dock alone ends nothing."""
        super().showEvent(event)
        parent = self._main_window()
        if parent is None or self.layout_of_window is not None:
            return
        self.menu = MapMenu(self.session, parent.menuBar())
        self.menu.consensus_wanted.connect(self.open_consensus)
        self.menu.dialog_wanted.connect(self.open_dialog)
        self.menu.repair_wanted.connect(lambda: open_repair(self.session.viewer))
        self.menu.fuse_wanted.connect(lambda: open_fuse(self.session.viewer))
        self.menu.segment_wanted.connect(lambda: open_segment(self.session.viewer))
        WindowEnd(parent, self.session.close)
        DropFilter(self.session, self, PLUGIN)
        dock = self.parent()
        if isinstance(dock, QDockWidget):
            self.layout_of_window = WindowLayout(
                parent, dock, show_folded=self._show_folded, settings=self.session.settings
            )

    def _main_window(self) -> QMainWindow | None:
        parent = self.parent()
        while parent is not None and not isinstance(parent, QMainWindow):
            parent = parent.parent()
        return parent

    def event(self, event: QEvent | None) -> bool:
        """napari takes a closed dock out of its window and forgets it: then it ends."""
        if _is_closed(self, event):
            for part in (self.why, self.learn, self.consensus):
                if part is not None:
                    part.end()
            let_go(self)
            self.deleteLater()
        return super().event(event)

    # ------------------------------------------------------------------ room for the map
    def fold(self, on: bool) -> None:
        """Fold the dock to its strip of icons, or unfold it."""
        if self.layout_of_window is not None:
            self.layout_of_window.fold(on)

    def _find(self) -> None:
        """Let the person type where to go."""
        self.show()
        self._unfold_at("map")
        self.map.find()

    def _open_genome(self) -> None:
        self.open_dialog("genome")

    def _unfold_at(self, key: str) -> None:
        """Unfold the dock at a section."""
        self.fold(False)
        if key:
            self.unfold(key)
            reveal(self.sections[key])

    def _show_folded(self, on: bool) -> None:
        self._body.setVisible(not on)
        self.strip.setVisible(on)
        dock = self.parent()
        title = getattr(dock, "title", None)
        if title is not None:  # napari's title bar: its words ask for more room than the strip has
            title.title.setText(_TITLE)
            for part in (title.title, title.float_button, title.hide_button):
                part.setVisible(not on)

    def _toggle_panels(self) -> None:
        if self.layout_of_window is not None:
            self.layout_of_window.show_panels(not self.layout_of_window.panels_shown)

    def open_consensus(self) -> None:
        """Show the consensus of callers beside the map; its code is imported when it is first asked for."""
        from napari_hicstruct.plugin.panels.consensus.dialog import ConsensusDialog

        if self.consensus is None:
            self.consensus = ConsensusDialog(self.session, self._main_window() or self)
        self.consensus.show()
        self.consensus.raise_()
        self.consensus.activateWindow()

    def open_dialog(self, name: str) -> Any:
        """Show one of the dialogs; its code is imported when it is first asked for."""
        if name not in self.dialogs:
            module, kind = _DIALOGS[name]
            self.dialogs[name] = getattr(import_module(module), kind)(self.session, self._main_window() or self)
        dialog = self.dialogs[name]
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        return dialog

    # ------------------------------------------------------------------ sections
    def unfold(self, key: str) -> None:
        """Open a section (``map``, ``labels``, ``predict``, ``review``, ``learn``, ``why``, ``export``)."""
        if key in self.sections:
            self.sections[key].unfold(True)

    def _add(self, key: str, title: str, body: QWidget, tooltip: str, *, open: bool = True) -> None:
        open = self.session.settings.entry("sections", key, open)
        section = Section(title, body, tooltip=tooltip, open=open)
        section.toggled.connect(lambda on: self.session.settings.set_entry("sections", key, on))
        self.sections[key] = section
        self._scroll.add(section)
        self.strip.add(key, f"{title}. {tooltip}")
        self.strip.buttons[key].setVisible(self.session.source is not None)

    def _add_working_sections(self) -> None:
        """Sections that need a map; their code is imported with the first map, not with the dock."""
        from napari_hicstruct.plugin.panels.compare.panel import SecondMapPanel
        from napari_hicstruct.plugin.panels.explain.panel import ExplainPanel
        from napari_hicstruct.plugin.panels.export.panel import ExportPanel
        from napari_hicstruct.plugin.panels.labels.panel import LabelsPanel
        from napari_hicstruct.plugin.panels.learn.panel import LearnPanel
        from napari_hicstruct.plugin.panels.predict.panel import PredictPanel
        from napari_hicstruct.plugin.panels.review.panel import ReviewPanel
        from napari_hicstruct.plugin.panels.review.tools import ToolRow
        from napari_hicstruct.plugin.panels.tracks.panel import TracksPanel

        session = self.session
        self.tools = ToolRow(session)
        self._tools.addWidget(self.tools)
        labels = LabelsPanel(session)
        labels.table_wanted.connect(lambda: open_table(session.viewer))
        labels.consensus_wanted.connect(self.open_consensus)
        self._add("labels", "Labels", labels, "Sets of loops, stripes and TADs: which are shown, and how.")
        tracks = TracksPanel(session)
        self._add("tracks", "Tracks", tracks, "Signal, peaks, motifs and genes beside the map.", open=False)
        tracks.summary.connect(self.sections["tracks"].set_summary)
        second = SecondMapPanel(session.second_map)
        self._add("second", "Second map", second, "Another map on this one, and what changed.", open=False)
        second.summary.connect(self.sections["second"].set_summary)
        assert session.second_layer is not None  # both follow the state from now on
        assert session.second_view is not None
        self.predict = PredictPanel(session.prediction, session.adapting)
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
        self.why.follow(self.sections["why"].isExpanded())
        self._add("export", "Export", ExportPanel(session), "Write what is accepted to label files.", open=False)
        self.folded_tools = ToolRow(session, upright=True)
        self.strip.add_last(self.folded_tools)

    def _map_changed(self) -> None:
        source = self.session.source
        if source is None:
            self._invitation.show_recent(self.session.recent_maps())
        elif self._invitation.isAncestorOf(self.window().focusWidget()):  # else the next button has the keyboard
            self.session.viewer.window._qt_viewer.canvas.native.setFocus()
        self._invitation.setVisible(source is None)
        self.header.show_map(source)
        if source is not None and self.predict is None:
            self._add_working_sections()
            self._draw_icons()
        for key, section in self.sections.items():
            section.setVisible(source is not None)
            self.strip.buttons[key].setVisible(source is not None)
        if self.tools is not None:
            self.tools.setVisible(source is not None)
            self.folded_tools.setVisible(source is not None)


def _is_closed(widget: QWidget, event: QEvent | None) -> bool:
    """True if ``event`` takes a widget out of the dock that it was in."""
    return event is not None and event.type() == QEvent.Type.ParentChange and widget.parent() is None


class TableDock(QWidget):
    """All loops, stripes, TADs and boundaries of the project, sortable; a click goes there.

    It stands below the map, beside the other dock, never above or below that; in a low window it is one of its own.
    """

    def __init__(self, napari_viewer: Any) -> None:
        from napari_hicstruct.plugin.panels.table.panel import ObjectTable

        super().__init__()
        self._placed = False
        layout = vbox(on=self)
        session = ensure_session(napari_viewer)
        layout.addWidget(ObjectTable(session))
        dress(self, session.viewer)

    def event(self, event: QEvent | None) -> bool:
        """As of :class:`HicDock`: a closed dock ends."""
        if _is_closed(self, event):
            let_go(self)
            self.deleteLater()
        return super().event(event)

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
        screen = window.screen()
        height = window.height() if screen is None else min(window.height(), screen.availableGeometry().height())
        if height < _MIN_HEIGHT_WITH_TABLE:  # a window that had to grow for its docks is no higher than its screen
            dock.setFloating(True)
            dock.resize(self.sizeHint())
        else:
            window.resizeDocks([dock], [_TABLE_HEIGHT], Qt.Orientation.Vertical)


_PANEL_WIDTH = 320
"""px; what the panels of images need so that nothing is cut off at their right."""


class PanelDock(QWidget):
    """A dock of one panel, for any window, with or without a contact map.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The window that the dock belongs to.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        session = self._session = ensure_session(napari_viewer)
        self._tied = False
        self.panel = self._make(session)
        scroll = SteadyScroll(_PANEL_WIDTH)
        scroll.add(self.panel)
        vbox(scroll, on=self)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        dress(self, session.viewer)

    def _make(self, session: Session) -> Any:
        """The panel; each dock makes its own."""
        raise TypeError("PanelDock is abstract.")

    def showEvent(self, event: Any) -> None:
        """Tie the session's end to the window's: what runs ends with it, also where no other dock of ours is open."""
        super().showEvent(event)
        window = self.window()
        if not self._tied and isinstance(window, QMainWindow):
            self._tied = True
            WindowEnd(window, self._session.close)
            QTimer.singleShot(0, self._take_place)

    def sizeHint(self) -> QSize:
        """As wide as the dock with the map, so that names in its boxes are whole."""
        return QSize(USUAL_DOCK, super().sizeHint().height())

    def _take_place(self) -> None:
        """Beside our other docks: below them where each has room, else in one place, with tabs."""
        dock, window = self.parentWidget() if isalive(self) else None, self.window() if isalive(self) else None
        if not isinstance(dock, QDockWidget) or not isinstance(window, QMainWindow):
            return
        beside = [one for one in _our_docks(window) if one is not dock and _share_area(window, one, dock)]
        if not beside:
            return
        together = [*beside, dock]
        if window.height() < _MIN_DOCK_HEIGHT * len(together):
            window.tabifyDockWidget(beside[-1], dock)
            dock.raise_()
        else:
            window.resizeDocks(together, [1] * len(together), Qt.Orientation.Vertical)

    def event(self, event: QEvent | None) -> bool:
        """As of :class:`HicDock`: a closed dock ends; what it started goes on, its result comes as a layer."""
        if _is_closed(self, event):
            if hasattr(self.panel, "end"):
                self.panel.end()
            let_go(self)
            self.deleteLater()
        return super().event(event)


_MIN_DOCK_HEIGHT = 600
"""px; lower, a dock of ours shows too little to be worked in: settings above, what came of it below."""


def _our_docks(window: QMainWindow) -> list[QDockWidget]:
    """Docks of panels, and the one with the map, that are open in a window."""
    return [one for one in window.findChildren(QDockWidget) if isinstance(one.widget(), HicDock | PanelDock)]


def _share_area(window: QMainWindow, one: QDockWidget, other: QDockWidget) -> bool:
    """True if both docks stand on the same side of a window."""
    shown = not one.isFloating() and not one.isHidden() and not other.isFloating()
    return shown and window.dockWidgetArea(one) == window.dockWidgetArea(other)


class RepairDock(PanelDock):
    """*Repair labels*: Labels layers become smooth and consistent."""

    def _make(self, session: Session) -> Any:
        from napari_hicstruct.plugin.panels.repair.panel import RepairPanel

        panel = RepairPanel(session)
        panel.consensus_wanted.connect(lambda: _open_consensus(session))
        return panel


class FuseDock(PanelDock):
    """*Fuse maps*: two contact maps, or two pictures, become one."""

    def _make(self, session: Session) -> Any:
        from napari_hicstruct.plugin.panels.fuse.panel import FusePanel

        return FusePanel(session)


class SegmentDock(PanelDock):
    """*Segment images*: models of any pictures, trained, used and corrected."""

    def _make(self, session: Session) -> Any:
        from napari_hicstruct.plugin.panels.segment.panel import SegmentPanel

        return SegmentPanel(session)


def _open_consensus(session: Session) -> None:
    """The consensus of callers, from wherever it is asked for: it belongs to the dock with the map."""
    dock = open_dock(session.viewer, front=False)  # the panel that asks stays in view
    if dock is not None:
        dock.open_consensus()
