"""Which two contact maps are fused, at which bin size, which part of them, and into which file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QWidget

from napari_hicstruct.config.map_uri import absolute_uri, split_uri
from napari_hicstruct.errors import readable
from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.state.images.fusion_maps import PairOfMaps
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.file_dialogs import MAPS, open_file, save_file
from napari_hicstruct.plugin.widgets.style import Segmented, compact_button, form

_TIP = "A contact map (.mcool, .cool, .hic); both of one assembly, with a bin size in common."
_SCOPES = {
    "map": ("Whole map", "All chromosomes that both have."),
    "chromosome": ("Chromosome", "The chromosome that is shown."),
    "view": ("View", "The region in view."),
}
_FUSED = "Contact maps (*.mcool)"
_FINEST = "finest"
_MIN_SHARED, _HEAD = 8, 8
"""Letters: a shorter beginning is kept, and so many of the first word always: of what the map is."""


class MapsForm(QWidget):
    """Maps A and B, bin size, part and file."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.state: PairOfMaps = session.fusion.maps
        self._opened: list[str] = []
        self.boxes = [self._box(name) for name in ("A", "B")]
        self.open_buttons = [compact_button("…", f"Open a file as map {name}.") for name in ("A", "B")]
        for place, button in enumerate(self.open_buttons):
            button.clicked.connect(lambda _=False, place=place: self._ask(place))
        self.resolution = QComboBox()
        self.resolution.setToolTip("Bin size of the fused map; coarser ones are summed from it.")
        self.resolution.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.resolution.activated.connect(lambda _: self.state.choose_resolution(self.resolution.currentData()))
        self.scope = Segmented(_SCOPES, name="Part of the maps")
        self.scope.set_value(self.state.scope)
        self.scope.chosen.connect(self.state.choose_scope)
        self.out = QLineEdit()
        self.out.setAccessibleName("File to write")
        self.out.editingFinished.connect(self._out_edited)
        self.save_button = compact_button("…", "Choose where the fused map is written.", self._ask_out)
        rows: list[tuple[str, QWidget | list[QWidget]]] = [
            ("Map A", [self.boxes[0], self.open_buttons[0]]),
            ("Map B", [self.boxes[1], self.open_buttons[1]]),
            ("Bin size", self.resolution),
            ("Write to", [self.out, self.save_button]),
        ]
        vbox(form(rows), self.scope, on=self)
        self.list_maps()

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"Map {name}")
        box.setPlaceholderText("choose a map")
        box.setToolTip(_TIP)
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.activated.connect(lambda _: self._choose())
        return box

    # ------------------------------------------------------------------ which maps
    def list_maps(self) -> None:
        """Offer the open map, those that were open last, and those that were chosen here; choices stay."""
        source = self._session.source
        current = [] if source is None else [absolute_uri(source.uri)]
        known = [*current, *self._opened, *self._session.recent_maps(), *filter(None, self.state.uris)]
        uris = [uri for uri in dict.fromkeys(known) if Path(split_uri(uri)[0]).exists()]
        names = short_names([readable(Path(split_uri(uri)[0]).name) for uri in uris])
        for place, box in enumerate(self.boxes):
            chosen = self.state.uris[place] or ("" if place or not current else current[0])
            box.clear()
            for uri, name in zip(uris, names, strict=True):
                box.addItem(f"{name}  (open)" if uri in current else name, uri)
                box.setItemData(box.count() - 1, readable(uri), Qt.ItemDataRole.ToolTipRole)
            box.setCurrentIndex(uris.index(chosen) if chosen in uris else -1)
        self._choose()

    def add(self, place: int, uri: str) -> None:
        """Choose a map as A (0) or B (1), in the list or not."""
        uri = absolute_uri(uri)
        self._opened = [uri, *(one for one in self._opened if one != uri)]
        uris = list(self.state.uris)
        uris[place] = uri
        self.state.choose(*uris)
        self.list_maps()

    def _ask(self, place: int) -> None:
        path = open_file(self, self._session, "map", f"Map {'AB'[place]}", MAPS)
        if path:
            self.add(place, path)

    def _choose(self) -> None:
        for box in self.boxes:
            uri = box.currentData()
            box.setToolTip(f"{readable(uri)}\n{_TIP}" if uri else _TIP)
        self.state.choose(*(box.currentData() or "" for box in self.boxes))

    # ------------------------------------------------------------------ into which file
    def _out_edited(self) -> None:
        text = self.out.text().strip()
        if text != str(self.state.target):
            self.state.choose_out(text)

    def _ask_out(self) -> None:
        target = self.state.target
        path = save_file(self, self._session, "fused", "Write the fused map", name=target.name, filters=_FUSED)
        if path:
            self.state.choose_out(path)

    # ------------------------------------------------------------------ what the state reports
    def update_form(self) -> None:
        """Show what both maps have, and where the fused one is written."""
        state = self.state
        sizes = () if state.pair is None else state.pair.resolutions
        finest = f"{format_bin_size(sizes[0])} ({_FINEST})" if sizes else _FINEST
        rows = [(finest, None), *((format_bin_size(size), size) for size in sizes[1:])]
        if [self.resolution.itemText(k) for k in range(self.resolution.count())] != [text for text, _ in rows]:
            self.resolution.clear()
            for text, size in rows:
                self.resolution.addItem(text, size)
        wanted = [size for _, size in rows]
        self.resolution.setCurrentIndex(wanted.index(state.resolution) if state.resolution in wanted else 0)
        why_not = state.why_no_place()
        for key, (_, tip) in _SCOPES.items():
            self.scope.set_enabled(key, key == "map" or not why_not, tip if key == "map" else why_not or tip)
        if why_not and state.scope != "map":
            state.scope = "map"
        self.scope.set_value(state.scope)
        if not self.out.hasFocus():
            text = str(state.target) if all(state.uris) else ""
            self.out.setText(readable(text))
            self.out.setCursorPosition(len(text))
            self.out.setToolTip(readable(text) or "The file of the fused map.")


def short_names(names: Sequence[str]) -> list[str]:
    """Names of files without what they have in common with another one behind their first word, where that is long."""
    found = []
    for name in names:
        shared = max((_alike(name, other) for other in names if other != name), default=0)
        start = max(name.rfind(mark, 0, shared) for mark in "_-. ") + 1
        head = re.split(r"[-_. ]", name)[0][:_HEAD]
        found.append(f"{head}…{name[start:]}" if start >= max(_MIN_SHARED, len(head) + 2) else name)
    return found


def _alike(first: str, second: str) -> int:
    """With how many same letters both begin."""
    shorter = min(len(first), len(second))
    return next((place for place in range(shorter) if first[place] != second[place]), shorter)
