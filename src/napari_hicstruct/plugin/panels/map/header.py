"""The top of the dock: which map is open, what is known of it, and room for it."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget
from superqt import QElidingLabel

from napari_hicstruct.genome import format_bin_size
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.icons import icon
from napari_hicstruct.plugin.widgets.strip import icon_button
from napari_hicstruct.plugin.widgets.style import selectable, subdued, wordy_button

_FOLD_TIP = "Fold the dock to a strip of icons, so that the map has the room."
_PANELS_TIP = "Layers. Show or fold napari's layer list and layer controls."


class MapHeader(QWidget):
    """Which map is open, a button for another one, what is known of it, and room for the map."""

    def __init__(self) -> None:
        super().__init__()
        self.title = QElidingLabel()
        self.title.setElideMode(Qt.TextElideMode.ElideMiddle)
        font = self.title.font()
        font.setBold(True)  # not by style sheet: the label elides by its font
        self.title.setFont(font)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.facts = QElidingLabel()
        subdued(self.facts)
        self.facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.facts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.open = wordy_button("Open map …", "Open another contact map (.mcool, .cool, .hic) in this window.")
        self.about = wordy_button("About this map", "File, assembly, bin sizes, weights and notes of this map.")
        self.about.setCheckable(True)
        self.panels, self.fold = icon_button(_PANELS_TIP), icon_button(_FOLD_TIP)
        self.text = subdued(QLabel())
        selectable(self.text)
        self.text.hide()
        self.about.toggled.connect(self.text.setVisible)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(4)
        first.addWidget(self.title, 1)
        first.addWidget(self.panels)
        first.addWidget(self.fold)
        second.addWidget(self.open)
        second.addWidget(self.about)
        second.addWidget(self.facts, 1)
        vbox(first, second, self.text, on=self, spacing=3, margins=(6, 2, 4, 2))

    def show_map(self, source: Any) -> None:
        """Show what is known of a map; None: none is open."""
        for widget in (self.facts, self.open, self.about):
            widget.setVisible(source is not None)
        if source is None:
            self.about.setChecked(False)
            self.title.setText("")
            return
        finest = format_bin_size(source.resolutions[0])
        self.title.setText(source.name)
        self.title.setToolTip(source.uri)
        self.facts.setText(" · ".join(part for part in (finest, source.assembly) if part))
        self.text.setText(_about(source))

    def set_ink(self, colour: str) -> None:
        """Draw the icons in a colour."""
        self.panels.setIcon(icon("panels", colour))
        self.fold.setIcon(icon("fold", colour))


def _about(source: Any) -> str:
    """What the map is, for a tooltip."""
    norms = ", ".join(norm.name for norm in source.normalisations(source.resolutions[0])) or "none stored"
    lines = [
        source.uri,
        f"Assembly: {source.assembly or 'not stated'}",
        f"Resolutions: {', '.join(format_bin_size(res) for res in source.resolutions)}",
        f"Weights at {format_bin_size(source.resolutions[0])}: {norms}",
        f"Chromosomes: {len(source.chromsizes)}",
    ]
    if not source.integer_counts and getattr(source, "fusion", None) is None:
        lines.append(f"Values: {source.value_kind}.")
    return "\n".join([*lines, *source.notes])
