"""Go to an object by its number; a stripe is checked on raw counts."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QPushButton, QSpinBox, QWidget

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.state.labels.palette import name_of


class GoToRow(QWidget):
    """Kind, number and the button."""

    def __init__(self, review: Review) -> None:
        super().__init__()
        self._review = review
        self.kind, self.number = QComboBox(), QSpinBox()
        for kind in Kind:
            self.kind.addItem(name_of(kind), kind)
        self.kind.setCurrentIndex(list(Kind).index(Kind.STRIPE))
        self.kind.setToolTip("What to go to; a stripe is checked on raw counts, rows = anchor and columns = extent")
        self.kind.currentIndexChanged.connect(lambda _: self.refresh())
        self.number.setRange(1, 1)
        self.number.setPrefix("# ")
        self.number.setToolTip("Number in the order of the file, from 1")
        self.transpose = QCheckBox("mirror image, too")
        self.transpose.setToolTip("Stripe check: also the mirror image across the diagonal, dashed")
        self.go = QPushButton("Go to")
        self.go.clicked.connect(self._go)
        row = QGridLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setHorizontalSpacing(4)
        for place, widget in enumerate((self.go, self.kind, self.number)):
            row.addWidget(widget, 0, place)
        row.addWidget(self.transpose, 1, 1, 1, 2)
        row.setColumnStretch(2, 1)

    def refresh(self) -> None:
        """Take over how many there are."""
        kind = self.kind.currentData()
        count = self._review.objects.count(kind)
        self.number.setMaximum(max(1, count))
        self.number.setSuffix(f" of {count:,}")
        self.go.setEnabled(count > 0)
        self.go.setToolTip(
            "Fly to this object; Esc ends a stripe check" if count else f"The project has no {name_of(kind)}"
        )
        self.transpose.setVisible(kind is Kind.STRIPE)

    def _go(self) -> None:
        kind, number = self.kind.currentData(), self.number.value()
        if kind is Kind.STRIPE:
            self._review.check_stripe(number, transpose=self.transpose.isChecked())
        else:
            self._review.go_to_number(kind, number)
