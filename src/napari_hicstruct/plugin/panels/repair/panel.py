"""*Repair labels*: Labels layers of any kind, 2-D or 3-D, become smooth and consistent; the result is a new layer."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget
from superqt.utils import qdebounced, qthrottled

from napari_hicstruct.config.repair import PRESETS
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.layers.repaired import colours_of
from napari_hicstruct.plugin.panels.repair.class_table import ClassTable
from napari_hicstruct.plugin.panels.repair.curve import RepairCurve
from napari_hicstruct.plugin.panels.repair.layer_list import LayerList
from napari_hicstruct.plugin.panels.repair.result import ResultView
from napari_hicstruct.plugin.panels.repair.rule_list import RuleList
from napari_hicstruct.plugin.panels.repair.votes import VotesView
from napari_hicstruct.plugin.state.images.repair import RepairState
from napari_hicstruct.plugin.state.images.repair_settings import STAGES
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.preset_row import PresetRow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.section import Fold, Section
from napari_hicstruct.plugin.widgets.settings_form import SettingsForm
from napari_hicstruct.plugin.widgets.style import (
    Said,
    allow,
    form,
    reveal,
    subdued,
)
from napari_hicstruct.wording import how_many

_TIP = "Repair in the background; the result is a new layer, what is there stays as it is."
_PRESET_TIP = (
    "generic: one class for each value, the smallest wins, no rules.\n"
    "cardiac: the ten classes of cardiac CT, their priority and neighbourhoods.\n"
    "hic: masks of domains, stripes and loops."
)
_RECOUNT_MS = 700
"""After the last stroke of a brush."""


class RepairPanel(QWidget):
    """Layers, classes, rules and settings; the run with its loss; before and after.

    Attributes
    ----------
    consensus_wanted : Signal
        The consensus of callers shall be opened.
    """

    consensus_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.state: RepairState = session.repair
        self.result_layers = session.repaired_layers
        self._watched: list[Any] = []
        self._build()
        self._lay_out()
        self.count_soon = qdebounced(self._choose, timeout=_RECOUNT_MS, parent=self)
        self._list_soon = qthrottled(self._list_layers, timeout=50, leading=False, parent=self)
        self._follow()
        self._take_theme()
        self._list_layers()
        self._choose()
        self.result.show_outcome()
        self.message.say(self.state.said)

    def _build(self) -> None:
        state = self.state
        self.layers, self.classes, self.rules = LayerList(), ClassTable(state), RuleList(state)
        self.layers.chosen.connect(self._choose)
        self.head = subdued(QLabel("Labels to repair"))
        self.no_layers = subdued(QLabel("There is no Labels layer yet: open one, or draw one."))
        self.no_layers.setWordWrap(True)
        self.presets = PresetRow(PRESETS, state.choose_preset, tooltip=_PRESET_TIP, command="hicstruct repair")
        self.presets.taken.connect(self._show_settings)
        self.preset, self.stage = self.presets.box, QComboBox()
        for key, text in STAGES.items():
            self.stage.addItem(text, key)
        self.stage.setToolTip("The last stage that runs: shapes alone are quickest, one function is smallest.")
        self.stage.setCurrentIndex(list(STAGES).index(state.settings.until))
        self.stage.currentIndexChanged.connect(lambda _: state.choose_stage(self.stage.currentData()))
        base = state.settings.base
        self.shape, self.joint = SettingsForm(base.shape), SettingsForm(base.joint)
        self.shape.edited.connect(lambda values: state.edit(lambda settings: settings.change("shape", values)))
        self.joint.edited.connect(lambda values: state.edit(lambda settings: settings.change("joint", values)))
        self.button = QPushButton("Repair")
        self.button.setObjectName("hicRepair")
        self.button.setMinimumHeight(34)
        self.button.clicked.connect(lambda: self.start())
        self.running = RunningRow(
            state, cancel="Cancel. Nothing is kept.", stop="End the training now and go on with the best so far."
        )
        self.curve, self.message = RepairCurve(), Said(quiet=False)
        self.result = ResultView(state)
        self.votes: VotesView | None = None

    def _lay_out(self) -> None:
        layout = vbox(on=self, spacing=6, margins=(8, 4, 8, 4))
        self.folds = {
            "classes": Fold("Classes", self.classes, tooltip="Names, voxels and priority.", open=True),
            "rules": Fold("Rules", self.rules, tooltip="What is known of the classes' neighbourhoods."),
            "shape": Fold("Shapes: settings", self.shape, tooltip="Stage 1: one function for each class."),
            "joint": Fold("One function: settings", self.joint, tooltip="Stage 3: one function of all classes."),
        }
        for widget in (self.head, self.layers, self.no_layers):
            layout.addWidget(widget)
        layout.addLayout(form([("Preset", self.presets), ("As far as", self.stage)]))
        for part in self.folds.values():
            layout.addWidget(part)
        for widget in (self.button, self.running, self.curve, self.message, self.result):
            layout.addWidget(widget)
        self._end = QVBoxLayout()
        layout.addLayout(self._end)
        layout.addStretch(1)

    def _follow(self) -> None:
        session, state = self._session, self.state
        for name in ("inserted", "removed", "reordered"):
            follow(self, getattr(session.viewer.layers.events, name), self._list_soon)
        follow(self, session.viewer.events.theme, self._take_theme)
        follow(self, session.map_changed, self._map_changed)
        follow(self, state.changed, self._update)
        follow(self, state.progressed, self.running.follow)
        follow(self, state.curves_changed, self._draw_curves)
        follow(self, state.message, self.message.say)
        follow(self, state.outcome_changed, self._outcome_changed)
        follow(self, state.shown_changed, self.result.show_switch)
        self._map_changed()

    def end(self) -> None:
        """The dock goes."""
        if self.votes is not None:
            self.votes.end()

    def start(self) -> None:
        """Repair what is ticked with the settings as they stand."""
        if self.state.start():
            self.curve.clear()
            reveal(self.running)

    # ------------------------------------------------------------------ layers
    def _list_layers(self, _event: Any = None) -> None:
        viewer = self._session.viewer
        if viewer is None:
            return
        self.layers.show_layers(viewer)
        there = bool(self.layers.count())
        self.layers.setVisible(there)
        self.no_layers.setVisible(not there)
        self._watch()

    def _watch(self) -> None:
        """Follow what is painted, renamed or scaled in the layers that are ticked."""
        wanted = self.layers.layers
        for layer in wanted:
            if layer not in self._watched:
                for name in ("data", "paint", "labels_update", "scale"):
                    if name in layer.events:
                        follow(self, layer.events[name], self._painted)
                follow(self, layer.events.name, self._list_soon)
        self._watched = wanted

    def _painted(self, _event: Any = None) -> None:
        if not self.state.running:
            self.count_soon()

    def _choose(self) -> None:
        """Repair what is ticked; count its classes."""
        self._watch()
        self.state.choose(self.layers.images())

    # ------------------------------------------------------------------ settings
    def _show_settings(self) -> None:
        base = self.state.settings.base
        self.shape.show_values(base.shape)
        self.joint.show_values(base.joint)

    # ------------------------------------------------------------------ what the state reports
    def _update(self) -> None:
        state = self.state
        why_not, running = state.why_not(), state.running
        colours = self._colours()
        self.classes.show_rows(colours)
        self.rules.show_rules()
        settings = state.settings
        self.curve.colours = {row.name: colours[row.value] for row in settings.rows if row.value in colours}
        self.folds["classes"].set_summary(how_many(len(settings.rows), "class", "classes") if settings.rows else "")
        n_rules = len(settings.rules) - len(settings.dropped)
        self.folds["rules"].set_summary(how_many(n_rules, "rule") if settings.rules else "none")
        for part in (self.layers, self.presets, self.stage, *self.folds.values()):
            part.setEnabled(not running)
        allow(self.button, _TIP, why_not, "Labels are being repaired." if running else "")
        self.running.set_running(running, stopping=state.stopping)
        if not running:
            self.curve.clear()
        if state.problem and not running:
            self.message.say(state.problem)
        elif not state.said:
            self.message.say("")

    def _colours(self) -> dict[int, str]:
        """Colours of the labels in the first layer that is ticked, by value."""
        layers = self.layers.layers
        return colours_of(layers[0], (row.value for row in self.state.settings.rows)) if layers else {}

    def _draw_curves(self) -> None:
        if self.state.running:
            self.curve.follow_losses(self.state.stage, self.state.losses)

    def _outcome_changed(self) -> None:
        self.result.show_outcome()
        reveal(self.result)

    def _map_changed(self) -> None:
        """With a Hi-C map open there is one more part: the votes of callers on it."""
        has_map = self._session.source is not None
        if has_map and self.votes is None:
            self.votes = VotesView(self._session)
            self.votes.consensus_wanted.connect(self.consensus_wanted.emit)
            self.votes.set_theme(str(self._session.viewer.theme))
            tip = "Repair what callers voted for on the map; it comes as proposals for review."
            self.votes_section = Section("Hi-C: votes of callers", self.votes, tooltip=tip)
            self._end.addWidget(self.votes_section)
        if self.votes is not None:
            self.votes_section.setVisible(has_map)

    def _take_theme(self, _event: Any = None) -> None:
        theme = str(self._session.viewer.theme)
        self.curve.set_theme(theme)
        self.layers.set_theme(theme)
        if self.votes is not None:
            self.votes.set_theme(theme)
