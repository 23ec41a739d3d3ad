"""*Fuse maps*: two contact maps, or two pictures, become one; who is believed where is shown as a layer of its own."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFileDialog, QPushButton, QWidget
from superqt.utils import qthrottled

from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.panels.fuse.maps import MapsForm
from napari_hicstruct.plugin.panels.fuse.pictures import PicturesForm
from napari_hicstruct.plugin.panels.fuse.result import FusedView
from napari_hicstruct.plugin.state.images.fusion import FusionState
from napari_hicstruct.plugin.state.images.fusion_settings import MAP_PRESETS, PICTURE_PRESETS
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.settings_form import SettingsForm
from napari_hicstruct.plugin.widgets.style import (
    Said,
    Segmented,
    allow,
    form,
    reveal,
    wordy_button,
)

_KINDS = {
    "maps": ("Contact maps", "Fuse two maps into a new file, which is then opened."),
    "pictures": ("Pictures", "Fuse two Image layers into a new layer."),
}
_MIN_WIDTH = 280
"""px; napari gives a dock the least it asks for, and there names of layers and networks would be cut off."""

_TIPS = {
    "maps": "Fuse in the background into a new file; both maps stay as they are.",
    "pictures": "Fuse in the background; the result is a new layer, both pictures stay as they are.",
}


class FusePanel(QWidget):
    """What is fused and how, the run, and what came of it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.state: FusionState = session.fusion
        self.fused_layers = session.fused_layers
        self._watched: list[Any] = []
        self._build()
        self._lay_out()
        self._list_soon = qthrottled(self._list_layers, timeout=50, leading=False, parent=self)
        self._follow()
        self._list_layers()
        if not self.state.running and self.state.outcome is None:
            self.state.choose_kind("maps" if session.source is not None else "pictures")
        self.result.show_outcome()
        self._update()

    def _build(self) -> None:
        state = self.state
        self.kind = Segmented(_KINDS, name="What is fused")
        self.kind.chosen.connect(state.choose_kind)
        self.maps, self.pictures = MapsForm(self._session), PicturesForm(state)
        self.preset = QComboBox()
        self.preset.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.preset.activated.connect(lambda _: self._choose_preset(self.preset.currentData()))
        self.open_button = wordy_button(
            "Open …", "A network of your own: a folder that hicstruct fuse-train has written.", self._open_network
        )
        self._opened: dict[str, list[str]] = {"maps": [], "pictures": []}
        self._presets_of = ""
        self.settings = {kind: SettingsForm(config) for kind, config in state.settings.forms.items()}
        for kind, settings in self.settings.items():
            settings.edited.connect(lambda values, kind=kind: state.edit(kind, values))
        self.button = QPushButton("Fuse")
        self.button.setObjectName("hicFuse")
        self.button.setMinimumHeight(34)
        self.button.clicked.connect(lambda: self.start())
        self.running = RunningRow(state, cancel="Cancel. Nothing is kept.")
        self.message = Said(quiet=False)
        self.show_button = wordy_button(
            "Open the fused map",
            "Show it in this window, in place of the map that is open.",
            lambda: self._session.open_fused(),
        )
        self.result = FusedView(state)

    def _lay_out(self) -> None:
        self.setMinimumWidth(_MIN_WIDTH)
        layout = vbox(on=self, spacing=6, margins=(8, 4, 8, 4))
        forms = QWidget()
        vbox(*self.settings.values(), on=forms)
        self.fold = Fold("Settings", forms, tooltip="Where the network runs, and what is written.")
        presets = QWidget()
        hbox(Wide(self.preset), self.open_button, on=presets, spacing=4)
        for widget in (self.kind, self.maps, self.pictures):
            layout.addWidget(widget)
        layout.addLayout(form([("Network", presets)]))
        for widget in (self.fold, self.button, self.running, self.message, self.show_button, self.result):
            layout.addWidget(widget)
        layout.addStretch(1)

    def _follow(self) -> None:
        session, state = self._session, self.state
        for name in ("inserted", "removed", "reordered"):
            follow(self, getattr(session.viewer.layers.events, name), self._list_soon)
        follow(self, session.map_changed, self._map_changed)
        follow(self, state.changed, self._update)
        follow(self, state.progressed, self.running.follow)
        follow(self, state.message, self.message.say)
        follow(self, state.outcome_changed, self._outcome_changed)
        follow(self, state.shown_changed, self.result.show_switch)

    def start(self) -> None:
        """Fuse what is chosen."""
        if self.state.kind == "pictures":
            self.pictures.choose()
        if self.state.start():
            reveal(self.running)

    # ------------------------------------------------------------------ what there is to fuse
    def _list_layers(self, _event: Any = None) -> None:
        viewer = self._session.viewer
        if viewer is None:
            return
        self.pictures.show_layers(viewer)
        chosen = [one for one in (self.pictures.first.layer, self.pictures.second.layer) if one is not None]
        for layer in chosen:
            if layer not in self._watched:
                follow(self, layer.events.name, self._list_soon)
                follow(self, layer.events.data, self._list_soon)
        self._watched = chosen

    def _map_changed(self) -> None:
        self.maps.list_maps()
        self._update()

    # ------------------------------------------------------------------ settings
    def _choose_preset(self, preset: str) -> None:
        kind = self.state.kind
        self.state.choose_preset(kind, preset)

    def _open_network(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of a fusion network")
        kind = self.state.kind
        if folder and self.state.choose_preset(kind, folder) and folder not in self._opened[kind]:
            self._opened[kind].append(folder)
            self._update()

    def _show_presets(self) -> None:
        kind = self.state.kind
        known = MAP_PRESETS if kind == "maps" else PICTURE_PRESETS
        rows = [*known.items(), *((folder, folder) for folder in self._opened[kind])]
        mark = f"{kind} {len(rows)}"
        if mark != self._presets_of:
            self._presets_of = mark
            self.preset.clear()
            for preset, tip in rows:
                self.preset.addItem(preset if preset in known else preset.replace("\\", "/").split("/")[-1], preset)
                self.preset.setItemData(self.preset.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        place = self.preset.findData(self.state.settings.presets[kind])
        self.preset.setCurrentIndex(max(place, 0))
        self.preset.setToolTip("\n".join(known.values()))

    # ------------------------------------------------------------------ what the state reports
    def _update(self) -> None:
        state = self.state
        why_not, running, kind = state.why_not(), state.running, state.kind
        self.kind.set_value(kind)
        self.maps.setVisible(kind == "maps")
        self.pictures.setVisible(kind == "pictures")
        for name, settings in self.settings.items():
            settings.setVisible(name == kind)
        self.maps.update_form()
        self._show_presets()
        for part in (self.kind, self.maps, self.pictures, self.preset, self.open_button, self.fold):
            part.setEnabled(not running)
        allow(self.button, _TIPS[kind], why_not, "Something is being fused." if running else "")
        self.running.set_running(running)
        self.show_button.setVisible(state.fused_map is not None and not self._session.fused_is_open)
        if running or state.said:
            self.message.say(state.said)
        else:
            self.message.say(why_not or state.notes())

    def _outcome_changed(self) -> None:
        self.result.show_outcome()
        self._update()
        reveal(self.result)
