"""How a fine-tune is done: where it starts, what is trained, how long, on what."""

from __future__ import annotations

from typing import Any

from magicgui import magicgui
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_hicstruct.plugin.state.models.finetune_request import LearnRequest, finetune_request
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.style import bare, form

_WIDGETS: dict[str, dict[str, Any]] = {
    "start": {
        "widget_type": "RadioButtons",
        "orientation": "horizontal",
        "choices": [("base model", "base"), ("last model", "last")],
        "tooltip": "base model: start from it and learn all corrections of the project.\n"
        "last model: go on from the model in use.",
    },
    "trainable": {
        "tooltip": "Which weights are trained; the others stay as they are.\n"
        "heads: only the last layers of each task, solved exactly: quickest, and least can change.\n"
        "decoders: decoders and heads of all tasks, by gradient steps.\n"
        "all: all weights, by gradient steps.\n"
        "adapters: small low-rank additions beside the frozen weights, by gradient steps.",
    },
    "steps": {"max": 5_000, "step": 20},
    "device": {
        "tooltip": "Where the model learns.\nauto: the fastest device that this computer has.\n"
        "cpu: processor; one core is left to the window.\ncuda: NVIDIA graphics card.\nmps: Apple graphics.",
    },
    "where": {
        "widget_type": "RadioButtons",
        "orientation": "horizontal",
        "tooltip": "process: a process of its own; the window stays smoothest.\n"
        "thread: a thread of this window, slower while the map is moved; where no process can be started.",
    },
}


class FinetuneSettings(QWidget):
    """The parameters of :func:`finetune_request` as a form; the defaults are those that measured best.

    Attributes
    ----------
    form : magicgui.widgets.FunctionGui
        Its widgets bear the parameters' names.
    validation : QCheckBox
    """

    def __init__(self) -> None:
        super().__init__()
        self.form: Any = magicgui(finetune_request, call_button=False, **_WIDGETS)
        self.form.trainable.changed.connect(self._update_steps)
        self._update_steps(self.form.trainable.value)
        self.validation = QCheckBox("Show validation regions")
        self.validation.setToolTip(
            "Corrections there measure the new model and never train it; the regions were drawn once for this project."
        )
        parts = {name: self.form[name].native for name in _WIDGETS}
        rows: list[tuple[str, QWidget | list[QWidget]]] = [
            ("Start from", bare(parts["start"])),
            ("Train", [parts["trainable"], parts["steps"]]),
            ("Run on", parts["device"]),
            ("Run in", bare(parts["where"])),
        ]
        vbox(form(rows), self.validation, on=self)

    def _update_steps(self, trainable: str) -> None:
        solved = trainable == "heads"
        self.form.steps.enabled = not solved
        text = "Gradient steps; 0: by the number of corrections."
        self.form.steps.tooltip = "Heads are solved exactly, without steps." if solved else text

    def request(self) -> LearnRequest:
        """What is set."""
        request: LearnRequest = self.form()
        return request
