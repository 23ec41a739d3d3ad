"""What a fusion gave: a switch between what was fused, the result and the share of A, and what its colours mean."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_hicstruct.plugin.layers.share import FROM_A, FROM_B, FROM_BOTH
from napari_hicstruct.plugin.state.images.fusion import FusionState
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.inks import InkLabel
from napari_hicstruct.plugin.widgets.style import Segmented, selectable

SHOWN = {
    "first": ("A", "Show picture A."),
    "second": ("B", "Show picture B."),
    "fused": ("Fused", "Show what was fused."),
    "share": ("Share of A", "Show who was believed where: the decision mask."),
}


class FusedView(QWidget):
    """The switch and its legend; hidden until there is an outcome."""

    def __init__(self, state: FusionState) -> None:
        super().__init__()
        self._state = state
        self.switch = Segmented(SHOWN, name="What is shown")
        self.switch.chosen.connect(state.show)
        self.legend, self.figures = InkLabel(), InkLabel()
        for label in (self.legend, self.figures):
            label.setTextFormat(Qt.TextFormat.RichText)
            selectable(label)
        vbox(self.switch, self.legend, self.figures, on=self, spacing=4)
        self.hide()

    def show_outcome(self) -> None:
        """Show the last outcome."""
        state = self._state
        self.setVisible(state.outcome is not None)
        if state.outcome is None:
            return
        for key in SHOWN:
            self.switch.button(key).setVisible(key in state.shows)
        self.legend.setText(legend(*state.names))
        self.figures.setText(figures(state))
        self.figures.setVisible(bool(self.figures.text()))
        self.show_switch()

    def show_switch(self) -> None:
        """Put the button down that is shown."""
        self.switch.set_value(self._state.shown)


def legend(first: str, second: str) -> str:
    """Rich text: the colours of a share."""
    parts = ((FROM_A, f"A:\u00a0{first}"), (FROM_BOTH, "both\u00a0alike"), (FROM_B, f"B:\u00a0{second}"))
    return " &nbsp; ".join(f'<span style="color:{colour}">■</span>&nbsp;{escape(text)}' for colour, text in parts)


def figures(state: FusionState) -> str:
    """Rich text: the share of A by chromosome; empty for pictures."""
    rows = state.chrom_shares()
    if not rows:
        return ""
    cells = "".join(
        f'<tr><td>{escape(name)}</td><td align="right">&nbsp;&nbsp;{100 * share:.0f} % from A</td></tr>'
        for name, share in rows
    )
    return f'<table cellspacing="0" cellpadding="1">{cells}</table>'
