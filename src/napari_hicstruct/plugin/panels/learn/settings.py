"""How a fine-tune is done: where it starts, what is trained, how long, on what."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QSpinBox, QVBoxLayout, QWidget

from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.plugin.state.learning import LearnRequest, Where
from napari_hicstruct.plugin.widgets.style import Segmented, form

_START = {
    "base": ("base model", "Start from the base model and learn all corrections of the project."),
    "last": ("last model", "Go on from the model in use."),
}
_TRAIN = {
    "heads": ("heads", "Only the last layers of each task, solved exactly: quickest, and least can change."),
    "decoders": ("decoders", "Decoders and heads of all tasks, by gradient steps."),
    "all": ("all", "All weights, by gradient steps."),
    "adapters": ("adapters", "Small low-rank additions beside the frozen weights, by gradient steps."),
}
_DEVICES = {
    "auto": "The fastest device that this computer has.",
    "cpu": "Processor; one core is left to the window.",
    "cuda": "NVIDIA graphics card.",
    "mps": "Apple graphics.",
}
_WHERE = {
    "process": ("process", "A process of its own: the window stays smoothest."),
    "thread": ("thread", "A thread of this window: slower while the map is moved; where no process can be started."),
}


class HowBox(QWidget):
    """Settings of the next fine-tune; as they stand at first, they are those that measured best."""

    def __init__(self) -> None:
        super().__init__()
        default = FinetuneConfig()
        self.start = Segmented(_START, name="Start from")
        self.start.set_value(default.start)
        self.train = QComboBox()
        for key, (text, tooltip) in _TRAIN.items():
            self.train.addItem(text, key)
            self.train.setItemData(self.train.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
        self.train.setCurrentIndex(self.train.findData(default.trainable))
        self.train.setToolTip("Which weights are trained; the others stay as they are.")
        self.steps = QSpinBox()
        self.steps.setRange(0, 5_000)
        self.steps.setSingleStep(20)
        self.steps.setValue(default.steps)
        self.steps.setSpecialValueText("by number")
        self.train.currentIndexChanged.connect(lambda _: self._update_steps())
        self._update_steps()
        self.device = QComboBox()
        for key, tooltip in _DEVICES.items():
            self.device.addItem(key, key)
            self.device.setItemData(self.device.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
        self.device.setToolTip("Where the model learns; auto takes the fastest device there is.")
        self.where = Segmented(_WHERE, name="Run in")
        self.where.set_value("process")
        self.validation = QCheckBox("Show validation regions")
        self.validation.setToolTip(
            "What is corrected there judges the new model and never teaches it; it was drawn once for this project."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        rows: list[tuple[str, QWidget | list[QWidget]]] = [
            ("Start from", self.start),
            ("Train", [self.train, self.steps]),
            ("Run on", self.device),
            ("Run in", self.where),
        ]
        layout.addLayout(form(rows))
        layout.addWidget(self.validation)

    def _update_steps(self) -> None:
        solved = self.train.currentData() == "heads"
        self.steps.setEnabled(not solved)
        said = "Gradient steps; 0: by the number of corrections."
        self.steps.setToolTip("Heads are solved exactly, without steps." if solved else said)

    def request(self) -> LearnRequest:
        """What is set."""
        config = FinetuneConfig.model_validate(
            {"start": self.start.value, "trainable": self.train.currentData(), "steps": self.steps.value()}
        )
        where: Where = "thread" if self.where.value == "thread" else "process"
        return LearnRequest(config, self.device.currentData(), where)
