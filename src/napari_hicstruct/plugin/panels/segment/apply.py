"""*Segment*: which model, how, and how far it is."""

from __future__ import annotations

from dataclasses import replace

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QFileDialog, QPushButton, QSizePolicy, QSpinBox, QWidget

from napari_hicstruct.errors import readable
from napari_hicstruct.plugin.panels.segment.run import RunView
from napari_hicstruct.plugin.state.images.segmentation import SegmentationState
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import Segmented, allow, form, wordy_button
from napari_hicstruct.wording import how_many

_AS = {
    "model": ("As learnt", "As the labels were that the model learnt from."),
    "classes": ("Classes", "Each pixel gets the value of its class."),
    "instances": ("Objects", "Each object gets a label of its own; touching ones are split."),
}
_ANSWERS = {"model": None, "classes": False, "instances": True}
_TIP = "Segment the picture in the background; the result is a new Labels layer."
_MAX_SIZE = 1_000_000


class ApplyView(QWidget):
    """Model and options, and the button."""

    def __init__(self, state: SegmentationState) -> None:
        super().__init__()
        self.state = state
        self.model = QComboBox()
        self.model.setAccessibleName("Model")
        self.model.setPlaceholderText("no model yet")
        self.model.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.model.activated.connect(lambda _: state.models.choose(self.model.currentData()))
        self.open_button = wordy_button("Open …", "A model from elsewhere: a folder that segment train has written.")
        self.open_button.setAccessibleName("Open a model")
        self.open_button.clicked.connect(self._open)
        self.labels = Segmented(_AS, name="What labels are")
        self.labels.chosen.connect(lambda key: state.choose_options(replace(state.options, instances=_ANSWERS[key])))
        self.min_size = QSpinBox()
        self.min_size.setRange(0, _MAX_SIZE)
        self.min_size.setSuffix(" pixels")
        self.min_size.setSpecialValueText("all")
        self.min_size.setToolTip("Smaller objects are left out.")
        self.min_size.valueChanged.connect(
            lambda value: state.choose_options(replace(state.options, min_size=int(value)))
        )
        self.extras = QCheckBox("Probability and distance, too")
        self.extras.setToolTip("Add probability, distance and boundary as further layers, hidden at first.")
        self.extras.toggled.connect(lambda on: state.choose_options(replace(state.options, extras=bool(on))))
        self.button = QPushButton("Segment")
        self.button.setMinimumHeight(34)
        self.button.clicked.connect(lambda: self.start())
        self.running = RunView(state, "segment")
        layout = vbox(on=self, spacing=5)
        rows: list[tuple[str, QWidget | list[QWidget]]] = [
            ("Model", [self.model, self.open_button]),
            ("Smallest", self.min_size),
        ]
        layout.addLayout(form(rows))
        for widget in (self.labels, self.extras, self.button, self.running):
            layout.addWidget(widget)
        follow(self, state.changed, self.update_view)

    def start(self) -> None:
        """Segment the picture."""
        if self.state.segment():
            self.running.begin()

    def _open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of a segmentation model")
        if folder:
            self.state.open_model(folder)

    def update_view(self) -> None:
        """Show what can be segmented now."""
        state, models = self.state, self.state.models
        running, why_not = state.running, state.why_not_segment()
        with QSignalBlocker(self.model):
            self.model.clear()
            for one in models.listed:
                self.model.addItem(one.label, one.path)
                about = f"{readable(str(one.path))}\n{how_many(len(one.classes), 'class', 'classes')}"
                tip = f"{about}: {', '.join(one.classes)}; selector {one.selector}"
                self.model.setItemData(self.model.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
            paths = [one.path for one in models.listed]
            chosen = None if models.chosen is None else models.chosen.path
            self.model.setCurrentIndex(paths.index(chosen) if chosen in paths else -1)
        self.model.setToolTip(str(self.model.itemData(self.model.currentIndex(), Qt.ItemDataRole.ToolTipRole) or ""))
        self.labels.set_value(next(key for key, answer in _ANSWERS.items() if answer is state.options.instances))
        for part in (self.model, self.open_button, self.labels, self.min_size, self.extras):
            part.setEnabled(not running)
        allow(self.button, _TIP, state.busy() or why_not)
        self.running.update_view(why_not)
