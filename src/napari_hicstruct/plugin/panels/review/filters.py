"""What goes into the review queue: task, set, distance, score; or what was judged, again."""

from __future__ import annotations

from math import inf
from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QLineEdit, QSizePolicy, QWidget
from superqt import QLabeledDoubleRangeSlider

from napari_hicstruct.active.candidate_table import QueueFilter, ReviewMode
from napari_hicstruct.active.candidates import ORIENTATIONS
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import format_bp, parse_region
from napari_hicstruct.plugin.controllers.keyboard.refused import set_refused
from napari_hicstruct.plugin.state.labels.numbers import CONFIDENCE, MEANINGS
from napari_hicstruct.plugin.state.labels.palette import plural_of
from napari_hicstruct.plugin.state.review.review import ReviewState
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.colour_icon import colour_icon
from napari_hicstruct.plugin.widgets.style import form, subdued, wordy_button
from napari_hicstruct.wording import middle_elided

MODES = {
    ReviewMode.OPEN: ("not judged yet", "Candidates that nobody has judged"),
    ReviewMode.REJECTS: ("my rejected", "Review again what you rejected: A accepts it after all, R keeps it rejected"),
    ReviewMode.ACCEPTED: (
        "my accepted",
        "Review again what you accepted or edited: R rejects it after all, A keeps it accepted",
    ),
}


class QueueFilters(QWidget):
    """The controls; ``summary`` gives them in a few words."""

    def __init__(self, review: ReviewState) -> None:
        super().__init__()
        self._review, self._queue = review, review.queue
        self._sets: list[tuple[str, int, str]] = []
        self.mode, self.kind, self.set = QComboBox(), QComboBox(), QComboBox()
        self.nearest, self.farthest = _Distance("from, bp", 0.0), _Distance("to, bp", inf)
        self.score, self.pair = _score_range(), _least_pair()
        self.motifs = QComboBox()
        self.clear = wordy_button("Clear filter", "All kinds, sets, distances and confidences")
        self._fill()
        column = vbox(on=self)
        rows: list[tuple[str, QWidget | list[QWidget]]] = [
            ("go through", self.mode),
            ("kind", self.kind),
            ("set", self.set),
            ("distance", [self.nearest, _to(), self.farthest]),
            (CONFIDENCE, self.score),
            ("E–P pair", self.pair),
            ("motifs", self.motifs),
        ]
        grid = form(rows)
        grid.setColumnMinimumWidth(0, 62)
        column.addLayout(grid)
        column.addWidget(self.clear)
        self._connect()

    def _fill(self) -> None:
        for mode, (text, _) in MODES.items():
            self.mode.addItem(text, mode)
        self.kind.addItem("all", None)
        for kind in Kind:
            self.kind.addItem(plural_of(kind), kind)
        for way in ("", *reversed(ORIENTATIONS)):
            self.motifs.addItem(way or "all", way)
        self.motifs.setToolTip("How CTCF motifs at the anchors point; needs a track of motifs with strands (Tracks)")
        self.mode.setToolTip("\n".join(f"{text}: {meaning}" for text, meaning in MODES.values()))
        self.kind.setToolTip("Which kind of structure")
        self.set.setToolTip("Candidates of one set only (file or model run)")
        self.set.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _connect(self) -> None:
        for box in (self.mode, self.kind, self.set, self.motifs):
            box.activated.connect(self._ask)
        for edit in (self.nearest, self.farthest):
            edit.editingFinished.connect(self._ask)
        self.score.valueChanged.connect(self._ask)
        self.pair.valueChanged.connect(self._ask)
        self.clear.clicked.connect(lambda: self._queue.where(**_plain(QueueFilter())))

    def _ask(self, *_: Any) -> None:
        try:
            distance = self.nearest.checked(), self.farthest.checked()
        except RegionError as error:
            self._review.labels.hint(str(error))
            self.refresh()
            return
        kind, chosen = self.kind.currentData(), self.set.currentData()
        new = QueueFilter(
            frozenset() if kind is None else frozenset({kind}),
            frozenset() if chosen is None else frozenset({chosen}),
            (min(distance), max(distance)),
            _rounded(self.score.value()),
            self.mode.currentData(),
            round(self.pair.value(), 2),
            frozenset({way}) if (way := self.motifs.currentData()) else frozenset(),
        )
        if new != self._queue.wanted:
            self._queue.where(mode=new.mode, **_plain(new))

    def refresh(self) -> None:
        """Show the filter that is in force, and the sets there are."""
        wanted = self._queue.wanted
        sets = [(s.name, s.id, s.colour) for s in self._review.labels.sets()]
        if self._sets != sets or not self.set.count():
            self._sets = sets
            self.set.clear()
            self.set.addItem("all sets", None)
            for name, key, colour in sets:
                self.set.addItem(colour_icon(colour), name, key)
                self.set.setItemData(self.set.count() - 1, name, Qt.ItemDataRole.ToolTipRole)
        self.mode.setCurrentIndex(list(MODES).index(wanted.mode))
        self.kind.setCurrentIndex(max(0, self.kind.findData(next(iter(wanted.kinds), None))))
        self.set.setCurrentIndex(max(0, self.set.findData(next(iter(wanted.set_ids), None))))
        for edit, bp in zip((self.nearest, self.farthest), wanted.distance, strict=True):
            edit.show_value(bp)
        if _rounded(self.score.value()) != wanted.score:
            with QSignalBlocker(self.score):
                self.score.setValue(wanted.score)
        if round(self.pair.value(), 2) != wanted.pair:
            with QSignalBlocker(self.pair):
                self.pair.setValue(wanted.pair)
        self.motifs.setCurrentIndex(max(0, self.motifs.findData(next(iter(wanted.orientations), ""))))
        self.motifs.setEnabled(self._queue.oriented or bool(wanted.orientations))
        self.clear.setEnabled(bool(wanted.n_conditions))

    def summary(self) -> str:
        """The filter in a few words; empty while it asks nothing."""
        wanted, parts = self._queue.wanted, []
        if wanted.mode is not ReviewMode.OPEN:
            parts.append(MODES[wanted.mode][0])
        parts += [plural_of(kind) for kind in wanted.kinds]
        parts += [middle_elided(s.name, 14) for s in self._review.labels.sets() if s.id in wanted.set_ids]
        low, high = wanted.distance
        if low > 0 or high < inf:
            parts.append(f"{format_bp(low)}–{format_bp(high) if high < inf else '…'}")
        if wanted.score != (0.0, 1.0):
            parts.append(f"{wanted.score[0]:.2f}–{wanted.score[1]:.2f}")
        if wanted.pair:
            parts.append(f"E–P p ≥ {wanted.pair:.2f}")
        parts += sorted(wanted.orientations)
        return " · ".join(parts)


class _Distance(QLineEdit):
    """A length such as ``20k`` or ``2 Mb``; empty asks nothing."""

    def __init__(self, text: str, nothing: float) -> None:
        super().__init__()
        self._nothing = nothing
        self.setPlaceholderText(text)
        self.setToolTip("Between the anchors of a loop, else the length; bp: 20000, 20k, 2 Mb.  Empty: any")
        self.setMinimumWidth(50)

    def value(self) -> float:
        """Base pairs; RegionError if it is no length."""
        text = self.text().strip()
        if not text:
            return self._nothing
        if not text.strip("0.,"):
            return 0.0
        try:
            return float(parse_region(f"any:0-{text}").end)
        except RegionError as error:
            raise RegionError(f"'{text}' is not a length.", hint="Write 20000, 20k or 2 Mb.") from error

    def checked(self) -> float:
        """:meth:`value`; where it is no length, the box is marked so."""
        set_refused(self, True)
        bp = self.value()
        set_refused(self, False)
        return bp

    def show_value(self, bp: float) -> None:
        """Show a length."""
        if not self.hasFocus():
            set_refused(self, False)
            self.setText("" if bp == self._nothing else format_bp(bp))


def _plain(wanted: QueueFilter) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("kinds", "set_ids", "distance", "score", "pair", "orientations")}


def _to() -> QLabel:
    return subdued(QLabel("to"))


def _score_range() -> QLabeledDoubleRangeSlider:
    slider = QLabeledDoubleRangeSlider(Qt.Orientation.Horizontal)
    slider.setRange(0.0, 1.0)
    slider.setSingleStep(0.01)
    slider.setDecimals(2)
    slider.setValue((0.0, 1.0))
    slider.setHandleLabelPosition(QLabeledDoubleRangeSlider.LabelPosition.NoLabel)
    slider.setEdgeLabelMode(QLabeledDoubleRangeSlider.EdgeLabelMode.LabelIsValue)
    slider.setToolTip(f"Confidence, 0 to 1: {MEANINGS[CONFIDENCE]}; what has none counts as 1")
    return slider


def _least_pair() -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(0.0, 1.0)
    box.setSingleStep(0.05)
    box.setDecimals(2)
    box.setPrefix("p ≥ ")
    box.setToolTip("Only loops that join an enhancer and a promoter so probably (E–P pairs below); 0: all")
    return box


def _rounded(limits: tuple[float, ...]) -> tuple[float, float]:
    """The limits as they are shown: the slider's own values have more digits."""
    low, high = (round(value, 2) for value in limits)
    return low, high
