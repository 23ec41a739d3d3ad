"""*Adapt to this map* in the section *Predict*: before and after, and back; hidden where the model has no gate."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton, QWidget

from napari_hicstruct.plugin.state.models.adapting import AdaptState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import Said, Segmented

_TIP = (
    "32 windows of the map, without labels, say which features the model reads: seconds, nothing is trained.\n"
    "Calls in view before and after come as two sets; the review queue says what changed."
)
_WHICH = {
    "before": ("Before", "Calls of the model as it is"),
    "after": ("After", "Calls of the model adapted to the map"),
}


class AdaptRow(QWidget):
    """One button to adapt, two to compare, one back."""

    def __init__(self, state: AdaptState) -> None:
        super().__init__()
        self.state = state
        self.adapt, self.back = QPushButton("Adapt to this map"), QPushButton("Back")
        self.adapt.clicked.connect(lambda: state.adapt())
        self.back.setToolTip("The model as it was; both sets go.")
        self.back.clicked.connect(lambda: state.back())
        self.which = Segmented(_WHICH, name="calls before or after adapting")
        self.which.chosen.connect(state.show)
        self.running = RunningRow(state, cancel="Cancel; nothing is adapted.")
        self.message = Said()
        row = hbox(Wide(self.adapt, 2), Wide(self.which, 2), self.back, spacing=4)
        vbox(row, self.running, self.message, on=self, spacing=3)
        follow(self, state.changed, self.refresh)
        follow(self, state.progressed, self.running.follow)
        follow(self, state.message, self.message.say)
        self.refresh()

    def refresh(self) -> None:
        """Show what can be done."""
        state = self.state
        self.setVisible(state.offered())
        why = state.why_not()
        self.running.set_running(state.running)
        self.adapt.setVisible(not state.adapted)
        self.adapt.setEnabled(not why and not state.running)
        self.adapt.setToolTip(why or _TIP)
        for widget in (self.which, self.back):
            widget.setVisible(state.adapted)
        self.which.set_value(state.shown)
