"""Where a genome is run: on this computer or by a scheduler's workers; and the run that went on without a window."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QLineEdit, QWidget

from napari_hicstruct.plugin.state.models.cluster_choice import PLACES, ClusterChoice
from napari_hicstruct.plugin.state.models.prediction import PredictionState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.style import Segmented, show_text, wordy_button


class ClusterForm(QWidget):
    """This computer or a cluster, and the scheduler of the cluster."""

    def __init__(self, choice: ClusterChoice) -> None:
        super().__init__()
        self._choice = choice
        self.place = Segmented(PLACES, name="Run the genome on")
        self.place.chosen.connect(choice.choose)
        self.scheduler = QLineEdit(choice.scheduler)
        self.scheduler.setAccessibleName("Scheduler")
        self.scheduler.setPlaceholderText("tcp://host:8786, or a scheduler file")
        self.scheduler.setToolTip(
            "Address or scheduler file of a dask scheduler. Its workers must see the map by the same path."
        )
        self.scheduler.editingFinished.connect(lambda: choice.name(self.scheduler.text()))
        vbox(self.place, self.scheduler, on=self, spacing=2)
        self.refresh()

    def refresh(self) -> None:
        """Show what is chosen."""
        self.place.set_value(self._choice.place)
        self.scheduler.setVisible(self._choice.place == "cluster")
        if not self.scheduler.hasFocus():
            self.scheduler.setText(self._choice.scheduler)


class FollowRow(QWidget):
    """A run of this map that belongs to a scheduler, and the button that follows it; hidden where there is none."""

    def __init__(self, state: PredictionState) -> None:
        super().__init__()
        self._state = state
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.button = wordy_button("Follow", "Show how far it is, and take over its calls.", lambda: state.follow())
        hbox(Wide(self.said), self.button, on=self)
        self.refresh()

    def refresh(self) -> None:
        """Show the run that is offered."""
        offered = self._state.offered
        self.setVisible(offered is not None)
        show_text(self.said, "" if offered is None else f"A run of this map was left at {offered.scheduler}.")
