"""*Train on this image*: labels, classes, the selector and settings; the run with its losses by task."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPushButton, QWidget

from napari_hicstruct.config.segmentation import PRESETS, SELECTORS
from napari_hicstruct.plugin.layers.repaired import colours_of
from napari_hicstruct.plugin.layers.segmented import all_labels_layers
from napari_hicstruct.plugin.panels.segment.class_list import ClassList
from napari_hicstruct.plugin.panels.segment.run import RunView
from napari_hicstruct.plugin.state.images.segmentation import SegmentationState
from napari_hicstruct.plugin.state.images.segmentation_settings import RUN_KEYS, SELECTOR_NAMES
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.layer_choice import LayerChoice
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.preset_row import PresetRow
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.settings_form import SettingsForm
from napari_hicstruct.plugin.widgets.style import Segmented, allow, form, wordy_button
from napari_hicstruct.wording import how_many

_ARE = {
    "classes": ("Classes", "Each value is a class: cells and walls, tumour and stroma."),
    "instances": ("Objects", "Each value is an object, all of one kind: touching ones are kept apart."),
}
_TIP = "Train in the background on the picture and these labels; both stay as they are."
_NEW_TIP = "Add a Labels layer to the picture, and take napari's brush in hand: each number is a class or an object."
_REST_TIP = (
    "What has no label is learnt as background.  Without the tick nothing is learnt there: for a picture of which\n"
    "only some objects are painted.  Then paint some background, too, with a label of its own; distances and borders\n"
    "are those of the strokes, the classes count."
)
_PRESET_TIP = (
    "generic: each value is a class.\n"
    "nuclei: many objects of one class, each with a label of its own.\n"
    "domains: squares on the diagonal of a contact map."
)


class TrainView(QWidget):
    """What is learnt and how, and how far it is.

    Attributes
    ----------
    new_wanted : Signal
        A Labels layer shall be made, and painted on.
    """

    new_wanted = Signal()

    def __init__(self, state: SegmentationState) -> None:
        super().__init__()
        self.state = state
        self._build()
        self._lay_out()
        follow(self, state.changed, self.update_view)

    def _build(self) -> None:
        state = self.state
        self.labels = LayerChoice("Labels", "The labels of the picture, by hand or from elsewhere; of its size.")
        self.new_button = wordy_button("New", _NEW_TIP, lambda: self.new_wanted.emit())
        self.new_button.setAccessibleName("New labels")
        self.are = Segmented(_ARE, name="What values are")
        self.are.chosen.connect(lambda are: state.edit(lambda settings: settings.choose_labels(are)))  # type: ignore[arg-type]
        self.classes, self.background = ClassList(state), QCheckBox()
        self.background.toggled.connect(
            lambda on: state.edit(lambda settings: setattr(settings, "background", bool(on)))
        )
        self.presets = PresetRow(
            PRESETS,
            lambda preset: state.edit(lambda settings: settings.choose_preset(preset)),
            tooltip=_PRESET_TIP,
            command="hicstruct segment train",
        )
        self.presets.taken.connect(self._show_settings)
        self.preset, self.selector = self.presets.box, QComboBox()
        for name in SELECTORS:
            self.selector.addItem(name.replace("_", "  "), name)
            self.selector.setItemData(self.selector.count() - 1, SELECTOR_NAMES[name], Qt.ItemDataRole.ToolTipRole)
        self.selector.setAccessibleName("Selector")
        self.selector.currentIndexChanged.connect(self._choose_selector)
        self.name = QLineEdit()
        self.name.setPlaceholderText("as the picture")
        self.name.setToolTip("What the model shall be called.")
        self.name.editingFinished.connect(lambda: setattr(state.settings, "name", self.name.text().strip()))
        base = state.settings.base
        left_out = set(type(base).model_fields) - set(RUN_KEYS)
        self.run = SettingsForm(base, left_out=left_out)
        self.options, self.losses = SettingsForm(base.model.selector_options), SettingsForm(base.losses)
        self.run.edited.connect(lambda values: state.edit(lambda settings: settings.change("run", values)))
        self.options.edited.connect(lambda values: state.edit(lambda settings: settings.change("selector", values)))
        self.losses.edited.connect(lambda values: state.edit(lambda settings: settings.change("losses", values)))
        self.button = QPushButton("Train on this image")
        self.button.setMinimumHeight(34)
        self.button.clicked.connect(lambda: self.start())
        self.running = RunView(state, "train", stop="End the training now and keep the best model so far.")

    def _lay_out(self) -> None:
        self.folds = {
            "run": Fold("Training: settings", self.run, tooltip="Steps, crops, what is held out."),
            "selector": Fold("Selector: settings", self.options, tooltip="Experts and gates of E2 to E6."),
            "losses": Fold("Losses: settings", self.losses, tooltip="Weights of the three tasks' losses."),
        }
        vbox(
            form([("Labels", [self.labels, self.new_button]), ("Values are", self.are)]),
            self.classes,
            self.background,
            form([("Preset", self.presets), ("Selector", self.selector), ("Model name", self.name)]),
            *self.folds.values(),
            self.button,
            self.running,
            on=self,
            spacing=5,
        )

    def start(self) -> None:
        """Train with what is chosen."""
        self.state.settings.name = self.name.text().strip()
        if self.state.train():
            self.running.begin()

    def show_layers(self, viewer: Any) -> None:
        """Offer the labels that there are; of the first ones, the top one is chosen by itself."""
        layers = all_labels_layers(viewer)
        self.labels.show_layers(layers, otherwise=layers[0] if layers else None)

    # ------------------------------------------------------------------ settings
    def _show_settings(self) -> None:
        base = self.state.settings.base
        self.run.show_values(base)
        self.options.show_values(base.model.selector_options)
        self.losses.show_values(base.losses)

    def _choose_selector(self, _place: int) -> None:
        self.state.settings.selector = self.selector.currentData()
        self.selector.setToolTip(f"How tasks read the shared features: {SELECTOR_NAMES[self.selector.currentData()]}")

    # ------------------------------------------------------------------ what the state reports
    def update_view(self) -> None:
        """Show what can be trained now."""
        state, settings = self.state, self.state.settings
        running, why_not = state.running, state.why_not_train()
        self.are.set_value(settings.labels)
        self.classes.show_rows(self._colours())
        self.classes.setVisible(bool(settings.rows))
        self._show_background()
        self.selector.blockSignals(True)
        self.selector.setCurrentIndex(self.selector.findData(settings.selector))
        self.selector.blockSignals(False)
        self.selector.setToolTip(f"How tasks read the shared features: {SELECTOR_NAMES[settings.selector]}")
        self.folds["run"].set_summary(how_many(settings.base.steps, "step"))
        for part in (
            self.labels, self.new_button, self.are, self.classes, self.background, self.presets, self.selector,
            self.name, *self.folds.values(),
        ):  # fmt: skip
            part.setEnabled(not running)
        allow(self.button, _TIP, state.busy() or why_not)
        allow(self.new_button, _NEW_TIP, state.busy() or state.why_not_picture())
        self.running.update_view(why_not)

    def _show_background(self) -> None:
        """How much has no label, and what becomes of it."""
        settings, share = self.state.settings, self.state.unpainted
        self.background.setVisible(share > 0 and settings.labels == "classes")
        with QSignalBlocker(self.background):
            self.background.setChecked(settings.background)
        self.background.setText(f"the rest is background ({100 * share:.1f} %)" if share > 0 else "")
        self.background.setToolTip(_REST_TIP)

    def _colours(self) -> dict[int, str]:
        """Colours of the labels, by value."""
        layer = self.labels.layer
        if layer is None or self.state.settings.labels == "instances":
            return {}
        return colours_of(layer, (row.value for row in self.state.settings.rows))
