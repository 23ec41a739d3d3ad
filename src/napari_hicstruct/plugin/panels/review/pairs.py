"""Loops as enhancer–promoter pairs: files, the line, and what was found."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton, QWidget

from napari_hicstruct.plugin.state.review.loop_pairs import LoopPairsState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.settings_form import SettingsForm
from napari_hicstruct.plugin.widgets.style import Said

_TIP = (
    "The probability that each loop joins an enhancer and a promoter in this line, by a model of hicstruct epi.\n"
    "Cards say it; the queue can be filtered and ordered by it."
)


class PairsPanel(QWidget):
    """A form of files, one button to run and one to take it back."""

    def __init__(self, state: LoopPairsState) -> None:
        super().__init__()
        self.state = state
        self.form = SettingsForm(state.config)
        self.form.form["model"].mode = "d"  # a folder
        for one in self.form.form:  # a path is a line and a button
            for part in one.native.findChildren(QWidget):
                part.setToolTip(part.toolTip() or one.tooltip)
        self.form.edited.connect(lambda values: state.set(**values))
        self.ask, self.forget = QPushButton("Find E–P pairs"), QPushButton("Forget")
        self.ask.clicked.connect(lambda: state.run())
        self.forget.clicked.connect(lambda: state.forget())
        self.forget.setToolTip("Cards, order and filter know of no pairs any more.")
        self.running = RunningRow(state, cancel="Cancel; the queue stays as it is.")
        self.why_not, self.message = Said(), Said()
        row = hbox(Wide(self.ask), self.forget, spacing=4)
        vbox(self.form, row, self.why_not, self.running, self.message, on=self, spacing=3)
        follow(self, state.changed, self._update)
        follow(self, state.progressed, self.running.follow)
        follow(self, state.message, self.message.say)
        self._update()

    def _update(self) -> None:
        why = self.state.why_not()
        self.why_not.say(why)
        self.running.set_running(self.state.running)
        self.ask.setEnabled(not why and not self.state.running)
        self.ask.setToolTip(why or _TIP)
        self.forget.setEnabled(self.state.found is not None)
