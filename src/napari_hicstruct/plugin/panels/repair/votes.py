"""Hi-C: the votes of callers on what is in view, repaired, as proposals in the review queue."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDoubleSpinBox, QPushButton, QWidget
from superqt.utils import qthrottled

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.layers.repaired import RepairedLayers
from napari_hicstruct.plugin.panels.repair.curve import RepairCurve
from napari_hicstruct.plugin.panels.repair.result import LEGEND, SHOWN
from napari_hicstruct.plugin.state.images.repair_votes import KINDS_VOTED, RepairVotesState, class_colours
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.inks import InkLabel
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import Said, Segmented, allow, wordy_button

_TIP = (
    "Count at each pixel which share of the callers has a domain, a stripe or a loop there, repair these masks with "
    "one function for all of them, and propose what they then hold."
)
_SUMMARY_MS = 200
KINDS_LEGEND = " &nbsp; ".join(
    f'<span style="color:{KINDS[kind].colour}">■</span> {KINDS[kind].plural}' for kind in KINDS_VOTED
)
"""Colours of the pixels before and after."""


class VotesView(QWidget):
    """Who votes on what is in view, the run, and what it changed.

    Attributes
    ----------
    consensus_wanted : Signal
        Callers shall be ticked in the consensus of callers.
    """

    consensus_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.state: RepairVotesState = session.repair_votes
        self.pixels = RepairedLayers(session.viewer, session.canvas.world_kwargs)
        self._losses: dict[str, list[tuple[int, float]]] = {}
        self._stage = ""
        self._build()
        self._lay_out()
        state = self.state
        self._later = qthrottled(self._update, timeout=_SUMMARY_MS, leading=False, parent=self)
        follow(self, state.changed, self._later)
        follow(self, session.map_changed, self._later)
        follow(self, session.view_changed, self._later)
        follow(self, session.consensus.changed, self._later)
        follow(self, state.progressed, self.running.follow)
        follow(self, state.stepped, self._point)
        follow(self, state.message, self.message.say)
        follow(self, state.outcome_changed, self._outcome_changed)
        self._update()

    def _build(self) -> None:
        state = self.state
        self.summary, self.message, self.text = Said(), Said(), Said(quiet=False)
        self.callers = wordy_button(
            "Callers …", "Tick whose lists vote: sets of the project, and files.", self.consensus_wanted.emit
        )
        self.threshold = QDoubleSpinBox()
        self.threshold.setRange(0.05, 0.95)
        self.threshold.setSingleStep(0.05)
        self.threshold.setValue(state.threshold)
        self.threshold.setPrefix("from share ")
        self.threshold.setToolTip("Objects are proposed from this repaired share of the callers on.")
        self.threshold.valueChanged.connect(self._threshold_changed)
        self.button = QPushButton("Repair votes in view")
        self.button.setMinimumHeight(30)
        self.button.clicked.connect(lambda: state.start())
        self.running = RunningRow(
            state, cancel="Cancel. Nothing is kept.", stop="End the training now and go on with the best so far."
        )
        self.curve = RepairCurve()
        self.switch = Segmented(SHOWN, name="Which pixels are shown")
        self.switch.chosen.connect(self._show)
        self.legend = InkLabel()

    def _lay_out(self) -> None:
        row = hbox(self.callers, Wide(self.threshold), spacing=4)
        vbox(
            self.summary,
            row,
            self.button,
            self.running,
            self.curve,
            self.message,
            self.text,
            self.switch,
            self.legend,
            on=self,
            spacing=5,
        )
        for widget in (self.switch, self.legend):
            widget.hide()

    def end(self) -> None:
        """The dock goes, and with it the only switch: what was drawn over the map goes, too."""
        self.pixels.remove()

    def set_theme(self, theme: str) -> None:
        """Take the colours of napari's theme."""
        self.curve.set_theme(theme)

    # ------------------------------------------------------------------ what the state reports
    def _update(self) -> None:
        state = self.state
        why_not, running = state.why_not(), state.running
        self.summary.say(why_not or state.summary())
        allow(self.button, _TIP, why_not, "Votes are being repaired." if running else "")
        self.threshold.setEnabled(not running)
        if running and self.running.isHidden():
            self._losses, self._stage = {}, ""
            self.curve.clear()
        self.running.set_running(running, stopping=state.stopping)
        if not running:
            self.curve.clear()
        self.text.say(state.text)
        if state.outcome is None:
            self.pixels.remove()
        for widget in (self.switch, self.legend):
            widget.setVisible(state.outcome is not None and self.pixels.any_left)

    def _threshold_changed(self, value: float) -> None:
        self.state.threshold = round(value, 2)

    def _point(self, step: object) -> None:
        stage, name = step.stage, step.class_name or "all kinds"  # type: ignore[attr-defined]  # a RepairStep
        if stage != self._stage:
            self._stage, self._losses = stage, {}
        self._losses.setdefault(name, []).append((step.epoch, step.loss))  # type: ignore[attr-defined]
        self.curve.follow_losses(stage, self._losses)

    def _outcome_changed(self) -> None:
        """Draw the repaired pixels over the map, with those before and the changes to switch to."""
        if self.state.outcome is not None:
            self.pixels.remove()
            self.pixels.put(self.state.outcome.images, colours=class_colours(), with_before=True)
            self._show("after")
        self._update()

    def _show(self, shown: str) -> None:
        """Show these pixels, with what their colours mean."""
        self.pixels.show(shown)  # type: ignore[arg-type]  # a key of SHOWN
        self.switch.set_value(shown)
        self.legend.setText(LEGEND if shown == "changes" else KINDS_LEGEND)
