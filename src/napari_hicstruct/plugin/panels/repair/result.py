"""What a repair changed: a switch between before and after, and how many voxels each rule moved."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_hicstruct.plugin.layers.repaired import CHANGE_COLOURS
from napari_hicstruct.plugin.state.images.repair import RepairState
from napari_hicstruct.plugin.state.images.repair_images import ADDED, EXCHANGED, REMOVED
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.inks import SECONDARY, InkLabel
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.style import Segmented

SHOWN = {
    "before": ("Before", "Show the labels as they were."),
    "after": ("After", "Show the repaired labels."),
    "changes": ("Changes", "Show the repaired labels, and over them each voxel that changed."),
}
LEGEND = " &nbsp; ".join(
    f'<span style="color:{CHANGE_COLOURS[value]}">■</span> {text}'
    for value, text in ((ADDED, "added"), (REMOVED, "removed"), (EXCHANGED, "other class"))
)
_MINUS = "−"
_FIT_TEXT = "fit: Dice of the functions with what they learnt from, not with the truth"
FIT = f'<p style="color:{SECONDARY}; margin:2px">{_FIT_TEXT}</p>'


class ResultView(QWidget):
    """Before, after, changes; folded, the figures by class and by rule.  Hidden until there is an outcome."""

    def __init__(self, state: RepairState) -> None:
        super().__init__()
        self._state = state
        self.switch = Segmented(SHOWN, name="What is shown")
        self.switch.chosen.connect(state.show)
        self.legend, self.figures = InkLabel(LEGEND), InkLabel()
        for label in (self.legend, self.figures):
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setWordWrap(True)  # else one long line makes all of the panel too wide
        self.fold = Fold("What changed", self.figures, tooltip="Voxels by class and by rule.", open=True)
        vbox(self.switch, self.legend, self.fold, on=self, spacing=4)
        self.hide()

    def show_outcome(self) -> None:
        """Show the figures of the last run."""
        self.figures.setText(figures(self._state))
        self.setVisible(self._state.outcome is not None)
        self.show_switch()

    def show_switch(self) -> None:
        """Put the button down that is shown; the colours are those of changes alone."""
        self.switch.set_value(self._state.shown)
        self.legend.setVisible(self._state.shown == "changes")


def figures(state: RepairState) -> str:
    """Rich text: classes with their voxels before and after and their Dice, then what each rule changed."""
    result = None if state.outcome is None else state.outcome.result
    dice = {} if result is None or not result.dice else dict(list(result.dice.values())[-1])
    rows = [_row("class", "before", "after", "change", *(["fit"] if dice else []), head=True)]
    for name, before, after in state.class_changes():
        change = f"{after - before:+,}".replace("-", _MINUS)
        fit = [f"{dice[name]:.3f}" if name in dice else ""] if dice else []
        rows.append(_row(escape(name), f"{before:,}", f"{after:,}", change, *fit))
    text = f'<table cellspacing="0" cellpadding="1">{"".join(rows)}</table>{FIT if dice else ""}'
    rules = state.rule_changes()
    if not rules:
        return text
    lines = "".join(
        f'<tr><td align="right">{n:,}&nbsp;&nbsp;</td><td>{escape(rule)}</td></tr>' for rule, _name, n in rules
    )
    head = f'<tr><td style="color:{SECONDARY}">voxels&nbsp;&nbsp;</td><td style="color:{SECONDARY}">by rule</td></tr>'
    return f'{text}<table cellspacing="0" cellpadding="1" style="margin-top:6px">{head}{lines}</table>'


def _row(name: str, *cells: str, head: bool = False) -> str:
    ink = f' style="color:{SECONDARY}"' if head else ""
    numbers = "".join(f'<td align="right"{ink}>&nbsp;&nbsp;{cell}</td>' for cell in cells)
    return f"<tr><td{ink}>{name}</td>{numbers}</tr>"
