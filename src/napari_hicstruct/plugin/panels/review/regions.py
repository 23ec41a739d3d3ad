"""Reviewed regions: mark what is in view, see the others, take them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QListWidget, QListWidgetItem, QPushButton, QWidget

from napari_hicstruct.genome import display_name, display_region, format_bp
from napari_hicstruct.plugin.state.review.review import ReviewState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox

if TYPE_CHECKING:
    from napari_hicstruct.annotations import ReviewedRegion

MEANING = (
    "Mark what is in view as reviewed (M), a dashed frame: where nothing is labelled inside, the model learns that\n"
    "there is nothing. Proposals inside that nobody judged stay in the queue and teach nothing until they are.\n"
    "Elsewhere, what is not labelled is unknown."
)

_MAX_ROWS = 5


class RegionsPanel(QWidget):
    """The list of regions on the chromosome that is shown."""

    def __init__(self, review: ReviewState) -> None:
        super().__init__()
        self._review, self._regions = review, review.regions
        self.list = QListWidget()
        self.list.setToolTip("Reviewed regions on this chromosome, bp; double click flies there")
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.itemDoubleClicked.connect(self._fly)
        self.list.itemSelectionChanged.connect(self._enable)
        self.shown = QCheckBox("draw them")
        self.shown.setToolTip("Dashed blue outlines on the map (hiding changes nothing)")
        self.shown.setChecked(self._regions.on)
        self.shown.toggled.connect(self._regions.show)
        self.remove = QPushButton("Not reviewed after all")
        self.remove.clicked.connect(self._take_back)
        last = hbox(Wide(self.remove), self.shown)
        vbox(self.list, last, on=self, spacing=4)

    def refresh(self) -> None:
        """Show the regions there are."""
        regions = self._regions.here
        ids = [self.list.item(k).data(Qt.ItemDataRole.UserRole) for k in range(self.list.count())]  # type: ignore[union-attr]
        if ids != [region.id for region in regions]:
            self.list.clear()
            for region in regions:
                item = QListWidgetItem(place_of(region))
                item.setData(Qt.ItemDataRole.UserRole, region.id)
                sides = f"{display_region(region.rows)} × {display_region(region.cols)}"
                item.setToolTip(f"{sides}\nby {region.reviewer or 'an unnamed reviewer'}, {region.time}")
                self.list.addItem(item)
        self.list.setVisible(bool(regions))
        row = self.list.sizeHintForRow(0) if regions else 0
        self.list.setFixedHeight(max(1, min(len(regions), _MAX_ROWS)) * row + 2 * self.list.frameWidth() + 4)
        self._enable()

    def summary(self) -> str:
        """How many there are on this chromosome."""
        n = len(self._regions.here)
        return f"{n:,} on {display_name(self._review.labels.window.chrom)}" if n else ""

    def _enable(self) -> None:
        project = self._review.labels.project
        why = "" if project is None else project.read_only_reason
        chosen = bool(self.list.selectedItems())
        self.remove.setEnabled(chosen and not why)
        self.remove.setToolTip(
            why or ("What is not labelled inside is unknown again (U undoes, too)" if chosen else "Choose one first")
        )

    def _take_back(self) -> None:
        self._regions.take_back([item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()])

    def _fly(self, item: QListWidgetItem) -> None:
        key = item.data(Qt.ItemDataRole.UserRole)
        region = next((r for r in self._regions.here if r.id == key), None)
        if region is not None:
            labels = self._review.labels
            labels.attempt(lambda _: labels.window.go_to(region.rows, region.cols), keeps=False)


def place_of(region: ReviewedRegion) -> str:
    """``chr17:62.5–63.5 Mb``, with both sides where they differ."""
    rows, cols = (f"{part.start / 1e6:.6g}–{part.end / 1e6:.6g}" for part in (region.rows, region.cols))
    sides = rows if rows == cols else f"{rows} × {cols}"
    return f"{display_name(region.rows.chrom)}:{sides} Mb ({format_bp(max(len(region.rows), len(region.cols)))})"
