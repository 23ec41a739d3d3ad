"""The *Map* section: which map, where one looks, how contacts are normalised and coloured."""

from __future__ import annotations

from functools import partial
from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from napari_hicstruct.contacts.protocol import COMPUTED, RAW
from napari_hicstruct.contacts.values import WHY_NO_CONTACTS
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import Interval, display_name, format_bin_size
from napari_hicstruct.plugin.controllers.keyboard.refused import set_refused
from napari_hicstruct.plugin.layers.map import colormaps
from napari_hicstruct.plugin.layers.map.colour_scale import colour_scale
from napari_hicstruct.plugin.panels.map.colour_bar import ColourBar
from napari_hicstruct.plugin.panels.map.places_row import PlacesRow
from napari_hicstruct.plugin.panels.map.share_box import ShareBox
from napari_hicstruct.plugin.state.map.view import View
from napari_hicstruct.plugin.state.window import WindowState
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.file_dialogs import MAPS, open_file
from napari_hicstruct.plugin.widgets.inks import PROBLEM, inked
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import Segmented, compact_button, form, subdued

_BALANCED, _RATIO = "balanced", "ratio"
_NORMS = {
    RAW: ("Raw", "Values as they are in the file."),
    _BALANCED: ("Balanced", "Counts times the weights of both bins (coverage evened out)."),
    _RATIO: ("O/E", "Observed over expected: contacts over the mean at the same distance; drawn as log2."),
}
_SQUARE, _TILTED = "square", "tilted"
_LIES = {
    _SQUARE: ("Square", "Rows downward, columns rightward, as stored (V)."),
    _TILTED: ("Tilted", "Turned by 45°: the genome along, distance up, tracks in line below it (V)."),
}
_WEIGHTS_ROW = 5
_MIN_PX = 60
"""Width of list boxes that get what room there is."""


class _RegionBox(QLineEdit):
    """Says when somebody left it for another place of the window; another window may be where a region is copied."""

    left = Signal()

    def focusOutEvent(self, event: Any) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason):
            self.left.emit()


class MapPanel(QWidget):
    """Chromosome, region box, back and forward, raw / balanced / O/E, colour scale.

    Parameters
    ----------
    session : WindowState
        Its map may change; the panel follows.
    """

    summary = Signal(str)

    def __init__(self, session: WindowState) -> None:
        super().__init__()
        self._session = session
        self._build()
        layout = vbox(on=self, spacing=6)
        self._form = form(
            [
                ("Chromosome", [self.chrom, self.back, self.forward, self.whole]),
                ("Region", self._region_cell()),
                ("Places", self.places),
                ("Map lies", self.lies),
                ("Contacts", self.norm),
                ("Weights", self.weights),
                ("Colours", [self.colormap, self.percentile]),
                ("", self._colour_cell()),
                ("Axes", self.axes),
            ]
        )
        layout.addLayout(self._form)
        layout.addWidget(self.state)
        follow(self, session.map_changed, self._map_changed)
        follow(self, session.chrom_changed, self._chrom_changed)
        follow(self, session.view_changed, self._view_changed)
        follow(self, session.projection_changed, self._projection_changed)
        follow(self, session.display_changed, self._display_changed)
        self._projection_changed()
        self._map_changed()
        if session.source is not None:
            self._view_changed(*session.visible())

    def _build(self) -> None:
        self.chrom = QComboBox()
        self.chrom.setToolTip("Chromosome that is shown; lengths in base pairs.")
        self.chrom.setMaxVisibleItems(30)
        self.chrom.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.chrom.textActivated.connect(lambda _: self._choose_chrom())
        self.back = compact_button("◀", "Back to the view before (Alt+Left). Views are remembered as in a browser.")
        self.forward = compact_button("▶", "Forward to the view that you came back from (Alt+Right).")
        self.whole = compact_button("⤢", "Whole chromosome (or the part of it that the map holds).")
        self.back.clicked.connect(lambda: self._try(self._session.back))
        self.forward.clicked.connect(lambda: self._try(self._session.forward))
        self.whole.clicked.connect(lambda: self._try(self._show_whole))
        self.region = _RegionBox()
        self.region.setPlaceholderText("chr17:62.5M-63.5M")
        self.region.setToolTip(
            "Region in view, base pairs (0-based, half-open): chr17:62.5M-63.5M, chr17:62,500,000-63,500,000, chr17;\n"
            "on this chromosome also 62.5M-63.5M, a single position (62.5M), or rows × columns\n"
            "(62.5-62.8 Mb × 63.1-63.4 Mb), and a gene of the tracks that are open. Enter goes there; F comes here."
        )
        self.region.returnPressed.connect(self._go)
        self._gene_said, self._follows_second = "", False
        self.region.left.connect(self._left_region)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        inked(self.problem, PROBLEM)
        self.problem.hide()
        self.places = PlacesRow(self._session)
        self.lies = Segmented(_LIES, name="How the map lies")
        self.lies.chosen.connect(lambda key: self._session.show_tilted(key == _TILTED))
        self._build_display()

    def _region_cell(self) -> QWidget:
        """The box, and below it what is wrong with what was typed."""
        cell = QWidget()
        vbox(self.region, self.problem, on=cell, spacing=2)
        cell.setFocusProxy(self.region)
        return cell

    def _build_display(self) -> None:
        self.norm = Segmented(_NORMS, name="Normalisation")
        self.norm.chosen.connect(self._set_norm)
        self.weights = QComboBox()
        self.weights.setToolTip(
            "Weights that even out coverage, as the map names them (cooler: weight; Juicer: KR, VC, SCALE)."
        )
        self.weights.textActivated.connect(lambda _: self._set_norm(_BALANCED))
        self.colormap = QComboBox()
        self.colormap.addItems(colormaps.CHOICES)
        self.colormap.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.colormap.setMinimumWidth(_MIN_PX)
        self.colormap.setToolTip("Colour map of the contacts.")
        self.colormap.textActivated.connect(lambda name: self._map and self._map.set_colormap(name))
        self.percentile = ShareBox()
        self.percentile.setToolTip(
            "So many of the bins in view are paler than the last colour; the scale follows as you move.\n"
            "Limits set by hand (layer controls, napari's key C) stay until this is changed."
        )
        self.percentile.chosen.connect(self._set_share)
        self.colours = ColourBar(self._say_colours)
        self.meaning = subdued(QLabel())
        self.meaning.setWordWrap(True)
        self.axes = QCheckBox("coordinates beside the map")
        self.axes.setToolTip("Positions on the chromosome along the map's columns and rows (remembered)")
        self.axes.setChecked(self._session.axes.on)
        self.axes.toggled.connect(self._session.axes.show)
        self.state = subdued(QLabel())
        self.state.setWordWrap(True)

    def _colour_cell(self) -> QWidget:
        """The colours with their numbers, and below them what the numbers are."""
        cell = QWidget()
        vbox(self.colours, self.meaning, on=cell, spacing=0)
        return cell

    def _follow_colours(self) -> None:
        """The bar shows the colours of what lies on top: of the map, or of its difference from a second one."""
        second, shown = self._session.second_map, self._map
        if second.is_diverging and second.picture is not None:
            self.colours.follow(second.picture.layer, second.picture.colour_scale)
        elif shown is not None:
            self.colours.follow(shown.layer, partial(colour_scale, shown))
        else:
            self.colours.follow()
        self._say_colours()

    def _say_colours(self) -> None:
        scale = self.colours.scale
        self.meaning.setText("" if scale is None else scale.meaning)

    @property
    def _map(self) -> Any:
        return self._session.map

    # ------------------------------------------------------------------ what the person does
    def choose_file(self) -> None:
        """Ask for a map and open it."""
        path = open_file(self, self._session, "map", "Open contact map", MAPS)
        if path:
            self._try(lambda: self._session.open_map(path))

    def _go(self) -> None:
        """Go to the region that was typed; what is wrong with it is shown right below the box."""
        if self._session.source is None:
            return
        try:
            found = self._session.navigation.go(self.region.text())
        except HicStructError as error:
            self._show_region_problem(str(error))
        else:
            self._show_region_problem("")
            self._say_gene(found)

    def _say_gene(self, found: str) -> None:
        """Say which gene was gone to, until one goes elsewhere."""
        labels, before = self._session.labels, self._gene_said
        self._gene_said = found
        if found or (before and labels.hinted == before):
            labels.hint(found)

    def find(self) -> None:
        """Give the region box the keyboard, its text selected."""
        self.region.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.region.selectAll()

    def _projection_changed(self) -> None:
        self.lies.set_value(_TILTED if self._session.projection.tilted else _SQUARE)

    def _left_region(self) -> None:
        """Without the keyboard, the box tells what is in view."""
        if self._session.source is not None:
            self._show_region(View(*self._session.visible()))

    def _show_whole(self) -> None:
        extent = self._map.extent_with_contacts()
        whole = Interval(extent.chrom, 0, self._session.source.chromsizes[extent.chrom])  # type: ignore[union-attr]
        rows, cols = self._session.visible()
        self._session.go_to(whole if (rows, cols) == (extent, extent) else extent)

    def _set_norm(self, key: str) -> None:
        shown = self._map
        if shown is None:
            return
        shown.set_ratio(key == _RATIO)
        if key != _RATIO:
            self._try(lambda: self._session.set_norm(RAW if key == RAW else self.weights.currentData()))
        self._display_changed()

    def _set_share(self, share: float) -> None:
        if self._map is not None:
            self._map.set_percentile(share)
            self._display_changed()

    def _try(self, action: Any) -> None:
        try:
            action()
        except HicStructError as error:
            self._session.problem.emit(error)

    def _show_region(self, view: View) -> None:
        self.region.setText(str(view))
        self.region.setCursorPosition(0)
        self._show_region_problem("")

    def _choose_chrom(self) -> None:
        self._try(lambda: self._session.set_chrom(self.chrom.currentData()))

    def _show_region_problem(self, text: str) -> None:
        set_refused(self.region, bool(text))
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    # ------------------------------------------------------------------ what the state reports
    def _map_changed(self) -> None:
        source = self._session.source
        self.setEnabled(source is not None)
        if not self._follows_second and source is not None:
            self._follows_second = True
            follow(self, self._session.second_map.picture_changed, self._follow_colours)
        self._follow_colours()
        if source is None:
            return
        with QSignalBlocker(self.chrom), QSignalBlocker(self.weights):
            self.chrom.clear()
            for name, length in source.chromsizes.items():
                self.chrom.addItem(display_name(name), name)
                self.chrom.setItemData(self.chrom.count() - 1, f"{display_name(name)}: {length:,} bp", 3)
            self._list_weights(source)
        for key in (_BALANCED, _RATIO):
            why = WHY_NO_CONTACTS.get(source.value_kind)
            self.norm.set_enabled(key, why is None, _NORMS[key][1] if why is None else f"The map {why}.")
        for widget in (self.weights, self._form.itemAtPosition(_WEIGHTS_ROW, 0).widget()):
            widget.setVisible(self.weights.count() > 1)
        self._chrom_changed(self._session.chrom)
        self._display_changed()

    def _list_weights(self, source: Any) -> None:
        """The map's weights; those that the chromosome lacks cannot be chosen."""
        chrom = self._session.chrom
        finest = source.resolutions_of(chrom)[0]
        there = {norm.name for norm in source.normalisations(finest, chrom)}
        self.weights.clear()
        for norm in source.normalisations(finest):
            lacks = "" if norm.name in there else f"  (not on {display_name(chrom)})"
            self.weights.addItem(f"{norm.name}{lacks}", norm.name)
            self.weights.model().item(self.weights.count() - 1).setEnabled(not lacks)  # type: ignore[attr-defined]
        if not there:
            self.weights.addItem(COMPUTED, COMPUTED)
        self.weights.setCurrentIndex(max(0, self.weights.findData(source.default_norm(finest, chrom))))

    def _chrom_changed(self, chrom: str) -> None:
        self.chrom.setCurrentIndex(self.chrom.findData(chrom))
        if self._session.source is not None:
            with QSignalBlocker(self.weights):
                self._list_weights(self._session.source)

    def _view_changed(self, rows: Interval, cols: Interval) -> None:
        if not self.region.hasFocus() or not self.region.isModified():
            self._show_region(View(rows, cols))
        self._show_region_problem("")
        self.back.setEnabled(self._session.can_go_back)
        self.forward.setEnabled(self._session.can_go_forward)
        self._display_changed()

    def _display_changed(self) -> None:
        shown = self._map
        if shown is None:
            return
        wanted = shown.wanted
        self.norm.set_value(_RATIO if wanted.ratio else RAW if wanted.norm == RAW else _BALANCED)
        with QSignalBlocker(self.colormap), QSignalBlocker(self.weights):
            self.colormap.setCurrentText(shown.layer.colormap.name)
            self.percentile.show_limits(shown.percentile, by_hand=not shown.automatic)
            if (drawn := self.weights.findData(shown.levels[0].norm)) >= 0:
                self.weights.setCurrentIndex(drawn)
        self._say_colours()
        self.summary.emit(f"drawn at {format_bin_size(shown.resolution)}")
        state = " · ".join(self._state_parts(shown))
        self.state.setText(state)
        self.state.setVisible(bool(state))

    def _state_parts(self, shown: Any) -> list[str]:
        try:
            parts = [note.rstrip(".") for note in shown.notes()]
        except HicStructError as error:  # the file was cut or removed meanwhile: what is drawn stays
            parts = [str(error.message).rstrip(".")]
        if shown.wanted != shown.drawn:
            problem = shown.references.problem
            what = "expected" if shown.wanted.ratio else "weights"
            parts.append(f"{what} cannot be computed: {problem}" if problem else f"computing {what} …")
        return parts
